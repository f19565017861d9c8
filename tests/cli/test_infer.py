"""``rlcorrect infer``: files of corrected rows."""

import os
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
INFER = ["infer", "--no-mlflow", "--model", "model.joblib"]


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
@pytest.mark.parametrize("source", ["rows.csv", "rows.parquet"])
def test_infer_writes_what_the_model_predicts(quick, suffix, source, capsys, tmp_path):
    model, rows = quick
    if source == "rows.parquet":
        rows.to_parquet(source)
    before = sorted(os.listdir())
    command = f"infer --no-mlflow --model model.joblib --data {source} --output out{suffix}"
    assert main([*command.split(), "--model-priority", "accuracy"]) == 0
    model.set_params(priority="accuracy")
    if suffix == ".npy":
        proba, adjustment = np.load("out.npy"), np.load("out_adjustments.npy")
        predicted = np.load("out_predictions.npy")
    else:
        out = (pd.read_csv if suffix == ".csv" else pd.read_parquet)(f"out{suffix}")
        proba, adjustment = (
            out[[f"{kind}_benign", f"{kind}_malignant"]] for kind in ("proba", "adjustment")
        )
        predicted = out["prediction"]
    np.testing.assert_allclose(proba, model.predict_proba(rows), atol=1e-12)
    np.testing.assert_allclose(adjustment, model.predict_adjustment(rows), atol=1e-12)
    np.testing.assert_array_equal(predicted, model.predict(rows))
    new = {"out.npy", "out_adjustments.npy", "out_predictions.npy"}
    assert set(sorted(os.listdir())) - set(before) == (
        new if suffix == ".npy" else {f"out{suffix}"}
    )


def test_infer_counts_changed_predictions(always_benign, capsys):
    model, rows = always_benign
    changed = (model.estimator_.predict(rows) != model.predict(rows)).sum()
    assert changed > 50
    assert main([*INFER, "--data", "rows.csv"]) == 0
    assert f"{len(rows)} rows, {changed} of them" in capsys.readouterr().out
    assert pd.read_csv("corrected_probs.csv")["prediction"].eq("benign").sum() > changed


def test_infer_selects_columns_by_name(quick, table, capsys):
    model, rows = quick
    table.assign(id=range(len(table)))[[*table.columns[::-1], "id"]].to_csv("more.csv")
    command = "infer --no-mlflow --model model.joblib --data more.csv"
    assert main(command.split()) == 0
    proba = pd.read_csv("corrected_probs.csv")[["proba_benign", "proba_malignant"]]
    np.testing.assert_allclose(proba, model.predict_proba(rows), atol=1e-12)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["b", "c"], "rows.csv has no column 'a', which the model was trained on (4 of 6"),
        ([], "there are no rows to correct"),
    ],
)
def test_infer_leaves_no_trace_of_a_failure(quick, columns, message, capsys, tmp_path):
    _, rows = quick
    (rows[columns] if columns else rows[:0]).to_csv("rows.csv", index=False)
    before = sorted(os.listdir())
    command = "infer --no-mlflow --model model.joblib --data rows.csv"
    for suffix in ("csv", "parquet", "npy"):
        assert main([*command.split(), "--output", f"out.{suffix}"]) == 2
        assert message in capsys.readouterr().err
        assert sorted(os.listdir()) == before


def test_a_late_failure_leaves_the_old_output(quick, capsys, tmp_path):
    _, rows = quick
    broken = pd.concat([rows] * 30).to_csv(index=False) + "1,2,3,4,5,6,7,8,9\n"
    (tmp_path / "broken.csv").write_text(broken)
    (tmp_path / "out.csv").write_text("old")
    before = sorted(os.listdir())
    command = "infer --no-mlflow --model model.joblib --data broken.csv --output out.csv"
    assert main([*command.split(), "--overwrite"]) == 2
    assert "cannot read broken.csv as CSV" in capsys.readouterr().err
    assert sorted(os.listdir()) == before
    assert (tmp_path / "out.csv").read_text() == "old"


def test_infer_says_which_rows_cannot_be_predicted(quick, capsys):
    _, rows = quick
    rows.assign(b="oops").to_csv("rows.csv", index=False)
    assert main([*INFER, "--data", "rows.csv"]) == 2
    error = capsys.readouterr().err
    assert "rows 1 to 426 cannot be predicted: column 'b' of X held numbers in fit" in error


@pytest.mark.parametrize("kind", ["codes", "truth"])
def test_columns_are_read_as_in_training(kind, capsys):
    rng = np.random.default_rng(0)
    words = {"codes": ["1", "2", "x"], "truth": ["true", "false", "true"]}[kind]
    table = pd.DataFrame({"a": rng.choice(words, 400), "b": rng.normal(size=400)})
    table["y"] = ((table["a"] == words[0]) ^ (rng.random(400) < 0.1)).astype(int)
    table.to_csv("table.csv", index=False)
    command = "train --no-mlflow --data table.csv --target y --timesteps 100"
    assert main([*command.split(), "--output", "model.joblib"]) == 0
    model = joblib.load("model.joblib")
    rows = table.drop(columns="y")[table["a"] != "x"]
    expected = model.predict_proba(rows)
    # Where a blank is among them, these are no longer integers, or truth values.
    pd.concat([rows, pd.DataFrame({"b": [0.0]})]).to_csv("rows.csv", index=False)
    assert main([*INFER, "--data", "rows.csv"]) == 0
    proba = pd.read_csv("corrected_probs.csv")[["proba_0", "proba_1"]]
    np.testing.assert_allclose(proba[:-1], expected, atol=1e-12)


def test_other_probabilities_are_refused(table, capsys):
    table.drop(columns=["size", "a"]).to_csv("table.csv", index=False)
    command = "train --no-mlflow --data table.csv --target label --save-data --timesteps 20"
    assert main(command.split()) == 0
    np.save("data/baseline_probs.npy", np.full((107, 2), 0.5))
    assert main([*INFER[:2], "--data-dir", "data"]) == 2
    assert (
        "holds other probabilities than the model's classifier" in capsys.readouterr().err
    )
    Path("data/hidden_reps.npy").unlink()
    assert main([*INFER[:2], "--data-dir", "data"]) == 2
    assert "there is no hidden_reps.npy" in capsys.readouterr().err

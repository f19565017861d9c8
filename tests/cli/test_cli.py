"""The command line: real runs, and one line for what is wrong."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect import RLCalibratedClassifier, __version__
from sklearn_rlcorrect.cli import main, parse
from sklearn_rlcorrect.datasets import load_eights
from sklearn_rlcorrect.persistence import dump_model

METRICS = [
    "false positives",
    "false negatives",
    "accuracy",
    "precision",
    "recall",
    "f1",
    "brier",
    "log loss",
    "cost (1.2 per FP)",
    "changed",
]


ROOT = Path(__file__).parents[2]
INFER = ["infer", "--no-mlflow", "--model", "model.joblib"]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def table(cancer):
    X, _, y, _ = cancer
    table = pd.DataFrame(X[:, :5], columns=list("abcde"), copy=True)
    table.loc[::9, "a"] = None
    table["size"] = np.where(X[:, 3] > 600, "large", None)
    table["label"] = np.where(y == 1, "benign", "malignant")
    return table


@pytest.fixture
def quick(table):
    """A model of the table in model.joblib, and the table without labels."""
    table.to_csv("table.csv", index=False)
    command = "train --no-mlflow --data table.csv --target label --timesteps 400"
    assert main([*command.split(), "--output", "model.joblib"]) == 0
    rows = table.drop(columns="label")
    rows.to_csv("rows.csv", index=False)
    return joblib.load("model.joblib"), rows


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_train_without_arguments(capsys, tmp_path):
    assert main(["train", "--no-mlflow", "--timesteps", "2000"]) == 0
    output = capsys.readouterr().out
    rows = re.findall(
        r"^([a-zFP1-9 .()]+?) +([\d.]+) +([\d.]+)$", output, flags=re.MULTILINE
    )
    assert [name for name, _, _ in rows] == METRICS
    assert files(tmp_path) == ["rlcorrect_model.joblib"]
    X, _ = load_eights()
    model = joblib.load("rlcorrect_model.joblib")
    assert model.predict_proba(X).shape == (1797, 2)
    assert model.pos_label == "eight"


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_train_on_a_table(table, suffix, capsys):
    path = f"table{suffix}"
    if suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    command = (
        f"train --no-mlflow --data {path} --target label --pos-label malignant --seed 3"
    )
    assert main([*command.split(), "--timesteps", "400", "--output", "m.joblib"]) == 0
    model = joblib.load("m.joblib")
    assert model.pos_label == "malignant"
    assert model.random_state == 3
    assert set(model.predict(table.drop(columns="label"))) == {"benign", "malignant"}


def test_many_classes_and_numeric_positive_label(wine, capsys):
    X, _, y, _ = wine
    pd.DataFrame(X).assign(y=y).to_csv("wine.csv", index=False)
    command = [
        "train",
        "--no-mlflow",
        "--data",
        "wine.csv",
        "--target",
        "y",
        "--timesteps",
        "400",
    ]
    assert main(command) == 0
    assert joblib.load("rlcorrect_model.joblib").pos_label is None
    assert main([*command, "--pos-label", "2", "--overwrite"]) == 0
    assert joblib.load("rlcorrect_model.joblib").pos_label == 2


def test_limits_are_proven_or_refused(table, capsys):
    table.to_csv("table.csv", index=False)
    train = "train --no-mlflow --data table.csv --target label --timesteps 400 --overwrite"
    assert main([*train.split(), "--max-accuracy-drop", "0.1"]) == 0
    assert "Proven on 64 rows set aside: max_accuracy_drop=0.1 at conf" in out(capsys)
    assert main([*train.split(), "--max-accuracy-drop", "0", "--confidence", "0.99"]) == 0
    assert "Not proven: max_accuracy_drop=0 at confidence=0.99" in out(capsys)
    assert main([*train.split(), "--max-fpr", "0.001"]) == 2
    assert "max_fpr needs 2995 negative rows" in capsys.readouterr().err


def out(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_it_says_so_when_nothing_helps(table, capsys):
    table["label"] = np.random.default_rng(0).permutation(table["label"])
    table.to_csv("noise.csv", index=False)
    command = "train --no-mlflow --data noise.csv --target label --priority accuracy"
    assert main([*command.split(), "--timesteps", "20"]) == 0
    model = joblib.load("rlcorrect_model.joblib")
    told = "stay as they are" in capsys.readouterr().out
    assert told == (model.selected_["accuracy"] == 0)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train --data nowhere.csv --target y", "no such file: nowhere.csv"),
        ("train --data table.csv", "--data FILE and --target COLUMN go together"),
        ("train --target label", "--data FILE and --target COLUMN go together"),
        ("train --data table.csv --target x", "has no column 'x': it has a, b, c, d, e"),
        (
            "train --data table.csv --target label --pos-label no",
            "--pos-label no is not among the labels of table.csv: they are benign, mali",
        ),
        ("train --data table.csv --target size", "column 'size' of table.csv lacks"),
        ("train --data broken.csv --target y", "cannot read broken.csv as CSV"),
        ("train --data broken.parquet --target y", "cannot read broken.parquet as Parq"),
        ("train --data one.csv --target y", "y holds one class only"),
        ("train --output there.joblib", "there.joblib exists: choose another place, or"),
        ("train --output folder --overwrite", "folder is a folder: give the name"),
        ("train --data ids.csv --target a", "distinct values, and only one row with"),
        ("train --data empty.csv --target y", "empty.csv has no rows, or no column be"),
        ("train --output no/such/m.joblib", "no such folder: no/such"),
        ("train --fp-weight 0", "fp_weight == 0.0, must be > 0"),
        ("train --max-adjustment 2", "max_adjustment == 2.0, must be <= 1"),
        ("train --timesteps 0", "total_timesteps == 0, must be >= 1"),
        ("train --learning-rate 0", "learning_rate == 0.0, must be > 0"),
        ("train --data-dir nowhere", "no such file: nowhere/baseline_probs.npy"),
        ("train --data-dir short", "short/true_labels.npy has the shape (2,): with 3 rows"),
        ("train --data-dir deep", "deep/baseline_probs.npy has the shape (3, 2, 1)"),
        ("train --data-dir junk", "cannot read junk/baseline_probs.npy as an array"),
        ("train --data-dir objects", "cannot read objects/true_labels.npy as an array"),
        ("train --data-dir short --data table.csv --target label", "both name rows"),
        ("train --data-dir short --estimator a.B", "name two classifiers: give one"),
        ("train --estimator a.B", "--estimator a.B is not a class that can be made"),
        ("train --estimator sklearn.svm", "--estimator sklearn.svm is not a class"),
        (
            "train --estimator sklearn.linear_model.Lasso",
            "has neither predict_proba nor decision_function",
        ),
        ("train --save-data there.joblib", "there.joblib is a file: give the name of a"),
        ("train --save-data short", "short/baseline_probs.npy exists: choose another"),
        ("train --save-data no/such", "no such folder: no"),
        (
            "train --normalize-features --no-use-input-features",
            "--normalize-features and --no-use-input-features exclude each other",
        ),
        ("train --register-model --model-name a/b", "--model-name a/b must not hold"),
        ("train --no-mlflow --n-jobs 0", "n_jobs == 0 in Parallel has no meaning"),
        ("train --data-dir sums", "probabilities that do not sum to 1"),
        ("train --tracking-uri sqlite:///one.csv", "one.csv: (sqlite3.DatabaseError)"),
        (
            "infer --data table.csv --output table.csv --overwrite",
            "table.csv is what is to be read: write to another file",
        ),
        (
            "train --data table.csv --target label --output table.csv --overwrite",
            "table.csv is what is to be read: write to another file",
        ),
        (
            "train --data-dir short --save-data short --overwrite",
            "is what is to be read: write to another file",
        ),
        ("infer --no-mlflow --data nowhere.csv --model raw.joblib", "not fitted"),
        ("train --model-name x", "--model-name is for --register-model: give both"),
        ("train --no-mlflow --register-model", "--register-model needs MLflow"),
        ("train --no-mlflow --baseline-run-id x", "--baseline-run-id needs MLflow"),
        ("train --baseline-run-id x", "mlflow.db yet: train a model first"),
        ("evaluate", "mlflow.db yet: train a model first"),
        ("evaluate --no-mlflow", "no such file: rlcorrect_model.joblib"),
        ("evaluate --no-mlflow --model models:/a@b", "models:/a@b is in MLflow: leave"),
        ("evaluate --model there.joblib", "cannot read there.joblib as a joblib file"),
        ("evaluate --model other.joblib", "other.joblib holds a dict, not an RLCalib"),
        ("evaluate --model raw.joblib", "holds an RLCalibratedClassifier that is not fit"),
        ("infer", "give --data FILE or --data-dir DIR"),
        ("infer --data table.csv --data-dir short", "give --data FILE or --data-dir DIR"),
        ("infer --data table.csv --output x.txt", "must end in .csv, .parquet or .npy"),
        ("infer --data table.csv --output no/x.csv", "no such folder: no"),
        ("infer --data table.csv --output table.csv", "table.csv exists: choose another"),
        ("infer --data table.csv", "mlflow.db yet: train a model first"),
        ("compare", "mlflow.db yet: train a model first"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_trace(
    table, tmp_path, capsys, command, message
):
    table.to_csv("table.csv", index=False)
    table.assign(a=range(len(table)), size="s").to_csv("ids.csv", index=False)
    table.assign(y="same").to_csv("one.csv", index=False)
    (tmp_path / "empty.csv").write_text("x,y\n")
    (tmp_path / "folder").mkdir()
    for name in ["there.joblib", "broken.csv", "broken.parquet"]:
        (tmp_path / name).write_bytes(b"")
    joblib.dump({}, "other.joblib")
    joblib.dump(RLCalibratedClassifier(), "raw.joblib")
    proba = np.full((3, 2), 0.5)
    for name, arrays in {
        "short": (proba, np.array([0, 1])),
        "deep": (proba[:, :, None], np.array([0, 1, 1])),
        "sums": (np.full((40, 2), 0.7), np.array([0, 1] * 20)),
        "objects": (proba, np.array([0, 1, None])),
    }.items():
        (tmp_path / name).mkdir()
        for file, array in zip(["baseline_probs", "true_labels"], arrays, strict=True):
            np.save(f"{name}/{file}.npy", array)
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "baseline_probs.npy").write_bytes(b"junk")
    before = files(tmp_path)
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("rlcorrect: error: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert files(tmp_path) == before
    assert (tmp_path / "there.joblib").read_bytes() == b""


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train --priority recall", "invalid choice: 'recall'"),
        ("train --timesteps many", "invalid int value: 'many'"),
        ("trian", "invalid choice: 'trian'"),
        ("", "the following arguments are required: COMMAND"),
    ],
)
def test_bad_arguments_are_one_line(capsys, command, message):
    with pytest.raises(SystemExit, match="2"):
        main(command.split())
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_failed_write_keeps_the_old_file(monkeypatch, tmp_path):
    dump_model({"old": 1}, "model.joblib")
    with pytest.raises(Exception, match=r"(?i)pickle"):
        dump_model({"new": lambda: None}, "model.joblib")
    assert joblib.load("model.joblib") == {"old": 1}
    assert files(tmp_path) == ["model.joblib"]


def test_module_and_version():
    command = [sys.executable, "-m", "sklearn_rlcorrect", "--version"]
    assert subprocess.check_output(command, text=True).strip() == __version__


def test_progress_bar_on_a_terminal_only(monkeypatch, capsys):
    command = ["train", "--no-mlflow", "--timesteps", "400", "--overwrite"]
    main(command)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(command)
    assert "train policies: 100%" in capsys.readouterr().err


def test_interruption_is_one_line(monkeypatch, capsys, tmp_path):
    def fit(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(RLCalibratedClassifier, "fit", fit)
    assert main(["train", "--no-mlflow"]) == 130
    assert capsys.readouterr().err == "rlcorrect: interrupted\n"
    assert files(tmp_path) == []


def test_estimator_and_features_are_chosen(table, capsys):
    table.to_csv("table.csv", index=False)
    command = (
        "train --no-mlflow --data table.csv --target label --timesteps 100 --overwrite"
    )
    options = "--estimator sklearn.naive_bayes.GaussianNB --learning-rate 0.002"
    assert main([*command.split(), *options.split(), "--normalize-features"]) == 0
    model = joblib.load("rlcorrect_model.joblib")
    assert type(model.estimator_[-1]).__name__ == "GaussianNB"
    assert model.learning_rate == 0.002
    rows = table.drop(columns="label")
    ranked = model.feature_transformer_.transform(rows)[:, 1]
    assert abs(np.quantile(ranked, 0.84) - 1) < 0.2
    assert main([*command.split(), "--no-use-input-features"]) == 0
    assert joblib.load("rlcorrect_model.joblib").feature_transformer_ is None


def test_estimator_gets_the_seed():
    args = ["train", "--no-mlflow", "--timesteps", "20", "--seed", "7"]
    assert main([*args, "--estimator", "sklearn.tree.DecisionTreeClassifier"]) == 0
    model = joblib.load("rlcorrect_model.joblib")
    assert model.estimator_[-1].random_state == 7


def test_options_with_underscores_and_mode(quick, capsys):
    command = "--mode infer --no_mlflow --model model.joblib --data rows.csv --output"
    assert main([*command.split(), "a_b.csv"]) == 0
    command = (
        "infer --no-mlflow --model=model.joblib --model_priority=weighted --data=rows.csv"
    )
    assert main([*command.split(), "--output=c_d.csv", "--mode=infer"][1:]) == 0
    np.testing.assert_array_equal(pd.read_csv("a_b.csv"), pd.read_csv("c_d.csv"))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy"])
@pytest.mark.parametrize("source", ["rows.csv", "rows.parquet"])
def test_infer_writes_what_the_model_predicts(quick, suffix, source, capsys, tmp_path):
    model, rows = quick
    if source == "rows.parquet":
        rows.to_parquet(source)
    before = files(tmp_path)
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
    assert set(files(tmp_path)) - set(before) == (
        new if suffix == ".npy" else {f"out{suffix}"}
    )


def always_benign(model):
    """Move every probability of "benign" up as far as it may."""
    n_observed = model.policies_["weighted"][0][0].shape[0]
    model.policies_["weighted"] = [[np.zeros((n_observed, 2)), np.array([9.0, -9.0])]]
    dump_model(model, "model.joblib")


def test_infer_counts_changed_predictions(quick, capsys):
    model, rows = quick
    always_benign(model)
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
    before = files(tmp_path)
    command = "infer --no-mlflow --model model.joblib --data rows.csv"
    for suffix in ("csv", "parquet", "npy"):
        assert main([*command.split(), "--output", f"out.{suffix}"]) == 2
        assert message in capsys.readouterr().err
        assert files(tmp_path) == before


def test_a_late_failure_leaves_the_old_output(quick, capsys, tmp_path):
    _, rows = quick
    broken = pd.concat([rows] * 30).to_csv(index=False) + "1,2,3,4,5,6,7,8,9\n"
    (tmp_path / "broken.csv").write_text(broken)
    (tmp_path / "out.csv").write_text("old")
    before = files(tmp_path)
    command = "infer --no-mlflow --model model.joblib --data broken.csv --output out.csv"
    assert main([*command.split(), "--overwrite"]) == 2
    assert "cannot read broken.csv as CSV" in capsys.readouterr().err
    assert files(tmp_path) == before
    assert (tmp_path / "out.csv").read_text() == "old"


def test_infer_says_which_rows_cannot_be_predicted(quick, capsys):
    _, rows = quick
    rows.assign(b="oops").to_csv("rows.csv", index=False)
    assert main([*INFER, "--data", "rows.csv"]) == 2
    error = capsys.readouterr().err
    assert "rows 1 to 426 cannot be predicted: could not convert string" in error


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


def test_evaluate_a_file(quick, table, capsys, tmp_path):
    model, rows = quick
    always_benign(model)
    capsys.readouterr()
    command = "evaluate --no-mlflow --model model.joblib --data table.csv --target label"
    assert main(command.split()) == 0
    output = capsys.readouterr().out
    assert "table.csv: all 426 rows" in output
    assert "is not known" in output
    y = table["label"]
    missed = ((model.predict(rows) == "benign") & (y == "malignant")).sum()
    assert re.search(rf"^false negatives +\d+ +{missed}$", output, re.MULTILINE)
    assert files(tmp_path / "evaluation_model_weighted") == [
        "adjustments.png",
        "confusion.png",
        "corrections.png",
        "false_positives.png",
        "reliability.png",
        "training.png",
    ]
    assert main(command.split()) == 2
    assert "evaluation_model_weighted exists" in capsys.readouterr().err
    assert main([*command.split(), "--overwrite"]) == 0


def test_evaluate_needs_to_know_the_rows(quick, table, capsys):
    assert main(["evaluate", "--no-mlflow", "--model", "model.joblib"]) == 2
    assert "does not say what it was trained on" in capsys.readouterr().err
    table.assign(label="odd").to_csv("odd.csv", index=False)
    command = "evaluate --no-mlflow --model model.joblib --data odd.csv --target label"
    assert main(command.split()) == 2
    assert "y holds 'odd', which the classifier does not know" in capsys.readouterr().err


@pytest.mark.parametrize("numeric", [True, False])
def test_saved_data_is_read_back(table, numeric, capsys):
    if numeric:
        table = table.drop(columns=["size", "a"])
    table.to_csv("table.csv", index=False)
    quick = ["--no-mlflow", "--timesteps", "400"]
    command = "train --data table.csv --target label --save-data --output table.joblib"
    assert main([*command.split(), *quick]) == 0
    proba, y = np.load("data/baseline_probs.npy"), np.load("data/true_labels.npy")
    assert proba.shape == (107, 2)
    assert (np.array(["benign", "malignant"])[proba.argmax(axis=1)] == y).mean() > 0.8

    infer = "infer --no-mlflow --data-dir data --output"
    of_table = main([*infer.split(), "table.npy", "--model", "table.joblib"])
    assert of_table == (0 if numeric else 2)
    if numeric:
        before = np.load("table.npy") - np.load("table_adjustments.npy")
        np.testing.assert_allclose(before, proba, atol=1e-6)
    else:
        assert "of a table with texts, give the table" in capsys.readouterr().err

    assert main(["train", "--data-dir", "data", *quick]) == 0
    model = joblib.load("rlcorrect_model.joblib")
    assert main([*infer.split(), "data.npy", "--no-mlflow"]) == 0
    X = np.hstack([proba, np.load("data/hidden_reps.npy")])
    np.testing.assert_allclose(np.load("data.npy"), model.predict_proba(X), atol=1e-12)
    assert main(["evaluate", "--no-mlflow", "--data-dir", "data"]) == 0
    assert "data: all 107 rows" in capsys.readouterr().out


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


def test_one_column_of_probabilities(capsys):
    rng = np.random.default_rng(0)
    Path("data").mkdir()
    y = rng.integers(0, 2, 200)
    np.save("data/baseline_probs.npy", (y + rng.random(200)) / 2)
    np.save("data/true_labels.npy", y)
    assert main(["train", "--no-mlflow", "--data-dir", "data", "--timesteps", "400"]) == 0
    assert main([*INFER[:2], "--data-dir", "data"]) == 0
    assert np.load("corrected_probs.npy").shape == (200, 2)


def test_a_reader_that_has_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    command = ["-m", "sklearn_rlcorrect", "train", "--no-mlflow", "--timesteps", "20"]
    done = subprocess.run(
        [sys.executable, *command], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 0


def documented_commands():
    starts = ("rlcorrect ", "python -m sklearn_rlcorrect ")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for line in path.read_text().splitlines():
            for start in starts:
                if line.startswith(start):
                    yield shlex.split(line.removeprefix(start), comments=True)


def test_documented_commands_are_understood():
    commands = list(documented_commands())
    assert len(commands) > 10
    for command in commands:
        assert parse(command).run.__name__ in " ".join(command)

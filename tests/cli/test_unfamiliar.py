"""Lines of ``rlcorrect infer`` on values of a kind that the training did not know."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.cli.unfamiliar import UnfamiliarValues
from sklearn_rlcorrect.features import TableFeatures

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
INFER = ["infer", "--no-mlflow", "--model", "model.joblib", "--data", "rows.csv"]
SIZE = "rows hold categories unknown in training, which count as none"


def told(capsys):
    return [line for line in capsys.readouterr().out.splitlines() if "column '" in line]


def test_rows_like_those_of_the_training_have_no_line(quick, capsys):
    assert main(INFER) == 0
    assert told(capsys) == []


def test_unknown_categories_are_counted_over_all_pieces(quick, capsys):
    _, rows = quick
    more = pd.concat([rows] * 30, ignore_index=True)  # of 10,000 rows each, two pieces
    more["size"] = np.where(np.arange(len(more)) % 1000 == 0, "huge", more["size"])
    more.to_csv("rows.csv", index=False)
    assert main(INFER) == 0
    assert told(capsys) == [f"column 'size': 13 of 12780 {SIZE}"]


@pytest.mark.parametrize("option", ["--no-use-input-features", "--normalize-features"])
def test_the_classifiers_own_preprocessing_knows_them(quick, option, capsys):
    train = "train --no-mlflow --data table.csv --target label --timesteps 20 --overwrite"
    assert main([*train.split(), option, "--output", "model.joblib"]) == 0
    _, rows = quick
    rows.assign(size="huge").to_csv("rows.csv", index=False)
    capsys.readouterr()
    assert main(INFER) == 0
    assert told(capsys) == [f"column 'size': 426 of 426 {SIZE}"]


def test_texts_that_are_read_as_numbers_are_counted(quick, capsys):
    model, rows = quick
    expected = model.predict_proba(rows)
    rows.assign(b=rows["b"].astype(str)).to_parquet("rows.parquet")
    assert main([*INFER[:-1], "rows.parquet", "--output", "out.npy"]) == 0
    what = "texts in place of numbers, which are read as numbers"
    assert told(capsys) == [f"column 'b': 426 of 426 rows hold {what}"]
    np.testing.assert_allclose(np.load("out.npy"), expected)


def test_columns_that_nothing_stands_in_have_a_line(quick, capsys):
    table, rows = pd.read_csv("table.csv"), quick[1]
    table.assign(never=np.nan).to_csv("table.csv", index=False)
    train = "train --no-mlflow --data table.csv --target label --timesteps 20 --overwrite"
    assert main([*train.split(), "--output", "model.joblib"]) == 0
    rows = rows.assign(never=np.nan, size=None)
    lines = []
    for a in (rows["a"], np.nan):
        pd.concat([rows.assign(a=a)] * 30).to_csv("rows.csv", index=False)
        capsys.readouterr()
        assert main([*INFER, "--overwrite"]) == 0
        lines += [line for line in capsys.readouterr().out.splitlines() if " lack " in line]
    assert lines == [
        "all 12780 rows lack a value in column 'size'",
        "all 12780 rows lack a value in columns 'a', 'size'",
    ]


def counts_of(table, X):
    scaler = SimpleNamespace(mean_=np.zeros(99))
    parts = {"feature_transformer_": table, "estimator_": None}
    parts |= {"observation_scaler_": scaler, "classes_": [0, 1]}
    counts = UnfamiliarValues(SimpleNamespace(**parts))
    counts.add(X)
    return counts.lines()


def test_rare_categories_and_many_columns():
    known = pd.DataFrame({f"c{j}": [f"{k}" for k in range(30)] for j in range(13)})
    lines = counts_of(TableFeatures().fit(known), known.map(lambda k: f"new {k}"))
    assert len(lines) == 11
    assert lines[0].endswith("unknown in training, which count as the rare ones")
    assert lines[-1] == "3 more columns hold values of a kind that is unknown in training"
    assert counts_of(None, known) == counts_of(TableFeatures().fit(known), known[:0]) == []
    (line,) = counts_of(TableFeatures().fit(known), known.map(lambda k: None))
    assert line.startswith("all 30 rows lack a value in columns 'c0', 'c1', ")
    assert line.endswith(", 'c9' and 3 more")


def test_columns_without_names_have_numbers():
    table = TableFeatures().fit(np.array([["a"], ["b"]]))
    assert counts_of(table, np.array([["c"]])) == [f"column 0: 1 of 1 {SIZE}"]

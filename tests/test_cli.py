"""The command line: real runs, and one line for what is wrong."""

import re
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect import __version__
from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.datasets import load_eights

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
]


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def table(cancer):
    X, _, y, _ = cancer
    table = pd.DataFrame(X[:, :5], columns=list("abcde"))
    table.loc[::9, "a"] = None
    table["size"] = np.where(X[:, 3] > 600, "large", None)
    table["label"] = np.where(y == 1, "benign", "malignant")
    return table


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_train_without_arguments(capsys, tmp_path):
    assert main(["train", "--timesteps", "2000"]) == 0
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
    command = f"train --data {path} --target label --pos-label malignant --seed 3"
    assert main([*command.split(), "--timesteps", "400", "--output", "m.joblib"]) == 0
    model = joblib.load("m.joblib")
    assert model.pos_label == "malignant"
    assert model.random_state == 3
    assert set(model.predict(table.drop(columns="label"))) == {"benign", "malignant"}


def test_many_classes_and_numeric_positive_label(wine, capsys):
    X, _, y, _ = wine
    pd.DataFrame(X).assign(y=y).to_csv("wine.csv", index=False)
    command = ["train", "--data", "wine.csv", "--target", "y", "--timesteps", "400"]
    assert main(command) == 0
    assert joblib.load("rlcorrect_model.joblib").pos_label is None
    assert main([*command, "--pos-label", "2", "--overwrite"]) == 0
    assert joblib.load("rlcorrect_model.joblib").pos_label == 2


def test_it_says_so_when_nothing_helps(table, capsys):
    table["label"] = np.random.default_rng(0).permutation(table["label"])
    table.to_csv("noise.csv", index=False)
    command = "train --data noise.csv --target label --timesteps 20 --priority accuracy"
    assert main(command.split()) == 0
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
            "--pos-label no is not in column 'label': it holds benign, malignant",
        ),
        ("train --data table.csv --target size", "column 'size' of table.csv lacks"),
        ("train --data broken.csv --target y", "cannot read broken.csv as CSV"),
        ("train --data broken.parquet --target y", "cannot read broken.parquet as Parq"),
        ("train --data one.csv --target y", "y holds one class only"),
        ("train --output there.joblib", "there.joblib exists: choose another --output"),
        ("train --output folder --overwrite", "folder is a folder: give the name"),
        ("train --data ids.csv --target a", "distinct values, and only one row with"),
        ("train --data empty.csv --target y", "empty.csv has no rows, or no column be"),
        ("train --output no/such/m.joblib", "no such folder: no/such"),
        ("train --fp-weight 0", "fp_weight == 0.0, must be > 0"),
        ("train --max-adjustment 2", "max_adjustment == 2.0, must be <= 1"),
        ("train --timesteps 0", "total_timesteps == 0, must be >= 1"),
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
    from sklearn_rlcorrect.persistence import dump_model

    dump_model({"old": 1}, "model.joblib")
    with pytest.raises(Exception, match=r"(?i)pickle"):
        dump_model({"new": lambda: None}, "model.joblib")
    assert joblib.load("model.joblib") == {"old": 1}
    assert files(tmp_path) == ["model.joblib"]


def test_module_and_version():
    command = [sys.executable, "-m", "sklearn_rlcorrect", "--version"]
    assert subprocess.check_output(command, text=True).strip() == __version__


def test_progress_bar_on_a_terminal_only(monkeypatch, capsys):
    command = ["train", "--timesteps", "400", "--overwrite"]
    main(command)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(command)
    assert "policy 3/3: 100%" in capsys.readouterr().err


def test_interruption_is_one_line(monkeypatch, capsys, tmp_path):
    from sklearn_rlcorrect import RLCalibratedClassifier

    def fit(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(RLCalibratedClassifier, "fit", fit)
    assert main(["train"]) == 130
    assert capsys.readouterr().err == "rlcorrect: interrupted, nothing was saved\n"
    assert files(tmp_path) == []

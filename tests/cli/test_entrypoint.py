"""The entry point: exit codes, one line per error, no files left by a failure."""

import os
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

from sklearn_rlcorrect import RLCalibratedClassifier, __version__
from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.persistence import dump_model

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")


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
        (
            "train --data table.csv --target label --drop a --drop b,nope",
            "--drop nope: table.csv has no such column besides the --target: it has a, b,",
        ),
        (
            "train --data table.csv --target label --drop label",
            "--drop label: table.csv has",
        ),
        (
            "train --data table.csv --target label --drop a,b,c,d,e,size",
            "table.csv has no column besides 'label' and what is dropped",
        ),
        ("train --dataset alerts --data a.csv", "--dataset and --data or --data-dir both"),
        ("train --dataset alerts --data-dir short", "both name rows: give one"),
        ("train --drop a", "--drop is of a table: give --data FILE, too"),
        ("train --data broken.csv --target y", "cannot read broken.csv as CSV"),
        ("train --data broken.parquet --target y", "cannot read broken.parquet as Parq"),
        ("train --data one.csv --target y", "y holds one class only"),
        ("train --output there.joblib", "there.joblib exists: choose another place, or"),
        ("train --output folder --overwrite", "folder is a folder: give the name"),
        ("train --data ids.csv --target a", "distinct values, and only one row with"),
        ("train --data ids.csv --target a", "2 are needed: remove or relabel such rows"),
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
            "train --estimator-param depth=3",
            "--estimator-param depth: LogisticRegression has no such parameter, it has",
        ),
        (
            "train --estimator sklearn.naive_bayes.GaussianNB --estimator-param C=1",
            "GaussianNB has no such parameter, it has priors, var_smoothing",
        ),
        ("train --estimator-param C=-1", "The 'C' parameter of LogisticRegression must be"),
        (
            "train --data-dir short --estimator-param C=1",
            "--estimator-param is of a classifier that this command fits",
        ),
        (
            "train --estimator sklearn.ensemble.IsolationForest",
            "is no classifier, its tags",
        ),
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
            "table.csv is an input of this command: write to another",
        ),
        (
            "train --data table.csv --target label --output table.csv --overwrite",
            "table.csv is an input of this command: write to another",
        ),
        (
            "train --data-dir short --save-data short --overwrite",
            "is an input of this command: write to another",
        ),
        ("infer --no-mlflow --data table.csv --model raw.joblib", "not fitted"),
        ("infer --data nowhere.csv --output there.joblib", "no such file or folder: nowh"),
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
    before = sorted(os.listdir())
    assert main(command.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    *notes, error = captured.err.splitlines()
    assert error.startswith("rlcorrect: error: ")
    assert message in error
    assert all(note.startswith("note: ") for note in notes)
    assert len(notes) <= 1
    assert sorted(os.listdir()) == before
    assert (tmp_path / "there.joblib").read_bytes() == b""


def test_module_and_version():
    command = [sys.executable, "-m", "sklearn_rlcorrect", "--version"]
    assert subprocess.check_output(command, text=True).strip() == __version__


def test_interruption_is_one_line(monkeypatch, capsys, tmp_path):
    def fit(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(RLCalibratedClassifier, "fit", fit)
    assert main(["train", "--no-mlflow"]) == 130
    assert capsys.readouterr().err == "rlcorrect: interrupted\n"
    assert sorted(os.listdir()) == []


def test_a_reader_that_has_enough_is_no_error(quick):
    reader, writer = os.pipe()
    os.close(reader)
    infer = "infer --no-mlflow --model model.joblib --data rows.csv"
    command = ["-m", "sklearn_rlcorrect", *infer.split()]
    done = subprocess.run(
        [sys.executable, *command], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert all(line.startswith(b"note: ") for line in done.stderr.splitlines())
    assert done.returncode == 0


@pytest.mark.parametrize(("data", "code"), [("rows.csv", 0), ("absent.csv", 2)])
def test_a_process_without_standard_error(quick, data, code):
    """As after 2>&- in a shell."""
    command = f"infer --no-mlflow --model model.joblib --data {data}"
    line = f"{sys.executable} -m sklearn_rlcorrect {command} 2>&-"
    assert subprocess.run(line, shell=True, check=False).returncode == code
    assert Path("corrected_probs.csv").exists() == (code == 0)


def test_loading_a_joblib_file_is_told(quick, capsys):
    infer = ["infer", "--no-mlflow", "--data", "rows.csv", "--overwrite", "--model"]
    assert main([*infer, "model.joblib"]) == 0
    note = capsys.readouterr().err
    assert note.startswith("note: model.joblib is a joblib file, and loading one can run")
    assert note.count("\n") == 1
    dump_model(quick[0], "model.skops")
    assert main([*infer, "model.skops"]) == 0
    assert capsys.readouterr().err == ""


class Payload:
    """Pickle that runs where it is loaded."""

    def __reduce__(self):
        return os.write, (2, b"payload")


def test_the_note_comes_before_the_file_is_loaded(capfd):
    joblib.dump(Payload(), "hostile.joblib")
    Path("rows.csv").write_text("a\n1\n")
    infer = ["infer", "--no-mlflow", "--data", "rows.csv", "--model", "hostile.joblib"]
    assert main(infer) == 2
    error = capfd.readouterr().err
    assert error.index("note: hostile.joblib is a joblib file") < error.index("payload")

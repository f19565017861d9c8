"""``rlcorrect train`` without MLflow."""

import os
import re
import sys
from pathlib import Path

import joblib
import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.datasets import load_eights
from sklearn_rlcorrect.persistence import dump_model, load_model

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
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
    "fixed",
    "broken",
    "FP at recall before",
]


def test_train_without_arguments(capsys, tmp_path):
    assert main(["train", "--no-mlflow", "--timesteps", "2000"]) == 0
    output = capsys.readouterr().out
    row = r"^([a-zFP1-9 .()]+?) +([\d.]+) +([\d.]+) +([\d.]+)$"
    rows = re.findall(row, output, flags=re.MULTILINE)
    assert [name for name, *_ in rows] == METRICS
    assert sorted(os.listdir()) == ["rlcorrect_model.joblib"]
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
    proven = "Proven on a calibration set of 64 rows: max_accuracy_drop=0.1 at conf"
    assert proven in out(capsys)
    assert main([*train.split(), "--max-accuracy-drop", "0", "--confidence", "0.99"]) == 0
    assert "Not proven: max_accuracy_drop=0 at confidence=0.99" in out(capsys)
    assert main([*train.split(), "--max-fpr", "0.001"]) == 2
    assert "max_fpr needs 2995 negative rows" in capsys.readouterr().err


def out(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_it_says_so_when_nothing_helps(capsys):
    os.mkdir("data")
    y = np.tile([0, 1], 100)
    np.save("data/baseline_probs.npy", y.astype(float))  # without a mistake
    np.save("data/true_labels.npy", y)
    command = "train --no-mlflow --data-dir data --no-use-input-features --timesteps 20"
    assert main(command.split()) == 0
    model = joblib.load("rlcorrect_model.joblib")
    assert set(model.selected_.values()) == {0}
    said = out(capsys)
    assert "so its probabilities stay as\nthey are" in said
    reason = "no policy beat the classifier on the validation rows"
    assert said.count(f"nothing: {reason}") == 3
    assert main(["infer", "--no-mlflow", "--data-dir", "data"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"The model leaves all rows as they are: {reason}." in lines


def test_each_priority_has_a_line(capsys):
    assert main(["train", "--no-mlflow", "--timesteps", "4000"]) == 0
    model = joblib.load("rlcorrect_model.joblib")
    lines = out(capsys).split("What each priority does on these rows:\n")[1].splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["accuracy", "fp", "weighted"]
    X, y = load_eights()
    held_out = train_test_split(range(len(y)), test_size=0.25, stratify=y, random_state=0)[
        1
    ]
    before = model.estimator_.predict(X[held_out])
    for priority, line in zip(("accuracy", "fp", "weighted"), lines, strict=False):
        after = model.set_params(priority=priority).predict(X[held_out])
        n_false = [
            np.sum((p == "eight") & (y[held_out] != "eight")) for p in (before, after)
        ]
        assert f" false positives {n_false[0]} to {n_false[1]}, recall 0." in line
        assert line.endswith(f"; {np.sum(before != after)} decisions changed")
    assert "weighted (in use) false" in lines[2]


def test_a_failed_write_keeps_the_old_file(monkeypatch, tmp_path):
    dump_model({"old": 1}, "model.joblib")
    with pytest.raises(Exception, match="new holds a lambda"):
        dump_model({"new": lambda: None}, "model.joblib")
    assert joblib.load("model.joblib") == {"old": 1}
    assert sorted(os.listdir()) == ["model.joblib"]


def test_progress_bar_on_a_terminal_only(table, monkeypatch, capsys):
    table.to_csv("table.csv", index=False)
    options = "--data table.csv --target label --timesteps 400 --overwrite"
    command = ["train", "--no-mlflow", *options.split()]
    main(command)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    main(command)
    assert "train policies: 100%" in capsys.readouterr().err


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


def test_parameters_of_the_estimator():
    args = ["train", "--no-mlflow", "--timesteps", "20", "--overwrite"]
    assert main([*args, "--estimator-param", "C=0.5", "--estimator-param", "tol=1"]) == 0
    regression = joblib.load("rlcorrect_model.joblib").estimator_[-1]
    assert (regression.C, regression.tol, regression.max_iter) == (0.5, 1, 1000)
    forest = ["--estimator", "sklearn.ensemble.RandomForestClassifier"]
    given = ["n_estimators=4", "criterion=entropy", "random_state=5"]
    named = [part for param in given for part in ("--estimator-param", param)]
    assert main([*args, *forest, *named]) == 0
    forest = joblib.load("rlcorrect_model.joblib").estimator_[-1]
    assert (len(forest), forest.criterion, forest.random_state) == (4, "entropy", 5)


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


def test_one_column_of_probabilities(capsys):
    rng = np.random.default_rng(0)
    Path("data").mkdir()
    y = rng.integers(0, 2, 200)
    np.save("data/baseline_probs.npy", (y + rng.random(200)) / 2)
    np.save("data/true_labels.npy", y)
    assert main(["train", "--no-mlflow", "--data-dir", "data", "--timesteps", "400"]) == 0
    assert main(["infer", "--no-mlflow", "--data-dir", "data"]) == 0
    assert np.load("corrected_probs.npy").shape == (200, 2)


@pytest.mark.filterwarnings("default:fp_weight")
def test_warnings_of_a_fit_are_lines(wine, tmp_path, capsys):
    X, _, y, _ = wine
    table = pd.DataFrame(X).assign(label=y)
    table.to_csv(tmp_path / "wine.csv", index=False)
    options = ["--timesteps", "200", "--no-mlflow", "--fp-weight", "50"]
    where = ["--data", str(tmp_path / "wine.csv"), "--target", "label"]
    assert main(["train", *where, *options, "--output", str(tmp_path / "m.skops")]) == 0
    errors = capsys.readouterr().err.splitlines()
    assert any(line.startswith("warning: fp_weight=50 has no effect") for line in errors)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[(f"--{name}", "") for name in ("data-dir", "estimator", "experiment-name")],
        *[(f"--{name}", " ") for name in ("data", "run-name", "output")],
    ],
)
def test_empty_options_are_refused(option, value, capsys):
    assert main(["train", option, value]) == 2
    assert (
        capsys.readouterr().err == f"rlcorrect: error: {option} is empty: give it a value\n"
    )


def test_experiments_that_cannot_be_logged_to(store, capsys, monkeypatch):
    monkeypatch.setattr(RLCalibratedClassifier, "fit", None)  # nothing may be trained
    assert main(["train", "--experiment-name", "x" * 501]) == 2
    assert "longer than 500 characters" in capsys.readouterr().err
    client = mlflow.MlflowClient()
    client.delete_experiment(client.create_experiment("gone"))
    assert main(["train", "--experiment-name", "gone"]) == 2
    assert "--experiment-name gone was deleted" in capsys.readouterr().err


def test_a_run_that_cannot_be_logged_leaves_the_model(store, capsys, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr("sklearn_rlcorrect.tracking.log_run", full)
    for name in ("rescued_1.joblib", "rescued_2.joblib"):
        assert main(["train", "--timesteps", "200"]) == 2
        error = capsys.readouterr().err
        assert f"No space left on device); the trained model is in {name}" in error
        assert load_model(name).classes_.tolist() == ["eight", "other"]


@pytest.mark.parametrize("path", ["sys.exit", "sklearn.pipeline.make_pipeline"])
def test_what_is_no_class_of_classifiers_is_not_called(path, empty_folder, capsys):
    assert main(["train", "--no-mlflow", "--estimator", path]) == 2
    assert f"--estimator {path} is not a class" in capsys.readouterr().err


@pytest.mark.usefixtures("store")
def test_evaluate_finds_the_generated_alerts_again(capsys):
    assert main(["train", "--dataset", "alerts", "--timesteps", "400"]) == 0
    trained = capsys.readouterr().out
    assert "generated alerts, 'is it fraud?': 4500 rows to train on, 1500 held" in trained
    assert "\npositive: fraud\n" in trained
    assert main(["evaluate"]) == 0
    evaluated = capsys.readouterr().out
    assert "generated alerts, 'is it fraud?': the 1500 rows held out" in evaluated

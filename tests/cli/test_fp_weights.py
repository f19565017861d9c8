"""``rlcorrect train`` with several values of ``--fp-weight``."""

import os
import re
import shlex
from pathlib import Path

import joblib
import mlflow
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.cli.report import print_fp_weights
from sklearn_rlcorrect.comparison import compare_fp_weights
from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval
from sklearn_rlcorrect.tracking.runs import newest_trainings

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
TRAIN = ["train", "--data", "table.csv", "--target", "label", "--timesteps", "400"]
FILES = ["fp_weights.csv", "fp_weights.png"]


@pytest.fixture(autouse=True)
def csv(empty_folder, table):
    table.to_csv("table.csv", index=False)


def next_command(output):
    """Return the words of the command that is printed at the end."""
    first, name, *words = shlex.split(output.splitlines()[-1].partition("  #")[0])
    assert first == "Next:"
    assert name == "rlcorrect"
    return words


def test_each_row_is_what_one_value_makes(table, capsys):
    given = ["--no-mlflow", "--mode=train", *TRAIN[1:], "--fp_weight", "3,0.5"]
    assert main(given) == 0
    output = capsys.readouterr().out
    assert "table.csv: 319 rows to train on, 107 held out" in output
    assert "positive: malignant" in output
    assert sorted(os.listdir()) == [*FILES, "table.csv"]
    rows = pd.read_csv("fp_weights.csv")
    assert rows["fp_weight"].tolist() == [3, 0.5]
    last = next_command(output)
    assert last == ["--no-mlflow", "--mode=train", *TRAIN[1:], "--fp-weight=VALUE"]
    test = train_test_split(table, stratify=table["label"], random_state=0)[1]
    X, y = test.drop(columns="label"), test["label"]
    for _, row in rows.iterrows():
        assert main([*last[:-1], f"--fp-weight={row['fp_weight']}", "--overwrite"]) == 0
        model = joblib.load("rlcorrect_model.joblib")
        scores, saving = evaluate_correction(model, X, y), saving_interval(model, X, y)
        for variant, values in scores.items():
            for name in ("false_positives", "recall", "accuracy", "cost"):
                assert row[f"{variant}_{name}"] == pytest.approx(values[name])
        assert row["saving_upper"] == pytest.approx(saving["upper"])


def test_printed_rows_are_those_of_the_file(capsys):
    assert main([*TRAIN, "--no-mlflow", "--fp-weight", "1,4"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    for row in pd.read_csv("fp_weights.csv").to_dict("records"):
        (line,) = (line for line in lines if line and line[0] == f"{row['fp_weight']:g}")
        costs = [f"{row[f'{v}_cost']:.1f}" for v in ("before", "threshold_alone", "after")]
        numbers = [row["after_recall"], row["after_accuracy"]]
        expected = [f"{row['after_false_positives']:.0f}", *(f"{n:.4f}" for n in numbers)]
        assert line[1:8] == [*expected, *costs, f"{row['saving']:.1f}"]
        bounds = f"({row['saving_lower']:.1f} to {row['saving_upper']:.1f})"
        assert " ".join(line[8:]) == bounds


def test_several_values_in_a_file_of_options(capsys):
    Path("options.toml").write_text("fp-weight = [1, 2]\nno-mlflow = true\n")
    assert main([*TRAIN, "--config", "options.toml", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert pd.read_csv("fp_weights.csv")["fp_weight"].tolist() == [1, 2]
    assert main([*TRAIN, "--config", "options.toml", "--overwrite"]) == 0
    words = next_command(capsys.readouterr().out)
    assert words[-3:] == ["options.toml", "--overwrite", "--fp-weight=VALUE"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "--output m.joblib",
            "--output is for one model, and several values of --fp-weight",
        ),
        ("--save-data", "--save-data is for one model"),
        ("--register-model", "--register-model is for one model"),
        ("--fp-weight 1,-2", "fp_weight"),
        ("--fp-weight 1,nan", "fp_weight"),
    ],
)
def test_what_makes_no_sense_with_several_values(options, message, capsys, monkeypatch):
    monkeypatch.setattr(RLCalibratedClassifier, "_fit", None)  # nothing may be trained
    assert main([*TRAIN, "--fp-weight", "1,2", *options.split()]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert os.listdir() == ["table.csv"]


@pytest.mark.parametrize("name", FILES)
def test_files_are_not_replaced_unasked(name, capsys, monkeypatch):
    monkeypatch.setattr(RLCalibratedClassifier, "_fit", None)
    Path(name).write_text("mine")
    assert main([*TRAIN, "--no-mlflow", "--fp-weight", "1,2"]) == 2
    assert f"{name} exists" in capsys.readouterr().err
    assert Path(name).read_text() == "mine"


def test_one_class_of_several(wine, capsys):
    X, _, y, _ = wine
    pd.DataFrame(X).assign(label=y).to_csv("table.csv", index=False)
    several = [*TRAIN, "--no-mlflow", "--fp-weight", "1,2"]
    assert main(several) == 2
    assert "no effect with 3 classes" in capsys.readouterr().err
    assert main([*several, "--pos-label", "1"]) == 0
    assert "positive: 1" in capsys.readouterr().out


def test_proven_limits_are_told(capsys):
    several = [*TRAIN, "--no-mlflow", "--fp-weight", "1,2", "--max-accuracy-drop", "0.1"]
    assert main(several) == 0
    output = capsys.readouterr().out
    for weight in (1, 2):
        assert f"fp_weight {weight}:\nProven on a calibration set of 64 rows" in output


def test_costs_at_which_nothing_helps_are_told(cancer, capsys):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK)
    correctors, table = compare_fp_weights(model, X, y, X_test, y_test, [1, 2.5])
    for chosen, weights in [((3, 0), ["2.5"]), ((1, 1), [])]:
        for corrector, candidate in zip(correctors.values(), chosen, strict=True):
            corrector.selected_["weighted"] = candidate
        print_fp_weights(correctors, table)
        told = re.findall("At fp_weight (.*) no policy beat", capsys.readouterr().out)
        assert told == weights


def test_a_run_holds_table_and_picture(store, capsys):
    assert main([*TRAIN, "--fp-weight", "1,2", "--run-name", "costs"]) == 0
    (run,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert run.info.run_id in capsys.readouterr().out
    assert run.info.run_name == "costs"
    assert run.data.params["fp_weight"] == "[1.0, 2.0]"
    logged = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/fp_weights.csv")
    assert logged == Path("fp_weights.csv").read_text()
    pictures = mlflow.artifacts.list_artifacts(
        run_id=run.info.run_id, artifact_path="pictures"
    )
    assert [picture.path for picture in pictures] == ["pictures/fp_weights.png"]
    # It holds no model for the other commands.
    with pytest.raises(ValueError, match="holds no trained model"):
        newest_trainings(mlflow.MlflowClient(), 1)


def test_a_run_that_cannot_be_logged(store, capsys, monkeypatch):
    def full(*args, **kwargs):
        raise OSError("No space left on device")

    monkeypatch.setattr("mlflow.log_artifact", full)
    assert main([*TRAIN, "--fp-weight", "1,2"]) == 2
    error = capsys.readouterr().err
    assert "No space left on device); fp_weights.csv and fp_weights.png are" in error
    assert set(FILES) < set(os.listdir())

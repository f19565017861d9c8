"""What the commands tell: nothing with ``--quiet``, more with ``--verbose``."""

import os

import pytest

from sklearn_rlcorrect.cli import main

pytest_plugins = ["cli_fixtures"]
MODEL = ["--no-mlflow", "--model", "model.joblib"]
ROWS = ["--data", "table.csv", "--target", "label"]
TRAIN = ["train", "--no-mlflow", *ROWS, "--timesteps", "400", "--output", "new.joblib"]
COMMANDS = {
    "train": TRAIN,
    "evaluate": ["evaluate", *MODEL, *ROWS, "--output", "pictures"],
    "infer": ["infer", *MODEL, "--data", "rows.csv", "--output", "out.csv"],
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["-q", "--quiet"])
def test_quiet(command, option, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main([*COMMANDS[command], option]) == 0
    assert capsys.readouterr() == ("", "")
    assert COMMANDS[command][-1] in os.listdir()


@pytest.mark.usefixtures("quick")
def test_quiet_keeps_warnings_and_errors(capsys):
    assert main(["train", "-q", "--data", "nowhere.csv", "--target", "y"]) == 2
    assert "no such file: nowhere.csv" in capsys.readouterr().err


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("option", ["-v", "--verbose"])
@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            "train",
            "table.csv: 426 rows, 6 columns that are features; labels: benign 267, m",
        ),
        ("train", "(0: the classifier alone): accuracy "),
        ("train", "train policies: 100%"),
        ("evaluate", "note: model model corrects Pipeline(steps=["),
        ("infer", "note: model model corrects Pipeline(steps=["),
    ],
)
def test_verbose(command, option, told, capsys):
    assert main(COMMANDS[command]) == 0
    plain = capsys.readouterr()
    assert told not in plain.err
    assert main([*COMMANDS[command], option, "--overwrite"]) == 0
    verbose = capsys.readouterr()
    assert told in verbose.err
    assert verbose.out == plain.out

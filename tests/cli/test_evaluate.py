"""``rlcorrect evaluate``: scores and pictures of a model on labelled rows."""

import os
import re

import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")


def test_evaluate_a_file(always_benign, table, capsys):
    model, rows = always_benign
    command = "evaluate --no-mlflow --model model.joblib --data table.csv --target label"
    assert main(command.split()) == 0
    output = capsys.readouterr().out
    assert "table.csv: all 426 rows" in output
    assert "is not known" in output
    y = table["label"]
    missed = ((model.predict(rows) == "benign") & (y == "malignant")).sum()
    assert re.search(rf"^false negatives +\d+ +\d+ +{missed}$", output, re.MULTILINE)
    assert sorted(os.listdir("evaluation_model_weighted")) == [
        "adjustments.png",
        "confusion.png",
        "corrections.png",
        "false_positives.png",
        "reliability.png",
        "tradeoff.png",
        "training.png",
    ]
    assert main(command.split()) == 2
    assert "evaluation_model_weighted exists" in capsys.readouterr().err
    assert main([*command.split(), "--overwrite"]) == 0


def test_evaluate_needs_to_know_the_rows(quick, table, capsys):
    assert main(["evaluate", "--no-mlflow", "--model", "model.joblib"]) == 2
    error = capsys.readouterr().err
    assert "rows that model model was trained on are not known" in error
    table.assign(label="odd").to_csv("odd.csv", index=False)
    command = "evaluate --no-mlflow --model model.joblib --data odd.csv --target label"
    assert main(command.split()) == 2
    error = capsys.readouterr().err
    assert "y holds ['odd'], which the fitted estimator does not know" in error


@pytest.mark.usefixtures("store")
def test_evaluate_picks_the_held_out_rows_of_the_same_table(cancer, capsys):
    X, _, y, _ = cancer
    table = pd.DataFrame(X).rename(columns="x{}".format).assign(y=y)
    table.to_csv("a.csv", index=False)
    table.to_parquet("b.parquet")
    assert main(["train", "--data", "a.csv", "--target", "y", "--timesteps", "200"]) == 0
    trained = capsys.readouterr().out
    assert main(["evaluate", "--output", "here"]) == 0
    here = capsys.readouterr().out
    assert scores(here) == scores(trained)
    options = "--data b.parquet --target y --output there"
    assert main(["evaluate", *options.split()]) == 0
    there = capsys.readouterr().out
    assert "b.parquet: the 107 rows held out of the training" in there
    assert scores(there) == scores(trained)

    table.iloc[1:].to_csv("a.csv", index=False)
    assert main(["evaluate"]) == 2
    assert "a.csv has changed since model" in capsys.readouterr().err
    assert main(["evaluate", "--data", "a.csv", "--target", "y", "--output", "c"]) == 0
    assert "a.csv: all 425 rows" in capsys.readouterr().out


def scores(output):
    return re.findall(r"^[a-zFP1-9 .()]+ [\d.]+ +[\d.]+$", output, flags=re.MULTILINE)

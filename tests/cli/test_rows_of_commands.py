"""Rows as the commands read them: separators, encodings, types that changed."""

import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
INFER = ["infer", "--no-mlflow", "--model", "model.joblib", "--data"]


def error_of(capsys, *args):
    assert main([*args]) == 2
    *_, message = capsys.readouterr().err.splitlines()
    assert message.startswith("rlcorrect: error: ")
    return message


@pytest.mark.usefixtures("store")
def test_a_format_is_remembered_with_the_training(table, capsys):
    table["size"] = table["size"].replace("large", "groß")
    table.to_csv("table.csv", index=False, sep=";", encoding="cp1252", decimal=".")
    train = ["train", "--data", "table.csv", "--target", "label", "--timesteps", "400"]
    assert "looks separated by ';'" in error_of(capsys, *train)
    assert "Give its encoding" in error_of(capsys, *train, "--sep", ";")
    csv = ["--sep", ";", "--encoding", "cp1252"]
    assert main([*train, *csv]) == 0
    assert main(["evaluate", "--output", "pictures"]) == 0
    assert "rows held out of the training" in capsys.readouterr().out
    table.drop(columns="label").to_csv("rows.csv", index=False, sep=";", encoding="cp1252")
    assert main(["infer", "--data", "rows.csv", *csv]) == 0
    table.drop(columns="label").to_csv("tabs.csv", index=False, sep="\t")
    out = ["--output", "tabs_out.csv"]
    assert main(["infer", "--data", "tabs.csv", "--sep", r"\t", *out]) == 0
    assert main(["infer", "--data", "tabs.csv", "--sep", "\t", *out, "--overwrite"]) == 0
    pd.testing.assert_frame_equal(
        pd.read_csv("tabs_out.csv"), pd.read_csv("corrected_probs.csv")
    )


def test_a_format_without_a_file_is_refused(capsys):
    message = error_of(capsys, "train", "--no-mlflow", "--sep", ";")
    assert "--sep and --encoding are of a CSV: give --data FILE" in message


@pytest.mark.parametrize("kind", ["dates", "texts"])
def test_a_column_that_is_no_number_any_more(quick, kind, table, capsys):
    dates = pd.date_range("2026-01-01", periods=len(table))
    table["b"] = dates if kind == "dates" else "text"
    table.to_parquet("rows.parquet")
    message = error_of(capsys, *INFER, "rows.parquet")
    assert "rows 1 to " in message
    assert "column 'b' of X held numbers in fit" in message
    evaluate = ["evaluate", "--no-mlflow", "--model", "model.joblib"]
    rows = ["--data", "rows.parquet", "--target", "label"]
    assert "column 'b' of X held" in error_of(capsys, *evaluate, *rows)

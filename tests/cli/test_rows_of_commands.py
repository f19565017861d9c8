"""Rows as the commands read them: separators, encodings, types that changed."""

import mlflow
import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.persistence import load_model

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


@pytest.fixture
def with_columns_to_drop(table):
    """table.csv, with an ID, a date and a name with a comma in it."""
    table["id"] = [f"row {i}" for i in range(len(table))]
    table["when"] = pd.date_range("2026-01-01", periods=len(table)).astype(str)
    table["x, y"] = 1
    table.to_csv("table.csv", index=False)
    return table


DROP = ["--drop", "id, when", "--drop", "x, y"]
ROWS = ["--data", "table.csv", "--target", "label"]
TRAIN = ["train", *ROWS, "--timesteps", "400", "--memory-size", "200"]


@pytest.mark.filterwarnings("ignore:The correction did worse:UserWarning")
def test_dropped_columns_are_no_features(with_columns_to_drop, capsys):
    output = ["--no-mlflow", "--output", "model.joblib"]
    assert main([*TRAIN, *DROP, *output]) == 0
    model = load_model("model.joblib")
    assert list(model.feature_names_in_) == ["a", "b", "c", "d", "e", "size"]
    with_columns_to_drop.drop(columns=["id", "when", "x, y"]).to_csv("few.csv", index=False)
    written = {}
    for rows in ("table.csv", "few.csv"):
        data = ["--no-mlflow", "--model", "model.joblib", "--data", rows, "--overwrite"]
        labels = ["--target", "label"]
        assert main(["infer", *data, "--output", "out.csv"]) == 0
        assert main(["decide", *data]) == 0
        assert main(["update", *data, *labels]) == 0
        assert main(["evaluate", *data, *labels]) == 0
        tables = [pd.read_csv(name) for name in ("out.csv", "decisions.csv")]
        written[rows] = pd.concat(tables, axis=1)
    pd.testing.assert_frame_equal(*written.values())


@pytest.mark.usefixtures("store")
def test_what_was_dropped_is_known_to_a_run(with_columns_to_drop, capsys):
    assert main([*TRAIN, *DROP]) == 0
    recognized = "table.csv: the 107 rows held out of the training"
    assert main(["evaluate", "--output", "one"]) == 0
    assert recognized in capsys.readouterr().out
    # The same rows, with and without the columns that do not matter.
    assert main(["evaluate", "--output", "two", *ROWS]) == 0
    assert recognized in capsys.readouterr().out
    with_columns_to_drop.drop(columns="when").to_csv("table.csv", index=False)
    assert main(["evaluate", "--output", "three", *ROWS]) == 0
    assert recognized in capsys.readouterr().out
    run = mlflow.search_runs(search_all_experiments=True, output_format="list")[-1]
    assert run.data.params["drop"] == "['id', 'when', 'x, y']"
    again = ["train", "--baseline-run-id", run.info.run_id, *ROWS, "--timesteps", "400"]
    for given in ([], ["--drop", "id"]):
        assert main([*again, *given]) == 0
        assert "(319 rows that its run was trained on are left out)" in out(capsys)


def out(capsys):
    return capsys.readouterr().out

"""Held-out rows of ``rlcorrect train``: a fraction, groups, the last, another file."""

import mlflow
import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.cli.options import MODEL_FILE
from sklearn_rlcorrect.cli.parser import parse
from sklearn_rlcorrect.cli.rows import labelled_rows, row_options
from sklearn_rlcorrect.cli.split import split
from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval
from sklearn_rlcorrect.persistence import load_model

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
ROWS = ["--data", "table.csv", "--target", "label"]
QUICK = ["train", *ROWS, "--timesteps", "400"]


@pytest.fixture
def wide(table):
    """table.csv with groups, dates in another order than the rows, and numbers."""
    order = np.random.default_rng(0).permutation(len(table))
    table["patient"] = [f"p{i % 50}" for i in range(len(table))]
    table["day"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(order // 10, unit="D")
    table["step"] = order
    table.to_csv("table.csv", index=False)
    return table


def parts(*options, rows=None):
    args = parse(["train", *ROWS, *options])
    data = labelled_rows(row_options(args))
    found = split(args, data, np.arange(len(data.y)) if rows is None else rows)
    used = np.concatenate([found.train_rows, found.test_rows])
    assert len(np.unique(used)) == len(used)
    return found


@pytest.mark.parametrize("size", [0.1, 0.5])
def test_a_fraction_is_held_out(wide, size):
    found = parts("--test-size", str(size))
    assert len(found.test_rows) == np.ceil(size * len(wide))
    share = [np.mean(found.data.y[rows] == "benign") for rows in (found.test_rows, ...)]
    assert share[0] == pytest.approx(share[1], abs=0.02)


def test_groups_stay_on_one_side(wide):
    found = parts("--group", "patient", "--test-size", "0.3")
    train, test = (set(wide["patient"].iloc[rows]) for rows in found_rows(found))
    assert not train & test
    assert len(test) == 15
    assert len(found.train_rows) + len(found.test_rows) == len(wide)
    assert found.note == "(15 of 50 groups by 'patient' are held out)"
    assert "patient" not in found.data.X
    other = parts("--group", "patient", "--test-size", "0.3", "--seed", "1")
    assert set(wide["patient"].iloc[other.test_rows]) != test


@pytest.fixture
def patients(empty_folder):
    """table.csv in which a fit knows the labels of its patients, and nothing of others."""
    patient = np.arange(400) % 20
    noise = np.random.default_rng(0).normal(scale=0.01, size=(400, 20))
    table = pd.DataFrame(np.eye(20)[patient] + noise).add_prefix("x")
    table["label"] = np.where(patient % 2, "yes", "no")
    table["patient"] = patient
    table.to_csv("table.csv", index=False)


@pytest.mark.usefixtures("patients")
def test_groups_are_kept_whole_in_the_training():
    losses = []
    for option in ("--drop", "--group"):
        command = [*QUICK, "--no-mlflow", "--overwrite", option, "patient"]
        neighbors = ["--estimator", "sklearn.neighbors.KNeighborsClassifier"]
        assert main([*command, *neighbors]) == 0
        losses.append(load_model(MODEL_FILE).history_["brier"][0])
    assert losses[0] < 0.01
    assert losses[1] > 0.2


@pytest.mark.usefixtures("patients")
def test_costs_are_compared_with_groups():
    command = [*QUICK, "--no-mlflow", "--group", "patient"]
    assert main([*command, "--fp-weight", "3"]) == 0
    assert main([*command, "--fp-weight", "1,3"]) == 0
    found = parts("--group", "patient")
    scores = evaluate_correction(load_model(MODEL_FILE), *found.data.take(found.test_rows))
    row = pd.read_csv("fp_weights.csv").set_index("fp_weight").loc[3]
    assert row["after_cost"] == scores["after"]["cost"]
    assert row["threshold_alone_cost"] == scores["threshold_alone"]["cost"]


@pytest.mark.usefixtures("store")
def test_whole_groups_make_the_interval_of_the_saving(wide, capsys):
    command = [*QUICK, "--group", "patient", "--drop", "day", "--drop", "step"]
    assert main([*command, "--output", "model.joblib"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    found = parts(*command[len(["train", *ROWS]) :])
    test, patient = found.data.take(found.test_rows), wide["patient"].iloc[found.test_rows]
    saving = saving_interval(load_model("model.joblib"), *test, groups=patient)
    assert f"95 % interval {saving['lower']:.1f} to {saving['upper']:.1f}" in printed
    assert saving != saving_interval(load_model("model.joblib"), *test)
    (run,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert run.data.metrics["saving/upper"] == pytest.approx(saving["upper"])
    assert main([*command, "--no-mlflow", "--fp-weight", "1,1.2"]) == 0
    row = pd.read_csv("fp_weights.csv").set_index("fp_weight").loc[1.2]
    assert row["saving_upper"] == pytest.approx(saving["upper"])


@pytest.mark.parametrize("kind", ["csv", "parquet", "dates with a zone"])
def test_the_last_rows_are_held_out(wide, kind):
    if kind != "csv":
        zone = "UTC" if kind == "dates with a zone" else None
        wide["day"] = wide["day"].dt.tz_localize(zone)
        wide.to_parquet("table.parquet")
        rows = ["--data", "table.parquet"]
    found = parts(*([] if kind == "csv" else rows), "--time", "day")
    train, test = (wide["day"].iloc[rows] for rows in found_rows(found))
    assert train.max() < test.min()
    # 43 days of ten rows: those of the first held-out day stay together.
    assert 107 <= len(test) < 117
    assert len(train) + len(test) == len(wide)
    # As the file writes it, without a zone of ours.
    first = test.min() if kind != "csv" else test.min().date()
    assert found.note == f"(rows with 'day' from {first} on are held out)"
    assert "day" not in found.data.X


def test_the_last_rows_in_the_order_of_numbers(wide):
    found = parts("--time", "step", "--test-size", "0.1")
    np.testing.assert_array_equal(np.sort(wide["step"].iloc[found.test_rows])[0], 383)
    assert len(found.test_rows) == 43


def test_only_usable_rows_are_split(wide):
    usable = np.arange(100, 300)
    for options in ([], ["--group", "patient"], ["--time", "step"]):
        found = parts(*options, rows=usable)
        used = np.sort(np.concatenate(found_rows(found)))
        np.testing.assert_array_equal(used, usable)


def found_rows(found):
    return found.train_rows, found.test_rows


@pytest.mark.parametrize("n_equal", [0, 200])
def test_rows_to_test_on_that_train_are_told(table, n_equal, capsys):
    table["a"] = np.arange(len(table))
    table.to_csv("table.csv", index=False)
    test = pd.concat([table[:n_equal], table[n_equal:].assign(a=-1)])
    test.to_csv("test.csv", index=False)
    parts("--test-data", "test.csv")
    told = "warning: 200 of 426 rows of --test-data equal rows of --data, label and all: "
    assert (told in capsys.readouterr().err) == (n_equal > 0)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_another_file_is_held_out(table, suffix, capsys):
    train, test = table[:300], table[300:].assign(more=1)
    # Without a text in it, and in another order.
    test = test.assign(size=None)[test.columns[::-1]]
    train.to_csv("table.csv", index=False)
    if suffix == "csv":
        test.to_csv("test.csv", index=False)
    else:
        test.astype({"size": object}).assign(size="large").to_parquet("test.parquet")
    options = ["--test-data", f"test.{suffix}", "--output", "model.joblib"]
    assert main([*QUICK, *options]) == 0
    trained = capsys.readouterr().out
    name = f"table.csv and test.{suffix}: "
    assert trained.startswith(name + "300 rows to train on, 126 held out")
    assert main(["evaluate", "--output", "one"]) == 0
    evaluated = capsys.readouterr().out
    assert f"test.{suffix}: the 126 rows held out of the training" in evaluated
    scores = trained[trained.index("on these rows") : trained.index("changed")]
    assert scores in evaluated
    # The same if the file is named.
    named = ["--data", f"test.{suffix}", "--target", "label"]
    assert main(["evaluate", "--output", "two", *named]) == 0
    assert scores in capsys.readouterr().out
    assert main(["evaluate", "--output", "three", *ROWS]) == 0
    evaluated = capsys.readouterr().out
    assert "table.csv: all 300 rows\nThe model was trained on rows of this" in evaluated
    # What was held out has no part in the training.
    model, X = load_model("model.joblib"), train.drop(columns="label")
    again = load_model("model.joblib").fit(X, train["label"])
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    run = mlflow.search_runs(search_all_experiments=True, output_format="list")[-1]
    assert run.data.params["test_data"].endswith(f"test.{suffix}")


@pytest.mark.usefixtures("store")
def test_columns_of_the_split_are_known_to_a_run(wide, capsys):
    assert main([*QUICK, "--group", "patient", "--drop", "day", "--test-size", "0.2"]) == 0
    assert "10 of 50 groups by 'patient' are held out" in capsys.readouterr().out
    assert main(["evaluate", *ROWS]) == 0
    assert "rows held out of the training" in capsys.readouterr().out
    run = mlflow.search_runs(search_all_experiments=True, output_format="list")[-1]
    logged = {name: run.data.params[name] for name in ("drop", "group", "test_size")}
    expected = {"drop": "['day', 'patient']", "group": "patient", "test_size": "0.2"}
    assert logged == expected


@pytest.mark.usefixtures("store")
def test_a_file_to_test_a_logged_classifier_on(table, capsys):
    table[:300].to_csv("table.csv", index=False)
    table[300:].to_csv("test.csv", index=False)
    assert main(QUICK) == 0
    run = mlflow.search_runs(search_all_experiments=True, output_format="list")[-1]
    options = ["--baseline-run-id", run.info.run_id, "--test-data", "test.csv"]
    assert main([*QUICK, *options]) == 0
    printed = capsys.readouterr().out
    assert "table.csv and test.csv: 75 rows to train on, 126 held out" in printed
    assert "(225 rows that its run was trained on are left out)" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "--test-data test.csv --test-size 0.2",
            "--test-data and --test-size exclude each",
        ),
        ("--test-data test.csv --group patient", "--test-data and --group exclude each"),
        ("--group patient --time day", "--group and --time exclude each other: give one"),
        ("--test-size 1", "--test-size 1.0 must be between 0 and 1"),
        ("--test-size nan", "--test-size nan must be between 0 and 1"),
        ("--group nope", "--group nope: table.csv has no such column besides the --target"),
        ("--time label", "--time label: table.csv has no such column besides the --target"),
        ("--group two", "--group two: there are 2 groups, and at least 3 are needed"),
        ("--group patient --memory-size 99", "--group and --memory-size exclude each"),
        ("--group size", "--group size: "),
        ("--time a", "--time a: 48 of 426 rows have no value there: remove them"),
        ("--time patient", "neither numbers nor dates such as 2026-01-31, but 'p"),
        ("--time mixed", "such as 2026-01-31, but '31/01/2026'"),
        ("--time one", "--time one: no rows are earlier than 1, from which on"),
        ("--time sorted", "all rows with the label 'malignant' are held out"),
        ("--test-data nowhere.csv", "no such file: nowhere.csv"),
        ("--test-data few.csv", "few.csv has no column 'a', which table.csv has"),
        (
            "--test-data texts.csv",
            "column 'b' holds numbers in one of table.csv, texts.csv",
        ),
        ("--test-data odd.csv", "column 'label' of odd.csv holds 'odd', which is no label"),
        ("--test-data test.csv --output test.csv --overwrite", "test.csv is an input of"),
    ],
)
def test_splits_that_there_are_not(wide, options, message, capsys):
    wide["one"] = 1
    wide["mixed"] = np.where(np.arange(len(wide)) < 99, "2026-01-31", "31/01/2026")
    wide["two"] = np.arange(len(wide)) % 2
    wide["sorted"] = (wide["label"] == "malignant").astype(int)
    wide.to_csv("table.csv", index=False)
    wide.to_csv("test.csv", index=False)
    wide.drop(columns="a").to_csv("few.csv", index=False)
    wide.assign(b="text").to_csv("texts.csv", index=False)
    wide.assign(label="odd").to_csv("odd.csv", index=False)
    assert main([*QUICK, "--no-mlflow", *options.split()]) == 2
    (error,) = capsys.readouterr().err.splitlines()
    assert message in error


@pytest.mark.parametrize("option", ["--group", "--time", "--test-data"])
def test_columns_and_files_are_of_tables(option, capsys):
    assert main(["train", "--no-mlflow", option, "x"]) == 2
    assert "give" in capsys.readouterr().err


def test_labels_of_another_file_keep_their_type(table):
    table["label"] = (table["label"] == "benign").astype(int)
    table.to_csv("table.csv", index=False)
    table.astype({"label": float}).to_parquet("test.parquet")
    found = parts("--test-data", "test.parquet")
    assert found.data.y.dtype == np.int64
    table["label"] = np.where(table["label"] == 1, "1", "x")
    table.to_csv("table.csv", index=False)
    table[table["label"] == "1"].to_csv("ones.csv", index=False)
    found = parts("--test-data", "ones.csv")
    assert set(found.data.y[found.test_rows]) == {"1"}

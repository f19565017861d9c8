"""``rlcorrect decide`` and ``update``: decisions out, outcomes in."""

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect._statements import idle_reason
from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.cli.decide import _summary
from sklearn_rlcorrect.cli.off_policy import _verdict
from sklearn_rlcorrect.cli.update import _difference
from sklearn_rlcorrect.decisions import Decisions, off_policy_value
from sklearn_rlcorrect.persistence import load_model

pytest_plugins = ["cli_fixtures"]
pytestmark = [
    pytest.mark.usefixtures("empty_folder"),
    pytest.mark.filterwarnings("ignore:The correction did worse:UserWarning"),
]
MODEL = ["--no-mlflow", "--model", "model.joblib"]


@pytest.fixture
def with_memory(table):
    """A model with a memory in model.joblib, and its rows in table.csv."""
    table.to_csv("table.csv", index=False)
    train = "train --no-mlflow --data table.csv --target label --timesteps 400"
    options = "--memory-size 200 --output model.joblib"
    assert main([*train.split(), *options.split()]) == 0
    return load_model("model.joblib")


def test_decide_writes_what_the_model_decides(with_memory, table, capsys):
    table["amount"] = np.arange(len(table)) / 100
    table.to_csv("rows.csv", index=False)
    options = "--fp-cost 1 --fn-cost amount --budget 50 --exploration 0.2 --seed 3"
    assert main(["decide", *MODEL, "--data", "rows.csv", *options.split()]) == 0
    written = pd.read_csv("decisions.csv")
    model = with_memory.set_params(exploration=0.2)
    X = table[list(model.feature_names_in_)]
    expected = model.decide(
        X, fp_cost=1, fn_cost=table["amount"], budget=50, random_state=3
    )
    names = ["flagged", "inspected", "propensity", "decision_propensity", "gain"]
    assert written.columns.tolist() == ["row", *names]
    for name in names:
        np.testing.assert_allclose(written[name], getattr(expected, name), atol=1e-12)
    output = capsys.readouterr().out
    saving = expected.gain[expected.flagged].sum()
    n_beyond = np.sum((expected.gain > 0) & ~expected.flagged)
    assert n_beyond > 0
    verb = "cost" if expected.exploration_cost >= 0 else "save"
    assert output.startswith(
        f"{len(table)} rows: {expected.flagged.sum()} flagged, which is expected to save "
        f"{saving:.4g}.\n{n_beyond} more would be worth flagging, beyond the budget.\n10 "
        f"explored, to look at, too, which is expected to {verb} "
        f"{abs(expected.exploration_cost):.4g}.\nModel model. Written: decisions.csv\n"
    )


def test_decide_without_budget_and_exploration_tells_of_neither(with_memory, capsys):
    capsys.readouterr()
    assert main(["decide", *MODEL, "--data", "table.csv"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert "flagged, which is expected to save" in first
    assert second == "Model model. Written: decisions.csv"


@pytest.mark.parametrize(("sign", "verb"), [(-1, "cost"), (1, "save")])
def test_what_exploration_is_expected_to_bring(sign, verb):
    flagged, inspected = np.array([True, False, False]), np.array([True, True, False])
    gain = np.array([4.0, sign * 1.5, -2.0])
    decided = Decisions(flagged, inspected, np.array([1, 0.5, 0.5]), gain, -sign * 1.5)
    *_, last = _summary(decided).splitlines()
    assert last == f"1 explored, to look at, too, which is expected to {verb} 1.5."


def test_decide_tells_of_categories_that_the_training_did_not_know(with_memory, capsys):
    table = pd.read_csv("table.csv")
    table.loc[:9, "size"] = "huge"
    table.to_csv("rows.csv", index=False)
    assert main(["decide", *MODEL, "--data", "rows.csv"]) == 0
    assert (
        "column 'size': 10 of 426 rows hold categories unknown in training, which count as "
        "none\n"
    ) in capsys.readouterr().out


def test_update_is_partial_fit(with_memory, table, capsys):
    table["seen"] = 0.5
    table[:100].to_csv("labels.csv", index=False)
    options = "--data labels.csv --target label --propensity seen"
    assert main(["update", *MODEL, *options.split()]) == 0
    updated = load_model("updated_model.joblib")
    X = table[list(with_memory.feature_names_in_)]
    with_memory.partial_fit(X[:100], table["label"][:100], propensity=np.full(100, 0.5))
    np.testing.assert_array_equal(updated.predict_proba(X), with_memory.predict_proba(X))
    output = " ".join(capsys.readouterr().out.split())
    gain, error = (updated.update_history_[name][-1] for name in ("gain", "gain_error"))
    assert "100 rows, scored before they were learnt from" in output
    assert (
        f"the correction costs {_difference(gain)} per row than the classifier (standard "
        f"error {error:.2g}"
    ) in output
    assert "saves" not in output
    assert main(["update", *MODEL, *options.split()]) == 2
    assert "updated_model.joblib exists" in capsys.readouterr().err


def test_update_by_rewards(with_memory, table):
    rng = np.random.default_rng(0)
    table["flagged"] = rng.random(len(table)) < 0.5
    gain = np.where(table["label"] == "malignant", 1.0, -1.0)
    table["reward"] = np.where(table["flagged"], gain, 0)
    table.to_csv("rewards.csv", index=False)
    options = "--data rewards.csv --decision flagged --reward reward"
    assert main(["update", *MODEL, *options.split(), "--output", "u.skops"]) == 0
    updated = load_model("u.skops", trusted=["numpy.dtype"])
    assert len(updated.reward_memory_["reward"]) == 200


@pytest.mark.usefixtures("store")
def test_an_update_becomes_a_version(table, capsys):
    table.to_csv("table.csv", index=False)
    rows = ["--data", "table.csv", "--target", "label"]
    train = ["train", *rows, "--timesteps", "400", "--memory-size", "200"]
    assert main([*train, "--register-model", "--model-name", "mine"]) == 0
    table[::2].to_csv("new.csv", index=False)
    table[1::2].to_csv("test.csv", index=False)
    new = ["--data", "new.csv", "--target", "label"]
    update = ["update", "--model", "models:/mine@weighted", *new]
    register = ["--register-model", "--model-name", "mine", "--test-data", "test.csv"]
    capsys.readouterr()
    assert main([*update, *register]) == 0
    output = capsys.readouterr().out
    client = mlflow.MlflowClient()
    assert len(client.search_model_versions("name = 'mine'")) == 6
    loaded = mlflow.sklearn.load_model("models:/mine@weighted")
    assert loaded.update_history_["n_rows"].tolist() == [len(table[::2])]
    run = mlflow.search_runs(search_all_experiments=True).iloc[0]
    assert run["tags.mlflow.runName"] == "update"
    assert run["params.n_test"] == str(len(table[1::2]))
    # What is printed is what was logged, of the rows for the test.
    assert f"\ntest.csv: {len(table[1::2])} rows to test on\n" in output
    accuracy = [run[f"metrics.{when}/accuracy"] for when in ("before", "after")]
    (line,) = [line for line in output.splitlines() if line.startswith("accuracy")]
    assert [line.split()[1], line.split()[-1]] == [f"{value:.4f}" for value in accuracy]
    (registered,) = [line for line in output.splitlines() if line.startswith("Registered")]
    for entry in registered.removeprefix("Registered: ").split(", "):
        uri, *note = entry.split(" ", 1)
        model = mlflow.sklearn.load_model(uri)
        assert note == (["(changes nothing)"] if idle_reason(model) else [])
    assert f"MLflow run {run['run_id']} (experiment rlcorrect)" in output


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("decide", "give --data FILE"),
        ("decide --data table.csv --output x.json", "must end in .csv"),
        ("decide --data table.csv --fp-cost much", "cost 'much' is neither a number nor"),
        ("decide --data table.csv --budget -1", "budget=-1 must be a number of rows"),
        ("evaluate --reward r", "needs --data FILE, --decision COLUMN, --propensity COL"),
        (
            "evaluate --data table.csv --reward r --decision d --propensity p --target t",
            "--reward is for rows without labels: leave --target and --data-dir out",
        ),
        ("update", "give --data FILE"),
        ("update --data table.csv", "give --target COLUMN, with labels, or --decision"),
        ("update --data table.csv --target nope", "table.csv has no column 'nope'"),
        ("update --data table.csv --reward label", "give --target COLUMN"),
        ("update --data table.csv --target label --register-model", "go together"),
        (
            "update --data t.csv --target label --register-model --test-data t.csv",
            "needs MLflow",
        ),
        (
            "update --data table.csv --target label --model-name m",
            "--model-name is for --register-model: give both",
        ),
    ],
)
def test_bad_input(with_memory, command, message, capsys):
    assert main([*command.split(), *MODEL]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(("gain", "words"), [(0.25, "0.25 less"), (-0.25, "0.25 more")])
def test_what_a_correction_costs_is_compared_with_the_classifier(gain, words):
    assert _difference(gain) == words


def test_a_model_without_a_memory(quick, capsys):
    update = ["update", *MODEL, "--data", "table.csv", "--target", "label"]
    assert main(update) == 2
    (*_, error) = capsys.readouterr().err.splitlines()
    assert "error: model model keeps no rows to learn from again: train with" in error


@pytest.mark.usefixtures("store")
def test_models_that_are_not_there_are_told_of_by_those_that_are(table, capsys):
    table.to_csv("table.csv", index=False)
    rows = ["--data", "table.csv", "--target", "label"]
    train = ["train", *rows, "--timesteps", "400"]
    assert main([*train, "--register-model", "--model-name", "mine"]) == 0
    newest = mlflow.search_runs(search_all_experiments=True)["run_id"][0]
    for model, message in [
        ([], f"error: model {newest[:8]}, the newest, keeps no rows to learn from again"),
        (["--model", "mine@fp"], "no such file: mine@fp (in MLflow, it is models:/mine@fp"),
        (["--model", "models:/mine@x"], "(aliases of mine: accuracy, fp, weighted)"),
        (["--model", "models:/other@x"], "there is no model models:/other@x"),
    ]:
        assert main(["update", *rows, *model]) == 2
        (*_, error) = capsys.readouterr().err.splitlines()
        assert message in error
    assert "aliases of" not in error


def logged(table, path):
    """Write decisions by a coin, with rewards; return what `off_policy_value` takes."""
    rng = np.random.default_rng(1)
    table["flagged"], table["p"] = rng.random(len(table)) < 0.5, 0.5
    gain = np.where(table["label"] == "malignant", 1.0, -1.0)
    table["reward"] = np.where(table["flagged"], gain, 0)
    table.to_csv(path, index=False)
    return table["flagged"], table["reward"], table["p"]


def test_evaluate_estimates_the_value_of_logged_decisions(with_memory, table, capsys):
    log = logged(table, "log.csv")
    options = "--data log.csv --decision flagged --reward reward --propensity p"
    assert main(["evaluate", *MODEL, *options.split(), "--output", "out"]) == 0
    output = capsys.readouterr().out
    X = table[list(with_memory.feature_names_in_)]
    gain = off_policy_value(with_memory, X, *log)["gain"]
    interval = f"{gain['lower']:.4g} to {gain['upper']:.4g}"
    assert f"gain {gain['value']:>20.4g}   {interval}" in output
    assert Path("out/off_policy_value.png").stat().st_size > 10_000
    assert main(["evaluate", *MODEL, *options.split(), "--output", "out"]) == 2
    unknown = ["--overwrite", "--decision", "nope", "--output", "out"]
    assert main(["evaluate", *MODEL, *options.split(), *unknown]) == 2
    assert "log.csv has no column 'nope'" in capsys.readouterr().err


@pytest.mark.filterwarnings("default:of the rows:UserWarning")
def test_what_the_log_never_tried_gets_no_verdict(always_benign, table, capsys):
    logged(table, "log.csv")
    # Of the rows that were flagged, all were certain to be.
    table["p"] = np.where(table["flagged"], 1.0, 0.5)
    table.to_csv("log.csv", index=False)
    options = "--data log.csv --decision flagged --reward reward --propensity p"
    assert main(["evaluate", *MODEL, *options.split(), "--output", "out"]) == 0
    output, told = capsys.readouterr()
    model, rows = always_benign
    before, after = (proba.argmax(axis=1) for proba in model.predict_before_after(rows))
    share = np.mean((before != after) & table["flagged"])
    assert f"\nNot decided: of the rows, {100 * share:.2g} % get another" in output
    assert "The correction brings" not in output
    assert [line[:18] for line in told.splitlines()].count("note: of the rows,") == 1
    assert "UserWarning" not in told
    quiet = ["--output", "quiet", "--quiet"]
    assert main(["evaluate", *MODEL, *options.split(), *quiet]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [(0.1, 0.2, "brings more"), (-2, -1, "brings less"), (-1, 1, "is not decided")],
)
def test_the_verdict_goes_by_the_interval(lower, upper, words):
    assert words in _verdict({"lower": lower, "upper": upper, "unsupported": 0.0})


def test_an_update_by_the_rows_of_the_training_is_told(table, capsys):
    table.to_csv("table.csv", index=False)
    rows = ["--data", "table.csv", "--target", "label"]
    assert main(["train", *rows, "--timesteps", "400", "--memory-size", "200"]) == 0
    assert main(["update", *rows]) == 0
    assert "The model was trained on rows of this file" in capsys.readouterr().out

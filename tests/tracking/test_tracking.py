"""MLflow, for real: a sqlite store, the registry, models by their aliases."""

import copy
import json
import logging
import re
import subprocess
import sys
from decimal import Decimal

import mlflow
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier, __version__
from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.features import TableFeatures
from sklearn_rlcorrect.tracking import (
    _requirements,
    compare_runs,
    fingerprint,
    held_out_rows,
    load_baseline,
    load_model,
    log_evaluation,
    log_run,
    without_autolog,
)

PRIORITIES = ("accuracy", "fp", "weighted")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder that holds the store of this module."""
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return tmp_path_factory.mktemp("tracking")


@pytest.fixture(autouse=True)
def in_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    mlflow.set_experiment("tests")


def unlike_policies(model):
    """Give each priority a policy of its own: up, down, and as it was trained."""
    n_observed = model.policies_["weighted"][0][0].shape[0]
    for priority, up in [("accuracy", 9.0), ("fp", -9.0)]:
        action = np.zeros(len(model.classes_))
        action[0] = up
        model.policies_[priority] = [[np.zeros((n_observed, len(action))), action]]
    return model


@pytest.fixture(scope="module", params=["cancer", "wine"])
def fitted(request):
    X, X_test, y, y_test = request.getfixturevalue(request.param)
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=1.5, **QUICK).fit(X, y)
    return unlike_policies(model), X_test, y_test


@pytest.fixture(scope="module")
def logged(fitted, folder, request):
    model, X, y = fitted
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        mlflow.set_tracking_uri("sqlite:///mlflow.db")
        mlflow.set_experiment("tests")
        name = f"of_{len(model.classes_)}_classes"
        run_id = log_run(
            model, X, y, run_name="by hand", params={"a": 1}, registered_model_name=name
        )
    return mlflow.get_run(run_id), name


class ForeignScaler(StandardScaler):
    """As if from another package."""


ForeignScaler.__module__ = "hypothesis.strategies"


def logged_models(run_id):
    return mlflow.search_logged_models(
        filter_string=f"source_run_id = '{run_id}'", output_format="list"
    )


def n_runs():
    experiments = [e.experiment_id for e in mlflow.search_experiments()]
    return len(mlflow.search_runs(experiments))


def test_run_holds_parameters_and_metrics(fitted, logged):
    model, X, y = fitted
    run, _ = logged
    assert run.info.run_name == "by hand"
    assert run.info.status == "FINISHED"
    assert run.data.params["fp_weight"] == "1.5"
    assert run.data.params["estimator"] == "GaussianNB()"
    assert run.data.params["a"] == "1"
    for when, scores in evaluate_correction(model, X, y).items():
        for name, value in scores.items():
            assert run.data.metrics[f"{when}/{name}"] == pytest.approx(value)


def test_run_holds_the_learning_curves(fitted, logged):
    history = fitted[0].history_
    client = mlflow.MlflowClient()
    for name in (
        "accuracy",
        "false_positives",
        "false_negatives",
        "precision",
        "recall",
        "f1",
        "reward",
    ):
        curve = client.get_metric_history(logged[0].info.run_id, f"checkpoint/{name}")
        curve = sorted((metric.step, metric.value) for metric in curve)
        np.testing.assert_array_equal([step for step, _ in curve], history["timesteps"])
        np.testing.assert_allclose([value for _, value in curve], history[name])


def test_run_holds_environment_and_pictures(logged):
    run_id = logged[0].info.run_id
    artifacts = mlflow.MlflowClient().list_artifacts(run_id, "pictures")
    assert len([a for a in artifacts if a.path.endswith(".png")]) == 6
    environment = json.loads(mlflow.artifacts.load_text(f"runs:/{run_id}/environment.json"))
    assert environment["python"] == sys.version
    assert environment["packages"]["sklearn-rlcorrect"] == __version__


def test_run_holds_a_fingerprint(fitted, logged):
    _, X, y = fitted
    (data,) = logged[0].inputs.dataset_inputs
    assert data.dataset.digest == fingerprint(X, y)


def test_one_model_is_logged_as_skops(fitted, logged):
    model, X, _ = fitted
    (only,) = logged_models(logged[0].info.run_id)
    info = mlflow.models.get_model_info(only.model_uri)
    flavor = info.flavors["sklearn"]
    assert flavor["serialization_format"] == "skops"
    assert (
        "sklearn_rlcorrect.classifier.RLCalibratedClassifier"
        in (flavor["skops_trusted_types"])
    )
    assert info.signature.inputs.inputs[0].shape == (-1, X.shape[1])
    assert info.signature.outputs.inputs[0].shape == (-1, len(model.classes_))
    path = mlflow.artifacts.download_artifacts(only.model_uri)
    with open(f"{path}/requirements.txt") as file:
        requirements = file.read().split()
    assert f"sklearn-rlcorrect=={__version__}" in requirements
    example = mlflow.models.Model.load(only.model_uri).load_input_example()
    np.testing.assert_array_equal(example, X[:5])


@pytest.mark.parametrize("priority", PRIORITIES)
def test_an_alias_predicts_with_its_priority(fitted, logged, priority):
    model, X, _ = fitted
    run, name = logged
    uri = f"models:/{name}@{priority}"
    proba = model.set_params(priority=priority).predict_proba(X)
    np.testing.assert_array_equal(mlflow.pyfunc.load_model(uri).predict(X), proba)
    native = mlflow.sklearn.load_model(uri)
    np.testing.assert_array_equal(native.predict_proba(X), proba)
    ours, its_run = load_model(uri)
    np.testing.assert_array_equal(ours.predict_proba(X), proba)
    assert its_run.info.run_id == run.info.run_id
    model.set_params(priority="weighted")


def test_aliases_move_to_the_newest_training(fitted):
    model, X, y = fitted
    client = mlflow.MlflowClient()
    name = f"twice_of_{len(model.classes_)}"
    for _ in range(2):
        run_id = log_run(model, X, y, registered_model_name=name)
    for priority in PRIORITIES:
        version = client.get_model_version_by_alias(name, priority)
        assert version.run_id == run_id
        assert version.tags["priority"] == priority
    assert len(client.search_model_versions(f"name = '{name}'")) == 6


def test_the_trained_priority_is_the_logged_model(fitted):
    model, X, y = fitted
    model.set_params(priority="fp")
    name = f"fp_of_{len(model.classes_)}"
    run_id = log_run(model, X, y, registered_model_name=name)
    model.set_params(priority="weighted")
    client = mlflow.MlflowClient()
    version = client.get_model_version_by_alias(name, "fp")
    assert version.source == logged_models(run_id)[0].model_uri
    assert version.version == max(
        int(v.version) for v in client.search_model_versions(f"name = '{name}'")
    )
    for priority in PRIORITIES:
        assert load_model(f"models:/{name}@{priority}")[0].priority == priority


def test_pyfunc_refuses_other_columns(logged):
    served = mlflow.pyfunc.load_model(f"models:/{logged[1]}@fp")
    with pytest.raises(mlflow.MlflowException, match="shape"):
        served.predict(np.ones((2, 3)))


def test_models_by_run_and_newest(fitted):
    model, X, y = fitted
    with mlflow.start_run(run_name="mine") as active:
        assert log_run(model, X, y) == active.info.run_id
    for uri in (f"runs:/{active.info.run_id}", None):
        loaded, run = load_model(uri)
        assert run.info.run_name == "mine"
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("autolog", [True, False])
def test_no_stray_runs(cancer, autolog):
    X, X_test, y, y_test = cancer
    before, models = n_runs(), len(mlflow.search_logged_models(output_format="list"))
    mlflow.autolog(disable=not autolog, silent=True)
    try:
        with without_autolog():
            model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
        run_id = log_run(model, X_test, y_test)
    finally:
        mlflow.autolog(disable=True, silent=True)
    assert n_runs() == before + 1
    assert len(mlflow.search_logged_models(output_format="list")) == models + 1
    assert "before/accuracy" in mlflow.get_run(run_id).data.metrics


def test_autolog_is_what_without_autolog_keeps_away(cancer):
    X, _, y, _ = cancer
    before = n_runs()
    mlflow.sklearn.autolog(silent=True, log_models=False)
    try:
        GaussianNB().fit(X, y)
        with without_autolog():
            GaussianNB().fit(X, y)
        GaussianNB().fit(X, y)
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    assert n_runs() == before + 2


@pytest.mark.parametrize(
    ("base", "container"),
    [
        (RandomForestClassifier(5, random_state=0), lambda X: X),
        (HistGradientBoostingClassifier(max_iter=5), lambda X: X),
        (LogisticRegression(max_iter=5000), sparse.coo_array),
        (
            LogisticRegression(max_iter=5000),
            lambda X: pl.DataFrame(X).rename(lambda c: "p" + c),
        ),
        (LogisticRegression(max_iter=5000), lambda X: pd.DataFrame(X.astype(int))),
    ],
    ids=["forest", "boosting", "sparse", "polars", "integers"],
)
def test_any_base_and_any_table(cancer, base, container):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(base, **QUICK).fit(container(X), y)
    run_id = log_run(model, container(X_test), y_test)
    loaded, _ = load_model(f"runs:/{run_id}")
    np.testing.assert_array_equal(
        loaded.predict_proba(container(X_test)), model.predict_proba(container(X_test))
    )


def test_pyfunc_takes_its_example_and_missing_values(cancer):
    X, _, y, _ = cancer
    table = pd.DataFrame(X[:, :3], columns=["a", "b", "c"])
    table["integer"] = X[:, 3].astype(int)
    table["nullable"] = pd.array(X[:, 4] > 0.1, dtype="boolean")
    table.loc[::7, "nullable"] = pd.NA
    table["kind"] = pd.Categorical(np.where(X[:, 0] > 14, "big", "small"))
    table["day"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(range(len(X)), unit="D")
    table["money"] = [Decimal(1)] * len(X)
    table["span"] = pd.to_timedelta(range(len(X)), unit="D")
    base = make_pipeline(TableFeatures(), SimpleImputer(), GaussianNB(var_smoothing=1e-3))
    model = RLCalibratedClassifier(base, **QUICK).fit(table, y)
    run_id = log_run(model, table, y)
    uri = logged_models(run_id)[0].model_uri
    served = mlflow.pyfunc.load_model(uri)
    example = mlflow.models.Model.load(uri).load_input_example()
    proba = served.predict(example)
    np.testing.assert_allclose(proba, model.predict_proba(table[:5]), atol=1e-12)
    example.loc[0, "integer"] = np.nan
    assert np.isfinite(served.predict(example)).all()


def test_texts():
    texts = ["good film", "bad film", "good play", "bad play"] * 30
    y = np.array([1, 0, 1, 0] * 30)
    base = make_pipeline(TfidfVectorizer(), LogisticRegression())
    model = RLCalibratedClassifier(base, **QUICK).fit(texts, y)
    run_id = log_run(model, texts, y)
    served = mlflow.pyfunc.load_model(logged_models(run_id)[0].model_uri)
    np.testing.assert_array_equal(
        served.predict(np.array(texts)), model.predict_proba(texts)
    )


def test_requirements_name_what_is_frozen(cancer):
    X, X_test, y, y_test = cancer
    inner = make_pipeline(ForeignScaler(), GaussianNB()).fit(X, y)
    model = RLCalibratedClassifier(FrozenEstimator(inner), **QUICK).fit(X_test, y_test)
    assert any(line.startswith("hypothesis==") for line in _requirements(model))


def test_a_failure_leaves_no_run(fitted):
    model, X, y = fitted
    before = n_runs()
    with pytest.raises(ValueError, match="y holds 'odd', which the classifier does not"):
        log_run(model, X, np.full(len(y), "odd"))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        log_run(model, X, y[:-1])
    unsavable = copy.copy(model).set_params(reward=lambda y, p, q: np.zeros(len(y)))
    with pytest.raises(ValueError, match="skops cannot save"):
        log_run(unsavable, X, y)
    assert n_runs() == before


def test_without_autolog_may_be_nested(cancer):
    X, _, y, _ = cancer
    before = n_runs()
    mlflow.sklearn.autolog(silent=True, log_models=False)
    try:
        with without_autolog():
            with without_autolog():
                pass
            GaussianNB().fit(X, y)
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    assert n_runs() == before


def test_evaluation_within_a_run(fitted, logged):
    model, X, y = fitted
    with mlflow.start_run() as outer:
        run_id = log_evaluation(model, X, y, training_run=None, params={})
    assert mlflow.get_run(run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id


def test_runs_are_known_by_their_beginning(fitted, logged):
    run_id = logged[0].info.run_id
    assert load_model(f"runs:/{run_id[:10]}")[1].info.run_id == run_id
    with pytest.raises(ValueError, match="there is no run"):
        load_model(f"runs:/{run_id[:3]}")


def test_baseline_is_what_was_corrected(fitted, logged):
    model, X, _ = fitted
    baseline, run = load_baseline(logged[0].info.run_id)
    assert type(baseline) is GaussianNB
    assert run.info.run_id == logged[0].info.run_id
    np.testing.assert_array_equal(
        baseline.predict_proba(X), model.estimator_.predict_proba(X)
    )


def test_held_out_rows_are_all_that_were_logged(fitted, logged):
    _, X, y = fitted
    rows = held_out_rows(logged[0], X, y)
    np.testing.assert_array_equal(rows, np.arange(len(y)))
    assert held_out_rows(logged[0], X + 1, y) is None
    assert held_out_rows(logged[0], X, y[::-1]) is None


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("runs:/nope", "there is no run 'nope'"),
        ("models:/nope@fp", "there is no model models:/nope@fp"),
        ("models:/nope/1", "there is no model models:/nope/1"),
        ("nope:/x", "there is no model nope:/x"),
    ],
)
def test_unknown_models(uri, message):
    with pytest.raises(ValueError, match=message):
        load_model(uri)


def test_other_models_are_refused(cancer):
    X, _, y, _ = cancer
    with mlflow.start_run() as run:
        pass
    with pytest.raises(ValueError, match="logged no model"):
        load_model(f"runs:/{run.info.run_id}")
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(
            GaussianNB().fit(X, y), name="model", pip_requirements=["scikit-learn"]
        )
    with pytest.raises(ValueError, match="holds a GaussianNB, not an RLCalibrated"):
        load_model(f"runs:/{run.info.run_id}")


def test_fingerprint_is_of_the_values():
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    y = np.array(["a", "b"])
    digest = fingerprint(X, y)
    assert digest == fingerprint(X.copy(), y.astype(object))
    assert digest == fingerprint(pd.DataFrame(X), pd.Series(y))
    assert digest == fingerprint(X.astype(int), y)
    assert digest == fingerprint(pd.DataFrame(X, dtype="Int64"), y)
    others = [
        (X[::-1], y),
        (X, y[::-1]),
        (X[:, ::-1], y),
        (X[:1], y[:1]),
        (pd.DataFrame(X, columns=["a", "b"]), y),
        (sparse.csr_matrix(X), y),
        (sparse.csr_matrix([[1, 0], [0, 1]]), y),
        (sparse.csr_matrix([[2, 0], [0, 1]]), y),
        (sparse.csr_matrix([[1, 1], [0, 0]]), y),
        (sparse.csr_matrix([[1, 0], [1, 0]]), y),
    ]
    assert len({digest, *(fingerprint(*other) for other in others)}) == 11


def test_runs_side_by_side(fitted, logged):
    model, X, y = fitted
    first = logged[0].info.run_id
    second = log_run(model, X[:20], y[:20], run_name="fewer", params={"a": 2})
    table = {row[0]: row[1:] for row in compare_runs([first, second])}
    assert table["run"] == ["by hand", "fewer"]
    assert table["a"] == ["1", "2"]
    assert table["n_test"] == [str(len(y)), "20"]
    assert "fp_weight" not in table
    assert float(table["after/accuracy"][1]) == pytest.approx(
        (model.predict(X[:20]) == y[:20]).mean(), abs=1e-6
    )
    newest = compare_runs(newest=1)
    assert newest[0] == ["run", "fewer"]


def test_the_command_lines_one_after_another(tmp_path, monkeypatch, capsys):
    """Train, correct the logged classifier anew, evaluate, infer: in an empty folder."""
    monkeypatch.chdir(tmp_path)
    train = '--mode train --timesteps 2000 --experiment_name "rl_correction"'
    more = '--run_name "initial_training" --fp_weight 1.2 --save_data'
    assert main(words(f"{train} {more}")) == 0
    first = run_id_in(capsys.readouterr().out)

    again = (
        f"--mode train --baseline_run_id {first} --timesteps 500 --max_adjustment 0.7 "
        "--fp_weight 1.3 --use_input_features "
        '--experiment_name "RL_Correction_Experiment_input" '
        '--run_name "with_input_features" --register_model '
        '--model_name "rl_correction_with_features"'
    )
    assert main(words(again)) == 0
    output = capsys.readouterr().out
    second = run_id_in(output)
    # Only what the first training held out, which its classifier was not fitted on.
    assert "337 rows to train on, 113 held out" in output

    assert main(words("--mode evaluate --model_priority fp")) == 0
    output = capsys.readouterr().out
    assert "the 113 rows that training never saw" in output
    assert f"Priority fp, model {second[:8]}" in output
    assert main(words("--mode infer --model_priority fp --data_dir ./data")) == 0
    assert np.load("corrected_probs.npy").shape == (450, 2)

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    runs = mlflow.search_runs(search_all_experiments=True).set_index("run_id")
    assert sorted(runs["tags.mlflow.runName"]) == [
        "evaluate fp",
        "initial_training",
        "with_input_features",
    ]
    evaluation = runs[runs["tags.mlflow.runName"] == "evaluate fp"].iloc[0]
    assert evaluation["tags.mlflow.parentRunId"] == second
    before, after = (json.loads(_rows(run)) for run in (first, second))
    assert set(after) < set(before)
    served = mlflow.sklearn.load_model("models:/rl_correction_with_features@fp")
    assert served.max_adjustment_ == 0.7
    assert main(["compare", first, second]) == 0
    assert "with_input_features" in capsys.readouterr().out


def words(line):
    return line.replace('"', "").split()


def run_id_in(output):
    return re.search(r"MLflow run ([0-9a-f]{32})", output)[1]


def _rows(run_id):
    text = mlflow.artifacts.load_text(f"runs:/{run_id}/held_out_rows.txt")
    return "[" + ",".join(text.split()) + "]"


def test_a_baseline_of_unknown_training_is_told_of(cancer, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, _, y, _ = cancer
    table = pd.DataFrame(X).rename(columns="x{}".format)
    table.assign(y=y).to_csv("t.csv", index=False)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    with mlflow.start_run(experiment_id="0") as run:
        mlflow.sklearn.log_model(
            GaussianNB().fit(table, y), name="model", pip_requirements=["scikit-learn"]
        )
    caution = f"Whether the classifier of run {run.info.run_id} was fitted on some of"
    train = "train --timesteps 100 --data t.csv --target y --baseline-run-id"
    assert main([*train.split(), run.info.run_id]) == 0
    output = capsys.readouterr().out
    assert caution in output
    # It goes with the model: into its evaluation, and into what is made of it.
    assert main(["evaluate"]) == 0
    assert caution in capsys.readouterr().out
    assert main([*train.split(), run_id_in(output)]) == 0
    assert caution in capsys.readouterr().out

    assert main(["train", "--baseline-run-id", run.info.run_id]) == 2
    assert "does not know the label 'eight'" in capsys.readouterr().err


def test_autolog_does_not_log_what_train_fits():
    before = n_runs()
    mlflow.sklearn.autolog(silent=True)
    try:
        assert main(["train", "--timesteps", "20", "--experiment-name", "tests"]) == 0
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    assert n_runs() == before + 1


def test_a_training_that_failed_is_not_the_newest(fitted):
    model, X, y = fitted
    run_id = log_run(model, X, y)
    client = mlflow.MlflowClient()
    with mlflow.start_run(tags={"rlcorrect.stage": "train"}) as run:
        pass
    client.set_terminated(run.info.run_id, "FAILED")
    assert load_model()[1].info.run_id == run_id


def test_state_of_the_process_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = mlflow.get_tracking_uri()
    level = logging.getLogger("mlflow").level
    assert main(["compare", "--tracking-uri", "sqlite:///there.db"]) == 2
    assert main(["train", "--timesteps", "20", "--tracking-uri", "sqlite:///here.db"]) == 0
    assert mlflow.get_tracking_uri() == before
    assert logging.getLogger("mlflow").level == level
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here.db", "mlruns"]


def test_a_store_without_a_training(tmp_path):
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    for look in (load_model, compare_runs):
        with pytest.raises(ValueError, match="holds no trained model: train one first"):
            look()


def test_two_trainings_may_make_one_store(tmp_path):
    command = [sys.executable, "-m", "sklearn_rlcorrect", "train", "--timesteps", "20"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)
    ]
    assert [process.communicate()[1] for process in both] == [b"", b""]
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    assert n_runs() == 2


def test_evaluate_picks_the_unseen_rows_of_the_same_table(
    cancer, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
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
    assert "b.parquet: the 107 rows that training never saw" in there
    assert scores(there) == scores(trained)

    table.iloc[1:].to_csv("a.csv", index=False)
    assert main(["evaluate"]) == 2
    assert "a.csv has changed since model" in capsys.readouterr().err
    assert main(["evaluate", "--data", "a.csv", "--target", "y", "--output", "c"]) == 0
    assert "a.csv: all 425 rows" in capsys.readouterr().out


def scores(output):
    return re.findall(r"^[a-zFP1-9 .()]+ [\d.]+ +[\d.]+$", output, flags=re.MULTILINE)

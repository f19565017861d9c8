"""What a run holds, and what it must not hold."""

import copy
import json
import sys

import mlflow
import numpy as np
import pytest

from sklearn_rlcorrect import __version__
from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval
from sklearn_rlcorrect.tracking import fingerprint, log_evaluation, log_run

pytest_plugins = ["tracking_fixtures"]
pytestmark = pytest.mark.usefixtures("in_store_folder")


def n_runs():
    return len(mlflow.search_runs(search_all_experiments=True))


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
    for name, value in saving_interval(model, X, y).items():
        assert run.data.metrics[f"saving/{name}"] == pytest.approx(value)


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
    assert len([a for a in artifacts if a.path.endswith(".png")]) == 7
    environment = json.loads(mlflow.artifacts.load_text(f"runs:/{run_id}/environment.json"))
    assert environment["python"] == sys.version
    assert environment["packages"]["sklearn-rlcorrect"] == __version__


def test_run_holds_a_fingerprint(fitted, logged):
    _, X, y = fitted
    (data,) = logged[0].inputs.dataset_inputs
    assert data.dataset.digest == fingerprint(X, y)


def test_a_failure_leaves_no_run(fitted):
    model, X, y = fitted
    before = n_runs()
    with pytest.raises(ValueError, match=r"y holds \['odd'\], which the fitted estim"):
        log_run(model, X, np.full(len(y), "odd"))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        log_run(model, X, y[:-1])
    unsavable = copy.copy(model).set_params(reward=lambda y, p, q: np.zeros(len(y)))
    with pytest.raises(ValueError, match=r"model\.reward holds a lambda, which"):
        log_run(unsavable, X, y)
    assert n_runs() == before


def test_evaluation_within_a_run(fitted, logged):
    model, X, y = fitted
    with mlflow.start_run() as outer:
        run_id = log_evaluation(model, X, y, training_run=None, params={})
    assert mlflow.get_run(run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id

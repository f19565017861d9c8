"""Loading models by run, alias or age."""

import mlflow
import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from sklearn_rlcorrect.tracking import load_baseline, load_model, log_run

pytest_plugins = ["tracking_fixtures"]
pytestmark = pytest.mark.usefixtures("in_store_folder")


def test_models_by_run_and_newest(fitted):
    model, X, y = fitted
    with mlflow.start_run(run_name="mine") as active:
        assert log_run(model, X, y) == active.info.run_id
    for uri in (f"runs:/{active.info.run_id}", None):
        loaded, run = load_model(uri)
        assert run.info.run_name == "mine"
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_baseline_is_what_was_corrected(fitted, logged):
    model, X, _ = fitted
    baseline, run = load_baseline(logged[0].info.run_id)
    assert type(baseline) is GaussianNB
    assert run.info.run_id == logged[0].info.run_id
    np.testing.assert_array_equal(
        baseline.predict_proba(X), model.estimator_.predict_proba(X)
    )


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

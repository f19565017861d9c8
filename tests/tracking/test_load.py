"""Loading models by run, alias or age."""

import copy
from pathlib import Path

import mlflow
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
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


@pytest.mark.filterwarnings("ignore:.*[Tt]ype hint:UserWarning")
def test_other_models_are_refused(cancer):
    X, _, y, _ = cancer
    with mlflow.start_run() as run:
        pass
    with pytest.raises(ValueError, match="logged no model"):
        load_model(f"runs:/{run.info.run_id}")
    run = logged_elsewhere(GaussianNB().fit(X, y))
    with pytest.raises(ValueError, match="holds a GaussianNB, not an RLCalibrated"):
        load_model(f"runs:/{run}", allow_pickle=True)
    with pytest.raises(ValueError, match="LinearRegression, which is no classifier"):
        load_baseline(logged_elsewhere(LinearRegression().fit(X, y)))
    with mlflow.start_run() as active:
        mlflow.pyfunc.log_model(
            name="model", python_model=lambda model_input: model_input, pip_requirements=[]
        )
    for load in (load_model, load_baseline):
        uri = active.info.run_id if load is load_baseline else f"runs:/{active.info.run_id}"
        with pytest.raises(ValueError, match="is not a scikit-learn model"):
            load(uri)


def logged_elsewhere(model):
    """ID of a run that logged a model by pickle."""
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],
        )
    return run.info.run_id


class Payload:
    """Pickle that leaves a file behind where it is loaded."""

    def __reduce__(self):
        return Path.touch, (Path("payload"),)


def test_a_pickle_is_not_loaded_unless_it_is_allowed(fitted):
    model, X, _ = fitted
    hostile = copy.copy(model)
    hostile.payload = Payload()
    uri = f"runs:/{logged_elsewhere(hostile)}"
    # MLflow itself loads what it logs.
    Path("payload").unlink(missing_ok=True)
    for source in (uri, mlflow.search_logged_models(output_format="list")[0].model_uri):
        with pytest.raises(ValueError, match=r"is a pickle, .* \(--allow-pickle"):
            load_model(source)
    assert not Path("payload").exists()
    loaded, _ = load_model(uri, allow_pickle=True)
    assert Path("payload").exists()
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))

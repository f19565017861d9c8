"""Fixtures of the tests of MLflow tracking: one store, one logged model per data set.

PYTEST_DONT_REWRITE, for the collection of doctests may import this module first.
"""

import logging

import mlflow
import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.tracking import log_run


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory):
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return tmp_path_factory.mktemp("tracking")


@pytest.fixture
def in_store_folder(store_folder, monkeypatch):
    """Run a test in the folder of the one store of these tests."""
    monkeypatch.chdir(store_folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    use_store(store_folder)
    yield
    mlflow.set_tracking_uri(None)


@pytest.fixture(scope="session", params=["cancer", "wine"])
def fitted(request):
    """A corrector whose policies differ, and rows that it was not fitted on."""
    X, X_test, y, y_test = request.getfixturevalue(request.param)
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=1.5, pos_label=1, **QUICK)
    return unlike_policies(model.fit(X, y)), X_test, y_test


@pytest.fixture(scope="session")
def logged(fitted, store_folder):
    """The run of this corrector, and the name that its model is registered under."""
    model, X, y = fitted
    name = f"of_{len(model.classes_)}_classes"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(store_folder)
        use_store(store_folder)
        run_id = log_run(
            model, X, y, run_name="by hand", params={"a": 1}, registered_model_name=name
        )
        return mlflow.get_run(run_id), name


def use_store(folder):
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    mlflow.set_experiment("tests")


def unlike_policies(model):
    """Give each priority a policy of its own: up, down, and as it was trained."""
    n_observed = model.policies_["weighted"][0][0].shape[0]
    for priority, up in [("accuracy", 9.0), ("fp", -9.0)]:
        action = np.zeros(len(model.classes_))
        action[0] = up
        model.policies_[priority] = [[np.zeros((n_observed, len(action))), action]]
    return model

"""MLflow's autologging stays out of the inner fits."""

import mlflow
import pytest
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.tracking import log_run, without_autolog

pytest_plugins = ["tracking_fixtures"]
pytestmark = pytest.mark.usefixtures("in_store_folder")


def n_runs():
    return len(mlflow.search_runs(search_all_experiments=True))


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

"""MLflow's autologging logs a fit as one, and stays out of the inner fits."""

import mlflow
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

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


def logged_by(fit, **options):
    """The runs and the number of models that a fit leaves under autologging."""
    known = set(mlflow.search_runs(search_all_experiments=True)["run_id"])
    n_models = len(mlflow.search_logged_models(output_format="list"))
    mlflow.sklearn.autolog(**{"silent": True} | options)
    try:
        fit()
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    runs = mlflow.search_runs(search_all_experiments=True, output_format="list")
    new = [run for run in runs if run.info.run_id not in known]
    return new, len(mlflow.search_logged_models(output_format="list")) - n_models


def test_a_fit_is_logged_as_that_of_calibrated_classifier_cv(cancer):
    X, _, y, _ = cancer
    ours = RLCalibratedClassifier(GaussianNB(var_smoothing=0.5), fp_weight=3, **QUICK)
    theirs = CalibratedClassifierCV(GaussianNB(var_smoothing=0.5))
    (run,), n_models = logged_by(lambda: ours.fit(X, y))
    (expected,), expected_models = logged_by(lambda: theirs.fit(X, y))
    assert n_models == expected_models == 1
    assert run.data.params["fp_weight"] == "3"
    assert run.data.params["estimator__var_smoothing"] == "0.5"
    assert run.info.status == expected.info.status == "FINISHED"
    names = ("estimator_name", "estimator_class")
    assert {*names} <= expected.data.tags.keys()
    assert [run.data.tags[name] for name in names] == [
        "RLCalibratedClassifier",
        "sklearn_rlcorrect.classifier.RLCalibratedClassifier",
    ]
    (model,) = mlflow.search_logged_models(
        filter_string=f"source_run_id = '{run.info.run_id}'", output_format="list"
    )
    loaded = mlflow.sklearn.load_model(model.model_uri)
    assert (loaded.predict_proba(X) == ours.predict_proba(X)).all()


def test_a_fit_is_logged_to_the_run_that_is_active(cancer):
    X, _, y, _ = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK)

    def fit():
        with mlflow.start_run():
            mlflow.set_tag("mine", "yes")
            model.fit(X, y)

    (run,), n_models = logged_by(fit, log_models=False)
    assert (run.data.tags["mine"], run.data.params["fp_weight"]) == ("yes", "1.2")
    assert n_models == 0
    (run,), _ = logged_by(fit, log_models=False, exclusive=True)
    assert run.data.params == {}


def test_a_search_is_logged_as_a_whole(cancer):
    X, _, y, _ = cancer
    search = GridSearchCV(
        make_pipeline(StandardScaler(), RLCalibratedClassifier(GaussianNB(), **QUICK)),
        {"rlcalibratedclassifier__fp_weight": [1, 2]},
        cv=2,
    )
    runs, _ = logged_by(
        lambda: search.fit(X, y), log_models=False, log_datasets=False, max_tuning_runs=0
    )
    assert [run.data.tags["estimator_name"] for run in runs] == ["GridSearchCV"]


def test_a_fit_that_cannot_be_logged_is_told_of(cancer):
    X, _, y, _ = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK)

    def fit():
        with mlflow.start_run():
            mlflow.log_param("fp_weight", "another")
            with pytest.warns(UserWarning, match="could not log this fit") as caught:
                model.fit(X, y)
        assert caught[0].filename == __file__

    logged_by(fit, log_models=False, silent=False)
    assert model.predict(X).shape == y.shape


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

"""Logged models: requirements, signatures, aliases, any classifier and table."""

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
from sklearn_rlcorrect import (
    PrecomputedProbaClassifier,
    RLCalibratedClassifier,
    __version__,
)
from sklearn_rlcorrect.evaluation import evaluate_priorities
from sklearn_rlcorrect.features import TableFeatures
from sklearn_rlcorrect.tracking import load_model, log_run
from sklearn_rlcorrect.tracking.models import requirements

pytest_plugins = ["tracking_fixtures"]
pytestmark = pytest.mark.usefixtures("in_store_folder")
PRIORITIES = ("accuracy", "fp", "weighted")


class ForeignScaler(StandardScaler):
    """As if from another package."""


ForeignScaler.__module__ = "hypothesis.strategies"


def logged_models(run_id):
    return mlflow.search_logged_models(
        filter_string=f"source_run_id = '{run_id}'", output_format="list"
    )


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


def test_versions_say_what_they_do(fitted, logged):
    model, X, y = fitted
    client = mlflow.MlflowClient()
    scores = evaluate_priorities(model, X, y)
    for priority in PRIORITIES:
        version = client.get_model_version_by_alias(logged[1], priority)
        n_changed = scores[priority]["after"]["changed"]
        said = f"Priority {priority}. On {len(y)} rows of its run, the correction changes "
        assert version.description.startswith(f"{said}{n_changed:g} of the decisions: ")
        assert version.tags["changes_nothing"] == "false"


def test_versions_say_that_they_do_nothing():
    y = np.tile([0, 1], 60)
    base = PrecomputedProbaClassifier([0])
    model = RLCalibratedClassifier(base, features=None, **QUICK).fit(y[:, np.newaxis], y)
    log_run(model, y[:, np.newaxis], y, registered_model_name="idle")
    for priority in PRIORITIES:
        version = mlflow.MlflowClient().get_model_version_by_alias("idle", priority)
        assert version.description == (
            f"Priority {priority}. Changes nothing: no policy beat the classifier on the "
            "validation rows."
        )
        assert version.tags == {"priority": priority, "changes_nothing": "true"}


def test_pyfunc_refuses_other_columns(logged):
    served = mlflow.pyfunc.load_model(f"models:/{logged[1]}@fp")
    with pytest.raises(mlflow.MlflowException, match="shape"):
        served.predict(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("base", "container"),
    [
        (RandomForestClassifier(5, random_state=0), lambda X: X),
        (HistGradientBoostingClassifier(max_iter=5), lambda X: X),
        (LogisticRegression(solver="liblinear"), sparse.coo_array),
        (
            LogisticRegression(solver="liblinear"),
            lambda X: pl.DataFrame(X).rename(lambda c: "p" + c),
        ),
        (LogisticRegression(solver="liblinear"), lambda X: pd.DataFrame(X.astype(int))),
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
    table["flag"] = X[:, 5] > 0.1
    table["gaps"] = table["integer"].astype("Int64")
    table.loc[::5, "gaps"] = pd.NA
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
    # The very frame that it was logged with.
    np.testing.assert_allclose(
        served.predict(table), model.predict_proba(table), atol=1e-12
    )
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
    assert any(line.startswith("hypothesis==") for line in requirements(model))

"""The same result from one process, several threads, several processes, and a cluster."""

import os
import re
from collections import Counter
from unittest.mock import patch

import dask
import dask.array as da
import dask.dataframe as dd
import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from dask.distributed import Client, LocalCluster, get_task_stream
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.features import TableFeatures


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two processes, reached over loopback; the tests that come later see none of it."""
    folder = str(tmp_path_factory.mktemp("dask"))
    # To reach its workers, dask sets OMP_NUM_THREADS and more in this process, too.
    with (
        patch.dict(os.environ),
        dask.config.set({"temporary-directory": folder}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def fitted(cancer):
    X, X_test, y, _ = cancer
    model = corrector().fit(X, y)
    assert np.abs(model.predict_adjustment(X_test)).max() > 0.01
    return model


def corrector(estimator=None, **kwargs):
    estimator = GaussianNB() if estimator is None else estimator
    return RLCalibratedClassifier(estimator, **(QUICK | kwargs))


# Training


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky", "dask"])
def test_where_it_runs_does_not_change_the_result(cluster, fitted, cancer, backend):
    X, X_test, y, _ = cancer
    with joblib.parallel_config(backend=backend):
        parallel = corrector(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(
        parallel.predict_proba(X_test), fitted.predict_proba(X_test)
    )
    for name, values in fitted.history_.items():
        np.testing.assert_array_equal(parallel.history_[name], values, err_msg=name)
    for name, values in fitted.front_.items():
        np.testing.assert_array_equal(parallel.front_[name], values, err_msg=name)
    assert parallel.selected_ == fitted.selected_


@pytest.mark.parametrize("backend", ["threading", "dask"])
def test_configuration_of_scikit_learn_goes_along(cluster, cancer, backend):
    X, _, y, _ = cancer
    model = corrector(make_pipeline(FunctionTransformer(if_configured), GaussianNB()))
    with (
        sklearn.config_context(enable_metadata_routing=True),
        joblib.parallel_config(backend=backend, n_jobs=2),
    ):
        model.fit(X, y)
    with pytest.raises(RuntimeError, match="not configured"):
        model.fit(X, y)


def if_configured(X):
    if not sklearn.get_config()["enable_metadata_routing"]:
        raise RuntimeError("not configured")
    return X


def test_folds_run_on_the_cluster(cluster, cancer):
    X, _, y, _ = cancer
    with joblib.parallel_config(backend="dask"), get_task_stream(cluster) as tasks:
        corrector(cv=3).fit(X, y)
    assert names(tasks) == {"_fold_response": 3}


def test_grid_search_on_the_cluster(cluster, cancer):
    X, X_test, y, _ = cancer
    grid = {"fp_weight": [1.0, 3.0], "estimator__var_smoothing": [1e-9, 1e-3]}
    search = GridSearchCV(corrector(cv=2), grid, cv=2, scoring="neg_brier_score")
    here = search.fit(X, y)
    search = clone(search)
    with joblib.parallel_config(backend="dask"), get_task_stream(cluster) as tasks:
        there = search.fit(X, y)
    # Four candidates of two folds each, and a last fit of the best on all rows.
    counts = {"_fit_and_score": 8, "_fold_response": 18}
    assert names(tasks) == counts
    assert len(np.unique(here.cv_results_["mean_test_score"])) == 4
    np.testing.assert_array_equal(
        there.cv_results_["mean_test_score"], here.cv_results_["mean_test_score"]
    )
    assert there.best_params_ == here.best_params_
    np.testing.assert_array_equal(
        there.best_estimator_.predict_proba(X_test),
        here.best_estimator_.predict_proba(X_test),
    )


def names(tasks):
    """How many tasks of each name ran, by the keys that joblib gives them."""
    keys = [re.match(r"batch_of_(.*)_1_calls", task["key"]) for task in tasks.data]
    return Counter(key[1] for key in keys if key)


# Scoring


@pytest.fixture(scope="module")
def table():
    """Numbers of which some are missing, and a column of texts."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X["mean radius"] = X["mean radius"].where(X["mean radius"] < 25)
    X["size"] = pd.cut(X.pop("mean area"), 3, labels=["S", "M", "L"]).astype(object)
    return X, y


def test_partitions_of_a_frame(cluster, table):
    X, y = table
    base = make_pipeline(TableFeatures(), HistGradientBoostingClassifier(max_iter=5))
    model = corrector(base, cv=2).fit(X, y)
    scored = dd.from_pandas(X, npartitions=5).map_partitions(
        score, model, meta=dict.fromkeys(model.classes_, "f8")
    )
    pd.testing.assert_frame_equal(scored.compute(), score(X, model), rtol=0, atol=1e-12)


def score(rows, model):
    return pd.DataFrame(model.predict_proba(rows), rows.index, model.classes_)


def test_blocks_of_an_array(cluster, fitted, cancer):
    X_test = cancer[1]
    blocks = da.from_array(X_test, chunks=(40, -1))
    scored = blocks.map_blocks(
        fitted.predict_proba, chunks=(blocks.chunks[0], 2), meta=np.empty((0, 2))
    )
    np.testing.assert_allclose(
        scored.compute(), fitted.predict_proba(X_test), rtol=0, atol=1e-12
    )

"""Observations: what becomes a feature, and that nothing unbounded gets through."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_rlcorrect.agent.observation import (
    OBSERVATION_BOUND,
    dense_features,
    fit_scaler,
    observe,
    with_posterior,
)
from sklearn_rlcorrect.features import TableFeatures, auto_features


def mixed_table():
    return pd.DataFrame(
        {
            "number": [1.0, 2.0, np.nan, 4.0],
            "integer": [1, 2, 3, 4],
            "text": ["a", "b", None, "a"],
            "flag": [True, False, True, True],
            "category": pd.Categorical(["u", "v", "u", "v"]),
            "day": pd.date_range("2026-01-01", periods=4),
            "empty": [np.nan] * 4,
        }
    )


def features_of(X):
    transformer = auto_features(X, 0).fit(X)
    return dense_features(transformer, X)


@pytest.mark.parametrize("to_frame", [lambda table: table, pl.from_pandas])
def test_columns_of_a_frame(to_frame):
    features = features_of(to_frame(mixed_table()))
    # number, integer, flag, empty; two of them have gaps; a, b and missing; two
    # categories. Days are left out.
    assert features.shape == (4, 6 + 3 + 2)
    np.testing.assert_array_equal(features[:, 0], [1, 2, np.nan, 4])
    np.testing.assert_array_equal(features[:, 1], [1, 2, 3, 4])
    np.testing.assert_array_equal(features[:, 2], [1, 0, 1, 1])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_columns_of_an_object_array(missing):
    X = np.array([[1.5, "a", 3], [missing, missing, "b"]], dtype=object)
    features = features_of(X)
    # One number and its mark; a and missing; 3 and b.
    np.testing.assert_array_equal(features, [[1.5, 0, 1, 0, 1, 0], [np.nan, 1, 0, 1, 0, 1]])


@pytest.mark.parametrize(
    ("column", "n_features"),
    [
        (pd.array(["a", pd.NA, "b"], dtype="string"), 3),
        (pd.array([1, pd.NA, 3], dtype="Int64"), 2),
        (pd.array([True, pd.NA, False], dtype="boolean"), 3),
        (["a", 3, None], 3),
        ([[1], [2], [3]], 3),
    ],
    ids=str,
)
def test_columns_of_pandas_own_kinds(column, n_features):
    table = pd.DataFrame({"x": column})
    assert features_of(table).shape == (3, n_features)


def test_numbers_in_a_list_stay_numbers():
    features = TableFeatures().fit_transform([[1.5, "b"], [2, "c"]])
    np.testing.assert_array_equal(features, [[1.5, 1, 0], [2, 0, 1]])


def test_unknown_and_rare_categories():
    X = pd.DataFrame({"id": [f"id{i}" for i in range(1000)]})
    transformer = auto_features(X, 0).fit(X)
    assert dense_features(transformer, X).shape == (1000, 20)
    unseen = pd.DataFrame({"id": ["never seen"]})
    np.testing.assert_array_equal(dense_features(transformer, unseen), [[0] * 19 + [1]])


def test_sparse_columns_keep_their_zeros_or_are_projected():
    narrow = sparse.random(60, 30, density=0.2, format="csr", random_state=0)
    narrow_features = features_of(narrow)
    np.testing.assert_array_equal(narrow_features == 0, narrow.toarray() == 0)
    wide = sparse.random(200, 5000, density=0.01, format="csr", random_state=0)
    assert features_of(wide).shape == (200, 100)


@pytest.mark.parametrize(
    "X",
    [
        ["a text", "another"],
        np.array(["a", "b"]),
        [[1, 2], [3]],
        np.array([["2026-01-01"], ["2026-01-02"]], dtype="datetime64[D]"),
    ],
)
def test_what_is_no_table_has_no_features(X):
    assert auto_features(X, 0) is None


def test_observations_are_bounded_and_start_with_the_probabilities():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([0.05, 0.05, 0.05], 100)
    features = rng.normal(size=(100, 2))
    scaler = fit_scaler(proba, features)
    features[0] = 1e12, -1e12
    observations = observe(proba, features, scaler)
    assert observations.shape == (100, 2 * 3 + 2)
    assert observations.dtype == np.float32
    np.testing.assert_array_equal(observations[:, :3], proba.astype(np.float32))
    assert np.abs(observations).max() <= OBSERVATION_BOUND
    np.testing.assert_allclose(observations[:7], observe(proba[:7], features[:7], scaler))


def test_classes_are_seen_in_order():
    rng = np.random.default_rng(0)
    proba, features = rng.dirichlet(np.ones(3), 50), rng.normal(size=(50, 2))
    scaler, order = fit_scaler(proba, features), np.array([2, 0, 1])
    as_they_are = observe(proba, features, scaler)
    in_order = observe(proba, features, scaler, order)
    np.testing.assert_array_equal(in_order, as_they_are[:, [*order, *(3 + order), 6, 7]])
    # Scaled in another order, they are the same.
    relabelled = fit_scaler(proba[:, order], features)
    np.testing.assert_allclose(
        observe(proba[:, order], features, relabelled), in_order, rtol=0, atol=1e-6
    )


def test_the_posterior_stands_behind_the_rest_and_is_bounded():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(3), 50)
    observations = observe(proba, None, fit_scaler(proba, None))
    log_odds = 20 * rng.normal(size=(50, 3))
    seen = with_posterior(observations, log_odds)
    assert seen.dtype == np.float32
    np.testing.assert_array_equal(seen[:, :6], observations)
    bounded = log_odds.clip(-OBSERVATION_BOUND, OBSERVATION_BOUND).astype(np.float32)
    np.testing.assert_array_equal(seen[:, 6:], bounded)
    assert with_posterior(observations, None) is observations


def test_weights_scale_observations():
    rng = np.random.default_rng(0)
    proba, features = rng.dirichlet(np.ones(2), 30), rng.normal(size=(30, 2))
    weight = rng.integers(0, 4, size=30)
    rows = np.repeat(np.arange(30), weight)
    weighted, repeated = (
        fit_scaler(proba, features, weight),
        fit_scaler(proba[rows], features[rows]),
    )
    np.testing.assert_allclose(weighted.mean_, repeated.mean_)
    np.testing.assert_allclose(weighted.scale_, repeated.scale_)


def test_constant_columns_do_not_divide_by_zero():
    proba = np.full((5, 2), 0.5)
    observations = observe(proba, None, fit_scaler(proba, None))
    assert np.isfinite(observations).all()


def test_missing_features_count_as_the_mean():
    proba = np.full((4, 2), 0.5)
    features = np.array([[1.0], [3.0], [np.nan], [2.0]])
    observations = observe(proba, features, fit_scaler(proba, features))
    np.testing.assert_allclose(observations[[2, 3], -1], 0, atol=1e-12)

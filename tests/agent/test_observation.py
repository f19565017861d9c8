"""Observations: what becomes a feature, and that nothing unbounded gets through."""

import numpy as np

from sklearn_rlcorrect.agent.observation import (
    OBSERVATION_BOUND,
    fit_scaler,
    observe,
    with_posterior,
)


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

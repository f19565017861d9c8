"""Rewards: known values, and the optimum that theory gives them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_rlcorrect.rewards import (
    REWARDS,
    accuracy,
    brier,
    class_weights,
    log_loss,
)

POSTERIOR = st.floats(0.01, 0.99)


def expected_reward(reward, weights, eta, proba, candidates):
    """Mean weighted reward of each candidate, where P(y = 1) is `eta`."""
    before = np.tile([1 - proba, proba], (len(candidates), 1))
    after = np.column_stack([1 - candidates, candidates])
    of_class = [
        weights[k] * reward(np.full(len(candidates), k), before, after) for k in (0, 1)
    ]
    return (1 - eta) * of_class[0] + eta * of_class[1]


@pytest.mark.parametrize("reward", [brier, log_loss])
@given(eta=POSTERIOR, fp_weight=st.sampled_from([1.0, 1.2, 2.0, 5.0]))
def test_the_optimum_is_the_cost_shifted_posterior(reward, eta, fp_weight):
    candidates = np.linspace(0, 1, 2001)
    weights = class_weights([1.0, fp_weight])
    values = expected_reward(reward, weights, eta, 0.5, candidates)
    best = candidates[values.argmax()]
    assert best == pytest.approx(eta / (eta + fp_weight * (1 - eta)), abs=1e-3)


@pytest.mark.parametrize("reward", REWARDS.values())
def test_no_change_is_worth_nothing(reward):
    proba = np.array([[0.0, 1.0], [0.3, 0.7], [0.5, 0.5]])
    np.testing.assert_array_equal(reward(np.array([0, 1, 0]), proba, proba), 0.0)


def test_known_values():
    proba, adjusted = np.array([[0.6, 0.3, 0.1]]), np.array([[0.2, 0.7, 0.1]])
    y = np.array([1])
    # 0.36 + 0.49 + 0.01 before, 0.04 + 0.09 + 0.01 after
    np.testing.assert_allclose(brier(y, proba, adjusted), [0.72])
    np.testing.assert_allclose(log_loss(y, proba, adjusted), [np.log(7 / 3)])
    np.testing.assert_allclose(accuracy(y, proba, adjusted), [1.0])
    np.testing.assert_allclose(accuracy(y, adjusted, proba), [-1.0])


def test_log_loss_is_finite_at_the_ends():
    ends = np.array([[1.0, 0.0]])
    assert np.isfinite(log_loss(np.array([1]), ends, ends[:, ::-1])).all()


def test_weights_of_three_classes():
    # A row of class 10 can be a false positive of 20 or of 30.
    np.testing.assert_allclose(class_weights([1.0, 5.0, 2.0]), [3.5, 1.5, 3.0])

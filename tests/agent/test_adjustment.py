"""The adjustment holds its contract for any probabilities, actions and bound."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sklearn_rlcorrect.agent.adjustment import adjust

MAX_ADJUSTMENT = st.floats(1e-6, 1.0)


@st.composite
def proba_and_actions(draw, max_classes=12):
    """Rows of probabilities, zeros and ones among them, and actions."""
    shape = (draw(st.integers(1, 5)), draw(st.integers(2, max_classes)))
    weight = st.one_of(st.just(0.0), st.floats(1e-12, 1.0))
    weights = draw(arrays(float, shape, elements=weight))
    weights[weights.sum(axis=1) == 0, 0] = 1.0
    actions = draw(arrays(float, shape, elements=st.floats(-1, 1)))
    return weights / weights.sum(axis=1, keepdims=True), actions


@given(proba_and_actions(), MAX_ADJUSTMENT)
def test_result_is_a_distribution_within_the_bound(rows, max_adjustment):
    proba, actions = rows
    adjusted = adjust(proba, actions, max_adjustment)
    assert np.all(adjusted >= 0)
    np.testing.assert_allclose(adjusted.sum(axis=1), 1.0, rtol=0, atol=1e-9)
    assert np.abs(adjusted - proba).max() <= max_adjustment + 1e-12


@given(proba_and_actions(), MAX_ADJUSTMENT)
def test_zero_action_is_the_identity(rows, max_adjustment):
    proba, actions = rows
    unchanged = adjust(proba, np.zeros_like(actions), max_adjustment)
    np.testing.assert_array_equal(unchanged, proba)


@given(proba_and_actions(), MAX_ADJUSTMENT, st.randoms(use_true_random=False))
def test_relabelling_the_classes_commutes(rows, max_adjustment, random):
    proba, actions = rows
    order = random.sample(range(proba.shape[1]), proba.shape[1])
    np.testing.assert_allclose(
        adjust(proba, actions, max_adjustment)[:, order],
        adjust(proba[:, order], actions[:, order], max_adjustment),
        rtol=0,
        atol=1e-12,
    )


@given(proba_and_actions(max_classes=2), MAX_ADJUSTMENT)
def test_two_classes_are_a_clipped_sum(rows, max_adjustment):
    proba, actions = rows
    action = actions[:, 1]
    np.testing.assert_allclose(
        adjust(proba, np.column_stack([-action, action]), max_adjustment)[:, 1],
        np.clip(proba[:, 1] + max_adjustment * action, 0, 1),
        rtol=0,
        atol=1e-12,
    )


@given(proba_and_actions(), MAX_ADJUSTMENT)
def test_result_is_the_nearest_allowed_point(rows, max_adjustment):
    # A projection is known by its shift: find it by bisection instead.
    proba, actions = rows
    target = proba + max_adjustment * actions
    lower = np.maximum(proba - max_adjustment, 0)
    upper = np.minimum(proba + max_adjustment, 1)
    low, high = np.full((2, len(proba), 1), [[[-3.0]], [[3.0]]])
    for _ in range(80):
        middle = (low + high) / 2
        too_much = np.clip(target - middle, lower, upper).sum(1, keepdims=True) > 1
        low, high = np.where(too_much, middle, low), np.where(too_much, high, middle)
    np.testing.assert_allclose(
        adjust(proba, actions, max_adjustment),
        np.clip(target - middle, lower, upper),
        rtol=0,
        atol=1e-9,
    )


def test_any_class_can_be_raised_from_zero():
    adjusted = adjust(np.array([[1.0, 0.0, 0.0]]), np.array([[-1.0, 1.0, -1.0]]), 0.5)
    np.testing.assert_allclose(adjusted, [[0.5, 0.5, 0.0]])

"""Decisions: the closed form of expected cost, budgets, and draws of known propensity."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.decisions import (
    Decisions,
    class_posterior,
    decide,
    minimum_cost_classes,
)
from sklearn_rlcorrect.rewards import class_weights

COSTS = st.floats(0, 10)


@pytest.fixture(scope="module")
def fitted():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    y = np.where(X[:, 0] + rng.normal(size=400) > 0, "fraud", "good")
    base = FrozenEstimator(LogisticRegression().fit(X[:100], y[:100]))
    model = RLCalibratedClassifier(
        base, fp_weight=3, pos_label="fraud", total_timesteps=3_000, random_state=0
    )
    return model.fit(X[100:], y[100:]), X


def test_without_costs_it_flags_what_is_predicted(fitted):
    model, X = fitted
    decided = model.decide(X)
    np.testing.assert_array_equal(decided.flagged, model.predict(X) == "fraud")
    np.testing.assert_array_equal(decided.inspected, decided.flagged)
    np.testing.assert_array_equal(decided.propensity, decided.flagged)
    assert decided.exploration_cost == 0


@given(st.floats(0.01, 0.99), st.floats(0.1, 10))
def test_the_posterior_is_what_was_shifted(eta, fp_weight):
    model = RLCalibratedClassifier(fp_weight=fp_weight)
    model.classes_ = np.array([0, 1])
    posterior = np.array([[1 - eta, eta]])
    shifted = posterior * class_weights([1.0, fp_weight])
    shifted /= shifted.sum()
    np.testing.assert_allclose(class_posterior(model, shifted), posterior)


@settings(deadline=None)
@given(
    arrays(float, 7, elements=st.floats(0, 1)),
    arrays(float, 7, elements=COSTS),
    arrays(float, 7, elements=COSTS),
)
def test_it_is_the_decision_of_lowest_expected_cost(eta, fp_cost, fn_cost):
    model = RLCalibratedClassifier(fp_weight=1)
    model.classes_, model.selected_ = np.array([0, 1]), {"weighted": 1}
    proba = np.column_stack([1 - eta, eta])
    decided = decide(model, proba, fp_cost, fn_cost, None, 0)
    cost_if_flagged, cost_if_not = (1 - eta) * fp_cost, eta * fn_cost
    chosen = np.where(decided.flagged, cost_if_flagged, cost_if_not)
    np.testing.assert_allclose(chosen, np.minimum(cost_if_flagged, cost_if_not))
    np.testing.assert_allclose(decided.gain, cost_if_not - cost_if_flagged, atol=1e-12)
    matrices = np.zeros((7, 2, 2))
    matrices[:, 0, 1], matrices[:, 1, 0] = fp_cost, fn_cost
    undecided = np.abs(decided.gain) < 1e-9
    by_matrix = minimum_cost_classes(proba, matrices).astype(bool)
    np.testing.assert_array_equal(by_matrix[~undecided], decided.flagged[~undecided])


def test_the_probabilities_of_the_classifier_are_not_shifted(fitted):
    model, X = fitted
    model = copy.deepcopy(model)
    proba = model.estimator_.predict_proba(X)[:, 0]
    model.selected_["weighted"] = 0
    for arrays_ in model.policies_["weighted"]:
        for array in arrays_:
            array[:] = 0
    decided = model.decide(X, fp_cost=1, fn_cost=1)
    np.testing.assert_array_equal(decided.flagged, proba > 0.5)
    # The same while the guard has the classifier decide.
    model.selected_["weighted"] = 1
    model.update_history_ = {"base_decides": np.array([True])}
    decided = model.decide(X, fp_cost=1, fn_cost=1)
    np.testing.assert_array_equal(decided.flagged, proba > 0.5)


def test_scores_are_no_probabilities(fitted):
    model, X = fitted
    model = copy.deepcopy(model).set_params(priority="fp")
    model.selected_["fp"] = 1
    with pytest.warns(UserWarning, match="scores that may be far from any") as caught:
        model.decide(X, fp_cost=1)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("exploration", [2, -0.5, np.nan])
def test_a_parameter_that_was_changed_is_checked(fitted, exploration):
    model, X = fitted
    model = copy.deepcopy(model).set_params(exploration=exploration)
    with pytest.raises(ValueError, match="exploration"):
        model.decide(X)


@settings(deadline=None)
@given(
    arrays(float, (6, 3), elements=st.floats(0.01, 1)),
    arrays(float, (3, 3), elements=COSTS),
)
def test_a_cost_matrix_of_three_classes(weights, matrix):
    posterior = weights / weights.sum(axis=1, keepdims=True)
    expected = [[row @ matrix[:, k] for k in range(3)] for row in posterior]
    chosen = minimum_cost_classes(posterior, matrix)
    lowest = np.min(expected, axis=1)
    np.testing.assert_allclose(
        [e[k] for e, k in zip(expected, chosen, strict=True)], lowest
    )


@pytest.mark.parametrize("budget", [0, 1, 20, 10_000])
@pytest.mark.parametrize("exploration", [0.0, 0.25])
def test_a_budget_goes_to_the_most_valuable_rows(fitted, budget, exploration):
    model = copy.copy(fitted[0]).set_params(exploration=exploration)
    free = fitted[0].decide(fitted[1], fp_cost=1, fn_cost=2)
    decided = model.decide(fitted[1], fp_cost=1, fn_cost=2, budget=budget, random_state=0)
    assert decided.inspected.sum() <= budget
    n_flagged = min(budget - round(exploration * budget), free.flagged.sum())
    assert decided.flagged.sum() == n_flagged
    if n_flagged:
        left_out = free.gain[~decided.flagged].max(initial=-np.inf)
        assert free.gain[decided.flagged].min() >= left_out


@pytest.mark.parametrize("budget", [None, 40])
def test_propensities_are_how_often_rows_are_looked_at(fitted, budget):
    model = copy.copy(fitted[0]).set_params(exploration=0.3)
    proba = model.predict_proba(fitted[1])
    n_draws = 2_000
    draws = [decide(model, proba, 1, 1, budget, seed) for seed in range(n_draws)]
    frequency = np.mean([decided.inspected for decided in draws], axis=0)
    expected = draws[0].propensity
    error = np.sqrt(expected * (1 - expected) / n_draws)
    assert np.all(np.abs(frequency - expected) <= 4.5 * error)
    assert 0 < expected.min() < 1
    prices = [
        -decided.gain[decided.inspected & ~decided.flagged].sum() for decided in draws
    ]
    np.testing.assert_allclose([decided.exploration_cost for decided in draws], prices)


@pytest.mark.parametrize("budget", [None, 40])
def test_probabilities_of_what_was_decided_are_how_often_it_is(fitted, budget):
    model = copy.copy(fitted[0]).set_params(exploration=0.3)
    proba = model.predict_proba(fitted[1])
    n_draws = 2_000
    draws = [decide(model, proba, 1, 1, budget, seed) for seed in range(n_draws)]
    first = draws[0]
    frequency = np.mean([d.inspected == first.inspected for d in draws], axis=0)
    expected = first.decision_propensity
    error = np.sqrt(expected * (1 - expected) / n_draws)
    assert np.all(np.abs(frequency - expected) <= 4.5 * error)
    assert np.all(expected[first.flagged] == 1)


def test_no_exploration_costs_nothing(fitted):
    model, X = fitted
    cost = model.decide(X).exploration_cost
    assert (cost, np.signbit(cost)) == (0, False)


def test_without_exploration_nothing_is_drawn(fitted):
    model, X = fitted
    first, second = model.decide(X, budget=30), model.decide(X, budget=30, random_state=1)
    for name in Decisions._fields:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_weights_of_explored_rows_undo_the_choice(fitted):
    """Labels of the rows that were looked at tell the rate of all rows."""
    model = copy.copy(fitted[0]).set_params(exploration=0.2)
    proba = np.tile(model.predict_proba(fitted[1]), (50, 1))
    y = np.random.default_rng(0).random(len(proba)) < 0.1 + 0.8 * proba[:, 0]
    decided = decide(model, proba, 1, 1, None, 0)
    seen = decided.inspected
    estimate = np.average(y[seen], weights=1 / decided.propensity[seen])
    assert abs(estimate - y.mean()) < 0.02
    assert abs(y[decided.flagged].mean() - y.mean()) > 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fp_cost": -1}, "fp_cost must hold finite costs of 0 or more"),
        ({"fn_cost": [1, 2]}, r"fn_cost has shape \(2,\): it must be a number, or one for"),
        ({"fn_cost": np.nan}, "fn_cost must hold finite costs"),
        ({"budget": -1}, "budget=-1 must be a number of rows"),
        ({"budget": 2.5}, "budget=2.5 must be a number of rows"),
    ],
)
def test_bad_arguments(fitted, arguments, message):
    with pytest.raises(ValueError, match=message):
        fitted[0].decide(fitted[1], **arguments)


def test_without_a_positive_class_there_is_nothing_to_flag():
    model = RLCalibratedClassifier()
    model.classes_ = np.arange(3)
    with pytest.raises(ValueError, match="all of 3 classes are: set pos_label"):
        decide(model, np.full((2, 3), 1 / 3), None, None, None, None)
    model.pos_label = 2
    assert decide(model, np.eye(3), None, None, None, None).flagged.tolist() == [0, 0, 1]


@pytest.mark.parametrize("matrix", [np.eye(3), [[0, np.inf], [1, 0]], np.zeros((3, 2, 2))])
def test_bad_cost_matrices(matrix):
    with pytest.raises(ValueError, match=r"must hold finite costs, of shape \(2, 2\)"):
        minimum_cost_classes(np.full((2, 2), 0.5), matrix)

"""Counts of flagged rows, their costs, and bootstrap intervals of these."""

import numpy as np
import pytest
from scipy.special import expit
from six_rows import BEFORE, Y
from sklearn.metrics import roc_curve

from sklearn_rlcorrect.plotting.flagged import (
    Flagged,
    bands,
    cost_interval,
    cost_of_100_rows,
    flagged_at_thresholds,
    flagged_by_decision,
    lowest_of,
    wrongly_predicted,
)

IS_YES = Y == "yes"
BOTH = np.column_stack([1 - BEFORE, BEFORE])


@pytest.mark.parametrize("decimals", [17, 1])
def test_counts_are_those_of_scikit_learn(decimals):
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=300)
    score = rng.random(300).round(decimals)  # one decimal: many ties
    curve = flagged_at_thresholds(y == 1, score)
    fpr, tpr, thresholds = roc_curve(y, score, drop_intermediate=False)
    np.testing.assert_allclose(curve.threshold, thresholds)
    np.testing.assert_allclose(curve.false_positives, fpr * np.sum(y == 0))
    np.testing.assert_allclose(curve.true_positives, tpr * np.sum(y == 1))


def test_decision_flags_above_its_threshold_and_not_at_it():
    # "yes" is at 0.9, 0.8 and 0.3, "no" at 0.7, 0.6 and 0.1.
    assert flagged_by_decision(IS_YES, BOTH, 0.8, 1) == (0.8, 0, 1)
    assert flagged_by_decision(IS_YES, BOTH, 0.7, 1) == (0.7, 0, 2)
    assert flagged_by_decision(IS_YES, BOTH, 0.69, 1) == (0.69, 1, 2)


def test_tie_of_two_classes_is_the_first_class():
    even = np.full((6, 2), 0.5)
    assert flagged_by_decision(IS_YES, even, None, 1) == (0.5, 0, 0)
    assert flagged_by_decision(~IS_YES, even, None, 0) == (0.5, 3, 3)


def test_costs_by_hand():
    curve = flagged_at_thresholds(IS_YES, BEFORE)
    # Two false positives at 3 each and a false negative, of six rows.
    assert cost_of_100_rows(Flagged(0.5, 2, 2), curve, 3) == pytest.approx(700 / 6)
    assert lowest_of(curve, 3) == (0.8, 0, 2)
    # Where false positives cost nothing, all rows are flagged.
    assert lowest_of(curve, 0) == (0.3, 2, 3)
    # Where they cost too much for any: the threshold is infinite, and drawn at 1.
    curve = flagged_at_thresholds(~IS_YES, BEFORE)
    assert lowest_of(curve, 9) == (1, 0, 0)


def test_bands_cover_what_is_expected():
    rng, n_rows, share = np.random.default_rng(0), 500, 0.3
    # Log-odds of positive rows are logistic around 2, of negative ones around 0: in closed
    # form, what is expected at a recall, and at the threshold 0.7.
    recall, cut = np.array([0.4, 0.6, 0.8]), np.log(0.7 / 0.3)
    false_positives = (1 - share) * expit(np.log(recall / (1 - recall)) - 2) * n_rows
    cost = 100 * (3 * (1 - share) * expit(-cut) + share * expit(cut - 2))
    expected, is_covered = np.append(false_positives, cost), []
    for _ in range(200):
        is_positive = rng.random(n_rows) < share
        curve = flagged_at_thresholds(is_positive, expit(rng.logistic(2.0 * is_positive)))
        thresholds, trade, costs = bands(curve, recall, 3, 200, 0)
        at = np.flatnonzero(thresholds >= 0.7)[-1]
        lower, upper = np.append(trade, costs[:, [at]], axis=1)
        is_covered.append((lower <= expected) & (expected <= upper))
    # 95 %, less what the few rows cost; of 200 draws, whose standard error is 1.5 %.
    coverage = np.mean(is_covered, axis=0)
    assert coverage.min() > 0.9
    assert coverage.max() < 0.995


def test_bands_are_those_of_drawn_rows():
    rng = np.random.default_rng(0)
    y, proba = rng.integers(2, size=200), rng.random(200).round(1)
    curve = flagged_at_thresholds(y == 1, proba)
    thresholds, _, costs = bands(curve, np.array([0.5]), 3, 4000, 0)
    drawn = rng.integers(200, size=(4000, 200))
    flagged = proba[drawn] >= thresholds[:, np.newaxis, np.newaxis]
    wrong = np.where(flagged, 3 * (y[drawn] == 0), y[drawn] == 1)
    expected = np.quantile(wrong.mean(axis=2), [0.025, 0.975], axis=1)
    np.testing.assert_allclose(costs, 100 * expected, atol=2.5)


def test_cost_interval_is_that_of_drawn_rows():
    rng = np.random.default_rng(0)
    costs, n_rows = np.array([1.0, 4.0, 2.0]), 300
    y, predicted = rng.integers(3, size=(2, n_rows))
    predicted = np.where(rng.random(n_rows) < 0.6, y, predicted)
    mistakes = wrongly_predicted(y, predicted, 3)
    interval = cost_interval(mistakes, costs, n_rows, 4000, 0)
    of_rows = np.where(predicted != y, costs[predicted], 0)
    drawn = of_rows[rng.integers(n_rows, size=(4000, n_rows))].mean(axis=1)
    np.testing.assert_allclose(interval, 100 * np.quantile(drawn, [0.025, 0.975]), atol=2)


def test_wrong_predictions_are_counted_by_what_is_predicted():
    y, predicted = np.array([0, 1, 2, 2]), np.array([0, 2, 1, 1])
    assert wrongly_predicted(y, predicted, 4).tolist() == [0, 2, 1, 0]

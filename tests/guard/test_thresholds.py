"""Thresholds: their validity, by simulation, and ties."""

import numpy as np
import pytest
from scipy.stats import beta, binomtest

from sklearn_rlcorrect.guard import (
    Limits,
    decide,
    highest_threshold,
    lowest_threshold,
    rows_needed,
)


@pytest.mark.parametrize("n", [59, 100, 500])
@pytest.mark.parametrize("limit", [0.05, 0.2])
def test_thresholds_are_valid_and_the_closest(n, limit):
    rng, risk, draws = np.random.default_rng(0), 0.05, 4000
    scores = rng.random((draws, n))
    # With uniform scores, the rate above a threshold t is 1 - t.
    false = [1 - lowest_threshold(each, limit, risk) > limit for each in scores]
    missed = [highest_threshold(each, 1 - limit, risk) > limit for each in scores]
    for violations in (false, missed):
        assert binomtest(sum(violations), draws, risk, "greater").pvalue > 0.001
    # One rank lower, the risk would be exceeded.
    rank = (scores[0] < lowest_threshold(scores[0], limit, risk)).sum()
    at, below = (beta.cdf(1 - limit, k, n - k + 1) for k in (rank, rank - 1))
    assert at <= risk < below


def test_ties_are_on_the_safe_side():
    # Three quarters of all rows have one score: none of them may be above the threshold
    # or, for the recall, below it.
    scores = np.repeat([0.3, 0.6], [250, 750])
    threshold = lowest_threshold(scores, 0.1, 0.05)
    assert threshold > 0.6
    proba = np.array([[0.4, 0.6], [0.4 - 1e-12, 0.6 + 1e-12], [0.3, 0.7]])
    assert decide(proba, threshold, 1).tolist() == [0, 0, 1]
    threshold = highest_threshold(scores, 0.7, 0.05)
    assert decide(proba[::-1] * [1, 1], threshold, 1).tolist() == [1, 1, 1]
    assert decide(np.array([[0.6, 0.4], [0.5, 0.5]]), 0.5, 0).tolist() == [0, 1]


def test_too_few_rows_give_no_threshold():
    needed = rows_needed(Limits(max_fpr=0.05))["max_fpr"]
    assert needed == 59
    assert lowest_threshold(np.zeros(needed), 0.05, 0.05) < 1
    assert lowest_threshold(np.zeros(needed - 1), 0.05, 0.05) == np.inf
    assert highest_threshold(np.zeros(needed - 1), 0.95, 0.05) == -np.inf

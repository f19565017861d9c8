"""Exact test of accuracy: its size, by enumeration, and its bounds."""

import numpy as np
import pytest
from scipy.stats import multinomial

from sklearn_rlcorrect.guard import accuracy_p_value, drop_bounds, rate_bounds


@pytest.mark.parametrize("tolerance", [-0.1, 0.0, 0.02, 0.1])
@pytest.mark.parametrize("risk", [0.05, 0.2])
def test_size_of_the_accuracy_test(tolerance, risk):
    n = 20
    outcomes = np.array([(b, c) for b in range(n + 1) for c in range(n + 1 - b)])
    p_values = [accuracy_p_value(*each, n, tolerance, risk) for each in outcomes.tolist()]
    rejected = outcomes[np.array(p_values) <= risk]
    counts = np.column_stack([rejected, n - rejected.sum(axis=1)])
    sizes = []
    for b in np.linspace(max(tolerance, 0), 1, 30):
        for c in np.linspace(0, min(b - tolerance, 1 - b), 15):
            share = [b, c, max(1 - b - c, 0)]
            sizes.append(multinomial.pmf(counts, n, share).sum() if c >= 0 else 0)
    # Valid, and not by never rejecting.
    assert risk / 2 < max(sizes) <= risk


def test_accuracy_test_with_many_rows():
    # No decision changes in n rows: the accuracy falls by less than 1 - risk ** (1 / n).
    assert accuracy_p_value(0, 0, 300, 0.01, 0.05) <= 0.05
    assert accuracy_p_value(0, 0, 297, 0.01, 0.05) > 0.05
    # At least as powerful as the conditional test of McNemar, and monotone.
    assert accuracy_p_value(2, 8, 500, 0.0, 0.05) < 0.0547
    p_values = [accuracy_p_value(b, 30, 10_000, 0.002, 0.05) for b in range(0, 60, 5)]
    assert sorted(p_values) == p_values
    assert p_values[0] < 0.001
    assert p_values[-1] > 0.5
    low, high = drop_bounds(30, 20, 10_000, 0.05)
    assert low < 0.001 < high
    assert accuracy_p_value(30, 20, 10_000, high, 0.05) <= 0.05


def test_rate_bounds_at_the_ends():
    # No error in n rows: the rate is below 1 - risk ** (1 / n).
    lower, upper = rate_bounds(0, 59, 0.05)
    assert lower == 0.0
    assert upper == pytest.approx(1 - 0.05 ** (1 / 59))
    assert rate_bounds(59, 59, 0.05) == pytest.approx((1 - upper, 1.0))

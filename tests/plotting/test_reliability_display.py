"""Reliability before and after."""

import re

import numpy as np
import pytest
from six_rows import AFTER, BEFORE, Y, legend, legend_title

from sklearn_rlcorrect.plotting import ReliabilityDisplay


def test_reliability_tells_the_brier_score():
    display = ReliabilityDisplay.from_predictions(Y, BEFORE, AFTER)
    scores = [np.mean((p - (Y == "yes")) ** 2) for p in (BEFORE, AFTER)]
    assert legend(display)[1:] == [
        f"before (Brier {scores[0]:.3g}, 1 row per point)",
        f"after (Brier {scores[1]:.3g}, 1 to 2 rows per point)",
    ]


def test_the_legend_counts_the_rows_of_the_points():
    rng = np.random.default_rng(0)
    before = rng.uniform(0, 0.1, 1000)
    after = np.where(before < 0.05, 0.0, before)
    y = rng.random(1000) < before
    labels = legend(ReliabilityDisplay.from_predictions(y, before, after))[1:]
    assert labels[0].endswith(", 100 rows per point)")
    zeros = (after == 0).sum()
    low, high = (int(n) for n in re.search(r"(\d+) to (\d+) rows", labels[1]).groups())
    # All zeros are in one bin, with the rest of the rows that the fifth would have held.
    assert zeros <= high < zeros + 100
    assert 0 < low < 100


def test_several_positive_classes_follow_the_predicted_one():
    y = np.array([0, 1, 2])
    before = np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    after = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    display = ReliabilityDisplay.from_predictions(y, before, after)
    assert display.ax_.get_ylabel() == "fraction that is right"
    assert legend_title(display) == "3 rows"
    # 0.6 was wrong before; after, all three are right.
    assert display.ax_.lines[1].get_ydata().tolist() == [1, 0, 1]
    assert display.ax_.lines[2].get_ydata().tolist() == [1, 1]


def test_rounding_above_one():
    ReliabilityDisplay.from_predictions(Y, BEFORE, np.where(AFTER > 0.8, 1 + 2e-16, AFTER))


def test_rare_events_fill_the_axes_with_bins_of_equal_size():
    rng = np.random.default_rng(0)
    before = rng.uniform(0, 0.02, 10_000)
    y = (rng.random(10_000) < before).astype(int)
    display = ReliabilityDisplay.from_predictions(y, before, before / 2)
    assert legend_title(display) == f"10000 rows, {y.sum()} of them “1”"
    _, curve, halved = display.ax_.lines
    x, fraction = curve.get_data()
    assert len(x) == 10
    # Of bins of equal size, the means of both axes are those of all rows.
    assert np.mean(x) == pytest.approx(before.mean())
    assert np.mean(fraction) == pytest.approx(y.mean())
    np.testing.assert_allclose(halved.get_xdata(), x / 2)
    assert display.ax_.get_xlim() == display.ax_.get_ylim()
    low, high = display.ax_.get_xlim()
    assert low < halved.get_xdata().min()
    assert max(x.max(), fraction.max()) < high < 0.03

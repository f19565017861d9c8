"""Changes of the true class's probability."""

import numpy as np
import pytest
from six_rows import AFTER, BEFORE, Y, legend

from sklearn_rlcorrect.plotting import AdjustmentDisplay


def test_adjustments_are_of_the_true_class():
    display = AdjustmentDisplay.from_predictions(Y, BEFORE, AFTER)
    assert legend(display) == ["classifier right (3 rows)", "classifier wrong (3 rows)"]
    # By 0.4, 0 and 0.3 upwards where wrong; by 0.1 and 0.4 downwards where right.
    right, wrong = (patch.get_path().vertices for patch in display.ax_.patches)
    assert wrong[wrong[:, 1] > 0, 0].max() == pytest.approx(0.4)
    assert wrong[wrong[:, 1] > 0, 0].min() > -0.05
    assert right[right[:, 1] > 0, 0].min() == pytest.approx(-0.4)
    assert display.ax_.get_yscale() == "linear"


def test_few_changes_among_many_rows_are_visible_counts():
    y, before = np.zeros(10_000, dtype=int), np.full(10_000, 0.01)
    y[:40], before[:80] = 1, 0.3
    after = before.copy()
    after[[0, 1, 50]] = 0.6, 0.6, 0.2
    display = AdjustmentDisplay.from_predictions(y, before, after)
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_ylabel() == "rows (logarithmic)"
    right, wrong = (patch.get_path().vertices for patch in display.ax_.patches)
    assert right[:, 1].max() == 10_000 - 40 - 1
    # One row of the group "right", two of "wrong": both stand above the axis.
    bottom = display.ax_.get_ylim()[0]
    assert right[np.isclose(right[:, 0], 0.1, atol=0.02), 1].max() == 1 > bottom
    assert wrong[np.isclose(wrong[:, 0], 0.3), 1].max() == 2 > bottom


def test_shares_are_linear_where_both_groups_are_large():
    y, before = np.arange(1000) % 2, np.full(1000, 0.4)
    after = before.copy()
    after[:20] = 0.7
    display = AdjustmentDisplay.from_predictions(y, before, after)
    assert display.ax_.get_yscale() == "linear"
    assert display.ax_.get_ylabel() == "share of the rows"


def test_few_broken_events_are_visible_where_many_rows_move_a_little():
    # A third of the rows leave the bin at zero.
    y, before = np.zeros(4000, dtype=int), np.full(4000, 0.01)
    y[:18], before[:18] = 1, 0.9
    before[18:1300] = 0.3
    after = np.where(y == 1, 0.2, before / 5)
    display = AdjustmentDisplay.from_predictions(y, before, after)
    assert display.ax_.get_yscale() == "log"

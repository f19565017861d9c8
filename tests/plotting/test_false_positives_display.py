"""False positives by what became of them."""

import numpy as np
from six_rows import AFTER, BEFORE, Y, legend

from sklearn_rlcorrect.plotting import FalsePositiveDisplay


def test_positive_label_counts():
    display = FalsePositiveDisplay.from_predictions(Y, BEFORE, AFTER, pos_label="no")
    assert legend(display) == ["fixed (1)", "still wrong (0)", "new (1)"]


def test_false_positives_stand_at_the_base_probability():
    new = AFTER.copy()
    new[2] = 0.8
    display = FalsePositiveDisplay.from_predictions(Y, BEFORE, new)
    assert legend(display) == ["fixed (1)", "still wrong (1)", "new (1)"]
    at = [
        [bar.get_x() for bar in bars if bar.get_height() > 0]
        for bars in display.ax_.containers
    ]
    np.testing.assert_allclose(at, [[0.7], [0.6], [0.1]], atol=0.051)


def test_counts_start_at_zero_where_there_are_none():
    certain = (Y == "yes").astype(float)
    display = FalsePositiveDisplay.from_predictions(Y, certain, certain)
    assert display.ax_.get_ylim() == (0, 1)

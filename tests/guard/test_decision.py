"""Decisions at a threshold."""

import numpy as np

from sklearn_rlcorrect.guard import decide


def test_the_threshold_is_that_of_the_positive_class():
    proba = np.array([[0.6, 0.4], [0.5, 0.5], [0.2, 0.8]])
    assert decide(proba, None, 0).tolist() == [0, 0, 1]
    assert decide(proba, 0.55, 0).tolist() == [0, 1, 1]
    assert decide(proba, 0.45, 1).tolist() == [0, 1, 1]

"""Rows: the correction at a shrinkage, and the decisions that it changes."""

import numpy as np
import pytest

from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.guard import Rows


@pytest.mark.parametrize("n_classes", [2, 3])
def test_shrinkage_zero_is_the_classifier(n_classes):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.full(n_classes, 0.3), 1000)
    actions = rng.uniform(-1, 1, size=proba.shape)
    np.testing.assert_array_equal(adjust(proba, actions, 0.0), proba)
    rows = Rows(proba, actions, proba.argmin(axis=1), np.ones(1000), 0.6)
    np.testing.assert_array_equal(rows.corrected(0.0), proba)
    assert not rows.broken_and_fixed(0.0, None, 1).any()

"""Draw of the calibration set: groups stay together and are equally likely."""

import numpy as np
from scipy.stats import binomtest

from sklearn_rlcorrect.guard import split


def test_groups_stay_together():
    groups = np.random.default_rng(0).integers(100, size=1000)
    rest, calibration = split(1000, groups, 0.2, seed=0)
    assert len(calibration) == 20 == len(np.unique(groups[calibration]))
    assert not set(groups[rest]) & set(groups[calibration])
    assert len(rest) == np.isin(groups, groups[calibration], invert=True).sum()
    # Without groups, each row is a group.
    rest, calibration = split(1000, None, 0.2, seed=0)
    assert sorted([*rest, *calibration]) == list(range(1000))
    assert len(calibration) == 200


def test_large_groups_are_not_drawn_more_often():
    groups = np.concatenate([np.arange(50), np.repeat(np.arange(50, 100), 30)])
    drawn = [groups[split(len(groups), groups, 0.2, seed)[1]] for seed in range(200)]
    n_large = int((np.concatenate(drawn) >= 50).sum())
    assert binomtest(n_large, 200 * 20, 0.5).pvalue > 0.001


def test_a_random_row_stands_for_its_group():
    groups = np.zeros(10, dtype=int)
    drawn = {split(10, groups, 0.5, seed)[1][0] for seed in range(200)}
    assert drawn == set(range(10))

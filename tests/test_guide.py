"""The guide of the critics: honest about every row, and silent where it knows nothing."""

import numpy as np
import pytest

from sklearn_rlcorrect._guide import guide_of
from sklearn_rlcorrect._problem import CorrectionProblem
from sklearn_rlcorrect.rewards import brier


def make_problem(features, y, n_classes=2):
    """A classifier that knows nothing, beside features that may."""
    proba = np.full((len(y), n_classes), 1 / n_classes)
    observations = np.hstack([proba, np.zeros_like(proba), features])
    ones = np.ones(len(y))
    return CorrectionProblem(observations, proba, y, brier, np.ones(n_classes), 0.6, ones)


def test_learns_what_features_say_of_rows_that_it_was_not_fitted_on():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(600, 3))
    guide, has_trees = guide_of(make_problem(features, (features[:, 0] > 0) * 1), 0)
    assert has_trees
    np.testing.assert_allclose(guide.sum(axis=1), 1)
    assert np.mean((guide[:, 1] > 0.5) == (features[:, 0] > 0)) > 0.95


def test_finds_nothing_in_labels_that_are_noise():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=2000)
    guide, _ = guide_of(make_problem(rng.normal(size=(2000, 3)), y), 0)
    # In-sample trees would have learnt the labels by heart.
    assert abs(np.corrcoef(guide[:, 1], y)[0, 1]) < 0.06


def test_rows_that_look_the_same_say_nothing_of_each_other():
    # Two rows of each kind, one of either label: a fold with one of them says that the
    # other has the other label.
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(300, 2))
    y = np.repeat([0, 1], 300)
    guide, has_trees = guide_of(make_problem(np.vstack([kinds, kinds]), y), 0)
    assert has_trees
    np.testing.assert_allclose(guide[:300], guide[300:])


@pytest.mark.parametrize(
    ("features", "y"),
    [
        (np.empty((100, 0)), np.arange(100) % 2),
        ((np.arange(100) % 3)[:, np.newaxis], np.arange(100) % 2),
        (np.arange(19)[:, np.newaxis], np.arange(19) % 2),
    ],
    ids=["no features", "three kinds of rows", "few rows of each class"],
)
def test_is_uniform_where_nothing_can_be_known(features, y):
    guide, has_trees = guide_of(make_problem(features, y), 0)
    assert not has_trees
    np.testing.assert_array_equal(guide, 0.5)


def test_a_rare_class_does_not_silence_the_trees():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 2))
    y = (features[:, 0] > 0) * 1
    y[0] = 2
    guide, has_trees = guide_of(make_problem(features, y, 3), 0)
    assert has_trees
    assert np.mean(guide.argmax(axis=1) == y) > 0.9


def test_trees_may_know_a_single_class():
    rng = np.random.default_rng(0)
    guide, _ = guide_of(make_problem(rng.normal(size=(60, 2)), np.zeros(60, dtype=int)), 0)
    np.testing.assert_allclose(guide[:, 0], 1, atol=0.002)


def test_no_row_has_a_say_in_its_own_guide():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(100, 2))
    y = (np.arange(100) >= 60) * 1
    relabelled = y.copy()
    # A class of one row is put to the most frequent one: the folds stay as they are.
    relabelled[0] = 2
    kept, changed = (
        guide_of(make_problem(features, labels, 3), 0)[0] for labels in (y, relabelled)
    )
    np.testing.assert_array_equal(changed[0], kept[0])
    assert np.abs(changed - kept).max() > 0


def test_a_class_that_no_row_has_is_kept_off_zero():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 2))
    guide, _ = guide_of(make_problem(features, (features[:, 0] > 0) * 2, 3), 0)
    assert np.all(guide[:, 1] > 0)

"""The posterior: scikit-learn's trees as arrays, honest about every row."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from sklearn_rlcorrect.agent.posterior import (
    _as_arrays,
    _boosting,
    _drawn,
    cross_fit_posterior,
    fit_posterior,
    posterior_log_odds,
    raw_scores,
)
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.rewards import brier


def make_problem(features, y, n_classes=2, sample_weight=None):
    """A classifier that knows nothing, beside features that may."""
    proba = np.full((len(y), n_classes), 1 / n_classes)
    observations = np.hstack([proba, np.zeros_like(proba), features])
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    return CorrectionProblem(observations, proba, y, brier, np.ones(n_classes), 0.6, weight)


def softmax(log_odds):
    odds = np.exp(log_odds)
    return odds / odds.sum(axis=1, keepdims=True)


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
@pytest.mark.slow
def test_trees_as_arrays_are_scikit_learn_s(n_classes, seed):
    rng = np.random.default_rng(seed)
    # Some columns of few values, so that rows lie on thresholds.
    columns = rng.normal(size=(400, 4)).round(1).astype(np.float32)
    y = rng.integers(n_classes, size=400)
    trees = _boosting(n_classes, seed % 1000).fit(columns, y)
    new = np.vstack([columns, 3 * rng.normal(size=(500, 4)).astype(np.float32)])
    scores = raw_scores(_as_arrays(trees), new)
    expected = trees.decision_function(new).reshape(len(new), -1)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)


def test_a_tree_of_one_leaf_is_complete_too():
    stump = HistGradientBoostingClassifier(max_depth=4, max_iter=2, min_samples_leaf=40)
    columns, y = np.arange(60, dtype=np.float32)[:, np.newaxis], np.arange(60) % 2
    scores = raw_scores(_as_arrays(stump.fit(columns, y)), columns)
    np.testing.assert_allclose(scores[:, 0], stump.decision_function(columns))


def test_learns_what_features_say_of_rows_that_it_was_not_fitted_on():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(600, 3))
    log_odds = cross_fit_posterior(make_problem(features, (features[:, 0] > 0) * 1), 0)
    np.testing.assert_allclose(log_odds.sum(axis=1), 0, atol=1e-12)
    assert np.mean((log_odds[:, 1] > 0) == (features[:, 0] > 0)) > 0.95


def test_finds_nothing_in_labels_that_are_noise():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=2000)
    log_odds = cross_fit_posterior(make_problem(rng.normal(size=(2000, 3)), y), 0)
    # In-sample trees would have learnt the labels by heart.
    assert abs(np.corrcoef(log_odds[:, 1], y)[0, 1]) < 0.06


def test_rows_that_look_the_same_say_nothing_of_each_other():
    # Two rows of each group, one of either label: a fold with one of them says that the
    # other has the other label.
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 2))
    y = np.repeat([0, 1], 300)
    log_odds = cross_fit_posterior(make_problem(np.vstack([features, features]), y), 0)
    np.testing.assert_allclose(log_odds[:300], log_odds[300:])


def test_rows_of_a_group_say_nothing_of_each_other():
    # The features tell the group, and the group the label: of other groups, nothing.
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 20)
    features = rng.normal(size=(60, 4))[groups] + 0.01 * rng.normal(size=(1200, 4))
    # Labels are not all the same within a group.
    y = np.where(rng.random(1200) < 0.9, rng.integers(2, size=60)[groups], 0)
    problem = make_problem(features, y)
    alone = cross_fit_posterior(problem, 0)[:, 1]
    together = cross_fit_posterior(replace(problem, row_groups=groups), 0)[:, 1]
    assert np.corrcoef(alone, y)[0, 1] > 0.8
    assert abs(np.corrcoef(together, y)[0, 1]) < 0.3


def test_trees_know_nothing_of_a_class_that_is_in_few_groups():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    y = np.where(groups < 3, 2, rng.integers(2, size=400))
    problem = replace(make_problem(rng.normal(size=(400, 3)), y, 3), row_groups=groups)
    assert fit_posterior(problem, 0)["classes"].tolist() == [0, 1]
    # As many rows in enough groups are another matter.
    spread = replace(problem, y=np.where(np.arange(400) % 40 < 3, 2, y % 2))
    assert fit_posterior(spread, 0)["classes"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("n_groups", [2, 3, 6])
def test_there_is_none_of_classes_in_few_groups(n_groups):
    groups = np.repeat(np.arange(n_groups), 50)
    rng = np.random.default_rng(0)
    problem = make_problem(rng.normal(size=(len(groups), 3)), groups % 2)
    assert cross_fit_posterior(replace(problem, row_groups=groups), 0) is None


def test_no_row_has_a_say_in_its_own_posterior():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(100, 2))
    y = (np.arange(100) >= 60) * 1
    relabelled = y.copy()
    # A class of one row is put to the most frequent one: the folds stay as they are.
    relabelled[0] = 2
    kept, changed = (
        cross_fit_posterior(make_problem(features, labels, 3), 0)
        for labels in (y, relabelled)
    )
    np.testing.assert_array_equal(changed[0], kept[0])
    assert np.abs(changed - kept).max() > 0


@pytest.mark.parametrize(
    ("features", "y"),
    [
        (np.empty((100, 0)), np.arange(100) % 2),
        ((np.arange(100) // 2 % 3)[:, np.newaxis], np.arange(100) % 2),
        (np.arange(19)[:, np.newaxis], np.arange(19) % 2),
    ],
    ids=["no features", "three groups of rows", "few rows of each class"],
)
def test_there_is_none_where_nothing_can_be_known(features, y):
    assert cross_fit_posterior(make_problem(features, y), 0) is None


def test_a_rare_class_does_not_silence_the_trees():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 2))
    y = (features[:, 0] > 0) * 1
    y[0] = 2
    log_odds = cross_fit_posterior(make_problem(features, y, 3), 0)
    assert np.mean(log_odds.argmax(axis=1) == y) > 0.9


def test_trees_know_nothing_of_a_class_that_is_not_in_every_fold():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 2))
    y = (features[:, 0] > 0) * 1
    # All of it may fall into one fold, whose rows alone would know nothing of it.
    y[:2] = 2
    problem = make_problem(features, y, 3)
    log_odds = cross_fit_posterior(problem, 0)
    fitted = posterior_log_odds(fit_posterior(problem, 0), problem.observations)
    for posterior in (log_odds, fitted):
        np.testing.assert_allclose(softmax(posterior)[:, 2], 1e-3, rtol=0.01)


def test_trees_may_know_a_single_class():
    rng = np.random.default_rng(0)
    problem = make_problem(rng.normal(size=(60, 2)), np.zeros(60, dtype=int))
    posterior = softmax(posterior_log_odds(fit_posterior(problem, 0), problem.observations))
    np.testing.assert_allclose(posterior[:, 0], 1, atol=0.002)


def test_a_class_that_no_row_has_is_kept_off_zero():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 2))
    posterior = softmax(
        cross_fit_posterior(make_problem(features, (features[:, 0] > 0) * 2, 3), 0)
    )
    assert np.all(posterior[:, 1] > 0)
    assert np.all(posterior[:, 1] < 0.002)


def test_chunks_leave_no_seam():
    rng = np.random.default_rng(0)
    problem = make_problem(rng.normal(size=(3000, 3)), rng.integers(2, size=3000))
    posterior = fit_posterior(problem, 0)
    together = posterior_log_odds(posterior, problem.observations)
    for row in (0, 511, 512, 1023, 1024, 2999):
        alone = posterior_log_odds(posterior, problem.observations[[row]])
        np.testing.assert_array_equal(alone, together[[row]])


def test_equal_weights_draw_every_row_once_and_whole_ones_as_often():
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(_drawn(np.full(50, 0.02), rng), np.arange(50))
    weight = np.tile([1.0, 2.0, 1.0], 20)
    assert np.bincount(_drawn(weight, rng)).tolist() == weight.tolist()


@settings(deadline=None)
@given(
    st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=50),
    st.sampled_from([2.0**-20, 0.5, 4.0, 2.0**30]),
)
def test_only_ratios_of_weights_decide_what_is_drawn(weights, factor):
    weight = np.array(weights)
    rows, scaled = (_drawn(w, np.random.default_rng(0)) for w in (weight, factor * weight))
    np.testing.assert_array_equal(rows, scaled)
    # Never more than one copy from its share.
    share = weight / weight.sum() * len(rows)
    assert np.all(np.abs(np.bincount(rows, minlength=len(weight)) - share) < 1 + 1e-6)


def test_many_rows_are_a_sample_of_them(monkeypatch):
    monkeypatch.setattr("sklearn_rlcorrect.agent.posterior._MAX_ROWS", 100)
    rows = _drawn(np.ones(1000), np.random.default_rng(0))
    np.testing.assert_array_equal(np.diff(rows), 10)

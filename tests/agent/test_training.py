"""From rows to a correction problem: class order, observations, held-out parts."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_rlcorrect.agent import training
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.agent.training import (
    fit_features,
    fit_observations,
    held_out_splits,
    order_classes,
)
from sklearn_rlcorrect.rewards import brier


def problem_of(observations, y):
    n_classes = int(y.max()) + 1
    proba = np.full((len(y), n_classes), 1 / n_classes)
    return CorrectionProblem(
        observations=np.hstack([proba, proba, observations]).astype(np.float32),
        proba=proba,
        y=y,
        reward=brier,
        class_weights=np.ones(n_classes),
        max_adjustment=0.5,
        sample_weight=np.ones(len(y)),
    )


@given(labels=st.permutations(range(4)), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_the_order_of_classes_follows_their_names(labels, seed):
    rng = np.random.default_rng(seed)
    y = rng.choice(4, size=60, p=[0.4, 0.3, 0.2, 0.1])
    proba, weight = rng.dirichlet(np.ones(4), 60), rng.uniform(1, 2, 60)
    renamed = np.argsort(labels)  # class k is called renamed[k]
    order = order_classes(proba, y, weight)
    other = order_classes(proba[:, labels], renamed[y], weight)
    np.testing.assert_array_equal(renamed[order], other)


def test_the_most_frequent_class_comes_first_by_weight():
    proba = np.array([[0.6, 0.4], [0.5, 0.5]])
    y = np.array([0, 1])
    assert order_classes(proba, y, np.array([1.0, 2.0])).tolist() == [1, 0]
    # Of classes that are as frequent, the one predicted with more probability.
    assert order_classes(proba, y, np.ones(2)).tolist() == [0, 1]


def test_observations_in_pieces_are_those_of_all_rows(monkeypatch):
    rng = np.random.default_rng(0)
    X, proba = rng.normal(size=(50, 3)), rng.dirichlet([1, 1], 50)
    transformer = fit_features("auto", X, np.ones(50), seed=0)
    whole = fit_observations(transformer, X, proba, np.ones(50), np.array([1, 0]))
    monkeypatch.setattr(training, "CHUNK", 7)
    pieces = fit_observations(transformer, X, proba, np.ones(50), np.array([1, 0]))
    np.testing.assert_array_equal(whole[1], pieces[1])
    np.testing.assert_array_equal(whole[1][:, :2], proba[:, ::-1].astype(np.float32))


def test_features_are_fitted_without_rows_of_weight_zero():
    X = np.array([[1.0], [2.0], [np.nan]])
    with_all = fit_features("auto", X, np.ones(3), seed=0)
    without = fit_features("auto", X, np.array([1.0, 1.0, 0.0]), seed=0)
    assert (with_all.transform(X).shape[1], without.transform(X).shape[1]) == (2, 1)


@pytest.mark.parametrize(("n_policies", "fraction"), [(3, 0.2), (5, 0.2), (2, 0.5)])
def test_parts_are_disjoint_stratified_and_keep_duplicates_together(n_policies, fraction):
    rng = np.random.default_rng(0)
    observations = np.repeat(rng.normal(size=(200, 2)), 2, axis=0)
    y = np.repeat(rng.integers(0, 2, 200), 2)
    splits = held_out_splits(problem_of(observations, y), n_policies, fraction, seed=0)
    held_out = [rows for _, rows in splits]
    assert len(np.unique(np.concatenate(held_out))) == sum(map(len, held_out))
    for trained, rows in splits:
        assert np.array_equal(np.sort(np.append(trained, rows)), np.arange(400))
        assert len(rows) == pytest.approx(fraction * 400, abs=4)
        assert y[rows].mean() == pytest.approx(y.mean(), abs=0.03)
        # Rows 2k and 2k + 1 are duplicates.
        assert set(rows // 2) & set(trained // 2) == set()


def test_lasting_parts_are_the_same_whatever_rows_are_beside():
    rng = np.random.default_rng(0)
    observations, y = rng.normal(size=(300, 6)), rng.integers(0, 2, 300)
    some = rng.permutation(300)[:120]
    everywhere = held_out_splits(problem_of(observations, y), 3, 0.2, 0, lasting=True)
    part = problem_of(observations[some], y[some])
    there = held_out_splits(part, 3, 0.2, seed=1, lasting=True)
    for (_, rows), (trained, others) in zip(everywhere, there, strict=True):
        assert set(some[others]) == set(rows) & set(some)
        assert len(trained) + len(others) == 120
        assert len(rows) == pytest.approx(60, abs=25)


def test_one_row_cannot_be_held_out_lastingly():
    problem = problem_of(np.ones((2, 6)), np.array([0, 1]))
    (trained, rows), *_ = held_out_splits(problem, 2, 0.2, seed=0, lasting=True)
    assert len(trained) == len(rows) == 2


def test_parts_keep_groups_together():
    rng = np.random.default_rng(0)
    y, groups = rng.integers(2, size=400), np.arange(400) // 10
    problem = replace(problem_of(rng.normal(size=(400, 2)), y), row_groups=groups)
    for trained, rows in held_out_splits(problem, 3, 0.2, seed=0):
        assert set(groups[trained]) & set(groups[rows]) == set()
        assert len(rows) == 80


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=2, max_size=40),
    st.floats(0.05, 0.6),
    st.integers(1, 4),
    st.integers(0, 100),
)
def test_parts_of_groups_of_any_size_hold_about_their_share(sizes, share, n_parts, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=len(groups))
    y[:2] = 0, 1
    problem = problem_of(rng.normal(size=(len(y), 1)), y)
    splits = held_out_splits(replace(problem, row_groups=groups), n_parts, share, seed)
    for trained, rows in splits:
        assert len(trained) > 0
        assert len(rows) > 0
        assert set(groups[trained]) & set(groups[rows]) == set()
        # A part ends within a group, and no usable one is larger than the part.
        largest = max(share * len(y), min(sizes))
        assert len(rows) <= share * len(y) + largest


def test_few_duplicate_groups_are_in_both_parts():
    y = np.arange(100) % 2
    problem = problem_of(np.repeat([[0.0], [1.0]], 50, axis=0), y)
    for trained, rows in held_out_splits(problem, 2, 0.2, seed=0):
        np.testing.assert_array_equal(trained, np.arange(100))
        np.testing.assert_array_equal(rows, np.arange(100))

"""The correction problem: equal rows are one, and labels do no more than they may."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_rlcorrect.agent.problem import CorrectionProblem, _hash
from sklearn_rlcorrect.rewards import REWARDS, brier, class_rewards

SEEDS = st.integers(0, 2**32 - 1)


def make_problem(seed=0, n_rows=40, n_classes=3, n_features=2, **kwargs):
    """Random rows; features and probabilities are different in each."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(n_classes), n_rows)
    features = rng.normal(size=(n_rows, n_features))
    return CorrectionProblem(
        **{
            "observations": observed(proba, features),
            "proba": proba,
            "y": rng.integers(n_classes, size=n_rows),
            "reward": brier,
            "class_weights": rng.uniform(1, 2, n_classes),
            "max_adjustment": 0.6,
            "sample_weight": rng.uniform(0.5, 2, n_rows),
        }
        | kwargs
    )


def observed(proba, features):
    """Probabilities, something made of them, and features, as the agent sees them."""
    return np.hstack([proba, 3 * proba - 1, features]).astype(np.float32)


ROWS = ["observations", "proba", "y", "sample_weight"]


def assert_equal(problem, other, atol=0.0):
    assert len(problem) == len(other)
    for name in ROWS:
        np.testing.assert_allclose(
            getattr(problem, name),
            getattr(other, name),
            rtol=0,
            atol=atol,
            err_msg=name,
        )


# Equal rows


@settings(deadline=None)
@given(SEEDS)
def test_a_weight_is_that_many_rows(seed):
    rng = np.random.default_rng(seed)
    problem = make_problem(seed)
    weight = rng.integers(0, 4, size=len(problem))
    weight[0] = 1
    rows = rng.permutation(np.repeat(np.arange(len(problem)), weight))
    repeated = replace(problem.take(rows), sample_weight=np.ones(len(rows)))
    weighted = replace(problem, sample_weight=weight.astype(float))
    assert_equal(weighted.merged(), repeated.merged(), atol=1e-12)
    assert len(weighted.merged()) == np.count_nonzero(weight)


@settings(deadline=None)
@given(SEEDS, st.integers(0, 3))
def test_the_order_of_rows_does_not_matter(seed, n_features):
    problem = make_problem(seed, n_features=n_features)
    rows = np.random.default_rng(seed).permutation(len(problem))
    assert_equal(problem.take(rows).merged(), problem.merged())


@settings(deadline=None)
@given(SEEDS, st.sampled_from([1e-16, 1e-14, 1e-7]))
def test_noise_in_the_last_bits_of_probabilities_does_not_change_the_order(seed, noise):
    # The largest is seen in single precision, as a smaller one is at times.
    rng = np.random.default_rng(seed)
    problem = make_problem(seed)
    proba = problem.proba + noise * rng.normal(size=problem.proba.shape)
    features = problem.observations[:, 6:]
    noisy = replace(problem, proba=proba, observations=observed(proba, features))
    rows = rng.permutation(len(problem))
    assert_equal(noisy.take(rows).merged(), problem.merged(), atol=1e-5)


def test_weights_have_a_mean_of_one_and_only_their_ratios_matter():
    problem = make_problem()
    merged = problem.merged()
    assert merged.sample_weight.mean() == pytest.approx(1)
    for factor in (1e-9, 1 / len(problem), 1000.0):
        weight = factor * problem.sample_weight
        assert_equal(replace(problem, sample_weight=weight).merged(), merged, atol=1e-12)


def test_rows_of_other_labels_or_features_stay_apart():
    problem = make_problem(n_rows=1)
    twice = problem.take([0, 0])
    assert len(twice.merged()) == 1
    assert len(replace(twice, y=np.array([0, 1])).merged()) == 2
    other = twice.observations.copy()
    other[1, -1] += 1
    assert len(replace(twice, observations=other).merged()) == 2
    other = twice.observations.copy()
    other[1, 0] += 0.01
    assert len(replace(twice, observations=other).merged()) == 2


def test_zero_has_no_sign():
    problem = make_problem(n_rows=1).take([0, 0])
    signed = problem.observations.copy()
    signed[:, -1] = 0.0, -0.0
    assert len(replace(problem, observations=signed).merged()) == 1


def test_merged_rows_keep_what_belongs_together():
    problem = make_problem()
    merged = problem.take(np.tile(np.arange(len(problem)), 3)).merged()
    by_proba = {tuple(row): i for i, row in enumerate(problem.proba)}
    rows = [by_proba[tuple(row)] for row in merged.proba]
    assert sorted(rows) == list(range(len(problem)))
    scale = problem.sample_weight.mean()
    expected = problem.take(rows)
    assert_equal(
        merged,
        replace(expected, sample_weight=expected.sample_weight / scale),
        atol=1e-12,
    )


# Hash


def test_many_rows_have_as_many_hashes():
    # With 64 bits, two of these would meet with a probability of 1e-8.
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500_000, 3)).astype(np.float32)
    assert len(np.unique(_hash(rows))) == len(rows)


def test_rows_of_few_small_numbers_have_as_many_hashes():
    # Rows that a weak hash mixes up: whole numbers, in all orders.
    grid = np.stack(np.meshgrid(*[np.arange(-9, 10)] * 4), axis=-1).reshape(-1, 4)
    assert len(np.unique(_hash(grid.astype(np.float32)))) == len(grid) == 19**4


def test_rows_of_single_flags_have_as_many_hashes():
    # One-hot columns, in which rows differ by where a one stands.
    rows = np.vstack([np.eye(1000), np.zeros((1, 1000))]).astype(np.float32)
    assert len(np.unique(_hash(rows))) == 1001


def test_rows_of_a_power_of_two_have_as_many_hashes():
    # All but two bits of these numbers are zero.
    rng = np.random.default_rng(0)
    rows = 2 * np.unpackbits(rng.integers(256, size=(300_000, 8), dtype=np.uint8), axis=1)
    n_rows = len(np.unique(np.packbits(rows // 2, axis=1).view(np.uint64)))
    assert len(np.unique(_hash(rows.astype(np.float32)))) == n_rows


def test_a_hash_depends_on_its_start():
    rows = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    hashes = np.concatenate([_hash(rows, start) for start in range(5)])
    assert len(np.unique(hashes)) == 5000


# Groups


def test_groups_are_rows_that_look_the_same():
    problem = make_problem(n_rows=10)
    rows = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 3))
    group, label = problem.take(rows).groups()
    assert len(label) == 10
    for i in range(10):
        assert len(set(group[rows == i])) == 1
    assert len({tuple(pair) for pair in np.column_stack([group, rows])}) == 10


def test_the_heaviest_row_labels_its_group():
    problem = make_problem(n_rows=2).take([0, 0, 1, 1])
    problem = replace(
        problem, y=np.array([0, 2, 1, 2]), sample_weight=np.array([1.0, 3.0, 3.0, 1.0])
    )
    group, label = problem.groups()
    assert label[group].tolist() == [2, 2, 1, 1]


def test_equal_rows_of_two_groups_are_two():
    problem = make_problem(n_rows=6, sample_weight=np.ones(6)).take([0, 1, 1, 1, 2, 3])
    problem = replace(problem, row_groups=np.array([0, 0, 1, 1, 2, 2]))
    merged = problem.merged()
    assert sorted(merged.sample_weight / merged.sample_weight.min()) == [1, 1, 1, 1, 2]
    group, label = merged.groups()
    assert len(label) == 3
    # By their probabilities, for merging sorts the rows.
    sets = {frozenset(merged.proba[group == i, 0]) for i in range(3)}
    parts = [[0, 1], [2, 3], [4, 5]]
    assert sets == {frozenset(problem.proba[rows, 0]) for rows in parts}
    assert not merged.has_few_groups()


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_names_and_order_of_groups_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    row_groups = rng.integers(8, size=40)
    problem = make_problem(seed, row_groups=row_groups)
    order, names = rng.permutation(40), rng.permutation(8)
    other = replace(problem, row_groups=names[row_groups]).take(order)
    for merged in (problem.merged(), other.merged()):
        np.testing.assert_array_equal(
            merged.groups()[0], problem.merged().groups()[0], err_msg="group"
        )


def of_groups(n_groups, labels):
    """A row of each of the labels in each group; `labels` has an entry per group."""
    problem = make_problem(n_rows=n_groups)
    rows = np.repeat(np.arange(n_groups), [len(of_group) for of_group in labels])
    return replace(problem.take(rows), y=np.concatenate(labels).astype(int))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        # A single group is never held out.
        ([[0]], True),
        ([[0, 1]], True),
        # Most groups hold several classes.
        ([[0, 1]] * 50, True),
        ([[0, 1]] * 51, False),
        # Half of them do, and a row less than half.
        ([[0, 1], [0]] * 10, True),
        ([[0, 1], [0]] * 10 + [[0]], False),
        # Each could be memorised.
        ([[0], [1]] * 10, False),
        # Twice the same class is one.
        ([[0, 0], [1, 1]] * 10, False),
    ],
)
def test_few_groups_are_told_by_their_labels(labels, expected):
    assert of_groups(len(labels), labels).has_few_groups() == expected


def test_weights_do_not_make_few_groups():
    problem = of_groups(20, [[0], [1]] * 10)
    for weight in (1e-9, 1.0, 1e9):
        weighted = replace(problem, sample_weight=np.full(20, weight))
        assert not weighted.has_few_groups()


# Drawing


def test_rows_are_drawn_by_weight():
    weight = np.array([0.0, 1.0, 3.0, 0.0])
    problem = make_problem(n_rows=4, sample_weight=weight)
    rows = problem.draw(np.random.default_rng(0), 40_000)
    share = np.bincount(rows, minlength=4) / len(rows)
    np.testing.assert_allclose(share, [0, 0.25, 0.75, 0], atol=0.01)


# Rewards


@settings(deadline=None)
@given(SEEDS, st.integers(2, 5), st.sampled_from(sorted(REWARDS)))
def test_rewards_by_class_are_those_of_a_loop_over_classes(seed, n_classes, name):
    rng = np.random.default_rng(seed)
    # With certain and impossible classes.
    proba, adjusted = (
        rng.dirichlet(np.full(n_classes, rng.choice([0.01, 1.0])), 30) for _ in range(2)
    )

    def unknown(y, proba, adjusted):
        return REWARDS[name](y, proba, adjusted)

    built_in, generic = (
        class_rewards(reward, proba, adjusted) for reward in (REWARDS[name], unknown)
    )
    assert built_in.shape == (30, n_classes)
    np.testing.assert_allclose(built_in, generic, rtol=0, atol=1e-12)
    for k in range(n_classes):
        of_class = REWARDS[name](np.full(30, k), proba, adjusted)
        np.testing.assert_allclose(built_in[:, k], of_class, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", REWARDS)
def test_rewards_of_classes_agree_with_the_label(name):
    problem = make_problem(reward=REWARDS[name])
    actions = np.random.default_rng(3).uniform(-1, 1, problem.proba.shape)
    table = problem.rewards_of_classes(problem.proba, problem.adjusted(actions))
    of_label = table[np.arange(len(problem)), problem.y]
    np.testing.assert_allclose(of_label, problem.rewards(actions), atol=1e-12)
    weighted = problem.class_weights[problem.y] * problem.reward(
        problem.y, problem.proba, problem.adjusted(actions)
    )
    np.testing.assert_allclose(of_label, weighted, atol=1e-12)

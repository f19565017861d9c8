"""Selection: each priority takes what it promises, and nothing if nothing is better."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_rlcorrect.agent import selection
from sklearn_rlcorrect.agent.policy import policy_actions
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.agent.selection import (
    PRIORITIES,
    SHIFTS,
    SHRINKAGES,
    best_candidate,
    candidate_policies,
    candidates,
    score_candidates,
    score_checkpoints,
    selected_checkpoints,
)
from sklearn_rlcorrect.metrics import classification_metrics
from sklearn_rlcorrect.rewards import brier, log_loss


def score(accuracy, false_positive_cost, reward, accuracy_gain_error=0.0):
    return {
        "accuracy": accuracy,
        "accuracy_gain_error": accuracy_gain_error,
        "false_positive_cost": false_positive_cost,
        "reward": reward,
    }


BASE = score(0.80, 10, 0.0)


def best(scores, priority):
    front = {name: np.array([s[name] for s in scores]) for name in BASE}
    return best_candidate(front, priority)


def test_each_priority_takes_its_own():
    scores = [BASE, score(0.85, 8, 0.1), score(0.80, 5, 0.05), score(0.82, 9, 0.2)]
    chosen = {name: best(scores, name) for name in PRIORITIES}
    assert chosen == {"accuracy": 1, "fp": 2, "weighted": 3}


@pytest.mark.parametrize("priority", PRIORITIES)
def test_doing_nothing_wins_where_nothing_is_better(priority):
    assert best([BASE, score(0.79, 12, -0.1), BASE], priority) == 0


@pytest.mark.parametrize("priority", PRIORITIES)
def test_of_equals_the_earlier_wins(priority):
    better = score(0.85, 8, 0.1)
    assert best([BASE, better, better], priority) == 1


def test_fp_never_pays_with_accuracy():
    assert best([BASE, score(0.7999, 0, 0.5)], "fp") == 0


def test_fp_keeps_accuracy_by_a_standard_error():
    gain = [BASE, score(0.81, 5, 0.5, accuracy_gain_error=0.011)]
    assert best(gain, "fp") == 0
    assert best([*gain, score(0.81, 6, 0.5, accuracy_gain_error=0.009)], "fp") == 2


def test_fp_may_always_do_nothing():
    # Among worse ones, even where an error is reported of the classifier itself.
    noisy = score(0.8, 10, 0.0, accuracy_gain_error=0.1)
    assert best([noisy, score(0.7, 0, 0.5, accuracy_gain_error=0.0)], "fp") == 0


def test_rounding_of_weights_does_not_decide():
    scores = [score(0.3, 10, 0.0), score(0.1 + 0.2 - 1e-15, 5, 0.1)]
    assert best(scores, "fp") == best(scores, "accuracy") == 1


def test_fp_is_broken_by_the_reward():
    scores = [BASE, score(0.8, 5, 0.1), score(0.9, 5, 0.2)]
    assert best(scores, "fp") == 2


def test_accuracy_is_broken_by_the_reward():
    scores = [BASE, score(0.9, 5, 0.1), score(0.9, 9, 0.2)]
    assert best(scores, "accuracy") == 2


# Candidates


def test_candidates_are_checkpoints_shrinkages_and_shifts():
    found = candidates(3, has_shifts=True)
    assert found[0] == (0, 1.0, 0.0)
    assert len(found) == len(set(found)) == len(SHIFTS) * (1 + 2 * len(SHRINKAGES))
    # Shrunk, the untrained checkpoint is itself.
    assert {shrinkage for checkpoint, shrinkage, _ in found if checkpoint == 0} == {1.0}
    assert {shift for checkpoint, _, shift in found if checkpoint == 0} == set(SHIFTS)
    for checkpoint in (1, 2):
        of_it = {(s, d) for c, s, d in found if c == checkpoint}
        assert of_it == {(s, d) for s in SHRINKAGES for d in SHIFTS}


def test_without_shifts_there_are_shrinkages_alone():
    assert candidates(2, has_shifts=False) == [
        (0, 1.0, 0.0),
        *((1, s, 0.0) for s in SHRINKAGES),
    ]


def random_policy(rng, n_observed, n_classes, n_hidden=8):
    return [
        rng.normal(size=(n_observed, n_hidden)),
        rng.normal(size=n_hidden),
        rng.normal(size=(n_hidden, n_classes)),
        rng.normal(size=n_classes),
    ]


def random_problem(rng, n_classes, n_rows=60, **kwargs):
    proba = rng.dirichlet(np.ones(n_classes), size=n_rows)
    return CorrectionProblem(
        **{
            "observations": np.hstack([proba, rng.normal(size=(n_rows, 3))]),
            "proba": proba,
            "y": rng.integers(n_classes, size=n_rows),
            "reward": brier,
            "class_weights": rng.uniform(1, 2, n_classes),
            "max_adjustment": 0.6,
            "sample_weight": rng.uniform(0.1, 2, n_rows),
        }
        | kwargs
    )


def nothing(problem):
    """A policy whose last layer is zero."""
    shape = problem.observations.shape[1], problem.proba.shape[1]
    return [np.zeros(shape), np.zeros(shape[1])]


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 4), st.integers(0, 2**32 - 1), st.sampled_from([brier, log_loss]))
def test_what_is_scored_is_what_the_folded_policies_do(n_classes, seed, reward):
    rng = np.random.default_rng(seed)
    problem = random_problem(rng, n_classes, reward=reward)
    positives = rng.choice(n_classes, size=rng.integers(1, n_classes), replace=False)
    fp_costs = rng.uniform(0.5, 3, n_classes)
    n_observed = problem.observations.shape[1]
    checkpoints = [
        [nothing(problem)],
        [random_policy(rng, n_observed, n_classes)],
    ]
    front = score_candidates(
        problem, [np.arange(60)], checkpoints, fp_costs=fp_costs, positives=positives
    )
    weight, one = problem.sample_weight, np.arange(60)
    for i in rng.choice(len(front["shift"]), size=6, replace=False):
        policies = candidate_policies(
            checkpoints[front["checkpoint"][i]],
            front["shrinkage"][i],
            front["shift"][i],
            positives,
        )
        actions = policy_actions(policies, problem.observations, problem.proba, 0.6)
        adjusted = problem.adjusted(actions)
        predicted = adjusted.argmax(axis=1)
        metrics = classification_metrics(
            problem.y,
            adjusted,
            classes=np.arange(n_classes),
            pos_label=positives.tolist(),
            sample_weight=weight,
        )
        wrong = weight * (predicted != problem.y)
        expected = {
            "reward": np.average(
                problem.class_weights[problem.y]
                * reward(problem.y, problem.proba, adjusted),
                weights=weight,
            ),
            "cost": (wrong * fp_costs[predicted]).sum() / weight.sum(),
            "accuracy": metrics["accuracy"],
            "false_positives": metrics["false_positives"] / weight.sum(),
            "false_negatives": metrics["false_negatives"] / weight.sum(),
            "false_positive_cost": sum(
                wrong[one[predicted == k]].sum() * fp_costs[k] for k in positives
            )
            / weight.sum(),
        }
        found = {name: front[name][i] for name in expected}
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_a_folded_policy_shrinks_and_shifts_its_steps(n_classes, seed):
    rng = np.random.default_rng(seed)
    positives = rng.choice(n_classes, size=rng.integers(1, n_classes), replace=False)
    shrinkage, shift = rng.uniform(0, 1), rng.uniform(0, 2)
    policy = random_policy(rng, 5, n_classes)
    before = [array.copy() for array in policy]
    (folded,) = candidate_policies([policy], shrinkage, shift, positives)
    observations = rng.normal(size=(20, 5))
    expected = shrinkage * selection.forward(policy, observations)
    expected[:, positives] -= shift
    np.testing.assert_allclose(selection.forward(folded, observations), expected, atol=1e-9)
    # The checkpoint itself stays as it was.
    for array, same in zip(policy, before, strict=True):
        np.testing.assert_array_equal(array, same)


def test_a_shift_is_one_of_the_log_odds():
    rng = np.random.default_rng(0)
    problem = random_problem(rng, 2, max_adjustment=1.0)
    (policy,) = candidate_policies([nothing(problem)], 1.0, 0.8, np.array([1]))
    adjusted = problem.adjusted(
        policy_actions([policy], problem.observations, problem.proba, 1.0)
    )
    moved = log_odds(adjusted[:, 1]) - log_odds(problem.proba[:, 1])
    np.testing.assert_allclose(moved, -0.8, atol=1e-9)


def log_odds(proba):
    return np.log(proba) - np.log1p(-proba)


def test_the_first_candidate_is_the_classifier():
    problem = random_problem(np.random.default_rng(0), 3)
    front = score_candidates(
        problem,
        [np.arange(30), np.arange(30, 60)],
        [[nothing(problem)] * 2],
        fp_costs=np.array([1.0, 2.0, 1.0]),
        positives=np.array([1]),
    )
    assert front["reward"][0] == front["accuracy_gain_error"][0] == 0
    is_right = problem.proba.argmax(axis=1) == problem.y
    accuracy = np.average(is_right, weights=problem.sample_weight)
    assert front["accuracy"][0] == pytest.approx(accuracy)
    # Shifts alone lower the log-odds of the class that counts: more and more.
    assert front["shift"].tolist() == list(SHIFTS)
    assert np.all(np.diff(front["false_positive_cost"]) <= 1e-12)
    assert front["false_positive_cost"][-1] < front["false_positive_cost"][0]


def test_where_all_classes_count_there_is_no_shift():
    problem = random_problem(np.random.default_rng(0), 3)
    front = score_candidates(
        problem,
        [np.arange(60)],
        [[nothing(problem)]] * 3,
        fp_costs=np.ones(3),
        positives=np.arange(3),
    )
    assert len(front["shift"]) == 1 + 2 * len(SHRINKAGES)
    assert not front["shift"].any()


def test_only_ratios_of_weights_count():
    rng = np.random.default_rng(0)
    problem = random_problem(rng, 2)
    checkpoints = [[nothing(problem)], [random_policy(rng, 5, 2)]]
    fronts = [
        score_candidates(
            replace(problem, sample_weight=factor * problem.sample_weight),
            [np.arange(60)],
            checkpoints,
            fp_costs=np.array([1.0, 2.0]),
            positives=np.array([1]),
        )
        for factor in (1.0, 1024.0)
    ]
    for name, values in fronts[0].items():
        np.testing.assert_allclose(values, fronts[1][name], err_msg=name, atol=1e-12)


def test_many_rows_are_judged_by_a_part(monkeypatch):
    monkeypatch.setattr(selection, "_MAX_JUDGED", 10)
    rng = np.random.default_rng(0)
    problem = random_problem(rng, 2)
    held_out = [np.arange(30), np.arange(30, 60)]
    kwargs = {"fp_costs": np.ones(2), "positives": np.array([1])}
    checkpoints = [[nothing(problem)] * 2]
    part = score_candidates(problem, held_out, checkpoints, **kwargs)
    # Not the first: rows are in an order.
    spread = [rows[[0, 7, 14, 21, 29]] for rows in held_out]
    expected = score_candidates(problem, spread, checkpoints, **kwargs)
    for name, values in part.items():
        np.testing.assert_array_equal(values, expected[name])


# Held-out rows


def constant_policy(factor):
    """Act the same on every row: multiply the odds of the first class by `factor`."""
    return [np.zeros((2, 2)), np.log([factor, 1.0])]


def judged_problem():
    """Rows of which policy 0 judges the first, policy 1 the last two."""
    proba = np.array([[0.4, 0.6], [0.4, 0.6], [0.6, 0.4], [0.6, 0.4]])
    y = np.array([0, 1, 1, 0])
    problem = CorrectionProblem(
        proba, proba, y, brier, np.array([3.0, 1.0]), 0.6, np.ones(4)
    )
    # Policy 0 moves everything by 0.3 towards class 0, policy 1 as far the other way.
    checkpoints = [
        [constant_policy(1.0), constant_policy(1.0)],
        [constant_policy(3.5), constant_policy(1 / 3.5)],
    ]
    return problem, [np.array([0]), np.array([2, 3])], checkpoints


def test_each_policy_is_judged_on_its_own_held_out_rows():
    problem, held_out, checkpoints = judged_problem()
    positives = np.array([1])
    front = score_candidates(
        problem, held_out, checkpoints, fp_costs=np.array([1.0, 3.0]), positives=positives
    )
    moved = np.flatnonzero(
        (front["checkpoint"] == 1) & (front["shrinkage"] == 1) & (front["shift"] == 0)
    )
    nothing, moved = ({name: front[name][i] for name in front} for i in (0, moved[0]))
    # Before: row 0 is a false positive, row 2 a false negative, row 3 is right. After:
    # row 0 is right, row 2 is right, row 3 is a false positive.
    assert nothing["accuracy"] == pytest.approx(1 / 3)
    assert moved["accuracy"] == pytest.approx(2 / 3)
    assert nothing["false_positives"] == pytest.approx(1 / 3)
    assert moved["false_positives"] == pytest.approx(1 / 3)
    assert nothing["false_negatives"] == pytest.approx(1 / 3)
    assert moved["false_negatives"] == 0
    assert moved["false_positive_cost"] == pytest.approx(3 / 3)
    # A false positive of 3 and a false negative of 1.
    assert nothing["cost"] == pytest.approx(4 / 3)
    assert nothing["reward"] == nothing["accuracy_gain_error"] == 0
    # Gains of 1, 1 and -1.
    assert moved["accuracy_gain_error"] == pytest.approx(np.sqrt(8 / 9 / 3))
    # Squared errors: 0.72 to 0.18, 0.72 to 0.18, 0.32 to 0.98; weights 3, 1, 3.
    assert moved["reward"] == pytest.approx((3 * 0.54 + 0.54 - 3 * 0.66) / 3, abs=1e-3)
    history = score_checkpoints(problem, held_out, checkpoints, positives=positives)
    assert history["reward"] == pytest.approx([0, moved["reward"]])
    assert history["accuracy"] == pytest.approx([1 / 3, 2 / 3])
    assert history["false_positives"].tolist() == [1, 1]
    assert history["false_negatives"].tolist() == [1, 0]


def test_rows_that_several_policies_are_judged_on_count_once_in_the_standard_error():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(2), size=200)
    problem = CorrectionProblem(
        proba, proba, rng.integers(2, size=200), brier, np.ones(2), 0.6, np.ones(200)
    )
    once, twice = (
        score_candidates(
            problem,
            [np.arange(200)] * n,
            [[constant_policy(1.0)] * n, [constant_policy(3.0)] * n],
            fp_costs=np.ones(2),
            positives=np.array([1]),
        )["accuracy_gain_error"]
        for n in (1, 2)
    )
    np.testing.assert_allclose(once, twice)
    assert once.max() > 0.01


def test_weights_enter_the_standard_error():
    problem, held_out, checkpoints = judged_problem()
    weight = np.array([1.0, 1.0, 2.0, 3.0])
    front = score_candidates(
        replace(problem, sample_weight=weight),
        held_out,
        checkpoints,
        fp_costs=np.ones(2),
        positives=np.array([1]),
    )
    moved = (front["checkpoint"] == 1) & (front["shrinkage"] == 1) & (front["shift"] == 0)
    # Gains of 1, 1 and -1 with weights of 1/6, 2/6 and 3/6, so 0 in the mean.
    expected = np.sqrt(1 + 4 + 9) / 6
    assert front["accuracy_gain_error"][moved] == pytest.approx(expected)


# Fitted correctors


class Fitted:
    """What selection looks at."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


def test_checkpoint_of_each_priority():
    front = {"checkpoint": np.array([0, 0, 1, 1, 2])}
    model = Fitted(front_=front, selected_={"accuracy": 0, "fp": 3, "weighted": 4})
    expected = {"accuracy": 0, "fp": 1, "weighted": 2}
    assert selected_checkpoints(model) == expected
    # Earlier releases chose among checkpoints.
    assert selected_checkpoints(Fitted(selected_=expected)) == expected


def test_a_group_counts_as_one_in_the_standard_error():
    rng = np.random.default_rng(0)
    few = random_problem(rng, 2)
    many = few.take(np.repeat(np.arange(60), 5))
    policies = [[rng.normal(size=(few.observations.shape[1], 2)), np.zeros(2)]]
    checkpoints = [[nothing(few)], policies]
    options = {"fp_costs": np.ones(2), "positives": np.array([1])}

    def errors(problem):
        front = score_candidates(problem, [np.arange(len(problem))], checkpoints, **options)
        return front["accuracy_gain_error"]

    expected = errors(few)
    assert expected.max() > 0
    grouped = replace(many, row_groups=np.repeat(np.arange(60), 5))
    np.testing.assert_allclose(errors(grouped), expected)
    np.testing.assert_allclose(errors(many), expected / np.sqrt(5))

"""Selection: each priority takes what it promises, and nothing if nothing is better."""

import numpy as np
import pytest

from sklearn_rlcorrect._problem import CorrectionProblem
from sklearn_rlcorrect._selection import PRIORITIES, best_checkpoint, score_checkpoints
from sklearn_rlcorrect.rewards import brier


def score(accuracy, false_positive_cost, reward, accuracy_gain_error=0.0):
    return {
        "accuracy": accuracy,
        "accuracy_gain_error": accuracy_gain_error,
        "false_positive_cost": false_positive_cost,
        "reward": reward,
    }


BASE = score(0.80, 10, 0.0)


def test_each_priority_takes_its_own():
    scores = [BASE, score(0.85, 8, 0.1), score(0.80, 5, 0.05), score(0.82, 9, 0.2)]
    chosen = {name: best_checkpoint(scores, name) for name in PRIORITIES}
    assert chosen == {"accuracy": 1, "fp": 2, "weighted": 3}


@pytest.mark.parametrize("priority", PRIORITIES)
def test_doing_nothing_wins_where_nothing_is_better(priority):
    assert best_checkpoint([BASE, score(0.79, 12, -0.1), BASE], priority) == 0


def test_fp_never_pays_with_accuracy():
    assert best_checkpoint([BASE, score(0.7999, 0, 0.5)], "fp") == 0


def test_fp_keeps_accuracy_by_a_standard_error():
    gain = [BASE, score(0.81, 5, 0.5, accuracy_gain_error=0.011)]
    assert best_checkpoint(gain, "fp") == 0
    assert (
        best_checkpoint([*gain, score(0.81, 6, 0.5, accuracy_gain_error=0.009)], "fp") == 2
    )


def test_rounding_of_weights_does_not_decide():
    scores = [score(0.3, 10, 0.0), score(0.1 + 0.2 - 1e-15, 5, 0.1)]
    assert best_checkpoint(scores, "fp") == best_checkpoint(scores, "accuracy") == 1


def test_fp_is_broken_by_the_reward():
    scores = [BASE, score(0.8, 5, 0.1), score(0.9, 5, 0.2)]
    assert best_checkpoint(scores, "fp") == 2


def constant_policy(factor):
    """Act the same on every row: multiply the odds of the first class by `factor`."""
    return [np.zeros((2, 2)), np.log([factor, 1.0])]


def test_each_policy_is_judged_on_its_own_held_out_rows():
    # Policy 0 moves everything by 0.3 towards class 0, policy 1 as far the other way.
    proba = np.array([[0.4, 0.6], [0.4, 0.6], [0.6, 0.4], [0.6, 0.4]])
    y = np.array([0, 1, 1, 0])
    problem = CorrectionProblem(
        proba, proba, y, brier, np.array([3.0, 1.0]), 0.6, np.ones(4)
    )
    held_out = [np.array([0]), np.array([2, 3])]
    nothing, moved = score_checkpoints(
        problem,
        held_out,
        [
            [constant_policy(1.0), constant_policy(1.0)],
            [constant_policy(3.5), constant_policy(1 / 3.5)],
        ],
        fp_costs=np.array([1.0, 3.0]),
        counted=np.array([1]),
    )
    # Before: row 0 is a false positive, row 2 a false negative, row 3 is right. After:
    # row 0 is right, row 2 is right, row 3 is a false positive.
    assert nothing["accuracy"] == pytest.approx(1 / 3)
    assert moved["accuracy"] == pytest.approx(2 / 3)
    assert nothing["false_positives"] == moved["false_positives"] == 1
    assert moved["false_positive_cost"] == pytest.approx(3 / 3)
    # Squared errors: 0.72 to 0.18, 0.72 to 0.18, 0.32 to 0.98; weights 3, 1, 3.
    assert nothing["reward"] == nothing["accuracy_gain_error"] == 0
    # Gains of 1, 1 and -1.
    assert moved["accuracy_gain_error"] == pytest.approx(np.sqrt(8 / 9 / 3))
    assert moved["reward"] == pytest.approx((3 * 0.54 + 0.54 - 3 * 0.66) / 3, abs=1e-3)


def test_rows_that_several_policies_are_judged_on_count_once_in_the_standard_error():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(2), size=200)
    problem = CorrectionProblem(
        proba, proba, rng.integers(2, size=200), brier, np.ones(2), 0.6, np.ones(200)
    )
    once, twice = (
        score_checkpoints(
            problem,
            [np.arange(200)] * n,
            [[constant_policy(3.0)] * n],
            fp_costs=np.ones(2),
            counted=np.array([1]),
        )[0]["accuracy_gain_error"]
        for n in (1, 2)
    )
    assert once == pytest.approx(twice)
    assert once > 0

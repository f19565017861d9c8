"""Selection: each priority takes what it promises, and nothing if nothing is better."""

import pytest

from sklearn_rlcorrect._selection import PRIORITIES, best_checkpoint


def score(accuracy, false_positive_cost, reward):
    return {
        "accuracy": accuracy,
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


def test_fp_is_broken_by_the_reward():
    scores = [BASE, score(0.8, 5, 0.1), score(0.9, 5, 0.2)]
    assert best_checkpoint(scores, "fp") == 2

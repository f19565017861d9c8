"""Lines on what priorities do, and the commands that are suggested after a training."""

from copy import copy

import numpy as np
import pytest

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.parser import parse
from sklearn_rlcorrect.cli.report import active_priorities, print_idle, print_priorities
from sklearn_rlcorrect.cli.train import _other_priority
from sklearn_rlcorrect.evaluation import evaluate_correction, evaluate_priorities


def favours_the_negative(y, proba, adjusted):
    return (adjusted[:, 1] < 0.5).astype(float)


@pytest.fixture(scope="module")
def one_of_three():
    """A corrector of which one priority alone, which is not in use, corrects; its rows."""
    y = np.tile([0, 1], 60)
    X = np.where(y == 1, 0.8, 0.2)[:, np.newaxis]
    params = QUICK | {"features": None, "reward": favours_the_negative, "priority": "fp"}
    model = RLCalibratedClassifier(PrecomputedProbaClassifier([0]), **params)
    return model.fit(X, y), X, y


def test_each_priority_is_scored_and_none_is_set(one_of_three):
    model, X, y = one_of_three
    scores = evaluate_priorities(model, X, y)
    assert model.priority == "fp"
    for priority, of_priority in scores.items():
        variant = copy(model).set_params(priority=priority)
        assert of_priority == evaluate_correction(variant, X, y)


def test_a_line_for_each_priority(one_of_three, capsys):
    model, X, y = one_of_three
    print_priorities(model, evaluate_priorities(model, X, y))
    *_, accuracy, fp, weighted = capsys.readouterr().out.splitlines()
    nothing = "nothing: no policy beat the classifier on the validation rows"
    assert accuracy.split(maxsplit=1) == ["accuracy", nothing]
    assert fp == f"  fp (in use)       {nothing}"
    assert weighted.endswith(
        "recall 1.000 to 0.000, cost 0.0 to 60.0; 60 decisions changed"
    )


def test_what_is_suggested_does_something(one_of_three, capsys):
    model = one_of_three[0]
    for priority, other in [("fp", "weighted"), ("weighted", None)]:
        assert _other_priority(copy(model).set_params(priority=priority)) == other
    idle = copy(model)
    idle.selected_ = dict.fromkeys(model.selected_, 0)
    assert _other_priority(idle) is None
    args = parse(["train", "--no-mlflow", "--data", "a", "--target", "y"])
    print_next(args, priority="weighted")
    assert "evaluate --no-mlflow --model-priority weighted" in capsys.readouterr().out


def test_what_changes_nothing_is_said(one_of_three, capsys):
    model = copy(one_of_three[0])
    print_idle(model)
    assert capsys.readouterr().out == (
        "The model leaves all rows as they are: no policy beat the classifier on the "
        "validation rows. --model-priority weighted corrects.\n"
    )
    model.set_params(priority="weighted")
    print_idle(model)
    assert capsys.readouterr().out == ""
    limits = {"max_accuracy_drop": 0.1, "max_fpr": None, "min_recall": None}
    unproven = {"shrinkage": 0.0, "threshold": None, "confidence": 0.95, "proven": False}
    model.guard_report_ = {"weighted": unproven | limits}
    print_idle(model)
    assert (
        "no correction is proven to keep max_accuracy_drop=0.1" in capsys.readouterr().out
    )
    # A threshold of a limit decides otherwise than the classifier.
    model.guard_report_ = {"fp": unproven | limits | {"threshold": 0.7}}
    assert active_priorities(model.set_params(priority="fp")) == ["fp", "weighted"]
    model.update_history_ = {"base_decides": np.array([True])}
    print_idle(model)
    assert "it did worse than the classifier on the newest" in capsys.readouterr().out

"""The sentences of cards, reports and commands: which of three to use, and the price."""

import copy

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect._statements import caveats, effect, meaning, purpose, verdict

LEAVE, USE_THAT, SIMPLER = "leave it as it is", "use that instead", "is simpler"


@pytest.fixture(scope="module")
def fitted(cancer):
    X, _, y, _ = cancer
    return RLCalibratedClassifier(GaussianNB(), fp_weight=3, **QUICK).fit(X, y)


@pytest.fixture
def model(fitted):
    model = copy.deepcopy(fitted)
    model.base_threshold_ = 0.7
    return model


def scores_of(before, alone, after):
    costs = {"before": before, "threshold_alone": alone, "after": after}
    return {name: {"cost": cost} for name, cost in costs.items()}


def said(model, costs, half):
    """The verdict on costs of the three, where the interval is that wide on each side."""
    value = costs[1] - costs[2]
    saving = {"value": value, "lower": value - half, "upper": value + half}
    return verdict(model, scores_of(*costs), saving)


def test_what_is_saved_beyond_the_threshold(model):
    assert said(model, (9.0, 8.0, 3.0), 2.0) == (
        "Beyond the classifier with threshold 0.700, the correction saves 5.0 of the cost "
        "(95 % interval 3.0 to 7.0)."
    )


def test_a_threshold_that_is_better(model):
    assert said(model, (9.0, 3.0, 8.0), 2.0) == (
        "The correction costs 5.0 more than the classifier with threshold 0.700 (95 % "
        "interval -7.0 to -3.0 saved): **use that instead.**"
    )


@pytest.mark.parametrize(
    ("alone", "after", "change"),
    [(5.0, 4.0, "it saves 1.0 of the cost"), (4.0, 5.0, "it costs 1.0 more")],
)
def test_what_is_not_decided(model, alone, after, change):
    text = said(model, (9.0, alone, after), 1.5)
    assert text.startswith("Whether the correction is better than the classifier with")
    assert f"is not decided: {change} (95 % interval " in text
    assert text.endswith(f" saved). The threshold alone {SIMPLER}.")


@pytest.mark.parametrize("half", [0.5, 50.0])
@pytest.mark.parametrize("costs", [(4.0, 5.0, 6.0), (4.0, 6.0, 5.0), (4.0, 4.0, 4.0)])
def test_nothing_is_better_than_the_classifier_as_it_is(model, costs, half):
    text = said(model, costs, half)
    assert text.startswith("On these rows nothing costs less than the classifier as it is ")
    assert f"({costs[0]}; threshold alone {costs[1]}, correction {costs[2]}; what " in text
    assert text.endswith(f"**{LEAVE}.**")


@pytest.mark.parametrize("half", [1.0, 50.0])
def test_a_threshold_that_makes_it_worse_is_no_rival(model, half):
    text = said(model, (5.0, 9.0, 4.0), half)
    assert text.endswith(". It saves 1.0 beyond the classifier as it is.")
    assert SIMPLER not in text


@pytest.mark.parametrize(
    ("costs", "advice"),
    [((4.0, 5.0, 6.0), LEAVE), ((9.0, 3.0, 8.0), USE_THAT), ((9.0, 5.0, 4.0), SIMPLER)],
)
def test_no_advice_against_what_is_proven(model, costs, advice):
    assert advice in said(model, costs, 1.5)
    report = {"proven": True, "shrinkage": 1.0, "threshold": 0.6, "positive": 1}
    model.guard_report_ = {model.priority: report}
    text = said(model, costs, 1.5)
    assert advice not in text
    assert text.endswith(", but no limit is proven of that.")
    model.guard_report_ = {model.priority: report | {"stale": True}}
    assert advice in said(model, costs, 1.5)


def test_thresholds_have_names(model):
    model.base_threshold_ = 1.0
    text = said(model, (9.0, 5.0, 8.0), 1.0)
    assert "with threshold 1.000, which predicts no row as positive" in text
    model.base_threshold_ = 0.5
    text = said(model, (9.0, 9.0, 8.0), 2.0)
    assert text.startswith("Whether the correction is better than the classifier as it is")
    assert text.endswith("The classifier alone is simpler.")


def all_scores(**after):
    before = {"cost": 20.0, "false_positives": 5.0, "accuracy": 0.8, "recall": 0.7}
    before |= {"changed": 0.0, "brier": 0.1}
    return {"before": before, "after": before | after}


@pytest.mark.parametrize(
    ("after", "price"),
    [
        ({}, "none of cost, false positives, accuracy and recall is worse"),
        (
            {"cost": 10.0, "recall": 0.6},
            "The price of a lower cost, on 99 rows: recall falls from 0.7 to 0.6.",
        ),
        (
            {"recall": 0.6},
            "At the same cost, on 99 rows: recall falls from 0.7 to 0.6.",
        ),
        (
            {"cost": 21.0, "false_positives": 6.0},
            "**It costs more than the classifier alone**, on 99 rows: cost rises "
            "from 20 to 21; false positives rise from 5 to 6.",
        ),
    ],
)
def test_the_price(model, after, price):
    assert price in caveats(model, all_scores(**after), 99)[0]


def test_the_effect_tells_of_the_threshold_alone(model):
    scores = all_scores(cost=10.0, changed=4.0)
    assert effect(scores, 99) == (
        "On 99 rows, the correction changes 4 of the decisions: cost falls from "
        "20 to 10, false positives stay at 5, accuracy stays at 0.8, and recall stays at "
        "0.7."
    )
    scores["threshold_alone"] = scores["after"] | {"cost": 12.34567}
    assert effect(scores, 99).endswith(
        " With the threshold alone, cost is 12.3457, false positives 5, accuracy 0.8, and "
        "recall 0.7."
    )


def test_the_bound_is_what_the_guard_left_of_it(model):
    assert "No probability is moved by more than 0.8." in purpose(model)
    assert "A false positive costs 3, a false negative 1;" in purpose(model)
    report = {"proven": True, "shrinkage": 0.5, "threshold": None, "positive": 1}
    model.guard_report_ = {model.priority: report}
    assert "No probability is moved by more than 0.4." in purpose(model)


def test_mistakes_of_several_classes():
    X, y = load_wine(return_X_y=True)
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=2, **QUICK)
    with pytest.warns(UserWarning, match="has no effect with 3 classes"):
        model.fit(X, y)
    assert "All mistakes cost alike;" in purpose(model)
    assert "estimate probabilities" in meaning(model, all_scores())
    model.set_params(fp_weight={0: 2.0})
    assert "A false positive costs what its class does: {0: 2.0};" in purpose(model)
    assert "not calibrated probabilities" in meaning(model, all_scores())
    assert np.isfinite(model.predict_proba(X)).all()

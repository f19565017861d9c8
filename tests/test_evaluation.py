"""Before and after, against counts made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.evaluation import (
    evaluate_correction,
    paired_interval,
    saving_interval,
)

X = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9]])
Y = np.array(["ham", "ham", "ham", "spam", "spam"])


def corrector(**params):
    """Move 0.4 from "spam" to "ham" wherever it is."""
    given = FrozenEstimator(PrecomputedProbaClassifier([0, 1]).fit(X, Y))
    model = RLCalibratedClassifier(given, total_timesteps=20, features=None, **params)
    model.fit(np.tile(X, (10, 1)), np.tile(Y, 10))
    n_observed = model.policies_["weighted"][0][0].shape[0]
    policy = [np.zeros((n_observed, 2)), np.array([99.0, -99.0])]
    model.policies_["weighted"] = [policy]
    model.max_adjustment_ = 0.25
    return model


def test_counts():
    scores = evaluate_correction(corrector(fp_weight=3), X, Y)
    before, after = scores["before"], scores["after"]
    assert (before["false_positives"], before["false_negatives"]) == (2, 1)
    assert (before["cost"], before["changed"]) == (2 * 3 + 1, 0)
    # Only 0.7 comes down below 0.5: one false positive is left, and no more is missed.
    assert (after["false_positives"], after["false_negatives"]) == (1, 1)
    assert (after["cost"], after["changed"]) == (3 + 1, 1)


@pytest.mark.parametrize(
    ("params", "cost"),
    [
        ({"fp_weight": 3, "pos_label": "ham"}, 2 + 3),
        ({"fp_weight": {"ham": 5.0, "spam": 7.0}}, 2 * 7 + 5),
    ],
)
def test_costs_follow_the_positive_label(params, cost):
    before = evaluate_correction(corrector(**params), X, Y)["before"]
    assert before["cost"] == cost
    # Of "ham" alone there is one false positive; a dict of both counts all three.
    assert before["false_positives"] == (1 if "pos_label" in params else 3)


def test_unknown_label():
    with pytest.raises(ValueError, match="y holds 'eggs', which the classifier does not"):
        evaluate_correction(corrector(), X, np.where(Y == "ham", "eggs", Y))


def test_classes_need_not_be_sorted():
    proba = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])
    fitted = SimpleNamespace(
        classes_=np.array(["spam", "ham"]),
        fp_weight=3.0,
        pos_label="spam",
        priority="weighted",
        base_threshold_=0.1,
        predict_before_after=lambda X: (proba, proba[:, ::-1]),
    )
    scores = evaluate_correction(fitted, None, np.array(["spam", "ham", "spam"]))
    before, after = scores["before"], scores["after"]
    assert (before["accuracy"], before["cost"]) == (2 / 3, 1)
    assert (after["accuracy"], after["cost"]) == (1 / 3, 3 + 1)
    alone = scores["threshold_alone"]
    # All are flagged as spam: one false positive.
    assert (alone["accuracy"], alone["cost"], alone["brier"]) == (2 / 3, 3, before["brier"])
    assert (alone["fixed"], alone["broken"]) == (1, 1)


def test_the_third_column_is_the_classifier_with_its_threshold():
    model = corrector(fp_weight=3)
    scores = evaluate_correction(model, X, Y)
    # On rows like these: 0.9 is flagged, and 0.8 with it costs more.
    assert model.base_threshold_ == pytest.approx(0.85)
    alone = scores["threshold_alone"]
    assert (alone["false_positives"], alone["false_negatives"]) == (0, 1)
    assert (alone["cost"], alone["changed"]) == (1, 2)
    assert (alone["fixed"], alone["broken"]) == (2, 0)
    saving = saving_interval(model, X, Y)
    assert saving["value"] == alone["cost"] - scores["after"]["cost"]


def test_false_positives_at_the_recall_of_the_classifier():
    before = evaluate_correction(corrector(), X, Y)["before"]
    # Of both spams 0.9 is found, and nothing but spam is as probable.
    assert (before["recall"], before["false_positives_at_recall"]) == (0.5, 0)


def test_there_is_no_threshold_where_all_classes_are_positive():
    model = corrector(fp_weight={"ham": 5.0, "spam": 7.0})
    scores = evaluate_correction(model, X, Y)
    assert list(scores) == ["before", "after"]
    assert "false_positives_at_recall" not in scores["before"]
    assert saving_interval(model, X, Y) is None


@pytest.mark.parametrize("share", [0.001, 0.01, 0.2])
def test_intervals_hold_the_mean_as_often_as_they_say(share):
    rng = np.random.default_rng(0)
    n_samples, hits = 1_000, []
    for _ in range(1_000):
        # Saved 3, lost 1, or neither.
        saved, lost = rng.multinomial(n_samples, [share, share / 2, 1 - 1.5 * share])[:2]
        difference = np.repeat([3.0, -1.0, 0.0], [saved, lost, n_samples - saved - lost])
        interval = paired_interval(difference, largest=3.0)
        truth = n_samples * (3 * share - share / 2)
        hits.append(interval["lower"] < truth < interval["upper"])
    assert 0.935 <= np.mean(hits) <= 1
    assert share < 0.01 or np.mean(hits) < 0.99

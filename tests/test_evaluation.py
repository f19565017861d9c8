"""Before and after, against counts made by hand."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.evaluation import (
    evaluate_correction,
    evaluate_priorities,
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


SCORING = (evaluate_correction, evaluate_priorities, saving_interval)


@pytest.mark.parametrize("score", SCORING)
@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (X, np.where(Y == "ham", "eggs", Y), r"y holds \['eggs'\], which the fitted est"),
        (X, np.array([1, *Y[1:]], dtype=object), r"y holds \[1\], which the fitted est"),
        (X, Y[:1], r"inconsistent numbers of samples: \[5, 1\]"),
        (X, Y[0], "y must hold one label per row of X"),
        (X, None, "y must hold one label per row of X"),
        (Y, X, "y must hold one label per row of X: .* shape "),
        (X, sparse.csr_array(X), "y must hold one label per row of X: Sparse"),
        (X[:0], Y[:0], "X has no rows"),
    ],
    ids=["eggs", "number", "one", "text", "none", "swapped", "sparse", "empty"],
)
def test_labels_that_cannot_be_scored(score, X, y, message):
    with pytest.raises(ValueError, match=message):
        score(corrector(), X, y)


@pytest.mark.parametrize("score", SCORING)
def test_a_column_of_labels_is_one_label_per_row(score):
    model = corrector(fp_weight=3)
    assert score(model, X, Y.reshape(-1, 1)) == score(model, X, Y)


@pytest.mark.parametrize("score", SCORING)
def test_only_fitted_correctors_are_scored(score):
    with pytest.raises(ValueError, match="estimator holds a GaussianNB, not an RLCal"):
        score(GaussianNB().fit(X, Y), X, Y)
    with pytest.raises(ValueError, match="an RLCalibratedClassifier that is not fitted"):
        score(RLCalibratedClassifier(), X, Y)


@pytest.mark.parametrize("score", SCORING)
def test_a_weight_is_a_repetition(score):
    model, weight = corrector(fp_weight=3), np.array([2, 0, 3, 1, 2])
    found = score(model, X, Y, sample_weight=weight)
    repeated = score(model, np.repeat(X, weight, axis=0), np.repeat(Y, weight))
    if score is saving_interval:  # a heavy row is one row: the interval differs
        assert found["value"] == repeated["value"]
        assert found["upper"] > repeated["upper"]
    elif score is evaluate_correction:
        for variant in found:
            assert found[variant] == pytest.approx(repeated[variant])
    else:
        for priority in found:
            assert found[priority]["after"] == pytest.approx(repeated[priority]["after"])


@pytest.mark.parametrize("score", SCORING)
def test_weights_that_cannot_be_used(score):
    for weight, message in [
        ([1, 2], "must hold one weight for each of the 5 rows"),
        ([1, 1, 1, 1, -1], "weights must be zero or more"),
        (np.zeros(5), "at least one weight must be non-zero"),
    ]:
        with pytest.raises(ValueError, match=message):
            score(corrector(), X, Y, sample_weight=weight)


def with_probabilities(before, after, classes, **params):
    """Corrector that predicts what it is told to."""
    model = RLCalibratedClassifier(**params)
    model.classes_, model.policies_, model.base_threshold_ = np.array(classes), {}, None
    model.predict_before_after = lambda X: (np.array(before), np.array(after))
    return model


def test_classes_need_not_be_sorted():
    proba = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])
    classes, costs = ["spam", "ham"], {"fp_weight": 3.0, "pos_label": "spam"}
    model = with_probabilities(proba, proba[:, ::-1], classes, **costs)
    model.base_threshold_ = 0.1
    scores = evaluate_correction(model, proba, np.array(["spam", "ham", "spam"]))
    before, after = scores["before"], scores["after"]
    assert (before["accuracy"], before["cost"]) == (2 / 3, 1)
    assert (after["accuracy"], after["cost"]) == (1 / 3, 3 + 1)
    alone = scores["threshold_alone"]
    # All are flagged as spam: one false positive.
    assert (alone["accuracy"], alone["cost"], alone["brier"]) == (2 / 3, 3, before["brier"])
    assert (alone["fixed"], alone["broken"]) == (1, 1)


def test_another_mistake_than_before_is_neither_fixed_nor_broken():
    before, after = np.eye(3)[[0, 0, 1, 2]], np.eye(3)[[1, 2, 1, 0]]
    model = with_probabilities(before, after, ["a", "b", "c"])
    scores = evaluate_correction(model, before, np.array(["c", "c", "b", "c"]))["after"]
    assert (scores["changed"], scores["fixed"], scores["broken"]) == (3, 1, 1)


def of_positive(score):
    return np.column_stack([1 - np.array(score), score])


# Of the positives 0.9 and 0.6 are found, which takes the negatives from 0.6 on.
RANKED = [0.95, 0.9, 0.7, 0.6, 0.6, 0.55, 0.4, 0.2]
IS_SPAM = np.array([0, 1, 0, 1, 0, 0, 1, 0], dtype=bool)


@pytest.mark.parametrize("weight", [None, np.full(8, 0.1)])
def test_false_positives_at_a_recall_below_one(weight):
    after = of_positive([0.4, 0.9, *[0.1] * 6])
    model = with_probabilities(of_positive(RANKED), after, ["ham", "spam"])
    y = np.where(IS_SPAM, "spam", "ham")
    scores = evaluate_correction(model, after, y, sample_weight=weight)
    unit = 1 if weight is None else 0.1
    found = scores["before"]["false_positives_at_recall"]
    assert found == pytest.approx(3 * unit)
    # The recall is that of the classifier, not that of the correction itself, which finds
    # 0.9 alone, without a false positive.
    assert scores["after"]["false_positives"] == 0
    found = scores["after"]["false_positives_at_recall"]
    assert found == pytest.approx(5 * unit)


def test_sums_of_weights_are_equal_in_any_order():
    score = of_positive([0.6, 0.7, 0.8, 0.5, 0.4])
    model = with_probabilities(score, score, ["ham", "spam"])
    y, weight = np.array(["spam"] * 3 + ["ham", "spam"]), [0.1, 0.2, 0.3, 1, 1]
    assert 0.1 + 0.2 + 0.3 > 0.3 + 0.2 + 0.1
    before = evaluate_correction(model, score, y, sample_weight=weight)["before"]
    assert before["false_positives_at_recall"] == 0


def test_nothing_found_takes_no_false_positive():
    score = of_positive([0.9, 0.8, 0.4, 0.3])
    model = with_probabilities(score, score, ["ham", "spam"])
    y = np.array(["ham", "ham", "spam", "spam"])
    before = evaluate_correction(model, score, y)["before"]
    assert (before["recall"], before["false_positives_at_recall"]) == (0, 0)


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
    # Per row: only 0.8 is flagged by one of both, where that costs 3.
    difference = np.array([0, 0, -3, 0, 0])
    half = 1.96 * np.sqrt(np.sum((difference - difference.mean()) ** 2) + 2 * 3**2)
    assert saving["upper"] - saving["value"] == pytest.approx(half)


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


def test_what_is_saved_on_every_row_varies_with_the_two_added_rows_alone():
    interval = paired_interval(np.full(1_000, 2.0), largest=3.0)
    assert interval["value"] == 2_000
    assert interval["upper"] - 2_000 == pytest.approx(1.96 * np.sqrt(2 * 3**2))


@pytest.mark.parametrize("sizes", [(20, 20), (1, 40)])
@pytest.mark.parametrize("share", [0.03, 0.2])
def test_intervals_of_groups_hold_the_mean_as_often_as_they_say(sizes, share):
    rng = np.random.default_rng(0)
    n_groups, hits, hits_of_rows = 100, [], []
    for _ in range(1_000):
        size = rng.integers(sizes[0], sizes[1] + 1, n_groups)
        # Rows of a group are all saved, all lost, or neither.
        of_group = rng.choice([3.0, -1.0, 0.0], n_groups, p=[share, share, 1 - 2 * share])
        difference, groups = np.repeat(of_group, size), np.repeat(np.arange(n_groups), size)
        truth = len(difference) * 2 * share
        for found, given in [(hits, groups), (hits_of_rows, None)]:
            interval = paired_interval(difference, 3.0, given)
            found.append(interval["lower"] < truth < interval["upper"])
    assert 0.935 <= np.mean(hits) <= 1
    assert share < 0.1 or np.mean(hits) < 0.995
    assert np.mean(hits_of_rows) < 0.6


def test_rows_that_are_alike_count_as_one_row():
    difference = np.random.default_rng(0).choice([3.0, -1.0, 0.0], 50)
    once = paired_interval(difference, 3.0)
    groups = np.repeat([f"p{k}" for k in range(50)], 4)
    grouped = paired_interval(np.repeat(difference, 4), 3.0, groups)
    assert grouped == pytest.approx({name: 4 * value for name, value in once.items()})
    alone = paired_interval(difference, 3.0, groups=np.arange(50)[::-1])
    assert alone == pytest.approx(once)


def test_groups_of_saving():
    model, groups = corrector(fp_weight=3), ["a", "b", "b", "b", "a"]
    grouped = saving_interval(model, X, Y, groups=groups)
    # The sums are 0 and -3, and three rows may save 3 each.
    half = 1.96 * np.sqrt(2 * 1.5**2 + 2 * 9**2)
    assert grouped["value"] == saving_interval(model, X, Y)["value"] == -3
    assert grouped["upper"] - grouped["value"] == pytest.approx(half)
    weighted = saving_interval(model, X, Y, groups=groups, sample_weight=[4, 1, 1, 1, 0.5])
    half = 1.96 * np.sqrt(2 * 1.5**2 + 2 * (3 * 4.5) ** 2)
    assert weighted["upper"] - weighted["value"] == pytest.approx(half)


def test_intervals_that_there_are_not():
    with pytest.raises(ValueError, match="difference holds no row"):
        paired_interval(np.array([]), 1.0)
    for groups, message in [
        ([1, 2], "groups has 2 entries for 5 rows"),
        (["a"] * 5, "groups holds one group only"),
        ([1, 2, 3, np.nan, 1], "groups contains NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            saving_interval(corrector(), X, Y, groups=groups)

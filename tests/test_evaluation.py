"""Before and after, against counts made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.evaluation import (
    compare_fp_weights,
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
    with pytest.raises(ValueError, match="y holds 1, which the classifier does not"):
        evaluate_correction(corrector(), X, np.array([1, *Y[1:]], dtype=object))


@pytest.mark.parametrize("function", [evaluate_correction, saving_interval])
def test_rows_and_labels_in_the_wrong_order(function):
    table = np.array([["a", 1.5], ["b", None]], dtype=object)
    for rows in (X, table, X[0, 0], Y[:, np.newaxis]):
        with pytest.raises(ValueError, match=r"y must hold one label per row.* X comes"):
            function(corrector(), Y, rows)


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


class CountedNB(GaussianNB):
    """Counts the fits of all copies."""

    n_fits = 0

    def fit(self, X, y, sample_weight=None):
        CountedNB.n_fits += 1
        return super().fit(X, y, sample_weight)


COMPARED = {
    "plain": {},
    "limit": {"max_accuracy_drop": 0.1},
    "scores": {"estimator": LinearSVC()},
    "frozen": {"estimator": FrozenEstimator(GaussianNB().fit(X[:, :1], Y))},
    "random state": {"random_state": np.random.RandomState(3)},
    "memory": {"memory_size": 100, "features": None},
}


@pytest.mark.parametrize("kind", COMPARED)
def test_each_compared_corrector_is_what_its_own_fit_makes(cancer, kind):
    X, X_test, y, y_test = cancer
    params = {"estimator": GaussianNB()} | QUICK | COMPARED[kind]
    if kind == "frozen":
        X, X_test = X[:, :1], X_test[:, :1]
        y, y_test = np.where(y, "ham", "spam"), np.where(y_test, "ham", "spam")
    model = RLCalibratedClassifier(**params)
    correctors, table = compare_fp_weights(model, X, y, X_test, y_test, [0.5, 3])
    assert list(correctors) == [row["fp_weight"] for row in table] == [0.5, 3]
    for weight, row in zip(correctors, table, strict=True):
        alone = clone(model).set_params(fp_weight=weight).fit(X, y)
        for of_alone, of_compared in zip(
            alone.predict_before_after(X_test),
            correctors[weight].predict_before_after(X_test),
            strict=True,
        ):
            np.testing.assert_array_equal(of_alone, of_compared)
        assert alone.guard_report_.keys() == correctors[weight].guard_report_.keys()
        scores = evaluate_correction(alone, X_test, y_test)
        saving = saving_interval(alone, X_test, y_test)
        for variant in scores:
            for name in ("false_positives", "recall", "accuracy", "cost"):
                assert row[f"{variant}_{name}"] == scores[variant][name]
        assert [row["saving"], row["saving_lower"], row["saving_upper"]] == [
            saving[name] for name in ("value", "lower", "upper")
        ]
    assert not hasattr(model, "classes_")


def test_the_classifier_of_compared_correctors_is_fitted_once(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(CountedNB(), cv=3, **QUICK)
    CountedNB.n_fits = 0
    correctors, _ = compare_fp_weights(model, X, y, X_test, y_test, [1, 2, 4])
    assert CountedNB.n_fits == 3 + 1
    assert len({id(corrector.estimator_) for corrector in correctors.values()}) == 1


def test_compared_correctors_without_a_seed_hold_out_the_same_rows(cancer):
    X, X_test, y, y_test = cancer
    params = QUICK | {"random_state": None, "max_accuracy_drop": 0.1}
    model = RLCalibratedClassifier(GaussianNB(), **params)
    first, _ = compare_fp_weights(model, X, y, X_test, y_test, [1, 2])
    assert first[1].random_state == first[2].random_state is not None
    second, _ = compare_fp_weights(model, X, y, X_test, y_test, [1])
    assert second[1].random_state != first[1].random_state


def test_metadata_of_compared_correctors(cancer):
    X, X_test, y, y_test = cancer
    with config_context(enable_metadata_routing=True):
        base = GaussianNB().set_fit_request(sample_weight=True)
        model = RLCalibratedClassifier(base, cv=GroupKFold(3), **QUICK)
        given = {"sample_weight": np.arange(len(y)) % 3, "groups": np.arange(len(y)) // 4}
        correctors, _ = compare_fp_weights(model, X, y, X_test, y_test, [1, 2], **given)
        alone = clone(model).set_params(fp_weight=2).fit(X, y, **given)
    expected = alone.predict_proba(X_test)
    np.testing.assert_array_equal(correctors[2].predict_proba(X_test), expected)


@pytest.mark.parametrize(
    ("params", "fp_weights", "error", "message"),
    [
        ({}, 2, TypeError, "fp_weights=2 must be a list of numbers"),
        ({}, [{"spam": 2.0}], TypeError, "must be a list of numbers"),
        ({}, "12", TypeError, "fp_weight='1' must be a number"),
        ({}, [], ValueError, "must hold one number or more, each of them once"),
        (
            {},
            [1, 2, 1.0],
            ValueError,
            r"fp_weights=\[1, 2, 1.0\] must hold .* of them once",
        ),
        ({}, [1, 0], ValueError, "fp_weight"),
        ({"pos_label": "eggs"}, [1], ValueError, "pos_label names the class 'eggs'"),
    ],
)
def test_costs_that_cannot_be_compared(params, fp_weights, error, message):
    model = RLCalibratedClassifier(CountedNB(), **params)
    CountedNB.n_fits = 0
    with pytest.raises(error, match=message):
        compare_fp_weights(model, X, Y, X, Y, fp_weights)
    assert CountedNB.n_fits == 0


def test_rows_that_cannot_be_compared(wine):
    with pytest.raises(TypeError, match="must be an RLCalibratedClassifier"):
        compare_fp_weights(GaussianNB(), X, Y, X, Y, [1])
    model = RLCalibratedClassifier(CountedNB())
    CountedNB.n_fits = 0
    with pytest.raises(ValueError, match=r"no effect with 3 classes, .* set pos_label"):
        compare_fp_weights(model, *wine[::2], *wine[1::2], [1, 2])
    with pytest.raises(ValueError, match="y_test holds 'eggs', which is not among"):
        compare_fp_weights(model, X, Y, X, np.where(Y == "ham", "eggs", Y), [1])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        compare_fp_weights(model, X, Y, X, Y[:3], [1])
    assert CountedNB.n_fits == 0


def test_one_class_of_several_is_compared(wine):
    X, X_test, y, y_test = wine
    model = RLCalibratedClassifier(GaussianNB(), pos_label=1, **QUICK)
    _, (row,) = compare_fp_weights(model, X, y, X_test, y_test, [2])
    wrong = GaussianNB().fit(X, y).predict(X_test)
    assert row["before_false_positives"] == np.sum((wrong == 1) & (y_test != 1))

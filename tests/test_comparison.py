"""Correctors of several costs, against what their own fits make."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.comparison import compare_fp_weights
from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval

X = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9]])
Y = np.array(["ham", "ham", "ham", "spam", "spam"])


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
        y, y_test = np.where(y, "spam", "ham"), np.where(y_test, "spam", "ham")
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


class Shared(CountedNB):
    """Takes metadata to predict, and needs it."""

    def predict_proba(self, X, share=None):
        return 0.5 + np.reshape(share, (-1, 1)) * (super().predict_proba(X) - 0.5)


def test_metadata_for_predictions_of_compared_correctors(cancer):
    X, X_test, y, y_test = cancer
    with config_context(enable_metadata_routing=True):
        base = Shared().set_predict_proba_request(share=True)
        model = RLCalibratedClassifier(base, **QUICK)
        compared = model, X, y, X_test, y_test, [2]
        correctors, (row,) = compare_fp_weights(*compared, share=-1.0)
        scores = evaluate_correction(correctors[2], X_test, y_test, share=-1.0)
        assert row["before_cost"] == scores["before"]["cost"]
        CountedNB.n_fits = 0
        with pytest.raises(ValueError, match="share has one entry for each row of X, and"):
            compare_fp_weights(*compared, share=np.ones(len(y)))
        with pytest.raises(TypeError, match="unexpected argument"):
            compare_fp_weights(*compared, other=1.0)
    with pytest.raises(ValueError, match="fit got share, which takes metadata routing"):
        compare_fp_weights(*compared, share=-1.0)
    assert CountedNB.n_fits == 0


def test_costs_may_be_given_by_a_generator(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK)
    weights = (weight for weight in (1, 3))
    correctors, _ = compare_fp_weights(model, X, y, X_test, y_test, weights)
    assert list(correctors) == [1, 3]


def test_groups_of_rows_to_compare_on(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK)
    groups = np.arange(len(y_test)) // 9
    compared = model, X, y, X_test, y_test, [2]
    correctors, (row,) = compare_fp_weights(*compared, groups_test=groups)
    saving = saving_interval(correctors[2], X_test, y_test, groups=groups)
    assert row["saving_upper"] == saving["upper"]
    assert saving["upper"] > saving_interval(correctors[2], X_test, y_test)["upper"]


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
        ({}, iter([1, 1]), ValueError, "must hold one number or more, each of them once"),
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
    with pytest.raises(ValueError, match="y should be a 1d array"):
        compare_fp_weights(model, X, Y, Y, X, [1])
    with pytest.raises(ValueError, match="groups has 3 entries for 5 rows"):
        compare_fp_weights(model, X, Y, X, Y, [1], groups_test=[1, 2, 3])
    assert CountedNB.n_fits == 0


def test_one_class_of_several_is_compared(wine):
    X, X_test, y, y_test = wine
    model = RLCalibratedClassifier(GaussianNB(), pos_label=1, **QUICK)
    _, (row,) = compare_fp_weights(model, X, y, X_test, y_test, [2])
    wrong = GaussianNB().fit(X, y).predict(X_test)
    assert row["before_false_positives"] == np.sum((wrong == 1) & (y_test != 1))

"""Out-of-fold probabilities of any classifier, and what is refused as one."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    KFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import LabelEncoder
from sklearn.svm import SVC, LinearSVC

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect._crossfit import cross_fit, predict_classes_proba
from sklearn_rlcorrect._routing import RoutedRows
from sklearn_rlcorrect._validation import check_splits
from sklearn_rlcorrect.agent import td3

TINY = {"total_timesteps": 300, "n_policies": 1, "random_state": 0}


def routed(X, y):
    return RoutedRows(X, y, np.ones(len(y)), {}, {}, {}, is_weighted=False)


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    return X, (X[:, 0] + 0.3 * rng.normal(size=300) > 0).astype(int)


def test_equals_cross_val_predict(blobs):
    X, y = blobs
    fitted = cross_fit(GaussianNB(), routed(X, y), np.array([0, 1]), cv=3)
    expected = cross_val_predict(GaussianNB(), X, y, cv=3, method="predict_proba")
    np.testing.assert_allclose(fitted.proba, expected)
    np.testing.assert_array_equal(fitted.rows, np.arange(300))
    assert fitted.score_scale == 1


def test_repeated_folds_give_the_mean(blobs):
    X, y = blobs
    repeated = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    fitted = cross_fit(GaussianNB(), routed(X, y), np.array([0, 1]), cv=repeated)
    expected, splits = np.zeros((300, 2)), list(repeated.split(X, y))
    for train, test in splits:
        expected[test] += GaussianNB().fit(X[train], y[train]).predict_proba(X[test]) / 2
    np.testing.assert_allclose(fitted.proba, expected)


@pytest.mark.parametrize("cv", [TimeSeriesSplit(4, gap=5), ShuffleSplit(3, random_state=0)])
def test_rows_in_no_test_fold_train_the_classifier_alone(blobs, cv, monkeypatch):
    X, y = blobs
    fitted = cross_fit(GaussianNB(), routed(X, y), np.array([0, 1]), cv=cv)
    tested = np.unique(np.concatenate([test for _, test in cv.split(X)]))
    np.testing.assert_array_equal(fitted.rows, tested)
    assert len(tested) < 300
    np.testing.assert_allclose(fitted.estimator.theta_, GaussianNB().fit(X, y).theta_)
    n_trained, train_policies = [], td3.train_policies

    def spy(problem, *args, **kwargs):
        n_trained.append(len(problem))
        return train_policies(problem, *args, **kwargs)

    monkeypatch.setattr(td3, "train_policies", spy)
    model = RLCalibratedClassifier(GaussianNB(), cv=cv, **TINY).fit(X, y)
    assert n_trained == [len(tested)]
    assert model.predict_proba(X).shape == (300, 2)


def test_a_class_missing_from_a_training_fold_is_refused(blobs):
    X, y = blobs
    order = np.argsort(y)
    model = RLCalibratedClassifier(GaussianNB(), cv=KFold(2), **TINY)
    with pytest.raises(ValueError, match=r"cv has no row of class \d in the training part"):
        model.fit(X[order], y[order])
    model.set_params(cv=KFold(2, shuffle=True, random_state=0)).fit(X[order], y[order])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 2), min_size=12, max_size=12), st.data())
def test_every_training_part_has_all_classes_of_several_rows_or_is_refused(y, data):
    y, everything = np.array(y), np.arange(12)
    parts = st.lists(st.sampled_from(range(12)), min_size=1, max_size=6, unique=True)
    tests = [np.array(data.draw(parts)) for _ in range(3)]
    splits = [(np.setdiff1d(everything, test), test) for test in tests]
    several = {label for label in y if np.sum(y == label) > 1}
    is_whole = all(several <= set(y[train]) for train, _ in splits)
    if is_whole and len(set(y[np.concatenate(tests)])) > 1:
        check_splits(splits, y, np.ones(12))
    else:
        with pytest.raises(ValueError, match=r"^cv (has no row of|tests rows of) class"):
            check_splits(splits, y, np.ones(12))


LABELS = [
    [0, 1],
    [-3, 7],
    [1.0, 2.0],
    [False, True],
    ["no", "yes"],
    ["10", "9"],
    np.array(["2", "30"], dtype=object),
    [0, 1, 2],
    ["c", "a", "b"],
]


@pytest.mark.parametrize("labels", LABELS, ids=str)
def test_whatever_labels_are_called_their_columns_are_in_order(labels):
    X, y = load_iris(return_X_y=True)
    labels = np.sort(np.array(labels))
    X, y = X[y < len(labels)], y[y < len(labels)]
    model, coded = (
        RLCalibratedClassifier(GaussianNB(), cv=2, **TINY).fit(X, target)
        for target in (labels[y], y)
    )
    np.testing.assert_array_equal(model.classes_, labels)
    np.testing.assert_array_equal(
        model.predict_before_after(X), coded.predict_before_after(X)
    )
    np.testing.assert_array_equal(model.predict(X), labels[coded.predict(X)])


def test_folds_that_are_used_up(blobs):
    X, y = blobs
    splits = StratifiedKFold(2).split(X, y)
    list(splits)
    with pytest.raises(ValueError, match="cv has no folds: is it a generator"):
        RLCalibratedClassifier(GaussianNB(), cv=splits, **TINY).fit(X, y)


def test_scores_of_pairs_of_classes_are_refused():
    X, y = load_iris(return_X_y=True)
    base = SVC(decision_function_shape="ovo")
    with pytest.raises(ValueError, match=r"columns must be classes.*shape='ovr'"):
        RLCalibratedClassifier(base, cv=2, **TINY).fit(X, y)
    base.set_params(decision_function_shape="ovr")
    model = RLCalibratedClassifier(base, cv=2, **TINY).fit(X, y)
    before = model.predict_before_after(X)[0].argmax(axis=1)
    assert np.mean(before == model.estimator_.predict(X)) > 0.95


@settings(deadline=None, max_examples=15)
@given(
    st.integers(0, 1000),
    st.floats(0.5, 3),
    st.lists(st.integers(5, 90), min_size=3, max_size=3),
)
def test_pairs_of_three_classes_are_told_however_frequent_they_are(seed, distance, sizes):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], sizes)
    X = rng.normal(size=(len(y), 2)) + distance * np.column_stack([y == 1, y == 2])
    rows, classes = routed(X, y), np.unique(y)
    by_class, by_pairs = (
        SVC(decision_function_shape=shape).fit(X, y) for shape in ("ovr", "ovo")
    )
    if np.mean(by_pairs.decision_function(X).argmax(axis=1) == by_pairs.predict(X)) < 1:
        with pytest.raises(ValueError, match="columns must be classes"):
            cross_fit(FrozenEstimator(by_pairs), rows, classes)
    cross_fit(FrozenEstimator(by_class), rows, classes)


def test_four_classes_have_more_pairs_than_columns():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 4
    X = rng.normal(size=(200, 2)) + 3 * np.column_stack([y % 2, y // 2])
    base = SVC(decision_function_shape="ovo")
    with pytest.raises(ValueError, match=r"decision scores of shape \(100, 6\) for 4"):
        RLCalibratedClassifier(base, cv=2, **TINY).fit(X, y)


@pytest.mark.parametrize("base", [IsolationForest(), LinearRegression()])
def test_what_is_no_classifier_is_refused(blobs, base):
    with pytest.raises(TypeError, match=r"estimator=.* must (be a classifier|have fit)"):
        RLCalibratedClassifier(base, **TINY).fit(*blobs)


class Encoding(ClassifierMixin, BaseEstimator):
    """Classifier that knows codes instead of labels, as boosters do."""

    def fit(self, X, y):
        self.encoder_ = LabelEncoder().fit(y)
        self.inner_ = GaussianNB().fit(X, self.encoder_.transform(y))
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)


@pytest.mark.parametrize("labels", [(1, 2), ("no", "yes")])
def test_classes_that_are_codes_are_refused(blobs, labels):
    X, y = blobs
    with pytest.raises(ValueError, match=r"classes_ \[0, 1\], and y has .* encodes labels"):
        RLCalibratedClassifier(Encoding(), cv=2, **TINY).fit(X, np.array(labels)[y])
    model = RLCalibratedClassifier(Encoding(), cv=2, **TINY).fit(X, y)
    np.testing.assert_array_equal(model.classes_, [0, 1])


class Reordered(ClassifierMixin, BaseEstimator):
    """Fitted classifier whose `classes_` are in any order."""

    def __init__(self, inner, order):
        self.inner = inner
        self.order = order

    def fit(self, X, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    @property
    def classes_(self):
        return self.inner.classes_[list(self.order)]

    def predict_proba(self, X):
        return self.inner.predict_proba(X)[:, list(self.order)]


@given(order=st.permutations(range(3)))
@settings(max_examples=6, deadline=None)
def test_the_order_of_a_frozen_classifiers_classes_does_not_matter(order):
    X, y = load_iris(return_X_y=True)
    y = np.array(["b", "a", "c"])[y]
    inner = GaussianNB().fit(X[::2], y[::2])
    frozen = FrozenEstimator(Reordered(inner, order))
    model = RLCalibratedClassifier(frozen, **TINY).fit(X[1::2], y[1::2])
    assert model.classes_.tolist() == ["a", "b", "c"]
    before, _ = model.predict_before_after(X)
    np.testing.assert_allclose(before, inner.predict_proba(X))


def test_a_frozen_classifier_without_classes_is_refused(blobs):
    class Nameless(BaseEstimator):
        def fit(self, X, y):
            return self

        def __sklearn_is_fitted__(self):
            return True

        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    with pytest.raises(ValueError, match="has no classes_"):
        RLCalibratedClassifier(FrozenEstimator(Nameless()), **TINY).fit(*blobs)


def test_large_decision_scores_keep_their_order(blobs):
    X, y = blobs
    X = 1000 * X
    base = SGDClassifier(random_state=0).fit(X, y)
    scores = base.decision_function(X)
    assert np.abs(scores).max() > 1000
    fitted = cross_fit(FrozenEstimator(base), routed(X, y), np.array([0, 1]))
    assert len(np.unique(fitted.proba[:, 1])) == len(np.unique(scores))
    assert roc_auc_score(y, fitted.proba[:, 1]) == roc_auc_score(y, scores)
    model = RLCalibratedClassifier(FrozenEstimator(base), **TINY).fit(X, y)
    np.testing.assert_array_equal(model.predict_before_after(X)[0], fitted.proba)


def test_ordinary_decision_scores_are_log_odds(blobs):
    X, y = blobs
    base = LinearSVC(random_state=0).fit(X, y)
    proba = predict_classes_proba(base, X, np.array([0, 1]))
    expected = 1 / (1 + np.exp(-base.decision_function(X)))
    np.testing.assert_allclose(proba[:, 1], expected)
    assert cross_fit(base, routed(X, y), np.array([0, 1])).score_scale == 1


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_the_scale_is_that_of_weighted_rows(seed, factor):
    rng = np.random.default_rng(seed)
    X, y, weight = (
        1000 * rng.normal(size=(60, 2)),
        np.arange(60) % 2,
        rng.integers(3, size=60),
    )
    weight[:2] = 1
    base = FrozenEstimator(LinearSVC(random_state=0).fit(X, y))
    weighted = RoutedRows(X, y, factor * weight, {}, {}, {}, is_weighted=True)
    repeated = np.repeat(np.arange(60), weight)
    assert (
        cross_fit(base, weighted, np.array([0, 1])).score_scale
        == cross_fit(base, routed(X[repeated], y[repeated]), np.array([0, 1])).score_scale
    )


@pytest.mark.parametrize(
    ("weighted", "message"),
    [
        (slice(0, 50), "cv tests rows of weight 0 only"),
        (slice(0, 51), "cv tests rows of class 1 only"),
    ],
)
def test_weights_of_tested_rows_alone_can_teach(blobs, weighted, message):
    X, y = blobs
    y[49:51] = 0, 1
    weight = np.zeros(300)
    weight[weighted] = 1
    model = RLCalibratedClassifier(GaussianNB(), cv=TimeSeriesSplit(5), **TINY)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y, sample_weight=weight)


@pytest.mark.parametrize(
    "cv", [[([0, 1], [300])], [([0.0, 1.0], [2.0])], ["ab", "cd"]], ids=str
)
def test_folds_that_are_no_row_numbers(blobs, cv):
    model = RLCalibratedClassifier(GaussianNB(), cv=cv, **TINY)
    with pytest.raises(ValueError, match="cv must hold pairs of row numbers"):
        model.fit(*blobs)


def test_empty_folds_are_refused(blobs):
    X, y = blobs
    splits = [*StratifiedKFold(2).split(X, y), (np.arange(300), [])]
    with pytest.raises(ValueError, match=r"cv has no row in the .* part of split 2"):
        RLCalibratedClassifier(GaussianNB(), cv=splits, **TINY).fit(X, y)


@pytest.mark.parametrize("shape", ["(n,)", "(n, 1)"])
def test_one_column_is_the_probability_of_the_second_class(blobs, shape):
    class Net(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            self.inner_ = LogisticRegression().fit(X, y)
            self.classes_ = self.inner_.classes_
            return self

        def predict_proba(self, X):
            second = self.inner_.predict_proba(X)[:, 1]
            return second if shape == "(n,)" else second[:, np.newaxis]

    X, y = blobs
    model = RLCalibratedClassifier(Net(), cv=2, **TINY).fit(X, y)
    before, _ = model.predict_before_after(X)
    np.testing.assert_allclose(before, LogisticRegression().fit(X, y).predict_proba(X))


def test_a_kernel_is_cut_along_both_axes(blobs):
    X, y = blobs
    base = SVC(kernel="precomputed")
    fitted = cross_fit(base, routed(X @ X.T, y), np.array([0, 1]), cv=3)
    same = cross_fit(SVC(kernel="linear"), routed(X, y), np.array([0, 1]), cv=3)
    np.testing.assert_allclose(fitted.proba, same.proba, atol=1e-6)


def test_a_kernel_must_be_square_and_may_be_a_list(blobs):
    X, y = blobs
    kernel = X[:60] @ X[:60].T
    model = RLCalibratedClassifier(SVC(kernel="precomputed"), cv=3, **TINY)
    with pytest.raises(ValueError, match=r"kernel of shape \(60, 59\): it must be square"):
        model.fit(kernel[:, :59], y[:60])
    expected = model.fit(kernel, y[:60]).predict_proba(kernel)
    frame = pd.DataFrame(kernel).rename(columns=str)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        of_frame = model.fit(frame, y[:60]).predict_proba(frame)
    np.testing.assert_array_equal(of_frame, expected)
    from_list = model.fit(kernel.tolist(), y[:60]).predict_proba(kernel)
    np.testing.assert_array_equal(from_list, expected)


def test_limits_take_no_kernel(blobs):
    X, y = blobs
    model = RLCalibratedClassifier(SVC(kernel="precomputed"), max_fpr=0.2, **TINY)
    with pytest.raises(ValueError, match="no rows can be held out to prove limits"):
        model.fit(X @ X.T, y)
    # The columns of a frozen one are the rows that it was fitted on.
    base = SVC(kernel="precomputed").fit(X[:100] @ X[:100].T, y[:100])
    model = clone(model).set_params(estimator=FrozenEstimator(base))
    model.fit(X[100:] @ X[:100].T, y[100:])
    assert set(model.guard_report_) == {"accuracy", "fp", "weighted"}


def test_a_class_that_a_fold_lacks_does_not_spoil_the_scale(blobs):
    X, y = blobs
    y = np.where(np.arange(300) == 0, 2, y)
    base = SGDClassifier(random_state=0)
    fitted = cross_fit(base, routed(1000 * X, y), np.array([0, 1, 2]), cv=KFold(5))
    assert 100 < fitted.score_scale < np.inf
    assert len(np.unique(fitted.proba[:, 1])) > 250

"""Metrics are those of scikit-learn, and labels are found in any order of classes."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn import metrics as sklearn_metrics
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.metrics import (
    classification_metrics,
    cost_scorer,
    false_positive_costs,
    label_indices,
    positive_classes,
)

PROBA = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3], [0.5, 0.5]])
Y = np.array(["a", "a", "b", "b", "b"])


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.integers(2, 4),
    n_rows=st.integers(1, 30),
    weights=st.sampled_from([None, "whole", "real"]),
    is_certain=st.booleans(),
)
def test_scores_are_those_of_scikit_learn(seed, n_classes, n_rows, weights, is_certain):
    rng = np.random.default_rng(seed)
    labels = np.array(["a", "b", "c", "d"])[:n_classes]
    y, proba = (
        rng.integers(n_classes, size=n_rows),
        rng.dirichlet(np.ones(n_classes), n_rows),
    )
    if is_certain:
        proba = np.eye(n_classes)[proba.argmax(axis=1)]
    weight = {
        None: None,
        "whole": rng.integers(0, 3, size=n_rows) + (np.arange(n_rows) == 0),
        "real": rng.uniform(1e-3, 1e3, size=n_rows),
    }[weights]
    positives = rng.choice(n_classes, size=rng.integers(1, n_classes + 1), replace=False)
    positives = np.sort(positives).tolist()
    found = classification_metrics(
        labels[y],
        proba,
        classes=labels,
        pos_label=labels[positives].tolist(),
        sample_weight=weight,
    )
    predicted = proba.argmax(axis=1)
    # One class at a time: positive, or not.
    confusions = [
        sklearn_metrics.confusion_matrix(
            y == k, predicted == k, labels=[False, True], sample_weight=weight
        )
        for k in positives
    ]
    precision, recall, f1, _ = sklearn_metrics.precision_recall_fscore_support(
        y,
        predicted,
        labels=positives,
        average="macro",
        sample_weight=weight,
        zero_division=0,
    )
    expected = {
        "false_positives": sum(confusion[0, 1] for confusion in confusions),
        "false_negatives": sum(confusion[1, 0] for confusion in confusions),
        "accuracy": sklearn_metrics.accuracy_score(y, predicted, sample_weight=weight),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "brier": sklearn_metrics.brier_score_loss(
            y, proba, sample_weight=weight, labels=range(n_classes)
        ),
        "log_loss": sklearn_metrics.log_loss(
            y, proba, sample_weight=weight, labels=range(n_classes)
        ),
    }
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_other_decisions_change_counts_and_no_scores_of_probabilities():
    given_, own = (
        classification_metrics(Y, PROBA, classes=["a", "b"], predicted=predicted)
        for predicted in (np.array([0, 0, 1, 1, 1]), None)
    )
    assert given_["accuracy"] == 1 > own["accuracy"]
    assert given_["false_positives"] == given_["false_negatives"] == 0
    assert (given_["brier"], given_["log_loss"]) == (own["brier"], own["log_loss"])


def test_counts_of_two_classes():
    metrics = classification_metrics(Y, PROBA, classes=["a", "b"])
    assert metrics["false_positives"] == 1
    # A tie goes to the first class, as in scikit-learn.
    assert metrics["false_negatives"] == 2
    assert metrics["accuracy"] == pytest.approx(2 / 5)
    assert metrics["precision"] == pytest.approx(1 / 2)
    assert metrics["recall"] == pytest.approx(1 / 3)
    assert metrics["brier"] == pytest.approx((0.01 + 0.36 + 0.04 + 0.49 + 0.25) / 5)
    losses = -np.log([0.9, 0.4, 0.8, 0.3, 0.5])
    assert metrics["log_loss"] == pytest.approx(losses.mean())


def test_positive_label_swaps_the_counts():
    metrics = classification_metrics(Y, PROBA, classes=["a", "b"], pos_label="a")
    assert (metrics["false_positives"], metrics["false_negatives"]) == (2, 1)


def test_each_multi_class_mistake_is_one_of_either_kind():
    proba = np.eye(3)[[0, 1, 2, 2]]
    metrics = classification_metrics([0, 1, 1, 0], proba, classes=[0, 1, 2])
    assert metrics["false_positives"] == metrics["false_negatives"] == 2
    assert metrics["accuracy"] == 0.5


def test_classes_that_are_absent_do_no_harm():
    metrics = classification_metrics([0, 0], np.eye(3)[[0, 0]], classes=[0, 1, 2])
    assert np.isfinite(list(metrics.values())).all()


def test_positive_classes():
    assert positive_classes(np.array(["a", "b"])).tolist() == [1]
    assert positive_classes(np.array(["a", "b", "c"])).tolist() == [0, 1, 2]
    assert positive_classes(np.array(["a", "b", "c"]), "b").tolist() == [1]


@given(st.permutations(["a", "b", "c", "d"]), st.lists(st.sampled_from("abcd")))
def test_labels_are_found_in_any_order_of_classes(classes, y):
    y = np.array(y, dtype="U1")
    indices = label_indices(y, classes)
    np.testing.assert_array_equal(np.array(classes)[indices], y)


@pytest.mark.parametrize(
    ("y", "classes", "unknown"),
    [
        (["a", "c"], ["a", "b"], "'c'"),
        (["A"], ["a", "b"], "'A'"),
        ([0, 5], [0, 1], "5"),
        ([0.5], [0, 1], "0.5"),
        ([np.nan], [0.0, 1.0], "nan"),
        (["1"], [0, 1], "'1'"),
        ([1], ["0", "1"], "1"),
        (np.array([1, "a"], dtype=object), np.array(["a", "b"], dtype=object), "1"),
    ],
    ids=str,
)
def test_unknown_labels(y, classes, unknown):
    message = rf"truth holds .*{unknown}.*, which is not among the classes \["
    with pytest.raises(ValueError, match=message):
        label_indices(y, classes, name="truth")


@pytest.mark.parametrize(
    ("fp_weight", "pos_label", "expected"),
    [
        (2.0, None, [1.0, 2.0]),
        (2.0, "a", [2.0, 1.0]),
        ({"a": 3.0}, None, [3.0, 1.0]),
    ],
)
def test_costs_of_two_classes(fp_weight, pos_label, expected):
    costs = false_positive_costs(fp_weight, np.array(["a", "b"]), pos_label)
    np.testing.assert_array_equal(costs, expected)


def test_costs_of_three_classes():
    classes = np.array([10, 20, 30])
    np.testing.assert_array_equal(false_positive_costs(2.0, classes), [2, 2, 2])
    np.testing.assert_array_equal(false_positive_costs(2.0, classes, 20), [1, 2, 1])


class Echo(ClassifierMixin, BaseEstimator):
    """Predicts what it is given."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.asarray(X)


def score(scorer, predicted, y, classes="abc", **kwargs):
    return scorer(Echo().fit(None, list(classes)), list(predicted), list(y), **kwargs)


@pytest.mark.parametrize(
    ("args", "predicted", "y", "expected"),
    [
        # One false positive and two false negatives of "b" in four rows.
        ((3.0,), "baab", "abbb", -(3 + 2) / 4),
        ((3.0, "a"), "baab", "abbb", -(1 + 6) / 4),
        (({"a": 5.0},), "baab", "abbb", -(1 + 10) / 4),
        # Of three classes, each mistake is a false positive.
        ((3.0,), "abc", "bca", -3.0),
        ((3.0, "c"), "abc", "bca", -(1 + 1 + 3) / 3),
        (({"a": 2.0, "b": 4.0},), "abc", "bca", -(2 + 4 + 1) / 3),
        # A fold without one of the classes that have a cost.
        ((3.0, "c"), "ab", "ba", -1.0),
        (({"c": 2.0, "b": 4.0},), "ab", "ba", -(1 + 4) / 2),
        ((3.0,), "aa", "aa", 0.0),
    ],
)
def test_cost_scorer_counts_costs(args, predicted, y, expected):
    assert score(cost_scorer(*args), predicted, y) == pytest.approx(expected)


def test_cost_scorer_knows_classes_that_a_fold_lacks():
    scorer = cost_scorer(5.0, classes=["c", "a", "b"])
    # The same two mistakes.
    assert 3 * score(scorer, "abc", "bac") == pytest.approx(-10)
    assert 2 * score(scorer, "ab", "ba") == -10
    # Untold, it takes these for two classes, of which the second is positive.
    assert 2 * score(cost_scorer(5.0), "ab", "ba") == -6
    assert 2 * score(cost_scorer(5.0, "b", classes=["a", "b", "c"]), "ab", "ba") == -6
    with pytest.raises(ValueError, match="holds 'c', which is not among the classes"):
        score(cost_scorer(5.0, classes=["a", "b"]), "ac", "ca")


def test_cost_scorer_with_classes_in_what_scores(wine, cancer):
    X, _, y, _ = wine
    scorer, folds = cost_scorer(5.0, classes=np.unique(y)), KFold(4)
    order = np.argsort(y, kind="stable")  # folds lack classes
    X, y = X[order], y[order]
    # Of a classifier that knows them all.
    fitted = FrozenEstimator(GaussianNB().fit(X[::4], y[::4]))
    params = {"cv": folds, "scoring": scorer, "error_score": "raise"}
    found = cross_validate(fitted, X, y, **params)["test_score"]
    wrong = fitted.predict(X) != y
    expected = [-5 * wrong[rows].mean() for _, rows in folds.split(X)]
    np.testing.assert_allclose(found, expected)
    assert wrong.any()
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9]}, **params).fit(X, y)
    wrong = cross_val_predict(GaussianNB(), X, y, cv=folds) != y
    expected = [-5 * wrong[rows].mean() for _, rows in folds.split(X)]
    assert search.best_score_ == pytest.approx(np.mean(expected))
    X, _, y, _ = cancer
    tuned = [
        TunedThresholdClassifierCV(GaussianNB(), scoring=each).fit(X, y).best_score_
        for each in (cost_scorer(5.0, classes=[0, 1]), cost_scorer(5.0))
    ]
    assert tuned[0] == tuned[1]


def test_cost_scorer_with_classes_takes_routed_weights():
    with config_context(enable_metadata_routing=True):
        scorer = cost_scorer(3.0, classes=["a", "b"])
        scorer = scorer.set_score_request(sample_weight=True)
        weighted = score(scorer, "baab", "abbb", sample_weight=[2, 0, 1, 1])
    assert weighted == pytest.approx(-(2 * 3 + 1) / 4)


def test_a_dict_of_costs_goes_before_the_positive_label():
    costs = {"a": 2.0, "b": 4.0}
    found = score(cost_scorer(costs, "a"), "ba", "ab", classes="ab")
    expected = false_positive_costs(costs, np.array(["a", "b"]), "a")
    assert found == -expected.mean() == -3


def test_cost_scorer_weighs_rows_and_takes_numbers():
    scorer = cost_scorer(3.0)
    weighted = score(scorer, "baab", "abbb", sample_weight=[2, 0, 1, 1])
    assert weighted == pytest.approx(-(2 * 3 + 1) / 4)
    assert score(scorer, [1, 0, 0], [0, 1, 0], classes=[0, 1]) == pytest.approx(-4 / 3)


@pytest.mark.parametrize("fp_weight", [2.5, {0: 4.0}])
def test_cost_scorer_is_the_cost_of_an_evaluation(cancer, fp_weight):
    X, X_test, y, y_test = cancer
    base = FrozenEstimator(GaussianNB().fit(X[:200], y[:200]))
    model = RLCalibratedClassifier(base, fp_weight=fp_weight, **QUICK)
    model.fit(X[200:], y[200:])
    cost = evaluate_correction(model, X_test, y_test)["after"]["cost"]
    found = cost_scorer(fp_weight)(model, X_test, y_test)
    assert found == pytest.approx(-cost / len(y_test))


def test_cost_scorer_is_copied_and_chooses_in_a_search(cancer):
    X, _, y, _ = cancer
    grid = {"priors": [[0.5, 0.5], [0.999999, 0.000001]]}
    chosen = []
    for fp_weight in (1 / 50, 50):
        scorer = pickle.loads(pickle.dumps(cost_scorer(fp_weight, 1)))
        search = GridSearchCV(GaussianNB(), grid, scoring=scorer, error_score="raise")
        search = clone(search).fit(X, y)
        chosen.append(search.best_params_["priors"][0])
        assert search.score(X, y) == scorer(search.best_estimator_, X, y)
    assert chosen == [0.5, 0.999999]


def test_cost_scorer_refuses_what_is_no_cost():
    for fp_weight in (0, -1.0, np.nan, np.inf, {"a": 0}):
        with pytest.raises(ValueError, match="must hold finite costs above 0"):
            cost_scorer(fp_weight)
    for fp_weight in ("5", None, True, [2.0], {"a": "5"}):
        with pytest.raises(TypeError, match="must be a number, or a dict of label to num"):
            cost_scorer(fp_weight)
    with pytest.raises(ValueError, match=r"fp_weight=\{\} names no class"):
        cost_scorer({})
    for args in [(2.0, "d"), ({"d": 2.0}, None)]:
        with pytest.raises(ValueError, match="names the class 'd', which"):
            cost_scorer(*args, classes=["a", "b"])
    with pytest.raises(ValueError, match="pos_label=d is not a valid label"):
        score(cost_scorer(2.0, "d"), "ab", "ba", classes="ab")

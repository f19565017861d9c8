"""The threshold that costs least, against all there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import KFold, TunedThresholdClassifierCV, cross_val_predict
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.metrics import cost_scorer
from sklearn_rlcorrect.threshold import lowest_cost_threshold, predict_by_threshold

TENTHS = st.integers(0, 10).map(lambda k: k / 10)


def cost(proba, y, costs, positives, threshold, weight=1):
    predicted = predict_by_threshold(proba, threshold, positives)
    return np.sum(weight * np.where(predicted != y, costs[predicted], 0))


@given(
    st.lists(st.tuples(TENTHS, st.integers(0, 1), st.integers(1, 3)), min_size=1),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_no_threshold_costs_less(rows, fp_weight):
    score, y, weight = map(np.array, zip(*rows, strict=True))
    proba, positives = np.column_stack([1 - score, score]), np.array([1])
    costs = np.array([1.0, fp_weight])
    chosen = lowest_cost_threshold(proba, y, costs, positives, weight)
    others = [cost(proba, y, costs, positives, t, weight) for t in np.linspace(0, 1, 41)]
    assert cost(proba, y, costs, positives, chosen, weight) <= min(others) + 1e-9


def test_a_score_of_zero_is_above_no_threshold():
    proba = np.array([[1.0, 0.0], [0.5, 0.5]])
    costs = np.array([1.0, 0.5])
    assert lowest_cost_threshold(proba, np.array([1, 0]), costs, np.array([1])) == 1


def test_a_weight_is_a_repetition():
    rng = np.random.default_rng(0)
    score, y, weight = rng.random(50), rng.integers(0, 2, 50), rng.integers(1, 4, 50)
    proba, costs = np.column_stack([1 - score, score]), np.array([1.0, 2.0])
    repeated = np.repeat(np.arange(50), weight)
    assert lowest_cost_threshold(
        proba, y, costs, np.array([1]), weight
    ) == lowest_cost_threshold(proba[repeated], y[repeated], costs, np.array([1]))


def test_of_equal_thresholds_it_takes_the_one_nearest_to_one_half():
    y = np.array([0, 1, 0, 1])
    # One mistake for each of 0.25 and 0.85, or of 0.15 and 0.75.
    for score, nearest in [([0.1, 0.4, 0.8, 0.9], 0.25), ([0.1, 0.2, 0.6, 0.9], 0.75)]:
        proba = np.column_stack([1 - np.array(score), score])
        chosen = lowest_cost_threshold(proba, y, np.ones(2), np.array([1]))
        assert chosen == pytest.approx(nearest)


def test_costs_that_differ_by_rounding_are_equal():
    score, y = np.array([0.2, 0.6, 0.7, 0.8]), np.array([0, 1, 0, 0])
    proba, weight = np.column_stack([1 - score, score]), np.array([1.0, 0.3, 0.2, 0.1])
    # To flag the last three costs as much as to flag none.
    assert 0.1 + 0.2 - 0.3 > 0
    chosen = lowest_cost_threshold(proba, y, np.ones(2), np.array([1]), weight)
    assert chosen == pytest.approx(0.4)


def test_nothing_is_above_the_threshold_that_flags_none():
    above_one = np.nextafter(1, 2)  # as a sum of probabilities can be
    proba, y = np.array([[0.0, above_one], [0.5, 0.5]]), np.zeros(2, dtype=int)
    threshold = lowest_cost_threshold(proba, y, np.ones(2), np.array([1]))
    assert predict_by_threshold(proba, threshold, np.array([1])).tolist() == [0, 0]


@pytest.mark.parametrize("n_steps", [0, 1])
def test_neighbours_in_floating_point_are_told_apart(n_steps):
    lower = 0.7 + n_steps * np.spacing(0.7)
    score, y = np.array([lower, np.nextafter(lower, 1)]), np.array([0, 1])
    proba = np.column_stack([1 - score, score])
    threshold = lowest_cost_threshold(proba, y, np.ones(2), np.array([1]))
    assert predict_by_threshold(proba, threshold, np.array([1])).tolist() == [0, 1]


def test_of_three_classes_those_on_one_side_compete():
    proba = np.array([[0.5, 0.3, 0.2], [0.4, 0.35, 0.25], [0.2, 0.1, 0.7]])
    y, positives = np.array([0, 1, 2]), np.array([1, 2])
    threshold = lowest_cost_threshold(proba, y, np.ones(3), positives)
    assert threshold == pytest.approx(0.55)
    assert predict_by_threshold(proba, threshold, positives).tolist() == [0, 1, 2]
    assert lowest_cost_threshold(proba, y, np.ones(3), np.arange(3)) is None


@pytest.mark.parametrize("fp_weight", [1 / 3, 1.0, 5.0])
def test_it_costs_what_scikit_learn_finds_on_the_same_folds(fp_weight):
    X, y = load_breast_cancer(return_X_y=True)
    # Of equal size, so that the mean over folds is that of all rows.
    X, y, folds = X[:560], y[:560], KFold(5, shuffle=True, random_state=0)
    score = cross_val_predict(GaussianNB(), X, y, cv=folds, method="predict_proba")[:, 1]
    tuned = TunedThresholdClassifierCV(
        GaussianNB(),
        scoring=cost_scorer(fp_weight),
        thresholds=np.append(np.unique(score), 2.0),  # which flags none
        cv=folds,
    ).fit(X, y)
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=fp_weight, cv=folds, **QUICK)
    flagged = score > model.fit(X, y).base_threshold_
    ours = fp_weight * np.sum(flagged & (y == 0)) + np.sum(~flagged & (y == 1))
    assert ours == pytest.approx(-tuned.best_score_ * len(y))


def test_it_is_the_threshold_of_scikit_learn_within_its_grid():
    X, y = load_breast_cancer(return_X_y=True)
    classifier = FrozenEstimator(GaussianNB().fit(X[:200], y[:200]))
    X, y, grid = X[200:], y[200:], np.linspace(0, 1, 1_001)

    def cost_of(y, predicted):
        return 3 * np.sum((predicted == 1) & (y == 0)) + np.sum((predicted == 0) & (y == 1))

    tuned = TunedThresholdClassifierCV(
        classifier,
        scoring=make_scorer(cost_of, greater_is_better=False),
        thresholds=grid,
        cv="prefit",
        refit=False,
    ).fit(X, y)
    model = RLCalibratedClassifier(classifier, fp_weight=3, **QUICK).fit(X, y)
    score = classifier.predict_proba(X)[:, 1]
    ours, its = (
        cost_of(y, score > threshold)
        for threshold in (model.base_threshold_, tuned.best_threshold_)
    )
    assert its == -tuned.best_score_
    assert ours <= its


def test_it_is_chosen_out_of_fold():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), rng.integers(0, 2, 200)

    class Memorizing(LogisticRegression):
        def fit(self, X, y):
            self.known_ = {row.tobytes(): label for row, label in zip(X, y, strict=True)}
            return super().fit(X, y)

        def predict_proba(self, X):
            known = np.array([self.known_.get(row.tobytes(), -1) for row in X])
            # Sure of rows that it knows, and above one half of all others.
            score = np.select([known == 1, known == 0], [0.9, 0.1], 0.6)
            return np.column_stack([1 - score, score])

    model = RLCalibratedClassifier(Memorizing(), fp_weight=3, features=None, **QUICK)
    # In sample, 0.5 has no mistake; out of fold, no row should be flagged.
    assert model.fit(X, y).base_threshold_ >= 0.6

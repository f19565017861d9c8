"""The threshold that costs least, against all there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
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
    score, y = np.array([0.1, 0.4, 0.8, 0.9]), np.array([0, 1, 0, 1])
    proba = np.column_stack([1 - score, score])
    # One mistake for each of 0.25 and 0.85.
    chosen = lowest_cost_threshold(proba, y, np.ones(2), np.array([1]))
    assert chosen == pytest.approx(0.25)


def test_of_three_classes_those_on_one_side_compete():
    proba = np.array([[0.5, 0.3, 0.2], [0.4, 0.35, 0.25], [0.2, 0.1, 0.7]])
    y, positives = np.array([0, 1, 2]), np.array([1, 2])
    threshold = lowest_cost_threshold(proba, y, np.ones(3), positives)
    assert threshold == pytest.approx(0.55)
    assert predict_by_threshold(proba, threshold, positives).tolist() == [0, 1, 2]
    assert lowest_cost_threshold(proba, y, np.ones(3), np.arange(3)) is None


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
    # Where the minimum is on the grid, both find it.
    nearest = grid[np.abs(grid - model.base_threshold_).argmin()]
    if cost_of(y, score > nearest) == ours:
        assert ours == its


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

"""Whether a frozen classifier was fitted on the rows that it is corrected on."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    make_blobs,
    make_classification,
)
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.agent.in_sample import _is_far_better

TINY = {"total_timesteps": 100, "n_policies": 1, "random_state": 0}
SUSPICION = "nearly perfect on these rows"

FOREST = RandomForestClassifier(30, random_state=0)
BY_HEART = {
    "forest": FOREST,
    "boosting": HistGradientBoostingClassifier(random_state=0),
    "process": make_pipeline(StandardScaler(), GaussianProcessClassifier()),
    "neighbour": KNeighborsClassifier(1),
}
REGRESSION = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


@pytest.fixture(scope="module")
def noisy():
    """Rows whose labels are partly wrong: first half, second half."""
    X, y = make_classification(800, 20, n_informative=5, flip_y=0.1, random_state=0)
    return train_test_split(X, y, test_size=0.5, random_state=0)


def suspicions(estimator, X, y, **params):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        RLCalibratedClassifier(estimator, **TINY | params).fit(X, y)
    return [str(w.message) for w in caught if SUSPICION in str(w.message)]


@pytest.mark.parametrize("name", BY_HEART)
def test_rows_of_the_classifier_itself_are_told_once(noisy, name):
    X, _, y, _ = noisy
    (message,) = suspicions(FrozenEstimator(BY_HEART[name].fit(X, y)), X, y)
    assert message.startswith("The frozen classifier is nearly perfect on these rows (")
    assert "was it fitted on them?" in message
    assert "Fit the corrector on rows that are new to the classifier" in message


@pytest.mark.parametrize("name", BY_HEART)
def test_rows_that_are_new_are_not(noisy, name):
    X, X_new, y, y_new = noisy
    assert not suspicions(FrozenEstimator(BY_HEART[name].fit(X, y)), X_new, y_new)


def test_some_mistakes_are_as_telling_where_others_make_many():
    X, y = make_classification(3000, 8, n_informative=4, flip_y=0.1, random_state=0)
    X, X_new, y, y_new = halves(X, y)
    forest = FOREST.fit(X, y)
    assert 1 <= np.sum(forest.predict(X) != y) <= 6
    assert suspicions(FrozenEstimator(forest), X, y)
    assert not suspicions(FrozenEstimator(forest), X_new, y_new)


def test_a_classifier_that_is_refitted_is_not(noisy):
    X, _, y, _ = noisy
    assert not suspicions(FOREST, X, y)


@pytest.mark.parametrize(
    ("n_mistakes", "n_of_others", "is_far_better"),
    [
        (1, 50, True),
        (1, 49, False),  # more than a fiftieth
        (2, 100, True),
        (2, 99, False),
        (0, 10, True),  # 1/1024
        (0, 9, False),  # 1/512: chance, at the level 0.001
    ],
)
def test_how_many_mistakes_are_telling(n_mistakes, n_of_others, is_far_better):
    row = np.arange(2_000)
    own, others = row < n_mistakes, row >= 2_000 - n_of_others
    assert _is_far_better(own, others) == is_far_better
    # What both have wrong tells nothing of chance.
    both = own | others
    assert not _is_far_better(both, both)


def halves(X, y):
    return train_test_split(X, y, test_size=0.5, random_state=0, stratify=y)


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [
        (REGRESSION, *load_digits(return_X_y=True)),
        (REGRESSION, *load_breast_cancer(return_X_y=True)),
        # Without a mistake, but so is everything else.
        (FOREST, *make_blobs(400, centers=2, n_features=3, random_state=0)),
    ],
    ids=["digits", "cancer", "separable"],
)
def test_good_models_on_new_rows_are_not(model, X, y):
    X, X_new, y, y_new = halves(X, y)
    assert not suspicions(FrozenEstimator(model.fit(X, y)), X_new, y_new)


@pytest.mark.parametrize("is_frozen", [True, False])
def test_precomputed_probabilities_beside_features(noisy, is_frozen):
    X, X_new, y, y_new = noisy
    forest = FOREST.fit(X, y)
    for rows, labels, n_told in [(X, y, 1), (X_new, y_new, 0)]:
        table = np.column_stack([forest.predict_proba(rows)[:, 1], rows])
        base = PrecomputedProbaClassifier([0])
        base = FrozenEstimator(base.fit(table, labels)) if is_frozen else base
        told = suspicions(base, table, labels)
        assert len(told) == n_told
        assert all("out-of-fold probabilities" in message for message in told)


def test_many_rows_many_classes_and_rows_without_features(noisy):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    y = (X[:, 0] + rng.normal(size=3000) > 0).astype(int) + (X[:, 1] > 1)
    neighbour = FrozenEstimator(KNeighborsClassifier(1).fit(X, y))
    (message,) = suspicions(neighbour, X, y)
    assert "(0 of 2000 wrong" in message
    assert not suspicions(neighbour, X, y, features=None)


def test_the_check_changes_nothing(noisy, monkeypatch):
    X, _, y, _ = noisy
    frozen = FrozenEstimator(FOREST.fit(X, y))
    told, silent = (RLCalibratedClassifier(frozen, **TINY) for _ in range(2))
    with pytest.warns(UserWarning, match=SUSPICION):
        told.fit(X, y)
    monkeypatch.setattr("sklearn_rlcorrect._fitting.mistakes_beside_others", lambda p: None)
    silent.fit(X, y)
    np.testing.assert_array_equal(told.predict_proba(X), silent.predict_proba(X))

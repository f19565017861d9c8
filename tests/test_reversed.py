"""Probabilities of two classes that are probably swapped."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect._reversed import reversed_auc


@pytest.mark.parametrize(
    ("n_rows", "auc", "is_reversed"),
    [
        (4, 0.0, False),  # by chance in one of six draws
        (8, 0.0, True),  # in one of seventy
        (2000, 0.49, False),
        (2000, 0.4, True),
        (2000, 0.6, False),
    ],
)
def test_only_what_is_clearly_below_chance_is_reversed(n_rows, auc, is_reversed):
    p = np.linspace(0, 0.5, n_rows // 2)
    # In this part of the pairs the positive row has the larger probability.
    score = np.append(p + 0.5 * (1 - np.sqrt(2 * auc)), p)
    found = reversed_auc(score, np.repeat([False, True], n_rows // 2))
    assert found == (pytest.approx(auc, abs=0.05) if is_reversed else None)


@pytest.mark.parametrize("is_positive", [[], [True], [False, False]])
def test_one_class_has_no_order(is_positive):
    is_positive = np.array(is_positive, dtype=bool)
    assert reversed_auc(np.linspace(0, 1, len(is_positive)), is_positive) is None


def test_a_fit_warns_of_swapped_columns():
    y = np.arange(60) % 2
    X = np.column_stack([1 - y, y]) * 0.6 + 0.2
    params = QUICK | {"features": None}
    with pytest.warns(UserWarning, match=r"is 0\.000, below that of chance"):
        RLCalibratedClassifier(PrecomputedProbaClassifier([1, 0]), **params).fit(X, y)
    # Warnings are errors here.
    RLCalibratedClassifier(PrecomputedProbaClassifier([0, 1]), **params).fit(X, y)


def test_a_frozen_model_of_the_other_class_is_told(cancer):
    X, X_test, y, y_test = cancer
    base = FrozenEstimator(LogisticRegression(max_iter=5000).fit(X, 1 - y))
    with pytest.warns(UserWarning, match=r"is 0\.0\d\d, below that of chance"):
        RLCalibratedClassifier(base, **QUICK).fit(X_test, y_test)

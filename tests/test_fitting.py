"""The stages of a fit as a whole: all of it, or nothing."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.agent import td3


def failing(*args, **kwargs):
    raise MemoryError("no room")


def test_a_refit_that_fails_changes_nothing(cancer, monkeypatch):
    X, X_test, y, _ = cancer
    model = RLCalibratedClassifier(GaussianNB(), max_adjustment=0.3, **QUICK).fit(X, y)
    expected, attributes = model.predict_proba(X_test), set(vars(model))
    monkeypatch.setattr(td3, "train_policies", failing)
    model.set_params(max_adjustment=0.9, max_accuracy_drop=0.1)
    with pytest.raises(MemoryError):
        model.fit(X[:, :20], 1 - y)
    assert set(vars(model)) == attributes
    np.testing.assert_array_equal(model.predict_proba(X_test), expected)


def test_a_first_fit_that_fails_leaves_an_unfitted_estimator(cancer, monkeypatch):
    X, _, y, _ = cancer
    monkeypatch.setattr(td3, "train_policies", failing)
    model = RLCalibratedClassifier(GaussianNB(), **QUICK)
    with pytest.raises(MemoryError):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert not hasattr(model, "n_features_in_")

"""The stages of a fit as a whole: all of it, or nothing."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.agent import td3
from sklearn_rlcorrect.agent.prediction import observe_with_posterior


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


def test_a_cost_that_weighs_all_mistakes_alike_warns(wine):
    X, _, y, _ = wine
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=50, **QUICK)
    with pytest.warns(
        UserWarning, match="fp_weight=50 has no effect with 3 classes"
    ) as got:
        model.fit(X, y)
    assert got[0].filename == __file__
    # Warnings are errors here: neither a dict, a positive class nor the default warns.
    for params in ({"fp_weight": {0: 50.0}}, {"pos_label": 0}, {"fp_weight": 1.2}):
        model.set_params(fp_weight=50, pos_label=None).set_params(**params).fit(X, y)


# Binning in scikit-learn's boosting subtracts infinite values.
@pytest.mark.filterwarnings("ignore:invalid value")
def test_infinite_values_are_missing_values(cancer):
    X, X_test, y, _ = cancer
    X, X_test = X.copy(), X_test.copy()
    X[::7, 3], X_test[::5, 3] = np.inf, -np.inf
    missing = [np.where(np.isinf(each), np.nan, each) for each in (X, X_test)]
    base = HistGradientBoostingClassifier(max_iter=10)
    model = RLCalibratedClassifier(base, **QUICK).fit(X, y)
    assert np.isfinite(model.predict_proba(X_test)).all()
    observed = observe_with_posterior(model, X_test, np.full((len(X_test), 2), 0.5))
    same = observe_with_posterior(model, missing[1], np.full((len(X_test), 2), 0.5))
    np.testing.assert_array_equal(observed, same)

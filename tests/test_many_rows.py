"""More rows than are judged or scaled by, and blocks of rows that are unlike the others."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB
from threadpoolctl import threadpool_info

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.agent import training
from sklearn_rlcorrect.agent.posterior import fit_posterior
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.rewards import brier


def rows(n_samples=3000):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 3))
    return X, (X[:, 0] + 0.5 * rng.normal(size=n_samples) > 0.8).astype(int)


@pytest.mark.parametrize("features", ["auto", None])
def test_the_rows_that_candidates_are_judged_by_are_like_all(features, monkeypatch):
    monkeypatch.setattr("sklearn_rlcorrect.agent.selection._MAX_JUDGED", 600)
    X, y = rows()
    frozen = FrozenEstimator(GaussianNB().fit(X[:300], y[:300]))
    model = RLCalibratedClassifier(frozen, features=features, **QUICK).fit(X, y)
    wrong = frozen.predict(X) != y
    assert model.front_["accuracy"][0] == pytest.approx(1 - wrong.mean(), abs=0.03)
    false_positives = np.mean(wrong & (y == 0))
    assert model.front_["false_positives"][0] == pytest.approx(false_positives, abs=0.02)


@pytest.mark.parametrize("gap", [slice(0, 1500), slice(1500, None)])
def test_a_column_that_is_missing_in_many_rows_on_end_keeps_its_scale(gap, monkeypatch):
    monkeypatch.setattr(training, "_MAX_SCALED", 1000)
    monkeypatch.setattr(training, "CHUNK", 200)
    X, y = rows()
    frozen = FrozenEstimator(GaussianNB().fit(X, y))
    X[gap, 2] = np.nan
    base = _Tolerant(frozen)
    model = RLCalibratedClassifier(base, **QUICK).fit(X, y)
    scaler = model.observation_scaler_
    assert np.isfinite(scaler.mean_).all()
    # Two log-odds, then the columns.
    assert scaler.scale_[4] == pytest.approx(np.nanstd(X[:, 2]), rel=0.1)


def test_weights_of_zero_on_end_do_no_harm(monkeypatch):
    monkeypatch.setattr(training, "CHUNK", 200)
    X, y = rows()
    weight = np.where(np.arange(len(y)) < 600, 0.0, 1.0)
    frozen = FrozenEstimator(GaussianNB().fit(X, y))
    model = RLCalibratedClassifier(frozen, **QUICK)
    weighted = model.fit(X, y, sample_weight=weight).predict_proba(X)
    np.testing.assert_allclose(weighted, model.fit(X[600:], y[600:]).predict_proba(X))


def test_weights_of_any_size_can_be_drawn_by():
    X, y = rows(300)
    weight = np.maximum(0.5 ** (4 * np.arange(300.0)), 5e-324)
    frozen = FrozenEstimator(GaussianNB().fit(X, y))
    model = RLCalibratedClassifier(frozen, **QUICK).fit(X, y, sample_weight=weight)
    assert np.isfinite(model.predict_proba(X)).all()


def test_limits_of_an_earlier_fit_are_not_in_use_during_another():
    X, y = rows()
    model = RLCalibratedClassifier(GaussianNB(), max_fpr=0.2, **QUICK).fit(X, y)
    assert model.guard_report_
    seen = []

    def reward(y_true, proba, adjusted):
        seen.append(model.guard_report_)
        return brier(y_true, proba, adjusted)

    model.set_params(max_fpr=None, reward=reward).fit(X, y)
    assert len(seen) > 1
    # The first call is a check of the reward, before anything begins.
    assert not any(seen[1:])


def test_trees_leave_the_threads_of_blas_alone():
    X, y = rows(1000)
    proba = np.full((1000, 2), 0.5)
    observations = np.hstack([proba, np.zeros_like(proba), X])
    problem = CorrectionProblem(
        observations, proba, y, brier, np.ones(2), 0.5, np.ones(1000)
    )
    before = _blas_threads()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda seed: fit_posterior(problem, seed), range(8)))
    assert _blas_threads() == before


def _blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


class _Tolerant(FrozenEstimator):
    """Frozen classifier that takes missing values for zero."""

    def __init__(self, estimator):
        self.estimator = estimator

    def predict_proba(self, X):
        return self.estimator.predict_proba(np.nan_to_num(X))

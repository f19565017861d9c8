"""The search as a whole: false statements in 1,000 draws of known populations."""

from functools import cache

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.frozen import FrozenEstimator

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.guard import Limits, Rows, decide, guard
from sklearn_rlcorrect.rewards import brier

N_DRAWS = 1000


SIZE = 400


def population(kind):
    """Posterior, probability and action of rows that are equally likely."""
    truth = np.linspace(-4, 4, SIZE)
    eta = 1 / (1 + np.exp(-truth))
    proba = 1 / (1 + np.exp(-0.5 * truth - np.sin(7 * truth)))
    actions = np.clip((eta - proba) / 0.6, -1, 1)
    if kind == "harmful":
        actions = -actions
    if kind == "trained to do harm":
        actions = harmful_actions(proba, eta)
    if kind in ("edge", "many edges"):
        # The hardest case: accuracy falls by next to nothing, at the smallest shrinkage,
        # or by another such fall at each.
        last = 0.98 if kind == "many edges" else 0.08
        actions[:] = 0
        proba[150:250], actions[150:250] = 0.5 - 0.6 * np.linspace(0.03, last, 100), 1.0
        eta[150:250] = np.where(np.arange(100) % 2, 0.0, 0.999)
    return eta, np.column_stack([1 - proba, proba]), np.column_stack([-actions, actions])


def worse(y, proba, adjusted):
    """Compute a reward for a worse Brier score."""
    return -brier(y, proba, adjusted)


@cache
def trained_to_do_harm():
    """Train an agent that is rewarded for mistakes, and observes the true log-odds."""
    truth = np.linspace(-4, 4, SIZE)
    eta, proba, _ = population("useful")
    rows = np.column_stack([proba, truth]).repeat(5, axis=0)
    y = (np.random.default_rng(1).random(len(rows)) < eta.repeat(5)) * 1
    model = RLCalibratedClassifier(
        FrozenEstimator(PrecomputedProbaClassifier([0, 1]).fit(rows, y)),
        reward=worse,
        **(QUICK | {"total_timesteps": 20_000}),
    ).fit(rows, y)
    return model.predict_adjustment(rows[::5])[:, 1] / 0.6


def harmful_actions(proba, eta):
    """Return the actions of that agent, which lower the accuracy."""
    actions = trained_to_do_harm()
    after = proba + 0.6 * actions
    right = [np.where(p > 0.5, eta, 1 - eta).mean() for p in (proba, after)]
    assert right[1] < right[0] - 0.02
    return actions


def violations(kind, limits, n_rows, n_draws=N_DRAWS):
    """Count the draws in which something false was proven, and anything at all."""
    eta, proba, actions = population(kind)
    rng = np.random.default_rng(0)
    n_false = n_proven = 0
    for _ in range(n_draws):
        validation, calibration = (
            Rows(
                proba[i],
                actions[i],
                (rng.random(n_rows) < eta[i]) * 1,
                np.ones(n_rows),
                0.6,
            )
            for i in rng.integers(SIZE, size=(2, n_rows))
        )
        report = guard(limits, calibration, validation, positive=1)
        after = decide(
            adjust(proba, actions, report["shrinkage"] * 0.6), report["threshold"], 1
        )
        right = [
            np.where(p == 1, eta, 1 - eta).mean() for p in (proba.argmax(axis=1), after)
        ]
        true = {
            "max_accuracy_drop": right[0] - right[1],
            "max_fpr": np.average(after, weights=1 - eta),
            "min_recall": -np.average(after, weights=eta),
        }
        signs = {"min_recall": -1}
        is_false = any(
            true[name] > signs.get(name, 1) * limit for name, limit in limits.given.items()
        )
        n_proven += report["proven"]
        n_false += report["proven"] and is_false
    return n_false, n_proven


@pytest.mark.parametrize(
    ("kind", "given", "n_rows"),
    [
        ("edge", {"max_accuracy_drop": 0.0}, 200),
        ("many edges", {"max_accuracy_drop": 0.0}, 100),
        ("harmful", {"max_accuracy_drop": 0.02}, 100),
        ("trained to do harm", {"max_accuracy_drop": 0.0}, 100),
        ("trained to do harm", {"max_fpr": 0.1}, 150),
        ("useful", {"max_fpr": 0.1}, 150),
        ("harmful", {"max_fpr": 0.1}, 150),
        ("useful", {"min_recall": 0.85}, 150),
        ("useful", {"max_fpr": 0.2, "min_recall": 0.75}, 300),
        ("edge", {"max_accuracy_drop": 0.0, "max_fpr": 0.25}, 300),
    ],
)
def test_statements_are_seldom_false(kind, given, n_rows):
    limits = Limits(**given, confidence=0.9)
    n_false, _ = violations(kind, limits, n_rows)
    allowed = 1 - limits.confidence
    assert binomtest(n_false, N_DRAWS, allowed, "greater").pvalue > 0.001


def test_a_useful_correction_is_accepted():
    limits = Limits(max_accuracy_drop=0.0, confidence=0.9)
    _, n_proven = violations("useful", limits, 300, n_draws=100)
    assert n_proven > 80

"""How often what the guard proves is wrong, and how often a good correction is accepted.

A population whose true rates are known draws guard rows again and again; a statement that
is false of the population is a violation. At most 1 - confidence of the draws may have one.

    python benchmarks/guarantee.py                                # violations and power
    python benchmarks/guarantee.py --fits 200                     # whole fits, too
    python benchmarks/guarantee.py --shift --data-dir ../shared/data      # NSL-KDD
"""

import argparse
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import binomtest

from sklearn_rlcorrect._adjustment import adjust
from sklearn_rlcorrect._guard import Limits, Rows, decide, guard

N_POPULATION = 5_000
BOUND = 0.6
LIMITS = {
    "accuracy": {"max_accuracy_drop": 0.0},
    "accuracy - 2 points": {"max_accuracy_drop": 0.02},
    "FPR 10 %": {"max_fpr": 0.1},
    "recall 70 %": {"min_recall": 0.7},
    "FPR 10 % and recall 50 %": {"max_fpr": 0.1, "min_recall": 0.5},
    "accuracy and FPR 10 %": {"max_accuracy_drop": 0.0, "max_fpr": 0.1},
}


class Population:
    """Rows with known posteriors, and a correction of their probabilities.

    Parameters
    ----------
    kind : {"useful", "neutral", "harmful", "edge"}
        "useful" moves the probability to the posterior, "harmful" the other way, and
        "neutral" anywhere. "edge" changes no decision but of a twentieth of the rows, half
        of which it spoils for certain, and nearly half of which it mends: the accuracy
        falls, by so little that a test finds it hard to tell.

    seed : int
        Seed of the population.
    """

    def __init__(self, kind, seed=0):
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=N_POPULATION) * 2
        guess = 0.6 * truth + rng.normal(size=N_POPULATION)
        self.eta = 1 / (1 + np.exp(-truth))
        proba = 1 / (1 + np.exp(-guess))
        towards = np.clip((self.eta - proba) / BOUND, -1, 1)
        actions = {
            "useful": towards,
            "harmful": -towards,
            "neutral": rng.uniform(-1, 1, size=N_POPULATION),
            "edge": np.zeros(N_POPULATION),
        }[kind]
        if kind == "edge":
            flipped = np.arange(N_POPULATION) < N_POPULATION // 20
            proba[flipped], actions[flipped] = 0.45, 1.0
            self.eta[flipped] = np.where(np.arange(flipped.sum()) % 2, 0.0, 0.98)
        self.proba = np.column_stack([1 - proba, proba])
        self.actions = np.column_stack([-actions, actions])

    def draw(self, n_rows, rng):
        """Labelled rows."""
        rows = rng.integers(N_POPULATION, size=n_rows)
        y = (rng.random(n_rows) < self.eta[rows]).astype(int)
        return Rows(self.proba[rows], self.actions[rows], y, np.ones(n_rows), BOUND)

    def rates(self, scale, threshold):
        """True fall of accuracy, false positive rate and recall."""
        before = self.proba[:, 1] > 0.5
        after = decide(adjust(self.proba, self.actions, scale * BOUND), threshold, 1) == 1
        right = [
            np.where(called, self.eta, 1 - self.eta).mean() for called in (before, after)
        ]
        return {
            "max_accuracy_drop": right[0] - right[1],
            "max_fpr": np.average(after, weights=1 - self.eta),
            "min_recall": np.average(after, weights=self.eta),
        }


def is_violated(limits, rates):
    """Whether one of the limits does not hold of true rates."""
    return any(
        rates[name] < limit if name == "min_recall" else rates[name] > limit + 1e-12
        for name, limit in limits.given.items()
    )


def simulate(population, limits, n_rows, n_draws, seed=0):
    """Guard reports of independent draws, and whether each is false."""
    rng = np.random.default_rng(seed)
    for _ in range(n_draws):
        learn, rows = population.draw(n_rows, rng), population.draw(n_rows, rng)
        report = guard(limits, rows, learn, positive=1)
        rates = population.rates(report["scale"], report["threshold"])
        yield report, report["proven"] and is_violated(limits, rates)

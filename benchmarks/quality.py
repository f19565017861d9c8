"""What the correction brings, beside what else one would do, on held-out rows.

Every method gets the same training rows: half of each data set, another half per seed.
scikit-learn's own binary sets, and, where a folder of tables is given, those named below.

    python benchmarks/quality.py                             # ten minutes
    python benchmarks/quality.py --data-dir ../shared/data   # with the tables, 15 minutes

Columns: `cost` = (2 x false positives + false negatives) relative to the base; `FP` =
false positives relative to the base; `accuracy` and `recall` = difference to the base, in
points; `FP at recall` = false positives relative to the base when every method's cut is set
on the test rows so that it finds as many positives as the base does: it compares the
rankings alone. Means over seeds and bases.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, make_scorer
from sklearn.model_selection import (
    TunedThresholdClassifierCV,
    cross_val_predict,
    train_test_split,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier

FP_WEIGHT = 2.0
# The cut of a calibrated probability at that cost (Elkan, IJCAI 2001).
ELKAN = FP_WEIGHT / (1 + FP_WEIGHT)
MAX_ROWS = 6_000
TABLES = ["german_credit", "phoneme", "pima", "spambase"]
BASES = {
    "logistic regression": LogisticRegression(max_iter=1000),
    "naive Bayes": GaussianNB(),
    "random forest": RandomForestClassifier(random_state=0),
    "gradient boosting": HistGradientBoostingClassifier(random_state=0),
}


def main():
    """Run all tasks and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, help="folder with the tables")
    parser.add_argument("--seeds", type=int, default=3, help="splits (default: 3)")
    args = parser.parse_args()
    sets = data_sets(args.data_dir)
    rows = Parallel(n_jobs=-1)(
        delayed(run)(name, *sets[name], base, seed)
        for name in sets
        for base in BASES
        for seed in range(args.seeds)
    )
    table = pd.DataFrame([row for task in rows for row in task])
    order = table["method"].drop_duplicates()
    columns = ["cost", "FP", "accuracy", "recall", "FP at recall"]
    print(f"{len(sets)} data sets ({', '.join(sets)}), {args.seeds} seeds")
    for base, part in table.groupby("base"):
        print(f"\n{base}")
        print(part.groupby("method")[columns].mean().loc[order].round(2).to_string())
    costs = table.pivot_table(index=["data", "base"], columns="method", values="cost")
    print("\nmean rank of the cost over data sets and bases")
    print(costs.rank(axis=1).mean()[order].round(2).to_string())


def data_sets(folder):
    """Name: (X, y), y being 1 for the event."""
    cancer, digits = load_breast_cancer(as_frame=True), load_digits(as_frame=True)
    sets = {
        "tumours": (cancer.data, 1 - cancer.target.to_numpy()),
        "eights": (digits.data, (digits.target == 8).to_numpy().astype(int)),
        "odd digits": (digits.data, (digits.target % 2).to_numpy()),
    }
    for path in sorted(folder.glob("*.csv*")) if folder else []:
        if path.name.split(".")[0] in TABLES:
            table = pd.read_csv(path)
            table = table.sample(min(len(table), MAX_ROWS), random_state=0)
            sets[path.name.split(".")[0]] = (table, table.pop("target").to_numpy())
    return sets


def run(name, X, y, base_name, seed):
    """Measure all methods on one split."""
    warnings.simplefilter("ignore")
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.5, random_state=seed, stratify=y
    )
    base = make_pipeline(tabular(), BASES[base_name])
    measured = {
        method: (decisions, scores)
        for method, decisions, scores in methods(base, X, y, X_test, seed)
    }
    reference = measured["base"]
    return [
        {"data": name, "base": base_name, "method": method}
        | measures(y_test, decisions, scores, *reference)
        for method, (decisions, scores) in measured.items()
    ]


def tabular():
    """Encode a table for any classifier."""
    return make_column_transformer(
        (
            make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
            make_column_selector(dtype_include="number"),
        ),
        (
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            make_column_selector(dtype_exclude="number"),
        ),
    )


def methods(base, X, y, X_test, seed):
    """Yield name, decisions and scores on the test rows, of each method."""
    proba = cross_val_predict(base, X, y, cv=5, method="predict_proba")[:, 1]
    base.fit(X, y)
    test_proba = base.predict_proba(X_test)[:, 1]
    yield "base", test_proba > 0.5, test_proba
    yield "raised cut", test_proba > raised_cut(y, proba), test_proba

    tuned = TunedThresholdClassifierCV(
        base, scoring=make_scorer(cost, greater_is_better=False), cv=5
    ).fit(X, y)
    yield "tuned threshold", tuned.predict(X_test) == 1, test_proba
    for method in ("sigmoid", "isotonic"):
        calibrated = CalibratedClassifierCV(base, method=method, ensemble=False)
        scores = calibrated.fit(X, y).predict_proba(X_test)[:, 1]
        yield f"{method} + cut", scores > ELKAN, scores

    encoder = tabular().fit(X)
    stack = HistGradientBoostingClassifier(random_state=seed).fit(
        with_logit(encoder, X, proba), y
    )
    scores = stack.predict_proba(with_logit(encoder, X_test, test_proba))[:, 1]
    yield "boosted stack + cut", scores > ELKAN, scores

    model = RLCalibratedClassifier(base, fp_weight=FP_WEIGHT, random_state=seed).fit(X, y)
    for priority in ("weighted", "fp"):
        scores = model.set_params(priority=priority).predict_proba(X_test)[:, 1]
        yield f"ours, {priority}", scores > 0.5, scores


def raised_cut(y, proba):
    """Largest cut whose accuracy out of fold is not below that at 0.5."""
    cuts = np.concatenate([[0.5], np.sort(proba[proba >= 0.5])])
    accuracy = np.array([np.mean((proba > cut) == y) for cut in np.unique(cuts)])
    return np.unique(cuts)[accuracy >= accuracy[0]][-1]


def with_logit(encoder, X, proba):
    """Encoded features and the log-odds of the base."""
    clipped = np.clip(proba, 1e-6, 1 - 1e-6)
    return np.column_stack([encoder.transform(X), np.log(clipped / (1 - clipped))])


def cost(y, decisions):
    """Cost of the mistakes."""
    _, fp, fn, _ = confusion_matrix(y, decisions, labels=[0, 1]).ravel()
    return FP_WEIGHT * fp + fn


def measures(y, decisions, scores, base_decisions, base_scores):
    """Compare one method with the base."""
    found = int(np.sum(base_decisions & (y == 1)))

    def fp_at_recall(scores):
        cut = np.sort(scores[y == 1])[::-1][max(found, 1) - 1]
        # Of tied scores, the share that is needed is flagged.
        flagged, tied = scores[y == 0] > cut, scores[y == 0] == cut
        above, at = np.sum(scores[y == 1] > cut), np.sum(scores[y == 1] == cut)
        return np.sum(flagged) + np.sum(tied) * (max(found, 1) - above) / at

    false_positives = np.sum(decisions & (y == 0))
    return {
        "cost": cost(y, decisions) / max(cost(y, base_decisions), 1),
        "FP": false_positives / max(np.sum(base_decisions & (y == 0)), 1),
        "accuracy": 100 * (np.mean(decisions == y) - np.mean(base_decisions == y)),
        "recall": 100 * (np.sum(decisions & (y == 1)) - found) / np.sum(y),
        "FP at recall": fp_at_recall(scores) / max(fp_at_recall(base_scores), 1),
    }


if __name__ == "__main__":
    main()

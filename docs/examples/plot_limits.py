"""
========================
Limits with a guarantee
========================

Bound the loss of accuracy or the false positive rate, and have the bound proven.

By default, "accuracy is kept" is an estimate from held-out rows. With
``max_accuracy_drop``, ``max_fpr`` or ``min_recall``, part of the training rows becomes a
calibration set that nothing is fitted on. On it the limits are tested exactly, and they
hold together with the probability ``confidence``.

The statement is about rows drawn as those given to ``fit`` are. It does not hold under
drift, and it costs rows: what is set aside trains nothing.
"""

# %%
# Data and classifier
# -------------------
#
# Is a handwritten digit odd? The classifier is a logistic regression.

from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier

X, digit = load_digits(return_X_y=True)
y = digit % 2
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.3, stratify=y, random_state=0
)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
settings = {"fp_weight": 2, "total_timesteps": 20_000, "random_state": 0}

# %%
# Accuracy
# --------
#
# ``max_accuracy_drop=0`` asks for an accuracy no lower than the classifier's. Weaker
# and weaker corrections are candidates: a shrinkage of 1 is the full correction, 0 the
# classifier alone. The strongest correction that passes the test is used.

model = RLCalibratedClassifier(classifier, max_accuracy_drop=0, **settings)
model.fit(X_train, y_train)
report = model.guard_report_["weighted"]
for key in ["proven", "shrinkage", "n_rows"]:
    print(f"{key:9} {report[key]}")

# %%
# Above, the p-value of "the accuracy falls" for each tested shrinkage; below, the
# decisions in the calibration set that the correction fixes and those that it breaks.

import matplotlib.pyplot as plt

from sklearn_rlcorrect.plotting import GuardDisplay

figure, axes = plt.subplots(2, 1, figsize=(5.5, 5), layout="constrained")
GuardDisplay.from_estimator(model, ax=axes)

# %%
# False positive rate
# -------------------
#
# ``max_fpr`` moves the threshold of ``predict`` as far as it takes to prove the limit,
# and no further; None is the usual decision by the most probable class, where that
# already keeps the limit. The observed rate (bars) lies below the limit (dotted), for a
# limit that is proven from few rows needs a margin. The price of a low limit is recall.

import numpy as np
from sklearn.metrics import recall_score


def false_positive_rate(model, X, y):
    """Share of the negative rows that are called positive."""
    return model.predict(X[y == 0]).mean()


limits = [0.03, 0.05, 0.1]
guarded = [
    RLCalibratedClassifier(classifier, max_fpr=limit, **settings).fit(X_train, y_train)
    for limit in limits
]
rates = [false_positive_rate(m, X_test, y_test) for m in guarded]
recalls = [recall_score(y_test, m.predict(X_test)) for m in guarded]
for limit, m, rate, recall in zip(limits, guarded, rates, recalls, strict=True):
    report = m.guard_report_["weighted"]
    threshold = report["threshold"] and round(report["threshold"], 3)
    print(
        f"max_fpr={limit:<5} proven {report['proven']}, threshold {threshold}, "
        f"on test rows: rate {rate:.3f}, recall {recall:.3f}"
    )

figure, ax = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
places = np.arange(len(limits))
ax.bar(places - 0.2, rates, 0.38, color="#D55E00", label="false positive rate")
ax.bar(places + 0.2, 1 - np.array(recalls), 0.38, color="#0072B2", label="1 - recall")
ax.hlines(limits, places - 0.45, places + 0.45, color="k", linestyle=":", label="max_fpr")
ax.set_xticks(places, [f"max_fpr={limit}" for limit in limits])
ax.set_ylabel("share of test rows of the class")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

# %%
# Fresh rows
# ----------
#
# ``check_guard`` tests the statement on labelled rows that nothing was fitted on. Its
# verdict is "supported", "contradicted" or, where the rows are too few to tell,
# "undecided".

for limit, m in zip(limits, guarded, strict=True):
    check = m.check_guard(X_test, y_test)["max_fpr"]
    print(
        f"max_fpr={limit:<5} {check['verdict']:12} observed {check['observed']:.3f}, "
        f"bounds {check['lower']:.3f} to {check['upper']:.3f}"
    )

# %%
# If nothing can be proven
# ------------------------
#
# The classifier is left exactly as it is, ``shrinkage`` is 0, and a warning says so.
# That happens where the classifier is already good, and where rows are few. Here both
# are true: a few hundred tumours, and a classifier that hardly errs. The limit itself
# is then *not* kept by anybody: look at ``"proven"``.

import warnings

from sklearn.datasets import load_breast_cancer

X_few, y_few = load_breast_cancer(return_X_y=True)
unproven = RLCalibratedClassifier(classifier, max_accuracy_drop=0, **settings)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    unproven.fit(X_few[:400], y_few[:400])
for warning in caught:
    print(f"{warning.category.__name__}: {warning.message}")
report = unproven.guard_report_["weighted"]
print(f"proven {report['proven']}, shrinkage {report['shrinkage']}")
print("largest change:", abs(unproven.predict_adjustment(X_few[400:])).max())

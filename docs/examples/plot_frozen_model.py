"""
===============================
A vendor's model left untouched
===============================

Correct a model that may not be refitted, and a model of which only probabilities are
known.

A fitted scikit-learn model goes in a :class:`~sklearn.frozen.FrozenEstimator`. A model
that is not a scikit-learn object comes in as columns of X, through
:class:`~sklearn_rlcorrect.PrecomputedProbaClassifier`.

Either way, fit the correction on rows that the model was *not* fitted on. On its own
training rows a model looks better than it is: the correction learns that there is little
to correct.
"""

# %%
# The vendor's model
# ------------------
#
# A vendor fitted a decision tree to 400 digits, to tell odd digits from even ones. We
# have 700 other digits with labels. The rest is for testing.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

X, digit = load_digits(return_X_y=True)
y = digit % 2
X_vendor, X_rest, y_vendor, y_rest = train_test_split(
    X, y, train_size=400, stratify=y, random_state=0
)
X_ours, X_test, y_ours, y_test = train_test_split(
    X_rest, y_rest, train_size=700, stratify=y_rest, random_state=0
)
vendor = DecisionTreeClassifier(max_depth=6, random_state=0).fit(X_vendor, y_vendor)
print(f"accuracy on the vendor's rows {vendor.score(X_vendor, y_vendor):.3f}")
print(f"accuracy on our rows          {vendor.score(X_ours, y_ours):.3f}")

# %%
# Freeze it
# ---------
#
# The frozen model is never fitted again. Its probabilities of our rows are what the
# correction is learnt from.

from sklearn.frozen import FrozenEstimator

from sklearn_rlcorrect import RLCalibratedClassifier

frozen = RLCalibratedClassifier(
    FrozenEstimator(vendor), fp_weight=2, total_timesteps=20_000, random_state=0
)
frozen.fit(X_ours, y_ours)
print("the vendor's model itself:", frozen.estimator_.estimator is vendor)

# %%
# The wrong rows
# --------------
#
# For comparison, the same correction fitted on the vendor's own training rows. The tree
# has memorised them, so that its mistakes cannot be learnt from them.

from sklearn.base import clone

on_own_rows = clone(frozen).fit(X_vendor, y_vendor)

# %%
# A model that is only columns
# ----------------------------
#
# Let the vendor deliver nothing but numbers: the probability of "odd" stands in column
# 0, our features in the other columns.
# :class:`~sklearn_rlcorrect.PrecomputedProbaClassifier` reads the probability back. Any
# model, in any language, can be corrected in this way.

import numpy as np

from sklearn_rlcorrect import PrecomputedProbaClassifier


def with_delivery(X):
    """Rows with the vendor's probability in front."""
    return np.column_stack([vendor.predict_proba(X)[:, 1], X])


columns = clone(frozen).set_params(estimator=PrecomputedProbaClassifier([0]))
columns.fit(with_delivery(X_ours), y_ours)

# %%
# Compare on the test rows
# ------------------------
#
# The two ways to bring the model in do about the same. They are not equal to the last
# digit, for in the second the policy also observes the delivered column among the
# features.

import matplotlib.pyplot as plt

from sklearn_rlcorrect.evaluation import evaluate_correction

on_test = {
    "vendor alone": evaluate_correction(frozen, X_test, y_test)["before"],
    "corrected on\nits own rows": evaluate_correction(on_own_rows, X_test, y_test)["after"],
    "frozen": evaluate_correction(frozen, X_test, y_test)["after"],
    "columns": evaluate_correction(columns, with_delivery(X_test), y_test)["after"],
}
for name, score in on_test.items():
    print(
        f"{' '.join(name.split()):25} {score['false_positives']:3.0f} false positives, "
        f"{score['false_negatives']:3.0f} false negatives, cost {score['cost']:3.0f}"
    )

figure, ax = plt.subplots(figsize=(6.5, 3.5), layout="constrained")
for shift, kind, color in [
    (-0.2, "false_positives", "#D55E00"),
    (0.2, "false_negatives", "#0072B2"),
]:
    counts = [score[kind] for score in on_test.values()]
    bars = ax.bar(
        np.arange(4) + shift, counts, 0.38, label=kind.replace("_", " "), color=color
    )
    ax.bar_label(bars, fmt="%d")
ax.set_xticks(range(4), on_test)
ax.set_ylabel(f"of {len(y_test)} test rows")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

# %%
# How far probabilities move
# --------------------------
#
# Where the vendor was wrong, the true class gains; where it was right, most rows change
# little.

from sklearn_rlcorrect.plotting import AdjustmentDisplay

figure, ax = plt.subplots(figsize=(5.5, 3.6), layout="constrained")
AdjustmentDisplay.from_estimator(frozen, X_test, y_test, ax=ax)

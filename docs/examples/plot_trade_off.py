"""
===================================================
Choosing fp_weight, max_adjustment and priority
===================================================

Fewer false positives are paid for in recall. This is the trade-off as a picture.

- ``fp_weight`` is a cost: if you know it, there is nothing to choose.
- ``priority`` takes another operating point of the same training, also after ``fit``.
- ``max_adjustment`` bounds each change: the smaller, the nearer to the classifier.

None of them makes the trade-off disappear. Each moves along a curve; what makes the curve
better than that of the classifier is what the policy finds in the features.
"""

# %%
# Rows to train on, to choose on, and to report on
# ------------------------------------------------

from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, digit = load_digits(return_X_y=True)
y = digit % 2
X_rest, X_test, y_rest, y_test = train_test_split(
    X, y, test_size=0.3, stratify=y, random_state=0
)
X_train, X_val, y_train, y_val = train_test_split(
    X_rest, y_rest, test_size=0.4, stratify=y_rest, random_state=0
)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))

# %%
# One model per setting
# ---------------------

import numpy as np
from sklearn.metrics import confusion_matrix

from sklearn_rlcorrect import RLCalibratedClassifier

weights = [0.5, 1, 2, 4, 8]
bounds = [0.1, 0.2, 0.4, 0.8]


def fit(**params):
    """Correction, fitted on the training rows."""
    model = RLCalibratedClassifier(
        classifier, total_timesteps=10_000, random_state=0, **params
    )
    return model.fit(X_train, y_train)


def point(y_true, y_pred):
    """Recall and false positives."""
    _, fp, fn, tp = confusion_matrix(y_true, y_pred).ravel()
    return tp / (tp + fn), fp


by_weight = {weight: fit(fp_weight=weight) for weight in weights}
by_bound = {bound: fit(fp_weight=2, max_adjustment=bound) for bound in bounds[:-1]}
by_bound[0.8] = by_weight[2]  # 0.8 is the default

# %%
# The plain threshold
# -------------------
#
# The curve to beat: every threshold of the classifier's own probability.

score = by_weight[1].estimator_.predict_proba(X_val)[:, 1]
curve = np.array([point(y_val, score > cut) for cut in np.unique(score)])

# %%
# The picture
# -----------
#
# On validation rows. Left, a marker is one ``fp_weight`` with one priority; right, one
# ``max_adjustment``. Lower and further right is better.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", sharey=True)
for ax in axes:
    ax.plot(
        *curve.T, color="#999999", drawstyle="steps-post", label="classifier, any threshold"
    )
    ax.plot(
        *point(y_val, score > 0.5), "*", color="k", markersize=10, label="classifier at 0.5"
    )
    ax.set(xlabel="recall", xlim=(0.75, 1.0), ylim=(-1, 45))
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel(f"false positives of {np.sum(y_val == 0)} negative validation rows")

for priority, marker, color in [
    ("accuracy", "s", "#E69F00"),
    ("fp", "^", "#D55E00"),
    ("weighted", "o", "#0072B2"),  # last: the models stay with it
]:
    points = [
        point(y_val, model.set_params(priority=priority).predict(X_val))
        for model in by_weight.values()
    ]
    sizes = 25 + 20 * np.arange(len(weights))
    axes[0].scatter(
        *np.transpose(points),
        s=sizes,
        c=color,
        marker=marker,
        alpha=0.7,
        label=f'priority="{priority}"',
    )
axes[0].set_title(f"fp_weight {', '.join(map(str, weights))}: the larger the marker")

for (bound, model), color in zip(
    by_bound.items(), ["#F0E442", "#E69F00", "#D55E00", "#000000"], strict=True
):
    axes[1].plot(
        *point(y_val, model.predict(X_val)),
        "D",
        color=color,
        markeredgecolor="k",
        label=f"max_adjustment={bound}",
    )
axes[1].set_title("fp_weight=2, several bounds")
for ax in axes:
    ax.legend(frameon=False, loc="upper left", fontsize=8)

# %%
# How to read it
# --------------
#
# - A larger weight asks for fewer false positives at less recall, as a higher threshold
#   does. Single steps of it are within the noise of so few rows.
# - ``"fp"`` and ``"accuracy"`` look at false positives and accuracy first, so that the
#   weight changes less for them. ``"fp"`` is the classifier itself (on the star) where no
#   candidate keeps the accuracy for sure.
# - A small bound leaves a confident mistake where it is: the points approach the
#   classifier.

for weight, model in by_weight.items():
    recall, fp = point(y_val, model.predict(X_val))
    print(f"fp_weight={weight:<4} {fp:3d} false positives, recall {recall:.3f}")
for bound, model in by_bound.items():
    recall, fp = point(y_val, model.predict(X_val))
    print(f"max_adjustment={bound:<4} {fp:3d} false positives, recall {recall:.3f}")

# %%
# Choose, then report
# -------------------
#
# Say that a false positive costs 2: that fixes ``fp_weight``. Of the bounds we take the
# smallest whose cost on validation rows is within a tenth of the lowest, because a
# smaller change is easier to defend. The test rows are used once, for the report.


def cost(y_true, y_pred):
    """Twice the false positives, and the false negatives."""
    _, fp, fn, _ = confusion_matrix(y_true, y_pred).ravel()
    return 2 * fp + fn


costs = {bound: cost(y_val, model.predict(X_val)) for bound, model in by_bound.items()}
chosen = min(bound for bound in bounds if costs[bound] <= 1.1 * min(costs.values()))
print("costs on validation rows:", {bound: int(value) for bound, value in costs.items()})
print("chosen: max_adjustment =", chosen)

model = by_bound[chosen]
for name, predicted in [
    ("before", model.estimator_.predict(X_test)),
    ("after", model.predict(X_test)),
]:
    recall, fp = point(y_test, predicted)
    print(f"test rows, {name:6} {fp:3d} false positives, recall {recall:.3f}")

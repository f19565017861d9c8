"""
====================
A reward of your own
====================

Say what a correction is worth by a function of arrays, and check it against the built-in
one.

A reward is ``(y_true, proba, adjusted) -> ndarray of shape (n_samples,)``: what it is
worth that the probabilities of a row become ``adjusted``. It needs no gradient. It sees
indices of classes and probabilities, not the features, so that amounts per row are
``sample_weight``, not a reward.
"""

# %%
# Data
# ----
#
# Is a handwritten digit odd?

from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier

X, digit = load_digits(return_X_y=True)
y = digit % 2
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))

# %%
# Check: the built-in reward, written again
# -----------------------------------------
#
# The default reward is the improvement of the Brier score, multiplied by a weight that
# ``fp_weight`` gives the row. Written as a function with the cost in it, and with
# ``fp_weight=1``, it must train the same policy.

import numpy as np


def asymmetric_brier(y_true, proba, adjusted):
    """Improvement of the squared error; rows of the negative class count twice."""
    target = np.eye(proba.shape[1])[y_true]
    gain = ((proba - target) ** 2 - (adjusted - target) ** 2).sum(axis=1)
    return np.where(y_true == 0, 2.0, 1.0) * gain


def fit(**params):
    """Correction, fitted on the training rows."""
    model = RLCalibratedClassifier(
        classifier, total_timesteps=20_000, random_state=0, **params
    )
    return model.fit(X_train, y_train)


builtin = fit(reward="brier", fp_weight=2)
own = fit(reward=asymmetric_brier, fp_weight=1)
difference = abs(own.predict_proba(X_test) - builtin.predict_proba(X_test)).max()
print(f"largest difference of a probability: {difference:.1e}")

# %%
# A cost with a third decision
# ----------------------------
#
# Now a cost that ``fp_weight`` cannot express. Rows in the middle go to a person, which
# costs 1 each. A wrong "odd" by the machine costs 10, a wrong "even" 5. The cost of a
# row is a step function of its probability: it has no gradient anywhere.

REVIEW, FALSE_ODD, FALSE_EVEN = 1.0, 10.0, 5.0
LOW, HIGH = REVIEW / FALSE_EVEN, 1 - REVIEW / FALSE_ODD


def cost(y_true, proba):
    """Cost of each row: "even" below LOW, "odd" above HIGH, a person between."""
    odd = proba[:, 1]
    machine = np.where(odd > HIGH, FALSE_ODD * (y_true == 0), FALSE_EVEN * (y_true == 1))
    return np.where((odd > HIGH) | (odd < LOW), machine, REVIEW)


def saved(y_true, proba, adjusted):
    """Cost that the correction saves."""
    return cost(y_true, proba) - cost(y_true, adjusted)


# %%
# The picture of it: what a row costs by its probability.

import matplotlib.pyplot as plt

grid = np.linspace(0, 1, 501)
figure, ax = plt.subplots(figsize=(6, 3.2), layout="constrained")
for label, name, color in [(0, "even", "#0072B2"), (1, "odd", "#E69F00")]:
    rows = np.full(len(grid), label)
    ax.plot(grid, cost(rows, np.column_stack([1 - grid, grid])), color=color, label=name)
ax.set(xlabel="probability of odd", ylabel="cost of the row")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, title="the digit is")

# %%
# Own reward against built-in
# ---------------------------
#
# The same cost on the test rows, for a policy that was trained on it and for one that
# was trained on the Brier score. The bands are those that are best for true
# probabilities. The Brier score asks for just these, and says more about each row than
# a step does.

trained = {
    "brier": fit(reward="brier", fp_weight=1),
    "own reward": fit(reward=saved, fp_weight=1),
}
before = trained["brier"].predict_before_after(X_test)[0]
probas = {"classifier": before}
probas |= {name: model.predict_proba(X_test) for name, model in trained.items()}
parts = {}
for name, proba in probas.items():
    costs, odd = cost(y_test, proba), proba[:, 1]
    reviewed = (odd >= LOW) & (odd <= HIGH)
    parts[name] = [
        costs[reviewed].mean() * reviewed.mean(),
        costs[~reviewed].sum() / len(odd),
    ]
    print(
        f"{name:11} cost per row {costs.mean():.3f}, sent to a person {reviewed.mean():.1%}"
    )

# %%

figure, ax = plt.subplots(figsize=(6, 2.4), layout="constrained")
left = np.zeros(len(parts))
for place, (label, color) in enumerate(
    [("review", "#56B4E9"), ("mistakes of the machine", "#D55E00")]
):
    width = np.array([part[place] for part in parts.values()])
    ax.barh(list(parts), width, left=left, color=color, label=label)
    left += width
ax.invert_yaxis()
ax.set_xlabel("cost per test row")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

# %%
# Both corrections save cost, and neither was chosen on these rows. Begin with a
# built-in reward: if your decisions follow from probabilities, it is the stronger
# signal. A reward of your own is for what probabilities do not decide, and it should be
# compared in this way.
#
# A function is saved with the model by its name: define it in a module that can be
# imported where the model is loaded.

# sphinx_gallery_thumbnail_number = 2

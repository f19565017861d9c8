"""
==================================
Learning on while the world drifts
==================================

Update a corrector with labels that arrive batch by batch.

The stream is generated: two columns tell the class, first one of them, then, after batch
8, the other, and from batch 22 on the first again. The classifier knows the first world
only and is never refitted. Before each batch is learnt from, both are scored on it.
"""

# %%
# A stream of batches
# -------------------

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sklearn_rlcorrect import RLCalibratedClassifier

N_BATCHES, DRIFT, RETURN = 32, 8, 22
rng = np.random.default_rng(0)


def batch(k, n_rows=200):
    """Generate a batch."""
    X = rng.normal(size=(n_rows, 4))
    signal = X[:, 1] if DRIFT <= k < RETURN else X[:, 0]
    return X, (signal + 0.6 * rng.normal(size=n_rows) > 0.3).astype(int)


X_old, y_old = batch(0, 1_000)
classifier = FrozenEstimator(LogisticRegression().fit(X_old[:500], y_old[:500]))

# %%
# Score, then learn
# -----------------
#
# A false positive costs two. ``partial_fit`` remembers 800 rows, half of them the newest.

import warnings

COST = 2
model = RLCalibratedClassifier(
    classifier, fp_weight=COST, memory_size=800, total_timesteps=10_000, random_state=0
).fit(X_old[500:], y_old[500:])


def cost(y, predicted):
    """Return the cost of all mistakes."""
    return COST * np.sum((predicted == 1) & (y == 0)) + np.sum((predicted == 0) & (y == 1))


costs = {"classifier": [], "corrected": []}
for k in range(N_BATCHES):
    X, y = batch(k)
    costs["classifier"].append(cost(y, classifier.predict(X)))
    costs["corrected"].append(cost(y, model.predict(X)))
    with warnings.catch_warnings():
        # It says when the classifier decides alone; the picture shows it.
        warnings.simplefilter("ignore")
        model.partial_fit(X, y)

# %%
# Cumulative cost
# ---------------
#
# At the first change, all of the memory is of the world before; the correction takes two
# batches to follow. At the second it is wrong again. The guard looks back over the newest
# 400 rows: after two batches it sees that the correction does worse by more than a standard
# error, and the classifier, which is right again, decides the next batch alone (grey). By
# then the correction has caught up.

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
base_decides = model.update_history_["base_decides"][:-1]
for k in np.flatnonzero(base_decides) + 1:
    ax.axvspan(k, k + 1, color="#DDDDDD", lw=0)
for (name, values), color in zip(costs.items(), ["#999999", "#009E73"], strict=True):
    ax.plot(np.cumsum([0, *values]), color=color, lw=2, label=name)
for at, label in ((DRIFT, "the world changes"), (RETURN, None)):
    ax.axvline(at, color="#D55E00", ls=":", label=label)
ax.set(xlabel="batches of 200 rows", ylabel="cumulative cost", xlim=(0, N_BATCHES))
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)
for name, values in costs.items():
    changed = np.sum(values[DRIFT:RETURN])
    print(f"{name:10} {np.sum(values):5.0f} in all, {changed:5.0f} in the changed world")

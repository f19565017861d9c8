"""
=========================================
Alerts with a budget, labels only of them
=========================================

Look at sixty rows of 600 a day, and learn from what was found.

The stream is generated: transactions have amounts, and from day 5 on one row in eighteen is
a kind of fraud that the classifier has never seen. Labels exist of the rows that somebody
looked at, and of no others.
"""

# %%
# Days of transactions
# --------------------

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

N_DAYS, NEW_FRAUD, BUDGET = 30, 5, 60


def transactions(rng, day, n_rows=600):
    """Generate the rows of a day, their amounts and whether they are fraud."""
    X = rng.normal(size=(n_rows, 4))
    amount = rng.lognormal(4, 1, n_rows)
    known = X[:, 0] + 0.5 * rng.normal(size=n_rows) > 2.2
    new = (X[:, 2] < -1.2) & (X[:, 3] > 0)
    return X, amount, (known | (new & (day >= NEW_FRAUD))).astype(int)


X_old, _, y_old = transactions(np.random.default_rng(1), 0, 6_000)
classifier = FrozenEstimator(LogisticRegression().fit(X_old[:3_000], y_old[:3_000]))

# %%
# Decide, look, learn
# -------------------
#
# ``decide`` picks the rows with the largest expected gain: the probability of fraud times
# the amount. With ``exploration`` a part of the budget goes to rows at random; their small
# propensities let them stand for all the others. Both are compared with the same number of
# alerts by the classifier's own ranking.

import warnings

from sklearn_rlcorrect import RLCalibratedClassifier


def caught_by_day(exploration, seed=0):
    """Return the amounts that are caught, and all of the fraud, day by day."""
    rng, caught, total = np.random.default_rng(seed), [], []
    model = RLCalibratedClassifier(
        classifier,
        fp_weight=1,
        memory_size=4_000,
        exploration=exploration,
        total_timesteps=10_000,
        random_state=seed,
    ).fit(X_old[3_000:], y_old[3_000:])
    for day in range(N_DAYS):
        X, amount, y = transactions(rng, day)
        decided = model.decide(
            X, fp_cost=0, fn_cost=amount, budget=BUDGET, random_state=seed + day
        )
        seen = decided.inspected
        caught.append(amount[seen & (y == 1)].sum())
        total.append(amount[y == 1].sum())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # when the classifier decides alone
            model.partial_fit(X[seen], y[seen], propensity=decided.propensity[seen])
    return np.array(caught), np.array(total)


def caught_by_classifier(seed=0):
    """Return what the classifier's own ranking catches."""
    rng, caught = np.random.default_rng(seed), []
    for day in range(N_DAYS):
        X, amount, y = transactions(rng, day)
        gain = classifier.predict_proba(X)[:, 1] * amount
        seen = np.argsort(-gain)[:BUDGET]
        caught.append((amount * y)[seen].sum())
    return np.array(caught)


results = {"no exploration": caught_by_day(0.0), "a fifth explored": caught_by_day(0.2)}
total = results["no exploration"][1]
caught = {"classifier": caught_by_classifier()} | {k: v[0] for k, v in results.items()}

# %%
# What is caught
# --------------
#
# Without exploration the new fraud is found late, where it happens to look like the old
# one. Exploration costs a part of the budget every day. Here that pays; of a fraud that is
# ten times as rare, a dozen random rows a day would find next to nothing.

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
for (name, values), color in zip(
    caught.items(), ["#999999", "#56B4E9", "#009E73"], strict=True
):
    ax.plot(np.cumsum(values) / np.cumsum(total), color=color, lw=2, label=name)
    late = values[-8:].sum() / total[-8:].sum()
    print(
        f"{name:17} {values.sum() / total.sum():.3f} of all, {late:.3f} in the last 8 days"
    )
ax.axvline(NEW_FRAUD, color="#D55E00", ls=":", label="a new kind of fraud")
ax.set(xlabel="day", ylabel="caught so far, part of the amount", xlim=(0, N_DAYS - 1))
ax.legend(frameon=False, loc="upper right")
ax.spines[["top", "right"]].set_visible(False)

"""
======================
More than two classes
======================

Give each class its own cost of a false positive, and count false positives per class.

With more than two classes every mistake is a false positive of one class and a false
negative of another. One number would weigh all mistakes alike. ``fp_weight`` as a dict
gives the cost of predicting a class wrongly, per label; labels that it lacks cost 1.

The costs act through one weight per true class, which is exact for two classes and an
approximation for more. A row is not treated by the particular pair of classes that is
mixed up.
"""

# %%
# Ten digits, two of them dear
# ----------------------------
#
# Naive Bayes says "8" far too often. Let a wrong 8 cost 5, a wrong 1 cost 3, any other
# mistake 1.

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from sklearn_rlcorrect import RLCalibratedClassifier

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)
model = RLCalibratedClassifier(
    GaussianNB(), fp_weight={8: 5, 1: 3}, total_timesteps=20_000, random_state=0
)
model.fit(X_train, y_train)

# %%
# False positives per class
# -------------------------
#
# Those of a class are the rows that are predicted as it and are not of it: its column
# of the confusion matrix without the diagonal. A row that is no longer called "8" must
# be called something else, so that single classes may gain some.

import numpy as np
from sklearn.metrics import confusion_matrix


def false_positives(y_true, y_pred):
    """Wrong predictions of each class."""
    confusion = confusion_matrix(y_true, y_pred)
    return confusion.sum(axis=0) - np.diag(confusion)


before = false_positives(y_test, model.estimator_.predict(X_test))
after = false_positives(y_test, model.predict(X_test))
for label, counts in zip(model.classes_, zip(before, after, strict=True), strict=True):
    print(f"wrong {label}: {counts[0]:3d} before, {counts[1]:3d} after")

# %%

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.bar(model.classes_ - 0.2, before, 0.38, color="#999999", label="before")
ax.bar(model.classes_ + 0.2, after, 0.38, color="#009E73", label="after")
ax.set_xticks(model.classes_)
ax.set(xlabel="predicted class", ylabel=f"false positives of {len(y_test)} test rows")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

# %%
# Which classes are mixed up
# --------------------------

from sklearn_rlcorrect.plotting import ConfusionChangeDisplay

figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
ConfusionChangeDisplay.from_estimator(model, X_test, y_test, ax=axes)

# %%
# Does the cost per class do anything?
# ------------------------------------
#
# The same correction with the same cost for every mistake. Much of the improvement is
# not due to the costs at all, but to the features. The costs act on what is left: the
# fewer mistakes remain, the less they can do.

equal = RLCalibratedClassifier(
    GaussianNB(), fp_weight=1, total_timesteps=20_000, random_state=0
)
equal.fit(X_train, y_train)
without = false_positives(y_test, equal.predict(X_test))
print(f"{'':14}  wrong 8  wrong 1  other mistakes")
for name, counts in [
    ("naive Bayes", before),
    ("equal costs", without),
    ("8: 5, 1: 3", after),
]:
    others = counts.sum() - counts[8] - counts[1]
    print(f"{name:14}  {counts[8]:7d}  {counts[1]:7d}  {others:14d}")

# %%
# Few rows
# --------
#
# The wine data have three classes and 178 rows in all: naive Bayes makes few mistakes,
# and there are too few of them to learn from. Probabilities may change a little,
# decisions hardly do. Where no policy beats the classifier on held-out training
# rows, ``selected_`` is 0, and the probabilities stay exactly as they are.

from sklearn.datasets import load_wine

X, y = load_wine(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)
few = RLCalibratedClassifier(
    GaussianNB(), fp_weight={0: 3}, total_timesteps=10_000, random_state=0
)
few.fit(X_train, y_train)
print("selected:", few.selected_)
print(f"largest change of a probability: {abs(few.predict_adjustment(X_test)).max():.2f}")
for name, fitted in [("before", few.estimator_), ("after", few)]:
    print(f"{name:6} {np.sum(fitted.predict(X_test) != y_test)} mistakes of {len(y_test)}")

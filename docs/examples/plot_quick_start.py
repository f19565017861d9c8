"""
===========
Quick start
===========

Wrap a classifier, fit it, and compare its mistakes before and after the correction.

:class:`~sklearn_rlcorrect.RLCalibratedClassifier` is fitted as any classifier is. It fits
the classifier that it wraps, and learns from out-of-fold probabilities how to move each
probability by a bounded amount, so that false positives fall.

The policy learns which probabilities are wrong *given the features*. It does not learn
anything that neither the probabilities nor the features hold.
"""

# %%
# A classifier with false positives
# ---------------------------------
#
# The question is whether a handwritten digit is an 8. About one in ten is. The
# classifier is a logistic regression, which is linear in the pixels: it makes mistakes
# that the pixels could settle.

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect.datasets import load_eights

X, y = load_eights()
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))

# %%
# Wrap it and fit
# ---------------
#
# ``fp_weight=2`` means that a false positive costs twice what a false negative costs.
# ``total_timesteps`` is smaller than the default, to be quick.

from sklearn_rlcorrect import RLCalibratedClassifier

model = RLCalibratedClassifier(
    classifier, fp_weight=2, pos_label="eight", total_timesteps=20_000, random_state=0
)
model.fit(X_train, y_train)

# %%
# Compare
# -------
#
# :func:`~sklearn_rlcorrect.evaluation.evaluate_correction` scores the classifier alone
# and the corrected one on the same rows, which neither was fitted on, and between them the
# classifier with the threshold that would have cost least in training. ``cost`` is twice
# the false positives plus the false negatives.

from sklearn_rlcorrect.evaluation import evaluate_correction


def print_scores(model, X, y):
    """Print the mistakes before and after the correction, a line each."""
    for when, score in evaluate_correction(model, X, y).items():
        print(
            f"{when:15}  {score['false_positives']:3.0f} false positives, "
            f"{score['false_negatives']:3.0f} false negatives, cost {score['cost']:3.0f}, "
            f"accuracy {score['accuracy']:.3f}"
        )


print_scores(model, X_test, y_test)

# %%
# The same as confusion matrices, and each test row by its probability before and after.
# Rows right of the vertical line were called "eight" before; rows above the horizontal
# line are called "eight" after.

import matplotlib.pyplot as plt

from sklearn_rlcorrect.plotting import ConfusionChangeDisplay, CorrectionDisplay

figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
ConfusionChangeDisplay.from_estimator(model, X_test, y_test, ax=axes)

# %%

figure, ax = plt.subplots(figsize=(5.5, 5), layout="constrained")
CorrectionDisplay.from_estimator(model, X_test, y_test, ax=ax)

# %%
# Each change is bounded
# ----------------------
#
# No probability moves by more than ``max_adjustment``.

largest = abs(model.predict_adjustment(X_test)).max()
print(f"largest change {largest:.2f}, bound {model.max_adjustment}")

# %%
# Where it does not help
# ----------------------
#
# Tumours of the breast cancer data are nearly linear in their features. A logistic
# regression leaves next to nothing to learn, and a few hundred rows are few to learn it
# from. The correction then changes little. ``selected_`` names the candidate that each
# priority took: 0 is the classifier alone, because no policy beat it on held-out
# training rows.

from sklearn.datasets import load_breast_cancer

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.4, stratify=y, random_state=0
)
model.set_params(pos_label=None).fit(X_train, y_train)
print_scores(model, X_test, y_test)
print("selected:", model.selected_)

# sphinx_gallery_thumbnail_number = 2

"""
=============
Text features
=============

Correct a classifier of texts: choose what the policy observes by ``features``.

A list of texts is no table, so that the default ``features="auto"`` finds no features in
it: the policy then observes probabilities alone, and little more than another threshold
can be learnt. Any transformer of texts to numbers does instead. It is fitted without
labels.
"""

# %%
# Real texts without a download
# -----------------------------
#
# Each paragraph of scikit-learn's own docstrings is a text. The question is whether it
# comes from ``sklearn.metrics``. Paragraphs that several objects share are kept once.
# (How many there are depends on the installed version.)

import inspect
import re

import numpy as np
from sklearn.utils.discovery import all_estimators, all_functions

origin = {}
for name, thing in all_estimators() + all_functions():
    for paragraph in re.split(r"\n\s*\n", inspect.getdoc(thing) or ""):
        text = " ".join(paragraph.split())
        if len(text) >= 60:
            origin.setdefault(text, (name, thing.__module__))

texts = np.array(list(origin), dtype=object)
names, modules = np.array(list(origin.values())).T
y = np.where(np.char.startswith(modules, "sklearn.metrics"), "metrics", "other")
print(
    f"{len(texts)} paragraphs, {np.mean(y == 'metrics'):.0%} of them from sklearn.metrics"
)

# %%
# A docstring is wholly in the training part or wholly in the test part. Texts go in as
# a list.

from sklearn.model_selection import GroupShuffleSplit

splitter = GroupShuffleSplit(n_splits=1, test_size=0.4, random_state=0)
train, test = next(splitter.split(texts, groups=names))
texts_train, texts_test = texts[train].tolist(), texts[test].tolist()
y_train, y_test = y[train], y[test]

# %%
# The classifier
# --------------
#
# A logistic regression on TF-IDF weights of words. Balanced class weights find more of
# the rare class, and bring false positives along.

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

classifier = make_pipeline(TfidfVectorizer(), LogisticRegression(class_weight="balanced"))

# %%
# Two corrections, and a threshold
# --------------------------------
#
# One policy observes probabilities alone, the other also the 50 main directions of the
# TF-IDF weights. The threshold is tuned for the same cost, in which a false positive
# counts twice.

from sklearn.decomposition import TruncatedSVD
from sklearn.metrics import confusion_matrix, make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV

from sklearn_rlcorrect import RLCalibratedClassifier


def mistakes(y_true, y_pred):
    """False positives and false negatives of "metrics"."""
    (_, fn), (fp, _) = confusion_matrix(y_true, y_pred, labels=["metrics", "other"])
    return fp, fn


def cost(y_true, y_pred):
    """Twice the false positives, and the false negatives."""
    fp, fn = mistakes(y_true, y_pred)
    return 2 * fp + fn


directions = make_pipeline(
    TfidfVectorizer(sublinear_tf=True), TruncatedSVD(50, random_state=0)
)
on_proba = RLCalibratedClassifier(
    classifier,
    features=None,
    fp_weight=2,
    pos_label="metrics",
    total_timesteps=20_000,
    random_state=0,
)
on_texts = RLCalibratedClassifier(**on_proba.get_params(deep=False))
on_texts.set_params(features=directions)
tuned = TunedThresholdClassifierCV(
    classifier, scoring=make_scorer(cost, greater_is_better=False)
)
models = {
    "classifier": classifier,
    "tuned threshold": tuned,
    "correction, probabilities alone": on_proba,
    "correction, with text features": on_texts,
}
for name, model in models.items():
    fp, fn = mistakes(y_test, model.fit(texts_train, y_train).predict(texts_test))
    print(
        f"{name:32} {fp:3d} false positives, {fn:3d} false negatives, cost {2 * fp + fn:3d}"
    )

# %%
# Part of the improvement is the cost alone, and for that a tuned threshold is the
# simpler tool: a correction of probabilities alone is no better. The rest comes from
# the features. The price of fewer false positives is recall: compare the false
# negatives.

import matplotlib.pyplot as plt

from sklearn_rlcorrect.plotting import FalsePositiveDisplay

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
for ax, name in zip(axes, list(models)[2:], strict=True):
    FalsePositiveDisplay.from_estimator(models[name], texts_test, y_test, ax=ax)
    ax.set_xlabel(f"{ax.get_xlabel()}\n({name})")

# %%
# Order, not only decisions
# -------------------------
#
# False positives at each recall, by moving the threshold of each score. A correction that
# observes probabilities alone stays on the curve of the classifier. With text features the
# curve is another one, but not everywhere a better one: where the two meet, a threshold
# does as well.

from sklearn.metrics import det_curve

curves = {
    "classifier": classifier,
    "correction, probabilities alone": on_proba,
    "correction, with text features": on_texts,
}
figure, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
for (name, model), color, width in zip(
    curves.items(), ["#BBBBBB", "#E69F00", "#009E73"], [5, 1.5, 1.5], strict=True
):
    score = model.predict_proba(texts_test)[:, 0]
    fpr, fnr, _ = det_curve(y_test, score, pos_label="metrics")
    ax.plot(
        1 - fnr, fpr * np.sum(y_test == "other"), color=color, linewidth=width, label=name
    )
ax.set(xlabel="recall", ylabel="false positives", yscale="log", xlim=(0.2, 1))
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

"""
====================
Several labels a row
====================

Correct each label by itself, in scikit-learn's multilabel wrappers.

The correction is a classifier of one target.
:class:`~sklearn.multioutput.MultiOutputClassifier` fits one per label; in a
:class:`~sklearn.multioutput.ClassifierChain` each also observes the labels before it.

Each label is then corrected with its own policy. Nothing is learnt about which labels go
together but what the chain hands on.
"""

# %%
# Three labels of a digit
# -----------------------

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

X, digit = load_digits(return_X_y=True)
labels = ["odd", "at least 5", "has a loop"]
Y = np.column_stack([digit % 2, digit >= 5, np.isin(digit, [0, 6, 8, 9])]).astype(int)
X_train, X_test, Y_train, Y_test = train_test_split(
    X, Y, test_size=0.4, stratify=digit, random_state=0
)

# %%
# One correction per label
# ------------------------
#
# All of them with the same settings; for others, fit the labels one by one.

from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier

classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
corrected = RLCalibratedClassifier(
    classifier, fp_weight=2, total_timesteps=10_000, random_state=0
)
models = {
    "classifier alone": MultiOutputClassifier(classifier),
    "corrected": MultiOutputClassifier(corrected),
    "corrected in a chain": ClassifierChain(corrected),
}
predicted = {
    name: model.fit(X_train, Y_train).predict(X_test).astype(int)
    for name, model in models.items()
}

# %%
# Mistakes per label
# ------------------
#
# In a label that is already corrected well, or that the others say nothing about, a chain
# brings nothing. Whether it helps depends on the labels: compare.

import matplotlib.pyplot as plt
from sklearn.metrics import multilabel_confusion_matrix

confusions = {name: multilabel_confusion_matrix(Y_test, Y) for name, Y in predicted.items()}
for name, confusion in confusions.items():
    fp, fn = confusion[:, 0, 1], confusion[:, 1, 0]
    print(
        f"{name:21} false positives {fp.tolist()}, false negatives {fn.tolist()}, "
        f"all labels right {np.mean((predicted[name] == Y_test).all(axis=1)):.3f}"
    )

figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained", sharey=True)
colors = ["#999999", "#009E73", "#56B4E9"]
for ax, (kind, row, column) in zip(
    axes, [("false positives", 0, 1), ("false negatives", 1, 0)], strict=True
):
    for place, (name, confusion) in enumerate(confusions.items()):
        ax.bar(
            np.arange(3) + 0.27 * (place - 1),
            confusion[:, row, column],
            0.25,
            color=colors[place],
            label=name,
        )
    ax.set_xticks(range(3), labels)
    ax.set_ylabel(f"{kind} of {len(Y_test)} test rows")
    ax.spines[["top", "right"]].set_visible(False)
axes[0].legend(frameon=False)

"""Draw the picture of the README: what ``rlcorrect train`` does to held-out digits.

python docs/before_after.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.datasets import load_eights

# Okabe and Ito's colours, told apart by everyone.
RIGHT, MENDED, LEFT, SPOILT = "#999999", "#009E73", "#E69F00", "#D55E00"


def main(path):
    """Fit, and draw both panels."""
    X, y = load_eights()
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=0
    )
    base = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model = RLCalibratedClassifier(base, pos_label="eight", random_state=0)
    after = model.fit(X_train, y_train).predict_proba(X_test)[:, 0]
    before = after - model.predict_adjustment(X_test)[:, 0]
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9.5, 3.8), width_ratios=[1, 1.5], layout="constrained"
    )
    draw_counts(left, y_test == "eight", before > 0.5, after > 0.5)
    draw_probabilities(right, y_test == "eight", before, after)
    figure.savefig(path, dpi=150)


def draw_counts(axes, is_eight, before, after):
    """Bars of mistakes before and after."""
    names = ["false\npositives", "false\nnegatives"]
    for shift, label, found, colour in [
        (-0.2, "logistic regression", before, RIGHT),
        (0.2, "corrected", after, MENDED),
    ]:
        counts = [np.sum(found & ~is_eight), np.sum(~found & is_eight)]
        bars = axes.bar(np.arange(2) + shift, counts, 0.38, label=label, color=colour)
        axes.bar_label(bars)
    axes.set_xticks([0, 1], names)
    axes.set_ylabel(f"of {len(is_eight)} held-out digits")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(y=0.3)
    axes.legend(frameon=False, loc="upper center")
    axes.set_title('Mistakes on "is it an 8?"')


def draw_probabilities(axes, is_eight, before, after):
    """Each digit's probability before and after, by what became of it."""
    was_right, is_right = (before > 0.5) == is_eight, (after > 0.5) == is_eight
    for chosen, label, colour, size in [
        (was_right & is_right, "right before and after", RIGHT, 12),
        (~was_right & is_right, "mended", MENDED, 32),
        (~was_right & ~is_right, "still wrong", LEFT, 32),
        (was_right & ~is_right, "spoilt", SPOILT, 32),
    ]:
        for marker, kind in [("o", ~is_eight), ("^", is_eight)]:
            rows = chosen & kind
            axes.scatter(
                before[rows],
                after[rows],
                s=size,
                c=colour,
                marker=marker,
                label=f"{label} ({chosen.sum()})" if marker == "o" else None,
                alpha=0.8,
                linewidths=0,
            )
    axes.axhline(0.5, color="black", linewidth=0.6)
    axes.axvline(0.5, color="black", linewidth=0.6)
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.6, linestyle=":")
    axes.set(xlabel="probability of 8, logistic regression", ylabel="corrected probability")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.set_title("Every held-out digit (triangles: eights)")


if __name__ == "__main__":
    main(Path(__file__).with_suffix(".png"))

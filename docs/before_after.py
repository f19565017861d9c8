"""Draw the pictures of the README and of ``pictures.md``.

python docs/before_after.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.datasets import load_eights
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.plotting import CorrectionDisplay, save_pictures

DOCS = Path(__file__).parent


def main():
    """Fit a corrector of two classes and one of ten, and draw their effect."""
    base = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    two_classes = fit(base, *load_eights(), pos_label="eight")
    draw_readme(*two_classes)
    ten_classes = fit(GaussianNB(), *load_digits(return_X_y=True))
    for name, fitted in [("two_classes", two_classes), ("ten_classes", ten_classes)]:
        folder = DOCS / "pictures" / name
        folder.mkdir(parents=True, exist_ok=True)
        save_pictures(*fitted, folder)


def fit(base, X, y, **params):
    """Return a fitted corrector and held-out rows."""
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=0
    )
    model = RLCalibratedClassifier(base, random_state=0, **params).fit(X_train, y_train)
    return model, X_test, y_test


def draw_readme(model, X, y):
    """Draw the mistakes and every probability, before and after."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8, 3.8), width_ratios=[1, 1.2], layout="constrained"
    )
    scores = evaluate_correction(model, X, y)
    for shift, when, label, colour in [
        (-0.2, "before", "logistic regression", "#999999"),
        (0.2, "after", "corrected", "#009E73"),
    ]:
        counts = [scores[when][f"false_{kind}"] for kind in ("positives", "negatives")]
        bars = left.bar(np.arange(2) + shift, counts, 0.38, label=label, color=colour)
        left.bar_label(bars, fmt="%d")
    left.set_xticks([0, 1], ["false\npositives", "false\nnegatives"])
    left.set_ylabel(f'mistakes on "is it an 8?", {len(y)} held-out digits')
    left.spines[["top", "right"]].set_visible(False)
    left.margins(y=0.2)
    left.legend(frameon=False, loc="upper left")
    CorrectionDisplay.from_estimator(model, X, y, ax=right)
    right.get_legend().set_frame_on(False)
    figure.savefig(DOCS / "before_after.png", dpi=150)


if __name__ == "__main__":
    main()

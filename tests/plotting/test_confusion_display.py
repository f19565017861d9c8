"""Confusion matrices: counts, and room for the labels."""

from itertools import pairwise

import numpy as np
import pytest
from six_rows import AFTER, BEFORE, Y

from sklearn_rlcorrect.plotting import ConfusionChangeDisplay


def of_classes(classes, n_rows=300):
    rng = np.random.default_rng(0)
    before, after = rng.dirichlet(np.ones(len(classes)), size=(2, n_rows))
    y = np.asarray(classes)[rng.integers(len(classes), size=n_rows)]
    display = ConfusionChangeDisplay.from_predictions(y, before, after, classes=classes)
    display.figure_.canvas.draw()
    return display


def test_confusion_matrices_hold_the_counts():
    display = ConfusionChangeDisplay.from_predictions(Y, BEFORE, AFTER)
    texts = [[int(text.get_text()) for text in ax.texts] for ax in display.ax_]
    assert texts == [[1, 2, 1, 2], [2, 1, 1, 2]]


def test_large_counts_are_written_out():
    y = np.arange(30_000) % 2
    display = ConfusionChangeDisplay.from_predictions(y, y, y)
    assert [text.get_text() for text in display.ax_[0].texts] == [
        "15000",
        "0",
        "0",
        "15000",
    ]


@pytest.mark.parametrize("n_classes", [2, 3, 7, 12, 30, 100])
def ends(texts, axis):
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    return sorted(getattr(box, f"interval{axis}").tolist() for box in boxes)


@pytest.mark.parametrize("n_classes", [2, 3, 7, 12, 30, 100])
def test_labels_and_numbers_do_not_overlap(n_classes):
    display = of_classes([f"{k:03d} long name of a class" for k in range(n_classes)])
    for ax in display.ax_:
        for texts, axis in [
            (ax.get_xticklabels(), "x"),
            (ax.get_yticklabels(), "y"),
            (ax.texts[:n_classes], "x"),
        ]:
            for (_, end), (start, _) in pairwise(ends(texts, axis)):
                # A pixel is the width of a line.
                assert end <= start + 1


def test_short_labels_fit_a_column_of_a_paper():
    assert of_classes(["no", "yes"]).figure_.get_figwidth() == 3.4
    assert of_classes([str(k) for k in range(10)]).figure_.get_figwidth() < 4


def test_every_nth_of_many_classes_is_labelled():
    labels = [t.get_text() for t in of_classes(np.arange(100)).ax_[0].get_yticklabels()]
    assert labels[:3] == ["0", "3", "6"]

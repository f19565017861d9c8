"""Probabilities before against after, and the decisions that change."""

import numpy as np
from matplotlib.colors import to_rgb, to_rgba
from six_rows import AFTER, BEFORE, Y, legend

from sklearn_rlcorrect.plotting import CorrectionDisplay
from sklearn_rlcorrect.plotting._base import GREEN, RED


def lines(display):
    """Return where the vertical and the horizontal lines are, but the diagonal."""
    drawn = [line.get_xydata() for line in display.ax_.lines[1:]]
    upright = [xy[0, 0] for xy in drawn if xy[0, 0] == xy[1, 0]]
    return sorted(upright), sorted(xy[0, 1] for xy in drawn if xy[0, 1] == xy[1, 1])


def test_changed_decisions_are_marked():
    display = CorrectionDisplay.from_predictions(Y, BEFORE, AFTER)
    assert legend(display) == [
        "right before and after (2)",
        "fixed (2)",
        "still wrong (1)",
        "broken (1)",
    ]
    points = [group.get_offsets().tolist() for group in display.ax_.collections]
    right, fixed, still_wrong, broken = points
    assert right == [[0.1, 0.2], [0.9, 0.9]]
    assert fixed == [[0.7, 0.3], [0.3, 0.6]]
    assert (still_wrong, broken) == ([[0.6, 0.6]], [[0.8, 0.4]])
    colours = [to_rgba(group.get_facecolor()[0]) for group in display.ax_.collections]
    assert len(set(colours)) == 4


def test_positive_label_is_followed():
    display = CorrectionDisplay.from_predictions(Y, BEFORE, AFTER, pos_label="no")
    assert display.ax_.get_xlabel() == "probability of “no” before"
    np.testing.assert_allclose(display.ax_.collections[3].get_offsets(), [[0.2, 0.6]])


def test_several_positive_classes_follow_the_true_one():
    y = np.array([0, 1, 2])
    before = np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    after = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    display = CorrectionDisplay.from_predictions(y, before, after)
    assert display.ax_.collections[1].get_offsets().tolist() == [[0.3, 0.7]]


def test_neither_fixed_nor_broken_decisions_cover_the_others():
    y, before = np.arange(800) % 2, np.tile([0.4, 0.4, 0.6, 0.6], 200)
    display = CorrectionDisplay.from_predictions(y, before, 1 - before)
    assert legend(display)[1::2] == ["fixed (400)", "broken (400)"]
    drawn = sorted(display.ax_.collections, key=lambda group: group.get_zorder())
    drawn = [group for group in drawn if len(group.get_offsets())]
    colours = [to_rgb(group.get_facecolor()[0]) for group in drawn]
    layers = {c: [i for i, x in enumerate(colours) if x == to_rgb(c)] for c in (GREEN, RED)}
    assert min(layers[GREEN]) < max(layers[RED])
    assert min(layers[RED]) < max(layers[GREEN])
    for colour in (GREEN, RED):
        rows = [len(drawn[i].get_offsets()) for i in layers[colour]]
        assert sum(rows) == 400
        assert max(rows) < 80
    assert all(group.get_alpha() < 1 for group in drawn)


def test_lines_are_thresholds():
    assert lines(CorrectionDisplay.from_predictions(Y, BEFORE, AFTER)) == ([0.5], [0.5])
    display = CorrectionDisplay.from_predictions(Y, BEFORE, AFTER, threshold=0.55)
    assert lines(display) == ([0.5], [0.55])


def test_lines_of_several_classes_bound_what_is_predicted():
    rng = np.random.default_rng(0)
    before, after = rng.dirichlet(np.ones(4), size=(2, 1000))
    for pos_label in (None, 2):
        display = CorrectionDisplay.from_predictions(
            rng.integers(4, size=1000), before, after, pos_label=pos_label
        )
        assert lines(display) == ([0.25, 0.5], [0.25, 0.5])
    is_predicted = before.argmax(axis=1) == 2
    assert is_predicted[before[:, 2] > 0.5].all()
    assert not is_predicted[before[:, 2] < 0.25].any()

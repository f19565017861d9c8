"""The trade-off of several positive classes, and what all mistakes cost."""

import copy

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.plotting import TradeoffDisplay
from sklearn_rlcorrect.plotting._base import STYLE

Y = np.array([0, 1, 2, 2, 1, 0])
BEFORE = np.array(
    [
        [0.5, 0.4, 0.1],
        [0.2, 0.7, 0.1],
        [0.1, 0.6, 0.3],
        [0.3, 0.2, 0.5],
        [0.35, 0.3, 0.35],
        [0.2, 0.45, 0.35],
    ]
)
# Row 2 is now right.
AFTER = np.where(np.arange(6)[:, np.newaxis] == 2, [0.1, 0.3, 0.6], BEFORE)


def six_rows(**options):
    return TradeoffDisplay.from_predictions(Y, BEFORE, AFTER, **options)


def many_classes(n_classes=7, n_rows=400, **options):
    rng = np.random.default_rng(0)
    y = rng.integers(n_classes, size=n_rows)
    before, after = rng.dirichlet(np.ones(n_classes), size=(2, n_rows))
    return y, TradeoffDisplay.from_predictions(y, before, after, **options)


def legend(display):
    return [text.get_text() for text in display.ax_[0].get_legend().get_texts()]


def legend_title(display):
    return " ".join(display.ax_[0].get_legend().get_title().get_text().split())


def head(display):
    return " ".join(display.ax_[1].get_title().split())


def bars(display):
    """Return the widths of the parts, of each decision."""
    widths = [bar.get_width() for bar in display.ax_[1].patches]
    return np.reshape(widths, (len(display.per_class.mistakes), -1))


@pytest.fixture(scope="module")
def fitted(wine):
    X, X_test, y, y_test = wine
    noise = np.random.default_rng(0).normal(size=X_test.shape) * X.std(axis=0)
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    # A fit would warn that it has no effect.
    return model.set_params(fp_weight=2), X_test + noise, y_test


def test_mistakes_by_hand():
    several = six_rows(fp_weight=3).per_class
    # Row 4 is taken for 0, rows 2 and 5 for 1: none for 2.
    assert {name: counts.tolist() for name, counts in several.mistakes.items()} == {
        "classifier": [1, 2, 0],
        "corrected": [1, 1, 0],
    }
    assert several.drawn == [1, 0, 2]
    assert several.costs.tolist() == [3, 3, 3]


def test_parts_of_the_cost_by_hand():
    display = six_rows(fp_weight={0: 3, 1: 0.5})
    # In the order of the curves: 1, 0 and 2, and no others.
    expected = np.array([[2 * 0.5, 3, 0, 0], [0.5, 3, 0, 0]]) * 100 / 6
    np.testing.assert_allclose(bars(display), expected)
    assert [text.get_text() for text in display.ax_[1].get_yticklabels()] == [
        "classifier",
        "corrected",
    ]


def test_classes_are_those_drawn_alone(fitted):
    model, X, y = fitted
    several = TradeoffDisplay.from_estimator(model, X, y).per_class
    assert sorted(several.drawn) == [0, 1, 2]
    for k, curves, points in zip(
        several.drawn, several.curves, several.points, strict=True
    ):
        alone = TradeoffDisplay.from_estimator(model, X, y, pos_label=k)
        assert alone.per_class is None
        assert points == alone.points
        for name, curve in curves.items():
            for drawn, expected in zip(curve, alone.curves[name], strict=True):
                np.testing.assert_array_equal(drawn, expected)


def test_classes_of_most_false_positives_come_first():
    y, display = many_classes()
    several = display.per_class
    wrong = several.mistakes["classifier"]
    assert len(several.drawn) == 5
    assert wrong[several.drawn].tolist() == sorted(wrong, reverse=True)[:5]
    assert display.label == several.drawn[0]
    assert legend_title(display) == "5 of 7 classes with most false positives"
    assert legend(display) == [*map(str, several.drawn), "other classes"]
    assert display.ax_[0].get_ylabel() == f"false positives of {len(y)} rows"


def test_classes_left_out_are_part_of_the_cost():
    _, display = many_classes()
    counts = display.per_class.mistakes.values()
    expected = [100 * count.sum() / 400 for count in counts]
    np.testing.assert_allclose(bars(display).sum(axis=1), expected)


def test_each_class_has_a_colour():
    display = six_rows()
    lines = [line for line in display.ax_[0].lines if len(line.get_xdata()) > 1]
    assert [line.get_linestyle() for line in lines] == ["--", "-"] * 3
    colours = [to_hex(line.get_color()) for line in lines]
    assert colours[::2] == colours[1::2]
    assert len(set(colours)) == 3
    marks = [line for line in display.ax_[0].lines if len(line.get_xdata()) == 1]
    assert [to_hex(mark.get_color()) for mark in marks] == colours
    assert [to_hex(bar.get_facecolor()) for bar in display.ax_[1].patches[:3]] == colours[
        ::2
    ]


def test_some_of_the_classes_are_positive():
    display = six_rows(pos_label=[0, 2])
    assert display.per_class.drawn == [0, 2]
    assert legend_title(display) == "classes"
    assert legend(display) == ["0", "2", "other classes"]
    # The mistakes of class 1 are among the others.
    np.testing.assert_allclose(bars(display)[0], np.array([1, 0, 2]) * 100 / 6)


@pytest.mark.parametrize("fp_weight", [2.5, {0: 4.0, 1: 0.5}], ids=["all", "some"])
def test_cost_is_that_of_the_evaluation(fitted, fp_weight):
    model, X, y = copy.deepcopy(fitted)
    model.set_params(fp_weight=fp_weight)
    display = TradeoffDisplay.from_estimator(model, X, y)
    scores = evaluate_correction(model, X, y)
    drawn = dict(zip(display.per_class.mistakes, bars(display).sum(axis=1), strict=True))
    for name, when in [("classifier", "before"), ("weighted", "after")]:
        assert drawn[name] * len(y) / 100 == pytest.approx(scores[when]["cost"])
    assert scores["before"]["cost"] > 0


def test_mark_is_at_the_end_of_the_bar_and_within_its_interval():
    _, display = many_classes(fp_weight={0: 3.0, 4: 0.5})
    lines = display.ax_[1].lines
    ends = bars(display).sum(axis=1)
    for interval, mark, end in zip(lines[::2], lines[1::2], ends, strict=True):
        assert mark.get_xdata()[0] == pytest.approx(end)
        low, high = interval.get_xdata()
        assert low < end < high


def test_weights_in_the_head(fitted):
    model, X, y = copy.deepcopy(fitted)
    drawn = TradeoffDisplay.from_estimator(model, X, y)
    expected = "GaussianNB, priority “weighted”, fp_weight 2 for every class"
    assert head(drawn) == expected
    # By itself, a class weighs as much as the others.
    drawn = TradeoffDisplay.from_estimator(model, X, y, pos_label=1)
    title = "GaussianNB, priority “weighted”, fp_weight 1 relative to other classes"
    assert legend_title(drawn) == title
    model.set_params(fp_weight={0: 3, 1: 2})
    assert head(TradeoffDisplay.from_estimator(model, X, y)).endswith(
        "fp_weight 1 to 3 by class"
    )
    assert head(six_rows(caption="mine")) == "mine, fp_weight 1 for every class"


def test_axis_is_logarithmic_where_one_class_has_most():
    assert six_rows().ax_[0].get_yscale() == "linear"
    y = np.repeat([0, 1, 2, 3], 50)
    before = np.eye(4)[y]
    before[:100] = [0.1, 0.1, 0.1, 0.7]
    before[150:152] = [0.1, 0.7, 0.1, 0.1]
    drawn = TradeoffDisplay.from_predictions(y, before, before)
    assert drawn.ax_[0].get_yscale() == "symlog"
    assert drawn.ax_[0].get_ylim()[0] == 0
    drawn.figure_.canvas.draw()


@pytest.mark.parametrize("n_classes", [3, 5, 10])
@pytest.mark.parametrize("name", ["{}", "{:02d} kinds of spruce, fir and pine"])
@pytest.mark.parametrize("has_axes", [False, True])
def test_nothing_overlaps_or_is_cut(n_classes, name, has_axes):
    rng = np.random.default_rng(0)
    classes = np.array([name.format(k) for k in range(n_classes)])
    before, after = rng.dirichlet(np.ones(n_classes), size=(2, 500))
    with plt.rc_context(STYLE):
        size = {"figsize": (6.8, 3.3), "layout": "constrained"}
        display = TradeoffDisplay.from_predictions(
            classes[rng.integers(n_classes, size=500)],
            before,
            dict.fromkeys(["weighted", "accuracy", "fp"], after),
            caption="HistGradientBoostingClassifier, priority “weighted”",
            ax=plt.figure(**size).subplots(1, 2) if has_axes else None,
        )
    figure = display.figure_
    figure.canvas.draw()
    trade, costs = display.ax_
    # The names of decisions stand between the panels.
    left = [trade.get_legend(), trade.xaxis.label]
    right = [costs.title, costs.xaxis.label, *costs.get_yticklabels()]
    ends = [part.get_window_extent().x1 for part in left]
    assert max(ends) <= min(part.get_window_extent().x0 for part in right[:2])
    assert trade.get_window_extent().x1 <= min(
        part.get_window_extent().x0 for part in right
    )
    assert trade.get_window_extent().height > 1.2 * figure.dpi
    drawn_on, page = figure.get_tightbbox(), figure.bbox_inches
    assert min(drawn_on.x0, drawn_on.y0) > -0.01
    assert drawn_on.x1 < page.x1 + 0.01
    assert drawn_on.y1 < page.y1 + 0.01


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"threshold": 0.7}, ValueError, "threshold=0.7 is of one class, but 3 are drawn"),
        ({"corrected_threshold": 0.7}, ValueError, "corrected_threshold=0.7 is of one cla"),
        ({"fp_weight": {5: 2}}, ValueError, "fp_weight names the class 5, which"),
        ({"fp_weight": {1: -2}}, ValueError, r"fp_weight\[1\] == -2, must be >= 0"),
        ({"fp_weight": "2"}, TypeError, "fp_weight must be an instance of"),
        ({"limits": {"max_fpr": 0.1}}, ValueError, "are of two classes, but there are 3"),
    ],
)
def test_bad_input(options, error, message):
    with pytest.raises(error, match=message):
        six_rows(**options)


def test_a_class_without_rows_and_one_without_mistakes():
    six_rows(classes=[0, 1, 2]).figure_.canvas.draw()
    drawn = TradeoffDisplay.from_predictions(
        Y[Y < 2], BEFORE[Y < 2], AFTER[Y < 2], classes=[0, 1, 2]
    )
    drawn.figure_.canvas.draw()
    certain = np.eye(3)[Y]
    drawn = TradeoffDisplay.from_predictions(Y, certain, certain, fp_weight=0)
    drawn.figure_.canvas.draw()
    assert bars(drawn).sum() == 0

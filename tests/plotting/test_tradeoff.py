"""False positives against recall, and costs against the threshold."""

import copy

import numpy as np
import pytest
from matplotlib import pyplot as plt
from six_rows import AFTER, BEFORE, Y
from sklearn.metrics import confusion_matrix
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.plotting import TradeoffDisplay
from sklearn_rlcorrect.plotting._base import STYLE
from sklearn_rlcorrect.plotting.flagged import bands

PRIORITIES = ["accuracy", "fp", "weighted"]


def six_rows(after=AFTER, **options):
    return TradeoffDisplay.from_predictions(Y, BEFORE, after, **options)


def two_columns(flagged):
    return [flagged.false_positives.tolist(), flagged.true_positives.tolist()]


def marks(ax):
    """Return the place of each mark by its label, or its order."""
    lines = [line for line in ax.lines if len(line.get_xdata()) == 1]
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_curves_by_hand():
    curves = six_rows().curves
    # Before, from the top: yes 0.9, yes 0.8, no 0.7, no 0.6, yes 0.3, no 0.1.
    assert curves["classifier"].threshold.tolist() == [np.inf, 0.9, 0.8, 0.7, 0.6, 0.3, 0.1]
    assert two_columns(curves["classifier"]) == [
        [0, 0, 0, 1, 2, 2, 3],
        [0, 1, 2, 2, 2, 3, 3],
    ]
    # After, yes and no are both at 0.6.
    assert curves["corrected"].threshold.tolist() == [np.inf, 0.9, 0.6, 0.4, 0.3, 0.2]
    assert two_columns(curves["corrected"]) == [[0, 0, 1, 1, 2, 3], [0, 1, 2, 3, 3, 3]]


def test_marks_by_hand():
    display = six_rows(fp_weight=3, threshold=0.75)
    # The classifier flags 0.7, 0.6, 0.8 and 0.9; above 0.75 are two rows, both "yes".
    assert display.points == {
        "classifier": (0.5, 2, 2),
        "threshold alone": (0.75, 0, 2),
        "corrected": (0.5, 1, 2),
    }
    trade, costs = display.ax_
    np.testing.assert_allclose(marks(trade), [(2 / 3, 2), (2 / 3, 0), (2 / 3, 1)])
    # Of six rows: 2 * 3 + 1, 0 + 1 and 3 + 1. The lowest are at 0.8 and, without a false
    # positive, at 0.9, where two rows are missed.
    expected = [(0.5, 700 / 6), (0.75, 100 / 6), (0.5, 400 / 6)]
    lowest = [(0.8, 100 / 6), (0.9, 200 / 6)]
    np.testing.assert_allclose(marks(costs), expected + lowest)


def test_head_of_the_picture():
    display = six_rows(fp_weight=3, threshold=0.75, caption="GaussianNB")
    titles = [ax.get_legend().get_title().get_text() for ax in display.ax_]
    assert titles == ["GaussianNB, fp_weight 3", "6 rows, 3 of them “yes”"]
    assert legend(display.ax_[0]) == ["classifier", "corrected", "95 % interval"]
    assert legend(display.ax_[1]) == [
        "classifier",
        "threshold alone (0.75)",
        "corrected",
        "lowest of the curve",
    ]
    assert display.ax_[0].get_ylabel() == "false positives of 6 rows"


def test_cost_between_two_scores_is_that_of_the_higher_one():
    line = six_rows(fp_weight=3).ax_[1].lines[0]
    assert line.get_drawstyle() == "steps-post"
    x, cost = line.get_data()
    assert x.tolist() == [1, 0.9, 0.8, 0.7, 0.6, 0.3, 0.1, 0]
    for threshold in [0.95, 0.65, 0.45, 0.05]:
        flagged = threshold <= BEFORE
        _, fp, fn, _ = confusion_matrix(Y == "yes", flagged).ravel()
        drawn = cost[np.flatnonzero(x >= threshold)[-1]]
        assert drawn == pytest.approx(100 / 6 * (3 * fp + fn))


def test_positive_class_is_the_one_given():
    display = six_rows(pos_label="no")
    # Only 0.3 is taken for "no", wrongly, and 0.1; after, also 0.3 (no), 0.2 and 0.4 (yes).
    assert display.points["classifier"][1:] == (1, 1)
    assert display.points["corrected"][1:] == (1, 2)
    assert display.ax_[0].get_xlabel() == "recall of “no”"


def test_corrected_threshold_decides():
    after = {"fp": AFTER, "weighted": AFTER}
    display = six_rows(after, corrected_threshold={"fp": 0.7}, priority="weighted")
    assert display.points["fp"] == (0.7, 0, 1)
    assert display.points["weighted"] == (0.5, 1, 2)
    assert six_rows(corrected_threshold=0.7).points["corrected"] == (0.7, 0, 1)


def test_priority_has_the_corrected_curve():
    after = {"accuracy": BEFORE, "fp": AFTER}
    assert six_rows(after).curves["corrected"].threshold[1:].tolist() == sorted(
        BEFORE, reverse=True
    )
    curves = six_rows(after, priority="fp").curves
    assert curves["corrected"].threshold.tolist() == [np.inf, 0.9, 0.6, 0.4, 0.3, 0.2]


THREE = np.array([0, 1, 2, 2, 1, 0])
PROBA = np.array(
    [
        [0.5, 0.4, 0.1],
        [0.2, 0.7, 0.1],
        [0.1, 0.6, 0.3],
        [0.3, 0.2, 0.5],
        [0.35, 0.3, 0.35],
        [0.2, 0.45, 0.35],
    ]
)


def test_more_classes_are_drawn_one_against_the_rest():
    display = TradeoffDisplay.from_predictions(THREE, PROBA, PROBA, pos_label=0)
    # Rows 0 and 4 are predicted to be 0, and only row 0 is. As many are at least at 0.35.
    assert display.points["classifier"] == (0.35, 1, 1)
    # Most false positives are those of class 1: rows 2 and 5.
    display = TradeoffDisplay.from_predictions(THREE, PROBA, PROBA)
    assert display.label == 1
    assert display.points["classifier"] == (0.45, 2, 1)


def test_one_of_two_positive_classes_is_drawn():
    # Each of their mistakes is one of both.
    display = six_rows(pos_label=["no", "yes"])
    assert display.per_class is None
    assert display.label == "yes"
    assert six_rows(pos_label="yes").points == display.points


def test_no_row_is_predicted_to_be_the_class():
    proba = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.1, 0.4]])
    display = TradeoffDisplay.from_predictions([0, 1, 2], proba, proba, pos_label=2)
    assert display.points["classifier"] == (1, 0, 0)


@pytest.fixture(scope="module", params=["cancer", "wine"])
def fitted(request):
    X, X_test, y, y_test = request.getfixturevalue(request.param)
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    return model, X_test, y_test


def test_points_of_an_estimator_are_its_decisions(fitted):
    model, X, y = fitted
    for label in model.classes_:
        points = TradeoffDisplay.from_estimator(model, X, y, pos_label=label).points
        predicted = {"classifier": model.estimator_.predict(X)}
        if model.base_threshold_ is not None:
            flagged = model.estimator_.predict_proba(X)[:, 1] > model.base_threshold_
            predicted["threshold alone"] = model.classes_[flagged.astype(int)]
        for priority in PRIORITIES:
            variant = copy.deepcopy(model).set_params(priority=priority)
            predicted[priority] = variant.predict(X)
        assert points.keys() == predicted.keys()
        for name, labels in predicted.items():
            flagged = y[labels == label]
            counts = (flagged != label).sum(), (flagged == label).sum()
            assert points[name][1:] == counts


def test_estimator_is_left_as_it_was(fitted):
    model, X, y = fitted
    before, state = model.get_params(deep=False), set(vars(model))
    TradeoffDisplay.from_estimator(model, X, y)
    assert model.get_params(deep=False) == before
    assert set(vars(model)) == state


def test_from_estimator_is_from_predictions(fitted):
    model, X, y = fitted
    after = {}
    for priority in PRIORITIES:
        variant = copy.deepcopy(model).set_params(priority=priority)
        before, after[priority] = variant.predict_before_after(X)
    pictures = []
    for drawn in (
        TradeoffDisplay.from_estimator(model, X, y),
        TradeoffDisplay.from_predictions(
            y,
            before,
            after,
            classes=model.classes_,
            priority="weighted",
            threshold=model.base_threshold_,
            fp_weight=1.2,
            caption="GaussianNB, priority “weighted”",
        ),
    ):
        drawn.figure_.canvas.draw()
        pictures.append(np.asarray(drawn.figure_.canvas.buffer_rgba()))
    np.testing.assert_array_equal(*pictures)


def test_cost_is_that_of_the_evaluation(cancer):
    X, X_test, y, y_test = cancer
    for weight in [2.5, {0: 4.0}, {1: 0.5}]:
        model = RLCalibratedClassifier(GaussianNB(), fp_weight=weight, **QUICK).fit(X, y)
        scores = evaluate_correction(model, X_test, y_test)
        display = TradeoffDisplay.from_estimator(model, X_test, y_test)
        for name, when in [
            ("classifier", "before"),
            ("threshold alone", "threshold_alone"),
            ("weighted", "after"),
        ]:
            cost = display._cost(display.points[name]) * len(y_test) / 100
            assert cost == pytest.approx(scores[when]["cost"])


def test_threshold_alone_is_that_of_the_fit(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    model.base_threshold_ = 0.9
    flagged = model.estimator_.predict_proba(X_test)[:, 1] > 0.9
    points = TradeoffDisplay.from_estimator(model, X_test, y_test).points
    counts = (flagged & (y_test == 0)).sum(), (flagged & (y_test == 1)).sum()
    assert points["threshold alone"] == (0.9, *counts)
    # Of the other class, the same decisions.
    points = TradeoffDisplay.from_estimator(model, X_test, y_test, pos_label=0).points
    counts = (~flagged & (y_test == 1)).sum(), (~flagged & (y_test == 0)).sum()
    assert points["threshold alone"][1:] == counts


def test_guarded_corrector_decides_by_its_threshold(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(
        GaussianNB(), min_recall=0.7, guard_fraction=0.4, **QUICK
    )
    model.fit(X, y)
    thresholds = {"fp": 0.8, "weighted": 0.3}
    for priority, threshold in thresholds.items():
        model.guard_report_[priority] |= {"threshold": threshold}
    points = TradeoffDisplay.from_estimator(model, X_test, y_test).points
    for priority, threshold in thresholds.items():
        predicted = model.set_params(priority=priority).predict(X_test) == 1
        counts = (predicted & (y_test == 0)).sum(), (predicted & (y_test == 1)).sum()
        assert points[priority] == (threshold, *counts)


def test_shrunken_correction_is_drawn_as_it_decides(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(
        GaussianNB(), min_recall=0.7, guard_fraction=0.4, **QUICK
    )
    model.fit(X, y)
    shrinkages = {"weighted": 1.0, "accuracy": 0.5, "fp": 0.0}
    pictures = {}
    for priority, shrinkage in shrinkages.items():
        model.guard_report_[priority] |= {"shrinkage": shrinkage, "threshold": None}
    for priority in shrinkages:
        model.set_params(priority=priority)
        pictures[priority] = TradeoffDisplay.from_estimator(model, X_test, y_test).curves
        expected = np.unique(model.predict_proba(X_test)[:, 1])[::-1]
        drawn = pictures[priority]["corrected"].threshold[1:]
        np.testing.assert_array_equal(drawn, expected)
    # Nothing is left of the correction.
    np.testing.assert_array_equal(*(curve.threshold for curve in pictures["fp"].values()))


def test_limits_by_hand():
    limits = {"max_fpr": 1 / 3, "min_recall": 0.5, "max_accuracy_drop": 1 / 6}
    trade = six_rows(limits=limits).ax_[0]
    lines = {line.get_label(): line.get_xydata().tolist() for line in trade.lines}
    # One of three negative rows.
    assert lines["max_fpr 0.333"] == [[0, 1], [1, 1]]
    assert lines["min_recall 0.5"] == [[0.5, 0], [0.5, 3]]
    # The classifier makes three errors, and a sixth of six rows is one more: four, or three
    # false negatives and a false positive.
    np.testing.assert_allclose(lines["max_accuracy_drop 0.167"], [[0, 1], [1, 4]])


def test_limits_are_in_sight():
    trade = six_rows(limits={"max_fpr": 1.0, "min_recall": 0.01}).ax_[0]
    assert trade.get_xlim()[0] <= 0.01
    assert trade.get_ylim()[1] >= 3


def test_limits_of_an_estimator_are_those_of_its_fit(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), max_fpr=0.4, guard_fraction=0.4, **QUICK)
    model.fit(X, y).set_params(max_fpr=0.1)
    display = TradeoffDisplay.from_estimator(model, X_test, y_test)
    assert display.limits == {"max_fpr": 0.4}
    # The false positive rate of the other class is another thing.
    display = TradeoffDisplay.from_estimator(model, X_test, y_test, pos_label=0)
    assert not display.limits


def test_same_seed_same_bands():
    pictures = []
    for seed in [0, 0, 1]:
        drawn = six_rows(random_state=seed).figure_
        drawn.canvas.draw()
        pictures.append(np.asarray(drawn.canvas.buffer_rgba()))
    np.testing.assert_array_equal(*pictures[:2])
    assert (pictures[0] != pictures[2]).any()


def test_rare_positives():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [3982, 18])
    before = np.append(rng.beta(1, 50, 3982), rng.beta(4, 4, 18))
    display = TradeoffDisplay.from_predictions(y, before, np.sqrt(before), threshold=0.2)
    title = display.ax_[1].get_legend().get_title().get_text()
    assert title == "4000 rows, 18 of them “1”"
    # All that is marked is in the picture, and the band has a level for each few.
    for ax in display.ax_:
        for x, y_value in marks(ax):
            assert ax.get_xlim()[0] <= x <= ax.get_xlim()[1]
            assert ax.get_ylim()[0] <= y_value <= ax.get_ylim()[1]
    thresholds, _, _ = bands(display.curves["classifier"], np.array([0.5]), 1.0, 20, 0)
    assert np.isin(before[y == 1], thresholds).all()


@pytest.mark.parametrize("label", ["no", "yes"])
def test_rows_of_one_class(label):
    y = np.full(6, label)
    display = TradeoffDisplay.from_predictions(y, BEFORE, AFTER, classes=["no", "yes"])
    display.figure_.canvas.draw()
    point = display.points["classifier"]
    assert point.false_positives + point.true_positives == 4


def test_one_row_and_certain_rows():
    classes = ["no", "yes"]
    TradeoffDisplay.from_predictions(["no"], [0.4], [0.3], classes=classes)
    certain = (Y == "yes").astype(float)
    display = TradeoffDisplay.from_predictions(Y, certain, certain)
    display.figure_.canvas.draw()
    assert display.ax_[0].get_ylim()[1] > 0


@pytest.mark.parametrize("n_classes", [2, 7])  # of which one is drawn
@pytest.mark.parametrize("size", [(6.8, 3.3), (5, 3), None])
def test_nothing_overlaps_or_is_cut(n_classes, size):
    rng = np.random.default_rng(0)
    classes = np.array([f"{k:02d} kinds of spruce, fir and pine" for k in range(n_classes)])
    before, after = rng.dirichlet(np.ones(n_classes), size=(2, 500))
    y = classes[rng.integers(n_classes, size=500)]
    limits = {"max_fpr": 0.3, "min_recall": 0.4, "max_accuracy_drop": 0.01}
    ax = size and plt.figure(figsize=size, layout="constrained").subplots(1, 2)
    with plt.rc_context(STYLE):
        display = TradeoffDisplay.from_predictions(
            y,
            before,
            dict.fromkeys(PRIORITIES, after),
            pos_label=classes[1],
            threshold=0.7,
            caption="HistGradientBoostingClassifier, priority “weighted”",
            limits=limits if n_classes == 2 else None,
            ax=ax,
        )
    figure = display.figure_
    figure.canvas.draw()
    heads = [ax.get_legend().get_window_extent() for ax in display.ax_]
    assert heads[0].x1 <= heads[1].x0
    drawn_on, page = figure.get_tightbbox(), figure.bbox_inches
    assert min(drawn_on.x0, drawn_on.y0) > -0.01
    assert drawn_on.x1 < page.x1 + 0.01
    assert drawn_on.y1 < page.y1 + 0.01


@pytest.mark.parametrize(
    ("after", "options", "error", "message"),
    [
        (AFTER[:5], {}, ValueError, "inconsistent numbers of samples"),
        ({"recall": AFTER}, {}, ValueError, r"after holds the keys \['recall'\]: use one"),
        ({}, {}, ValueError, r"after holds the keys \[\]: use one array"),
        (AFTER, {"priority": "fp"}, ValueError, "priority='fp' must be a key of after"),
        (AFTER, {"pos_label": "maybe"}, ValueError, "pos_label names the class 'maybe'"),
        (AFTER, {"fp_weight": -1}, ValueError, "fp_weight == -1, must be >= 0"),
        (AFTER, {"fp_weight": {"yes": 2}}, TypeError, "fp_weight must be an instance of"),
        (AFTER, {"threshold": 1.2}, ValueError, "threshold == 1.2, must be <= 1"),
        (AFTER, {"limits": {"fpr": 0.1}}, ValueError, "limits holds 'fpr': use some of"),
        (AFTER, {"limits": {"max_fpr": 2}}, ValueError, "max_fpr == 2, must be <= 1"),
        (AFTER, {"n_resamples": 0}, ValueError, "n_resamples == 0, must be >= 1"),
        (AFTER, {"ax": [None]}, ValueError, "ax holds 1 Axes, but this picture needs 2"),
    ],
)
def test_bad_input(after, options, error, message):
    with pytest.raises(error, match=message):
        TradeoffDisplay.from_predictions(Y, BEFORE, after, **options)


def test_other_estimators_are_refused(cancer):
    X, X_test, y, y_test = cancer
    with pytest.raises(ValueError, match="estimator holds a GaussianNB, not an RLCal"):
        TradeoffDisplay.from_estimator(GaussianNB().fit(X, y), X_test, y_test)


def test_axes_are_accepted_and_plot_returns_self():
    display = six_rows()
    figure, axes = plt.subplots(2, 1)
    assert display.plot(ax=axes) is display
    assert display.figure_ is figure
    assert list(display.ax_) == list(axes)

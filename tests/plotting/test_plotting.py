"""What the pictures show, read back from the axes."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgba
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.plotting import (
    AdjustmentDisplay,
    ConfusionChangeDisplay,
    CorrectionDisplay,
    FalsePositiveDisplay,
    ReliabilityDisplay,
    TrainingCurveDisplay,
    save_pictures,
)

DISPLAYS = [
    AdjustmentDisplay,
    ConfusionChangeDisplay,
    CorrectionDisplay,
    FalsePositiveDisplay,
    ReliabilityDisplay,
]

Y = np.array(["no", "no", "no", "yes", "yes", "yes"])
BEFORE = np.array([0.7, 0.6, 0.1, 0.8, 0.3, 0.9])  # of "yes"
AFTER = np.array([0.3, 0.6, 0.2, 0.4, 0.6, 0.9])


@pytest.fixture(autouse=True)
def no_screen():
    mpl.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module", params=["cancer", "wine"])
def fitted(request):
    X, X_test, y, y_test = request.getfixturevalue(request.param)
    return RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y), X_test, y_test


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("display", DISPLAYS)
def test_from_estimator_is_from_predictions(fitted, display):
    model, X, y = fitted
    before, after = model.predict_before_after(X)
    pictures = []
    for drawn in (
        display.from_estimator(model, X, y),
        display.from_predictions(y, before, after, classes=model.classes_),
    ):
        assert isinstance(drawn, display)
        drawn.figure_.canvas.draw()
        pictures.append(np.asarray(drawn.figure_.canvas.buffer_rgba()))
    np.testing.assert_array_equal(*pictures)
    assert len(np.unique(pictures[0].reshape(-1, 4), axis=0)) > 10


@pytest.mark.parametrize("display", DISPLAYS)
def test_axes_are_accepted_and_plot_returns_self(display):
    drawn = display.from_predictions(Y, BEFORE, AFTER)
    count = drawn._n_columns
    figure, axes = plt.subplots(1, count)
    assert drawn.plot(ax=axes) is drawn
    assert drawn.figure_ is figure
    assert list(np.ravel(drawn.ax_)) == list(np.ravel(axes))


def test_one_column_is_the_second_class():
    both = np.column_stack([1 - BEFORE, BEFORE]), np.column_stack([1 - AFTER, AFTER])
    one = CorrectionDisplay.from_predictions(Y, BEFORE, AFTER)
    two = CorrectionDisplay.from_predictions(Y, *both)
    np.testing.assert_array_equal(one.before, two.before)
    np.testing.assert_array_equal(one.after, two.after)


def test_confusion_matrices_hold_the_counts():
    display = ConfusionChangeDisplay.from_predictions(Y, BEFORE, AFTER)
    texts = [[int(text.get_text()) for text in ax.texts] for ax in display.ax_]
    assert texts == [[1, 2, 1, 2], [2, 1, 1, 2]]


def test_adjustments_are_of_the_true_class():
    display = AdjustmentDisplay.from_predictions(Y, BEFORE, AFTER)
    assert legend(display) == ["classifier right (3 rows)", "classifier wrong (3 rows)"]
    # Moved towards the truth: 0.4, 0 and 0.3 where wrong; away by 0.1, 0.4 where right.
    right, wrong = (patch.get_path().vertices for patch in display.ax_.patches)
    assert wrong[wrong[:, 1] > 0, 0].max() == pytest.approx(0.4)
    assert wrong[wrong[:, 1] > 0, 0].min() > -0.05
    assert right[right[:, 1] > 0, 0].min() == pytest.approx(-0.4)


def test_changed_decisions_are_marked():
    display = CorrectionDisplay.from_predictions(Y, BEFORE, AFTER)
    assert legend(display) == [
        "right before and after (2)",
        "mended (2)",
        "still wrong (1)",
        "spoilt (1)",
    ]
    points = [group.get_offsets().tolist() for group in display.ax_.collections]
    right, mended, still_wrong, spoilt = points
    assert right == [[0.1, 0.2], [0.9, 0.9]]
    assert mended == [[0.7, 0.3], [0.3, 0.6]]
    assert (still_wrong, spoilt) == ([[0.6, 0.6]], [[0.8, 0.4]])
    colours = [to_rgba(group.get_facecolor()[0]) for group in display.ax_.collections]
    assert len(set(colours)) == 4


def test_positive_label_is_followed():
    display = CorrectionDisplay.from_predictions(Y, BEFORE, AFTER, pos_label="no")
    assert display.ax_.get_xlabel() == "probability of “no” before"
    np.testing.assert_allclose(display.ax_.collections[3].get_offsets(), [[0.2, 0.6]])
    display = FalsePositiveDisplay.from_predictions(Y, BEFORE, AFTER, pos_label="no")
    assert legend(display) == ["fixed (1)", "not fixed (0)", "new (1)"]


def test_false_positives_stand_at_the_base_probability():
    new = AFTER.copy()
    new[2] = 0.8
    display = FalsePositiveDisplay.from_predictions(Y, BEFORE, new)
    assert legend(display) == ["fixed (1)", "not fixed (1)", "new (1)"]
    at = [
        [bar.get_x() for bar in bars if bar.get_height() > 0]
        for bars in display.ax_.containers
    ]
    np.testing.assert_allclose(at, [[0.7], [0.6], [0.1]], atol=0.051)


def test_many_classes_follow_the_true_one():
    y = np.array([0, 1, 2])
    before = np.array([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    after = np.array([[0.5, 0.3, 0.2], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    display = CorrectionDisplay.from_predictions(y, before, after)
    assert display.ax_.collections[1].get_offsets().tolist() == [[0.3, 0.7]]
    display = ReliabilityDisplay.from_predictions(y, before, after)
    assert display.ax_.get_ylabel() == "fraction that is right"
    # 0.6 was wrong before; after, all three are right.
    assert display.ax_.lines[1].get_ydata().tolist() == [1, 0, 1]
    assert display.ax_.lines[2].get_ydata().tolist() == [1, 1]


def test_reliability_tells_the_brier_score():
    display = ReliabilityDisplay.from_predictions(Y, BEFORE, AFTER)
    scores = [np.mean((p - (Y == "yes")) ** 2) for p in (BEFORE, AFTER)]
    assert legend(display)[1:] == [
        f"before (Brier {scores[0]:.3f})",
        f"after (Brier {scores[1]:.3f})",
    ]


@pytest.mark.parametrize("display", DISPLAYS)
def test_nothing_wrong_and_nothing_moved(display):
    certain = (Y == "yes").astype(float)
    display.from_predictions(Y, certain, certain).figure_.canvas.draw()


@pytest.mark.parametrize("display", DISPLAYS)
def test_one_row(display):
    display.from_predictions(
        ["no"], [0.4], [0.3], classes=["no", "yes"]
    ).figure_.canvas.draw()


def test_training_curve(fitted):
    model, _, _ = fitted
    display = TrainingCurveDisplay.from_estimator(model)
    assert [ax.get_ylabel() for ax in display.ax_] == [
        "weighted reward",
        "accuracy",
        "false positives",
    ]
    curve, base, *marks = display.ax_[2].lines
    np.testing.assert_array_equal(curve.get_ydata(), model.history_["false_positives"])
    assert set(base.get_ydata()) == {model.history_["false_positives"][0]}
    for mark, priority in zip(marks, ["weighted", "accuracy", "fp"], strict=True):
        at = model.front_["checkpoint"][model.selected_[priority]]
        assert mark.get_xdata() == [model.history_["timesteps"][at]]
        assert mark.get_label() == priority


def test_pictures_are_saved_and_figures_closed(fitted, tmp_path):
    model, X, y = fitted
    paths = save_pictures(model, X, y, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in paths
    )
    assert len(paths) == 6
    for path in paths:
        height, width, _ = plt.imread(path).shape
        assert width == 680
        assert 300 < height < 900
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("y", "before", "after", "options", "message"),
    [
        (Y[:5], BEFORE, AFTER, {}, "inconsistent numbers of samples"),
        (Y, BEFORE, np.ones((6, 3)) / 3, {}, r"\(6, 2\) and after \(6, 3\): both need"),
        (Y, BEFORE, AFTER, {"classes": ["maybe", "no"]}, "y_true holds 'yes', which is"),
        (Y, BEFORE, AFTER, {"classes": ["yes", "no"]}, "must be sorted, and the columns"),
        (Y, BEFORE, AFTER, {"ax": [None, None]}, "ax holds 2 Axes, but this picture needs"),
        (Y, BEFORE, AFTER, {"pos_label": "maybe"}, "pos_label names the class 'maybe'"),
    ],
)
def test_bad_input(y, before, after, options, message):
    with pytest.raises(ValueError, match=message):
        CorrectionDisplay.from_predictions(y, before, after, **options)


def test_other_estimators_are_refused(cancer):
    X, X_test, y, y_test = cancer
    with pytest.raises(ValueError, match="estimator holds a GaussianNB, not an RLCal"):
        CorrectionDisplay.from_estimator(GaussianNB().fit(X, y), X_test, y_test)


def test_pictures_follow_the_positive_label(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), pos_label=0, **QUICK).fit(X, y)
    display = CorrectionDisplay.from_estimator(model, X_test, y_test)
    assert display.ax_.get_xlabel() == "probability of “0” before"
    model.set_params(pos_label=None, fp_weight={0: 2.0})
    display = FalsePositiveDisplay.from_estimator(model, X_test, y_test)
    assert display.positives.tolist() == [0]


def test_rounding_above_one():
    ReliabilityDisplay.from_predictions(Y, BEFORE, np.where(AFTER > 0.8, 1 + 2e-16, AFTER))

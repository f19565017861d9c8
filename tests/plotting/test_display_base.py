"""What all displays of before and after have in common."""

import re
import subprocess
import sys
from copy import copy

import numpy as np
import pytest
from matplotlib import pyplot as plt
from six_rows import AFTER, BEFORE, Y
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.decisions import off_policy_value
from sklearn_rlcorrect.plotting import (
    AdjustmentDisplay,
    ConfusionChangeDisplay,
    CorrectionDisplay,
    FalsePositiveDisplay,
    GuardDisplay,
    OffPolicyValueDisplay,
    ReliabilityDisplay,
    TradeoffDisplay,
    TrainingCurveDisplay,
)
from sklearn_rlcorrect.plotting._base import CHARACTER, caption_of, in_lines, shortened

DISPLAYS = [
    AdjustmentDisplay,
    ConfusionChangeDisplay,
    CorrectionDisplay,
    FalsePositiveDisplay,
    ReliabilityDisplay,
]


@pytest.fixture(scope="module", params=["cancer", "wine"])
def fitted(request):
    X, X_test, y, y_test = request.getfixturevalue(request.param)
    return RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y), X_test, y_test


@pytest.mark.parametrize("display", DISPLAYS)
def test_from_estimator_is_from_predictions(fitted, display):
    model, X, y = fitted
    before, after = model.predict_before_after(X)
    pictures = []
    for drawn in (
        display.from_estimator(model, X, y),
        display.from_predictions(
            y, before, after, classes=model.classes_, caption=caption_of(model)
        ),
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


@pytest.mark.parametrize("display", DISPLAYS)
def test_nothing_wrong_and_nothing_moved(display):
    certain = (Y == "yes").astype(float)
    display.from_predictions(Y, certain, certain).figure_.canvas.draw()


@pytest.mark.parametrize("display", DISPLAYS)
def test_one_row(display):
    display.from_predictions(
        ["no"], [0.4], [0.3], classes=["no", "yes"]
    ).figure_.canvas.draw()


@pytest.mark.parametrize(
    ("y", "before", "after", "options", "message"),
    [
        (Y[:5], BEFORE, AFTER, {}, "inconsistent numbers of samples"),
        (Y, BEFORE, np.ones((6, 3)) / 3, {}, r"\(6, 2\) and after \(6, 3\): both need"),
        ([], [], [], {}, "y_true is empty: there is no row to draw"),
        (Y, np.append(BEFORE[1:], np.nan), AFTER, {}, "before holds nan, but probabilitie"),
        (Y, BEFORE, np.append(AFTER[1:], 2.5), {}, r"after holds 2.5, but .* in \[0, 1\]"),
        (Y, BEFORE, AFTER - 0.3, {}, "after holds -0.1, but probabilities are in"),
        (Y, np.ones((6, 2, 1)), np.ones((6, 2, 1)), {}, "both need a column for each of"),
        (Y, BEFORE, AFTER, {"classes": ["maybe", "no"]}, "y_true holds 'yes', which is"),
        (Y, BEFORE, AFTER, {"classes": ["yes", "no"]}, "must be sorted, and the columns"),
        (Y, BEFORE, AFTER, {"ax": [None, None]}, "ax holds 2 Axes, but this picture needs"),
        (Y, BEFORE, AFTER, {"pos_label": "maybe"}, "pos_label names the class 'maybe'"),
    ],
)
@pytest.mark.parametrize("display", [CorrectionDisplay, TradeoffDisplay])
def test_bad_input(display, y, before, after, options, message):
    if display is TradeoffDisplay and "ax" in options:
        pytest.skip("it takes a pair")
    with pytest.raises(ValueError, match=message):
        display.from_predictions(y, before, after, **options)


@pytest.mark.parametrize("display", [*DISPLAYS, TradeoffDisplay])
def test_rounded_probabilities_are_drawn(display):
    display.from_predictions(Y, BEFORE * (1 + 1e-15) / 0.9, np.clip(AFTER, 0, 1))


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


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("n_classes", [2, 7, 30])
def test_long_labels_stay_in_the_picture(display, n_classes):
    rng = np.random.default_rng(0)
    classes = np.array([f"{k:02d} kinds of spruce, fir and pine" for k in range(n_classes)])
    before, after = rng.dirichlet(np.ones(n_classes), size=(2, 500))
    options = {"classes": classes, "pos_label": classes[1]}
    options["caption"] = f"HistGradientBoostingClassifier, fp_weight 3 of “{classes[1]}”"
    drawn = display.from_predictions(
        classes[rng.integers(n_classes, size=500)], before, after, **options
    )
    drawn.figure_.canvas.draw()
    drawn_on, figure = drawn.figure_.get_tightbbox(), drawn.figure_.bbox_inches
    # A hundredth of an inch is the blank margin of a letter.
    assert min(drawn_on.x0, drawn_on.y0) > -0.01
    assert drawn_on.x1 < figure.x1 + 0.01
    assert drawn_on.y1 < figure.y1 + 0.01


@pytest.mark.parametrize(
    ("label", "drawn"),
    [
        ("b$$", r"b\$\$"),
        (r"$\frac$", r"\$\frac\$"),
        (r"5\$", r"5\\$"),
        (12, "12"),
        ("$" * 40, r"\$" * 15 + "…" + r"\$" * 14),
    ],
)
def test_dollars_are_no_mathematics(label, drawn):
    assert shortened(label) == drawn
    assert in_lines(f"recall of {drawn}", 9) == f"recall of {drawn}"
    # Lines do not end between the escape and what it is of.
    for length in np.arange(2, 12):
        text = in_lines(drawn, length * CHARACTER + 0.01)
        assert not re.search(r"(?<!\\)\$", text)
        assert text.replace("\n", "") == drawn


@pytest.mark.parametrize("display", [*DISPLAYS, TradeoffDisplay])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_dollars_in_labels_are_drawn(display, n_classes):
    classes = np.array([r"$\frac$", "b$$", "c$_$"][:n_classes])
    before, after = np.random.default_rng(0).dirichlet(np.ones(n_classes), size=(2, 30))
    drawn = display.from_predictions(
        classes[np.arange(30) % n_classes], before, after, caption=r"fp_weight of “$\x$”"
    )
    drawn.figure_.canvas.draw()


def head(display):
    """Return the caption, on one line and with ordinary spaces."""
    return " ".join(display.figure_.get_suptitle().split())


@pytest.mark.parametrize("display", DISPLAYS)
def test_the_head_names_model_priority_and_weight(fitted, display):
    model, X, y = fitted
    drawn = display.from_estimator(model, X, y)
    assert head(drawn) == "GaussianNB, priority “weighted”, fp_weight 1.2"
    plain = display.from_predictions(Y, BEFORE, AFTER)
    assert head(plain) == ""
    # The head has room of its own.
    grown = display.from_predictions(Y, BEFORE, AFTER, caption="two\u00a0words")
    heights = [d.figure_.get_figheight() for d in (grown, plain)]
    assert heights[0] > heights[1] + 0.14


def test_the_other_pictures_have_the_same_head(fitted):
    model, X, y = fitted
    assert head(TrainingCurveDisplay.from_estimator(model)) == " ".join(
        caption_of(model).split()
    )
    tradeoff = TradeoffDisplay.from_estimator(model, X, y)
    legend = tradeoff.ax_[0].get_legend().get_title().get_text()
    # Of several classes, the legend is full of their names.
    shown = legend if tradeoff.per_class is None else tradeoff.ax_[1].get_title()
    assert "GaussianNB, priority “weighted”" in " ".join(shown.split())
    assert head(tradeoff) == "", "said twice"


def test_the_head_of_logged_decisions_and_of_limits():
    rng = np.random.default_rng(0)
    X, flagged = rng.normal(size=(400, 2)), rng.random(400) < 0.5
    log = X, flagged, np.where(flagged, np.sign(X[:, 0]), 0), np.full(400, 0.5)
    model = RLCalibratedClassifier(max_accuracy_drop=0.1, priority="fp", **QUICK)
    model.fit(X, X[:, 0] > 0)
    expected = "LogisticRegression, priority “fp”, fp_weight 1.2"
    assert head(GuardDisplay.from_estimator(model)) == expected
    assert head(OffPolicyValueDisplay.from_estimator(model, *log)) == expected
    assert head(OffPolicyValueDisplay(off_policy_value(model, *log)).plot()) == ""


def test_the_figure_of_the_caller_keeps_its_title(fitted):
    model, X, y = fitted
    figure, ax = plt.subplots()
    figure.suptitle("mine")
    display = CorrectionDisplay.from_estimator(model, X, y, ax=ax)
    assert figure.get_suptitle() == "mine"
    assert display.caption.startswith("GaussianNB, ")


@pytest.mark.parametrize(
    ("fp_weight", "expected"),
    [
        (2, "fp_weight 2"),
        (1 / 3, "fp_weight 0.333"),
        ({0: 3.0}, "fp_weight 3 of “0”"),
        ({0: 3.0, 1: 2.0}, "fp_weight 2 to 3 by class"),
    ],
    ids=["integer", "third", "one class", "two classes"],
)
def test_weights_in_the_head(fitted, fp_weight, expected):
    model = copy(fitted[0]).set_params(fp_weight=fp_weight)
    *names, weight = caption_of(model).split(", ")
    assert weight.replace("\N{NO-BREAK SPACE}", " ") == expected
    # A line does not end within a part.
    assert not any(" " in part for part in [*names, weight])


def test_matplotlib_is_imported_only_to_draw():
    code = "import sys, sklearn_rlcorrect.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

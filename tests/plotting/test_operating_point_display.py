"""Points of several costs, against counts of their decisions."""

from copy import copy, deepcopy

import numpy as np
import pytest
from six_rows import legend, legend_title
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.comparison import compare_fp_weights
from sklearn_rlcorrect.plotting import OperatingPointDisplay
from sklearn_rlcorrect.plotting.save import save_display
from sklearn_rlcorrect.plotting.tradeoff import Flagged


@pytest.fixture(scope="module")
def compared(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), priority="fp", **QUICK)
    return *compare_fp_weights(model, X, y, X_test, y_test, [5, 0.5]), X_test, y_test


@pytest.fixture
def drawn(compared):
    correctors, _, X, y = compared
    return OperatingPointDisplay.from_estimators(correctors.values(), X, y)


def test_priorities_that_differ_are_not_named(compared):
    correctors, _, X, y = compared
    one, other = map(copy, correctors.values())
    display = OperatingPointDisplay.from_estimators(
        [one, other.set_params(priority="weighted")], X, y
    )
    assert display.figure_.get_suptitle() == "GaussianNB"


def places(line):
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


def of_label(display, label):
    (line,) = (line for line in display.ax_.lines if line.get_label() == label)
    return places(line)


def test_points_are_those_of_the_table(compared, drawn):
    _, table, _, _ = compared
    expected = {
        name: [
            (row[f"{variant}_recall"], row[f"{variant}_false_positives"]) for row in table
        ]
        for name, variant in [
            ("threshold alone", "threshold_alone"),
            ("corrected", "after"),
        ]
    }
    for name, points in expected.items():
        np.testing.assert_allclose(of_label(drawn, name), points)
    classifier = [(table[0]["before_recall"], table[0]["before_false_positives"])]
    np.testing.assert_allclose(of_label(drawn, "classifier"), classifier)


def test_lines_join_the_points_of_a_cost(drawn):
    ends = zip(
        of_label(drawn, "threshold alone"), of_label(drawn, "corrected"), strict=True
    )
    lines = [places(line) for line in drawn.ax_.lines]
    for pair in ends:
        assert list(pair) in lines


def test_costs_are_written_at_their_corrections(drawn):
    texts = {text.get_text(): text.xy for text in drawn.ax_.texts}
    assert list(texts) == ["5", "0.5"]
    np.testing.assert_allclose(list(texts.values()), of_label(drawn, "corrected"))


def test_no_axis_runs_through_a_cost():
    thresholds, counts = np.linspace(1, 0, 11), np.arange(11)
    curve = Flagged(thresholds, counts, counts)
    corrected = {100 + k: Flagged(0.5, k % 3, k) for k in range(11)}
    for rival in (0, 5, 10):
        alone = dict.fromkeys(corrected, Flagged(0.5, rival, rival))
        display = OperatingPointDisplay(
            curve, Flagged(0.5, 10, 10), alone, corrected, label="yes"
        ).plot()
        display.figure_.canvas.draw()
        corner = display.ax_.bbox.min
        for text in display.ax_.texts:
            assert (text.get_window_extent().min > corner).all()


def test_thresholds_alone_lie_on_the_curve(drawn):
    curve = of_label(drawn, "classifier, any threshold")
    assert set(of_label(drawn, "threshold alone")) <= set(curve)


def test_legend_says_what_is_counted(compared, drawn):
    _, _, _, y = compared
    assert sorted(legend(drawn)) == [
        "classifier",
        "classifier, any threshold",
        "corrected",
        "same fp_weight",
        "threshold alone",
    ]
    assert drawn.figure_.get_suptitle() == "GaussianNB, priority “fp”"
    text = f"numbers: fp_weight; {len(y)} rows, {np.sum(y)} of them “1”"
    assert legend_title(drawn).replace("\n", " ") == text


@pytest.mark.parametrize(("n_positives", "label"), [(0, "yes"), (3, "spruce or fir " * 9)])
def test_marks_and_texts_stay_in_the_picture(n_positives, label):
    curve = Flagged(np.array([np.inf, 0.2]), np.array([0, 9]), np.array([0, n_positives]))
    nothing, everything = Flagged(1.0, 0, 0), Flagged(0.2, 9, n_positives)
    display = OperatingPointDisplay(
        curve,
        nothing,
        {1: nothing, 2: everything},
        {1: everything, 2: nothing},
        label=label,
    ).plot()
    display.figure_.canvas.draw()
    drawn_on, figure = display.figure_.get_tightbbox(), display.figure_.bbox_inches
    assert min(drawn_on.x0, drawn_on.y0) > -0.01
    assert max(drawn_on.x1 - figure.x1, drawn_on.y1 - figure.y1) < 0.01


def test_it_is_saved(drawn, tmp_path):
    save_display(drawn, tmp_path / "costs.png")
    assert (tmp_path / "costs.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda models: [], "estimators is empty: give one fitted corrector"),
        (lambda models: [*models, GaussianNB()], r"estimators\[2\] holds a GaussianNB"),
        (lambda models: models[:1] * 2, r"the fp_weight \[5, 5\]: they must differ"),
        (
            lambda models: [changed(models[0], fp_weight={1: 2.0})],
            "have dicts as fp_weight",
        ),
        (lambda models: [models[0], changed(models[1], pos_label=0)], "one positive class"),
        (lambda models: [models[0], of_another(models[1])], "different probabilities"),
    ],
)
def test_what_cannot_be_compared(compared, change, message):
    correctors, _, X, y = compared
    with pytest.raises(ValueError, match=message):
        OperatingPointDisplay.from_estimators(change(list(correctors.values())), X, y)


def changed(model, **params):
    other = RLCalibratedClassifier()
    vars(other).update(vars(model))
    return other.set_params(**params)


def of_another(model):
    other = changed(model)
    other.estimator_ = deepcopy(model.estimator_)
    other.estimator_.theta_ += 1
    return other


def test_an_axes_is_accepted(drawn):
    figure = drawn.figure_
    assert drawn.plot(ax=drawn.ax_).figure_ is figure
    with pytest.raises(ValueError, match="ax holds 2 Axes"):
        drawn.plot(ax=[drawn.ax_, drawn.ax_])

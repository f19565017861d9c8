"""The trade-off of each of several positive classes, and what all mistakes cost."""

from typing import NamedTuple

import numpy as np

from sklearn_rlcorrect.plotting._base import (
    BLACK,
    BLUE,
    CHARACTER,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    PRIORITY_MARKS,
    RED,
    around,
    in_lines,
    legend_above,
    shortened,
)
from sklearn_rlcorrect.plotting.flagged import cost_interval, share_flagged

# More classes than this would hide each other.
MOST_CLASSES = 5

_COLOURS = BLUE, RED, GREEN, ORANGE, PINK
_CURVES = {"classifier": "--", "corrected": "-"}
_SHAPES = {
    name: {"marker": style["marker"], "markersize": 0.8 * style["markersize"]}
    for name, style in PRIORITY_MARKS.items()
}
_SHAPES |= {
    "corrected": _SHAPES["weighted"],
    # Its arms are longer than other marks, which decide alike where nothing is better.
    "classifier": {"marker": "+", "markersize": 12},
}
_OTHERS = {"color": GREY, "alpha": 0.4}

# How far the axes reach beyond what is marked, by its range.
_MARGIN = 0.25

# With one class that has so many times the false positives of others, these would all be
# at the bottom: the axis is then logarithmic.
_UNEQUAL = 5

_SMALLEST_KEY = 6  # points


class ClassTradeoffs(NamedTuple):
    """Positive classes, each against the rest, and the mistakes of all classes.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels.

    drawn : list of int
        Indices of the classes that are drawn, that of most false positives first.

    n_positive : int
        Number of positive classes, of which some may be left out.

    curves, points : list of dict of str to Flagged
        Those of :class:`TradeoffDisplay`, of each class that is drawn.

    mistakes : dict of str to ndarray of shape (n_classes,)
        Rows that are wrongly predicted to be each class, by each decision.

    costs : ndarray of shape (n_classes,)
        Cost of a false positive of each class.
    """

    classes: np.ndarray
    drawn: list
    n_positive: int
    curves: list
    points: list
    mistakes: dict
    costs: np.ndarray

    @property
    def n_rows(self):
        """Number of rows drawn."""
        everything = self.curves[0]["classifier"]
        return everything.false_positives[-1] + everything.true_positives[-1]


def draw_classes(axes, several, caption, n_resamples, random_state):
    """Draw false positives against recall of each class, and the cost of all mistakes.

    There are no bands, which would hide each other, and no costs against a threshold: what
    one class costs depends on the thresholds of all.
    """
    trade, costs = axes
    for k in range(len(several.drawn)):
        _draw_class(trade, several, k)
    _zoom(trade, several)
    for place, name in enumerate(several.mistakes):
        _draw_cost(costs, several, place, name)
        _draw_mark(costs, several, place, name, (n_resamples, random_state))
    _describe_trade(trade, several)
    _describe_costs(costs, several, caption)


def _draw_class(ax, several, k):
    """Draw the curves of a class, and the marks of its decisions."""
    colour = {"color": _COLOURS[k]}
    for name, curve in several.curves[k].items():
        line = {"linestyle": _CURVES[name], "linewidth": 1} | colour
        ax.plot(*share_flagged(curve, several.curves[k]["classifier"]), **line)
    for name, point in several.points[k].items():
        place = share_flagged(point, several.curves[k]["classifier"])
        ax.plot(*place, **_mark(name), **colour)


def _mark(name):
    shape = _SHAPES[name]
    # The smaller mark is above the larger, and whole on the edge of the axes.
    style = {"linestyle": "", "clip_on": False, "zorder": 3 - shape["markersize"] / 100}
    edge = {} if shape["marker"] == "+" else {"markeredgecolor": "white"}
    return shape | style | edge | {"markeredgewidth": 1 if not edge else 0.5}


def _zoom(ax, several):
    """Let the axes cover what is around the marks."""
    places = [
        share_flagged(point, curves["classifier"])
        for curves, points in zip(several.curves, several.points, strict=True)
        for point in points.values()
    ]
    recall, false_positives = np.transpose(places)
    if false_positives.max() > _UNEQUAL * max(np.median(false_positives), 1):
        ax.set_yscale("symlog", linthresh=1)
        ax.yaxis.set_major_formatter("{x:g}")
    else:
        ax.yaxis.get_major_locator().set_params(integer=True)
    ax.set(
        xlim=np.clip(around(recall, _MARGIN, 0.1), 0, 1),
        ylim=(0, (1 + _MARGIN) * max(*false_positives, 1)),
    )


def _draw_cost(ax, several, place, name):
    """Draw the cost of a decision, in parts by the class that is wrongly predicted."""
    of_class = several.costs * several.mistakes[name] * 100 / several.n_rows
    parts = [(of_class[at], {"color": _COLOURS[k]}) for k, at in enumerate(several.drawn)]
    parts.append((np.delete(of_class, several.drawn).sum(), _OTHERS))
    start = 0
    for width, style in parts:
        ax.barh(place, width, left=start, height=0.55, edgecolor="white", **style)
        start += width


def _draw_mark(ax, several, place, name, bootstrap):
    """Draw the total cost of a decision, and its interval."""
    counts = several.mistakes[name]
    total = 100 * (several.costs * counts).sum() / several.n_rows
    bounds = cost_interval(counts, several.costs, several.n_rows, *bootstrap)
    ax.plot(bounds, [place, place], color=BLACK, linewidth=0.8)
    size = {"markersize": max(_mark(name)["markersize"], _SMALLEST_KEY)}
    ax.plot(total, place, color=BLACK, **_mark(name) | size)


def _describe_trade(ax, several):
    width = ax.get_window_extent().width / ax.figure.dpi
    ax.set(
        xlabel="recall of the class\n(dashed: classifier, solid: corrected)",
        ylabel=f"false positives of {several.n_rows} rows",
    )
    names = [shortened(several.classes[at]) for at in several.drawn]
    for name, colour in zip(names, _COLOURS, strict=False):
        ax.plot([], [], color=colour, linewidth=3, label=name)
    if len(names) < len(several.classes):
        ax.plot([], [], linewidth=3, label="other classes", **_OTHERS)
    is_wide = 2 * (max(map(len, names)) + 5) * CHARACTER > width
    title = "classes"
    if len(names) < several.n_positive:
        title = f"{len(names)} of {several.n_positive} classes with most false positives"
    legend_above(ax, 1 if is_wide else 2, title=in_lines(title, width + 0.5))


def _describe_costs(ax, several, caption):
    width = ax.get_window_extent().width / ax.figure.dpi
    names = list(several.mistakes)
    ax.set_yticks(range(len(names)), names)
    ax.set(
        ylim=(len(names) - 0.5, -0.5),
        xlim=(0, None),
        xlabel="cost of 100 rows,\nby the class wrongly predicted",
    )
    head = ", ".join(filter(None, [caption, _weights(several)]))
    ax.set_title(in_lines(head, width + 0.3), fontsize="medium")


def _weights(several):
    low, high = several.costs.min(), several.costs.max()
    if low == high:
        return f"fp_weight {low:.3g} for every class"
    return f"fp_weight {low:.3g} to {high:.3g} by class"

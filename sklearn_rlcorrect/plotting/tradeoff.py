"""The trade-off of false positives and recall, and what it costs."""

from numbers import Integral

import numpy as np
from sklearn.utils import check_scalar

from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.plotting._base import (
    BLACK,
    BLUE,
    COLUMN,
    GREEN,
    GREY,
    LINE,
    PRIORITY_MARKS,
    _Display,
    around,
    in_lines,
    legend_above,
    shortened,
)
from sklearn_rlcorrect.plotting.class_tradeoff import draw_classes
from sklearn_rlcorrect.plotting.flagged import (
    N_LEVELS,
    Flagged,
    bands,
    cost_of_100_rows,
    lowest_of,
    share_flagged,
)
from sklearn_rlcorrect.plotting.tradeoff_arguments import (
    tradeoff_of_estimator,
    tradeoff_of_predictions,
)

_CURVES = {
    "classifier": {"color": GREY, "linestyle": "--"},
    "corrected": {"color": BLUE, "linestyle": "-"},
}
_MARKS = PRIORITY_MARKS | {
    "corrected": PRIORITY_MARKS["weighted"],
    "threshold alone": {"color": GREEN, "marker": "D", "markersize": 6},
    # Its arms are longer than other marks, which decide alike where nothing is better.
    "classifier": {"color": BLACK, "marker": "+", "markersize": 14},
}
_LIMITS = {"max_fpr": "-.", "min_recall": ":", "max_accuracy_drop": (0, (4, 1, 1, 1, 1, 1))}
# Hollow, because the lowest point is often that of a decision, too.
_LOWEST = {"marker": "*", "markersize": 11, "markerfacecolor": "none", "zorder": 4}

# How far the axes reach beyond what is marked, by its range.
_MARGIN_OF_TRADE, _MARGIN_OF_COSTS = 0.5, 0.25

# Width of axes in inches that have room for two columns of a legend.
_WIDE = 2.2


class TradeoffDisplay(_Display):
    """False positives against recall, and costs against the threshold.

    Made by `from_estimator` or `from_predictions`. It shows whether a correction does
    better than another threshold of the classifier, and which priority to take. Its `ax` is
    a pair:

    - On the left, false positives (their number among the rows shown) against recall, over
      all thresholds of the classifier's probability and of the corrected one. The lower
      curve is better. The axes cover what is around the marks.
    - On the right, the cost of 100 rows against the threshold. A false positive costs
      `fp_weight`, a false negative 1.

    The marks are decisions: the classifier's, the correction's for each priority, and the
    classifier's at another threshold ("threshold alone"). Stars are the lowest points of
    the curves: thresholds that were chosen by the rows shown, which flatters them.

    With more than two classes, of which several are positive, the left panel has a pair of
    curves for each, one against the rest: at most five, those of most false positives of
    the classifier. Where these are very unequal, the axis is logarithmic above 1. There is
    no threshold then, since the most probable class is predicted: the right panel has the
    cost of 100 rows by decision, each mistake at the weight of the class that is wrongly
    predicted, and the 95 % interval of their sum.

    Parameters
    ----------
    curves : dict of str to Flagged
        "classifier" and "corrected": what is flagged at each threshold, none of the rows at
        first and all of them in the end. Of several classes, those of the first.

    points : dict of str to Flagged
        What is flagged by "classifier", "threshold alone", "corrected" or priorities.

    label : int, float, bool or str
        Positive class; of several, that of most false positives.

    fp_weight : float
        Cost of a false positive, where a false negative costs 1.

    caption : str, default=""
        What is drawn, for the head of the picture.

    limits : dict of str to float, default=None
        `max_fpr`, `min_recall` and `max_accuracy_drop` that were asked for: lines on the
        left, of which a decision should lie below, to the right, and below.

    n_classes : int, default=2
        Number of classes. With more than two, `fp_weight` is relative to other classes.

    per_class : ClassTradeoffs, default=None
        Several positive classes of more than two, to be drawn instead of one.

    n_resamples : int, default=200
        Bootstrap samples of the rows, for the bands: 95 % intervals at each recall, and at
        each threshold. They are of each curve by itself: both curves are of the same rows,
        so that their difference is more certain than the bands suggest.

    random_state : int, RandomState instance or None, default=0
        Seed of the bootstrap.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        Axes drawn on.

    figure_ : matplotlib Figure
        Figure of the axes.

    Notes
    -----
    The corrected curve is that of the priority in use; other priorities have probabilities
    of their own, and their marks may lie beside it. With two classes, marks are at the
    threshold of the decision. With more, where the most probable class is predicted, they
    are at the threshold that flags as many rows, and the cost of a false positive is
    relative to the mean of that of the other classes.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import TradeoffDisplay
    >>> display = TradeoffDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> display.points["classifier"].false_positives
    1
    """

    _n_columns = 2
    _height = 3.3

    def __init__(
        self,
        curves,
        points,
        *,
        label,
        fp_weight,
        caption="",
        limits=None,
        n_classes=2,
        per_class=None,
        n_resamples=200,
        random_state=0,
    ):
        check_scalar(n_resamples, "n_resamples", Integral, min_val=1)
        self.curves = curves
        self.points = points
        self.label = label
        self.fp_weight = fp_weight
        self.caption = caption
        self.limits = limits
        self.n_classes = n_classes
        self.per_class = per_class
        self.n_resamples = n_resamples
        self.random_state = random_state

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y,
        *,
        pos_label=None,
        n_resamples=200,
        random_state=0,
        ax=None,
        **predict_params,
    ):
        """Draw the trade-off of a fitted corrector on labelled rows.

        The threshold alone is the corrector's `base_threshold_`, if it has one of the class
        that is drawn: that of lowest cost on the rows of `fit`.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted. Its priority has the corrected curve.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows that the corrector was not fitted on.

        y : array-like of shape (n_samples,)
            Labels.

        pos_label : int, float, bool or str, default=None
            Class against the rest. None is the positive class, or each of several: at
            most five, those of most false positives of the classifier.

        n_resamples : int, default=200
            Bootstrap samples of the rows, for the bands.

        random_state : int, RandomState instance or None, default=0
            Seed of the bootstrap.

        ax : pair of matplotlib Axes, default=None
            Where to draw. None makes a new figure, as wide as two columns of a paper.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        display : TradeoffDisplay
            The picture.

        Raises
        ------
        ValueError
            If `estimator` is no fitted corrector, if `y` or `pos_label` holds a label that
            it does not know, or if `ax` is no pair of Axes.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklearn_rlcorrect import RLCalibratedClassifier
        >>> from sklearn_rlcorrect.plotting import TradeoffDisplay
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
        >>> display = TradeoffDisplay.from_estimator(model.fit(X[:400], y[:400]), X, y)
        >>> sorted(display.points)
        ['accuracy', 'classifier', 'fp', 'threshold alone', 'weighted']
        """
        model = check_corrector(estimator, "estimator")
        before, _ = model.predict_before_after(X, **predict_params)
        arguments = tradeoff_of_estimator(estimator, X, y, before, pos_label)
        bootstrap = {"n_resamples": n_resamples, "random_state": random_state}
        return cls(**arguments, **bootstrap).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true,
        before,
        after,
        *,
        classes=None,
        pos_label=None,
        fp_weight=1.0,
        priority=None,
        threshold=None,
        corrected_threshold=None,
        caption="",
        limits=None,
        n_resamples=200,
        random_state=0,
        ax=None,
    ):
        """Draw the trade-off of probabilities before and after the correction.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels.

        before : array-like of shape (n_samples, n_classes) or (n_samples,)
            Probabilities in [0, 1]. With two classes, those of the second are enough.

        after : array-like as `before`, or dict of str to them
            Corrected probabilities; of a dict, those of each priority.

        classes : array-like of shape (n_classes,), default=None
            Labels, sorted; None is the labels in `y_true`.

        pos_label : int, float, bool, str or list of them, default=None
            Class against the rest. None is the second of two classes, and each of more.
            Of several, at most five are drawn, those of most false positives of the
            classifier.

        fp_weight : float or dict, default=1.0
            Cost of a false positive, where a false negative costs 1. Where several classes
            are drawn, that of each of them, or a dict from label to cost, where a label
            that is missing costs 1.

        priority : str, default=None
            Key of `after` that has the corrected curve; None is the first.

        threshold : float, default=None
            Probability of the classifier above which "threshold alone" predicts the
            positive class. None leaves that out, as it must be of several classes.

        corrected_threshold : float or dict of str to float, default=None
            Corrected probability above which the positive one of two classes is predicted;
            of a dict, that of each priority. None predicts the most probable class.

        caption : str, default=""
            What is drawn, for the head of the picture.

        limits : dict of str to float, default=None
            `max_fpr`, `min_recall` and `max_accuracy_drop` of the positive one of two
            classes, to be drawn as lines.

        n_resamples : int, default=200
            Bootstrap samples of the rows, for the bands.

        random_state : int, RandomState instance or None, default=0
            Seed of the bootstrap.

        ax : pair of matplotlib Axes, default=None
            Where to draw. None makes a new figure, as wide as two columns of a paper.

        Returns
        -------
        display : TradeoffDisplay
            The picture.

        Raises
        ------
        ValueError
            If there is no row, if a probability is not in [0, 1], if the numbers of rows,
            columns and classes differ, if `classes` is not sorted or lacks a label of
            `y_true` or `pos_label`, if `after` has other keys than priorities or lacks
            `priority`, if `limits` has other keys or more than two classes, if there is a
            threshold of several classes, if a number is out of range, or if `ax` is no pair
            of Axes.

        TypeError
            If `fp_weight`, `threshold` or `n_resamples` is no number.

        Examples
        --------
        >>> from sklearn_rlcorrect.plotting import TradeoffDisplay
        >>> display = TradeoffDisplay.from_predictions(
        ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9], threshold=0.75)
        >>> display.points["threshold alone"].false_positives
        0
        """
        arguments = tradeoff_of_predictions(
            y_true,
            before,
            after,
            classes=classes,
            pos_label=pos_label,
            fp_weight=fp_weight,
            priority=priority,
            threshold=threshold,
            corrected_threshold=corrected_threshold,
            caption=caption,
            limits=limits,
        )
        bootstrap = {"n_resamples": n_resamples, "random_state": random_state}
        return cls(**arguments, **bootstrap).plot(ax=ax)

    def _size(self):
        # Each class has a line of the legend.
        n_classes = 0 if self.per_class is None else len(self.per_class.drawn)
        return 2 * COLUMN, self._height + n_classes * LINE

    def _head(self):
        # It stands above the left legend, which holds the weight of the class drawn.
        return ""

    def _draw(self, axes):
        if self.per_class is None:
            self._draw_one(axes)
        else:
            bootstrap = self.n_resamples, self.random_state
            draw_classes(axes, self.per_class, self.caption, *bootstrap)

    def _draw_one(self, axes):
        for name, style in _CURVES.items():
            self._draw_curve(*axes, name, style)
        for name in self.points:
            self._draw_point(*axes, name)
        for name, limit in (self.limits or {}).items():
            axes[0].plot(*self._limit(name, limit), **_limit_style(name, limit))
        self._draw_lowest(axes[1])
        self._zoom(*axes)
        self._describe(*axes)

    def _draw_curve(self, trade, costs, name, style):
        curve, recall = self.curves[name], np.linspace(0, 1, N_LEVELS + 1)
        bootstrap = self.n_resamples, self.random_state
        some, false_positive_bounds, cost_bounds = bands(
            curve, recall, self.fp_weight, *bootstrap
        )
        band = {"color": style["color"], "alpha": 0.25, "linewidth": 0}
        trade.plot(*self._trade(curve), label=name, linewidth=1, **style)
        label = "95 % interval" if name == "corrected" else None
        trade.fill_between(recall, *false_positive_bounds, label=label, **band)
        steps = _steps(curve.threshold, self._cost(curve))
        costs.plot(*steps, drawstyle="steps-post", linewidth=1, **style)
        costs.fill_between(*_steps(some, *cost_bounds), step="post", **band)

    def _draw_point(self, trade, costs, name):
        point, style = self.points[name], _MARKS[name]
        # The smaller mark is above the larger, and whole on the edge of the axes.
        order = {"zorder": 3 - style["markersize"] / 100, "clip_on": False}
        style = style | {"linestyle": ""} | order
        if style["marker"] != "+":
            style |= {"markeredgecolor": "white", "markeredgewidth": 0.5}
        trade.plot(*self._trade(point), **style)
        costs.plot(point.threshold, self._cost(point), label=self._name(name), **style)

    def _limit(self, name, limit):
        """Return recall and false positives where a limit is just kept."""
        _, n_negatives, n_positives = (v[-1] for v in self.curves["classifier"])
        if name == "max_fpr":
            return (0, 1), (limit * n_negatives,) * 2
        if name == "min_recall":
            return (limit,) * 2, (0, n_negatives)
        # As many errors as the classifier makes, and those that the limit adds.
        base = self.points["classifier"]
        errors = base.false_positives + n_positives - base.true_positives
        errors += limit * (n_negatives + n_positives)
        return (0, 1), (errors - n_positives, errors)

    def _name(self, name):
        at = f" ({self.points[name].threshold:.2g})" if name == "threshold alone" else ""
        return f"{name}{at}"

    def _draw_lowest(self, costs):
        label = "lowest of the curve"
        for curve in self.curves.values():
            lowest = lowest_of(curve, self.fp_weight)
            x, y = lowest.threshold, self._cost(lowest)
            costs.plot(
                x, y, linestyle="", color=BLACK, label=label, clip_on=False, **_LOWEST
            )
            label = None

    def _trade(self, flagged):
        """Return recall and false positives."""
        return share_flagged(flagged, self.curves["classifier"])

    def _cost(self, flagged):
        """Return the cost of 100 rows."""
        return cost_of_100_rows(flagged, self.curves["classifier"], self.fp_weight)

    def _zoom(self, trade, costs):
        """Let the axes cover what is around the marks."""
        recall, false_positives = zip(*map(self._trade, self.points.values()), strict=True)
        limits = self.limits or {}
        if "min_recall" in limits:
            recall += (limits["min_recall"],)
        if "max_fpr" in limits:
            false_positives += (self._limit("max_fpr", limits["max_fpr"])[1][0],)
        trade.set(
            xlim=np.clip(around(recall, _MARGIN_OF_TRADE, 0.1), 0, 1),
            ylim=(0, (1 + _MARGIN_OF_TRADE) * max(*false_positives, 1)),
        )
        # Without a flagged row, there are false negatives alone.
        lowest = [lowest_of(curve, self.fp_weight) for curve in self.curves.values()]
        marked = [*self.points.values(), *lowest]
        values = [self._cost(flagged) for flagged in [*marked, Flagged(1, 0, 0)]]
        costs.set(xlim=(0, 1), ylim=np.maximum(around(values, _MARGIN_OF_COSTS, 0.01), 0))

    def _describe(self, trade, costs):
        _, n_negatives, n_positives = (v[-1] for v in self.curves["classifier"])
        n_rows, label = n_negatives + n_positives, f"“{shortened(self.label)}”"
        width = trade.get_window_extent().width / trade.figure.dpi
        trade.set(
            xlabel=in_lines(f"recall of {label}", width),
            ylabel=f"false positives of {n_rows} rows",
        )
        trade.yaxis.get_major_locator().set_params(integer=True)
        costs.set(
            xlabel=in_lines(f"threshold of {label}", width), ylabel="cost of 100 rows"
        )
        # Of the weights of many classes, it is not that of this class by itself.
        of = " relative to other classes" if self.n_classes > 2 else ""
        weight = f"fp_weight {self.fp_weight:.3g}{of}"
        head = ", ".join(filter(None, [self.caption, weight]))
        of = f"{n_rows} rows, {n_positives} of them {label}"
        for ax, title in [(trade, head), (costs, of)]:
            legend_above(ax, 2 if width > _WIDE else 1, title=in_lines(title, width + 0.5))


def _limit_style(name, limit):
    label = f"{name} {limit:.3g}"
    return {"linestyle": _LIMITS[name], "color": BLACK, "linewidth": 0.8, "label": label}


def _steps(thresholds, *values):
    """Return thresholds from 1 to 0, and the values that hold below each."""
    # The first is infinite: nothing is flagged there, as at any above all scores.
    x = np.append(np.minimum(thresholds, max(1, thresholds[1])), 0)
    return x, *(np.append(v, v[-1]) for v in values)

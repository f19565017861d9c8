"""What several costs of a false positive come to: false positives against recall."""

import numpy as np

from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.plotting._base import (
    BLACK,
    BLUE,
    COLUMN,
    GREEN,
    GREY,
    _Display,
    in_lines,
    legend_above,
    model_name,
    shortened,
)
from sklearn_rlcorrect.plotting.tradeoff_arguments import tradeoff_of_estimator

_CURVE = {"color": GREY, "linestyle": "--", "linewidth": 1}
_JOINT = {"color": GREY, "linewidth": 0.6}
_MARK = {"linestyle": "", "markeredgecolor": "white", "markeredgewidth": 0.5}
_CLASSIFIER = {"color": BLACK, "marker": "+", "markersize": 12, "linestyle": ""}
_THRESHOLD = _MARK | {"color": GREEN, "marker": "D", "markersize": 6}
_CORRECTED = _MARK | {"color": BLUE, "marker": "o", "markersize": 7}

# Where the cost of a correction is written. The curve rises to the right.
_RIGHT = {"xytext": (6, 0), "ha": "left", "va": "center"}
_LEFT_ABOVE = {"xytext": (-3, 4), "ha": "right", "va": "bottom"}
_RIGHT_ABOVE = {"xytext": (2, 5), "ha": "left", "va": "bottom"}

# Room of a text, in points, to the left of a mark and below its middle.
_ROOM_LEFT, _ROOM_BELOW = 24, 8

# How far the axes reach beyond what is marked, by its range.
_MARGIN = 0.15


class OperatingPointDisplay(_Display):
    """False positives against recall, for several costs of a false positive.

    Made by `from_estimators`. It shows what each `fp_weight` comes to before one is chosen:
    a point per cost for the correction, joined by a line to the point of the classifier
    whose threshold was moved for the same cost, and the classifier's curve over all
    thresholds. Lower, and further to the right, is better.

    Parameters
    ----------
    curve : Flagged
        What the classifier flags at each threshold: ``threshold``, ``false_positives`` and
        ``true_positives``, arrays of none of the rows at first and all of them in the end.

    classifier : Flagged
        What it flags by itself.

    threshold_alone, corrected : dict of float to Flagged
        What is flagged at each cost, by its other threshold and by the correction.

    label : int, float, bool or str
        Positive class.

    caption : str, default=""
        What is drawn, for the head of a new figure.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes drawn on.

    figure_ : matplotlib Figure
        Figure of the axes.

    See Also
    --------
    TradeoffDisplay : One corrector, with the costs of all thresholds.
    sklearn_rlcorrect.comparison.compare_fp_weights : Fits the correctors, from one
        classifier.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.comparison import compare_fp_weights
    >>> from sklearn_rlcorrect.plotting import OperatingPointDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> correctors, _ = compare_fp_weights(
    ...     model, X[:400], y[:400], X[400:], y[400:], [1, 5])
    >>> display = OperatingPointDisplay.from_estimators(
    ...     correctors.values(), X[400:], y[400:])
    >>> list(display.corrected)
    [1, 5]
    """

    _height = 3.1

    def __init__(self, curve, classifier, threshold_alone, corrected, *, label, caption=""):
        self.curve = curve
        self.classifier = classifier
        self.threshold_alone = threshold_alone
        self.corrected = corrected
        self.label = label
        self.caption = caption

    @classmethod
    def from_estimators(cls, estimators, X, y, *, ax=None):
        """Draw fitted correctors of one classifier on labelled rows.

        Parameters
        ----------
        estimators : iterable of RLCalibratedClassifier
            Fitted, of the same classifier and positive class; each has another number as
            `fp_weight`.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows that the correctors were not fitted on.

        y : array-like of shape (n_samples,)
            Labels.

        ax : matplotlib Axes, default=None
            Where to draw. None makes a new figure, as wide as a column of a paper.

        Returns
        -------
        display : OperatingPointDisplay
            The picture.

        Raises
        ------
        ValueError
            If there is no estimator, or one that is no fitted corrector; if they do not
            have the same classifier, one positive class and different costs; if `y` holds
            a label that they do not know; or if `ax` is no Axes.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.frozen import FrozenEstimator
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklearn_rlcorrect import RLCalibratedClassifier
        >>> from sklearn_rlcorrect.plotting import OperatingPointDisplay
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> base = FrozenEstimator(GaussianNB().fit(X[:200], y[:200]))
        >>> model = RLCalibratedClassifier(base, fp_weight=2, total_timesteps=2_000)
        >>> model = model.fit(X[200:400], y[200:400])
        >>> display = OperatingPointDisplay.from_estimators([model], X[400:], y[400:])
        >>> display.ax_.get_xlabel()
        'recall of “1”'
        """
        return cls(**_points_of_estimators(list(estimators), X, y)).plot(ax=ax)

    def _draw(self, ax):
        ax.plot(*self._place(self.curve), label="classifier, any threshold", **_CURVE)
        ax.plot(*self._place(self.classifier), label="classifier", **_CLASSIFIER)
        label = "same fp_weight"
        for weight, corrected in self.corrected.items():
            pair = [self._place(self.threshold_alone[weight]), self._place(corrected)]
            ax.plot(*np.transpose(pair), zorder=1.5, label=label, **_JOINT)
            label = None
        for name, points, style in [
            ("threshold alone", self.threshold_alone, _THRESHOLD),
            ("corrected", self.corrected, _CORRECTED),
        ]:
            places = [self._place(point) for point in points.values()]
            ax.plot(*np.transpose(places), label=name, clip_on=False, **style)
        self._zoom(ax)
        self._name_points(ax)
        self._describe(ax)

    def _name_points(self, ax):
        """Write each cost beside its correction, where no line leads and no axis is."""
        for weight, corrected in self.corrected.items():
            place, rival = self._place(corrected), self._place(self.threshold_alone[weight])
            ax.annotate(
                f"{weight:g}",
                place,
                textcoords="offset points",
                color=BLUE,
                **_side(ax, place, rival),
            )

    def _place(self, flagged):
        """Return recall and false positives."""
        n_positives = self.curve.true_positives[-1]
        return flagged.true_positives / max(n_positives, 1), flagged.false_positives

    def _zoom(self, ax):
        """Let the axes cover what is around the marks."""
        marked = [*self.threshold_alone.values(), *self.corrected.values(), self.classifier]
        recall, false_positives = np.transpose([self._place(point) for point in marked])
        margin = max(_MARGIN * np.ptp(recall), 0.02)
        ax.set(
            xlim=np.clip([recall.min() - margin, recall.max() + margin], 0, 1),
            ylim=(0, (1 + _MARGIN) * max(false_positives.max(), 1)),
        )

    def _describe(self, ax):
        _, n_negatives, n_positives = (values[-1] for values in self.curve)
        label, n_rows = f"“{shortened(self.label)}”", n_negatives + n_positives
        ax.set(
            xlabel=in_lines(f"recall of {label}", COLUMN),
            ylabel=f"false positives of {n_rows} rows",
        )
        ax.yaxis.get_major_locator().set_params(integer=True)
        title = f"numbers: fp_weight; {n_rows} rows, {n_positives} of them {label}"
        legend_above(ax, 2, title=in_lines(title, COLUMN))


def _side(ax, place, rival):
    """Return where a text about a place goes, from which a line leads to its rival."""
    at, end = ax.transData.transform([place, rival])
    right, up = end - at
    room_left, room_below = 72 * (at - ax.bbox.min) / ax.figure.dpi
    if right > max(up, 0):
        return _LEFT_ABOVE if room_left > _ROOM_LEFT else _RIGHT_ABOVE
    return _RIGHT if room_below > _ROOM_BELOW else _RIGHT_ABOVE


def _points_of_estimators(estimators, X, y):
    """Compute the arguments of the display, after checking that they can be compared."""
    if not estimators:
        raise ValueError("estimators is empty: give one fitted corrector or more.")
    for k, estimator in enumerate(estimators):
        check_corrector(estimator, f"estimators[{k}]")
    before = [estimator.predict_before_after(X)[0] for estimator in estimators]
    _check_comparable(estimators, before)
    drawn = [
        tradeoff_of_estimator(estimator, X, y, proba)
        for estimator, proba in zip(estimators, before, strict=True)
    ]
    weights = [estimator.fp_weight for estimator in estimators]
    points = dict(zip(weights, (each["points"] for each in drawn), strict=True))
    return {
        "curve": drawn[0]["curves"]["classifier"],
        "classifier": drawn[0]["points"]["classifier"],
        "threshold_alone": {w: point["threshold alone"] for w, point in points.items()},
        "corrected": {
            weight: points[weight][estimator.priority]
            for weight, estimator in zip(weights, estimators, strict=True)
        },
        "label": drawn[0]["label"],
        "caption": _caption(estimators),
    }


def _caption(estimators):
    """Name the classifier, and the priority if it is that of all."""
    priorities = {estimator.priority for estimator in estimators}
    name = model_name(estimators[0])
    return name if len(priorities) > 1 else f"{name}, priority “{priorities.pop()}”"


def _check_comparable(estimators, before):
    if not all(np.array_equal(proba, before[0]) for proba in before):
        raise ValueError(
            "estimators wrap classifiers with different probabilities: fit them by "
            "sklearn_rlcorrect.comparison.compare_fp_weights, or on a FrozenEstimator."
        )
    weights = [estimator.fp_weight for estimator in estimators]
    if any(isinstance(weight, dict) for weight in weights):
        raise ValueError("estimators have dicts as fp_weight: only numbers can be drawn.")
    if len(set(weights)) < len(weights):
        raise ValueError(f"estimators have the fp_weight {weights}: they must differ.")
    labels = {estimator.pos_label for estimator in estimators}
    if len(labels) > 1 or estimators[0].base_threshold_ is None:
        raise ValueError(
            f"estimators have the pos_label {labels}: there must be one positive class, "
            "the same for all."
        )

"""Base of the displays: their arguments, colours and figure style."""

import textwrap

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import column_or_1d

from sklearn_rlcorrect.guard import decide, decision_rule
from sklearn_rlcorrect.metrics import label_indices, positive_classes
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.rewards import positive_labels

# Colours of Okabe and Ito, which colour-blind readers can distinguish.
GREY, BLACK, GREEN = "#999999", "#000000", "#009E73"
ORANGE, RED, BLUE = "#E69F00", "#D55E00", "#0072B2"
PINK = "#CC79A7"

# Of different sizes, because two priorities may select the same checkpoint.
PRIORITY_MARKS = {
    "weighted": {"color": BLUE, "marker": "o", "markersize": 10},
    "accuracy": {"color": ORANGE, "marker": "s", "markersize": 6.5},
    "fp": {"color": RED, "marker": "^", "markersize": 4},
}

# A column of a paper is about 3.4 inches wide; its captions are set in 8 or 9 points.
COLUMN = 3.4
STYLE = {"font.size": 8, "axes.titlesize": 8, "legend.frameon": False}

# Width of a character and height of a line in inches, on average, at that size.
CHARACTER = 0.07
LINE = 0.14

_LONGEST_LABEL = 30
_PAD_BELOW_HEAD = 0.08  # inches

_ROUNDING = 1e-6


class _Display:
    """Base of all displays: one figure, or the axes given by the caller.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes drawn on; an array of Axes for a picture of several panels.

    figure_ : matplotlib Figure
        Figure of the axes.
    """

    _n_rows = _n_columns = 1
    _height = 2.6
    caption = ""

    def plot(self, *, ax=None):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, or array of them, default=None
            Where to draw, one Axes per panel. None makes a new figure, as wide as a
            column of a paper (3.4 inches) if its labels allow.

        Returns
        -------
        display : display
            The display itself.

        Raises
        ------
        ValueError
            If `ax` does not hold one Axes per panel.

        Examples
        --------
        >>> from sklearn_rlcorrect.plotting import CorrectionDisplay
        >>> display = CorrectionDisplay.from_predictions(
        ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
        >>> display.plot() is display
        True
        """
        if ax is None:
            import matplotlib.pyplot as plt

            with plt.rc_context(STYLE):
                return self.plot(ax=self._subplots(plt.figure))
        self._set_axes(ax)
        self._draw(self.ax_)
        for axes in np.ravel(self.ax_):
            axes.spines[["top", "right"]].set_visible(False)
        return self

    def _set_axes(self, ax):
        n_axes = self._n_rows * self._n_columns
        if np.size(ax) != n_axes:
            raise ValueError(
                f"ax holds {np.size(ax)} Axes, but this picture needs {n_axes}."
            )
        self.ax_ = np.array(ax) if n_axes > 1 else np.ravel(ax)[0]
        self.figure_ = np.ravel(ax)[0].figure

    def _subplots(self, make_figure):
        """Make a figure with the caption as its title; the size has room for that."""
        width, height = self._size()
        caption = in_lines(self._head(), width)
        if caption:
            height += LINE * len(caption.splitlines()) + _PAD_BELOW_HEAD
        figure = make_figure(figsize=(width, height), layout="compressed")
        if caption:
            figure.suptitle(caption, fontsize=STYLE["font.size"])
            figure.get_layout_engine().set(h_pad=_PAD_BELOW_HEAD)
        return figure.subplots(self._n_rows, self._n_columns)

    def _head(self):
        return self.caption

    def _size(self):
        """Return the width and height of a new figure, in inches."""
        return COLUMN, self._height


class _BeforeAfterDisplay(_Display):
    """Base of the displays of probabilities before and after the correction.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Indices into `classes`.

    before, after : ndarray of shape (n_samples, n_classes)
        Probabilities.

    classes : ndarray of shape (n_classes,)
        Labels, sorted.

    positives : ndarray of int
        Indices of the positive classes.

    threshold : float, default=None
        Corrected probability of the positive class above which it is predicted; None
        predicts the most probable class.

    caption : str, default=""
        What is drawn, for the head of a new figure.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes drawn on; an array of Axes for a picture of several panels.

    figure_ : matplotlib Figure
        Figure of the axes.
    """

    def __init__(
        self, y_true, before, after, *, classes, positives, threshold=None, caption=""
    ):
        self.y_true = y_true
        self.before = before
        self.after = after
        self.classes = classes
        self.positives = positives
        self.threshold = threshold
        self.caption = caption

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None, **predict_params):
        """Draw the effect of a fitted corrector on labelled rows.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows that the corrector was not fitted on.

        y : array-like of shape (n_samples,)
            Labels.

        ax : matplotlib Axes, or array of them, default=None
            Where to draw, one Axes per panel. None makes a new figure.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        display : display
            The picture.

        Raises
        ------
        ValueError
            If `estimator` is no fitted corrector, if `y` holds a label that it does not
            know, or if `ax` does not hold one Axes per panel.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklearn_rlcorrect import RLCalibratedClassifier
        >>> from sklearn_rlcorrect.plotting import CorrectionDisplay
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
        >>> model = model.fit(X[:400], y[:400])
        >>> CorrectionDisplay.from_estimator(model, X[400:], y[400:]).ax_.get_xlabel()
        'probability of “1” before'
        """
        return cls(**arguments_of_estimator(estimator, X, y, predict_params)).plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        y_true,
        before,
        after,
        *,
        classes=None,
        pos_label=None,
        threshold=None,
        caption="",
        ax=None,
    ):
        """Draw probabilities before and after the correction.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels.

        before, after : array-like of shape (n_samples, n_classes) or (n_samples,)
            Probabilities in [0, 1]. With two classes, those of the second are enough.

        classes : array-like of shape (n_classes,), default=None
            Labels, sorted; None is the labels in `y_true`.

        pos_label : int, float, bool, str or list of them, default=None
            Positive class, or classes. None is the second of two classes, and every
            class of more.

        threshold : float, default=None
            Corrected probability of the positive one of two classes above which it is
            predicted; None predicts the most probable class.

        caption : str, default=""
            What is drawn, for the head of a new figure.

        ax : matplotlib Axes, or array of them, default=None
            Where to draw, one Axes per panel. None makes a new figure.

        Returns
        -------
        display : display
            The picture.

        Raises
        ------
        ValueError
            If there is no row, if a probability is not in [0, 1], if the numbers of rows,
            columns and classes differ, if `classes` is not sorted or lacks a label of
            `y_true` or `pos_label`, or if `ax` does not hold one Axes per panel.

        Examples
        --------
        >>> from sklearn_rlcorrect.plotting import FalsePositiveDisplay
        >>> display = FalsePositiveDisplay.from_predictions(
        ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
        >>> display.ax_.get_ylabel()
        'false positives'
        """
        arguments = arguments_of_predictions(
            y_true, before, after, classes, pos_label, threshold
        )
        return cls(**arguments, caption=caption).plot(ax=ax)

    def _predicted(self):
        """Return the predicted classes before and after the correction."""
        after = decide(self.after, self.threshold, self.positives[0])
        return self.before.argmax(axis=1), after

    def _followed_class(self):
        """Return the class per row whose probability is drawn, and its name."""
        if len(self.positives) == 1:
            only = self.positives[0]
            return np.full(len(self.y_true), only), f"“{shortened(self.classes[only])}”"
        return self.y_true, "the true class"


def arguments_of_estimator(estimator, X, y, predict_params):
    """Compute the arguments of a display from a fitted corrector and labelled rows."""
    model = check_corrector(estimator, "estimator")
    before, after = model.predict_before_after(X, **predict_params)
    arguments = arguments_of_predictions(
        y,
        before,
        after,
        estimator.classes_,
        _pos_label(estimator),
        decision_rule(estimator)["threshold"],
    )
    return arguments | {"caption": caption_of(estimator)}


def arguments_of_predictions(y_true, before, after, classes, pos_label, threshold):
    """Check the arguments of `from_predictions`, and return those of the constructor."""
    y_true = column_or_1d(y_true)
    if not len(y_true):
        raise ValueError("y_true is empty: there is no row to draw.")
    classes = np.unique(y_true) if classes is None else np.asarray(classes)
    before, after = _columns(before, "before"), _columns(after, "after")
    check_consistent_length(y_true, before, after)
    _check_shapes(before, after, classes)
    _check_sorted(classes)
    return {
        "y_true": label_indices(y_true, classes, name="y_true"),
        "before": before,
        "after": after,
        "classes": classes,
        "positives": positive_classes(classes, pos_label),
        "threshold": threshold,
    }


def _columns(proba, name):
    """Return a column per class, also where one of two is given."""
    proba = np.asarray(proba, dtype=float)
    # Rounding may leave a probability just beyond.
    wrong = ~((proba >= -_ROUNDING) & (proba <= 1 + _ROUNDING))
    if wrong.any():
        raise ValueError(
            f"{name} holds {proba[wrong][0]:g}, but probabilities are in [0, 1]."
        )
    return np.column_stack([1 - proba, proba]) if proba.ndim == 1 else proba


def _check_shapes(before, after, classes):
    if before.ndim != 2 or before.shape != after.shape or before.shape[1] != len(classes):
        raise ValueError(
            f"before has the shape {before.shape} and after {after.shape}: both need "
            f"a column for each of the {len(classes)} classes."
        )


def _check_sorted(classes):
    if (np.sort(classes) != classes).any():
        raise ValueError(
            f"classes={classes.tolist()} must be sorted, and the columns with them."
        )


def _pos_label(estimator):
    """Return the label of the class that has a threshold, or else the positive labels."""
    rule = decision_rule(estimator)
    if rule["threshold"] is not None:
        return estimator.classes_[rule["positive"]]
    return positive_labels(estimator.fp_weight, estimator.pos_label)


def caption_of(estimator):
    """Say of a picture what model it is of, and what that was told to do."""
    weight = f"fp_weight {_weights(estimator.fp_weight)}"
    parts = [model_name(estimator), f"priority “{estimator.priority}”", weight]
    # Lines break between the three only.
    return ", ".join(part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts)


def model_name(estimator):
    """Name the class of the wrapped classifier, the last step of a Pipeline."""
    model = estimator.estimator_
    while isinstance(model, FrozenEstimator | Pipeline):
        model = model.estimator if isinstance(model, FrozenEstimator) else model[-1]
    return type(model).__name__


def _weights(fp_weight):
    """Write the weight, or that of one class, or the range of several."""
    if not isinstance(fp_weight, dict):
        return f"{fp_weight:.3g}"
    low, high = min(fp_weight.values()), max(fp_weight.values())
    if len(fp_weight) == 1:
        return f"{low:.3g} of “{shortened(*fp_weight)}”"
    return f"{low:.3g} to {high:.3g} by class"


def shortened(label):
    """Return a label as text that fits beside an axis, its middle left out if long."""
    text = str(label)
    half = _LONGEST_LABEL // 2
    is_short = len(text) <= _LONGEST_LABEL
    return _literal(text if is_short else f"{text[:half]}…{text[1 - half :]}")


def _literal(text):
    """Escape what matplotlib takes for the beginning and the end of mathematics."""
    return text.replace("$", r"\$")


def in_lines(text, length):
    """Break the description of an axis into lines of `length` inches."""
    # Escaped after the break, which could part the escape from what it is of.
    shown = text.replace(r"\$", "$")
    return _literal(textwrap.fill(shown, int(length / CHARACTER)))


def around(values, share, smallest):
    """Return limits of an axis: the range, widened by a share of it."""
    low, high = min(values), max(values)
    margin = max(share * (high - low), smallest)
    return low - margin, high + margin


def legend_above(ax, n_columns, *, side="center", title=None):
    """Put the legend above the axes, where it covers nothing."""
    return ax.legend(
        loc=f"lower {side}",
        bbox_to_anchor=(0.5 if side == "center" else 1.0, 1.0),
        ncols=n_columns,
        handletextpad=0.4,
        columnspacing=1.0,
        title=title,
    )

"""Pictures of a correction, as scikit-learn's displays."""

from pathlib import Path

import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import ConfusionMatrixDisplay, brier_score_loss, confusion_matrix
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted, column_or_1d

from sklearn_rlcorrect.agent.selection import selected_checkpoints
from sklearn_rlcorrect.guard import decide, decision_rule
from sklearn_rlcorrect.metrics import positive_classes
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.rewards import positive_labels

# Okabe and Ito's colours, which the colour-blind tell apart, too.
_GREY, _BLACK, _GREEN = "#999999", "#000000", "#009E73"
_ORANGE, _RED, _BLUE = "#E69F00", "#D55E00", "#0072B2"

# A column of a paper is about 3.4 inches wide; its captions are set in 8 or 9 points.
_COLUMN = 3.4
_STYLE = {"font.size": 8, "axes.titlesize": 8, "legend.frameon": False}
_MOST_CELLS_WITH_NUMBERS = 12


class _BeforeAfterDisplay:
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
        Classes whose false positives count.

    threshold : float, default=None
        Cut of the corrected probability of the positive class; None is the most probable
        class.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes drawn on; an array of them where there are several.

    figure_ : matplotlib Figure
        Figure of the axes.
    """

    _n_rows = _n_columns = 1
    _height = 2.6

    def __init__(self, y_true, before, after, *, classes, positives, threshold=None):
        self.y_true = y_true
        self.before = before
        self.after = after
        self.classes = classes
        self.positives = positives
        self.threshold = threshold

    @classmethod
    def from_estimator(cls, estimator, X, y, *, ax=None):
        """Draw what a fitted corrector does to labelled rows.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows that the corrector was not fitted on.

        y : array-like of shape (n_samples,)
            Labels.

        ax : matplotlib Axes, or array of them, default=None
            Where to draw; None makes a figure as wide as a paper's column.

        Returns
        -------
        display : display
            What was drawn.
        """
        before, after = check_corrector(estimator, "estimator").predict_before_after(X)
        return cls.from_predictions(
            y,
            before,
            after,
            classes=estimator.classes_,
            pos_label=_pos_label(estimator),
            threshold=decision_rule(estimator)["threshold"],
            ax=ax,
        )

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
        ax=None,
    ):
        """Draw probabilities before and after.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,)
            Labels.

        before, after : array-like of shape (n_samples, n_classes) or (n_samples,)
            Probabilities; of two classes, those of the second are enough.

        classes : array-like of shape (n_classes,), default=None
            Labels, sorted; None is those in `y_true`.

        pos_label : int, float, bool, str or list of them, default=None
            Class, or classes, whose false positives count. None is the second of two
            classes, or every class of more.

        threshold : float, default=None
            Cut of the corrected probability of the one of two classes that counts; None
            is the most probable class.

        ax : matplotlib Axes, or array of them, default=None
            Where to draw; None makes a figure as wide as a paper's column.

        Returns
        -------
        display : display
            What was drawn.

        Raises
        ------
        ValueError
            If the arguments do not fit together.
        """
        y_true = column_or_1d(y_true)
        classes = np.unique(y_true) if classes is None else np.asarray(classes)
        before, after = _columns(before), _columns(after)
        check_consistent_length(y_true, before, after)
        if before.shape != after.shape or before.shape[1] != len(classes):
            raise ValueError(
                f"before has the shape {before.shape} and after {after.shape}: both need "
                f"a column for each of the {len(classes)} classes."
            )
        if (np.sort(classes) != classes).any():
            raise ValueError(
                f"classes={classes.tolist()} must be sorted, and the columns with them."
            )
        unknown = np.setdiff1d(y_true, classes)
        if len(unknown):
            raise ValueError(
                f"y_true holds {unknown.tolist()[0]!r}, which is not among classes="
                f"{classes.tolist()}."
            )
        display = cls(
            np.searchsorted(classes, y_true),
            before,
            after,
            classes=classes,
            positives=positive_classes(classes, pos_label),
            threshold=threshold,
        )
        return display.plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, or array of them, default=None
            Where to draw; None makes a figure as wide as a paper's column.

        Returns
        -------
        display : display
            Itself.
        """
        return _plot(self, ax)

    def _predicted(self):
        after = decide(self.after, self.threshold, self.positives[0])
        return self.before.argmax(axis=1), after

    def _followed_class(self):
        """Class per row whose probability is drawn, and what that is called."""
        if len(self.positives) == 1:
            only = self.positives[0]
            return np.full(len(self.y_true), only), f"“{self.classes[only]}”"
        return self.y_true, "the true class"


class ConfusionChangeDisplay(_BeforeAfterDisplay):
    """Confusion matrices before and after the correction.

    Made by `from_estimator` or `from_predictions`. Its `ax` is a pair.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import ConfusionChangeDisplay
    >>> display = ConfusionChangeDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> [axes.get_title() for axes in display.ax_]
    ['before', 'after']
    """

    _n_columns = 2
    _height = 2.1

    def _draw(self, axes):
        k = np.arange(len(self.classes))
        tables = [confusion_matrix(self.y_true, p, labels=k) for p in self._predicted()]
        for ax, title, table in zip(axes, ["before", "after"], tables, strict=True):
            ConfusionMatrixDisplay(table, display_labels=self.classes).plot(
                ax=ax,
                cmap="Blues",
                colorbar=False,
                include_values=len(k) <= _MOST_CELLS_WITH_NUMBERS,
                xticks_rotation="vertical" if len(k) > 2 else "horizontal",
                im_kw={"vmin": 0, "vmax": max(t.max() for t in tables)},
            )
            ax.set(title=title, xlabel="predicted", ylabel="true")
        axes[1].set(ylabel="", yticklabels=[])


class AdjustmentDisplay(_BeforeAfterDisplay):
    """How far the true class's probability was moved, where the base was right or wrong.

    Made by `from_estimator` or `from_predictions`. To the right of zero is better.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import AdjustmentDisplay
    >>> display = AdjustmentDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> display.ax_.get_ylabel()
    'share of the rows'
    """

    def _draw(self, ax):
        rows = np.arange(len(self.y_true))
        moved = (self.after - self.before)[rows, self.y_true]
        is_right = self._predicted()[0] == self.y_true
        edges = np.linspace(-1, 1, 32) * max(np.abs(moved).max(), 0.01)
        for chosen, label, colour, hatch in [
            (is_right, "right", _BLUE, None),
            (~is_right, "wrong", _ORANGE, "////"),
        ]:
            ax.hist(
                moved[chosen],
                edges,
                weights=np.full(chosen.sum(), 1 / max(chosen.sum(), 1)),
                label=f"classifier {label} ({_rows(chosen.sum())})",
                histtype="stepfilled",
                facecolor=(colour, 0.4),
                edgecolor=colour,
                hatch=hatch,
            )
        ax.axvline(0, color=_BLACK, linewidth=0.6)
        ax.set(
            xlabel="change of the true class's probability",
            ylabel="share of the rows",
        )
        _legend_above(ax, 1)


class CorrectionDisplay(_BeforeAfterDisplay):
    """Original against corrected probability, changed decisions marked.

    Made by `from_estimator` or `from_predictions`. The probability is that of the class
    whose false positives count; where several count, that of the true class.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import CorrectionDisplay
    >>> display = CorrectionDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> [text.get_text() for text in display.ax_.get_legend().get_texts()]
    ['right before and after (2)', 'mended (1)', 'still wrong (0)', 'spoilt (0)']
    """

    _height = 3.5

    def _draw(self, ax):
        followed, name = self._followed_class()
        rows = np.arange(len(self.y_true))
        was_right, is_right = (p == self.y_true for p in self._predicted())
        for chosen, label, colour, marker, size in [
            (was_right & is_right, "right before and after", _GREY, ".", 14),
            (was_right < is_right, "mended", _GREEN, "o", 18),
            (~was_right & ~is_right, "still wrong", _ORANGE, "s", 14),
            (was_right > is_right, "spoilt", _RED, "X", 24),
        ]:
            ax.scatter(
                self.before[rows, followed][chosen],
                self.after[rows, followed][chosen],
                s=size,
                c=colour,
                marker=marker,
                label=f"{label} ({chosen.sum()})",
                linewidths=0,
                # A vector for each of a million rows would make no picture, but a file.
                rasterized=True,
            )
        ax.plot([0, 1], [0, 1], color=_BLACK, linewidth=0.6, linestyle=":")
        if len(self.classes) == 2:
            cut = 0.5 if self.threshold is None else self.threshold
            ax.axhline(cut, color=_BLACK, linewidth=0.6)
            ax.axvline(0.5, color=_BLACK, linewidth=0.6)
        ax.set(
            xlabel=f"probability of {name} before",
            ylabel=f"probability of {name} after",
        )
        _legend_above(ax, 2)


class FalsePositiveDisplay(_BeforeAfterDisplay):
    """False positives that were fixed, that were not, and new ones, by base probability.

    Made by `from_estimator` or `from_predictions`. The probability is what the wrapped
    classifier gave the class that was wrongly predicted.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import FalsePositiveDisplay
    >>> display = FalsePositiveDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> [text.get_text() for text in display.ax_.get_legend().get_texts()]
    ['fixed (1)', 'not fixed (0)', 'new (0)']
    """

    def _draw(self, ax):
        predicted = self._predicted()
        was_fp, is_fp = ((p != self.y_true) & np.isin(p, self.positives) for p in predicted)
        groups = [
            ("fixed", was_fp & ~is_fp, predicted[0], _GREEN, None),
            ("not fixed", was_fp & is_fp, predicted[0], _ORANGE, "////"),
            ("new", ~was_fp & is_fp, predicted[1], _RED, "xxxx"),
        ]
        _, _, bars = ax.hist(
            [self.before[chosen, of[chosen]] for _, chosen, of, _, _ in groups],
            np.linspace(0, 1, 21),
            stacked=True,
            color=[colour for _, _, _, colour, _ in groups],
            label=[f"{name} ({chosen.sum()})" for name, chosen, _, _, _ in groups],
            edgecolor="white",
        )
        for container, (*_, hatch) in zip(bars, groups, strict=True):
            for bar in container:
                bar.set_hatch(hatch)
        ax.set(
            xlabel="probability that the classifier gave the wrong class",
            ylabel="false positives",
        )
        ax.yaxis.get_major_locator().set_params(integer=True)
        _legend_above(ax, 3)


class ReliabilityDisplay(_BeforeAfterDisplay):
    """Reliability before and after, by :class:`~sklearn.calibration.CalibrationDisplay`.

    Made by `from_estimator` or `from_predictions`. It is drawn for the class whose false
    positives count; where several count, for the predicted class: how often it is right
    against how probable it is said to be.

    Notes
    -----
    With `fp_weight` above 1 the corrected values are decision scores, so that the curve
    leaves the diagonal on purpose.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import ReliabilityDisplay
    >>> display = ReliabilityDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> display.ax_.get_ylabel()
    'fraction that is “yes”'
    """

    def _draw(self, ax):
        for name, proba, style in [
            ("before", self.before, {"color": _GREY, "marker": "s"}),
            ("after", self.after, {"color": _BLUE, "marker": "o"}),
        ]:
            happened, promised = self._promise(proba)
            score = brier_score_loss(happened, promised, labels=[False, True])
            CalibrationDisplay.from_predictions(
                happened,
                promised,
                pos_label=True,
                n_bins=10,
                name=f"{name} (Brier {score:.3f})",
                ax=ax,
                markersize=4,
                **style,
            )
        what, outcome = "the predicted class", "right"
        if len(self.positives) == 1:
            what = outcome = self._followed_class()[1]
        ax.set(xlabel=f"probability of {what}", ylabel=f"fraction that is {outcome}")
        _legend_above(ax, 1)

    def _promise(self, proba):
        """What happened in each row, and how probable it was said to be."""
        # Rounding may leave a probability just above one.
        proba = proba.clip(0, 1)
        if len(self.positives) == 1:
            only = self.positives[0]
            return self.y_true == only, proba[:, only]
        return self.y_true == proba.argmax(axis=1), proba.max(axis=1)


class TrainingCurveDisplay:
    """Reward, accuracy and false positives of every checkpoint, the selected ones marked.

    Made by `from_estimator`. Each panel is what one of the priorities goes by; the
    dashed line is the wrapped classifier alone. Its `ax` holds three.

    Parameters
    ----------
    history : dict of str to ndarray
        `history_` of a fitted corrector.

    selected : dict of str to int
        Per priority the checkpoint that its policy is of.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        Axes drawn on.

    figure_ : matplotlib Figure
        Figure of the axes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.plotting import TrainingCurveDisplay
    >>> history = {"timesteps": np.array([0, 100]), "reward": np.array([0, 0.1]),
    ...            "accuracy": np.array([0.8, 0.9]), "false_positives": np.array([9, 5])}
    >>> selected = {"weighted": 1, "accuracy": 1, "fp": 1}
    >>> display = TrainingCurveDisplay(history, selected).plot()
    >>> len(display.ax_)
    3
    """

    _n_rows, _n_columns = 3, 1
    _height = 4.0

    def __init__(self, history, selected):
        self.history = history
        self.selected = selected

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the training of a fitted corrector.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted.

        ax : array of three matplotlib Axes, default=None
            Where to draw; None makes a figure as wide as a paper's column.

        Returns
        -------
        display : TrainingCurveDisplay
            What was drawn.
        """
        check_is_fitted(estimator)
        selected = selected_checkpoints(estimator)
        return cls(estimator.history_, selected).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw.

        Parameters
        ----------
        ax : array of three matplotlib Axes, default=None
            Where to draw; None makes a figure as wide as a paper's column.

        Returns
        -------
        display : TrainingCurveDisplay
            Itself.
        """
        return _plot(self, ax)

    def _draw(self, axes):
        names = {
            "reward": "weighted reward",
            "accuracy": "accuracy",
            "false_positives": "false positives",
        }
        timesteps = self.history["timesteps"]
        for ax, (name, label) in zip(axes, names.items(), strict=True):
            values = self.history[name]
            ax.plot(timesteps, values, color=_BLACK, linewidth=1)
            ax.axhline(values[0], color=_GREY, linewidth=1, linestyle="--")
            # Of unlike size, for two priorities may take the same checkpoint.
            for priority, colour, marker, size in [
                ("weighted", _BLUE, "o", 10),
                ("accuracy", _ORANGE, "s", 6.5),
                ("fp", _RED, "^", 4),
            ]:
                at = self.selected[priority]
                ax.plot(
                    timesteps[at],
                    values[at],
                    marker,
                    markersize=size,
                    color=colour,
                    label=priority,
                    clip_on=False,
                )
            ax.set_ylabel(label)
        for ax in axes[:-1]:
            ax.tick_params(labelbottom=False)
        axes[-1].set_xlabel("timesteps")
        _legend_above(axes[0], 3)
        axes[0].get_legend().set_title("checkpoint selected by priority")


class GuardDisplay:
    """Evidence for each strength of the correction, on rows that nothing was learnt from.

    Made by `from_estimator`. Above, the p-value of "accuracy falls by more than allowed",
    which must be below the line; below, the guard rows that the correction mends and those
    that it spoils. Its `ax` is a pair.

    Parameters
    ----------
    report : dict
        An entry of `guard_report_` of a fitted corrector.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        Axes drawn on.

    figure_ : matplotlib Figure
        Figure of the axes.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.plotting import GuardDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(
    ...     GaussianNB(), max_accuracy_drop=0.05, total_timesteps=2_000, random_state=0)
    >>> display = GuardDisplay.from_estimator(model.fit(X, y))
    >>> display.ax_[1].get_xlabel()
    'strength of the correction'
    """

    _n_rows, _n_columns = 2, 1
    _height = 3.4

    def __init__(self, report):
        self.report = report

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw what was proven of the policy of the present priority.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted with `max_accuracy_drop`.

        ax : pair of matplotlib Axes, default=None
            Where to draw; None makes a figure as wide as a paper's column.

        Returns
        -------
        display : GuardDisplay
            What was drawn.
        """
        report = decision_rule(check_corrector(estimator, "estimator"))
        if report.get("max_accuracy_drop") is None:
            raise ValueError(
                "estimator was fitted without max_accuracy_drop: there is no test of its "
                "accuracy to draw."
            )
        return cls(report).plot(ax=ax)

    def plot(self, *, ax=None):
        """Draw.

        Parameters
        ----------
        ax : pair of matplotlib Axes, default=None
            Where to draw; None makes a figure as wide as a paper's column.

        Returns
        -------
        display : GuardDisplay
            Itself.
        """
        return _plot(self, ax)

    def _draw(self, axes):
        report, scales = self.report, self.report["shrinkages"]
        evidence, rows = axes
        for chosen, colour, marker, label in [
            (report["accepted"], _GREEN, "o", "proven"),
            (~report["accepted"], _ORANGE, "s", "not proven"),
        ]:
            evidence.plot(
                scales[chosen],
                report["p_values"][chosen],
                marker,
                color=colour,
                label=label,
                markersize=4,
            )
        evidence.axhline(report["risk"], color=_BLACK, linewidth=0.6, linestyle=":")
        evidence.set(yscale="log", ylabel="p-value")
        for label, count, colour, marker in [
            ("mended", report["fixed"], _GREEN, "o"),
            ("spoilt", report["broken"], _RED, "X"),
        ]:
            rows.plot(
                scales,
                count,
                marker=marker,
                color=colour,
                label=label,
                linewidth=1,
                markersize=4,
            )
        for ax in axes:
            ax.axvline(report["shrinkage"], color=_BLUE, linewidth=1, linestyle="--")
        rows.set(
            xlabel="strength of the correction",
            ylabel=f"of {report['n_tested']} guard rows",
        )
        evidence.tick_params(labelbottom=False)
        _legend_above(evidence, 2)
        in_use, level = f"{report['shrinkage']:g}", f"{report['risk']:.3g}"
        evidence.get_legend().set_title(
            f"dashed: strength in use, {in_use}; dotted: {level}"
        )
        rows.legend()


PICTURES = {
    "confusion": ConfusionChangeDisplay,
    "adjustments": AdjustmentDisplay,
    "corrections": CorrectionDisplay,
    "false_positives": FalsePositiveDisplay,
    "reliability": ReliabilityDisplay,
}


def save_pictures(estimator, X, y, folder):
    """Write every picture of a fitted corrector as PNG.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    folder : str or path-like
        Folder that exists.

    Returns
    -------
    paths : list of pathlib.Path
        Files written.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    paths = []
    before, after = estimator.predict_before_after(X)
    positives = _pos_label(estimator)
    classes, cut = estimator.classes_, decision_rule(estimator)["threshold"]
    with rc_context(_STYLE):
        for name, display in [*PICTURES.items(), ("training", TrainingCurveDisplay)]:
            # Not by pyplot, which would open a window, and keep the figure.
            figure = Figure(**_figure_options(display))
            ax = _subplots(figure, display)
            if display is TrainingCurveDisplay:
                display.from_estimator(estimator, ax=ax)
            else:
                display.from_predictions(
                    y,
                    before,
                    after,
                    classes=classes,
                    pos_label=positives,
                    threshold=cut,
                    ax=ax,
                )
            paths.append(Path(folder) / f"{name}.png")
            figure.savefig(paths[-1], dpi=200)
    return paths


def _plot(display, ax):
    if ax is None:
        import matplotlib.pyplot as plt

        with plt.rc_context(_STYLE):
            figure = plt.figure(**_figure_options(display))
            return _plot(display, _subplots(figure, display))
    n_axes = display._n_rows * display._n_columns
    if np.size(ax) != n_axes:
        raise ValueError(f"ax holds {np.size(ax)} Axes, but this picture needs {n_axes}.")
    display.ax_ = np.array(ax) if n_axes > 1 else np.ravel(ax)[0]
    display.figure_ = np.ravel(ax)[0].figure
    display._draw(display.ax_)
    for axes in np.ravel(display.ax_):
        axes.spines[["top", "right"]].set_visible(False)
    return display


def _figure_options(display):
    return {"figsize": (_COLUMN, display._height), "layout": "constrained"}


def _subplots(figure, display):
    return figure.subplots(display._n_rows, display._n_columns)


def _columns(proba):
    """Probabilities with a column per class, also where one of two is given."""
    proba = np.asarray(proba, dtype=float)
    return np.column_stack([1 - proba, proba]) if proba.ndim == 1 else proba


def _rows(n):
    return "1 row" if n == 1 else f"{n} rows"


def _legend_above(ax, n_columns):
    ax.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=n_columns,
        handletextpad=0.4,
        columnspacing=1.0,
    )


def _pos_label(estimator):
    """Labels whose false positives count; that of a cut, if there is one in force."""
    cut = decision_rule(estimator)
    if cut["threshold"] is not None:
        return estimator.classes_[cut["positive"]]
    return positive_labels(estimator.fp_weight, estimator.pos_label)

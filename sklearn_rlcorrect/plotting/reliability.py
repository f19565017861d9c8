"""Reliability diagrams before and after the correction."""

import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import brier_score_loss

from sklearn_rlcorrect.plotting._base import (
    BLUE,
    GREY,
    _BeforeAfterDisplay,
    in_lines,
    legend_above,
)

_N_BINS = 10


class ReliabilityDisplay(_BeforeAfterDisplay):
    """Reliability before and after, by :class:`~sklearn.calibration.CalibrationDisplay`.

    Made by `from_estimator` or `from_predictions`. It is drawn for the positive class. If
    several classes are positive, it is drawn for the predicted class: the fraction of rows
    where it is right against its probability.

    Notes
    -----
    With `fp_weight` above 1 the corrected values are decision scores, so that the curve
    leaves the diagonal on purpose.

    The ten bins are quantiles: each point stands for as many rows as the others, also with
    rare events, and the legend tells how many. Where probabilities are equal there are
    fewer points, of more rows. Both axes cover the range of the points.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import ReliabilityDisplay
    >>> display = ReliabilityDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> display.ax_.get_ylabel()
    'fraction that is “yes”'
    """

    _height = 3.2

    def _draw(self, ax):
        curves = [
            self._draw_curve(ax, "before", self.before, color=GREY, marker="s"),
            self._draw_curve(ax, "after", self.after, color=BLUE, marker="o"),
        ]
        points = np.concatenate([[c.prob_pred, c.prob_true] for c in curves], axis=1)
        low, high = points.min(), points.max()
        margin = max(0.05 * (high - low), 1e-6)
        limits = low - margin, high + margin
        ax.set(xlim=limits, ylim=limits)
        self._describe(ax)

    def _draw_curve(self, ax, name, proba, **style):
        outcome, probability = self._outcome(proba)
        score = brier_score_loss(outcome, probability, labels=[False, True])
        label = f"{name} (Brier {score:.3g}, {_rows_per_point(probability)})"
        return CalibrationDisplay.from_predictions(
            outcome,
            probability,
            pos_label=True,
            n_bins=_N_BINS,
            strategy="quantile",
            name=label,
            ax=ax,
            markersize=4,
            **style,
        )

    def _outcome(self, proba):
        """Return whether the event happened in each row, and its probability."""
        # Rounding may leave a probability just above one.
        proba = proba.clip(0, 1)
        if len(self.positives) == 1:
            only = self.positives[0]
            return self.y_true == only, proba[:, only]
        return self.y_true == proba.argmax(axis=1), proba.max(axis=1)

    def _describe(self, ax):
        what, event, title = "the predicted class", "right", f"{len(self.y_true)} rows"
        if len(self.positives) == 1:
            what = event = self._followed_class()[1]
            title += f", {np.isin(self.y_true, self.positives).sum()} of them {event}"
        ax.set(
            xlabel=in_lines(f"probability of {what}", 2.6),
            ylabel=in_lines(f"fraction that is {event}", 2),
        )
        legend_above(ax, 1, title=in_lines(title, 2.6))


def _rows_per_point(probability):
    """Count the rows in scikit-learn's bins that hold any."""
    inner = np.quantile(probability, np.linspace(0, 1, _N_BINS + 1))[1:-1]
    counts = np.bincount(np.searchsorted(inner, probability))
    low, high = counts[counts > 0].min(), counts.max()
    shown = f"{low}" if low == high else f"{low} to {high}"
    return f"{shown} {'row' if high == 1 else 'rows'} per point"

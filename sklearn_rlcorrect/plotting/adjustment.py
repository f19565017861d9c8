"""Change of the true class's probability."""

import numpy as np

from sklearn_rlcorrect.plotting._base import (
    BLACK,
    BLUE,
    ORANGE,
    _BeforeAfterDisplay,
    legend_above,
)

# An odd number, so that one bin is centred at zero.
_N_BINS = 31

# A linear axis hides the rows that change if more than the first share of all rows is in
# the bin at zero, and less than the second share is right, or wrong.
_CROWDED, _RARE = 0.5, 0.05


class AdjustmentDisplay(_BeforeAfterDisplay):
    """Change of the true class's probability, where the classifier was right or wrong.

    Made by `from_estimator` or `from_predictions`. To the right of zero the true class
    became more probable.

    Notes
    -----
    With ``fp_weight=1`` rows on which the classifier was right belong at zero. With a
    larger one the positive class becomes less probable on purpose, also where it is the
    true one.

    With rare events, where nearly all decisions are right and most probabilities stay about
    as they are, the axis holds counts on a logarithmic scale, so that the few changes are
    visible.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import AdjustmentDisplay
    >>> display = AdjustmentDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> display.ax_.get_ylabel()
    'share of the rows'
    """

    def _draw(self, ax):
        change, is_right = self._change(), self._predicted()[0] == self.y_true
        edges = np.linspace(-1, 1, _N_BINS + 1) * max(np.abs(change).max(), 0.01)
        groups = [change[is_right], change[~is_right]]
        is_crowded = _is_crowded(change, is_right, edges)
        for group, label, colour, hatch in [
            (groups[0], "right", BLUE, None),
            (groups[1], "wrong", ORANGE, "////"),
        ]:
            ax.hist(
                group,
                edges,
                weights=np.full(len(group), 1 if is_crowded else 1 / max(len(group), 1)),
                label=f"classifier {label} ({_rows(len(group))})",
                histtype="stepfilled",
                facecolor=(colour, 0.4),
                edgecolor=colour,
                hatch=hatch,
                log=is_crowded,
            )
        self._describe(ax, is_crowded)

    def _change(self):
        rows = np.arange(len(self.y_true))
        return (self.after - self.before)[rows, self.y_true]

    def _describe(self, ax, is_crowded):
        ax.axvline(0, color=BLACK, linewidth=0.6)
        ax.set(
            xlabel="change of the true class's probability",
            ylabel="rows (logarithmic)" if is_crowded else "share of the rows",
        )
        if is_crowded:
            # One row must be above the axis.
            ax.set_ylim(bottom=0.5)
        legend_above(ax, 1)


def _is_crowded(change, is_right, edges):
    counts, _ = np.histogram(change, edges)
    rarer = min(is_right.mean(), 1 - is_right.mean())
    return counts[_N_BINS // 2] / len(change) > _CROWDED and rarer < _RARE


def _rows(n):
    return "1 row" if n == 1 else f"{n} rows"

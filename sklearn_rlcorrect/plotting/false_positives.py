"""False positives that were fixed, are still wrong or are new."""

import numpy as np

from sklearn_rlcorrect.plotting._base import (
    GREEN,
    ORANGE,
    RED,
    _BeforeAfterDisplay,
    legend_above,
)


class FalsePositiveDisplay(_BeforeAfterDisplay):
    """False positives that were fixed, are still wrong or are new, by original probability.

    Made by `from_estimator` or `from_predictions`. The probability is what the wrapped
    classifier gave the class that was wrongly predicted.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import FalsePositiveDisplay
    >>> display = FalsePositiveDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> [text.get_text() for text in display.ax_.get_legend().get_texts()]
    ['fixed (1)', 'still wrong (0)', 'new (0)']
    """

    def _draw(self, ax):
        groups = self._groups()
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
        self._describe(ax)

    def _groups(self):
        """Return name, mask, predicted class, colour and hatch of each group of rows."""
        before, after = predicted = self._predicted()
        was_fp, is_fp = ((p != self.y_true) & np.isin(p, self.positives) for p in predicted)
        return [
            ("fixed", was_fp & ~is_fp, before, GREEN, None),
            ("still wrong", was_fp & is_fp, before, ORANGE, "////"),
            ("new", ~was_fp & is_fp, after, RED, "xxxx"),
        ]

    def _describe(self, ax):
        ax.set(
            xlabel="probability that the classifier gave the wrong class",
            ylabel="false positives",
            # Where there are none, the axis would go below zero.
            ylim=(0, max(ax.get_ylim()[1], 1)) if ax.dataLim.y1 > 0 else (0, 1),
        )
        ax.yaxis.get_major_locator().set_params(integer=True)
        legend_above(ax, 3)

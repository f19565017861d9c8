"""Probabilities before against probabilities after the correction."""

import numpy as np

from sklearn_rlcorrect.plotting._base import (
    BLACK,
    GREEN,
    GREY,
    ORANGE,
    RED,
    _BeforeAfterDisplay,
    in_lines,
    legend_above,
)

# Changed decisions are drawn in this many layers, and are transparent if there are more.
_N_LAYERS = 10
_FEW = 100


class CorrectionDisplay(_BeforeAfterDisplay):
    """Original against corrected probability, changed decisions marked.

    Made by `from_estimator` or `from_predictions`. The probability is that of the positive
    class, or that of the true class if several classes are positive.

    Notes
    -----
    With two classes, lines mark the thresholds before and after. With more, a class whose
    probability is above the solid line at 1/2 is predicted, and one whose probability is
    below the dashed line at 1/n_classes is not; between them it depends on the others.

    Decisions that were fixed and that were broken are drawn in random order, so that
    neither covers the other.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import CorrectionDisplay
    >>> display = CorrectionDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> [text.get_text() for text in display.ax_.get_legend().get_texts()]
    ['right before and after (2)', 'fixed (1)', 'still wrong (0)', 'broken (0)']
    """

    _height = 3.5

    def _draw(self, ax):
        before, after = self._points()
        groups = self._groups()
        for i, layer in enumerate(self._layers()):
            for label, chosen, style in groups:
                rows = layer[chosen[layer]]
                ax.scatter(
                    before[rows],
                    after[rows],
                    label=f"{label} ({chosen.sum()})" if i == 0 else None,
                    linewidths=0,
                    # A vector for each of a million rows would make a file, no picture.
                    rasterized=True,
                    **style,
                )
        self._draw_lines(ax)
        self._describe(ax)

    def _points(self):
        rows, followed = np.arange(len(self.y_true)), self._followed_class()[0]
        return self.before[rows, followed], self.after[rows, followed]

    def _groups(self):
        """Return name, mask and style of each group of rows, in the legend's order."""
        was_right, is_right = (p == self.y_true for p in self._predicted())
        alpha = 1 if self._n_changed() <= _FEW else 0.6
        wrong = {"c": ORANGE, "marker": "s", "s": 14, "zorder": 1.1, "alpha": alpha}
        fixed = {"c": GREEN, "marker": "o", "s": 18, "zorder": 1.2, "alpha": alpha}
        broken = {"c": RED, "marker": "X", "s": 24, "zorder": 1.2, "alpha": alpha}
        return [
            (
                "right before and after",
                was_right & is_right,
                {"c": GREY, "marker": ".", "s": 14},
            ),
            ("fixed", was_right < is_right, fixed),
            ("still wrong", ~was_right & ~is_right, wrong),
            ("broken", was_right > is_right, broken),
        ]

    def _layers(self):
        """Return the rows in the parts that are drawn one above the other."""
        n_rows = len(self.y_true)
        if self._n_changed() <= _FEW:
            return [np.arange(n_rows)]
        return np.array_split(np.random.RandomState(0).permutation(n_rows), _N_LAYERS)

    def _n_changed(self):
        was_right, is_right = (p == self.y_true for p in self._predicted())
        return (was_right != is_right).sum()

    def _draw_lines(self, ax):
        """Draw the diagonal, and where a probability decides."""
        ax.plot([0, 1], [0, 1], color=BLACK, linewidth=0.6, linestyle=":")
        threshold = 0.5 if self.threshold is None else self.threshold
        ax.axvline(0.5, color=BLACK, linewidth=0.6)
        ax.axhline(threshold, color=BLACK, linewidth=0.6)
        if len(self.classes) > 2:
            for line in (ax.axvline, ax.axhline):
                line(1 / len(self.classes), color=BLACK, linewidth=0.6, linestyle="--")

    def _describe(self, ax):
        name = self._followed_class()[1]
        ax.set(
            xlabel=in_lines(f"probability of {name} before", 2.6),
            ylabel=in_lines(f"probability of {name} after", 2.6),
        )
        # On the right, because it is wider than the axes.
        for handle in legend_above(ax, 2, side="right").legend_handles:
            handle.set_alpha(1)

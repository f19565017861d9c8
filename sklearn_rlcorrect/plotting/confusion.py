"""Confusion matrices before and after the correction."""

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

from sklearn_rlcorrect.plotting._base import (
    CHARACTER,
    COLUMN,
    LINE,
    _BeforeAfterDisplay,
    shortened,
)

_MOST_CELLS_WITH_NUMBERS = 12

# Sides of a matrix, in inches, and the room for the labels of the axes and the ticks
# beside two matrices, and above and below them.
_SMALLEST_SIDE, _LARGEST_SIDE = 1.15, 5.0
_MARGIN_WIDTH, _MARGIN_HEIGHT = 0.6, 0.65


class ConfusionChangeDisplay(_BeforeAfterDisplay):
    """Confusion matrices before and after the correction.

    Made by `from_estimator` or `from_predictions`. Its `ax` is a pair. Cells hold numbers
    for up to twelve classes, and shades for more. A new figure is as large as the classes
    and their names need.

    Examples
    --------
    >>> from sklearn_rlcorrect.plotting import ConfusionChangeDisplay
    >>> display = ConfusionChangeDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> [axes.get_title() for axes in display.ax_]
    ['before', 'after']
    """

    _n_columns = 2

    def _draw(self, axes):
        tables = self._tables()
        for ax, title, table in zip(axes, ["before", "after"], tables, strict=True):
            ConfusionMatrixDisplay(table, display_labels=self._names()).plot(
                ax=ax,
                cmap="Blues",
                colorbar=False,
                include_values=self._has_numbers(),
                values_format="d",
                im_kw={"vmin": 0, "vmax": max(t.max() for t in tables)},
            )
            ax.set(title=title, xlabel="predicted", ylabel="true")
            self._label_ticks(ax)
        axes[1].set(ylabel="", yticklabels=[])

    def _tables(self):
        k = np.arange(len(self.classes))
        return [confusion_matrix(self.y_true, p, labels=k) for p in self._predicted()]

    def _has_numbers(self):
        return len(self.classes) <= _MOST_CELLS_WITH_NUMBERS

    def _names(self):
        return [shortened(label) for label in self.classes]

    def _names_width(self):
        return max(map(len, self._names())) * CHARACTER

    def _label_ticks(self, ax):
        """Label every class, or every n-th where there is no room for all."""
        step = int(np.ceil(len(self.classes) * LINE / self._side()))
        ticks, names = np.arange(0, len(self.classes), step), self._names()[::step]
        ax.set_xticks(ticks, names, rotation="vertical" if self._is_upright() else 0)
        ax.set_yticks(ticks, names)

    def _is_upright(self):
        """Whether names below a matrix are vertical: they would overlap otherwise."""
        cell = self._side() / len(self.classes)
        return len(self.classes) > 2 or self._names_width() > cell

    def _side(self):
        """Width of one matrix in inches, by its numbers and the lines of its labels."""
        cell = LINE
        if self._has_numbers():
            largest = max(table.max() for table in self._tables())
            cell = max(cell, (len(str(largest)) + 0.4) * CHARACTER)
        return np.clip(len(self.classes) * cell, _SMALLEST_SIDE, _LARGEST_SIDE)

    def _size(self):
        side, names = self._side(), self._names_width()
        width = max(COLUMN, 2 * side + names + _MARGIN_WIDTH)
        below = names if self._is_upright() else LINE
        return width, side + below + _MARGIN_HEIGHT

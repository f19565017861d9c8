"""Six rows of two classes, before and after a correction, and what tests read back."""

import numpy as np

Y = np.array(["no", "no", "no", "yes", "yes", "yes"])
BEFORE = np.array([0.7, 0.6, 0.1, 0.8, 0.3, 0.9])  # of "yes"
AFTER = np.array([0.3, 0.6, 0.2, 0.4, 0.6, 0.9])


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def legend_title(display):
    return display.ax_.get_legend().get_title().get_text()

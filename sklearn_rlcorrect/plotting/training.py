"""Metrics of every checkpoint of the training."""

from sklearn.utils.validation import check_is_fitted

from sklearn_rlcorrect.agent.selection import selected_checkpoints
from sklearn_rlcorrect.plotting._base import (
    BLACK,
    GREY,
    PRIORITY_MARKS,
    _Display,
    caption_of,
    legend_above,
)

_PANELS = {
    "reward": "weighted reward",
    "accuracy": "accuracy",
    "false_positives": "false positives",
}


class TrainingCurveDisplay(_Display):
    """Reward, accuracy and false positives of every checkpoint, the selected ones marked.

    Made by `from_estimator`. Each panel shows what one of the priorities selects by; the
    dashed line is the wrapped classifier alone. Its `ax` holds three.

    Parameters
    ----------
    history : dict of str to ndarray
        `history_` of a fitted corrector.

    selected : dict of str to int
        Index into `history` of the checkpoint of each priority's policy.

    caption : str, default=""
        What is drawn, for the head of a new figure.

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

    def __init__(self, history, selected, *, caption=""):
        self.history = history
        self.selected = selected
        self.caption = caption

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the training of a fitted corrector.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted.

        ax : array of three matplotlib Axes, default=None
            Where to draw; None makes a figure as wide as a column of a paper.

        Returns
        -------
        display : TrainingCurveDisplay
            The picture.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If `estimator` is not fitted.

        ValueError
            If `ax` does not hold three Axes.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklearn_rlcorrect import RLCalibratedClassifier
        >>> from sklearn_rlcorrect.plotting import TrainingCurveDisplay
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
        >>> display = TrainingCurveDisplay.from_estimator(model.fit(X, y))
        >>> display.ax_[2].get_xlabel()
        'timesteps'
        """
        check_is_fitted(estimator)
        return cls(**training_of_estimator(estimator)).plot(ax=ax)

    def _draw(self, axes):
        for ax, name in zip(axes, _PANELS, strict=True):
            self._draw_panel(ax, name)
        for ax in axes[:-1]:
            ax.tick_params(labelbottom=False)
        axes[-1].set_xlabel("timesteps")
        legend_above(axes[0], 3, title="checkpoint of each priority, without its shift")

    def _draw_panel(self, ax, name):
        timesteps, values = self.history["timesteps"], self.history[name]
        ax.plot(timesteps, values, color=BLACK, linewidth=1)
        ax.axhline(values[0], color=GREY, linewidth=1, linestyle="--")
        for priority, style in PRIORITY_MARKS.items():
            at = self.selected[priority]
            ax.plot(
                timesteps[at],
                values[at],
                linestyle="",
                label=priority,
                clip_on=False,
                **style,
            )
        ax.set_ylabel(_PANELS[name])


def training_of_estimator(estimator):
    """Compute the arguments of the display from a fitted corrector."""
    return {
        "history": estimator.history_,
        "selected": selected_checkpoints(estimator),
        "caption": caption_of(estimator),
    }

"""Value of policies that was estimated from logged decisions."""

from sklearn_rlcorrect.decisions import off_policy_value
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.plotting._base import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    _Display,
    caption_of,
)

_COLOURS = {"logged": GREY, "classifier": BLUE, "corrected": GREEN, "gain": BLACK}


class OffPolicyValueDisplay(_Display):
    """Estimated reward per row of policies, with intervals, from logged decisions.

    Made by `from_estimator`, or from the values of
    :func:`~sklearn_rlcorrect.decisions.off_policy_value`. The upper panel shows decisions
    that were taken, the classifier's and the corrected ones; the lower one what the
    correction brings beyond the classifier. Its `ax` is a pair.

    Parameters
    ----------
    values : dict of str to dict
        As :func:`~sklearn_rlcorrect.decisions.off_policy_value` returns them.

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
    >>> from sklearn_rlcorrect.plotting import OffPolicyValueDisplay
    >>> names = ["logged", "classifier", "corrected", "gain"]
    >>> values = {name: {"value": 1.0, "lower": 0.5, "upper": 1.5} for name in names}
    >>> display = OffPolicyValueDisplay(values).plot()
    >>> display.ax_[1].get_xlabel()
    'estimated reward per row'
    """

    _n_rows, _n_columns = 2, 1
    _height = 2.0

    def __init__(self, values, *, caption=""):
        self.values = values
        self.caption = caption

    @classmethod
    def from_estimator(
        cls, estimator, X, decision, reward, propensity, *, ax=None, **predict_params
    ):
        """Estimate the values on logged decisions, and draw them.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted, with two classes.

        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows that were decided about, and that nothing was fitted on.

        decision : array-like of bool of shape (n_samples,)
            Whether each row was flagged.

        reward : array-like of shape (n_samples,)
            What the decision brought.

        propensity : array-like of shape (n_samples,)
            Probability of the decision that was taken.

        ax : pair of matplotlib Axes, default=None
            Where to draw; None makes a figure as wide as a column of a paper.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        display : OffPolicyValueDisplay
            The picture.

        Raises
        ------
        ValueError
            If an argument is not usable, or `ax` is no pair of Axes.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_rlcorrect import RLCalibratedClassifier
        >>> from sklearn_rlcorrect.plotting import OffPolicyValueDisplay
        >>> rng = np.random.default_rng(0)
        >>> X, flagged = rng.normal(size=(300, 2)), rng.random(300) < 0.5
        >>> model = RLCalibratedClassifier(total_timesteps=20).fit(X, X[:, 0] > 0)
        >>> reward = np.where(flagged, np.sign(X[:, 0]), 0)
        >>> display = OffPolicyValueDisplay.from_estimator(
        ...     model, X, flagged, reward, np.full(300, 0.5))
        >>> [label.get_text() for label in display.ax_[1].get_yticklabels()]
        ['gain']
        """
        model = check_corrector(estimator, "estimator")
        values = off_policy_value(model, X, decision, reward, propensity, **predict_params)
        return cls(values, caption=caption_of(model)).plot(ax=ax)

    def _draw(self, axes):
        policies = [name for name in self.values if name != "gain"]
        self._draw_intervals(axes[0], policies)
        self._draw_intervals(axes[1], ["gain"])
        axes[1].axvline(0, color=GREY, linewidth=0.8, linestyle=":")
        axes[1].set(xlabel="estimated reward per row")

    def _draw_intervals(self, ax, names):
        for at, name in enumerate(names):
            entry = self.values[name]
            colour = _COLOURS[name]
            ax.plot([entry["lower"], entry["upper"]], [at, at], color=colour)
            ax.plot(entry["value"], at, "o", color=colour, markersize=4)
        ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6))

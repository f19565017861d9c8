"""Evidence for each shrinkage of a correction with limits."""

from sklearn_rlcorrect.guard import decision_rule
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.plotting._base import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    RED,
    _Display,
    caption_of,
    legend_above,
)


class GuardDisplay(_Display):
    """Evidence for each shrinkage of the correction, on the calibration set.

    Made by `from_estimator`. The upper panel shows the p-value of "accuracy falls by more
    than `max_accuracy_drop`", which must be below the dotted line; the lower one the number
    of decisions that the correction fixes and breaks. Its `ax` is a pair.

    Parameters
    ----------
    report : dict
        An entry of `guard_report_` of a fitted corrector.

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
    >>> from sklearn_rlcorrect.plotting import GuardDisplay
    >>> display = GuardDisplay({
    ...     "shrinkages": np.array([1.0, 0.5]), "shrinkage": 0.5, "risk": 0.05,
    ...     "p_values": np.array([0.2, 0.01]), "accepted": np.array([False, True]),
    ...     "fixed": np.array([30, 24]), "broken": np.array([25, 6]), "n_tested": 300})
    >>> display.plot().ax_[1].get_ylabel()
    'of 300 calibration rows'
    """

    _n_rows, _n_columns = 2, 1
    _height = 3.4

    def __init__(self, report, *, caption=""):
        self.report = report
        self.caption = caption

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw the evidence for the policy of the present priority.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted with `max_accuracy_drop`.

        ax : pair of matplotlib Axes, default=None
            Where to draw; None makes a figure as wide as a column of a paper.

        Returns
        -------
        display : GuardDisplay
            The picture.

        Raises
        ------
        ValueError
            If `estimator` is no fitted corrector, if it was fitted without
            `max_accuracy_drop`, or if `ax` is no pair of Axes.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from sklearn_rlcorrect import RLCalibratedClassifier
        >>> from sklearn_rlcorrect.plotting import GuardDisplay
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> model = RLCalibratedClassifier(
        ...     GaussianNB(), max_accuracy_drop=0.05, total_timesteps=2_000,
        ...     random_state=0)
        >>> display = GuardDisplay.from_estimator(model.fit(X, y))
        >>> display.ax_[1].get_xlabel()
        'shrinkage (1: full correction)'
        """
        report = decision_rule(check_corrector(estimator, "estimator"))
        if report.get("max_accuracy_drop") is None:
            raise ValueError(
                "estimator was fitted without max_accuracy_drop, so that there is no test "
                "of its accuracy to draw: fit it with max_accuracy_drop."
            )
        return cls(report, caption=caption_of(estimator)).plot(ax=ax)

    def _draw(self, axes):
        evidence, decisions = axes
        for ax in axes:
            ax.axvline(self.report["shrinkage"], color=BLUE, linewidth=1, linestyle="--")
        self._draw_evidence(evidence)
        self._draw_decisions(decisions)

    def _draw_evidence(self, ax):
        report, accepted = self.report, self.report["accepted"]
        for chosen, colour, marker, label in [
            (accepted, GREEN, "o", "proven"),
            (~accepted, ORANGE, "s", "not proven"),
        ]:
            ax.plot(
                report["shrinkages"][chosen],
                report["p_values"][chosen],
                marker,
                color=colour,
                label=label,
                markersize=4,
            )
        ax.axhline(report["risk"], color=BLACK, linewidth=0.6, linestyle=":")
        ax.set(yscale="log", ylabel="p-value")
        ax.tick_params(labelbottom=False)
        in_use, risk = f"{report['shrinkage']:g}", f"{report['risk']:.3g}"
        legend_above(ax, 2, title=f"dashed: shrinkage in use, {in_use}; dotted: {risk}")

    def _draw_decisions(self, ax):
        for name, colour, marker in [("fixed", GREEN, "o"), ("broken", RED, "X")]:
            ax.plot(
                self.report["shrinkages"],
                self.report[name],
                marker=marker,
                color=colour,
                label=name,
                linewidth=1,
                markersize=4,
            )
        ax.set(
            xlabel="shrinkage (1: full correction)",
            ylabel=f"of {self.report['n_tested']} calibration rows",
        )
        ax.legend()

"""Limits on a correction, the shrinkages to try, and the rows that a proof needs."""

import math
from dataclasses import dataclass

import numpy as np

LIMIT_NAMES = ("max_accuracy_drop", "max_fpr", "min_recall")

# Shrinkages to try: 1 is the full correction, 0 the classifier alone.
SHRINKAGES = np.arange(10, -1, -1) / 10


@dataclass(frozen=True)
class Limits:
    """Limits to prove, and the confidence that they hold together.

    Parameters
    ----------
    max_accuracy_drop : float or None, default=None
        Largest fall of the accuracy, in [0, 1). None is no limit, here and below.

    max_fpr : float or None, default=None
        Largest false positive rate, in (0, 1).

    min_recall : float or None, default=None
        Smallest recall, in (0, 1).

    confidence : float, default=0.95
        Probability that all of them hold, in (0, 1).

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import Limits
    >>> limits = Limits(max_accuracy_drop=0.01, max_fpr=0.05, confidence=0.9)
    >>> limits.given
    {'max_accuracy_drop': 0.01, 'max_fpr': 0.05}
    >>> round(limits.risk, 3)
    0.05
    """

    max_accuracy_drop: float | None = None
    max_fpr: float | None = None
    min_recall: float | None = None
    confidence: float = 0.95

    @classmethod
    def of(cls, estimator):
        """Return the limits among the parameters of an estimator.

        Parameters
        ----------
        estimator : RLCalibratedClassifier
            Fitted or not.

        Returns
        -------
        limits : Limits
            Of Python's floats.
        """
        given = {name: getattr(estimator, name) for name in cls.__dataclass_fields__}
        # A search draws numbers of numpy, which files of models cannot hold.
        return cls(**{name: v if v is None else float(v) for name, v in given.items()})

    @classmethod
    def of_report(cls, report):
        """Return the limits of a guard report.

        The parameters of the estimator may have changed since `fit`.

        Parameters
        ----------
        report : dict
            From :func:`~sklearn_rlcorrect.guard.guard`.

        Returns
        -------
        limits : Limits
            As they were at `fit`.
        """
        return cls(**{name: report[name] for name in cls.__dataclass_fields__})

    @property
    def given(self):
        """Limits that are not None, by name."""
        limits = {name: getattr(self, name) for name in LIMIT_NAMES}
        return {name: value for name, value in limits.items() if value is not None}

    @property
    def bounds_accuracy(self):
        """Whether accuracy is tested."""
        return self.max_accuracy_drop is not None

    @property
    def bounds_rates(self):
        """Whether a threshold is needed."""
        return self.max_fpr is not None or self.min_recall is not None

    @property
    def shrinkages(self):
        """Shrinkages to try, the largest first."""
        if not self.bounds_accuracy:
            return SHRINKAGES[:1]
        # Without a threshold, the classifier alone needs no test.
        return SHRINKAGES if self.bounds_rates else SHRINKAGES[:-1]

    @property
    def risk(self):
        """Probability that one statement is false: each limit gets an equal part."""
        return (1 - self.confidence) / len(self.given)

    @property
    def risk_of_threshold(self):
        """Part of `risk` for the threshold of one shrinkage."""
        return self.risk / len(self.shrinkages)


def describe(limits):
    """Return the limits in words.

    Parameters
    ----------
    limits : Limits
        With at least one limit.

    Returns
    -------
    text : str
        The limits that are given, and the confidence.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import Limits, describe
    >>> describe(Limits(max_fpr=0.05))
    'max_fpr=0.05 at confidence=0.95'
    """
    given = ", ".join(f"{name}={value:g}" for name, value in limits.given.items())
    return f"{given} at confidence={limits.confidence:g}"


def rows_needed(limits):
    """Return the fewest rows that can prove each limit.

    Parameters
    ----------
    limits : Limits
        Limits to prove.

    Returns
    -------
    needed : dict of str to int
        Per limit: rows, negative rows for `max_fpr`, positive ones for `min_recall`.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import Limits, rows_needed
    >>> rows_needed(Limits(max_fpr=0.05))
    {'max_fpr': 59}
    >>> rows_needed(Limits(max_fpr=0.05, min_recall=0.9))
    {'max_fpr': 72, 'min_recall': 36}
    """
    # Risk, and the probability per row of the best evidence if the limit does not hold.
    shares = {
        # The best evidence is that every decision is fixed.
        "max_accuracy_drop": (limits.risk, (1 - (limits.max_accuracy_drop or 0)) / 2),
        "max_fpr": (limits.risk_of_threshold, 1 - (limits.max_fpr or 0)),
        "min_recall": (limits.risk_of_threshold, limits.min_recall),
    }
    return {
        name: math.ceil(math.log(risk) / math.log(share))
        for name, (risk, share) in shares.items()
        if name in limits.given
    }


def parts(limits, n_rows):
    """Divide the calibration set into rows for thresholds and rows for tests.

    A threshold that is computed from the rows it is tested on is not an independent
    candidate: with limits on accuracy and on a rate, each gets half of the rows.

    Parameters
    ----------
    limits : Limits
        Limits to prove.

    n_rows : int
        Size of the calibration set, in random order.

    Returns
    -------
    threshold_part, test_part : slice
        Rows that thresholds are computed from, and rows that accuracy is tested on. Both
        are all rows unless accuracy and a rate are limited.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import Limits, parts
    >>> parts(Limits(max_accuracy_drop=0.0, max_fpr=0.1), 300)
    (slice(None, 150, None), slice(150, None, None))
    """
    half = n_rows // 2 if limits.bounds_rates and limits.bounds_accuracy else 0
    return slice(half or None), slice(half, None)

"""Thresholds that keep a limit on a rate: Neyman-Pearson order statistics."""

import math

import numpy as np
from scipy.stats import binom

# Distance of a threshold from the score it is computed from: rounding, in another batch or
# in ONNX, must not move rows of equal scores to its other side.
_ROUNDING = 1e-6


def lowest_threshold(scores, max_fpr, risk):
    """Compute the lowest threshold that keeps the false positive rate.

    The order statistic of the Neyman-Pearson umbrella algorithm [1]_. Rows are positive
    if their score is *above* the threshold, so that ties are negative.

    Parameters
    ----------
    scores : ndarray of shape (n_negatives,)
        Scores of negative rows.

    max_fpr : float
        Largest false positive rate, in (0, 1).

    risk : float
        Probability that the rate is larger, in (0, 1).

    Returns
    -------
    threshold : float
        Infinite if there are too few rows.

    References
    ----------
    .. [1] X. Tong, Y. Feng and J. J. Li, "Neyman-Pearson classification algorithms and
       NP receiver operating characteristics", Science Advances 4, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard import lowest_threshold
    >>> round(lowest_threshold(np.arange(100) / 100, 0.1, 0.05), 3)
    0.95
    """
    n = len(scores)
    # The k-th smallest fails if k scores or more are below the quantile it should exceed.
    ranks = np.arange(1, n + 1)
    safe = ranks[binom.sf(ranks - 1, n, 1 - max_fpr) <= risk]
    return float(np.sort(scores)[safe[0] - 1] + _ROUNDING) if len(safe) else math.inf


def highest_threshold(scores, min_recall, risk):
    """Compute the highest threshold that keeps the recall.

    Parameters
    ----------
    scores : ndarray of shape (n_positives,)
        Scores of positive rows.

    min_recall : float
        Smallest recall, in (0, 1).

    risk : float
        Probability that the recall is smaller, in (0, 1).

    Returns
    -------
    threshold : float
        Minus infinity if there are too few rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard import highest_threshold
    >>> round(highest_threshold(np.arange(100) / 100, 0.9, 0.05), 3)
    0.04
    """
    # With the signs of the scores reversed, recall is one minus a false positive rate.
    return -lowest_threshold(-np.asarray(scores), 1 - min_recall, risk)

"""Exact test of a fall of accuracy, and exact confidence bounds."""

import math
from functools import lru_cache

import numpy as np
from scipy import special
from scipy.stats import beta, binom

# Cells of the grid over the unknown share of broken decisions.
_CELLS = 100

# Part of the risk for that share outside its confidence interval, and for outcomes that
# are left out of a sum.
_NEGLECTED = 1e-3


# Many shrinkages change the same decisions.
@lru_cache(maxsize=4096)
def accuracy_p_value(n_broken, n_fixed, n_rows, tolerance, risk):
    """Test the hypothesis "accuracy falls by `tolerance` or more".

    An exact unconditional test of paired proportions: the score statistic [1]_ orders the
    outcomes, and the p-value is the largest probability of an outcome at least as good as
    the observed one, over a confidence interval of the share of broken decisions [2]_.

    Parameters
    ----------
    n_broken, n_fixed : int
        Rows that only the classifier has right, and rows that only the correction has
        right.

    n_rows : int
        All rows.

    tolerance : float
        Fall of the accuracy, in (-1, 1).

    risk : float
        Level of the test: the one to compare the p-value with, in (0, 1).

    Returns
    -------
    p_value : float
        At most `risk` with a probability of at most `risk`, if accuracy does fall by
        `tolerance` or more.

    Notes
    -----
    Let ``b`` be the probability of a broken and ``c`` of a fixed decision. With each
    outcome, those with fewer broken or more fixed decisions are at least as good. So the
    probability of "at least as good" grows when ``b`` falls or ``c`` rises: for all
    ``b`` in ``[low, high]`` and ``c <= b - tolerance`` it is at most that at ``b = low``
    and ``c = high - tolerance``. The largest of these over the cells of a grid is a bound,
    not an approximation.

    References
    ----------
    .. [1] T. Tango, "Equivalence test and confidence interval for the difference in
       proportions for the paired-sample design", Statistics in Medicine 17, 1998.
    .. [2] R. L. Berger and D. D. Boos, "P values maximized over a confidence set for the
       nuisance parameter", JASA 89, 1994.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import accuracy_p_value
    >>> round(accuracy_p_value(2, 12, 400, 0.0, 0.05), 3)
    0.004
    """
    neglected = _NEGLECTED * risk
    low, high = rate_bounds(n_broken, n_rows, neglected / 2)
    low = max(low, tolerance)
    if high <= low:
        return neglected
    edges = np.linspace(math.sqrt(low), math.sqrt(high), _CELLS + 1) ** 2
    b = edges[:-1]
    c = np.clip(edges[1:] - tolerance, 0.0, 1.0 - b)
    fewest = binom.ppf(neglected, n_rows, c.min())
    fixed = np.arange(max(fewest, 0), binom.isf(neglected, n_rows, c.max()) + 1)
    observed = tango_score(n_broken, n_fixed, n_rows, tolerance)
    most = _most_broken(fixed, observed, n_rows, tolerance)
    probability = _probability(fixed, most, n_rows, b[:, None], c[:, None])
    return float(min(1.0, probability.max() + 3 * neglected))


def tango_score(n_broken, n_fixed, n_rows, tolerance):
    """Compute Tango's score statistic of a fall of accuracy.

    Parameters
    ----------
    n_broken, n_fixed, n_rows : float or ndarray
        Broken decisions, fixed decisions, and all.

    tolerance : float
        Fall of the accuracy under the null hypothesis, in (-1, 1).

    Returns
    -------
    score : float or ndarray
        The smaller, the stronger the evidence for a smaller fall.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import tango_score
    >>> float(tango_score(2, 12, 400, 0.0).round(2))
    -2.67
    """
    linear = (2 * n_rows - n_broken + n_fixed) * tolerance - (n_broken + n_fixed)
    constant = -n_fixed * tolerance * (1 - tolerance)
    root = np.sqrt(np.maximum(linear**2 - 8 * n_rows * constant, 0.0))
    # Most likely share of fixed decisions if accuracy falls by just the tolerance.
    share_fixed = (root - linear) / (4 * n_rows)
    variance = n_rows * (2 * share_fixed + tolerance - tolerance**2)
    excess = n_broken - n_fixed - n_rows * tolerance
    return excess / np.sqrt(np.maximum(variance, np.finfo(float).tiny))


def _most_broken(fixed, largest, n_rows, tolerance):
    """Most broken decisions, per number of fixed ones, with a score up to `largest`."""
    low, high = np.full(len(fixed), -1.0), n_rows - fixed
    while (low < high).any():
        middle = np.ceil((low + high) / 2)
        is_low = tango_score(middle, fixed, n_rows, tolerance) <= largest + 1e-9
        low = np.where(is_low, middle, low)
        high = np.where(is_low, high, middle - 1)
    return np.minimum(np.maximum.accumulate(low), n_rows - fixed)


def _probability(fixed, most, n_rows, b, c):
    """Probability of at most `most` broken decisions, summed over the fixed ones."""
    log_ways = special.gammaln(n_rows + 1) - (
        special.gammaln(fixed + 1) + special.gammaln(n_rows - fixed + 1)
    )
    others = n_rows - fixed
    of_fixed = np.exp(log_ways + special.xlogy(fixed, c) + special.xlog1py(others, -c))
    share_broken = np.minimum(b / np.maximum(1 - c, np.finfo(float).tiny), 1.0)
    # Negligible terms are replaced by an upper bound, which costs no time.
    matters = (of_fixed > 1e-12) & (most >= 0) & (most < others)
    at_most = np.where(most < 0, 0.0, np.ones_like(of_fixed))
    special.bdtr(
        np.maximum(most, 0.0), others.astype(int), share_broken, out=at_most, where=matters
    )
    return (of_fixed * at_most).sum(axis=1)


def drop_bounds(n_broken, n_fixed, n_rows, risk):
    """Compute confidence bounds of the fall of accuracy, by inverting the exact test.

    Parameters
    ----------
    n_broken, n_fixed : int
        Rows that only the classifier has right, and rows that only the correction has
        right.

    n_rows : int
        All rows.

    risk : float
        Probability that one of the bounds is wrong, in (0, 1).

    Returns
    -------
    lower, upper : float
        In [-1, 1].

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import drop_bounds
    >>> [round(bound, 3) for bound in drop_bounds(2, 12, 400, 0.05)]
    [-0.043, -0.01]
    """
    lower = -_largest_drop(n_fixed, n_broken, n_rows, risk)
    return lower, _largest_drop(n_broken, n_fixed, n_rows, risk)


def _largest_drop(n_broken, n_fixed, n_rows, risk):
    low, high = -1.0, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        is_rejected = accuracy_p_value(n_broken, n_fixed, n_rows, middle, risk) <= risk
        low, high = (low, middle) if is_rejected else (middle, high)
    return high


def rate_bounds(count, n_rows, risk):
    """Compute the confidence bounds of Clopper and Pearson of a rate.

    Parameters
    ----------
    count, n_rows : int
        Rows that count, and all.

    risk : float
        Probability that one of the bounds is wrong, in (0, 1).

    Returns
    -------
    lower, upper : float
        In [0, 1].

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import rate_bounds
    >>> [round(bound, 3) for bound in rate_bounds(5, 100, 0.05)]
    [0.02, 0.102]
    """
    lower = beta.ppf(risk, count, n_rows - count + 1) if count else 0.0
    upper = beta.isf(risk, count + 1, n_rows - count) if count < n_rows else 1.0
    return float(lower), float(upper)

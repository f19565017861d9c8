"""Check of the limits on fresh rows."""

import math

from sklearn_rlcorrect.guard.decision import decide
from sklearn_rlcorrect.guard.exact_tests import drop_bounds, rate_bounds


def check(limits, rows, shrinkage, threshold, positive):
    """Check whether the limits hold on fresh rows.

    Parameters
    ----------
    limits : Limits
        Limits that were to be proven.

    rows : Rows
        Labelled rows that nothing was fitted on, of weight one.

    shrinkage : float
        Shrinkage in use.

    threshold : float or None
        Threshold in use; None is the most probable class.

    positive : int
        Index of the positive class.

    Returns
    -------
    checks : dict of str to dict
        See `check_guard` of the corrector.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard import Limits, Rows, check
    >>> y = np.arange(200) % 2
    >>> proba = np.column_stack([1 - 0.8 * y, 0.8 * y])
    >>> rows = Rows(proba, np.zeros((200, 2)), y, np.ones(200), bound=0.5)
    >>> checks = check(Limits(max_fpr=0.1), rows, 1.0, None, positive=1)
    >>> checks["max_fpr"]["observed"], checks["max_fpr"]["verdict"]
    (0.0, 'supported')
    """
    risk, n = 1 - limits.confidence, len(rows)
    is_positive = rows.y == positive
    predicted = decide(rows.corrected(shrinkage), threshold, positive) == positive
    broken, fixed = rows.broken_and_fixed(shrinkage, threshold, positive).astype(int)
    n_positives = int(is_positive.sum())
    # Per limit: a count, the rows that it is out of, and the bounds of their ratio.
    counts = {
        "max_accuracy_drop": (
            broken - fixed,
            n,
            lambda: drop_bounds(broken, fixed, n, risk),
        ),
        "max_fpr": _rate(int((predicted & ~is_positive).sum()), n - n_positives, risk),
        "min_recall": _rate(int((predicted & is_positive).sum()), n_positives, risk),
    }
    return {
        name: _checked(limit, *counts[name], is_least=name == "min_recall")
        for name, limit in limits.given.items()
    }


def _rate(count, n_rows, risk):
    return count, n_rows, lambda: rate_bounds(count, n_rows, risk)


def _checked(limit, count, n_rows, bounds, *, is_least):
    lower, upper = bounds() if n_rows else (-math.inf, math.inf)
    holds, fails = upper <= limit, lower > limit
    if is_least:
        holds, fails = lower >= limit, upper < limit
    return {
        "limit": limit,
        "observed": float(count / n_rows) if n_rows else math.nan,
        "lower": lower,
        "upper": upper,
        "n_rows": n_rows,
        "verdict": "supported" if holds else "contradicted" if fails else "undecided",
    }

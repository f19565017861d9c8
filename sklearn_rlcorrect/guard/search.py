"""Search of the largest shrinkage whose correction is proven to keep the limits.

Learn then test (Angelopoulos et al., 2021): each candidate, a shrinkage and a threshold,
is tested on the calibration set, in an order that does not depend on the labels of the
tested rows, up to the first that fails (fixed-sequence testing).
"""

import math
from dataclasses import asdict

import numpy as np

from sklearn_rlcorrect.guard.exact_tests import accuracy_p_value, tango_score
from sklearn_rlcorrect.guard.limits import parts
from sklearn_rlcorrect.guard.thresholds import highest_threshold, lowest_threshold


def guard(limits, calibration, validation, positive):
    """Find the largest shrinkage of one policy's correction that keeps all limits.

    Parameters
    ----------
    limits : Limits
        Limits to prove.

    calibration : Rows
        Calibration set, in random order, of weight one.

    validation : Rows
        Other rows, which the order of the tests is taken from.

    positive : int
        Index of the positive class.

    Returns
    -------
    report : dict
        See `guard_report_` of the corrector.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard import Limits, Rows, guard
    >>> y = np.arange(200) % 2
    >>> proba = np.column_stack([0.5 + 0.1 * y, 0.5 - 0.1 * y])  # wrong for each positive
    >>> actions = np.column_stack([-y, y])
    >>> rows = Rows(proba, actions, y, np.ones(200), bound=0.5)
    >>> report = guard(Limits(max_accuracy_drop=0.0), rows, rows, positive=1)
    >>> report["proven"], report["shrinkage"], report["fixed"][:3]
    (True, 1.0, array([100, 100, 100]))
    """
    threshold_part, test_part = parts(limits, len(calibration))
    candidates = _candidates(limits, calibration.take(threshold_part), positive)
    tests = _tests(limits, calibration.take(test_part), validation, candidates, positive)
    # The largest shrinkage comes first.
    accepted = np.flatnonzero(tests["accepted"])
    shrinkage, threshold = candidates[accepted[0]] if len(accepted) else (0.0, None)
    return {
        "shrinkage": float(shrinkage),
        "threshold": None if threshold is None else float(threshold),
        "proven": bool(len(accepted)),
        "positive": int(positive),
        "n_rows": len(calibration),
        "n_positives": int(np.sum(calibration.y == positive)),
        "risk": limits.risk,
        **asdict(limits),
        "shrinkages": np.array([shrinkage for shrinkage, _ in candidates]),
        "thresholds": np.array([np.nan if t is None else t for _, t in candidates]),
        **tests,
    }


def _candidates(limits, rows, positive):
    """Pairs of shrinkage and threshold, the largest shrinkage first."""
    return [
        (shrinkage, threshold)
        for shrinkage in limits.shrinkages
        for threshold in _thresholds(limits, rows, shrinkage, positive)
    ]


def _thresholds(limits, rows, shrinkage, positive):
    """List of the threshold next to 0.5 that keeps the limits on rates, if there is one.

    None in the list is the most probable class, which is a threshold of 0.5.
    """
    scores = rows.corrected(shrinkage)[:, positive] if limits.bounds_rates else None
    low, high, risk = -math.inf, math.inf, limits.risk_of_threshold
    if limits.max_fpr is not None:
        low = lowest_threshold(scores[rows.y != positive], limits.max_fpr, risk)
    if limits.min_recall is not None:
        high = highest_threshold(scores[rows.y == positive], limits.min_recall, risk)
    if low <= 0.5 <= high:
        return [None]
    return [float(np.clip(0.5, low, high))] if low <= high and low < math.inf else []


def _tests(limits, rows, validation, candidates, positive):
    """Counts, p-values and verdicts, with an entry per candidate."""
    broken, fixed = _counts(rows, candidates, positive).astype(int)
    p_values = np.full(len(candidates), np.nan)
    accepted = np.ones(len(candidates), dtype=bool)
    if limits.bounds_accuracy:
        rest = (len(rows), limits.max_accuracy_drop, limits.risk)
        counts = zip(broken.tolist(), fixed.tolist(), strict=True)
        p_values = np.array([accuracy_p_value(*each, *rest) for each in counts])
        order = _order_of_tests(limits, validation, candidates, positive)
        # The classifier alone needs no test.
        order = order[[candidates[i] != (0.0, None) for i in order]]
        accepted[order] = np.logical_and.accumulate(p_values[order] <= limits.risk)
    return {
        "n_tested": len(rows),
        "broken": broken,
        "fixed": fixed,
        "p_values": p_values,
        "accepted": accepted,
    }


def _order_of_tests(limits, validation, candidates, positive):
    """Order of the candidates, the most likely to pass first; in ties, the largest."""
    broken, fixed = _counts(validation, candidates, positive)
    n_rows = validation.weight.sum()
    scores = tango_score(broken, fixed, n_rows, limits.max_accuracy_drop)
    return np.argsort(scores, kind="stable")


def _counts(rows, candidates, positive):
    counts = [rows.broken_and_fixed(*candidate, positive) for candidate in candidates]
    return np.array(counts, dtype=float).reshape(-1, 2).T

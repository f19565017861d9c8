"""Rows that are predicted to be positive: counts, their costs, and bootstrap intervals."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

# Intervals are computed at this many thresholds by true and as many by false positives.
N_LEVELS = 200

INTERVAL = 0.025, 0.975


class Flagged(NamedTuple):
    """Rows that are predicted to be positive: numbers, or arrays with one per threshold.

    Parameters
    ----------
    threshold : float or ndarray
        Rows of at least this score are flagged; of arrays, the first is infinite and the
        others fall.

    false_positives, true_positives : int or ndarray
        Negative and positive rows among them.
    """

    threshold: np.ndarray
    false_positives: np.ndarray
    true_positives: np.ndarray


def flagged_at_thresholds(is_positive, score):
    """Count what is flagged at each threshold.

    As scikit-learn's `roc_curve`, but counts, which rows of one class have, too.
    """
    scores, place = np.unique(-score, return_inverse=True)
    groups = [
        np.bincount(place[of], minlength=len(scores)) for of in (~is_positive, is_positive)
    ]
    counts = [np.append(0, np.cumsum(group)) for group in groups]
    return Flagged(np.append(np.inf, -scores), *counts)


def flagged_by_decision(is_positive, proba, threshold, k):
    """Count what a decision flags, above a threshold or as the most probable class."""
    score = proba[:, k]
    flagged = proba.argmax(axis=1) == k if threshold is None else score > threshold
    if threshold is None:
        threshold = 0.5 if proba.shape[1] == 2 else _equivalent(score, flagged.sum())
    counts = int((flagged & ~is_positive).sum()), int((flagged & is_positive).sum())
    return Flagged(float(threshold), *counts)


def _equivalent(score, n_flagged):
    """Return the threshold that flags as many rows."""
    return np.sort(score)[-n_flagged] if n_flagged else 1.0


def cost_of_100_rows(flagged, curve, fp_weight):
    """Weigh the mistakes, a false negative 1; all rows are flagged at the curve's end."""
    _, n_negatives, n_positives = (values[-1] for values in curve)
    false_negatives = n_positives - flagged.true_positives
    total = fp_weight * flagged.false_positives + false_negatives
    return 100 * total / (n_negatives + n_positives)


def share_flagged(flagged, curve):
    """Return recall and false positives; all rows are flagged at the curve's end."""
    n_positives = max(curve.true_positives[-1], 1)
    return flagged.true_positives / n_positives, flagged.false_positives


def lowest_of(curve, fp_weight):
    """Return the point of lowest cost."""
    at = cost_of_100_rows(curve, curve, fp_weight).argmin()
    threshold, *counts = (values[at] for values in curve)
    return Flagged(min(threshold, 1), *counts)


def bands(curve, recall, fp_weight, n_resamples, random_state):
    """Return thresholds, and 95 % intervals at each recall and at each of these.

    The first are of the false positives, the others of the cost of 100 rows.
    """
    some = _thinned(curve)
    drawn = _resample(some, n_resamples, check_random_state(random_state))
    false_positives, true_positives = drawn
    # Of the thresholds that reach a recall, the highest.
    at_recall = [
        np.interp(recall * tp[-1] - 1e-6, tp, fp)
        for fp, tp in zip(false_positives, true_positives, strict=True)
    ]
    false_negatives = true_positives[:, -1:] - true_positives
    n_rows = curve.false_positives[-1] + curve.true_positives[-1]
    costs = 100 * (fp_weight * false_positives + false_negatives) / n_rows
    bounds = [np.quantile(values, INTERVAL, axis=0) for values in (at_recall, costs)]
    return some.threshold, *bounds


def wrongly_predicted(y_true, predicted, n_classes):
    """Count the rows that are wrongly predicted to be each class, all given as indices."""
    return np.bincount(predicted[predicted != y_true], minlength=n_classes)


def cost_interval(mistakes, costs, n_rows, n_resamples, random_state):
    """Return the 95 % interval of the cost of 100 rows, of which few are mistakes.

    Of each class are given how many rows are wrongly predicted to be it, and what such a
    false positive costs.
    """
    rng = check_random_state(random_state)
    shares = np.append(mistakes, n_rows - mistakes.sum()) / n_rows
    drawn = rng.multinomial(n_rows, shares, size=n_resamples)
    return np.quantile(100 * drawn[:, :-1] @ costs / n_rows, INTERVAL)


def _thinned(curve):
    """Keep the thresholds between which there are few rows of a class.

    The levels of false positives are denser where there are few, as those who look for rare
    events need it.
    """
    n_negatives, n_positives = curve.false_positives[-1], curve.true_positives[-1]
    levels = np.append(0, np.geomspace(1, max(n_negatives, 1), N_LEVELS))
    kept = [
        np.searchsorted(curve.false_positives, np.minimum(np.floor(levels), n_negatives)),
        np.searchsorted(curve.true_positives, np.linspace(0, n_positives, N_LEVELS + 1)),
        [0, len(curve.threshold) - 1],
    ]
    kept = np.unique(np.concatenate(kept))
    return Flagged(*(values[kept] for values in curve))


def _resample(curve, n_resamples, rng):
    """Draw false and true positives at each threshold, of as many rows.

    To draw rows is to draw how many of each class are between two thresholds.
    """
    cells = np.diff([curve.false_positives, curve.true_positives])
    n_rows = cells.sum()
    drawn = rng.multinomial(n_rows, cells.ravel() / n_rows, size=n_resamples)
    counts = drawn.reshape(n_resamples, *cells.shape).cumsum(axis=2)
    return np.moveaxis(np.pad(counts, [(0, 0), (0, 0), (1, 0)]), 1, 0)

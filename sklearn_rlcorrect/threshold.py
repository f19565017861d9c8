"""Another threshold for the wrapped classifier: the first rival of any correction."""

import numpy as np


def lowest_cost_threshold(proba, y, false_positive_costs, positives, sample_weight=None):
    """Choose the threshold of the positive classes that costs least.

    It is the empirical minimum, for which
    :class:`~sklearn.model_selection.TunedThresholdClassifierCV` looks on a grid.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of rows that the classifier was not fitted on.

    y : ndarray of int of shape (n_samples,)
        Indices of the true classes.

    false_positive_costs : ndarray of shape (n_classes,)
        Cost of predicting each class where it is wrong.

    positives : ndarray of int
        Indices of the positive classes.

    sample_weight : ndarray of shape (n_samples,), default=None
        How much each row counts. None is 1.

    Returns
    -------
    threshold : float or None
        Half-way between two probabilities; of thresholds that cost the same, the one
        nearest to one half. None if all classes are positive.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.threshold import lowest_cost_threshold
    >>> positive = np.array([0.1, 0.6, 0.7, 0.9])
    >>> proba, y = np.column_stack([1 - positive, positive]), np.array([0, 0, 0, 1])
    >>> lowest_cost_threshold(proba, y, np.array([1.0, 2.0]), np.array([1]))
    0.8
    """
    if len(positives) == proba.shape[1]:
        return None
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    cost_of_flag, cost_of_none = (
        weight * np.where(predicted != y, false_positive_costs[predicted], 0.0)
        for predicted in _most_probable(proba, positives)
    )
    score, place = np.unique(proba[:, positives].sum(axis=1), return_inverse=True)
    more = np.bincount(place, cost_of_flag - cost_of_none)
    # Of flagging all rows above each candidate, up to what flagging none costs.
    costs = np.append(more[::-1].cumsum()[::-1], 0.0)
    candidates = np.concatenate([[score[0] / 2], _between(score), [max(1.0, score[-1])]])
    # A score of 0 is above no threshold.
    if score[0] == 0:
        candidates, costs = candidates[1:], costs[1:]
    is_lowest = np.isclose(costs, costs.min(), rtol=0, atol=1e-9 * np.abs(costs).max())
    lowest = candidates[is_lowest]
    return float(lowest[np.abs(lowest - 0.5).argmin()])


def _between(score):
    """Half-way between scores; of neighbours in floating point, the lower one."""
    middle = (score[1:] + score[:-1]) / 2
    return np.where(middle < score[1:], middle, score[:-1])


def predict_by_threshold(proba, threshold, positives):
    """Predict a positive class where the probability of all of them is above a threshold.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.

    threshold : float
        Threshold.

    positives : ndarray of int
        Indices of the positive classes, not all.

    Returns
    -------
    predicted : ndarray of int of shape (n_samples,)
        Index of the most probable class, of the positive ones or of the others.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.threshold import predict_by_threshold
    >>> predict_by_threshold(np.array([[0.4, 0.6], [0.1, 0.9]]), 0.8, np.array([1]))
    array([0, 1])
    """
    flagged, others = _most_probable(proba, positives)
    return np.where(proba[:, positives].sum(axis=1) > threshold, flagged, others)


def _most_probable(proba, positives):
    """Most probable class of the positive ones, and of the others."""
    others = np.setdiff1d(np.arange(proba.shape[1]), positives)
    return [group[proba[:, group].argmax(axis=1)] for group in (positives, others)]

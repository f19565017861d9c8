"""Rewards: what one adjustment of one sample is worth.

A reward is a pure function ``(y_true, proba, adjusted) -> (n_samples,)``, where
``y_true`` holds class indices and the other two are ``(n_samples, n_classes)``
probabilities before and after the adjustment. It is positive when the adjustment helps,
and zero when nothing changes. The cost of a false positive is not the reward's business:
it is multiplied in afterwards (see :func:`class_weights`).
"""

import numpy as np

# Probabilities below this count as this in a logarithm.
_EPSILON = 1e-6


def brier(y_true, proba, adjusted):
    """Improvement of the Brier score, ``|proba - e_y|^2 - |adjusted - e_y|^2``.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Index of the true class.

    proba, adjusted : ndarray of shape (n_samples, n_classes)
        Probabilities before and after the adjustment.

    Returns
    -------
    reward : ndarray of shape (n_samples,)
        Between -2 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.rewards import brier
    >>> brier(np.array([1]), np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]]))
    array([0.5])
    """
    return _squared_error(y_true, proba) - _squared_error(y_true, adjusted)


def log_loss(y_true, proba, adjusted):
    """Improvement of the logarithmic loss, ``log adjusted_y - log proba_y``.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Index of the true class.

    proba, adjusted : ndarray of shape (n_samples, n_classes)
        Probabilities before and after the adjustment; clipped from below at 1e-6.

    Returns
    -------
    reward : ndarray of shape (n_samples,)
        In nats.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.rewards import log_loss
    >>> log_loss(np.array([1]), np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]])).round(3)
    array([0.693])
    """
    before, after = _of_true_class(y_true, proba), _of_true_class(y_true, adjusted)
    return np.log(np.maximum(after, _EPSILON)) - np.log(np.maximum(before, _EPSILON))


def accuracy(y_true, proba, adjusted):
    """Change of correctness: 1 for a fixed decision, -1 for a broken one.

    It has no gradient anywhere, which is no obstacle: value differences take its place.

    Parameters
    ----------
    y_true : ndarray of shape (n_samples,)
        Index of the true class.

    proba, adjusted : ndarray of shape (n_samples, n_classes)
        Probabilities before and after the adjustment.

    Returns
    -------
    reward : ndarray of shape (n_samples,)
        -1, 0 or 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.rewards import accuracy
    >>> accuracy(np.array([1]), np.array([[0.6, 0.4]]), np.array([[0.1, 0.9]]))
    array([1.])
    """
    right_before = proba.argmax(axis=1) == y_true
    right_after = adjusted.argmax(axis=1) == y_true
    return right_after.astype(float) - right_before


def class_rewards(reward, proba, adjusted):
    """Reward of each row, were its class k, for every k.

    Parameters
    ----------
    reward : callable
        See the head of this module.

    proba, adjusted : ndarray of shape (n_samples, n_classes)
        Probabilities before and after the adjustment.

    Returns
    -------
    rewards : ndarray of shape (n_samples, n_classes)
        Column k holds the reward if class k is the true one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.rewards import brier, class_rewards
    >>> class_rewards(brier, np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]]))
    array([[-1.5,  0.5]])
    """
    if reward is brier:
        # |p|^2 - |q|^2 - 2 (p_k - q_k), for all classes at once.
        gain = np.sum(proba**2 - adjusted**2, axis=1, keepdims=True)
        return gain + 2 * (adjusted - proba)
    if reward is log_loss:
        return np.log(np.maximum(adjusted, _EPSILON)) - np.log(np.maximum(proba, _EPSILON))
    columns = [
        reward(np.full(len(proba), k), proba, adjusted) for k in range(proba.shape[1])
    ]
    return np.column_stack(columns).astype(np.float64)


REWARDS = {"brier": brier, "log_loss": log_loss, "accuracy": accuracy}


def positive_labels(fp_weight, pos_label=None):
    """Labels whose false positives count.

    Parameters
    ----------
    fp_weight : float or dict
        See :func:`~sklearn_rlcorrect.metrics.false_positive_costs`.

    pos_label : int, float, bool or str, default=None
        Class whose false positives count.

    Returns
    -------
    labels : int, float, bool, str, list or None
        `pos_label`; without it, the labels that a dict names.

    Examples
    --------
    >>> from sklearn_rlcorrect.rewards import positive_labels
    >>> positive_labels({"attack": 3.0})
    ['attack']
    """
    if pos_label is None and isinstance(fp_weight, dict):
        return list(fp_weight)
    return pos_label


def class_weights(fp_costs):
    """Weight of a row of each class, from the cost of a false positive of each class.

    Weighting the rewards of class ``y`` by the mean cost of the false positives it can
    become turns the optimum of a proper scoring rule into the cost-shifted posterior
    [1]_. With two classes that is exact: at costs ``[1, fp_weight]`` it is
    ``eta / (eta + fp_weight * (1 - eta))``. With more it is the usual approximation of
    a cost matrix by one weight per class [2]_.

    Parameters
    ----------
    fp_costs : array-like of shape (n_classes,)
        Cost of a false positive of each class.

    Returns
    -------
    weights : ndarray of shape (n_classes,)
        Weight of a row whose true class is k.

    References
    ----------
    .. [1] C. Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001.
    .. [2] Z.-H. Zhou and X.-Y. Liu, "On Multi-Class Cost-Sensitive Learning",
       AAAI 2006.

    Examples
    --------
    >>> from sklearn_rlcorrect.rewards import class_weights
    >>> class_weights([1.0, 2.0])
    array([2., 1.])
    """
    fp_costs = np.asarray(fp_costs, dtype=float)
    return (fp_costs.sum() - fp_costs) / (len(fp_costs) - 1)


def _squared_error(y_true, proba):
    return (proba**2).sum(axis=1) - 2 * _of_true_class(y_true, proba) + 1


def _of_true_class(y_true, proba):
    return proba[np.arange(len(y_true)), y_true]

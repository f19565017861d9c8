"""The trained policies in numpy: what is left of the agent after ``fit``."""

import numpy as np
from sklearn.utils import gen_batches

# Rows per forward pass: bounds the memory of predicting, not its result.
_CHUNK = 4096


def policy_actions(policies, observations):
    """Mean action of several policies.

    Parameters
    ----------
    policies : list of list of ndarray
        One list ``[weights, intercepts, weights, intercepts, ...]`` per policy, layer by
        layer. Hidden layers are rectified, the last is squashed by ``tanh``.

    observations : ndarray of shape (n_samples, n_observed)
        As made by :func:`sklearn_rlcorrect._observation.observe`.

    Returns
    -------
    actions : ndarray of shape (n_samples, n_classes)
        In [-1, 1].
    """
    n_classes = len(policies[0][-1])
    actions = np.empty((len(observations), n_classes))
    for chunk in gen_batches(len(observations), _CHUNK):
        outputs = [_forward(policy, observations[chunk]) for policy in policies]
        actions[chunk] = np.mean(outputs, axis=0)
    return actions


def _forward(policy, hidden):
    layers = list(zip(policy[::2], policy[1::2], strict=True))
    for weights, intercepts in layers[:-1]:
        hidden = np.maximum(hidden @ weights + intercepts, 0.0)
    weights, intercepts = layers[-1]
    return np.tanh(hidden @ weights + intercepts)

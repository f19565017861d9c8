"""The trained policies in numpy: the part of the agent that predicts."""

import numpy as np
from sklearn.utils import gen_batches

# Rows per forward pass: so few that hidden layers stay in the processor's cache.
_CHUNK = 512

# Added to a probability that a policy raises: a factor alone would leave zero at zero.
SMALLEST_TARGET = 1e-4

# Formats of files up to this one hold policies whose outputs are actions.
_LAST_FORMAT_OF_TANH = 2

# Bound of a step in log-odds: one beyond it makes no difference to a probability.
LARGEST_STEP = 20.0


def policy_actions(policies, observations, proba, max_adjustment):
    """Mean action of several policies.

    Parameters
    ----------
    policies : list of list of ndarray
        One list ``[weights, intercepts, weights, intercepts, ...]`` per policy, layer by
        layer. Hidden layers are rectified, the outputs of the last are steps in the
        logarithms of the probabilities.

    observations : ndarray of shape (n_samples, n_observed)
        As made by :func:`sklearn_rlcorrect.agent.observation.observe`.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classifier.

    max_adjustment : float or None
        Most that a probability may change. None: outputs of the last layers are squashed
        by ``tanh`` and are the actions, as in files of formats 1 and 2.

    Returns
    -------
    actions : ndarray of shape (n_samples, n_classes)
        In [-1, 1].
    """
    actions = np.zeros(proba.shape)
    # In double precision: a row predicted alone may not differ from one among others.
    networks = [[array.astype(np.float64) for array in policy] for policy in policies]
    for chunk in gen_batches(len(observations), _CHUNK):
        inputs = observations[chunk].astype(np.float64)
        for network in networks:
            steps = forward(network, inputs)
            actions[chunk] += step_actions(steps, proba[chunk], max_adjustment)
    return actions / len(policies)


def bound_of_steps(model):
    """The `max_adjustment` that the policies of a fitted corrector were trained for.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    Returns
    -------
    max_adjustment : float or None
        As :func:`policy_actions` takes it; None in formats 1 and 2.
    """
    return model.max_adjustment_ if model.format_version_ > _LAST_FORMAT_OF_TANH else None


def forward(policy, hidden):
    """Outputs of one policy's network.

    Parameters
    ----------
    policy : list of ndarray
        See :func:`policy_actions`.

    hidden : ndarray of shape (n_samples, n_observed)
        Observations.

    Returns
    -------
    steps : ndarray of shape (n_samples, n_classes)
        Outputs of the last layer.
    """
    layers = list(zip(policy[::2], policy[1::2], strict=True))
    for weights, intercepts in layers[:-1]:
        hidden = hidden @ weights
        hidden += intercepts
        np.maximum(hidden, 0.0, out=hidden)
    weights, intercepts = layers[-1]
    return hidden @ weights + intercepts


def step_actions(steps, proba, max_adjustment):
    """Actions that lead to ``proba * exp(steps)``, up to its sum.

    Parameters
    ----------
    steps : ndarray of shape (n_samples, n_classes)
        Steps in the logarithms of the probabilities.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classifier.

    max_adjustment : float or None
        See :func:`policy_actions`.

    Returns
    -------
    actions : ndarray of shape (n_samples, n_classes)
        In [-1, 1].
    """
    if max_adjustment is None:
        return np.tanh(steps)
    factor = np.exp(np.clip(steps, -LARGEST_STEP, LARGEST_STEP))
    target = proba * factor + SMALLEST_TARGET * np.maximum(factor - 1.0, 0.0)
    target /= target.sum(axis=1, keepdims=True)
    # Divided by its sum, too: steps of zero are actions of exactly zero.
    start = proba / proba.sum(axis=1, keepdims=True)
    return np.clip((target - start) / max_adjustment, -1.0, 1.0)

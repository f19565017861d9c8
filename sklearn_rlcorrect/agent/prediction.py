"""From rows to corrected probabilities, by what a fitted corrector holds."""

import numpy as np
from sklearn.utils import _safe_indexing, gen_batches

from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.agent.observation import dense_features, observe, with_posterior
from sklearn_rlcorrect.agent.policy import bound_of_steps, policy_actions
from sklearn_rlcorrect.agent.posterior import posterior_log_odds

# Rows corrected at a time: bounds the memory of predicting, not its result.
CHUNK = 4096


def correct(model, X, proba, priority, bound):
    """Correct probabilities by the policy of a priority, in pieces.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the wrapped classifier.

    priority : str
        Priority whose policy acts.

    bound : float
        Largest change of a probability.

    Returns
    -------
    corrected : ndarray of shape (n_samples, n_classes)
        Corrected probabilities, columns as in `classes_`.
    """
    corrected = np.empty_like(proba)
    for rows in gen_batches(len(proba), CHUNK):
        observations = observe_with_posterior(model, _safe_indexing(X, rows), proba[rows])
        actions = act(model, observations, proba[rows], priority)
        corrected[rows] = adjust(proba[rows], actions, bound)
    return corrected


def observe_without_posterior(model, X, proba):
    """Make what is observed of new rows before there is a posterior.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted, or with its features and their scale.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the wrapped classifier.

    Returns
    -------
    observations : ndarray of shape (n_samples, n_observed)
        In single precision.
    """
    features = dense_features(model.feature_transformer_, X)
    return observe(proba, features, model.observation_scaler_, observed_order(model))


def observe_with_posterior(model, X, proba):
    """Make the observations of new rows, the posterior of the classes included.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the wrapped classifier.

    Returns
    -------
    observations : ndarray of shape (n_samples, n_observed)
        In single precision.
    """
    observations = observe_without_posterior(model, X, proba)
    # Files of earlier releases hold no posterior.
    posterior = getattr(model, "posterior_", None)
    log_odds = posterior and posterior_log_odds(posterior, observations)
    return with_posterior(observations, log_odds)


def act(model, observations, proba, priority):
    """Compute the actions of the policy of a priority.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    observations : ndarray of shape (n_samples, n_observed)
        From :func:`observe_with_posterior`.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the wrapped classifier.

    priority : str
        Priority whose policy acts.

    Returns
    -------
    actions : ndarray of shape (n_samples, n_classes)
        In [-1, 1], columns as in `classes_`.
    """
    order, actions = observed_order(model), np.empty_like(proba)
    actions[:, order] = policy_actions(
        model.policies_[priority], observations, proba[:, order], bound_of_steps(model)
    )
    return actions


def observed_order(model):
    """Order in which the policies of a fitted corrector observe the classes.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    Returns
    -------
    order : ndarray of int of shape (n_classes,)
        Indices into `classes_`.
    """
    # In files of earlier releases policies observe the classes in sorted order.
    return getattr(model, "class_order_", np.arange(len(model.classes_)))

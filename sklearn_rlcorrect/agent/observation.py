"""Observations: probabilities, their log-odds, features, and a posterior."""

import numpy as np
from scipy import sparse
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array

# Bound of every entry of an observation: a feature far outside the training rows may
# not drive the policy anywhere it has not been.
OBSERVATION_BOUND = 10.0

# Log-odds are taken of probabilities clipped to [LOG_ODDS_EPSILON, 1 - LOG_ODDS_EPSILON].
LOG_ODDS_EPSILON = 1e-4


def observe(proba, features, scaler, order=slice(None)):
    """Make observations of probabilities and features.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classifier.

    features : ndarray of shape (n_samples, n_features) or None
        Numeric features. What is missing counts as the mean.

    scaler : StandardScaler
        From :func:`fit_scaler`.

    order : ndarray of int of shape (n_classes,) or slice
        Order in which the agent observes the classes.

    Returns
    -------
    observations : ndarray of shape (n_samples, 2 * n_classes + n_features)
        The probabilities as they are, then scaled log-odds, then scaled features, in
        single precision.
    """
    scaled = scaler.transform(_log_odds_and_features(proba, features))
    np.nan_to_num(scaled, copy=False)
    np.clip(scaled, -OBSERVATION_BOUND, OBSERVATION_BOUND, out=scaled)
    log_odds, scaled_features = np.split(scaled, [proba.shape[1]], axis=1)
    parts = [proba[:, order], log_odds[:, order], scaled_features]
    return np.hstack(parts, dtype=np.float32, casting="same_kind")


def with_posterior(observations, log_odds):
    """Append the log-odds of a posterior to observations, if there is one.

    Parameters
    ----------
    observations : ndarray of shape (n_samples, n_observed)
        From :func:`observe`.

    log_odds : ndarray of shape (n_samples, n_classes) or None
        From :mod:`sklearn_rlcorrect.agent.posterior`.

    Returns
    -------
    observations : ndarray of shape (n_samples, n_observed + n_classes)
        In single precision.
    """
    if log_odds is None:
        return observations
    log_odds = log_odds.clip(-OBSERVATION_BOUND, OBSERVATION_BOUND)
    return np.hstack([observations, log_odds], dtype=np.float32, casting="same_kind")


def fit_scaler(proba, features, sample_weight=None):
    """Fit the scaler of log-odds and features.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classifier.

    features : ndarray of shape (n_samples, n_features) or None
        Numeric features or NaN.

    sample_weight : ndarray of shape (n_samples,), default=None
        How much each row counts.

    Returns
    -------
    scaler : StandardScaler
        Fitted.
    """
    columns = _log_odds_and_features(proba, features)
    scaler = StandardScaler().set_output(transform="default")
    # A column may be without a single value.
    with np.errstate(invalid="ignore"):
        return scaler.fit(columns, sample_weight=sample_weight)


def dense_features(transformer, X):
    """Return the features of X as a dense array of numbers or NaN, or None."""
    if transformer is None:
        return None
    features = check_array(
        transformer.transform(X),
        accept_sparse="csr",
        dtype=np.float64,
        ensure_all_finite=False,
        input_name="features",
    )
    dense = features.toarray() if sparse.issparse(features) else features
    # Infinite values, which boosted trees take, are missing values here.
    return np.where(np.isinf(dense), np.nan, dense)


def _log_odds_and_features(proba, features):
    clipped = np.clip(proba, LOG_ODDS_EPSILON, 1 - LOG_ODDS_EPSILON)
    log_odds = np.log(clipped) - np.log1p(-clipped)
    return log_odds if features is None else np.hstack([log_odds, features])

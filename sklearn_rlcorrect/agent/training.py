"""From rows to a correction problem: features, observations and held-out parts."""

from dataclasses import replace

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing, gen_batches

from sklearn_rlcorrect.agent.observation import (
    dense_features,
    fit_scaler,
    observe,
    with_posterior,
)
from sklearn_rlcorrect.agent.posterior import cross_fit_posterior, fit_posterior
from sklearn_rlcorrect.agent.prediction import CHUNK
from sklearn_rlcorrect.features import auto_features

# Rows that the scale of columns is taken from, at most.
_MAX_SCALED = 20_000


def fit_features(features, X, sample_weight, seed):
    """Fit the transformer that makes features of rows.

    Parameters
    ----------
    features : {"auto"}, transformer or None
        As given to the corrector; a transformer is cloned.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    sample_weight : ndarray of shape (n_samples,)
        Rows of weight 0 are left out.

    seed : int
        Seed of the transformer that "auto" makes.

    Returns
    -------
    transformer : transformer or None
        Fitted without y, so that no label can reach the policy through it.

    Raises
    ------
    ValueError
        If it cannot make numbers of X.
    """
    has_weight = sample_weight > 0
    weighted = X if has_weight.all() else _safe_indexing(X, np.flatnonzero(has_weight))
    transformer = features
    if isinstance(features, str):
        transformer = auto_features(weighted, seed)
    try:
        if transformer is not None:
            transformer = clone(transformer).fit(weighted)
        dense_features(transformer, _safe_indexing(X, slice(0, 1)))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"features={features!r} cannot make numbers of X (it is fitted without y): "
            f"{error}"
        ) from error
    return transformer


def fit_observations(transformer, X, proba, sample_weight, order):
    """Fit the scaler, and make the observations of all rows.

    Parameters
    ----------
    transformer : transformer or None
        From :func:`fit_features`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    proba : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities.

    sample_weight : ndarray of shape (n_samples,)
        How much each row counts.

    order : ndarray of int of shape (n_classes,)
        Order in which policies observe the classes.

    Returns
    -------
    scaler : StandardScaler
        Of log-odds and features.

    observations : ndarray of shape (n_samples, n_observed)
        Without the posterior.
    """
    rows = np.flatnonzero(sample_weight)
    rows = rows[:: -(-len(rows) // _MAX_SCALED)]
    features = dense_features(transformer, _safe_indexing(X, rows))
    scaler = fit_scaler(proba[rows], features, sample_weight[rows])
    # In pieces: the features of all rows at once would take too much memory.
    parts = []
    for chunk in gen_batches(len(proba), CHUNK):
        features = dense_features(transformer, _safe_indexing(X, chunk))
        parts.append(observe(proba[chunk], features, scaler, order))
    return scaler, np.concatenate(parts)


def order_classes(proba, y, sample_weight):
    """Order the classes for the policies, the most frequent first.

    The agent then solves the same problem whatever the labels are called. Of classes that
    are as frequent, the one that is predicted with more probability comes first.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities.

    y : ndarray of int of shape (n_samples,)
        Indices of the true classes.

    sample_weight : ndarray of shape (n_samples,)
        How much each row counts.

    Returns
    -------
    order : ndarray of int of shape (n_classes,)
        Indices of the classes.
    """
    total = sample_weight.sum()
    frequency = np.bincount(y, sample_weight, minlength=proba.shape[1]) / total
    predicted = np.average(proba, axis=0, weights=sample_weight)
    return np.lexsort([-predicted.round(9), -frequency.round(9)])


def fit_posteriors(problem, seed):
    """Add a posterior of the classes to the observations.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows, without a posterior.

    seed : int
        Seed of the folds and the trees.

    Returns
    -------
    problem : CorrectionProblem
        Its observations end with the out-of-fold log-odds.

    log_odds : ndarray of shape (n_samples, n_classes) or None
        Out-of-fold log-odds; None where there is nothing to learn for trees.

    posterior : dict or None
        Fitted on all rows, for predicting.
    """
    log_odds = cross_fit_posterior(problem, seed)
    posterior = None if log_odds is None else fit_posterior(problem, seed)
    observations = with_posterior(problem.observations, log_odds)
    return replace(problem, observations=observations), log_odds, posterior


def held_out_splits(problem, n_policies, validation_fraction, seed, *, lasting=False):
    """Draw per policy the rows that it is trained on, and those that it is judged by.

    Duplicate observations stay together, and so do rows of one group. Where there are few
    groups of duplicates, all rows are in both parts.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    n_policies : int
        Number of policies.

    validation_fraction : float
        Part of the rows that is held out.

    seed : int
        Seed of the draw.

    lasting : bool, default=False
        Whether the same rows are held out from the same policies in later calls, whatever
        rows are beside them, so that policies may be trained further. It takes enough
        different rows, without groups.

    Returns
    -------
    splits : list of tuple of (ndarray of int, ndarray of int)
        Training rows and held-out rows of each policy.
    """
    if lasting:
        held_out = _lasting_windows(problem.places(), n_policies, validation_fraction)
        if all(rows.any() and not rows.all() for rows in held_out):
            return [(np.flatnonzero(~rows), np.flatnonzero(rows)) for rows in held_out]
    group, label = problem.groups()
    if problem.has_few_groups():
        return [(np.arange(len(problem)),) * 2] * n_policies
    if problem.row_groups is None:
        parts = _stratified_windows(label, n_policies, validation_fraction, seed)
    else:
        sizes = np.bincount(group, problem.sample_weight)
        parts = _windows_of_groups(label, sizes, n_policies, validation_fraction, seed)
    held_out = [np.isin(group, part) for part in parts]
    return [(np.flatnonzero(~rows), np.flatnonzero(rows)) for rows in held_out]


def _lasting_windows(places, n_windows, size):
    """Parts of the numbers from 0 to 1, disjoint if they are few; the end is the start."""
    return [(places - k * size) % 1 < size for k in range(n_windows)]


def _stratified_windows(label, n_windows, size, seed):
    """Draw parts of a relative size, disjoint if they are few.

    Entries are put in a random order in which the classes are evenly spread; the windows
    follow one another in it, from the end to the start again.
    """
    order, n_rows = _spread(label, seed), len(label)
    n_window = int(np.clip(np.ceil(size * n_rows), 1, n_rows - 1))
    starts = n_window * np.arange(n_windows)
    return [order[(start + np.arange(n_window)) % n_rows] for start in starts]


def _windows_of_groups(label, sizes, n_windows, size, seed):
    """Draw parts that hold a share of the rows, of groups of any sizes.

    Groups that are larger than a part are always trained on, unless all are.
    """
    largest = max(size * sizes.sum(), sizes.min())
    usable = np.flatnonzero(sizes <= largest)
    order = usable[_spread(label[usable], seed)]
    # Where the middle of each group lies, on a circle.
    end = np.cumsum(sizes[order])
    middle = (end - sizes[order] / 2) / end[-1]
    share = min(size * sizes.sum() / end[-1], 0.5)
    windows = []
    for k in range(n_windows):
        distance = (middle - k * share) % 1
        is_in = distance < share
        is_in[np.argmin(distance)] = True
        if is_in.all() and len(order) == len(sizes):
            is_in[np.argmax(distance)] = False
        windows.append(order[is_in])
    return windows


def _spread(label, seed):
    """Put entries in a random order in which the classes are evenly spread."""
    rng = np.random.default_rng(seed)
    place = np.empty(len(label))
    for k in np.unique(label):
        rows = rng.permutation(np.flatnonzero(label == k))
        place[rows] = (np.arange(len(rows)) + rng.random()) / len(rows)
    return np.argsort(place)

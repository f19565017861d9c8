"""A posterior of the classes from boosted trees: out of fold, and for predicting.

The trees look at the log-odds of the classifier and at the features. In training every
row gets its posterior from trees that were fitted on other rows. For predicting, trees that
were fitted on all rows are kept as plain arrays, which any file can hold and numpy can
evaluate.
"""

import numpy as np
from scipy.special import log_softmax
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils import gen_batches
from threadpoolctl import threadpool_limits

# Trees of this depth are stored as complete ones: 15 thresholds, 16 leaves.
_DEPTH = 4
_N_NODES = 2**_DEPTH - 1
_N_ITERATIONS = 50
# With many classes each iteration fits as many trees; this many are enough in all.
_MAX_TREES = 600
_MIN_ITERATIONS = 10

_N_FOLDS = 4
# Rows that one boosting is fitted on, so that a million rows stay quick.
_MAX_ROWS = 10_000
# Rows per class, in the mean and without duplicates, below which trees could learn nothing.
_MIN_ROWS_PER_CLASS = 10

# Probabilities of the posterior are kept above this: trees can be wrong.
SMALLEST_PROBA = 1e-3

# Rows evaluated at a time: their nodes stay in the processor's cache.
_CHUNK = 512


def has_posterior(problem):
    """Return whether there is enough for trees to learn from.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    Returns
    -------
    has_posterior : bool
        False without features, with few rows for so many classes, where no class is in
        enough groups, and where there are few groups of duplicates.
    """
    n_classes, n_groups = problem.proba.shape[1], len(problem.groups()[1])
    n_rows = n_groups if problem.row_groups is None else len(problem)
    has_features = problem.observations.shape[1] > 2 * n_classes
    has_rows = n_rows >= _MIN_ROWS_PER_CLASS * n_classes
    if not has_features or not has_rows or problem.has_few_groups():
        return False
    return not _is_rare(problem).all()


def cross_fit_posterior(problem, seed):
    """Compute the log-odds of each row from trees that were fitted on other rows.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    seed : int
        Seed of the folds and of the trees.

    Returns
    -------
    log_odds : ndarray of shape (n_samples, n_classes) or None
        Logarithms of the posterior less their mean. No tree behind a row was fitted on
        it, on a duplicate of it, or on a row of its group. None where
        :func:`has_posterior` is False.
    """
    if not has_posterior(problem):
        return None
    log_odds = np.empty_like(problem.proba)
    for held_out in held_out_parts(problem, seed):
        posterior = fit_posterior(problem, seed, ~held_out)
        log_odds[held_out] = posterior_log_odds(posterior, problem.observations[held_out])
    return log_odds


def fit_posterior(problem, seed, rows=None):
    """Fit the trees of the posterior.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    seed : int
        Seed of the draw and of the trees.

    rows : ndarray of bool of shape (n_samples,), default=None
        Rows to fit on, of which at most 10,000 are drawn, in proportion to their
        weights. None is all. Classes that are too rare to be in every fold are left
        out: whether trees know them would reveal in which fold they are.

    Returns
    -------
    posterior : dict
        "feature" and "threshold" of shape (n_trees, 15), "value" of shape (n_trees, 16):
        complete trees of depth 4, level by level. Rows above the threshold go right.
        "baseline" of shape (n_scores,) is what the values are added to; the trees of an
        iteration belong to one score after another. "classes" are the indices of the
        classes that were seen, out of "n_classes".
    """
    is_known = ~_is_rare(problem)[problem.y]
    rows = np.flatnonzero(is_known if rows is None else is_known & rows)
    rows = rows[_drawn(problem.sample_weight[rows], np.random.default_rng(seed))]
    y, n_classes = problem.y[rows], problem.proba.shape[1]
    known = {"n_classes": n_classes, "classes": np.unique(y)}
    if len(known["classes"]) == 1:
        return known | _no_trees()
    columns = _columns(problem.observations[rows], n_classes)
    # So few rows are binned by one thread sooner than joblib has looked after two.
    with threadpool_limits(1, user_api="openmp"):
        trees = _boosting(len(known["classes"]), seed).fit(columns, y)
    return known | _as_arrays(trees)


def posterior_log_odds(posterior, observations):
    """Evaluate the posterior.

    Parameters
    ----------
    posterior : dict
        From :func:`fit_posterior`.

    observations : ndarray of shape (n_samples, n_observed)
        From :func:`~sklearn_rlcorrect.agent.observation.observe`.

    Returns
    -------
    log_odds : ndarray of shape (n_samples, n_classes)
        Logarithms of the posterior less their mean.
    """
    n_classes, classes = posterior["n_classes"], posterior["classes"]
    log_odds = np.empty((len(observations), n_classes))
    for chunk in gen_batches(len(observations), _CHUNK):
        scores = raw_scores(posterior, _columns(observations[chunk], n_classes))
        if len(classes) == 2:
            scores = np.hstack([np.zeros_like(scores), scores])
        log_proba = np.full((len(scores), n_classes), -np.inf)
        log_proba[:, classes] = log_softmax(scores, axis=1)
        log_odds[chunk] = np.maximum(log_proba, np.log(SMALLEST_PROBA))
    return log_odds - log_odds.mean(axis=1, keepdims=True)


def raw_scores(posterior, columns):
    """Sum the leaves that rows fall into, as scikit-learn's boosting does.

    Parameters
    ----------
    posterior : dict
        From :func:`fit_posterior`.

    columns : ndarray of shape (n_samples, n_columns)
        What the trees look at.

    Returns
    -------
    scores : ndarray of shape (n_samples, n_scores)
        Equal to `decision_function` up to the order of sums.
    """
    feature, threshold = posterior["feature"].ravel(), posterior["threshold"].ravel()
    tree = np.arange(len(posterior["value"]))
    row = np.arange(len(columns))[:, np.newaxis] * columns.shape[1]
    entries, node = columns.ravel(), np.zeros((len(columns), len(tree)), dtype=np.intp)
    for _ in range(_DEPTH):
        split = node + tree * _N_NODES
        goes_right = entries.take(row + feature.take(split)) > threshold.take(split)
        node = 2 * node + 1 + goes_right
    leaf = node - _N_NODES + tree * (_N_NODES + 1)
    values = posterior["value"].ravel().take(leaf)
    n_scores = len(posterior["baseline"])
    return posterior["baseline"] + values.reshape(len(columns), -1, n_scores).sum(axis=1)


def _boosting(n_classes, seed):
    n_scores = 1 if n_classes == 2 else n_classes
    n_iterations = np.clip(_MAX_TREES // n_scores, _MIN_ITERATIONS, _N_ITERATIONS)
    return HistGradientBoostingClassifier(
        max_iter=int(n_iterations),
        max_leaf_nodes=None,
        max_depth=_DEPTH,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


def _as_arrays(trees):
    """Copy fitted trees into arrays.

    `_predictors` and `_baseline_prediction` are private, but scikit-learn has no public
    way to the trees of its histogram boosting, and skops does not trust the objects.
    """
    nodes = [tree.nodes for iteration in trees._predictors for tree in iteration]
    parts = [_complete(tree) for tree in nodes]
    feature, threshold, value = (np.stack(arrays) for arrays in zip(*parts, strict=True))
    baseline = np.ravel(trees._baseline_prediction).astype(np.float64)
    return {
        "feature": feature,
        "threshold": threshold,
        "value": value,
        "baseline": baseline,
    }


def _no_trees():
    """Build the arrays of a posterior that knows one class."""
    return {
        "feature": np.empty((0, _N_NODES), np.intp),
        "threshold": np.empty((0, _N_NODES)),
        "value": np.empty((0, _N_NODES + 1)),
        "baseline": np.zeros(1),
    }


def _complete(nodes):
    """Fill a tree up to a complete one: rows pass a leaf that is too early to the left."""
    feature, threshold = np.zeros(_N_NODES, np.intp), np.full(_N_NODES, np.inf)
    source = np.zeros(2 * _N_NODES + 1, dtype=np.intp)
    for i in range(_N_NODES):
        node = nodes[source[i]]
        source[2 * i + 1 : 2 * i + 3] = source[i]
        if not node["is_leaf"]:
            feature[i], threshold[i] = node["feature_idx"], node["num_threshold"]
            source[2 * i + 1 : 2 * i + 3] = node["left"], node["right"]
    return feature, threshold, nodes["value"][source[_N_NODES:]]


def held_out_parts(problem, seed):
    """Masks of the rows of each fold: whole groups, classes evenly spread."""
    group, label = problem.groups()
    is_rare = _is_rare(problem)
    options = {"n_splits": _N_FOLDS, "shuffle": True, "random_state": seed}
    if problem.row_groups is not None:
        # Rows of a group may differ in their labels: slower, but it looks at all rows.
        strata = np.where(is_rare[problem.y], np.bincount(problem.y).argmax(), problem.y)
        folds = StratifiedGroupKFold(**options).split(strata, strata, group)
        return [np.isin(np.arange(len(problem)), rows) for _, rows in folds]
    strata = np.where(is_rare[label], np.bincount(label).argmax(), label)
    folds = StratifiedKFold(**options).split(strata, strata)
    return [np.isin(group, groups) for _, groups in folds]


def _is_rare(problem):
    """Return which classes are in too few groups for all folds."""
    group, label = problem.groups()
    n_classes = problem.proba.shape[1]
    if problem.row_groups is not None:
        label = np.unique(group * n_classes + problem.y) % n_classes
    return np.bincount(label, minlength=n_classes) < _N_FOLDS


def _columns(observations, n_classes):
    """Log-odds and features in single precision; the first log-odds are redundant.

    Probabilities of the same row may differ in the last bits of double precision, and
    thresholds of trees may fall in between.
    """
    return np.ascontiguousarray(observations[:, n_classes + 1 :], dtype=np.float32)


def _drawn(weight, rng):
    """Draw rows so that each is there as often as its weight says (systematic sampling).

    scikit-learn's boosting takes weights, but then bins columns many times as slowly.
    """
    n_rows = len(weight)
    n_drawn = min(2 * n_rows, _MAX_ROWS)
    if weight.sum() < n_drawn * weight.min():
        n_drawn = round(weight.sum() / weight.min())
    position = (np.arange(n_drawn) + rng.random()) / n_drawn
    share = np.cumsum(weight)
    rows = np.searchsorted(share, position * share[-1], side="right")
    return np.minimum(rows, n_rows - 1)

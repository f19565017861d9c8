"""The guide of the critics: what boosted trees say of each row's class, out of fold.

The actor may not look at it, so predicting needs no trees: the critics alone see more
than the actor does, and only in training [1]_.

.. [1] L. Pinto et al., "Asymmetric Actor Critic for Image-Based Robot Learning", RSS 2018.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

_N_FOLDS = 2
# Kinds of rows per class, in the mean, below which trees could learn nothing.
_ROWS_PER_CLASS = 10
# Probabilities of the guide are kept off 0 and 1: trees are wrong now and then.
_EPSILON = 1e-3


def guide_of(problem, seed):
    """Posterior of the classes for each row of a problem.

    Parameters
    ----------
    problem : CorrectionProblem
        Rows that a policy is to be trained on, and no others.

    seed : int
        Seed of the folds and of the trees.

    Returns
    -------
    guide : ndarray of shape (n_samples, n_classes)
        Probabilities above zero. Those of a row are from trees that were fitted
        on other rows, and on none that looks the same.

    has_trees : bool
        False where the guide knows nothing and is uniform: there are no features, few
        rows for so many classes, or few kinds of rows.
    """
    n_classes = problem.proba.shape[1]
    kind, label = problem.kinds()
    has_features = problem.observations.shape[1] > 2 * n_classes
    has_rows = len(label) >= _ROWS_PER_CLASS * n_classes
    if not has_features or not has_rows or problem.has_few_kinds(len(label)):
        return np.full(problem.proba.shape, 1 / n_classes), False
    posterior = np.zeros_like(problem.proba)
    folds = StratifiedKFold(_N_FOLDS, shuffle=True, random_state=seed)
    strata = _strata(label, n_classes)
    for _, part in folds.split(strata, strata):
        held_out = np.isin(kind, part)
        trees = _trees(seed).fit(
            _columns(problem.observations[~held_out], n_classes),
            problem.y[~held_out],
            sample_weight=_unless_equal(problem.sample_weight[~held_out]),
        )
        proba = trees.predict_proba(_columns(problem.observations[held_out], n_classes))
        # Trees that know a single class answer for two.
        posterior[np.ix_(held_out, trees.classes_)] = proba[:, : len(trees.classes_)]
    return _off_the_edge(posterior), True


def _trees(seed):
    return HistGradientBoostingClassifier(
        max_iter=50,
        max_leaf_nodes=15,
        max_features=0.3,
        early_stopping=False,
        random_state=seed,
    )


def _strata(label, n_classes):
    """Labels, those with too few rows for all folds put to the most frequent one."""
    counts = np.bincount(label, minlength=n_classes)
    return np.where(counts[label] < _N_FOLDS, counts.argmax(), label)


def _columns(observations, n_classes):
    """Log-odds and features, in single precision; the first log-odds say nothing new.

    Probabilities of the same row may differ in the last bits of double precision, and
    thresholds of trees may fall in between.
    """
    return observations[:, n_classes + 1 :].astype(np.float32)


def _unless_equal(weight):
    """Weights, or None where they are all the same: trees are then quicker."""
    return None if np.ptp(weight) == 0 else weight


def _off_the_edge(proba):
    clipped = np.maximum(proba, _EPSILON)
    return clipped / clipped.sum(axis=1, keepdims=True)

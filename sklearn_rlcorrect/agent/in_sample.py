"""Whether a classifier that is not refitted was fitted on the very rows that it is given.

Probabilities of rows that a classifier was fitted on are too good, and nothing in them
says so: a good model makes few mistakes, too. What gives them away is that the classifier
makes almost none where everything else that learns from the same features, out of fold,
makes many.
"""

import warnings

import numpy as np
from scipy.stats import binom
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from sklearn_rlcorrect.agent.posterior import has_posterior, held_out_parts

# Mistakes per row, at most, of a classifier that is nearly perfect, and how many times as
# many all others make: a forest is wrong on some of the wrong labels that it was fitted on.
_NEARLY_PERFECT = 5e-3
_TIMES = 50
# Of the sign test.
_LEVEL = 1e-3
# Rows that the comparison takes: enough for the test, and quick.
_MAX_ROWS = 2_000
# Nothing that is fitted depends on it.
_SEED = 0
# Correlation from which a feature is a probability of the classifier.
_SAME = 0.999


def mistakes_beside_others(problem):
    """Count mistakes where a classifier looks fitted on the rows that it is given.

    It does if it is right on 99.5 % of the rows, and makes at most a fiftieth of the
    mistakes of the best of three models that know the features alone, each predicting rows
    that it was not fitted on: boosted trees, a logistic regression and the nearest
    neighbour. That it makes fewer must not be chance either, by a one-sided sign test of
    the rows that only one of both has right, at the level 0.001.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows, without a posterior. Of more than 2,000 some are drawn, by a fixed seed.

    Returns
    -------
    counts : dict of str to int, or None
        "n_rows" that were compared, "mistakes" of the classifier and "others", those of
        the best other model. None if nothing is suspicious, or there are too few rows or no
        features to tell.
    """
    if np.mean(_mistakes(problem)) > _NEARLY_PERFECT or not has_posterior(problem):
        return None
    part = _some_rows(problem)
    features = _own_features(part)
    if features.shape[1] == 0 or not has_posterior(part):
        return None
    own, best = _mistakes(part), np.ones(len(part), dtype=bool)
    for model in _models():
        wrong = _out_of_fold_mistakes(model, part, features)
        best = min(best, wrong, key=np.sum)
        if not _is_far_better(own, best):
            return None
    return {"n_rows": len(own), "mistakes": int(own.sum()), "others": int(best.sum())}


def _is_far_better(own, best):
    n_worse, n_better = int((own & ~best).sum()), int((best & ~own).sum())
    p_value = binom.cdf(n_worse, n_worse + n_better, 0.5)
    return p_value < _LEVEL and _TIMES * own.sum() <= best.sum()


def _models():
    """Models to compare with, the quickest first."""
    return (
        KNeighborsClassifier(1),
        LogisticRegression(max_iter=300),
        HistGradientBoostingClassifier(
            learning_rate=0.2,
            max_iter=30,
            max_depth=4,
            early_stopping=False,
            random_state=_SEED,
        ),
    )


def _mistakes(problem):
    return problem.decisions(problem.proba) != problem.y


def _some_rows(problem):
    if len(problem) <= _MAX_ROWS:
        return problem
    rows = np.random.default_rng(_SEED).choice(len(problem), _MAX_ROWS, replace=False)
    return problem.take(np.sort(rows))


def _own_features(problem):
    """Features that are not the classifier's probabilities themselves."""
    features = problem.observations[:, 2 * problem.proba.shape[1] :].astype(np.float64)
    features = features[:, features.std(axis=0) > 0]
    scaled, proba = (_scaled(columns) for columns in (features, problem.proba))
    is_same = np.abs(scaled.T @ proba / len(problem)) > _SAME
    return features[:, ~is_same.any(axis=1)]


def _scaled(columns):
    deviation = columns.std(axis=0)
    return (columns - columns.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def _out_of_fold_mistakes(model, problem, features):
    mistakes = np.ones(len(problem), dtype=bool)
    with warnings.catch_warnings(), threadpool_limits(1):
        # A regression that has not converged is good enough to compare with.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for held_out in held_out_parts(problem, _SEED):
            y = problem.y[~held_out]
            if len(np.unique(y)) > 1 and held_out.any():
                model.fit(features[~held_out], y)
                predicted = model.predict(features[held_out])
                mistakes[held_out] = predicted != problem.y[held_out]
    return mistakes

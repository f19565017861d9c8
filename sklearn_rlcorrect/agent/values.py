"""Values of decisions, from the rewards of those that were taken.

The critics are boosted trees of the reward, one for either decision (the direct method
[1]_). Each row is judged by trees that were fitted on other rows: its own reward would
otherwise speak for the decision that was taken.

.. [1] M. Dudík, J. Langford and L. Li, "Doubly Robust Policy Evaluation and Learning",
   ICML 2011.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

_N_FOLDS = 4
_N_ITERATIONS = 50
_DEPTH = 4

# Rows of either decision, at least: fewer say nothing of it.
MIN_ROWS = 20


def cross_fit_values(columns, flagged, reward, seed, held_out=None):
    """Estimate the reward of both decisions for each row, by fits on other rows.

    Parameters
    ----------
    columns : ndarray of shape (n_samples, n_columns)
        What the critics look at.

    flagged : ndarray of bool of shape (n_samples,)
        Decisions that were taken, at least `MIN_ROWS` of either.

    reward : ndarray of shape (n_samples,)
        What they brought.

    seed : int
        Seed of the folds and the trees.

    held_out : ndarray of bool of shape (n_samples,), default=None
        Rows that nothing is fitted on: they get the mean of all fits. None is none.

    Returns
    -------
    values : ndarray of shape (n_samples, 2)
        Expected reward without and with a flag.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.agent.values import cross_fit_values
    >>> rng = np.random.default_rng(0)
    >>> columns, flagged = rng.normal(size=(400, 1)), rng.random(400) < 0.5
    >>> reward = np.where(flagged, np.sign(columns[:, 0]), 0.0)
    >>> values = cross_fit_values(columns, flagged, reward, seed=0)
    >>> bool(np.mean((values[:, 1] > values[:, 0]) == (columns[:, 0] > 0)) > 0.95)
    True
    """
    values = np.zeros((len(columns), 2))
    held_out = np.zeros(len(columns), dtype=bool) if held_out is None else held_out
    own, others = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    folds = StratifiedKFold(_N_FOLDS, shuffle=True, random_state=seed)
    # So few rows are binned by one thread sooner than joblib has looked after two.
    with threadpool_limits(1, user_api="openmp"):
        for train, test in folds.split(own, flagged[own]):
            for decision in (0, 1):
                taken = own[train[flagged[own[train]] == decision]]
                trees = HistGradientBoostingRegressor(
                    max_iter=_N_ITERATIONS,
                    max_depth=_DEPTH,
                    early_stopping=False,
                    random_state=seed,
                )
                trees.fit(columns[taken], reward[taken])
                values[own[test], decision] = trees.predict(columns[own[test]])
                if len(others):
                    values[others, decision] += trees.predict(columns[others]) / _N_FOLDS
    return values


def doubly_robust_value(values, flagged, reward, propensity, policy):
    """Estimate what a policy brings per row, from the rewards of other decisions.

    Parameters
    ----------
    values : ndarray of shape (n_samples, 2)
        From :func:`cross_fit_values`.

    flagged : ndarray of bool of shape (n_samples,)
        Decisions that were taken.

    reward : ndarray of shape (n_samples,)
        What they brought.

    propensity : ndarray of shape (n_samples,)
        Probability of the decision that was taken.

    policy : ndarray of bool of shape (n_samples,)
        Decisions of the policy to judge.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Their mean is the estimate; it is unbiased where the propensities are right [1]_.

    References
    ----------
    .. [1] M. Dudík, J. Langford and L. Li, "Doubly Robust Policy Evaluation and
       Learning", ICML 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.agent.values import doubly_robust_value
    >>> values, taken = np.array([[0.0, 1.0]]), np.array([True])
    >>> doubly_robust_value(values, taken, np.array([3.0]), np.array([0.5]), taken)
    array([5.])
    """
    rows = np.arange(len(flagged))
    expected = values[rows, policy.astype(int)]
    surprise = reward - values[rows, flagged.astype(int)]
    return expected + np.where(policy == flagged, surprise / propensity, 0.0)

"""The bounded adjustment of probabilities by actions: one definition for all.

The environment, the critic and ``predict_proba`` all call :func:`adjust`, so what the
agent is rewarded for is what `predict_proba` returns.
"""

import numpy as np

# Sums of probabilities that are nearer to one than this differ from it by rounding.
_ROUNDING = 1e-14


def adjust(proba, actions, max_adjustment):
    """Move probabilities by bounded actions.

    ``proba + max_adjustment * actions`` is projected onto the simplex and onto the box
    ``|adjusted - proba| <= max_adjustment``: one shift per row, found exactly.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities; rows sum to one.

    actions : ndarray of shape (n_samples, n_classes)
        Actions in [-1, 1]. A row of equal entries leaves its probabilities unchanged.

    max_adjustment : float in (0, 1]
        Largest change of any probability, in probability (not in log-odds).

    Returns
    -------
    adjusted : ndarray of shape (n_samples, n_classes)
        Probabilities in [0, 1] whose rows sum to one. With two classes and
        ``actions = [-a, a]`` the second column is
        ``clip(proba[:, 1] + max_adjustment * a, 0, 1)``.

    Notes
    -----
    The Euclidean projection has the form ``clip(target - shift, lower, upper)`` with
    one ``shift`` per row [1]_. The sum of that row decreases piecewise linearly in the
    shift, so sorting its breakpoints and interpolating gives the shift exactly.

    References
    ----------
    .. [1] P. M. Pardalos and N. Kovoor, "An algorithm for a singly constrained class of
       quadratic programs subject to upper and lower bounds", Mathematical Programming
       46, 321-328, 1990.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.agent.adjustment import adjust
    >>> adjust(np.array([[0.25, 0.75]]), np.array([[1.0, -1.0]]), 0.5)
    array([[0.75, 0.25]])
    """
    if proba.shape[1] == 2:
        return _adjust_two(proba, actions, max_adjustment)
    lower = np.maximum(proba - max_adjustment, 0.0)
    upper = np.minimum(proba + max_adjustment, 1.0)
    adjusted = proba + max_adjustment * actions
    # Most rows of a policy are where they should be, and need no shift.
    off = np.abs(adjusted.sum(axis=1) - 1.0) > _ROUNDING
    off |= ((adjusted < lower) | (adjusted > upper)).any(axis=1)
    target, lower, upper = adjusted[off], lower[off], upper[off]
    shift = _row_shift(target, lower, upper)
    adjusted[off] = np.clip(target - shift[:, np.newaxis], lower, upper)
    # Rounding must not turn "do nothing" into a tie broken the other way.
    unchanged = np.ptp(actions, axis=1) == 0
    return np.where(unchanged[:, np.newaxis], proba, adjusted)


def _adjust_two(proba, actions, max_adjustment):
    """The same for two classes, where the shift takes half the sum of the actions."""
    step = max_adjustment * (actions[:, 1] - actions[:, 0]) / 2
    adjusted = np.empty_like(proba)
    np.clip(proba[:, 1] + step, 0.0, 1.0, out=adjusted[:, 1])
    np.subtract(1.0, adjusted[:, 1], out=adjusted[:, 0])
    return np.where((step == 0)[:, np.newaxis], proba, adjusted)


def _row_shift(target, lower, upper):
    """Solve ``sum(clip(target - shift, lower, upper)) == 1`` for each row."""
    breakpoints = np.concatenate([target - upper, target - lower], axis=1)
    # Passing target - upper frees an entry (slope - 1), passing target - lower fixes
    # it again (slope + 1).
    slope_changes = np.concatenate([-np.ones_like(target), np.ones_like(target)], axis=1)
    order = np.argsort(breakpoints, axis=1, kind="stable")
    breakpoints = np.take_along_axis(breakpoints, order, axis=1)
    slopes = np.cumsum(np.take_along_axis(slope_changes, order, axis=1), axis=1)
    falls = slopes[:, :-1] * np.diff(breakpoints, axis=1)
    sums = upper.sum(axis=1, keepdims=True) + np.cumsum(falls, axis=1)
    # The first segment at whose end the sum has fallen to one holds the solution; the
    # last is taken where rounding leaves every sum above one.
    segment = np.minimum((sums > 1.0).sum(axis=1), sums.shape[1] - 1)
    row = np.arange(len(target))
    end_sum, slope = sums[row, segment], slopes[row, segment]
    step = np.divide(end_sum - 1.0, slope, out=np.zeros_like(end_sum), where=slope != 0)
    return breakpoints[row, segment + 1] - step

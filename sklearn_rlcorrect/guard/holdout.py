"""Split of the rows: the calibration set of the guard, and the rows to fit on."""

import math

import numpy as np


def split(n_rows, groups, fraction, seed):
    """Draw the calibration set: rows that nothing is fitted on.

    The draw is random, not stratified: the tests are exact for independent rows, and a
    random part of independent rows, or groups, is independent.

    Parameters
    ----------
    n_rows : int
        Number of all rows.

    groups : array-like of shape (n_rows,) or None
        Rows of one group stay together. They are not independent: only one row of a drawn
        group is in the calibration set, and its other rows are not used at all.

    fraction : float
        Part of the rows, or groups, to draw, in (0, 1).

    seed : int
        Seed of the draw.

    Returns
    -------
    rest, calibration : ndarray of int
        Rows to fit on, sorted, and the calibration set in random order.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import split
    >>> rest, calibration = split(10, None, 0.2, seed=0)
    >>> len(rest), len(calibration)
    (8, 2)
    >>> rest, calibration = split(6, ["a", "a", "a", "b", "b", "b"], 0.5, seed=0)
    >>> len(rest), len(calibration)
    (3, 1)
    """
    rng = np.random.default_rng(seed)
    rows = unit = rng.permutation(n_rows)
    first = np.arange(n_rows)
    if groups is not None:
        # One random row stands for each group, and each group is as likely as another.
        unit = np.unique(groups, return_inverse=True)[1][rows]
        first = rng.permutation(np.unique(unit, return_index=True)[1])
    drawn = first[: math.ceil(fraction * len(first))]
    is_rest = np.isin(unit, unit[drawn], invert=True)
    return np.sort(rows[is_rest]), rows[drawn]

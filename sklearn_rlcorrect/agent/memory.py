"""Memory: rows that a corrector keeps to learn from again.

A memory is a dict of arrays with an entry per row, oldest first: "observations" without a
posterior, which would go stale; "proba" and "y" in the order of the agent's classes;
"weight"; "gain", how much the correction saved on the row when it was new (NaN where that
was not asked); and "key", a random number that decides which rows of the past are kept.
"""

import numpy as np


def remember(memory, rows, size, recent_fraction, rng):
    """Add rows to a memory, and forget some if it is full.

    The newest rows are kept, and a uniform sample of all that came before them: those with
    the smallest keys, so that what was forgotten need not be known.

    Parameters
    ----------
    memory : dict of str to ndarray
        Memory; empty for a new one.

    rows : dict of str to ndarray
        New rows, with all arrays of a memory but "key".

    size : int
        Rows that are kept at most.

    recent_fraction : float
        Part of them that are the newest.

    rng : numpy.random.Generator
        Draws the keys.

    Returns
    -------
    memory : dict of str to ndarray
        New arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.agent.memory import remember
    >>> rng, memory = np.random.default_rng(0), {}
    >>> for day in range(5):
    ...     memory = remember(memory, {"day": np.full(4, day)}, 8, 0.5, rng)
    >>> memory["day"].tolist()[4:]
    [4, 4, 4, 4]
    """
    n_rows = len(next(iter(rows.values())))
    rows = rows | {"key": rng.random(n_rows)}
    if memory:
        rows = {name: np.concatenate([memory[name], rows[name]]) for name in rows}
    n_rows = len(rows["key"])
    if n_rows <= size:
        return rows
    n_recent = round(recent_fraction * size)
    past = np.argsort(rows["key"][: n_rows - n_recent])[: size - n_recent]
    kept = np.concatenate([np.sort(past), np.arange(n_rows - n_recent, n_rows)])
    return {name: array[kept] for name, array in rows.items()}

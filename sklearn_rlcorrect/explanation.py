"""Why a row was moved: what each column contributes to its adjustment."""

from functools import partial
from numbers import Integral
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline
from sklearn.utils import check_scalar, gen_batches

from sklearn_rlcorrect._updating import costs_of
from sklearn_rlcorrect._validation import own_random_state
from sklearn_rlcorrect.metrics import label_indices, positive_classes
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.precomputed import PrecomputedProbaClassifier

# Rows made and predicted at a time: bounds the memory, not the result.
_CHUNK = 16_384

# A classifier may give one row probabilities that differ by this, by its place among
# others. A column that nothing reads has a contribution of exactly 0.
_ROUNDING = 1e-12


class Explanation(NamedTuple):
    """Contributions of columns to adjustments, from :func:`explain_adjustment`.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_columns)
        What each column contributes to the adjustment of each row, in units of
        probability. Rows sum to `adjustment` less `base_value`.

    base_value : ndarray of shape (n_samples,)
        Mean adjustment of the class over the background.

    adjustment : ndarray of shape (n_samples,)
        Corrected minus original probability of the class.

    label : ndarray of shape (n_samples,)
        Class whose probability is explained.

    feature_names : ndarray of str of shape (n_columns,)
        Names of the columns; "x0", "x1", ... where the table has none.
    """

    values: np.ndarray
    base_value: np.ndarray
    adjustment: np.ndarray
    label: np.ndarray
    feature_names: np.ndarray


def explain_adjustment(
    model,
    X,
    background,
    *,
    pos_label=None,
    n_permutations=2,
    random_state=None,
    **predict_params,
):
    """Explain why rows were moved, by the columns of their table.

    A contribution is a Shapley value [1]_: what the adjustment changes by when the column
    takes the value of the row instead of that of a row of the background, on average over
    the background and over the orders in which the columns do so. Orders are drawn and
    walked forward and backward [2]_. The sum over the columns is exact for any number of
    orders.

    What the policy observes of a row includes the probabilities of the wrapped classifier,
    and these depend on columns, too. A contribution includes that way through the
    classifier: a column that the classifier alone reads has one. One that neither
    reads has 0.

    Parameters
    ----------
    model : RLCalibratedClassifier or Pipeline
        Fitted. Of a pipeline whose last step is a corrector, the columns are those of the
        table that goes into the pipeline.

    X : {array-like, dataframe} of shape (n_samples, n_columns)
        Rows to explain.

    background : {array-like, dataframe} of shape (n_background, n_columns)
        Rows to compare with, such as 100 drawn from the table that X is from. The time
        grows with their number.

    pos_label : int, float, bool or str, default=None
        Class whose adjustment is explained. None is the positive class of the model; if it
        has several, as with more than two classes and no `pos_label`, the class that each
        row is predicted as after the correction.

    n_permutations : int, default=2
        Orders that are drawn for each row of the background. The error of the single
        contributions falls with its square root.

    random_state : int, RandomState instance or None, default=None
        Draws the orders, the same for all rows. None is another draw at each call; global
        random states are left alone.

    **predict_params : dict
        Metadata for the classifier's `predict_proba`, by metadata routing. It must hold
        for all rows alike, such as a number of trees.

    Returns
    -------
    explanation : Explanation
        "values", "base_value", "adjustment", "label" and "feature_names".

    Raises
    ------
    ValueError
        If the model is no fitted corrector, X or `background` is no table of the columns
        that it takes, or an argument is out of its range.

    Notes
    -----
    It predicts ``2 * n_permutations * n_background * (n_columns - 1)`` rows for each row
    of X. These mix values of two rows: combinations of columns that hang together may be
    ones that do not occur.

    The columns that a :class:`~sklearn_rlcorrect.PrecomputedProbaClassifier` reads are one
    distribution and change together. What they contribute stands in the column of the
    class that is explained.

    References
    ----------
    .. [1] E. Štrumbelj and I. Kononenko, "Explaining prediction models and individual
       predictions with feature contributions", Knowledge and Information Systems 41, 2014.
    .. [2] J. Castro, D. Gómez and J. Tejada, "Polynomial calculation of the Shapley value
       based on sampling", Computers & Operations Research 36, 2009; with antithetic pairs:
       R. Mitchell, J. Cooper, E. Frank and G. Holmes, "Sampling Permutations for Shapley
       Value Estimation", JMLR 23, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.explanation import explain_adjustment
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = RLCalibratedClassifier(total_timesteps=2_000, random_state=0)
    >>> model = model.fit(X, X[:, 0] ** 2 > 1)
    >>> why = explain_adjustment(model, X[:5], X[100:], random_state=0)
    >>> why.feature_names[abs(why.values).mean(axis=0).argmax()]
    'x0'
    >>> np.allclose(why.values.sum(axis=1), why.adjustment - why.base_value)
    True
    """
    check_scalar(n_permutations, "n_permutations", Integral, min_val=1)
    rng = own_random_state(random_state)
    corrector = check_corrector(_last_step(model), "model")
    X, background = _table(X, "X"), _table(background, "background")
    rows, names = _stacked(background, X), _names(X)
    adjust = partial(_adjustments, model, predict_params)
    adjustments, base = adjust(X), adjust(background)
    classes = _explained_classes(model, corrector, X, pos_label, predict_params)
    shared = _shared_columns(model, names)
    walks = _drawn_walks(rng, n_permutations, len(background), _players(names, shared))
    values = np.empty((len(X), len(names)))
    for i, k in enumerate(classes):
        ends = base[:, k], adjustments[i, k]
        values[i] = _contributions(adjust, rows, len(background) + i, k, ends, walks)
    values[:, shared] *= np.equal.outer(classes, np.arange(len(shared)))
    return Explanation(
        values,
        base[:, classes].mean(axis=0),
        adjustments[np.arange(len(X)), classes],
        corrector.classes_[classes],
        names,
    )


class _Walks(NamedTuple):
    """Ways from a row of the background to an explained row, a step for each player.

    A player is a column, or columns that change together.
    """

    ranks: np.ndarray  # (n_walks, n_players): the step at which each player changes
    starts: np.ndarray  # (n_walks,): rows of the background
    players: np.ndarray  # (n_columns,): player of each column


def _drawn_walks(rng, n_permutations, n_background, players):
    # Of uniform numbers any order is equally likely. Each is walked backwards, too.
    shape = n_permutations * n_background, players.max() + 1
    ranks = rng.uniform(size=shape).argsort(axis=1)
    ranks = np.concatenate([ranks, ranks.shape[1] - 1 - ranks])
    return _Walks(ranks, np.arange(len(ranks)) % n_background, players)


def _contributions(adjust, rows, row, k, ends, walks):
    """What each column contributes to the adjustment of class `k`: mean of all walks."""
    n_walks, n_players = walks.ranks.shape
    totals = np.zeros(n_players)
    for batch in gen_batches(n_walks, max(1, _CHUNK // n_players)):
        part = _Walks(walks.ranks[batch], walks.starts[batch], walks.players)
        first, last = ends[0][part.starts], np.full(len(part.starts), ends[1])
        path = [first, *_adjustments_between(adjust, rows, row, k, part), last]
        steps = np.diff(path, axis=0)
        steps[np.abs(steps) < _ROUNDING] = 0.0
        totals += np.take_along_axis(steps, part.ranks.T, axis=0).sum(axis=1)
    return (totals / n_walks)[walks.players]


def _adjustments_between(adjust, rows, row, k, walks):
    """Adjustments after each step but the last, of shape (n_players - 1, n_walks)."""
    n_walks, n_players = walks.ranks.shape
    if n_players == 1:
        return np.empty((0, n_walks))
    steps = np.arange(1, n_players)[:, np.newaxis, np.newaxis]
    is_changed = (walks.ranks < steps)[..., walks.players]
    sources = np.where(is_changed, row, walks.starts[:, np.newaxis])
    mixed = _mixed(rows, sources.reshape(-1, len(walks.players)))
    return adjust(mixed)[:, k].reshape(n_players - 1, n_walks)


def _last_step(model):
    return model[-1] if isinstance(model, Pipeline) else model


def _adjustments(model, predict_params, X):
    X = _for_last_step(model, X)
    return _last_step(model).predict_adjustment(X, **predict_params)


def _for_last_step(model, X):
    X = _native(X)
    return model[:-1].transform(X) if isinstance(model, Pipeline) and len(model) > 1 else X


def _explained_classes(model, corrector, X, pos_label, predict_params):
    """Index of the class that is explained of each row."""
    classes = corrector.classes_
    if pos_label is None:
        _, positives = costs_of(corrector)
    else:
        positives = positive_classes(classes, pos_label)
    if len(positives) == 1:
        return np.full(len(X), positives[0])
    predicted = corrector.predict(_for_last_step(model, X), **predict_params)
    return label_indices(predicted, classes)


def _shared_columns(model, names):
    """Columns that hold one distribution, in the order of the classes."""
    base = getattr(model, "estimator_", None)
    base = getattr(base, "estimator", base)
    if not isinstance(base, PrecomputedProbaClassifier) or len(base.columns) == 1:
        return []
    positions = {name: j for j, name in enumerate(names)}
    return [positions.get(c, c) for c in base.columns]


def _players(names, shared):
    """Player of each column: columns that change together are one."""
    first = np.arange(len(names))
    first[shared] = first[shared].min(initial=len(names))
    return np.unique(first, return_inverse=True)[1]


def _table(X, name):
    """Return X as an array or a narwhals frame, if it is a table with rows."""
    if sparse.issparse(X):
        raise ValueError(f"{name} is a sparse matrix: give {name}.toarray()")
    if hasattr(X, "columns"):
        # Here, because explaining rows of arrays must not need narwhals.
        import narwhals.stable.v2 as nw

        X = nw.from_native(X, eager_only=True)
    else:
        # Numbers in a list stay numbers beside texts.
        X = np.asarray(X) if hasattr(X, "dtype") else np.asarray(X, dtype=object)
    if len(X.shape) != 2 or not all(X.shape):
        raise ValueError(
            f"{name} has shape {X.shape}: it must be a table, with a row for each sample "
            "and a column for each feature."
        )
    return X


def _native(X):
    return X if isinstance(X, np.ndarray) else X.to_native()


def _names(X):
    if isinstance(X, np.ndarray):
        return np.array([f"x{j}" for j in range(X.shape[1])], dtype=object)
    return np.array(X.columns, dtype=object)


def _stacked(background, X):
    """Rows of both, the background first, with the types of columns that they have."""
    if isinstance(X, np.ndarray) != isinstance(background, np.ndarray):
        raise ValueError("X and background must both be arrays, or both be frames.")
    names, others = _names(X).tolist(), _names(background).tolist()
    if names != others:
        raise ValueError(
            f"background has {len(others)} columns {others[:10]}, and X has {len(names)}: "
            f"{names[:10]}. They must have the same columns in the same order."
        )
    if isinstance(X, np.ndarray):
        return np.concatenate([background, X])
    return _stacked_frames(background, X)


def _stacked_frames(background, X):
    import narwhals.stable.v2 as nw

    # Integers become floats where the other table has gaps.
    types = [(name, X.schema[name], background.schema[name]) for name in X.columns]
    floats = [
        nw.col(name).cast(nw.Float64)
        for name, ours, theirs in types
        if ours != theirs and ours.is_numeric() and theirs.is_numeric()
    ]
    X, background = X.with_columns(*floats), background.with_columns(*floats)
    try:
        rows = nw.concat([background, X])
    except Exception as error:  # each kind of frame fails in its own way
        raise ValueError(
            f"background has columns of other types than X: {error}"
        ) from error
    for name, dtype in X.schema.items():
        if dtype in (nw.Categorical, nw.Enum) and rows.schema[name] != dtype:
            raise ValueError(
                f"column {name!r} of background has other categories than that of X: take "
                "both from one table."
            )
    return rows


def _mixed(rows, sources):
    """Rows whose values are of other rows: of row ``sources[i, j]`` in column ``j``."""
    if isinstance(rows, np.ndarray):
        return rows[sources, np.arange(rows.shape[1])]
    columns = [column[sources[:, j]] for j, column in enumerate(rows.iter_columns())]
    # The frame, for its kind; all of its columns are replaced.
    return rows[sources[:, 0]].with_columns(*columns)

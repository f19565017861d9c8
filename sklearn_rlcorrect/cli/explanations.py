"""The largest corrections of ``rlcorrect infer``, and why these rows were moved."""

from pathlib import Path

import numpy as np

from sklearn_rlcorrect._updating import costs_of
from sklearn_rlcorrect.explanation import explain_adjustment
from sklearn_rlcorrect.guard import decisions
from sklearn_rlcorrect.persistence import replacing

# Rows that the explained ones are compared with, drawn by a fixed seed.
_N_BACKGROUND = 100
_SEED = 0

_N_REASONS = 3

# Of contributions: a millionth of a probability.
_DECIMALS = 6


def explanations_path(output):
    """Return the file beside the predictions that explanations are written to.

    Parameters
    ----------
    output : str or path-like
        File of the predictions.

    Returns
    -------
    path : pathlib.Path
        A CSV.

    Examples
    --------
    >>> from sklearn_rlcorrect.cli.explanations import explanations_path
    >>> explanations_path("corrected_probs.parquet").name
    'corrected_probs_explanations.csv'
    """
    return Path(output).with_name(f"{Path(output).stem}_explanations.csv")


class LargestCorrections:
    """The rows that were moved furthest, and a sample of all, from a table in pieces.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    n_rows : int
        Number of rows to explain.
    """

    def __init__(self, model, n_rows):
        self._model = model
        self._largest = _KeptRows(n_rows)
        self._background = _KeptRows(_N_BACKGROUND)
        self._rng = np.random.default_rng(_SEED)

    def add(self, X, before, after):
        """Keep what is to be kept of a piece.

        Parameters
        ----------
        X : {ndarray, pandas.DataFrame} of shape (n_samples, n_features)
            Next rows.

        before, after : ndarray of shape (n_samples, n_classes)
            Probabilities of the classifier, and corrected ones.
        """
        self._largest.add(_moved(self._model, before, after), X)
        # Those with the largest of random numbers are a sample without replacement.
        self._background.add(self._rng.random(len(X)), X)

    def explain(self, path):
        """Write why the rows were moved, the one that was moved furthest first.

        Parameters
        ----------
        path : pathlib.Path
            CSV to write; replaced if it exists.

        Returns
        -------
        n_explained : int
            Number of rows.
        """
        X, rows = self._largest.X, self._largest.numbers
        explanation = explain_adjustment(
            self._model, X, self._background.X, random_state=_SEED
        )
        frame = _frame(explanation, X, rows)
        with replacing(path) as temporary:
            frame.to_csv(temporary, index=False)
        return len(rows)


def _moved(model, before, after):
    """How far each row is moved, by the class that is explained."""
    _, positives = costs_of(model)
    of_one = np.full(len(after), positives[0])
    classes = of_one if len(positives) == 1 else decisions(model, after)
    return np.abs(after - before)[np.arange(len(after)), classes]


class _KeptRows:
    """The rows with the largest keys so far, the largest first; of equal ones the first."""

    def __init__(self, n_rows):
        self.n_rows = n_rows
        self.n_seen = 0
        self.keys = np.empty(0)
        self.numbers = np.empty(0, dtype=int)
        self.X = None

    def add(self, keys, X):
        numbers = np.arange(self.n_seen, self.n_seen + len(X))
        self.n_seen += len(X)
        # First of the piece alone, so that not all of it is copied.
        new = np.argsort(-keys, kind="stable")[: self.n_rows]
        keys = np.concatenate([self.keys, keys[new]])
        numbers = np.concatenate([self.numbers, numbers[new]])
        X = _stacked(self.X, _taken(X, new))
        kept = np.argsort(-keys, kind="stable")[: self.n_rows]
        self.keys, self.numbers, self.X = keys[kept], numbers[kept], _taken(X, kept)


def _taken(X, rows):
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def _stacked(X, more):
    if X is None:
        return more
    if not hasattr(X, "iloc"):
        return np.concatenate([X, more])
    import pandas as pd

    return pd.concat([X, more], ignore_index=True)


def _frame(explanation, X, rows):
    """A line for each row: class, adjustment, the strongest reasons and all others."""
    import pandas as pd

    values = explanation.values
    n_reasons = min(_N_REASONS, values.shape[1])
    strongest = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :n_reasons]
    contributions = np.take_along_axis(values, strongest, axis=1)
    columns = {
        "row": rows,
        "class": explanation.label,
        "adjustment": explanation.adjustment.round(_DECIMALS),
        "mean_adjustment": explanation.base_value.round(_DECIMALS),
    }
    for j in range(n_reasons):
        columns[f"column_{j + 1}"] = explanation.feature_names[strongest[:, j]]
        columns[f"value_{j + 1}"] = _cells(X, strongest[:, j])
        columns[f"contribution_{j + 1}"] = contributions[:, j].round(_DECIMALS)
    others = values.sum(axis=1) - contributions.sum(axis=1)
    columns["other_contributions"] = others.round(_DECIMALS)
    return pd.DataFrame(columns)


def _cells(X, columns):
    """One value of each row, each of the type that it has in its column."""
    if hasattr(X, "iloc"):
        return [X.iloc[i, j] for i, j in enumerate(columns)]
    return [X[i, j] for i, j in enumerate(columns)]

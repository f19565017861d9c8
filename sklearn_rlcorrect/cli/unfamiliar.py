"""How rows differ in kind from the training: new categories, texts, empty columns."""

from collections import Counter

import numpy as np

from sklearn_rlcorrect.datasets.chunks import table_features

# Columns that have a line.
_MOST_LINES = 10


class UnfamiliarValues:
    """Counts of values of another kind than in the training, from a table in pieces.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted. Nothing is counted if neither its features nor its classifier's pipeline
        begin with a :class:`~sklearn_rlcorrect.features.TableFeatures`.
    """

    def __init__(self, model):
        self._table = table_features(model)
        self._known = _known_columns(model, self._table)
        self._n_rows, self._n_missing = 0, 0
        self._unknown, self._texts = Counter(), Counter()

    def add(self, X, before=None, after=None):
        """Count the values of a piece.

        Parameters
        ----------
        X : {ndarray, pandas.DataFrame} of shape (n_samples, n_features)
            Next rows.

        before, after : ndarray of shape (n_samples, n_classes), default=None
            Probabilities, which are ignored.
        """
        if self._table is None:
            return
        self._n_rows += len(X)
        is_missing = X.isna() if hasattr(X, "isna") else X != X
        self._n_missing = self._n_missing + np.asarray(is_missing).sum(axis=0)
        unknown, texts = self._table.count_unfamiliar(X)
        self._unknown.update(unknown)
        self._texts.update(texts)

    def lines(self):
        """Return a line for each column, those with the most such rows first.

        Returns
        -------
        lines : list of str
            Ten at most, and one for all other columns; and one for the columns without
            a value in any row, if the training knew values of them.
        """
        found = (self._unknown + self._texts).most_common()
        lines = [self._line(column, n_rows) for column, n_rows in found[:_MOST_LINES]]
        n_more = len(found) - len(lines)
        more = f"{n_more} more columns hold values of a kind that is unknown in training"
        return [*lines, *([more] if n_more else []), *self._missing_line()]

    def _missing_line(self):
        """Return a line on the columns that nothing stands in; none if there are none."""
        known = self._known if self._n_rows else []
        empty = [j for j in known if self._n_missing[j] == self._n_rows]
        names = ", ".join(repr(self._name(j)) for j in empty[:_MOST_LINES])
        more = f" and {len(empty) - _MOST_LINES} more" if empty[_MOST_LINES:] else ""
        which = f"column{'s' * (len(empty) > 1)} {names}{more}"
        return [f"all {self._n_rows} rows lack a value in {which}"] if empty else []

    def _name(self, column):
        return getattr(self._table, "feature_names_in_", range(column + 1))[column]

    def _line(self, column, n_rows):
        what = "texts in place of numbers, which are read as numbers"
        if column in self._unknown:
            what = f"categories unknown in training, which count as {self._as(column)}"
        return f"column {self._name(column)!r}: {n_rows} of {self._n_rows} rows hold {what}"

    def _as(self, column):
        position = self._table.categorical_.index(column)
        rare = self._table.one_hot_.infrequent_categories_[position]
        return "none" if rare is None else "the rare ones"


def _known_columns(model, table):
    """Positions of the columns of which the training knew values, as far as can be told."""
    if table is None:
        return []
    numbers, categories = table.numeric_, []
    if table is model.feature_transformer_:
        # It has a mean of each number that was there at all, behind the log-odds.
        means = model.observation_scaler_.mean_[len(model.classes_) :]
        numbers = [j for j, mean in zip(numbers, means, strict=False) if mean == mean]
    if table.categorical_:
        encoded = zip(table.categorical_, table.one_hot_.categories_, strict=True)
        categories = [j for j, known in encoded if known.tolist() != [None]]
    return sorted(numbers + categories)

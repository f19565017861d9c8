"""What rows hold that the training did not: unknown categories, texts for numbers."""

from collections import Counter

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
        self._n_rows = 0
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
        unknown, texts = self._table.count_unfamiliar(X)
        self._unknown.update(unknown)
        self._texts.update(texts)

    def lines(self):
        """Return a line for each column, those with the most such rows first.

        Returns
        -------
        lines : list of str
            Ten at most, and one for all other columns.
        """
        found = (self._unknown + self._texts).most_common()
        lines = [self._line(column, n_rows) for column, n_rows in found[:_MOST_LINES]]
        n_more = len(found) - len(lines)
        more = f"{n_more} more columns hold values of a kind that is unknown in training"
        return [*lines, more] if n_more else lines

    def _line(self, column, n_rows):
        name = getattr(self._table, "feature_names_in_", range(column + 1))[column]
        what = "texts in place of numbers, which are read as numbers"
        if column in self._unknown:
            what = f"categories unknown in training, which count as {self._as(column)}"
        return f"column {name!r}: {n_rows} of {self._n_rows} rows hold {what}"

    def _as(self, column):
        position = self._table.categorical_.index(column)
        rare = self._table.one_hot_.infrequent_categories_[position]
        return "none" if rare is None else "the rare ones"

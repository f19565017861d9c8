"""Features for the policy, made of any table."""

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.impute import MissingIndicator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder
from sklearn.utils.validation import check_is_fitted

from sklearn_rlcorrect._doc_link import DocLinkMixin

_MAX_CATEGORIES = 20
_MAX_SPARSE_COLUMNS = 100


class TableFeatures(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Numbers from the columns of an array or of a pandas or polars frame.

    Numeric and bool columns stay as they are, NaN included, with a mark where a value is
    missing. Text, category and other object columns are one-hot encoded, at most 20
    categories each, the rarest in one. Dates and durations are left out.

    Attributes
    ----------
    numeric_, categorical_ : list of int
        Columns of either kind.

    missing_ : MissingIndicator
        Marks missing numbers.

    one_hot_ : OneHotEncoder
        Encodes categories.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.features import TableFeatures
    >>> X = np.array([[1.5, "a"], [np.nan, "b"]], dtype=object)
    >>> TableFeatures().fit_transform(X)
    array([[1.5, 0. , 1. , 0. ],
           [nan, 1. , 0. , 1. ]])
    """

    def fit(self, X, y=None):
        """Learn which columns there are, and their categories.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            Table.

        y : None
            Ignored.

        Returns
        -------
        self : TableFeatures
            Fitted transformer.
        """
        columns = _columns(X)
        kinds = [_kind(column) for column in columns]
        self.numeric_ = [j for j, kind in enumerate(kinds) if kind == "numeric"]
        self.categorical_ = [j for j, kind in enumerate(kinds) if kind == "categorical"]
        self.missing_ = MissingIndicator(error_on_new=False)
        self.one_hot_ = OneHotEncoder(
            max_categories=_MAX_CATEGORIES,
            handle_unknown="infrequent_if_exist",
            sparse_output=False,
        )
        numbers, categories = self._split(columns)
        for transformer, part in [(self.missing_, numbers), (self.one_hot_, categories)]:
            if part.shape[1]:
                transformer.set_output(transform="default").fit(part)
        return self

    def transform(self, X):
        """Make the features.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            Table.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            Numbers, marks of missing numbers, categories.
        """
        check_is_fitted(self)
        numbers, categories = self._split(_columns(X))
        features = [numbers]
        if self.numeric_ and len(self.missing_.features_):
            features.append(self.missing_.transform(numbers))
        if self.categorical_:
            features.append(self.one_hot_.transform(categories))
        return np.hstack(features, dtype=np.float64) if features[1:] else numbers

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _split(self, columns):
        n_samples = len(columns[0])
        numbers = np.empty((n_samples, len(self.numeric_)))
        for i, j in enumerate(self.numeric_):
            numbers[:, i] = _numbers(columns[j])
        categories = np.empty((n_samples, len(self.categorical_)), dtype=object)
        for i, j in enumerate(self.categorical_):
            categories[:, i] = _categories(columns[j])
        return numbers, categories


def auto_features(X, random_state):
    """Build the unfitted transformer of ``features="auto"``.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe}
        Input of the classifier.

    random_state : int
        Seed of the projection that wide sparse input gets.

    Returns
    -------
    transformer : transformer or None
        None where X is no table, such as a list of texts.
    """
    if sparse.issparse(X):
        steps = [MaxAbsScaler()]
        if X.shape[1] > _MAX_SPARSE_COLUMNS:
            steps.append(TruncatedSVD(_MAX_SPARSE_COLUMNS, random_state=random_state))
        return make_pipeline(*steps).set_output(transform="default")
    is_table = any(_kind(column) for column in _columns(X) or [])
    return TableFeatures() if is_table else None


def _columns(X):
    """Columns of a table, as arrays or narwhals series; None where X is no table."""
    if hasattr(X, "columns"):
        return list(nw.from_native(X, eager_only=True).iter_columns())
    # As objects, so that numbers in a list stay numbers beside texts.
    X = X if hasattr(X, "dtype") else np.asarray(X, dtype=object)
    return list(np.asarray(X).T) if np.ndim(X) == 2 else None


def _kind(column):
    """Tell "numeric" from "categorical"; empty for what is neither."""
    if isinstance(column, nw.Series):
        dtype = column.dtype
        # A bool that may be missing is a category of its own: MLflow makes texts of it.
        if dtype.is_numeric() or (dtype == nw.Boolean and not column.null_count()):
            return "numeric"
        return "" if dtype.is_temporal() else "categorical"
    if column.dtype.kind in "biuf":
        return "numeric"
    if column.dtype.kind != "O":
        return "categorical" if column.dtype.kind in "SU" else ""
    try:
        _numbers(column)
    except (TypeError, ValueError):
        return "categorical"
    return "numeric"


def _numbers(column):
    if isinstance(column, nw.Series):
        return column.cast(nw.Float64).to_numpy()
    if column.dtype.kind != "O":
        return column
    return np.array([np.nan if _is_missing(v) else float(v) for v in column])


def _categories(column):
    """Texts, and None for what is missing: all that an encoder can compare."""
    return [None if _is_missing(value) else str(value) for value in column]


def _is_missing(value):
    """Whether a value is None, NaN, or a missing value of pandas."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):
        # Of all values, only those that are missing refuse to say.
        return True

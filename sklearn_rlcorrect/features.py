"""Features for the policy, made of any table."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.impute import MissingIndicator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rlcorrect._doc_link import DocLinkMixin

_MAX_CATEGORIES = 20
_MAX_SPARSE_COLUMNS = 100

# Kinds of dates and durations.
_TIMES = (date, timedelta, np.datetime64, np.timedelta64)

# How files write the values of a bool column.
_TRUTH = {"false": 0.0, "true": 1.0}


class TableFeatures(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Numeric features from the columns of an array or of a pandas or polars frame.

    Columns of numbers and bools stay as they are, NaN included, with an indicator where a
    value is missing; so do columns of objects that are all numbers, and sparse ones. Text,
    category and other object columns are one-hot encoded, with at most 20 categories each,
    the rarest in one. Dates and durations are left out.

    Attributes
    ----------
    numeric_, categorical_ : list of int
        Positions of the numeric columns, and of those with categories.

    missing_ : MissingIndicator
        Marks missing numbers.

    one_hot_ : OneHotEncoder
        Encodes categories.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where X has any.

    See Also
    --------
    sklearn.compose.make_column_transformer : Applies a transformer of your choice to
        each group of columns.

    Notes
    -----
    It is what ``RLCalibratedClassifier(features="auto")`` makes of a table. It takes no
    sparse matrices: ``"auto"`` scales these, and projects them if they are wide.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.features import TableFeatures
    >>> X = np.array([[1.5, "a"], [np.nan, "b"]], dtype=object)
    >>> table = TableFeatures()
    >>> table.fit_transform(X)
    array([[1.5, 0. , 1. , 0. ],
           [nan, 1. , 0. , 1. ]])
    >>> table.get_feature_names_out(["price", "size"]).tolist()
    ['price', 'missingindicator_price', 'size_a', 'size_b']
    """

    def fit(self, X, y=None):
        """Learn which columns are numbers, and the categories of the others.

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

        Raises
        ------
        ValueError, TypeError
            If X is no table, or a sparse matrix.
        """
        columns = self._checked_columns(X, reset=True)
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
        """Compute the features.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            Table with the columns of `fit`, in the same order.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            Numbers, indicators of missing numbers, categories.

        Raises
        ------
        ValueError
            If X has other columns than in `fit`, or in another order; or texts where
            there were numbers.
        """
        check_is_fitted(self)
        numbers, categories = self._split(self._checked_columns(X, reset=False))
        features = [numbers]
        if self._has_indicators():
            features.append(self.missing_.transform(numbers))
        if self.categorical_:
            features.append(self.one_hot_.transform(categories))
        return np.hstack(features, dtype=np.float64) if features[1:] else numbers

    def count_unfamiliar(self, X):
        """Count values of X that are of another kind than those of `fit`, per column.

        Parameters
        ----------
        X : {array-like, dataframe} of shape (n_samples, n_features)
            Table that :meth:`transform` takes.

        Returns
        -------
        unknown : dict of int to int
            Rows whose category `fit` did not see, per position of a column with categories.
            Such a category counts as the rare ones, if `fit` put some in one, else as none
            of those that are known. A missing value is not counted.

        texts : dict of int to int
            Rows that hold a text, per position of a column of numbers: :meth:`transform`
            reads it as a number.

        Examples
        --------
        >>> from sklearn_rlcorrect.features import TableFeatures
        >>> table = TableFeatures().fit([[1.5, "a"], [2.5, "b"]])
        >>> table.count_unfamiliar([["1.5", "c"], [2.5, "a"], ["3", None]])
        ({1: 1}, {0: 2})
        """
        check_is_fitted(self)
        columns = self._checked_columns(X, reset=False)
        unknown, texts = {}, {j: _n_texts(columns[j]) for j in self.numeric_}
        for j, known in zip(self.categorical_, self._known_categories(), strict=True):
            values = _categories(columns[j], known)
            unknown[j] = sum(value is not None and value not in known for value in values)
        counts = unknown, texts
        return tuple({j: n for j, n in count.items() if n} for count in counts)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the features.

        Parameters
        ----------
        input_features : array-like of str of shape (n_features,), default=None
            Names of the columns. None is `feature_names_in_`, or "x0", "x1", ... where X
            had no names.

        Returns
        -------
        names : ndarray of str of shape (n_features_out,)
            Names of the columns of :meth:`transform`.

        Raises
        ------
        ValueError
            If `input_features` are not the names, or not as many.
        """
        # The public way to the check that all of scikit-learn's transformers make.
        columns = OneToOneFeatureMixin.get_feature_names_out(self, input_features)
        names = [columns[self.numeric_]]
        if self._has_indicators():
            names.append(self.missing_.get_feature_names_out(names[0]))
        if self.categorical_:
            names.append(self.one_hot_.get_feature_names_out(columns[self.categorical_]))
        return np.concatenate(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _checked_columns(self, X, *, reset):
        """Columns of X, if it has those of `fit`."""
        X = X if hasattr(X, "dtype") or hasattr(X, "columns") else _as_objects(X)
        # Files of earlier releases do not say what the columns were.
        if reset or hasattr(self, "n_features_in_"):
            # Arrays keep their type, and frames are not made arrays.
            X = validate_data(
                self,
                X,
                reset=reset,
                skip_check_array=hasattr(X, "columns"),
                dtype=None,
                ensure_all_finite=False,
            )
        return _columns(X)

    def _split(self, columns):
        n_samples = len(columns[0])
        numbers = np.empty((n_samples, len(self.numeric_)))
        for i, j in enumerate(self.numeric_):
            numbers[:, i] = self._numbers_of_column(columns[j], j)
        # Infinite values, which boosted trees take, are missing values here.
        numbers[np.isinf(numbers)] = np.nan
        categories = np.empty((n_samples, len(self.categorical_)), dtype=object)
        for i, known in enumerate(self._known_categories()):
            categories[:, i] = _categories(columns[self.categorical_[i]], known)
        return numbers, categories

    def _known_categories(self):
        """Categories of each column that has any; none before they are learnt."""
        none = [()] * len(self.categorical_)
        return [set(known) for known in getattr(self.one_hot_, "categories_", none)]

    def _numbers_of_column(self, column, j):
        try:
            return _numbers(column)
        except (TypeError, ValueError) as error:
            name = getattr(self, "feature_names_in_", range(j + 1))[j]
            raise ValueError(
                f"column {name!r} of X held numbers in fit, and now: {error}"
            ) from error

    def _has_indicators(self):
        return bool(self.numeric_) and len(self.missing_.features_) > 0


def auto_features(X, random_state):
    """Build the unfitted transformer of ``features="auto"``.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe}
        Input of the classifier.

    random_state : int
        Seed of the projection of wide sparse matrices.

    Returns
    -------
    transformer : transformer or None
        None where X is no table, such as a list of texts.

    Examples
    --------
    >>> from sklearn_rlcorrect.features import auto_features
    >>> auto_features([[1.5, "a"], [2.5, "b"]], random_state=0)
    TableFeatures()
    >>> auto_features(["a text", "another"], random_state=0) is None
    True
    """
    if sparse.issparse(X):
        steps = [MaxAbsScaler()]
        if X.shape[1] > _MAX_SPARSE_COLUMNS:
            steps.append(TruncatedSVD(_MAX_SPARSE_COLUMNS, random_state=random_state))
        transformer = make_pipeline(*steps)
    elif any(_kind(column) for column in _columns(X) or []):
        transformer = TableFeatures()
    else:
        return None
    return transformer.set_output(transform="default")


def _as_objects(X):
    """Array of a list, in which numbers stay numbers beside texts."""
    return np.asarray(X, dtype=object)


def _columns(X):
    """Columns of a table, as arrays or narwhals series; None where X is no table."""
    if hasattr(X, "columns"):
        # Here, because predicting from arrays must not need narwhals.
        import narwhals.stable.v2 as nw

        return list(nw.from_native(X, eager_only=True).iter_columns())
    X = np.asarray(X) if hasattr(X, "dtype") else _as_objects(X)
    return list(X.T) if X.ndim == 2 else None


def _kind(column):
    """Return "numeric" or "categorical"; empty for a column that is neither."""
    if not isinstance(column, np.ndarray):
        return _kind_of_series(column)
    if column.dtype.kind in "biuf":
        return "numeric"
    if column.dtype.kind != "O":
        return "categorical" if column.dtype.kind in "SU" else ""
    values = [value for value in column if not _is_missing(value)]
    if values and all(isinstance(value, _TIMES) for value in values):
        return ""
    # Digits may be the name of something, such as a postal code.
    if any(isinstance(value, str) for value in values):
        return "categorical"
    try:
        _numbers(column)
    except (TypeError, ValueError):
        return "categorical"
    return "numeric"


def _kind_of_series(series):
    import narwhals.stable.v2 as nw

    if _holds_numbers(series):
        return "numeric"
    if series.dtype.is_temporal():
        return ""
    if series.dtype in (nw.String, nw.Categorical, nw.Enum):
        return "categorical"
    # Objects, and types that narwhals does not know, such as the sparse ones of pandas.
    return _kind(series.to_numpy())


def _n_texts(column):
    """Number of texts among the values of a column."""
    if isinstance(column, np.ndarray):
        has_texts = column.dtype.kind in "OSU"
    else:
        has_texts = not (_holds_numbers(column) or column.dtype.is_temporal())
    return sum(isinstance(value, str | bytes) for value in column) if has_texts else 0


def _holds_numbers(series):
    import narwhals.stable.v2 as nw

    return series.dtype.is_numeric() or series.dtype == nw.Boolean


def _numbers(column):
    """Values of a column as floats; raises if one is no number."""
    if not isinstance(column, np.ndarray):
        import narwhals.stable.v2 as nw

        if _holds_numbers(column):
            return column.cast(nw.Float64).to_numpy()
        column = column.to_numpy()
    if column.dtype.kind in "biuf":
        return column
    if column.dtype.kind in "mM":
        raise TypeError("dates and durations are no numbers")
    return np.array([_number(value) for value in column], dtype=np.float64)


def _number(value):
    if _is_missing(value):
        return np.nan
    if isinstance(value, str) and value.lower() in _TRUTH:
        return _TRUTH[value.lower()]
    if isinstance(value, str) and "_" in value:
        # Python would read it as a number, and nobody else.
        raise ValueError(f"could not convert string to float: {value!r}")
    try:
        return float(value)
    except OverflowError:
        # As infinite as numbers come, and so missing.
        return np.nan


def _categories(column, known):
    """Texts, and None for what is missing: all that an encoder can compare."""
    return [None if _is_missing(value) else _text(value, known) for value in column]


def _text(value, known):
    """Text of a value, the same for 1 and 1.0: integers with gaps become floats."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    is_number = isinstance(value, int | float | Decimal | np.integer | np.floating)
    if not is_number or isinstance(value, bool) or float(value) % 1 != 0:
        return str(value)
    whole, decimal = str(int(value)), str(float(value))
    # As an earlier release wrote it, where the column knows it so.
    return decimal if decimal in known and whole not in known else whole


def _is_missing(value):
    """Whether a value is None, NaN, or a missing value of pandas."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError, ArithmeticError):
        # Of all values, only those that are missing refuse to say.
        return True

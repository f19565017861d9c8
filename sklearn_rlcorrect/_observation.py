"""What the agent sees: the probabilities, their log-odds and, where allowed, features."""

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.impute import MissingIndicator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, StandardScaler
from sklearn.utils import check_array

# Bound of every entry of an observation: a feature far outside the training rows may
# not drive the policy anywhere it has not been.
OBSERVATION_BOUND = 10.0

# Log-odds are taken of probabilities clipped to [_EPSILON, 1 - _EPSILON].
_EPSILON = 1e-4
_MAX_CATEGORIES = 20
_MAX_SPARSE_COLUMNS = 100


def observe(proba, features, scaler):
    """Observations from probabilities and features.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classifier.

    features : ndarray of shape (n_samples, n_features) or None
        Numeric features. What is missing counts as the mean.

    scaler : StandardScaler
        From :func:`fit_scaler`.

    Returns
    -------
    observations : ndarray of shape (n_samples, 2 * n_classes + n_features)
        The probabilities as they are, then scaled log-odds, then scaled features.
    """
    scaled = np.nan_to_num(scaler.transform(_log_odds_and_features(proba, features)))
    return np.hstack([proba, scaled.clip(-OBSERVATION_BOUND, OBSERVATION_BOUND)])


def fit_scaler(proba, features):
    """Fit the scaler of log-odds and features."""
    return StandardScaler().fit(_log_odds_and_features(proba, features))


def dense_features(transformer, X):
    """Features of X as a dense array of numbers or NaN; None without a transformer."""
    if transformer is None:
        return None
    features = check_array(
        transformer.transform(X),
        accept_sparse="csr",
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        input_name="features",
    )
    return features.toarray() if sparse.issparse(features) else features


def _log_odds_and_features(proba, features):
    clipped = np.clip(proba, _EPSILON, 1 - _EPSILON)
    log_odds = np.log(clipped) - np.log1p(-clipped)
    return log_odds if features is None else np.hstack([log_odds, features])


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
        return _sparse_transformer(X.shape[1], random_state)
    columns = _columns_by_kind(X)
    if columns is None:
        return None
    numeric, categorical = columns
    if not numeric and not categorical:
        return None
    one_hot = OneHotEncoder(
        max_categories=_MAX_CATEGORIES,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    )
    return ColumnTransformer(
        [
            # Scaling keeps NaN, and turns every kind of number into floats.
            ("numeric", StandardScaler(), numeric),
            ("missing", MissingIndicator(error_on_new=False), numeric),
            ("categorical", one_hot, categorical),
        ]
    )


def _sparse_transformer(n_columns, random_state):
    if n_columns <= _MAX_SPARSE_COLUMNS:
        return MaxAbsScaler()
    projection = TruncatedSVD(_MAX_SPARSE_COLUMNS, random_state=random_state)
    return make_pipeline(MaxAbsScaler(), projection)


def _columns_by_kind(X):
    """Indices of numeric and of categorical columns; None where X is no table."""
    if hasattr(X, "columns"):
        dtypes = nw.from_native(X, eager_only=True).schema.dtypes()
        numeric = [j for j, dtype in enumerate(dtypes) if dtype.is_numeric()]
        return numeric, [j for j, dtype in enumerate(dtypes) if _is_category(dtype)]
    X = np.asarray(X)
    if X.ndim != 2:
        return None
    numeric = [j for j in range(X.shape[1]) if _is_number(X[:, j])]
    return numeric, [j for j in range(X.shape[1]) if j not in set(numeric)]


def _is_category(dtype):
    return dtype in (nw.String, nw.Categorical, nw.Enum, nw.Boolean, nw.Object)


def _is_number(column):
    if column.dtype.kind in "iuf":
        return True
    if column.dtype.kind in "bU":
        return False
    try:
        column.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True

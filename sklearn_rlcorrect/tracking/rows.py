"""The rows of a run: their fingerprint, where they are, and which were held out."""

import hashlib
import json

import numpy as np
from scipy import sparse

_FINGERPRINT = "rlcorrect.data_fingerprint"
_ROWS, _CAUTION = "rlcorrect.rows", "rlcorrect.caution"
_HELD_OUT_FILE = "held_out_rows.txt"


def fingerprint(X, y):
    """Hash labelled rows.

    The hash depends on shape, column names and values only: equal rows have the same
    hash on every machine and from every kind of file, as integers or as floats.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    y : array-like of shape (n_samples,)
        Labels.

    Returns
    -------
    digest : str
        32 hexadecimal digits.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import fingerprint
    >>> digest = fingerprint([[1.0, 2.0]], ["yes"])
    >>> digest == fingerprint([[1, 2]], ["yes"])
    True
    >>> digest == fingerprint([[1.0, 2.0]], ["no"])
    False
    """
    import pandas as pd

    X = as_mlflow_takes(X)
    shape = np.shape(X)
    if sparse.issparse(X):
        X = X.tocoo()
        X = np.column_stack([X.row, X.col, X.data])
    digest = hashlib.sha256(repr(shape).encode())
    for table in (pd.DataFrame(X), pd.DataFrame({"y": np.asarray(y)})):
        digest.update(repr(list(map(str, table.columns))).encode())
        values = table.apply(_hashable)
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:32]


def log_rows(X, y, held_out, *, name, options, caution=""):
    """Log to the active run which rows it was trained from.

    Parameters
    ----------
    X : {ndarray, dataframe} of shape (n_samples, n_features)
        All rows, training and held-out.

    y : ndarray of shape (n_samples,)
        Labels.

    held_out : ndarray of int
        Indices of the rows that training did not use.

    name : str
        Name of the data set.

    options : dict of str to str
        Where the rows are, such as the options of a command that reads them.

    caution : str, default=""
        Warning for whoever evaluates the model.

    See Also
    --------
    trained_on : Returns `options`.
    caution_of : Returns `caution`.
    held_out_rows : Returns `held_out`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_rlcorrect.tracking import log_rows
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> log_rows(
    ...     X, y, np.arange(400, 569), name="cancer", options={"data": "cancer.csv"}
    ... )  # doctest: +SKIP
    """
    import mlflow

    log_fingerprint(fingerprint(X, y), name=name, context="train")
    mlflow.set_tags({_ROWS: json.dumps(options), _CAUTION: caution})
    mlflow.log_text("\n".join(map(str, held_out.tolist())), _HELD_OUT_FILE)


def trained_on(run):
    """Return where the rows are that a run was trained from.

    Parameters
    ----------
    run : mlflow.entities.Run or None
        Run of a training, from :func:`load_model`.

    Returns
    -------
    options : dict of str to str, or None
        The `options` of :func:`log_rows`; None if the run has none.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import trained_on
    >>> trained_on(None) is None
    True
    """
    text = None if run is None else run.data.tags.get(_ROWS)
    return None if text is None else json.loads(text)


def caution_of(run):
    """Return the warning for whoever evaluates the model of a run.

    Parameters
    ----------
    run : mlflow.entities.Run or None
        Run of a training, from :func:`load_model`.

    Returns
    -------
    caution : str
        The `caution` of :func:`log_rows`; empty if the run has none.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import caution_of
    >>> caution_of(None)
    ''
    """
    return "" if run is None else run.data.tags.get(_CAUTION, "")


def held_out_rows(run, X, y):
    """Return the rows of a data set that a run was not trained on.

    Parameters
    ----------
    run : mlflow.entities.Run
        Run of a training, from :func:`load_model`.

    X : {array-like, dataframe} of shape (n_samples, n_features)
        Rows.

    y : array-like of shape (n_samples,)
        Labels.

    Returns
    -------
    rows : ndarray of int, or None
        Indices; None if the run was logged with other rows.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_rlcorrect.tracking import held_out_rows, load_model
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model, run = load_model()  # doctest: +SKIP
    >>> rows = held_out_rows(run, X, y)  # doctest: +SKIP
    """
    import mlflow

    if run.data.tags.get(_FINGERPRINT) != fingerprint(X, y):
        return None
    artifacts = mlflow.MlflowClient().list_artifacts(run.info.run_id)
    if _HELD_OUT_FILE not in [artifact.path for artifact in artifacts]:
        return np.arange(len(y))
    text = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/{_HELD_OUT_FILE}")
    return np.array(text.split(), dtype=int)


def log_fingerprint(digest, *, name, context):
    """Log name and hash of a data set to the active run, and none of its rows.

    Parameters
    ----------
    digest : str
        From :func:`fingerprint`.

    name : str
        Name of the data set.

    context : {"train", "test"}
        Its use in the run.
    """
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    mlflow.set_tag(_FINGERPRINT, digest)
    dataset = MetaDataset(CodeDatasetSource(tags={}), name=name, digest=digest)
    try:
        mlflow.log_input(dataset, context=context)
    except Exception:
        # MLflow fails if two processes log the same rows for the first time at once;
        # now they are there.
        mlflow.log_input(dataset, context=context)


def as_mlflow_takes(X):
    """Convert rows to a type that MLflow accepts and that can be sliced.

    Parameters
    ----------
    X : {array-like, sparse matrix or array, dataframe} of shape (n_samples, n_features)
        Rows.

    Returns
    -------
    X : {ndarray, csr_matrix, pandas.DataFrame} of shape (n_samples, n_features)
        The same rows.
    """
    if isinstance(X, list):
        return np.array(X)
    if sparse.issparse(X):
        # MLflow knows sparse matrices, and not yet sparse arrays.
        return sparse.csr_matrix(X)
    return X.to_pandas() if hasattr(X, "to_pandas") else X


def _hashable(column):
    """Convert equal numbers, dates or texts to equal values, whatever their type."""
    from pandas.api import types

    if types.is_numeric_dtype(column.dtype) and column.dtype.kind in "biuf":
        return column.astype("float64")
    return column.astype(object).map(str, na_action="ignore").astype(object)

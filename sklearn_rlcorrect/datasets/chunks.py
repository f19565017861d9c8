"""Chunks of a file of any size, as the X that a fitted corrector takes."""

import numpy as np

from sklearn_rlcorrect.datasets.tables import CHUNK_SIZE, read_chunks
from sklearn_rlcorrect.features import TableFeatures
from sklearn_rlcorrect.precomputed import PrecomputedProbaClassifier


def table_chunks(model, path, chunk_size=CHUNK_SIZE, **csv_options):
    """Pieces of a table with the columns that a model takes.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted on a table.

    path : str or path-like
        CSV or Parquet. Columns that the model does not know are left out.

    chunk_size : int, default=10_000
        Most rows of a piece.

    **csv_options : str
        `sep` and `encoding` of :func:`~sklearn_rlcorrect.datasets.read_chunks`.

    Yields
    ------
    X : pandas.DataFrame or ndarray of shape (n_samples, n_features)
        Next rows.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file cannot be read, or lacks columns.
    """
    for table in read_chunks(path, text_columns(model), chunk_size, **csv_options):
        yield model_columns(model, table, path)


def text_columns(model):
    """Columns that were texts, or truth values, when a model was trained on a table.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    Returns
    -------
    names : list of str
        Empty where the model does not know.
    """
    names, table = getattr(model, "feature_names_in_", None), table_features(model)
    if names is None or table is None:
        return []
    return [names[j] for j in table.categorical_]


def table_features(model):
    """Return the transformer that knows what the columns of the training held.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    Returns
    -------
    table : TableFeatures or None
        Of the features or of the classifier's pipeline, the first; None if neither has one.
    """
    parts = [model.feature_transformer_, model.estimator_]
    # What comes later in a pipeline knows other columns.
    parts += [part.steps[0][1] for part in parts if hasattr(part, "steps")]
    return next((part for part in parts if isinstance(part, TableFeatures)), None)


def model_columns(model, table, source):
    """Columns of a table that a model takes.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted on a table.

    table : {dataframe, ndarray} of shape (n_samples, n_columns)
        Rows. Columns that the model does not know are left out.

    source : str or path-like
        Where they are from, for the message.

    Returns
    -------
    X : {dataframe, ndarray} of shape (n_samples, n_features)
        Rows for the model.

    Raises
    ------
    ValueError
        If columns are missing.
    """
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        if table.shape[1] != model.n_features_in_:
            raise ValueError(
                f"{source} has {table.shape[1]} columns, and the model, which was trained "
                f"on columns without names, takes {model.n_features_in_}"
            )
        return np.asarray(table)
    missing = [name for name in names if name not in getattr(table, "columns", ())]
    if missing:
        raise ValueError(
            f"{source} has no column {missing[0]!r}, which the model was trained on "
            f"({len(missing)} of {len(names)} are missing)"
        )
    return table[list(names)]


def precomputed_chunks(model, rows, chunk_size=CHUNK_SIZE):
    """Pieces of precomputed rows, as :func:`precomputed_columns` makes them.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    rows : PrecomputedRows
        Any number.

    chunk_size : int, default=10_000
        Most rows of a piece.

    Yields
    ------
    X : {ndarray, dataframe} of shape (n_samples, n_features)
        Next rows.
    """
    for part in rows.chunks(chunk_size):
        yield precomputed_columns(model, part)


def precomputed_columns(model, rows):
    """Precomputed rows as the X that a model takes.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    rows : PrecomputedRows
        From :func:`~sklearn_rlcorrect.datasets.read_precomputed`.

    Returns
    -------
    X : {ndarray, dataframe} of shape (n_samples, n_features)
        Probabilities and hidden representation, if the model was trained on such. If its
        classifier makes its own probabilities of a table, the hidden representation,
        which then must be the rows of that table.

    Raises
    ------
    ValueError
        If the rows have other columns than the model takes, or other probabilities than
        its classifier gives them.
    """
    base = getattr(model.estimator_, "estimator", model.estimator_)
    takes_probabilities = isinstance(base, PrecomputedProbaClassifier)
    if not takes_probabilities and rows.hidden is None:
        raise ValueError(
            "the model's classifier makes its own probabilities of a table, and there is "
            "no hidden_reps.npy to hold it: give --data, or train with --data-dir"
        )
    X = rows.columns() if takes_probabilities else rows.hidden.astype(np.float64)
    if X.shape[1] != model.n_features_in_:
        raise ValueError(
            f"the model takes {model.n_features_in_} columns, not the {X.shape[1]} of "
            "these files (of a table with texts, give the table)"
        )
    if takes_probabilities:
        return X
    if hasattr(model, "feature_names_in_"):
        import pandas as pd

        X = pd.DataFrame(X, columns=model.feature_names_in_)
    _check_same_probabilities(model, X, rows.proba)
    return X


def _check_same_probabilities(model, X, proba):
    """Refuse to correct other probabilities than those that were given."""
    before, _ = model.predict_before_after(X)
    given = proba if proba.shape[1] > 1 else np.hstack([1 - proba, proba])
    if before.shape != given.shape or not np.allclose(before, given, atol=1e-6):
        raise ValueError(
            "baseline_probs.npy holds other probabilities than the model's classifier "
            "gives these rows: train a correction of them, with --data-dir"
        )

"""Labelled tables for the command line: a user's file, or a set that is at hand."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits


def load_eights():
    """Load scikit-learn's handwritten digits with the question "is it an 8?".

    Returns
    -------
    X : ndarray of shape (1797, 64)
        Grey values of 8 x 8 pixels.

    y : ndarray of shape (1797,)
        "eight" or "other"; about one in ten is an eight.

    References
    ----------
    .. [1] E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI
       Machine Learning Repository, 1998.

    Examples
    --------
    >>> from sklearn_rlcorrect.datasets import load_eights
    >>> X, y = load_eights()
    >>> X.shape, (y == "eight").sum().item()
    ((1797, 64), 174)
    """
    X, digit = load_digits(return_X_y=True)
    return X, np.where(digit == 8, "eight", "other")


def read_table(path, target):
    """Read a labelled table.

    Parameters
    ----------
    path : str or path-like
        CSV (also compressed: .csv.gz, .csv.zip, ...) or Parquet (.parquet, .pq).

    target : str
        Column that holds the labels.

    Returns
    -------
    X : pandas.DataFrame of shape (n_samples, n_features)
        The other columns.

    y : ndarray of shape (n_samples,)
        Labels.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    ValueError
        If the file cannot be read as a table, lacks the column, or holds no class
        labels there.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    table = _read(path)
    if target not in table.columns:
        raise ValueError(
            f"{path} has no column {target!r}: it has {', '.join(map(str, table))}"
        )
    y = table.pop(target)
    if table.empty:
        raise ValueError(f"{path} has no rows, or no column besides {target!r}")
    if y.isna().any():
        raise ValueError(
            f"column {target!r} of {path} lacks {y.isna().sum()} of {len(y)} labels: "
            "remove those rows"
        )
    rarest = y.value_counts().tail(1)
    if rarest.item() < 2:
        raise ValueError(
            f"column {target!r} of {path} has {y.nunique()} distinct values, and only "
            f"one row with {rarest.index[0]!r}: is it a class label?"
        )
    return table, y.to_numpy()


def _read(path):
    try:
        import pandas as pd
    except ImportError as error:
        raise ValueError(
            "reading tables needs pandas: pip install 'sklearn-rlcorrect[cli]'"
        ) from error
    is_parquet = path.suffix in (".parquet", ".pq")
    try:
        return pd.read_parquet(path) if is_parquet else pd.read_csv(path)
    except (ValueError, OSError) as error:
        kind = "Parquet" if is_parquet else "CSV"
        raise ValueError(f"cannot read {path} as {kind}: {error}") from error

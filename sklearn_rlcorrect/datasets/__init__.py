"""Rows for the command line: files of a user, or a set that is at hand."""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from sklearn_rlcorrect.persistence import check_output, replacing

# Rows in memory at a time, where a file may be larger than the memory.
CHUNK_SIZE = 10_000

_PROBA, _LABELS, _HIDDEN = "baseline_probs.npy", "true_labels.npy", "hidden_reps.npy"


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


def read_table(path, target, text_columns=()):
    """Read a labelled table.

    Parameters
    ----------
    path : str or path-like
        CSV (also compressed: .csv.gz, .csv.zip, ...) or Parquet (.parquet, .pq). A column
        of a CSV is read as numbers if all that stands in it are numbers, else as texts.

    target : str
        Column that holds the labels.

    text_columns : collection of str, default=()
        Columns of a CSV to read as texts, whatever stands in them.

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
    path = _check_table(path)
    with _one_error(path):
        table = _read(path, text_columns)
    if target not in table.columns:
        raise ValueError(f"{path} has no column {target!r}: it has {_some(table.columns)}")
    y = table.pop(target)
    if table.empty:
        raise ValueError(f"{path} has no rows, or no column besides {target!r}")
    if y.isna().any():
        raise ValueError(
            f"column {target!r} of {path} lacks {y.isna().sum()} of {len(y)} labels: "
            "remove those rows"
        )
    _check_labels(y, f"column {target!r} of {path}")
    return table, y.to_numpy()


def _check_labels(y, name):
    # Not of the column itself, whose type may know categories that have no rows.
    rarest = y.astype(object).value_counts().tail(1)
    if rarest.item() < 2:
        raise ValueError(
            f"{name} has {y.nunique()} distinct values, and only one row with "
            f"{str(rarest.index[0])!r}: is it a class label?"
        )


def _some(names):
    """Names in a line, however many there are."""
    listed = ", ".join(map(str, names[:10]))
    return listed[:300] + ("..." if len(names) > 10 or len(listed) > 300 else "")


def _check_table(path):
    """Return `path` if a table may be there that can be read."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    try:
        import pandas  # noqa: F401
    except ImportError as error:
        raise ValueError(
            "reading tables needs pandas: pip install 'sklearn-rlcorrect[cli]'"
        ) from error
    return path


def read_chunks(path, text_columns=(), chunk_size=CHUNK_SIZE):
    """Read a table piece by piece, each as :func:`read_table` reads the whole.

    Parameters
    ----------
    path : str or path-like
        CSV or Parquet.

    text_columns : collection of str, default=()
        Columns of a CSV to read as texts, whatever stands in them.

    chunk_size : int, default=10_000
        Most rows of a piece.

    Yields
    ------
    table : pandas.DataFrame
        Next rows.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it cannot be read as a table.
    """
    path = _check_table(path)
    with _one_error(path):
        if _is_parquet(path):
            yield from _parquet_chunks(path, chunk_size)
        else:
            yield from _csv_chunks(path, text_columns, chunk_size)


@dataclass(frozen=True)
class PrecomputedRows:
    """Probabilities of any model, from a folder of ``.npy`` files.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes) or (n_samples, 1)
        ``baseline_probs.npy``.

    hidden : ndarray of shape (n_samples, n_hidden) or None
        ``hidden_reps.npy``: what the corrector may look at besides.

    y : ndarray of shape (n_samples,) or None
        ``true_labels.npy``.
    """

    proba: np.ndarray
    hidden: np.ndarray | None
    y: np.ndarray | None

    def columns(self):
        """Columns of an X for :class:`~sklearn_rlcorrect.PrecomputedProbaClassifier`.

        Returns
        -------
        X : ndarray of shape (n_samples, n_columns)
            Probabilities first, then what is hidden.
        """
        parts = [self.proba] if self.hidden is None else [self.proba, self.hidden]
        return np.hstack(parts).astype(np.float64)

    def chunks(self, chunk_size=CHUNK_SIZE):
        """Take the rows apart.

        Parameters
        ----------
        chunk_size : int, default=10_000
            Most rows of a piece.

        Yields
        ------
        rows : PrecomputedRows
            Next rows.
        """
        for start in range(0, len(self.proba), chunk_size):
            part = slice(start, start + chunk_size)
            yield PrecomputedRows(
                *(None if array is None else array[part] for array in vars(self).values())
            )


def read_precomputed(folder, *, labelled):
    """Open the ``.npy`` files of a folder without reading all of them.

    Parameters
    ----------
    folder : str or path-like
        Folder with ``baseline_probs.npy``, and ``true_labels.npy`` or
        ``hidden_reps.npy`` or both.

    labelled : bool
        Whether the labels are wanted.

    Returns
    -------
    rows : PrecomputedRows
        Memory-mapped.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing, cannot be read or has another shape.
    """
    folder = Path(folder)
    proba = _open_array(folder / _PROBA)
    proba = proba[:, None] if proba.ndim == 1 else proba
    hidden = _open_array(folder / _HIDDEN) if (folder / _HIDDEN).exists() else None
    y = _open_array(folder / _LABELS) if labelled else None
    if proba.ndim != 2 or not len(proba):
        raise ValueError(
            f"{folder / _PROBA} has the shape {proba.shape}: it needs a row per sample and "
            "a column per class (or, of two classes, the second one's only)"
        )
    for name, array, shape in [(_HIDDEN, hidden, " n_columns"), (_LABELS, y, "")]:
        n_axes = 2 if shape else 1
        if array is not None and (array.ndim != n_axes or len(array) != len(proba)):
            raise ValueError(
                f"{folder / name} has the shape {array.shape}: with {len(proba)} rows in "
                f"{_PROBA}, it needs the shape ({len(proba)},{shape})"
            )
    return PrecomputedRows(proba, hidden, y)


def check_precomputed_output(folder, *, overwrite=False):
    """Return the files that :func:`write_precomputed` would write.

    Parameters
    ----------
    folder : str or path-like
        Folder; made if it is not there.

    overwrite : bool, default=False
        Whether files that exist may be replaced.

    Returns
    -------
    paths : list of pathlib.Path
        Probabilities, hidden representation, labels.

    Raises
    ------
    FileExistsError, FileNotFoundError
        If a file exists already, or the folder cannot be made.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file: give the name of a folder")
    if folder.is_dir():
        for name in (_PROBA, _HIDDEN, _LABELS):
            check_output(folder / name, overwrite=overwrite)
    elif not folder.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {folder.parent}")
    return [folder / name for name in (_PROBA, _HIDDEN, _LABELS)]


def write_precomputed(folder, proba, hidden, y):
    """Write what :func:`read_precomputed` reads.

    Parameters
    ----------
    folder : str or path-like
        Folder; made if it is not there. Files in it are replaced.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.

    hidden : ndarray of shape (n_samples, n_hidden)
        Features.

    y : ndarray of shape (n_samples,)
        Labels: numbers, bools or texts.
    """
    paths = check_precomputed_output(folder, overwrite=True)
    Path(folder).mkdir(exist_ok=True)
    # Texts as texts: an array of objects could only be read back by running code.
    for path, array in zip(paths, [proba, hidden, np.array(y.tolist())], strict=True):
        with replacing(path) as temporary, open(temporary, "xb") as file:
            np.save(file, array, allow_pickle=False)


def _open_array(path):
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"cannot read {path} as an array: {error}") from error


def _is_parquet(path):
    return path.suffix in (".parquet", ".pq")


@contextmanager
def _one_error(path):
    """Tell every way in which a file is no table alike."""
    try:
        yield
    except (ValueError, OSError) as error:
        kind = "Parquet" if _is_parquet(path) else "CSV"
        raise ValueError(f"cannot read {path} as {kind}: {error}") from error


def _read(path, text_columns):
    import pandas as pd

    if _is_parquet(path):
        return pd.read_parquet(path)
    chunks = list(_csv_chunks(path, text_columns, CHUNK_SIZE))
    return pd.concat(chunks, ignore_index=True) if chunks else pd.read_csv(path)


def _parquet_chunks(path, chunk_size):
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        for batch in file.iter_batches(chunk_size):
            yield batch.to_pandas()


def _csv_chunks(path, text_columns, chunk_size):
    """Read twice: a column of numbers here may hold texts further down."""
    import pandas as pd

    with pd.read_csv(path, chunksize=chunk_size) as chunks:
        dtypes = _common_dtypes([dict(chunk.dtypes) for chunk in chunks])
    dtypes |= {name: str for name in text_columns if name in dtypes}
    with pd.read_csv(path, chunksize=chunk_size, dtype=dtypes) as chunks:
        yield from (chunk for chunk in chunks if len(chunk))


def _common_dtypes(pieces):
    """Types of columns: a number where all pieces hold numbers, else a text.

    Truth values are texts, or "true" would be True in a file without a blank and "true"
    in a file with one.
    """
    return {
        name: np.result_type(*(piece[name] for piece in pieces))
        if all(getattr(piece[name], "kind", "O") in "iuf" for piece in pieces)
        else str
        for name in pieces[0]
    }

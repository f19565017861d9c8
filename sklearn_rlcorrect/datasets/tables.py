"""Tables from CSV and Parquet files, as a whole or in chunks."""

import codecs
import lzma
import tarfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

# Rows in memory at a time, where a file may be larger than the memory.
CHUNK_SIZE = 10_000

# What separates fields in files that are not separated by commas.
_SEPARATORS = ";\t|"
_SPREADSHEETS = (".xlsx", ".xls", ".ods")


def read_table(path, target, text_columns=(), *, sep=",", encoding="utf-8"):
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

    sep, encoding : str, default="," and "utf-8"
        What separates the fields of a CSV, one character, and its encoding.

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
        If the file cannot be read as a table, has a row that is longer than the header or
        two columns of one name, lacks the column, or holds no class labels there.
    """
    path, options = _check_table(path), _csv_options(sep, encoding)
    with _one_error(path):
        table = _read(path, text_columns, options)
    if target not in table.columns:
        known = some_names(table.columns)
        raise ValueError(f"{path} has no column {target!r}: it has {known}")
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


def read_chunks(path, text_columns=(), chunk_size=CHUNK_SIZE, *, sep=",", encoding="utf-8"):
    """Read a table piece by piece, each as :func:`read_table` reads the whole.

    Parameters
    ----------
    path : str or path-like
        CSV or Parquet.

    text_columns : collection of str, default=()
        Columns of a CSV to read as texts, whatever stands in them.

    chunk_size : int, default=10_000
        Most rows of a piece.

    sep, encoding : str, default="," and "utf-8"
        What separates the fields of a CSV, one character, and its encoding.

    Yields
    ------
    table : pandas.DataFrame
        Next rows.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it cannot be read as a table.
    """
    path, options = _check_table(path), _csv_options(sep, encoding)
    with _one_error(path):
        if _is_parquet(path):
            yield from _parquet_chunks(path, chunk_size)
        else:
            yield from _csv_chunks(path, text_columns, chunk_size, options)


def read_rows(path, text_columns=(), *, sep=",", encoding="utf-8"):
    """Read a table whole, each column as :func:`read_chunks` reads it.

    Parameters
    ----------
    path : str or path-like
        CSV or Parquet.

    text_columns : collection of str, default=()
        Columns of a CSV to read as texts, whatever stands in them.

    sep, encoding : str, default="," and "utf-8"
        What separates the fields of a CSV, one character, and its encoding.

    Returns
    -------
    table : pandas.DataFrame
        All rows.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it cannot be read as a table, or has no rows.
    """
    path, options = _check_table(path), _csv_options(sep, encoding)
    with _one_error(path):
        table = _read(path, text_columns, options)
    if table.empty:
        raise ValueError(f"{path} has no rows")
    return table


def _check_labels(y, name):
    # Not of the column itself, whose type may know categories that have no rows.
    if any(isinstance(label, bytes) for label in y):
        raise ValueError(f"{name} holds bytes: write texts or numbers")
    rarest = y.astype(object).value_counts().tail(1)
    if rarest.item() < 2:
        raise ValueError(
            f"{name} has {y.nunique()} distinct values, and only one row with "
            f"{str(rarest.index[0])!r}, where at least 2 are needed: remove or relabel "
            "such rows, unless it is no class label at all"
        )


def some_names(names):
    """Names of columns in a line, however many there are.

    Parameters
    ----------
    names : pandas.Index
        Names.

    Returns
    -------
    line : str
        The first ten of them, at most 300 characters.
    """
    listed = ", ".join(map(str, names[:10]))
    return listed[:300] + ("..." if len(names) > 10 or len(listed) > 300 else "")


def _check_table(path):
    """Return `path` if a table may be there that can be read."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    if path.suffix.lower() in _SPREADSHEETS:
        raise ValueError(f"{path} is a spreadsheet: save it as CSV or Parquet")
    try:
        import pandas  # noqa: F401
    except ImportError as error:
        raise ValueError(
            "reading tables needs pandas: pip install 'sklearn-rlcorrect[cli]'"
        ) from error
    return path


def _is_parquet(path):
    return path.suffix.lower() in (".parquet", ".pq")


def _csv_options(sep, encoding):
    """Options of pandas for a CSV."""
    sep = "\t" if sep == "\\t" else sep
    if len(sep) != 1 or sep in '"\n\r':
        raise ValueError(f"sep={sep!r} must be one character, such as ',' or ';'")
    return {"sep": sep, "encoding": encoding}


@contextmanager
def _one_error(path):
    """Tell every way in which a file is no table alike."""
    try:
        yield
    except UnicodeError as error:
        raise ValueError(
            f"cannot read {path}: {error}. Give its encoding, such as "
            f"encoding={_likely_encoding(error)!r} (--encoding on the command line)"
        ) from error
    except _DAMAGE as error:
        kind = "Parquet" if _is_parquet(path) else "CSV"
        raise ValueError(f"cannot read {path} as {kind}: {error}") from error


def _likely_encoding(error):
    """Name the encoding that the first bytes tell, or a frequent one."""
    start = getattr(error, "object", b"")[:2]
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "cp1252"


# What pandas and pyarrow raise for files that are cut off, damaged, or compressed by a
# program that needs another package.
_DAMAGE = (
    *(ValueError, TypeError, OSError, EOFError, LookupError, ImportError),
    *(zlib.error, lzma.LZMAError, BadZipFile, tarfile.TarError),
)


def _read(path, text_columns, options):
    import pandas as pd

    if _is_parquet(path):
        table = pd.read_parquet(path)
        _check_names(table.columns)
        return table
    chunks = list(_csv_chunks(path, text_columns, CHUNK_SIZE, options))
    return pd.concat(chunks, ignore_index=True) if chunks else pd.read_csv(path, **options)


def _parquet_chunks(path, chunk_size):
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        _check_names(file.schema_arrow.names)
        for batch in file.iter_batches(chunk_size):
            yield batch.to_pandas()


def _csv_chunks(path, text_columns, chunk_size, options):
    """Read twice: a column of numbers here may hold texts further down."""
    import pandas as pd

    _check_header(path, options)
    with pd.read_csv(path, chunksize=chunk_size, **options) as chunks:
        dtypes = _common_dtypes([dict(chunk.dtypes) for chunk in chunks])
    dtypes |= {name: str for name in text_columns if name in dtypes}
    with pd.read_csv(path, chunksize=chunk_size, dtype=dtypes, **options) as chunks:
        yield from (chunk for chunk in chunks if len(chunk))


def _check_header(path, options):
    """Raise for a header that would shift the columns, or that is no header of these."""
    import pandas as pd

    options = options | {"header": None, "dtype": str, "keep_default_na": False}
    names = pd.read_csv(path, nrows=1, **options).iloc[0].tolist()
    separators = [sep for sep in _SEPARATORS if sep in names[0] and len(names) == 1]
    if separators and _is_separated(path, options, separators[0]):
        raise ValueError(
            f"it looks separated by {separators[0]!r}: give sep={separators[0]!r} (--sep "
            "on the command line)"
        )
    _check_names(name for name in names if name)
    # It raises, with the line, for a row that is longer than those before. Below a header,
    # it would take the first field of such a first row for the name of the row.
    pd.read_csv(path, nrows=2, **options)


def _is_separated(path, options, sep):
    """Whether the first row below a header holds another separator, too."""
    import pandas as pd

    try:
        rows = pd.read_csv(path, nrows=2, **options)
    except ValueError:
        # Of more fields than the header, such as decimal commas make.
        return True
    return len(rows) == 1 or any(sep in field for field in rows.iloc[1])


def _check_names(names):
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"two columns are named {name!r} (line 1 of a CSV)")
        seen.add(name)


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

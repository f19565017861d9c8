"""Corrected probabilities in files of any size, written chunk by chunk."""

from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sklearn_rlcorrect.guard import decisions
from sklearn_rlcorrect.persistence import check_output, replacing

_SUFFIXES = (".csv", ".parquet", ".npy")


_KINDS = ("proba", "adjustment")


def check_corrections(path, *, overwrite=False):
    """Return the files that :func:`write_corrections` would write.

    Parameters
    ----------
    path : str or path-like
        ``.csv``, ``.parquet`` or ``.npy``.

    overwrite : bool, default=False
        Whether files that exist may be replaced.

    Returns
    -------
    paths : list of pathlib.Path
        `path`; and for ``NAME.npy`` also ``NAME_predictions.npy`` and
        ``NAME_adjustments.npy``.

    Raises
    ------
    ValueError, FileExistsError, FileNotFoundError
        If the suffix is another, a file exists already, or the folder does not.
    """
    path = Path(path)
    if path.suffix not in _SUFFIXES:
        raise ValueError(f"{path}: the name must end in .csv, .parquet or .npy")
    parts = ("", "_predictions", "_adjustments") if path.suffix == ".npy" else ("",)
    paths = [path.with_name(f"{path.stem}{part}{path.suffix}") for part in parts]
    return [check_output(path, overwrite=overwrite) for path in paths]


def write_corrections(model, chunks, path, *, total=None, progress=False, watch=None):
    """Correct rows and write what comes out, whole or not at all.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    chunks : iterable of {array-like, dataframe} of shape (n_samples, n_features)
        Rows, a piece at a time. One piece is in memory at once.

    path : str or path-like
        ``.csv`` or ``.parquet``: per row and class ``proba_LABEL``, then ``prediction``,
        then per class ``adjustment_LABEL``. ``NAME.npy``: the probabilities, of shape
        (n_samples, n_classes); ``NAME_predictions.npy`` and ``NAME_adjustments.npy`` hold
        the rest. Files that exist are replaced.

    total : int, default=None
        Number of rows, for the progress bar.

    progress : bool, default=False
        Whether to show a progress bar.

    watch : callable, default=None
        Called with each piece and its probabilities, ``watch(X, before, after)``.

    Returns
    -------
    n_samples, n_changed : int
        Number of rows, and of those that are predicted otherwise than without correction.

    Raises
    ------
    ValueError
        If there are no rows.
    """
    paths = check_corrections(path, overwrite=True)
    opened = {".csv": _csv, ".parquet": _parquet, ".npy": _npy}[paths[0].suffix]
    n_samples = n_changed = 0
    with ExitStack() as stack:
        # The last to be entered is the first to get its name: the main file comes last.
        temporary = [stack.enter_context(replacing(path)) for path in paths]
        write = stack.enter_context(opened(temporary, model.classes_))
        bar = stack.enter_context(tqdm(total=total, unit=" rows", disable=not progress))
        for X in chunks:
            with _numbered_rows(n_samples, len(X)):
                before, after = model.predict_before_after(X)
            predicted = decisions(model, after)
            write(before, after, predicted)
            if watch is not None:
                watch(X, before, after)
            n_samples += len(after)
            n_changed += int((before.argmax(axis=1) != predicted).sum())
            bar.update(len(after))
        if not n_samples:
            raise ValueError("there are no rows to correct")
    return n_samples, n_changed


@contextmanager
def _numbered_rows(n_before, n_rows):
    try:
        yield
    except (TypeError, ValueError) as error:
        # A classifier may raise a TypeError for a date where there was a number.
        rows = f"rows {n_before + 1} to {n_before + n_rows}"
        raise ValueError(f"{rows} cannot be predicted: {error}") from error


@contextmanager
def _csv(temporary, classes):
    with open(temporary[0], "x", newline="", encoding="utf-8") as file:
        yield lambda *rows: _frame(*rows, classes).to_csv(
            file, header=file.tell() == 0, index=False
        )


@contextmanager
def _parquet(temporary, classes):
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    labels = classes.tolist()
    numbers = [[(f"{kind}_{k}", pa.float64()) for k in labels] for kind in _KINDS]
    prediction = ("prediction", pa.array(labels).type)
    schema = pa.schema([*numbers[0], prediction, *numbers[1]])
    with ParquetWriter(temporary[0], schema) as writer:
        yield lambda *rows: writer.write_table(
            pa.Table.from_pandas(
                _frame(*rows, classes), schema=schema, preserve_index=False
            )
        )


@contextmanager
def _npy(temporary, classes):
    classes = np.array(classes.tolist())
    k = len(classes)
    with ExitStack() as stack:
        write_proba, write_prediction, write_adjustment = [
            stack.enter_context(_growing_npy(path, dtype, shape))
            for path, dtype, shape in zip(
                temporary, ["f8", classes.dtype, "f8"], [(k,), (), (k,)], strict=True
            )
        ]

        def write(before, after, predicted):
            write_proba(after)
            write_prediction(classes[predicted])
            write_adjustment(after - before)

        yield write


@contextmanager
def _growing_npy(path, dtype, row_shape):
    """Write an array whose number of rows is known at the end only."""
    dtype = np.dtype(dtype)
    n_rows = 0

    def write_header():
        # NumPy leaves room in the header for the first axis to grow.
        description = np.lib.format.dtype_to_descr(dtype)
        np.lib.format.write_array_header_1_0(
            file,
            {"descr": description, "fortran_order": False, "shape": (n_rows, *row_shape)},
        )

    def write(rows):
        nonlocal n_rows
        file.write(np.ascontiguousarray(rows, dtype=dtype).tobytes())
        n_rows += len(rows)

    with open(path, "xb") as file:
        write_header()
        yield write
        file.seek(0)
        write_header()


def _frame(before, after, predicted, classes):
    import pandas as pd

    labels = classes.tolist()
    columns = {f"{_KINDS[0]}_{k}": after[:, i] for i, k in enumerate(labels)}
    columns["prediction"] = np.array(labels)[predicted]
    moved = after - before
    columns |= {f"{_KINDS[1]}_{k}": moved[:, i] for i, k in enumerate(labels)}
    return pd.DataFrame(columns)

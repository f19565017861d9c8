"""Probabilities and representations of another model, in a folder of .npy files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sklearn_rlcorrect.datasets.tables import CHUNK_SIZE
from sklearn_rlcorrect.persistence import check_output, replacing

_PROBA, _LABELS, _HIDDEN = "baseline_probs.npy", "true_labels.npy", "hidden_reps.npy"

# Kinds of types of arrays.
_NUMBERS, _TEXTS = frozenset("biuf"), frozenset("U")


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
    proba = _open_array(folder / _PROBA, _NUMBERS)
    proba = proba[:, None] if proba.ndim == 1 else proba
    has_hidden = (folder / _HIDDEN).exists()
    hidden = _open_array(folder / _HIDDEN, _NUMBERS) if has_hidden else None
    y = _open_array(folder / _LABELS, _NUMBERS | _TEXTS) if labelled else None
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


def _open_array(path, kinds):
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    with open(path, "rb") as file:
        # np.load would read it, too, and leave it open if it is damaged.
        if file.read(2) == b"PK":
            raise ValueError(f"{path} must hold an array of numbers, and is an archive")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"cannot read {path} as an array: {error!r}") from error
    if array.dtype.kind not in kinds:
        wanted = "numbers or texts" if kinds > _NUMBERS else "numbers"
        raise ValueError(f"{path} must hold an array of {wanted}, and holds {array.dtype}")
    return array

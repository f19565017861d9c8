"""Files that are written whole or not at all."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


def check_output(path, *, overwrite=False):
    """Return `path` if a file can be written there.

    Parameters
    ----------
    path : str or path-like
        File to write.

    overwrite : bool, default=False
        Whether a file that exists may be replaced.

    Returns
    -------
    path : pathlib.Path
        The same path.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is False, or `path` is a folder.

    FileNotFoundError
        If the folder of the file does not exist.

    OSError
        If no file of that name can be made there.

    Examples
    --------
    >>> from sklearn_rlcorrect.persistence import check_output
    >>> folder = getfixture("tmp_path")
    >>> check_output(folder / "model.skops").name
    'model.skops'
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.parent}")
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: give the name of a file in it")
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{path} exists: choose another place, or overwrite=True (--overwrite)"
        )
    check_can_be_made(path)
    return path


def check_can_be_made(path):
    """Raise an error if a file cannot be made, by making one in a folder beside it.

    Parameters
    ----------
    path : str or path-like
        File; nothing is left there.

    Raises
    ------
    OSError
        If its folder cannot be written to, or its name is too long.
    """
    path = Path(path).resolve()
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".rlcorrect-") as folder:
            (Path(folder) / path.name).touch()
    except OSError as error:
        raise type(error)(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def replacing(path):
    """Write a file whole or not at all.

    Parameters
    ----------
    path : str or path-like
        File to write; replaced if it exists.

    Yields
    ------
    temporary : pathlib.Path
        File to write to, in a folder of its own beside `path`. It is renamed to `path`
        when the block ends without an exception, and removed otherwise. The mode of a
        file that is replaced is kept.

    Examples
    --------
    >>> from sklearn_rlcorrect.persistence import replacing
    >>> folder = getfixture("tmp_path")
    >>> with replacing(folder / "note.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> [path.name for path in folder.iterdir()]
    ['note.txt']
    """
    # A link stays one: the file that it leads to is replaced.
    path = Path(path).resolve()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".rlcorrect-") as folder:
        temporary = Path(folder) / path.name
        yield temporary
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)

"""Write files so that nothing on disk is lost or left half-written."""

import os
from pathlib import Path

import joblib


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
    FileExistsError, FileNotFoundError
        If the file exists already, or its folder does not.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {path.parent}")
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder: give the name of a file in it")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists: choose another --output, or --overwrite")
    return path


def dump_model(model, path):
    """Write a fitted model with joblib, whole or not at all.

    Parameters
    ----------
    model : estimator
        Fitted model.

    path : str or path-like
        File to write; replaced if it exists.

    Examples
    --------
    >>> import joblib
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_rlcorrect.persistence import dump_model
    >>> folder = getfixture("tmp_path")
    >>> dump_model(LogisticRegression(C=2.0), folder / "model.joblib")
    >>> joblib.load(folder / "model.joblib")
    LogisticRegression(C=2.0)
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "xb") as file:
            joblib.dump(model, file)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise

"""Files of models, and files written so that nothing on disk is lost or half-written."""

import os
from contextlib import contextmanager
from pathlib import Path

import joblib

from sklearn_rlcorrect.classifier import FORMAT_VERSION, RLCalibratedClassifier

# What ``skops.io.load(file, trusted=...)`` must be told of ours.
SKOPS_TRUSTED_TYPES = [
    "sklearn_rlcorrect.classifier.RLCalibratedClassifier",
    "sklearn_rlcorrect.features.TableFeatures",
    "sklearn_rlcorrect.precomputed.PrecomputedProbaClassifier",
]


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
        raise FileExistsError(f"{path} exists: choose another place, or --overwrite")
    return path


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
        File beside it to write to, which gets its name when the block ends well and is
        removed when it does not.

    Examples
    --------
    >>> from sklearn_rlcorrect.persistence import replacing
    >>> folder = getfixture("tmp_path")
    >>> with replacing(folder / "note.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> [path.name for path in folder.iterdir()]
    ['note.txt']
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def dump_model(model, path):
    """Write a fitted model, whole or not at all.

    Parameters
    ----------
    model : estimator
        Fitted model.

    path : str or path-like
        File to write; replaced if it exists. ``NAME.skops`` is written by skops, which
        can be read without running code; any other by joblib.

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
    with replacing(path) as temporary:
        if _is_skops(path):
            import skops.io

            skops.io.dump(model, temporary)
        else:
            joblib.dump(model, temporary)


def load_model(path, *, trusted=()):
    """Read a corrector that :func:`dump_model`, joblib or skops wrote.

    Reading a joblib file runs what its author put into it: read files of people you
    trust. Reading a skops file makes objects of trusted types only.

    Parameters
    ----------
    path : str or path-like
        File to read; skops, if its name ends in ``.skops``.

    trusted : iterable of str, default=()
        Types to trust in a skops file besides those that skops itself trusts and
        :data:`SKOPS_TRUSTED_TYPES`.

    Returns
    -------
    model : RLCalibratedClassifier
        Fitted model.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, it cannot be read, is of a later format, or holds
        something else.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    read = _read_skops if _is_skops(path) else _read_joblib
    model = check_corrector(read(path, trusted), path)
    if model.format_version_ > FORMAT_VERSION:
        raise ValueError(
            f"{path} was written by a later sklearn-rlcorrect, in format "
            f"{model.format_version_}: this one reads up to {FORMAT_VERSION}"
        )
    return model


def _read_joblib(path, trusted):
    try:
        return joblib.load(path)
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"cannot read {path} as a joblib file: {error!r}") from error


def _read_skops(path, trusted):
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return skops.io.load(path, trusted=[*SKOPS_TRUSTED_TYPES, *trusted])
    except UntrustedTypesFoundException as error:
        types = skops.io.get_untrusted_types(file=path)
        unknown = sorted({*types} - {*SKOPS_TRUSTED_TYPES, *trusted})
        raise ValueError(
            f"{path} holds types that are not trusted: {', '.join(unknown)}. If you trust "
            "them, name them in load_model(..., trusted=[...])"
        ) from error
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"cannot read {path} as a skops file: {error!r}") from error


def _is_skops(path):
    return Path(path).suffix == ".skops"


def check_corrector(model, source):
    """Return `model` if it is a fitted corrector.

    Parameters
    ----------
    model : object
        Anything.

    source : str or path-like
        Where it is from, for the message.

    Returns
    -------
    model : RLCalibratedClassifier
        The same.

    Raises
    ------
    ValueError
        If it is something else, or not fitted.
    """
    if not isinstance(model, RLCalibratedClassifier):
        raise ValueError(
            f"{source} holds a {type(model).__name__}, not an RLCalibratedClassifier: "
            "take the corrector out of it"
        )
    if not hasattr(model, "policies_"):
        raise ValueError(f"{source} holds an RLCalibratedClassifier that is not fitted")
    return model

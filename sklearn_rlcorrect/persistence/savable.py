"""What a file of a model cannot hold, and which part of the model it is."""

import io
from contextlib import contextmanager
from types import FunctionType

import joblib

from sklearn_rlcorrect._parts import named_parts


def skops_types(model):
    """Return the types in a model that skops does not trust by itself.

    Parameters
    ----------
    model : object
        Model to be saved.

    Returns
    -------
    types : list of str
        What to trust when its file is read.

    Raises
    ------
    ValueError
        If skops cannot write the model, or not read it back. The message names the part.

    Examples
    --------
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from sklearn_rlcorrect.persistence.savable import skops_types
    >>> skops_types(FunctionTransformer())
    []
    >>> skops_types(FunctionTransformer(lambda X: X))
    Traceback (most recent call last):
        ...
    ValueError: model.func holds a lambda, which no file of a model can hold: ...
    """
    with naming_the_part(model, "skops"):
        return _read_back(model)


@contextmanager
def naming_the_part(model, tool):
    """Turn what a writer raises into an error that names the part of the model.

    Parameters
    ----------
    model : object
        Model that is written in the block.

    tool : {"joblib", "skops"}
        What writes it.

    Raises
    ------
    ValueError
        If the model cannot be written; before the block if it holds a function or a class
        that no file can name.
    """
    _check_importable(model)
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:  # every kind of object fails in its own way
        raise ValueError(_refusal(model, error, tool)) from error


def _check_importable(model):
    """Raise for what has no name in its module: files hold names of code, not code."""
    for name, part in named_parts(model, "model"):
        named = part if isinstance(part, FunctionType | type) else type(part)
        if "<" in named.__qualname__:
            raise ValueError(
                f"{name} holds {_described(named)}, which no file of a model can hold: "
                "define it at the top level of a module that can be imported where the "
                "file is read, and fit again."
            )


def _described(named):
    if not isinstance(named, FunctionType):
        return f"an object of the class {named.__name__!r}, defined inside a function"
    if named.__name__ == "<lambda>":
        return "a lambda"
    return f"the function {named.__name__!r}, defined inside another"


def _refusal(model, error, tool):
    """Name the innermost part that cannot be saved by itself."""
    name, part = "model", model
    for inner_name, inner in named_parts(model, "model"):
        if f"{inner_name}.".startswith(f"{name}.") and _fails(inner, tool):
            name, part = inner_name, inner
    remedy = "keep arrays, numbers, texts or objects of scikit-learn in its place"
    if tool == "skops" and not _fails(part, "joblib"):
        remedy += ", or save by joblib (a name that does not end in .skops)"
    return (
        f"{tool} cannot save {name}, an object of {type(part).__name__!r}: {error!r}. To "
        f"save the model, {remedy}."
    )


def _fails(part, tool):
    try:
        _read_back(part) if tool == "skops" else joblib.dump(part, io.BytesIO())
    except Exception:  # every kind of object fails in its own way
        return True
    return False


def _read_back(model):
    """Write by skops and read again what may be its own; return the types to trust."""
    import skops.io

    data = skops.io.dumps(model)
    trusted = skops.io.get_untrusted_types(data=data)
    skops.io.loads(data, trusted=trusted)
    return trusted

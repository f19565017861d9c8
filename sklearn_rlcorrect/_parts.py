"""Parts of an estimator, each with its name, however deep."""

from functools import partial

import numpy as np

# What has no parts, and may be there a million times.
_PLAIN = type(None) | str | bytes | int | float | np.generic


def named_parts(value, name):
    """Yield what an object is made of, the outer parts before the inner ones.

    Parameters
    ----------
    value : object
        An estimator, or what a parameter of one holds.

    name : str
        Its name. Those of its parts follow it, behind dots: parameters, fitted
        attributes, and steps.

    Yields
    ------
    name, part : str, object
        Every object once, numbers and texts left out. Arrays have no parts, nor have
        objects of other packages that are no estimators.

    Examples
    --------
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_rlcorrect._parts import named_parts
    >>> frozen = FrozenEstimator(make_pipeline(StandardScaler()))
    >>> [name for name, part in named_parts(frozen, "model") if hasattr(part, "fit")]
    ['model', 'model.estimator', 'model.estimator.standardscaler']
    """
    seen = set()
    rest = [(name, value)]
    while rest:
        name, part = rest.pop()
        if isinstance(part, _PLAIN) or id(part) in seen:
            continue
        seen.add(id(part))
        yield name, part
        rest += reversed(list(_inner(name, part)))


def _inner(name, part):
    if isinstance(part, dict):
        yield from ((f"{name}.{key}", value) for key, value in part.items())
    elif isinstance(part, list | tuple):
        yield from _entries(name, part)
    elif isinstance(part, partial):
        yield name, part.func
    elif _is_of_scikit_learn(part):
        for key, value in getattr(part, "__dict__", {}).items():
            # The list of the steps has no name beside theirs.
            yield name if _are_steps(value) else f"{name}.{key}", value


def _entries(name, part):
    """Yield the entries of a list, or what a step holds behind its name."""
    if isinstance(part, tuple) and len(part) > 1 and isinstance(part[0], str):
        yield from ((f"{name}.{part[0]}", value) for value in part[1:])
    else:
        yield from ((name, value) for value in part)


def _is_of_scikit_learn(part):
    is_instance = not isinstance(part, type)
    return is_instance and (
        hasattr(part, "get_params") or type(part).__module__.startswith("sklearn.")
    )


def _are_steps(value):
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(v, tuple) and v and isinstance(v[0], str) for v in value)
    )

"""Files of models: written and read by skops or joblib, and checked."""

import copy
import gzip
import json
from pathlib import Path
from zipfile import ZipFile

import joblib
import numpy as np
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.classifier import FORMAT_VERSION, RLCalibratedClassifier
from sklearn_rlcorrect.persistence.files import replacing
from sklearn_rlcorrect.persistence.savable import naming_the_part

# Our types in a skops file, for ``skops.io.load(file, trusted=SKOPS_TRUSTED_TYPES)``.
SKOPS_TRUSTED_TYPES = [
    "sklearn_rlcorrect.classifier.RLCalibratedClassifier",
    "sklearn_rlcorrect.features.TableFeatures",
    "sklearn_rlcorrect.precomputed.PrecomputedProbaClassifier",
]


def dump_model(model, path, *, with_memory=True):
    """Write a fitted model to a file, whole or not at all.

    Parameters
    ----------
    model : estimator
        Fitted model.

    path : str or path-like
        File to write; replaced if it exists. ``NAME.skops`` is written by skops, whose
        files can be read without running code; any other name by joblib.

    with_memory : bool, default=True
        Whether the rows that `partial_fit` learns from again go into the file. Without
        them the model that is read predicts the same, and cannot be updated.

    Raises
    ------
    OSError
        If the file cannot be written.

    ValueError
        If the model is a search, such as a GridSearchCV: what it found is to be dumped; or
        if it holds what such a file cannot: the message names the part.

    ImportError
        If the name ends in ``.skops`` and skops is not installed.

    Notes
    -----
    No file holds the code of functions and classes, only where to import them. One that
    is defined in a module can be saved; lambdas, and what is defined inside a function,
    cannot. A skops file is read back before it is put in its place: objects that skops
    cannot restore, such as modules of torch, are refused.

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
    _check_is_no_search(model)
    if not with_memory:
        model = copy.copy(model)
        for name in ("memory_", "reward_memory_"):
            vars(model).pop(name, None)
    with replacing(path) as temporary:
        write = _write_skops if _is_skops(path) else _write_joblib
        write(model, temporary)


def _check_is_no_search(model):
    if isinstance(model, GridSearchCV | RandomizedSearchCV) or hasattr(
        model, "best_estimator_"
    ):
        raise ValueError(
            f"{type(model).__name__} is a search, and load_model reads a corrector only: "
            "dump its best_estimator_ (if that is a Pipeline, its last step)"
        )


def load_model(path, *, trusted=()):
    """Read a corrector that :func:`dump_model`, joblib or skops wrote.

    A joblib file runs code of its author when it is read: read files of people you
    trust. A skops file makes objects of trusted types only.

    Parameters
    ----------
    path : str or path-like
        File to read; by skops if its name ends in ``.skops``, else by joblib.

    trusted : iterable of str, default=()
        Types to trust in a skops file besides those that skops itself trusts and
        :data:`SKOPS_TRUSTED_TYPES`.

    Returns
    -------
    model : RLCalibratedClassifier
        Fitted model.

    Raises
    ------
    FileNotFoundError
        If there is no such file.

    ValueError
        If the file cannot be read, holds something else than a fitted corrector, holds
        types that are not trusted, or is of a later format.

    ImportError
        If the name ends in ``.skops`` and skops is not installed.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.persistence import dump_model, load_model
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000).fit(X, y)
    >>> path = getfixture("tmp_path") / "model.skops"
    >>> dump_model(model, path)
    >>> bool((load_model(path).predict(X) == model.predict(X)).all())
    True
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path}")
    read = _read_skops if _is_skops(path) else _read_joblib
    model = check_corrector(read(path, trusted), path)
    version = getattr(model, "format_version_", 0)
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ValueError(
            f"{path} was written by a later sklearn-rlcorrect, in format "
            f"{version}: this one reads up to {FORMAT_VERSION}"
        )
    _check_content(model, path)
    return model


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
        The same object.

    Raises
    ------
    ValueError
        If it is something else, or not fitted.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect.persistence import check_corrector
    >>> check_corrector(GaussianNB(), "model")
    Traceback (most recent call last):
        ...
    ValueError: model holds a GaussianNB, not an RLCalibratedClassifier: ...
    """
    if not isinstance(model, RLCalibratedClassifier):
        raise ValueError(_not_a_corrector(type(model).__name__, source))
    if not hasattr(model, "policies_"):
        raise ValueError(f"{source} holds an RLCalibratedClassifier that is not fitted")
    return model


def _check_content(model, path):
    """Raise if fitted attributes are none that a fit makes: damaged, or made by hand."""
    try:
        problem = _problem(model)
    except Exception as error:  # a type that is none of ours can raise anything
        problem = repr(error)
    if problem:
        raise ValueError(f"{path} holds a corrector that no fit makes: {problem}")


def _problem(model):
    n_classes = len(model.classes_)
    networks = [network for each in model.policies_.values() for network in each]
    posterior = getattr(model, "posterior_", None) or {}
    reports = getattr(model, "guard_report_", {}).values()
    # Not those of the scaler: a column without any value has neither mean nor scale.
    arrays = [array for network in networks for array in network]
    arrays += [posterior[name] for name in ("value", "baseline") if posterior]
    # Log-odds and features; the probabilities come before them, the posterior behind.
    n_scaled = model.observation_scaler_.n_features_in_
    n_observed = n_classes + n_scaled + (n_classes if posterior else 0)
    has_shapes = all(_is_network(net, n_observed, n_classes) for net in networks)
    order = getattr(model, "class_order_", np.arange(n_classes))
    version = getattr(model, "format_version_", 0)
    names = getattr(model, "feature_names_in_", None)
    checks = {
        "classes_ are not sorted": n_classes < 2
        or np.any(np.unique(model.classes_) != model.classes_),
        "policies_ lack a priority": set(PRIORITIES) - set(model.policies_),
        "format_version_ is none": not isinstance(version, int) or version < 0,
        "class_order_ is missing": version == FORMAT_VERSION
        and not hasattr(model, "class_order_"),
        "feature_transformer_ is none": model.feature_transformer_ is not None
        and not hasattr(model.feature_transformer_, "transform"),
        "feature_names_in_ are not of n_features_in_": names is not None
        and np.shape(names) != (model.n_features_in_,),
        "class_order_ is none of the classes": np.any(
            np.sort(order) != np.arange(n_classes)
        ),
        "policies_ have other shapes": not has_shapes,
        # The first of the log-odds is redundant.
        "posterior_ has other trees": posterior
        and not _are_trees(posterior, n_scaled - 1, n_classes),
        "arrays hold NaN or infinity": not all(
            np.isfinite(array).all() for array in arrays
        ),
        "score_scale_ is out of range": not 1 <= model.score_scale_ < np.inf,
        "max_adjustment_ is out of range": not 0 < model.max_adjustment_ <= 1,
        "a shrinkage is out of range": not all(0 <= r["shrinkage"] <= 1 for r in reports),
        "estimator_ is no classifier": not hasattr(model.estimator_, "predict"),
    }
    return next((problem for problem, is_there in checks.items() if is_there), "")


def _is_network(arrays, n_inputs, n_outputs):
    """Whether weights and intercepts fit together, layer by layer."""
    weights, intercepts = arrays[::2], arrays[1::2]
    ends = [w.shape[1] for w in weights]
    starts = [w.shape[0] for w in weights] + [n_outputs]
    return starts[0] == n_inputs and ends == starts[1:] == [len(b) for b in intercepts]


def _are_trees(posterior, n_columns, n_classes):
    """Whether trees look at columns that there are, and tell classes that there are."""
    feature, threshold = posterior["feature"], posterior["threshold"]
    known = posterior["classes"]
    return (
        feature.shape == threshold.shape
        and len(feature) == len(posterior["value"])
        and bool(np.all((feature >= 0) & (feature < max(n_columns, 1))))
        and not np.isnan(threshold).any()
        and posterior["n_classes"] == n_classes
        and set(np.asarray(known).tolist()) <= set(range(n_classes))
    )


def _not_a_corrector(name, source):
    return (
        f"{source} holds a {name}, not an RLCalibratedClassifier: take the corrector out "
        "of it"
    )


def _is_skops(path):
    return Path(path).suffix == ".skops"


def _write_skops(model, path):
    import skops.io

    with naming_the_part(model, "skops"):
        skops.io.dump(model, path)
        # What cannot be read must not replace what can.
        skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


def _write_joblib(model, path):
    with naming_the_part(model, "joblib"):
        # gzip has a checksum: damage is an error, not another prediction.
        joblib.dump(model, path, compress=("gzip", 1))


def _read_joblib(path, trusted):
    try:
        _check_compression(path)
        return joblib.load(path)
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"cannot read {path} as a joblib file: {error!r}") from error


def _check_compression(path):
    """Read a gzip file to its end: what is behind it would cost joblib all memory."""
    with open(path, "rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    if is_gzip:
        with gzip.open(path) as file:
            while file.read(2**20):
                pass


def _read_skops(path, trusted):
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    trusted = [*SKOPS_TRUSTED_TYPES, *trusted]
    try:
        return skops.io.load(path, trusted=trusted)
    except UntrustedTypesFoundException as error:
        unknown = sorted({*skops.io.get_untrusted_types(file=path)} - {*trusted})
        raise ValueError(_refusal(path, trusted, unknown)) from error
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"cannot read {path} as a skops file: {error!r}") from error


def _refusal(path, trusted, unknown):
    """Message about untrusted types, unless trusting them would be of no use."""
    outermost = _outermost_type(path)
    # A type of scikit-learn: those of others may be subclasses of the corrector.
    if outermost not in [*trusted, *unknown]:
        return _not_a_corrector(outermost.split(".")[-1], path)
    unnamed = [name for name in unknown if "<" in name]
    if unnamed:
        return (
            f"{path} holds {', '.join(unnamed)}, which cannot be imported, so that the "
            "file cannot be read: fit and save again with a function of a module"
        )
    return (
        f"{path} holds types that are not trusted: {', '.join(unknown)}. If you trust "
        "them, name them in load_model(..., trusted=[...])"
    )


def _outermost_type(path):
    with ZipFile(path) as file:
        schema = json.loads(file.read("schema.json"))
    return f"{schema['__module__']}.{schema['__class__']}"

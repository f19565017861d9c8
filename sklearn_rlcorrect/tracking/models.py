"""Log fitted correctors as MLflow models, and register them."""

import contextlib
import copy
import io
import tempfile
import warnings
from importlib import metadata

from sklearn.frozen import FrozenEstimator

from sklearn_rlcorrect._statements import idle_reason
from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.persistence.savable import skops_types

_EXAMPLE_ROWS = 5

_ALWAYS_NEEDED = {"sklearn-rlcorrect", "numpy", "scipy", "scikit-learn", "skops"}
_ALWAYS_IMPORTED = {"sklearn_rlcorrect", "sklearn", "numpy", "scipy", "builtins"}


def model_options(estimator, X):
    """Return how to save a corrector as an MLflow model.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {ndarray, csr_matrix, pandas.DataFrame} of shape (n_samples, n_features)
        Rows; the first five become the input example.

    Returns
    -------
    options : dict of str to object
        Keyword arguments of ``mlflow.sklearn.log_model`` and ``save_model``.

    Raises
    ------
    ValueError
        If skops cannot save the estimator.
    """
    example = _example(X)
    with _quiet():
        signature = _signature(X, example, estimator.predict_proba(example))
    return {
        "serialization_format": "skops",
        "skops_trusted_types": skops_types(estimator),
        "signature": signature,
        "input_example": example,
        "pyfunc_predict_fn": "predict_proba",
        "pip_requirements": requirements(estimator),
    }


def log_model(estimator, options):
    """Log a corrector to the active run.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    options : dict of str to object
        From :func:`model_options`.

    Returns
    -------
    model_uri : str
        URI of the logged model.
    """
    import mlflow

    with _quiet():
        return mlflow.sklearn.log_model(estimator, name="model", **options).model_uri


def register(estimator, options, model_uri, name, effects):
    """Register a version per priority, the logged model last, then set the aliases.

    An alias names a version, and a version predicts in one way, whatever alias it was
    loaded by: three aliases that predict with three policies need three versions.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    options : dict of str to object
        From :func:`model_options`.

    model_uri : str
        From :func:`log_model`; becomes the version of the estimator's own `priority`.

    name : str
        Name of the registered model.

    effects : dict of str to str
        Per priority what it does, the description of its version.
    """
    import mlflow

    others = [priority for priority in PRIORITIES if priority != estimator.priority]
    uris = {priority: _log_variant(estimator, options, priority) for priority in others}
    uris[estimator.priority] = model_uri
    with _quiet():
        versions = {
            priority: mlflow.register_model(
                uri, name, tags=_version_tags(estimator, priority)
            ).version
            for priority, uri in uris.items()
        }
    client = mlflow.MlflowClient()
    for priority, version in versions.items():
        client.update_model_version(name, version, description=effects[priority])
        client.set_registered_model_alias(name, priority, version)


def requirements(estimator):
    """Return the packages that an estimator and its parts need.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted or not.

    Returns
    -------
    lines : list of str
        Lines of a requirements file, with the versions that are installed.
    """
    modules = {type(part).__module__.split(".")[0] for part in _parts(estimator)}
    if callable(estimator.reward):
        modules.add(estimator.reward.__module__.split(".")[0])
    needed = _ALWAYS_NEEDED | _distributions(modules - _ALWAYS_IMPORTED)
    return [f"{name}=={metadata.version(name)}" for name in sorted(needed)]


def _version_tags(estimator, priority):
    variant = copy.copy(estimator).set_params(priority=priority)
    return {
        "priority": priority,
        "changes_nothing": str(bool(idle_reason(variant))).lower(),
    }


def _distributions(modules):
    """Names under which modules are installed."""
    if not modules:
        # All that is installed would be searched, for a second.
        return set()
    installed = metadata.packages_distributions()
    return {name for module in modules for name in installed.get(module, [])}


def _log_variant(estimator, options, priority):
    """Save the model with another priority, as files of the run, not as a logged model."""
    import mlflow

    variant = copy.copy(estimator).set_params(priority=priority)
    run_id, path = mlflow.active_run().info.run_id, f"registered/{priority}"
    with tempfile.TemporaryDirectory() as folder, _quiet():
        mlflow.sklearn.save_model(
            variant,
            f"{folder}/model",
            mlflow_model=mlflow.models.Model(run_id=run_id),
            **options,
        )
        mlflow.log_artifacts(f"{folder}/model", path)
    return f"runs:/{run_id}/{path}"


def _example(X):
    """Return the first rows, in types that MLflow can save and accepts again.

    Numbers of a frame become doubles, for integers and bools cannot be missing; all that is
    neither number, bool nor date becomes text.
    """
    example = X[:_EXAMPLE_ROWS]
    return example.apply(_as_plain_type) if hasattr(example, "columns") else example


def _signature(X, example, output):
    """Signature that takes X itself, the example, and rows with missing values."""
    from mlflow.models import infer_signature
    from mlflow.types.schema import AnyType, ColSpec, Schema

    signature = infer_signature(example, output)
    if hasattr(X, "columns"):
        # MLflow refuses integers as doubles, doubles as integers, and the like.
        signature.inputs = Schema(
            [
                spec if _has_plain_type(X[spec.name]) else ColSpec(AnyType(), spec.name)
                for spec in signature.inputs.inputs
            ]
        )
    return signature


def _has_plain_type(column):
    """Whether MLflow takes the column as the type that it becomes in the example."""
    from pandas.api import types

    return (
        types.is_float_dtype(column.dtype)
        or types.is_string_dtype(column.dtype)
        or types.is_datetime64_dtype(column.dtype)
    )


def _as_plain_type(column):
    from pandas.api import types

    if types.is_bool_dtype(column.dtype) and not column.hasnans:
        return column.astype(bool)
    if types.is_numeric_dtype(column.dtype) and column.dtype.kind in "biuf":
        return column.astype("float64")
    if types.is_datetime64_dtype(column.dtype):
        return column
    return column.astype(object).map(str, na_action="ignore")


@contextlib.contextmanager
def _quiet():
    """Silence MLflow's warnings about calls that users do not make themselves."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _parts(estimator):
    """Yield an estimator and all estimators in it."""
    yield estimator
    for part in estimator.get_params(deep=True).values():
        if isinstance(part, FrozenEstimator):
            # It does not list the parameters of the estimator that it froze.
            yield from _parts(part.estimator)
        elif hasattr(part, "get_params") and not isinstance(part, type):
            yield part

"""MLflow's autologging of a fit: one run with one model, as for scikit-learn's estimators.

MLflow patches the estimators of scikit-learn alone. Without this module, a fit would log
each fit of its inner classifiers, and nothing of its own.
"""

import contextlib
import sys
import warnings

from scipy import sparse
from sklearn.utils import _safe_indexing

_FLAVOR = "sklearn"
_LONGEST_VALUE = 500
_EXAMPLE_ROWS = 5


@contextlib.contextmanager
def without_autolog():
    """Suspend ``mlflow.autolog()`` for whatever is fitted in this block.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect.tracking import without_autolog
    >>> X, y = load_iris(return_X_y=True)
    >>> with without_autolog():
    ...     model = GaussianNB().fit(X, y)
    """
    if "mlflow" not in sys.modules:
        yield
        return
    # Not in MLflow's documentation; autolog(disable=True) is, but forgets what was set.
    from mlflow.utils import autologging_utils

    # On leaving, MLflow's context turns autologging on, whatever it was before.
    if autologging_utils._AUTOLOGGING_GLOBALLY_DISABLED:
        yield
        return
    with autologging_utils.disable_autologging():
        yield


@contextlib.contextmanager
def autologged_as_one(model, X):
    """Log a fit to MLflow if autologging is on, and none of the fits inside of it.

    Parameters
    ----------
    model : estimator instance
        Fitted in this block.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows; the first five are the input example.

    Yields
    ------
    None
        Nothing.
    """
    is_logged = _is_on()
    with without_autolog():
        yield
        if is_logged:
            try:
                _log(model, X)
            except Exception as error:  # as MLflow does: a fit is worth more than its log
                if not _option("silent"):
                    warnings.warn(
                        f"mlflow.autolog() could not log this fit: {error}",
                        stacklevel=6,  # the caller of fit
                    )


def _is_on():
    """Whether MLflow would log the fit of an estimator of scikit-learn here."""
    # Its autologging is imported only when it is asked for.
    if "mlflow.sklearn" not in sys.modules:
        return False
    import mlflow
    from mlflow.utils import autologging_utils

    is_off = (
        autologging_utils._AUTOLOGGING_GLOBALLY_DISABLED
        or autologging_utils.autologging_is_disabled(_FLAVOR)
        # Part of a Pipeline or a search, which is logged as a whole.
        or mlflow.sklearn._SklearnTrainingSession.is_active()
    )
    return not is_off and not (_option("exclusive") and mlflow.active_run())


def _option(name):
    from mlflow.utils.autologging_utils import get_autologging_config

    return get_autologging_config(_FLAVOR, name)


def _log(model, X):
    import mlflow

    params = {
        name: str(value)[:_LONGEST_VALUE]
        for name, value in model.get_params(deep=True).items()
    }
    name = type(model).__name__
    tags = {"estimator_name": name, "estimator_class": f"{type(model).__module__}.{name}"}
    run = contextlib.nullcontext() if mlflow.active_run() else mlflow.start_run()
    with run:
        mlflow.log_params(params)
        mlflow.set_tags(tags | (_option("extra_tags") or {}))
        if _option("log_models"):
            mlflow.sklearn.log_model(model, name="model", **_model_options(model, X))


def _model_options(model, X):
    """Options of ``mlflow.sklearn.log_model``, as ``mlflow.sklearn.autolog`` was given."""
    from mlflow.models import infer_signature

    options = {
        name: _option(name) for name in ("serialization_format", "registered_model_name")
    }
    X = X.tocsr() if sparse.issparse(X) else X
    example = _safe_indexing(X, slice(0, _EXAMPLE_ROWS))
    if _option("log_input_examples"):
        options["input_example"] = example
    if _option("log_model_signatures"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # integers cannot be missing, and the like
            options["signature"] = infer_signature(example, model.predict(example))
    return options

"""Trained corrections in MLflow: one run per training, and the model registry."""

import contextlib
import copy
import hashlib
import io
import json
import platform
import sys
import tempfile
import time
import warnings
from importlib import metadata

import numpy as np
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.plotting import save_pictures

# How our runs are found again, and what they were made of.
_STAGE, _FINGERPRINT = "rlcorrect.stage", "rlcorrect.data_fingerprint"
_ROWS, _CAUTION = "rlcorrect.rows", "rlcorrect.caution"
_HELD_OUT_FILE = "held_out_rows.txt"
_EXAMPLE_ROWS = 5
# MLflow refuses longer values of parameters.
_LONGEST_PARAM = 6000
# What is longer in a table loses its beginning: paths and pipelines differ at the end.
_LONGEST_CELL = 32


def log_run(
    estimator,
    X_test,
    y_test,
    *,
    run_name=None,
    params=None,
    registered_model_name=None,
):
    """Log a fitted corrector as one MLflow run.

    It goes to the active run, if there is one, or to a new run of the experiment that is
    set. What is logged: parameters, versions of all packages, a fingerprint of the rows,
    the metrics of every checkpoint of the training (``checkpoint/accuracy`` and so on,
    at the timestep), metrics before and after on the rows that are given
    (``before/accuracy``, ``after/accuracy``), pictures, and one model. The model is saved
    by skops, and its pyfunc returns corrected probabilities.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X_test : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y_test : array-like of shape (n_samples,)
        Labels.

    run_name : str, default=None
        Name of the new run; None lets MLflow choose one.

    params : dict of str to object, default=None
        More parameters to log beside those of the estimator.

    registered_model_name : str, default=None
        Registers the model under this name with the aliases ``accuracy``, ``fp`` and
        ``weighted``, each of which predicts with that priority, as pyfunc, too. That takes
        a version each, the logged model being one of them.

    Returns
    -------
    run_id : str
        ID of the run.

    Raises
    ------
    ValueError
        If `y_test` holds a label that the estimator does not know, or skops cannot save
        the estimator. There is no run then.

    See Also
    --------
    without_autolog : Keeps ``mlflow.autolog()`` away from the inner fits.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.tracking import log_run, without_autolog
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> base = LogisticRegression(max_iter=5000)
    >>> model = RLCalibratedClassifier(base, total_timesteps=2_000)
    >>> with without_autolog():
    ...     model = model.fit(X[:400], y[:400])
    >>> run_id = log_run(model, X[400:], y[400:])  # doctest: +SKIP
    """
    import mlflow

    check_is_fitted(estimator)
    X_test = _as_known_to_mlflow(X_test)
    with without_autolog():
        # All that can go wrong, before a run is there to be left behind.
        scores = evaluate_correction(estimator, X_test, y_test)
        options = _model_options(estimator, _example(X_test))
        digest = fingerprint(X_test, y_test)
        with _active_or_new_run(run_name) as run:
            mlflow.set_tag(_STAGE, "train")
            _log_fingerprint(digest, name="test", context="test")
            own = estimator.get_params(deep=False) | {"n_test": len(y_test)}
            _log_params(own | (params or {}))
            _log_environment()
            _log_history(run.info.run_id, estimator.history_)
            _log_evaluation(estimator, X_test, y_test, scores)
            model_uri = _log_model(estimator, options)
            if registered_model_name is not None:
                _register(estimator, options, model_uri, registered_model_name)
    return run.info.run_id


def log_rows(X, y, held_out, *, name, options, caution=""):
    """Note in the active run what rows it was trained from.

    Parameters
    ----------
    X : {ndarray, dataframe} of shape (n_samples, n_features)
        All rows.

    y : ndarray of shape (n_samples,)
        Labels.

    held_out : ndarray of int
        Rows that training did not see.

    name : str
        What to call the rows.

    options : dict of str to str
        How to find them again.

    caution : str, default=""
        What whoever evaluates the model must be told.
    """
    import mlflow

    _log_fingerprint(fingerprint(X, y), name=name, context="train")
    mlflow.set_tags({_ROWS: json.dumps(options), _CAUTION: caution})
    mlflow.log_text("\n".join(map(str, held_out.tolist())), _HELD_OUT_FILE)


def trained_on(run):
    """How to find the rows again that a run was trained from.

    Parameters
    ----------
    run : mlflow.entities.Run or None
        From :func:`load_model`.

    Returns
    -------
    options : dict of str to str, or None
        What :func:`log_rows` was told; None if it was told nothing.
    """
    text = None if run is None else run.data.tags.get(_ROWS)
    return None if text is None else json.loads(text)


def caution_of(run):
    """What whoever evaluates the model of a run must be told.

    Parameters
    ----------
    run : mlflow.entities.Run or None
        From :func:`load_model`.

    Returns
    -------
    caution : str
        Empty if there is nothing to tell.
    """
    return "" if run is None else run.data.tags.get(_CAUTION, "")


def held_out_rows(run, X, y):
    """Rows of a set that a run was not trained on.

    Parameters
    ----------
    run : mlflow.entities.Run
        From :func:`load_model`.

    X : {array-like, dataframe} of shape (n_samples, n_features)
        Rows.

    y : array-like of shape (n_samples,)
        Labels.

    Returns
    -------
    rows : ndarray of int or None
        None if the run knows nothing of this set.
    """
    import mlflow

    if run.data.tags.get(_FINGERPRINT) != fingerprint(X, y):
        return None
    artifacts = mlflow.MlflowClient().list_artifacts(run.info.run_id)
    if _HELD_OUT_FILE not in [artifact.path for artifact in artifacts]:
        return np.arange(len(y))
    text = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/{_HELD_OUT_FILE}")
    return np.array(text.split(), dtype=int)


def log_evaluation(estimator, X, y, *, training_run, params, experiment_id=None):
    """Log an evaluation as a run below the training's.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    training_run : mlflow.entities.Run or None
        Where the model is from.

    params : dict of str to object
        What to log of the evaluation.

    experiment_id : str, default=None
        Where the run belongs if `training_run` is None; None is the experiment that is
        set.

    Returns
    -------
    run_id : str
        ID of the new run.
    """
    import mlflow

    place = {}
    if training_run is not None:
        info = training_run.info
        place = {"experiment_id": info.experiment_id, "parent_run_id": info.run_id}
    elif experiment_id is not None:
        place = {"experiment_id": experiment_id}
    place["nested"] = mlflow.active_run() is not None
    name = f"evaluate {estimator.priority}"
    with without_autolog():
        scores = evaluate_correction(estimator, X, y)
        with mlflow.start_run(run_name=name, **place) as run:
            mlflow.set_tag(_STAGE, "evaluate")
            _log_fingerprint(fingerprint(X, y), name="test", context="test")
            _log_params(params | {"n_test": len(y)})
            _log_evaluation(estimator, X, y, scores)
    return run.info.run_id


def load_model(uri=None):
    """Load a corrector that was logged.

    Parameters
    ----------
    uri : str, default=None
        ``runs:/RUN_ID``, or any URI of a model that MLflow knows, such as
        ``models:/NAME@fp``. None is the model of the newest training.

    Returns
    -------
    model : RLCalibratedClassifier
        Fitted.

    run : mlflow.entities.Run or None
        Its training; None where MLflow does not know.

    Raises
    ------
    ValueError
        If there is no such model, or it is something else.
    """
    import mlflow

    client = mlflow.MlflowClient()
    if uri is None:
        run = _trainings(client, 1)[0]
        return check_corrector(_model_of_run(run), "the newest run"), run
    scheme, _, rest = uri.partition(":/")
    if scheme == "runs" and "/" not in rest.strip("/"):
        run = _run(client, rest.strip("/"))
        return check_corrector(_model_of_run(run), uri), run
    with _told_in_one_line(f"there is no model {uri}"):
        info = mlflow.models.get_model_info(uri)
        model = check_corrector(mlflow.sklearn.load_model(uri), uri)
    return model, _run(client, info.run_id) if info.run_id else None


def load_baseline(run_id):
    """Load a classifier that a run logged, to correct it.

    Parameters
    ----------
    run_id : str
        ID of a run that logged a scikit-learn model. Of a corrector it is the classifier
        that it corrects.

    Returns
    -------
    classifier : estimator
        Fitted.

    run : mlflow.entities.Run
        The run.

    Raises
    ------
    ValueError
        If there is no such run, or it logged no scikit-learn model.
    """
    import mlflow

    run = _run(mlflow.MlflowClient(), run_id)
    model = _model_of_run(run)
    return (model.estimator_ if hasattr(model, "policies_") else model), run


def compare_runs(run_ids=None, *, newest=5):
    """Put runs side by side.

    Parameters
    ----------
    run_ids : list of str, default=None
        IDs of runs; None is the newest trainings.

    newest : int, default=5
        How many, if `run_ids` is None.

    Returns
    -------
    table : list of list of str
        A header, then per parameter that differs, and per metric before and after, its
        values in all runs.

    Raises
    ------
    ValueError
        If there is no such run.
    """
    import mlflow

    client = mlflow.MlflowClient()
    if run_ids:
        runs = [_run(client, run_id) for run_id in run_ids]
    else:
        runs = _trainings(client, newest)
    header = ["run", *(run.info.run_name for run in runs)]
    ids = ["id", *(run.info.run_id[:8] for run in runs)]
    params = [
        row for row in _rows(runs, lambda run: run.data.params) if len(set(row[1:])) > 1
    ]
    metrics = _rows(
        runs,
        lambda run: {
            name: f"{value:.6g}"
            for name, value in run.data.metrics.items()
            if name.startswith(("before/", "after/"))
        },
    )
    table = [header, ids, *params, *metrics]
    return [[_cell(value) for value in row] for row in table]


def fingerprint(X, y):
    """Hash of labelled rows: the same wherever and whenever the same rows are read.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    y : array-like of shape (n_samples,)
        Labels.

    Returns
    -------
    digest : str
        32 hexadecimal digits.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import fingerprint
    >>> fingerprint([[1.0, 2.0]], ["yes"]) == fingerprint([[1.0, 2.0]], ["no"])
    False
    """
    import pandas as pd

    X = _as_known_to_mlflow(X)
    shape = np.shape(X)
    if sparse.issparse(X):
        X = X.tocoo()
        X = np.column_stack([X.row, X.col, X.data])
    digest = hashlib.sha256(repr(shape).encode())
    for table in (pd.DataFrame(X), pd.DataFrame({"y": np.asarray(y)})):
        digest.update(repr(list(map(str, table.columns))).encode())
        values = table.apply(_hashable)
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:32]


def _hashable(column):
    """The same values for the same numbers, dates or texts, whatever their type."""
    from pandas.api import types

    if types.is_numeric_dtype(column.dtype) and column.dtype.kind in "biuf":
        return column.astype("float64")
    return column.astype(object).map(str, na_action="ignore").astype(object)


@contextlib.contextmanager
def without_autolog():
    """Keep ``mlflow.autolog()`` away from what is fitted in this block.

    A corrector fits its classifier once per fold and once on all rows. With autologging
    on, each of these fits would be a run, or a model, of its own.

    Yields
    ------
    None
        Nothing.
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


def _active_or_new_run(run_name):
    import mlflow

    active = mlflow.active_run()
    if active is not None:
        return contextlib.nullcontext(active)
    return mlflow.start_run(run_name=run_name)


def _log_params(params):
    import mlflow

    mlflow.log_params({name: str(value)[:_LONGEST_PARAM] for name, value in params.items()})


def _log_fingerprint(digest, *, name, context):
    """Tell of the data what they are called and whether they are the same, no more."""
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    mlflow.set_tag(_FINGERPRINT, digest)
    dataset = MetaDataset(CodeDatasetSource(tags={}), name=name, digest=digest)
    try:
        mlflow.log_input(dataset, context=context)
    except Exception:
        # MLflow fails if two processes log the same rows for the first time at once;
        # now they are there.
        mlflow.log_input(dataset, context=context)


def _log_environment():
    import mlflow

    packages = {d.metadata["Name"]: d.version for d in metadata.distributions()}
    environment = {
        "python": sys.version,
        "platform": platform.platform(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }
    mlflow.log_text(json.dumps(environment, indent=2), "environment.json")


def _log_history(run_id, history):
    """Every metric of every checkpoint, at its timestep."""
    import mlflow
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    metrics = [
        Metric(f"checkpoint/{name}", float(value), now, int(timestep))
        for name, values in history.items()
        if name != "timesteps"
        for timestep, value in zip(history["timesteps"], values, strict=True)
    ]
    mlflow.MlflowClient().log_batch(run_id, metrics=metrics)


def _log_evaluation(estimator, X, y, scores):
    """Log metrics before and after, and pictures."""
    import mlflow

    mlflow.log_metrics(
        {
            f"{when}/{name}": value
            for when, values in scores.items()
            for name, value in values.items()
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        save_pictures(estimator, X, y, folder)
        mlflow.log_artifacts(folder, "pictures")


def _log_model(estimator, options):
    import mlflow

    with _quiet():
        return mlflow.sklearn.log_model(estimator, name="model", **options).model_uri


def _model_options(estimator, example):
    from mlflow.models import infer_signature

    with _quiet():
        signature = infer_signature(example, estimator.predict_proba(example))
    return {
        "serialization_format": "skops",
        "skops_trusted_types": _skops_types(estimator),
        "signature": signature,
        "input_example": example,
        "pyfunc_predict_fn": "predict_proba",
        "pip_requirements": _requirements(estimator),
    }


def _example(X):
    """First rows, in types that MLflow can write down and will accept again.

    Of a frame: numbers as doubles, for integers cannot be missing; what is neither number,
    truth value nor date as text.
    """
    example = X[:_EXAMPLE_ROWS]
    if not hasattr(example, "columns"):
        return example
    return example.apply(_as_plain_type)


def _as_plain_type(column):
    from pandas.api import types

    if types.is_bool_dtype(column.dtype) and not column.hasnans:
        return column.astype(bool)
    if types.is_numeric_dtype(column.dtype) and column.dtype.kind in "iuf":
        return column.astype("float64")
    if types.is_datetime64_dtype(column.dtype):
        return column
    return column.astype(object).map(str, na_action="ignore")


@contextlib.contextmanager
def _quiet():
    """Keep MLflow from telling users of its own calls what only their caller can mend."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _skops_types(estimator):
    """All types in a model of our own making: what we log we trust."""
    import skops.io

    try:
        data = skops.io.dumps(estimator)
        trusted = skops.io.get_untrusted_types(data=data)
        skops.io.loads(data, trusted=trusted)
    except Exception as error:  # every kind of object fails in its own way
        raise ValueError(
            f"skops cannot save {estimator!r}, and MLflow keeps no model but by skops: "
            f"{error!r}"
        ) from error
    return trusted


def _requirements(estimator):
    """Packages of the estimator and of all that it is made of, as installed."""
    modules = {type(part).__module__.split(".")[0] for part in _parts(estimator)}
    if callable(estimator.reward):
        modules.add(estimator.reward.__module__.split(".")[0])
    distributions = metadata.packages_distributions()
    needed = {name for module in modules for name in distributions.get(module, [])}
    needed |= {"sklearn-rlcorrect", "numpy", "scipy", "scikit-learn", "skops"}
    return [f"{name}=={metadata.version(name)}" for name in sorted(needed)]


def _parts(estimator):
    """An estimator and all estimators in it."""
    yield estimator
    for part in estimator.get_params(deep=True).values():
        if isinstance(part, FrozenEstimator):
            # It keeps the parameters of what it froze to itself.
            yield from _parts(part.estimator)
        elif hasattr(part, "get_params") and not isinstance(part, type):
            yield part


def _register(estimator, options, model_uri, name):
    """Register a version for each priority, the logged model last, then set the aliases.

    An alias names a version, and a version predicts in one way, whatever alias it was
    loaded by: for each alias to do what it says there must be a version for each.
    """
    import mlflow

    others = [priority for priority in PRIORITIES if priority != estimator.priority]
    uris = {priority: _log_variant(estimator, options, priority) for priority in others}
    uris[estimator.priority] = model_uri
    with _quiet():
        versions = {
            priority: mlflow.register_model(uri, name, tags={"priority": priority}).version
            for priority, uri in uris.items()
        }
    client = mlflow.MlflowClient()
    for priority, version in versions.items():
        client.set_registered_model_alias(name, priority, version)


def _log_variant(estimator, options, priority):
    """Save the model so that it predicts with another priority; not one more model."""
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


def _trainings(client, newest):
    """Newest trainings that came to their end."""
    import mlflow

    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(
        experiments,
        filter_string=f"tags.`{_STAGE}` = 'train' and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
        max_results=newest,
    )
    if not runs:
        raise ValueError(
            f"{mlflow.get_tracking_uri()} holds no trained model: train one first, or say "
            "which to take"
        )
    return runs


def _run(client, run_id):
    """A run by its ID, or by the beginning of it that no other run has."""
    if 4 <= len(run_id) < 32:
        ids = [run.info.run_id for run in _all_runs(client)]
        same = [known for known in ids if known.startswith(run_id)]
        run_id = same[0] if len(same) == 1 else run_id
    with _told_in_one_line(f"there is no run {run_id!r}"):
        return client.get_run(run_id)


def _all_runs(client):
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    token = None
    while token != "":
        page = client.search_runs(experiments, page_token=token)
        yield from page
        token = page.token or ""


def _model_of_run(run):
    """The scikit-learn model of a run; its newest, if it logged several."""
    import mlflow

    run_id = run.info.run_id
    models = mlflow.search_logged_models(
        experiment_ids=[run.info.experiment_id],
        filter_string=f"source_run_id = '{run_id}'",
        order_by=[{"field_name": "creation_timestamp", "ascending": False}],
        output_format="list",
    )
    if not models:
        raise ValueError(f"run {run_id} logged no model")
    uri = models[0].model_uri
    with _told_in_one_line(f"the model of run {run_id} is not a scikit-learn model"):
        return mlflow.sklearn.load_model(uri)


@contextlib.contextmanager
def _told_in_one_line(message):
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise ValueError(f"{message}: {error.message}") from error


def _cell(value):
    value = " ".join(value.split())
    return value if len(value) <= _LONGEST_CELL else f"...{value[3 - _LONGEST_CELL :]}"


def _as_known_to_mlflow(X):
    """Frames of pandas, for MLflow knows no others; lists as arrays; rows to slice."""
    if isinstance(X, list):
        return np.array(X)
    if sparse.issparse(X):
        # MLflow knows sparse matrices, and not yet sparse arrays.
        return sparse.csr_matrix(X)
    return X.to_pandas() if hasattr(X, "to_pandas") else X


def _rows(runs, values_of):
    values = [values_of(run) for run in runs]
    names = dict.fromkeys(name for each in values for name in each)
    return [[name, *(each.get(name, "-") for each in values)] for name in names]

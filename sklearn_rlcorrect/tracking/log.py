"""Log trainings and evaluations as MLflow runs."""

import contextlib
import json
import platform
import sys
import tempfile
import time
from copy import copy
from importlib import metadata

from sklearn.utils.validation import check_is_fitted

from sklearn_rlcorrect._autolog import without_autolog
from sklearn_rlcorrect._statements import effect, idle_reason
from sklearn_rlcorrect.evaluation import (
    evaluate_correction,
    evaluate_priorities,
    saving_interval,
)
from sklearn_rlcorrect.plotting import save_pictures
from sklearn_rlcorrect.tracking.models import log_model, model_options, register
from sklearn_rlcorrect.tracking.rows import as_mlflow_takes, fingerprint, log_fingerprint
from sklearn_rlcorrect.tracking.runs import STAGE

# MLflow refuses longer values of parameters.
_LONGEST_PARAM = 6000


def log_run(
    estimator,
    X_test,
    y_test,
    *,
    groups=None,
    run_name=None,
    params=None,
    registered_model_name=None,
):
    """Log a fitted corrector as one MLflow run.

    The run is the active one, or a new run of the experiment that is set. It holds:

    - the parameters of the estimator, and the versions of all packages;
    - a fingerprint of the rows;
    - the metrics of every checkpoint of the training (``checkpoint/accuracy`` and so on),
      at its timestep;
    - the metrics before and after the correction on the given rows, and of another
      threshold alone (``before/accuracy``, ``after/accuracy``,
      ``threshold_alone/accuracy``); what the correction saves beyond that threshold
      (``saving/value``, ``saving/lower`` and ``saving/upper``); and pictures;
    - one model, saved by skops, whose pyfunc returns corrected probabilities.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X_test : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y_test : array-like of shape (n_samples,)
        Labels.

    groups : array-like of shape (n_samples,), default=None
        Group of each row, for the interval of what the correction saves. None takes rows
        as independent of each other.

    run_name : str, default=None
        Name of the new run; None lets MLflow choose one.

    params : dict of str to object, default=None
        More parameters to log beside those of the estimator.

    registered_model_name : str, default=None
        Register the model under this name with the aliases ``accuracy``, ``fp`` and
        ``weighted``. Each predicts with that priority, also as a pyfunc. This takes three
        versions, of which the logged model is one. Their descriptions say what they do on
        the given rows, and their tags ``changes_nothing`` whether they do nothing.

    Returns
    -------
    run_id : str
        ID of the run.

    Raises
    ------
    ValueError
        If `y_test` holds a label that the estimator does not know, or skops cannot save
        the estimator. No run is made then.

    See Also
    --------
    without_autolog : Suspends ``mlflow.autolog()`` during the inner fits.
    load_model : Loads the model again.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.tracking import log_run, without_autolog
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> with without_autolog():
    ...     model = model.fit(X[:400], y[:400])
    >>> run_id = log_run(model, X[400:], y[400:])  # doctest: +SKIP
    """
    check_is_fitted(estimator)
    X_test = as_mlflow_takes(X_test)
    with without_autolog():
        # All that can fail comes before the run, so that no failed run is left.
        scores = _scores(estimator, X_test, y_test, groups)
        options = model_options(estimator, X_test)
        digest = fingerprint(X_test, y_test)
        effects = registered_model_name and _effects(estimator, X_test, y_test)
        with _active_or_new_run(run_name) as run:
            own = estimator.get_params(deep=False) | {"n_test": len(y_test)}
            _log_start("train", digest, own | (params or {}))
            _log_environment()
            _log_history(run.info.run_id, estimator.history_)
            _log_scores(scores)
            _log_pictures(estimator, X_test, y_test)
            model_uri = log_model(estimator, options)
            if registered_model_name is not None:
                register(estimator, options, model_uri, registered_model_name, effects)
    return run.info.run_id


def log_evaluation(
    estimator, X, y, *, training_run, params, experiment_id=None, pictures=None
):
    """Log an evaluation as a child run of its training.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    training_run : mlflow.entities.Run or None
        Run that trained the model, from :func:`load_model`.

    params : dict of str to object
        Parameters to log.

    experiment_id : str, default=None
        Experiment of the new run if `training_run` is None; None is the experiment that
        is set.

    pictures : str or path-like, default=None
        Folder of pictures to log; None draws them.

    Returns
    -------
    run_id : str
        ID of the new run.

    Raises
    ------
    ValueError
        If `y` holds a label that the estimator does not know. No run is made then.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn_rlcorrect.tracking import load_model, log_evaluation
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model, run = load_model()  # doctest: +SKIP
    >>> run_id = log_evaluation(
    ...     model, X[400:], y[400:], training_run=run, params={}
    ... )  # doctest: +SKIP
    """
    import mlflow

    place = _place(training_run, experiment_id)
    with without_autolog():
        scores = _scores(estimator, X, y)
        with mlflow.start_run(run_name=f"evaluate {estimator.priority}", **place) as run:
            _log_start("evaluate", fingerprint(X, y), params | {"n_test": len(y)})
            _log_scores(scores)
            _log_pictures(estimator, X, y, pictures)
    return run.info.run_id


def _active_or_new_run(run_name):
    import mlflow

    active = mlflow.active_run()
    if active is not None:
        return contextlib.nullcontext(active)
    return mlflow.start_run(run_name=run_name)


def _place(training_run, experiment_id):
    """Return where a new run belongs, as arguments of ``mlflow.start_run``."""
    import mlflow

    place = {"nested": mlflow.active_run() is not None}
    if training_run is not None:
        info = training_run.info
        place |= {"experiment_id": info.experiment_id, "parent_run_id": info.run_id}
    elif experiment_id is not None:
        place["experiment_id"] = experiment_id
    return place


def _log_start(stage, digest, params):
    """Log what a run is of: its stage, the rows to score on, parameters."""
    import mlflow

    mlflow.set_tag(STAGE, stage)
    log_fingerprint(digest, name="test", context="test")
    mlflow.log_params({name: str(value)[:_LONGEST_PARAM] for name, value in params.items()})


def _log_environment():
    import mlflow

    # Each access to a distribution's metadata parses them.
    installed = [distribution.metadata for distribution in metadata.distributions()]
    packages = {package["Name"]: package["Version"] for package in installed}
    environment = {
        "python": sys.version,
        "platform": platform.platform(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
    }
    mlflow.log_text(json.dumps(environment, indent=2), "environment.json")


def _log_history(run_id, history):
    """Log every metric of every checkpoint, at its timestep."""
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


def _scores(estimator, X, y, groups=None):
    """Metrics of all columns, and what the correction saves beyond the threshold alone."""
    scores = evaluate_correction(estimator, X, y)
    saving = saving_interval(estimator, X, y, groups=groups)
    return scores | ({"saving": saving} if saving else {})


def _effects(estimator, X, y):
    """Per priority a sentence on what it does on these rows, or why it does nothing."""
    effects = {}
    for priority, scores in evaluate_priorities(estimator, X, y).items():
        reason = idle_reason(copy(estimator).set_params(priority=priority))
        measured = effect(scores, len(y), "rows of its run")
        what = f"Changes nothing: {reason}." if reason else measured
        effects[priority] = f"Priority {priority}. {what}"
    return effects


def _log_scores(scores):
    import mlflow

    mlflow.log_metrics(
        {
            f"{when}/{name}": value
            for when, values in scores.items()
            for name, value in values.items()
        }
    )


def _log_pictures(estimator, X, y, drawn=None):
    import mlflow

    with tempfile.TemporaryDirectory() as folder:
        if drawn is None:
            save_pictures(estimator, X, y, folder)
        mlflow.log_artifacts(drawn or folder, "pictures")

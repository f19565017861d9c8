"""Load correctors and classifiers that were logged."""

from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.tracking.runs import find_run, mlflow_errors, newest_trainings


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
        Its training; None if MLflow does not know it.

    Raises
    ------
    ValueError
        If there is no such model, or it is not a fitted corrector.

    See Also
    --------
    log_run : Logs a corrector.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import load_model
    >>> model, run = load_model("models:/cancer@fp")  # doctest: +SKIP
    """
    import mlflow

    if uri is None:
        run = newest_trainings(mlflow.MlflowClient(), 1)[0]
        return check_corrector(_model_of_run(run), "the newest run"), run
    scheme, _, rest = uri.partition(":/")
    if scheme == "runs" and "/" not in rest.strip("/"):
        run = find_run(mlflow.MlflowClient(), rest.strip("/"))
        return check_corrector(_model_of_run(run), uri), run
    return _model_by_uri(uri)


def load_baseline(run_id):
    """Load a classifier that a run logged, to correct it.

    Parameters
    ----------
    run_id : str
        ID of a run that logged a scikit-learn model, or the first characters of the ID.

    Returns
    -------
    classifier : estimator
        Fitted. If the run logged a corrector, the classifier that it corrects.

    run : mlflow.entities.Run
        The run.

    Raises
    ------
    ValueError
        If there is no such run, or it logged no scikit-learn model.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import load_baseline
    >>> classifier, run = load_baseline("4f1c0a2b")  # doctest: +SKIP
    """
    import mlflow

    run = find_run(mlflow.MlflowClient(), run_id)
    model = _model_of_run(run)
    return (model.estimator_ if hasattr(model, "policies_") else model), run


def _model_by_uri(uri):
    import mlflow

    with mlflow_errors(f"there is no model {uri}"):
        info = mlflow.models.get_model_info(uri)
        model = check_corrector(mlflow.sklearn.load_model(uri), uri)
    return model, find_run(mlflow.MlflowClient(), info.run_id) if info.run_id else None


def _model_of_run(run):
    """Load the scikit-learn model of a run; the newest, if it logged several."""
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
    with mlflow_errors(f"the model of run {run_id} is not a scikit-learn model"):
        return mlflow.sklearn.load_model(models[0].model_uri)

"""Load correctors and classifiers that were logged."""

from sklearn.utils import get_tags

from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.tracking.runs import find_run, mlflow_errors, newest_trainings


def load_model(uri=None, *, allow_pickle=False):
    """Load a corrector that was logged.

    Parameters
    ----------
    uri : str, default=None
        ``runs:/RUN_ID``, or any URI of a model that MLflow knows, such as
        ``models:/NAME@fp``. None is the model of the newest training.

    allow_pickle : bool, default=False
        Whether a model that was not saved by skops may be loaded: that can run code of
        whoever can write to the store. This package logs by skops only.

    Returns
    -------
    model : RLCalibratedClassifier
        Fitted.

    run : mlflow.entities.Run or None
        Its training; None if MLflow does not know it.

    Raises
    ------
    ValueError
        If there is no such model, or it is not a fitted corrector, or a pickle that is
        not allowed.

    See Also
    --------
    log_run : Logs a corrector.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import load_model
    >>> model, run = load_model("models:/cancer@fp")  # doctest: +SKIP
    """
    import mlflow

    client = mlflow.MlflowClient()
    if uri is None:
        run = newest_trainings(client, 1)[0]
        model_uri, name = _model_of_run(run), "the newest run"
    elif _run_id(uri):
        run, name = find_run(client, _run_id(uri)), uri
        model_uri = _model_of_run(run)
    else:
        with mlflow_errors(f"there is no model {uri}"):
            run_id = mlflow.models.get_model_info(uri).run_id
        run = find_run(client, run_id) if run_id else None
        model_uri = name = uri
    return check_corrector(_load(model_uri, name, allow_pickle), name), run


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
        If there is no such run, or it logged no scikit-learn classifier.

    Notes
    -----
    Unlike :func:`load_model` it loads pickles, which can run code: most runs log such.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import load_baseline
    >>> classifier, run = load_baseline("4f1c0a2b")  # doctest: +SKIP
    """
    import mlflow

    run = find_run(mlflow.MlflowClient(), run_id)
    model = _load(_model_of_run(run), f"run {run_id}", allow_pickle=True)
    kind = get_tags(model).estimator_type if hasattr(model, "fit") else "no estimator"
    if kind not in (None, "classifier"):
        raise ValueError(
            f"run {run_id} logged a {type(model).__name__}, which is no classifier ({kind})"
        )
    return (model.estimator_ if hasattr(model, "policies_") else model), run


def _run_id(uri):
    """ID of the run in ``runs:/RUN_ID``; None for any other URI, as of a file of a run."""
    scheme, _, rest = uri.partition(":/")
    rest = rest.strip("/")
    return rest if scheme == "runs" and "/" not in rest else None


def _load(uri, name, allow_pickle):
    """Load a scikit-learn model, if it may be."""
    import mlflow

    message = f"the model of {name} is not a scikit-learn model"
    with mlflow_errors(message):
        flavors = mlflow.models.get_model_info(uri).flavors
    if "sklearn" not in flavors:
        raise ValueError(f"{message}: its flavors are {', '.join(sorted(flavors))}")
    is_pickle = flavors["sklearn"].get("serialization_format") != "skops"
    if is_pickle and not allow_pickle:
        raise ValueError(
            f"the model of {name} is a pickle, which can run code when it is loaded. If "
            "you trust whoever logged it: allow_pickle=True (--allow-pickle on the command "
            "line)"
        )
    with mlflow_errors(message):
        return mlflow.sklearn.load_model(uri)


def _model_of_run(run):
    """URI of the newest model that a run logged."""
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
    return models[0].model_uri

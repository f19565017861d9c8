"""Find runs in an MLflow store."""

import contextlib

# Tag that marks the runs of this package: "train" or "evaluate".
STAGE = "rlcorrect.stage"


def newest_trainings(client, n_runs):
    """Return the newest trainings that finished.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Client of the store to search.

    n_runs : int
        Largest number of runs.

    Returns
    -------
    runs : list of mlflow.entities.Run
        At least one, newest first.

    Raises
    ------
    ValueError
        If the store holds no training.
    """
    import mlflow

    runs = client.search_runs(
        _experiment_ids(client),
        filter_string=f"tags.`{STAGE}` = 'train' and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
        max_results=n_runs,
    )
    if not runs:
        raise ValueError(
            f"{mlflow.get_tracking_uri()} holds no trained model: train one first, or name "
            "the model or run to use"
        )
    return runs


def find_run(client, run_id):
    """Return a run by its ID, or by the first characters of the ID.

    Parameters
    ----------
    client : mlflow.MlflowClient
        Client of the store to search.

    run_id : str
        ID of the run, or at least its first four characters if no other run shares them.

    Returns
    -------
    run : mlflow.entities.Run
        The run.

    Raises
    ------
    ValueError
        If there is no such run.
    """
    if 4 <= len(run_id) < 32:
        ids = [run.info.run_id for run in _all_runs(client)]
        same = [known for known in ids if known.startswith(run_id)]
        run_id = same[0] if len(same) == 1 else run_id
    with mlflow_errors(f"there is no run {run_id!r}"):
        return client.get_run(run_id)


@contextlib.contextmanager
def mlflow_errors(message):
    """Raise MLflow's exceptions as ``ValueError``, after a message of ours.

    So are those of the places that MLflow looks for models at, and of packages, such as
    boto3, that these need and that are missing.

    Parameters
    ----------
    message : str
        Start of the error message.

    Yields
    ------
    None
        Nothing.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, ImportError, OSError, ValueError) as error:
        raise ValueError(f"{message}: {error}") from error


def _all_runs(client):
    experiments, token = _experiment_ids(client), None
    while token != "":
        page = client.search_runs(experiments, page_token=token)
        yield from page
        token = page.token or ""


def _experiment_ids(client):
    return [experiment.experiment_id for experiment in client.search_experiments()]

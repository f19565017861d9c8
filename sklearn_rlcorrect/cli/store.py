"""The MLflow store of a command: open it, check it, make it."""

import contextlib
import logging
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from sklearn_rlcorrect.persistence.files import check_can_be_made

_SQLITE = "sqlite:///"
_MAKE = "import sys, mlflow; mlflow.MlflowClient(sys.argv[1]).search_experiments()"

# Of MLflow.
_LONGEST_NAME = 500

# MLflow's own variables, for the first question to a server.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


def absolute_uri(tracking_uri):
    """Resolve the file of a sqlite store against the current folder.

    MLflow keeps a database open by its URI: a relative one would stay the file of the
    folder in which it was opened first.

    Parameters
    ----------
    tracking_uri : str
        URI of any store.

    Returns
    -------
    tracking_uri : str
        The same store.

    Examples
    --------
    >>> from sklearn_rlcorrect.cli.store import absolute_uri
    >>> absolute_uri("sqlite:///mlflow.db").endswith("/mlflow.db")
    True
    """
    path = _database(tracking_uri)
    return tracking_uri if path is None else f"{_SQLITE}{path.resolve()}"


def shown_uri(tracking_uri):
    """Hide the password of a URI, for messages.

    Parameters
    ----------
    tracking_uri : str
        URI of any store.

    Returns
    -------
    shown : str
        With ``***`` for the password.

    Examples
    --------
    >>> from sklearn_rlcorrect.cli.store import shown_uri
    >>> shown_uri("postgresql://bob:secret@host/db")
    'postgresql://bob:***@host/db'
    """
    return re.sub(r"(://[^:/@]*):[^@/]*@", r"\1:***@", tracking_uri)


@contextlib.contextmanager
def mlflow_store(args):
    """Direct MLflow to the store of a command, silently, and restore its state on leaving.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command; nothing happens with ``no_mlflow``.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    ValueError
        If MLflow is not installed, or the store exists and cannot be read.
    """
    if args.no_mlflow:
        yield
        return
    mlflow = _import_mlflow()
    _check_is_a_file(args.tracking_uri)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    with _errors_only("mlflow", "alembic"):
        mlflow.set_tracking_uri(args.tracking_uri)
        try:
            _check_readable(args.tracking_uri)
            yield
        finally:
            mlflow.set_tracking_uri(before)


def check_store(tracking_uri):
    """Raise an error if there is no database yet, which a search would create.

    Parameters
    ----------
    tracking_uri : str
        URI of a store.

    Raises
    ------
    ValueError
        If it is a sqlite store that does not exist.
    """
    path = _database(tracking_uri)
    if path is not None and not path.is_file():
        raise ValueError(
            f"there is no MLflow store at {tracking_uri} yet: train a model first, or give "
            "--tracking-uri"
        )


def check_experiment(args):
    """Raise an error if runs cannot be logged to a command's store and experiment.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command: ``no_mlflow``, ``tracking_uri`` and ``experiment_name``.

    Raises
    ------
    ValueError
        If its name is too long, or it was deleted; or if the store cannot be written.
    """
    if not args.no_mlflow:
        _check_writable(args.tracking_uri)
    if len(args.experiment_name) > _LONGEST_NAME:
        raise ValueError(f"--experiment-name is longer than {_LONGEST_NAME} characters")
    if args.no_mlflow or _is_to_be_made(args.tracking_uri):
        return
    import mlflow

    experiment = mlflow.MlflowClient().get_experiment_by_name(args.experiment_name)
    if experiment is not None and experiment.lifecycle_stage == "deleted":
        raise ValueError(
            f"--experiment-name {args.experiment_name} was deleted: restore it, with "
            f"mlflow experiments restore -x {experiment.experiment_id}, or take another"
        )


def experiment_id(args):
    """Return the ID of a command's experiment; make it and its store if needed.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command: ``tracking_uri`` and ``experiment_name``.

    Returns
    -------
    experiment_id : str
        ID of the experiment.
    """
    import mlflow

    _make_store(args.tracking_uri)
    client = mlflow.MlflowClient()
    try:
        return client.create_experiment(args.experiment_name)
    except mlflow.MlflowException:
        # In this order, for another process may make it at the same time.
        experiment = client.get_experiment_by_name(args.experiment_name)
        if experiment is None:
            raise
        return experiment.experiment_id


@contextlib.contextmanager
def store_made_meanwhile(args):
    """Make the store of a command while a block runs, in a process of its own.

    A new database takes MLflow seconds. If the block fails, or the process does, there is
    none; :func:`experiment_id` makes it then.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command: ``no_mlflow`` and ``tracking_uri``.

    Yields
    ------
    None
        Nothing.
    """
    path = None if args.no_mlflow else _database(args.tracking_uri)
    if path is None or path.exists() or not path.parent.is_dir():
        yield
        return
    with _new_database(path) as made:
        # -P: whatever is in the current folder is not imported.
        command = [sys.executable, "-P", "-c", _MAKE, f"{_SQLITE}{made}"]
        quiet = {name: subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
        process = subprocess.Popen(command, **quiet)
        try:
            yield
            if process.wait() != 0:
                made.unlink(missing_ok=True)
        finally:
            process.kill()
            process.wait()


def _import_mlflow():
    try:
        import mlflow
    except ImportError as error:
        raise ValueError(
            "MLflow is missing: pip install 'sklearn-rlcorrect[cli]', or --no-mlflow"
        ) from error
    return mlflow


@contextlib.contextmanager
def _errors_only(*names):
    """Let loggers pass nothing below an error."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _check_is_a_file(tracking_uri):
    """Raise an error if a sqlite store is a folder, which MLflow would try for minutes."""
    path = _database(tracking_uri)
    if path is not None and path.is_dir():
        raise ValueError(
            f"--tracking-uri {tracking_uri} names a folder: give a file, such as "
            f"{_SQLITE}mlflow.db"
        )


def _check_writable(tracking_uri):
    """Raise an error if a database is read-only, or the folder that it is to be made in."""
    path = _database(tracking_uri)
    if path is None:
        return
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"cannot write {path}: it is read-only")
    parent = next(folder for folder in path.parents if folder.exists())
    if not parent.is_dir():
        raise NotADirectoryError(f"cannot make {path}: {parent} is a file")
    check_can_be_made(parent / path.name)


def _check_readable(tracking_uri):
    """Raise an error if a store exists and cannot be read: before a training, not after."""
    if _is_to_be_made(tracking_uri):
        return
    import mlflow

    try:
        with _impatient():
            _connect(tracking_uri)
            mlflow.MlflowClient().search_experiments(max_results=1)
    except Exception as error:  # each kind of store fails in its own way
        hint = ""
        if tracking_uri.startswith("http"):
            hint = " (is it running? MLFLOW_HTTP_REQUEST_TIMEOUT makes MLflow wait longer)"
        raise ValueError(f"cannot use {shown_uri(tracking_uri)}{hint}: {error}") from error


@contextlib.contextmanager
def _impatient():
    """Ask a server twice, where MLflow asks for minutes, unless the user decided."""
    set_here = {name: _PATIENCE[name] for name in _PATIENCE.keys() - os.environ.keys()}
    os.environ.update(set_here)
    try:
        yield
    finally:
        for name in set_here:
            del os.environ[name]


def _connect(tracking_uri):
    """Connect to a database server, which MLflow tries for minutes, and silently."""
    scheme = tracking_uri.partition("://")[0].partition("+")[0]
    if scheme in ("mysql", "postgresql", "mssql"):
        import sqlalchemy

        sqlalchemy.create_engine(tracking_uri).connect().close()


def _make_store(tracking_uri):
    """Make a database that does not exist yet."""
    if not _is_to_be_made(tracking_uri):
        return
    import mlflow

    path = _database(tracking_uri)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _new_database(path) as made:
        mlflow.MlflowClient(f"{_SQLITE}{made}").search_experiments()


@contextlib.contextmanager
def _new_database(path):
    """Make a database under another name, for MLflow leaves a broken one if interrupted.

    Nor can two processes make one file at the same time; a link is made by one of them.
    """
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        yield made
        if made.exists():
            with contextlib.suppress(FileExistsError):
                _move_to_new(made, path)


def _move_to_new(made, path):
    """Give a file another name, if no file has it."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with open(path, "xb") as file:
            file.write(made.read_bytes())


def _is_to_be_made(tracking_uri):
    """Return whether a store is a database that does not exist yet."""
    path = _database(tracking_uri)
    return path is not None and not path.exists()


def _database(tracking_uri):
    """Return the file of a sqlite store; None for any other store."""
    path = tracking_uri.removeprefix(_SQLITE)
    return None if path == tracking_uri else Path(path)

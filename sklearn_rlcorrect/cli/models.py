"""The trained model that a command names."""

from pathlib import Path

from sklearn_rlcorrect import tracking
from sklearn_rlcorrect.cli.messages import tell, tell_more
from sklearn_rlcorrect.cli.options import MODEL_FILE
from sklearn_rlcorrect.cli.store import check_store
from sklearn_rlcorrect.persistence import load_model


def named_model(args):
    """Load the model that a command names, set to the priority that it names.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command: ``model``, ``allow_pickle``, ``priority``, ``no_mlflow``,
        ``tracking_uri``, and ``verbosity``, if it has that.

    Returns
    -------
    model : RLCalibratedClassifier
        Fitted.

    run : mlflow.entities.Run or None
        Its training; None if not known.

    name : str
        Short name, for messages.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such model, or it is not a fitted corrector.
    """
    source = args.model or (MODEL_FILE if args.no_mlflow else None)
    if source is not None and ":/" not in source:
        model, run, name = _from_file(args, source)
    elif args.no_mlflow:
        raise ValueError(f"{source} is in MLflow: leave --no-mlflow out")
    else:
        check_store(args.tracking_uri)
        model, run = _from_mlflow(source, args.allow_pickle)
        name = run.info.run_id[:8] if run else source.rpartition("/")[2]
    if args.priority:
        model.set_params(priority=args.priority)
    tell_more(args, f"model {name} corrects {model.estimator_!r}")
    return model, run, name


def _from_mlflow(uri, allow_pickle):
    try:
        return tracking.load_model(uri, allow_pickle=allow_pickle)
    except ValueError as error:
        raise ValueError(f"{error}{_other_aliases(uri)}") from error


def _other_aliases(uri):
    """Sentence on the aliases of a registered model, if a URI names another one."""
    import mlflow

    name, at, alias = (uri or "").removeprefix("models:/").partition("@")
    if not at:
        return ""
    try:
        aliases = mlflow.MlflowClient().get_registered_model(name).aliases
    except mlflow.MlflowException:
        return ""
    known = ", ".join(sorted(aliases)) or "none"
    return "" if alias in aliases else f" (aliases of {name}: {known})"


def _from_file(args, path):
    if "@" in path and "/" not in path and not Path(path).exists():
        raise FileNotFoundError(f"no such file: {path} (in MLflow, it is models:/{path})")
    if Path(path).is_file() and Path(path).suffix != ".skops":
        tell(
            args,
            f"{path} is a joblib file, and loading one can run code of its author: load "
            "those of people you trust, or use .skops",
        )
    # Harmless, but unknown to skops: the type of a column, which imputers keep.
    return load_model(path, trusted=["numpy.dtype"]), None, Path(path).stem

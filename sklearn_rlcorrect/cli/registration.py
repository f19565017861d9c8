"""What a command logs to MLflow: the name that it registers, and where all of it is."""

import shlex

from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.cli.report import active_priorities
from sklearn_rlcorrect.cli.store import shown_uri


def check_registration(args):
    """Raise an error if a command cannot register a model as its options say.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command: ``register_model``, ``model_name`` and ``no_mlflow``.

    Raises
    ------
    ValueError
        If there is no MLflow, or the name is given alone or cannot be one.
    """
    if args.no_mlflow and args.register_model:
        raise ValueError("--register-model needs MLflow: leave --no-mlflow out")
    if args.model_name and not args.register_model:
        raise ValueError("--model-name is for --register-model: give both")
    if set(args.model_name or "") & set("/:"):
        raise ValueError(f"--model-name {args.model_name} must not hold '/' or ':'")


def registered_name(args):
    """Return the name that a command registers its model by.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command: ``register_model`` and ``model_name``.

    Returns
    -------
    name : str or None
        None if it does not register.
    """
    return (args.model_name or "rlcorrect") if args.register_model else None


def print_registered(args, model):
    """Print the aliases of a registered model, and which of them change nothing.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command; nothing is printed without ``register_model``.

    model : RLCalibratedClassifier
        Fitted.
    """
    if args.register_model:
        aliases = [_alias(args, model, priority) for priority in PRIORITIES]
        print(f"\nRegistered: {', '.join(aliases)}")


def _alias(args, model, priority):
    is_idle = priority not in active_priorities(model)
    note = " (changes nothing)" if is_idle else ""
    return f"models:/{registered_name(args)}@{priority}{note}"


def print_run(args, run_id):
    """Print which run holds what was logged, and how to view it.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command: ``experiment_name`` and ``tracking_uri``.

    run_id : str
        ID of the run.
    """
    uri = shlex.quote(shown_uri(args.tracking_uri))
    print(
        f"\nMLflow run {run_id} (experiment {args.experiment_name}) holds the model, "
        "its learning\ncurves and pictures. To view it:\n"
        f"  mlflow ui --backend-store-uri {uri}"
    )

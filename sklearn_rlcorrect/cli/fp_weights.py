"""``rlcorrect train`` with several values of ``--fp-weight``: compare them, keep none."""

import csv
import shlex

from sklearn_rlcorrect import tracking
from sklearn_rlcorrect.cli.corrector import classifier_name, make_corrector
from sklearn_rlcorrect.cli.messages import warnings_as_lines
from sklearn_rlcorrect.cli.report import print_fp_weights
from sklearn_rlcorrect.cli.split import split_params, with_groups
from sklearn_rlcorrect.cli.store import experiment_id, shown_uri
from sklearn_rlcorrect.comparison import compare_fp_weights
from sklearn_rlcorrect.persistence import check_output, replacing
from sklearn_rlcorrect.plotting import OperatingPointDisplay
from sklearn_rlcorrect.plotting.save import save_display
from sklearn_rlcorrect.tracking.runs import STAGE

TABLE, PICTURE = "fp_weights.csv", "fp_weights.png"

_OF_ONE_MODEL = ("output", "save_data", "register_model")


def has_several(args):
    """Return whether several values of ``--fp-weight`` are to be compared.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    Returns
    -------
    has_several : bool
        Whether it is a list.
    """
    return isinstance(args.fp_weight, list)


def check_fp_weights(args):
    """Raise an error if options are of a model that will be kept.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    Raises
    ------
    ValueError
        If there are such options beside several values of ``--fp-weight``.
    """
    given = [name for name in _OF_ONE_MODEL if getattr(args, name)]
    if has_several(args) and given:
        raise ValueError(
            f"--{given[0].replace('_', '-')} is for one model, and several values of "
            "--fp-weight are only compared: give one value"
        )


def check_fp_weights_outputs(args):
    """Return the files that a comparison writes, if they can be written.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    Returns
    -------
    outputs : list of pathlib.Path
        Table and picture.
    """
    return [check_output(path, overwrite=args.overwrite) for path in (TABLE, PICTURE)]


def compare(args, baseline, parts, notes, steps):
    """Train a correction for each value, print and draw what they come to.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    baseline : estimator or None
        Fitted classifier to correct; None fits one.

    parts : Split
        Rows.

    notes : list of str
        Lines to print about them.

    steps : Steps
        Told which part of which fit is running.
    """
    X, y = parts.data.take(parts.train_rows)
    X_test, y_test = parts.data.take(parts.test_rows)
    model = make_corrector(args, parts.data, baseline, X, parts.groups)
    with (
        tracking.without_autolog(),
        warnings_as_lines(),
        with_groups(parts) as fit_params,
        steps.watch(model),
    ):
        correctors, table = compare_fp_weights(
            model,
            X,
            y,
            X_test,
            y_test,
            args.fp_weight,
            groups_test=parts.test_groups,
            **fit_params,
        )
    steps.begin("draw the picture")
    _write(
        table, OperatingPointDisplay.from_estimators(correctors.values(), X_test, y_test)
    )
    steps.end()
    print(f"{parts.data.name}: {len(y)} rows to train on, {len(y_test)} held out")
    for line in filter(None, [parts.note, *notes]):
        print(line)
    print_fp_weights(correctors, table)
    print(f"\nTable and picture: {TABLE}, {PICTURE}. No model is kept.")
    if not args.no_mlflow:
        _log(args, parts.data, model)
    _print_next(args)


def _write(table, display):
    with replacing(TABLE) as temporary, open(temporary, "w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    with replacing(PICTURE) as temporary:
        save_display(display, temporary)


def _print_next(args):
    """Print the command that keeps the model of one value."""
    command = shlex.join(["rlcorrect", *_without_fp_weight(args.words)])
    print(f"\nNext: {command} --fp-weight=VALUE  # train, and keep, one of them")


def _without_fp_weight(words):
    """Leave out ``--fp-weight 1,2``, ``--fp-weight=1,2`` and both with ``_``."""
    words = iter(words)
    for word in words:
        name, equals, _ = word.replace("_", "-").partition("=")
        if name != "--fp-weight":
            yield word
        elif not equals:
            next(words)


def _log(args, data, model):
    """Log table and picture as one run, with the parameters that all have in common."""
    import mlflow

    own = model.get_params(deep=False) | {"classifier": classifier_name(args)}
    try:
        place = {"experiment_id": experiment_id(args), "run_name": args.run_name}
        with mlflow.start_run(**place) as run:
            mlflow.set_tag(STAGE, "fp_weights")
            mlflow.log_params(own | data.options | split_params(args))
            mlflow.log_artifact(TABLE)
            mlflow.log_artifact(PICTURE, "pictures")
    except Exception as error:  # each kind of store fails in its own way
        raise ValueError(
            f"the run could not be logged ({error}); {TABLE} and {PICTURE} are written"
        ) from error
    print(f"MLflow run {run.info.run_id} at {shown_uri(args.tracking_uri)} holds both.")

"""``rlcorrect evaluate``: score a trained model and its classifier on labelled rows."""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from sklearn_rlcorrect import tracking
from sklearn_rlcorrect.cli import off_policy
from sklearn_rlcorrect.cli.doubts import ask_whether_reversed
from sklearn_rlcorrect.cli.models import named_model
from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.outputs import check_folder, check_not_input
from sklearn_rlcorrect.cli.progress import Steps
from sklearn_rlcorrect.cli.report import print_scores
from sklearn_rlcorrect.cli.rows import (
    is_test_data,
    labelled_rows,
    options_again,
    row_options,
    trained_on_these,
    unknown_training,
)
from sklearn_rlcorrect.cli.store import experiment_id, mlflow_store
from sklearn_rlcorrect.datasets import PrecomputedRows
from sklearn_rlcorrect.datasets.chunks import (
    model_columns,
    precomputed_columns,
    text_columns,
)
from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval
from sklearn_rlcorrect.persistence import check_output, replacing
from sklearn_rlcorrect.plotting import save_pictures
from sklearn_rlcorrect.report import write_report

_GIVE_ROWS = (
    "give --data FILE --target COLUMN, or --data-dir DIR, with rows that are new to it"
)


def run(args):
    """Evaluate a model.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect evaluate``.
    """
    if off_policy.has_log(args):
        off_policy.run(args)
        return
    with Steps(args) as steps, mlflow_store(args):
        _evaluate(args, steps)


def _evaluate(args, steps):
    steps.begin("load the model")
    model, training_run, name = named_model(args)
    folder = Path(args.output or f"evaluation_{name}_{model.priority}")
    check_folder(folder, overwrite=args.overwrite)
    if args.report:
        check_not_input(args, [check_output(args.report, overwrite=args.overwrite)])
    steps.begin("read rows")
    data, rows, note, caution = _rows_to_score(args, model, training_run, name)
    X, y = data.take(rows)
    X = _as_model_takes(model, data, X)
    steps.begin("predict")
    try:
        scores = evaluate_correction(model, X, y)
        saving = saving_interval(model, X, y)
    except TypeError as error:  # as for a date where there was a number
        raise ValueError(f"{data.name} cannot be predicted: {error}") from error
    if args.report:
        steps.begin("write the report")
        title = f"Report on model {name}, priority {model.priority}"
        about = {"source": note, "caution": " ".join(caution.split())}
        numbers = _numbers_in_file(data, rows)
        write_report(model, X, y, args.report, title=title, row_numbers=numbers, **about)
    steps.begin("draw pictures")
    with tempfile.TemporaryDirectory() as drawn:
        _publish(save_pictures(model, X, y, drawn), folder)
        if not args.no_mlflow:
            steps.begin("log to MLflow")
            tracking.log_evaluation(
                model,
                X,
                y,
                training_run=training_run,
                params=data.options | {"model": name, "priority": model.priority},
                experiment_id=None if training_run else experiment_id(args),
                pictures=drawn,
            )
    steps.end()
    print("\n".join(filter(None, [note, caution])))
    print_scores(model, scores, saving)
    ask_whether_reversed(model, X, y)
    print(f"\nPriority {model.priority}, model {name}. Pictures: {folder}{os.sep}")
    if args.report:
        print(f"Report: {args.report}")
    print_next(args)


def _rows_to_score(args, model, training_run, name):
    """Return labelled rows, those to score, and a note and a warning about them."""
    given, trained = row_options(args), tracking.trained_on(training_run)
    if is_test_data(given, trained):
        given = None  # and so those of the training, which held these rows out
    options = options_again(given, trained)
    if options is None:
        raise ValueError(
            f"the rows that model {name} was trained on are not known: {_GIVE_ROWS}"
        )
    data = labelled_rows(options, text_columns(model))
    if training_run is not None:
        rows = tracking.held_out_rows(training_run, data.X, data.y)
        if rows is not None:
            note = f"{data.name}: the {len(rows)} rows held out of the training"
            return data, rows, note, tracking.caution_of(training_run)
    if not given:
        raise ValueError(
            f"{data.name} has changed since model {name} was trained: {_GIVE_ROWS}"
        )
    caution = trained_on_these(given, trained) or unknown_training("the model")
    return data, np.arange(len(data.y)), f"{data.name}: all {len(data.y)} rows", caution


def _numbers_in_file(data, rows):
    # Those of --test-data stand behind those of --data.
    return rows - rows.min() if "test_data" in data.options else rows


def _as_model_takes(model, data, X):
    if not data.n_proba:
        return model_columns(model, X, data.name)
    proba, hidden = X[:, : data.n_proba], X[:, data.n_proba :]
    return precomputed_columns(
        model, PrecomputedRows(proba, hidden if hidden.size else None, None)
    )


def _publish(paths, folder):
    """Copy pictures once all are drawn: a folder appears with all or not at all."""
    folder.mkdir(exist_ok=True)
    for path in paths:
        with replacing(folder / path.name) as temporary:
            shutil.copyfile(path, temporary)

"""``rlcorrect update``: teach a trained model rows whose outcomes came later."""

import numpy as np

from sklearn_rlcorrect import tracking
from sklearn_rlcorrect.cli.doubts import ask_whether_reversed
from sklearn_rlcorrect.cli.messages import warnings_as_lines
from sklearn_rlcorrect.cli.models import named_model
from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.outputs import check_not_input
from sklearn_rlcorrect.cli.progress import Steps
from sklearn_rlcorrect.cli.registration import (
    check_registration,
    print_registered,
    print_run,
    registered_name,
)
from sklearn_rlcorrect.cli.report import print_priorities, print_scores
from sklearn_rlcorrect.cli.rows import (
    column_of,
    csv_options,
    logged_columns,
    trained_on_these,
)
from sklearn_rlcorrect.cli.store import check_experiment, experiment_id, mlflow_store
from sklearn_rlcorrect.datasets import read_rows, read_table
from sklearn_rlcorrect.datasets.chunks import model_columns, text_columns
from sklearn_rlcorrect.evaluation import evaluate_priorities, saving_interval
from sklearn_rlcorrect.persistence import check_output, dump_model


def run(args):
    """Update a model.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect update``.
    """
    _check_options(args)
    check_not_input(args, [check_output(args.output, overwrite=args.overwrite)])
    with Steps(args) as steps, mlflow_store(args):
        if args.register_model:
            check_experiment(args)
        steps.begin("load the model")
        model, training_run, name = named_model(args)
        _check_memory(args, model, name)
        test = _test_rows(args, model)
        caution = trained_on_these({"data": args.data}, tracking.trained_on(training_run))
        steps.begin("read rows")
        table = read_rows(args.data, text_columns(model), **csv_options(vars(args)))
        X = model_columns(model, table, args.data)
        steps.begin("learn")
        with warnings_as_lines():
            _learn(args, model, table, X)
        dump_model(model, args.output)
        if args.register_model:
            steps.begin("log to MLflow, with pictures")
            run_id = _log(args, model, *test)
    _print_entry(model, name, args.output)
    if caution:
        print(caution)
    if args.register_model:
        _print_logged(args, model, run_id, *test)
    print_next(args)


def _check_options(args):
    if not args.data:
        raise ValueError("give --data FILE: the rows whose outcomes are known")
    has_rewards = bool(args.reward and args.decision)
    if bool(args.reward) != bool(args.decision) or has_rewards == bool(args.target):
        raise ValueError(
            "give --target COLUMN, with labels, or --decision COLUMN and --reward COLUMN"
        )
    if args.register_model and has_rewards:
        raise ValueError("--register-model logs scores, which need labels: give --target")
    if bool(args.register_model) != bool(args.test_data):
        raise ValueError(
            "--register-model and --test-data go together: what is registered is scored on "
            "rows that it has not learnt from"
        )
    check_registration(args)


def _check_memory(args, model, name):
    if model.memory_size is None:
        which = name if args.model or args.no_mlflow else f"{name}, the newest,"
        raise ValueError(
            f"model {which} keeps no rows to learn from again: train with --memory-size N, "
            "or name a model that does by --model"
        )


def _test_rows(args, model):
    """Read rows to score the updated model on, if it is to be registered."""
    if not args.test_data:
        return ()
    options = csv_options(vars(args))
    table, y = read_table(args.test_data, args.target, text_columns(model), **options)
    return model_columns(model, table, args.test_data), y


def _learn(args, model, table, X):
    if args.target:
        y = column_of(table, args.target, args.data)
        propensity = args.propensity and column_of(table, args.propensity, args.data)
        model.partial_fit(X, y, propensity=propensity)
        return
    decision, reward, propensity = logged_columns(table, args)
    model.learn(X, decision, reward, propensity=propensity)


def _log(args, model, X, y):
    import mlflow

    place = {"experiment_id": experiment_id(args), "run_name": "update"}
    with mlflow.start_run(**place) as run:
        tracking.log_run(model, X, y, registered_model_name=registered_name(args))
    return run.info.run_id


def _print_logged(args, model, run_id, X, y):
    """Print what was logged: scores on the test rows, aliases, the run."""
    print(f"\n{args.test_data}: {len(y)} rows to test on")
    scores = evaluate_priorities(model, X, y)
    print_scores(model, scores[model.priority], saving_interval(model, X, y))
    ask_whether_reversed(model, X, y)
    print_priorities(model, scores)
    print_registered(args, model)
    print_run(args, run_id)


def _print_entry(model, name, output):
    entry = {key: values[-1] for key, values in model.update_history_.items()}
    if np.isnan(entry["base_cost"]):
        print(
            f"{entry['n_rows']} rows. Without propensities it is not known whether the "
            "correction does better\nthan the classifier."
        )
    else:
        print(
            f"{entry['n_rows']} rows, scored before they were learnt from: cost per row "
            f"{entry['base_cost']:.4g} by the\nclassifier, {entry['corrected_cost']:.4g} "
            f"corrected. Over the newest rows the correction costs\n"
            f"{_difference(entry['gain'])} per row than the classifier (standard error "
            f"{entry['gain_error']:.2g}, effective sample\nsize "
            f"{entry['effective_sample_size']:.0f})."
        )
    if entry["base_decides"]:
        print("It does harm: the classifier decides until that changes.")
    print(f"Update {len(model.update_history_['n_rows'])} of model {name}: {output}")


def _difference(gain):
    """What "saves" is not: that would be beyond a moved threshold."""
    return f"{abs(gain):.3g} {'more' if gain < 0 else 'less'}"

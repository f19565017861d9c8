"""``rlcorrect train``: fit a classifier and its correction, save, log and report them."""

import itertools
from pathlib import Path

import numpy as np

from sklearn_rlcorrect import tracking
from sklearn_rlcorrect._validation import check_parameters, check_target
from sklearn_rlcorrect.cli.corrector import classifier_name, make_corrector
from sklearn_rlcorrect.cli.doubts import ask_for_pos_label
from sklearn_rlcorrect.cli.fp_weights import (
    check_fp_weights,
    check_fp_weights_outputs,
    compare,
    has_several,
)
from sklearn_rlcorrect.cli.messages import tell_more, warnings_as_lines
from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.options import MODEL_FILE
from sklearn_rlcorrect.cli.outputs import check_not_input
from sklearn_rlcorrect.cli.progress import Steps
from sklearn_rlcorrect.cli.registration import (
    check_registration,
    print_registered,
    print_run,
    registered_name,
)
from sklearn_rlcorrect.cli.report import (
    active_priorities,
    print_priorities,
    print_proven,
    print_scores,
)
from sklearn_rlcorrect.cli.rows import (
    labelled_rows,
    options_again,
    row_options,
    unknown_training,
)
from sklearn_rlcorrect.cli.split import (
    check_split_options,
    split,
    split_params,
    with_groups,
)
from sklearn_rlcorrect.cli.store import (
    check_experiment,
    check_store,
    experiment_id,
    mlflow_store,
    store_made_meanwhile,
)
from sklearn_rlcorrect.datasets import check_precomputed_output, write_precomputed
from sklearn_rlcorrect.evaluation import evaluate_priorities, saving_interval
from sklearn_rlcorrect.features import TableFeatures
from sklearn_rlcorrect.persistence import check_output, dump_model

_MOST_JOBS = 10_000


def run(args):
    """Train a correction.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.
    """
    _check_options(args)
    _check_outputs(args)
    with Steps(args) as steps, mlflow_store(args):
        check_experiment(args)
        _train(args, steps)


def _train(args, steps):
    steps.begin("read rows")
    baseline, baseline_run = _baseline(args)
    options = options_again(row_options(args), tracking.trained_on(baseline_run))
    data = labelled_rows(options or {})
    check_target(data.y)
    _check_labels_known(args, baseline, data)
    _tell_rows(args, data)
    ask_for_pos_label(args, data)
    rows, note, caution = _usable_rows(args, baseline_run, data)
    parts = split(args, data, rows)
    if has_several(args):
        compare(args, baseline, parts, [note, caution], steps)
        return
    data, train_rows, test_rows = parts.data, parts.train_rows, parts.test_rows
    with store_made_meanwhile(args):
        model = _fit(args, baseline, parts, steps)
        steps.begin("set up MLflow")
    run_id = _keep(args, model, parts, caution, steps)
    steps.end()
    print(f"{data.name}: {len(train_rows)} rows to train on, {len(test_rows)} held out")
    for line in filter(None, [parts.note, note, caution]):
        print(line)
    test = data.take(test_rows)
    scores = evaluate_priorities(model, *test)
    saving = saving_interval(model, *test, groups=parts.test_groups)
    print_scores(model, scores[model.priority], saving)
    print_proven(model)
    print_priorities(model, scores)
    _print_places(args, model, run_id)
    print_next(args, priority=_other_priority(model))


def _check_options(args):
    bases = ("estimator", "baseline_run_id", "data_dir")
    given = [f"--{name.replace('_', '-')}" for name in bases if getattr(args, name)]
    if len(given) > 1:
        raise ValueError(f"{given[0]} and {given[1]} name two classifiers: give one")
    if args.estimator_param and (args.baseline_run_id or args.data_dir):
        raise ValueError(
            "--estimator-param is of a classifier that this command fits: leave out "
            "--baseline-run-id and --data-dir"
        )
    if args.no_mlflow and args.baseline_run_id:
        raise ValueError("--baseline-run-id needs MLflow: leave --no-mlflow out")
    check_registration(args)
    if args.normalize_features and not args.use_input_features:
        raise ValueError(
            "--normalize-features and --no-use-input-features exclude each other"
        )
    if abs(args.n_jobs) > _MOST_JOBS:
        raise ValueError(f"--n-jobs {args.n_jobs} is more than any machine has cores")
    check_split_options(args)
    check_fp_weights(args)


def _check_outputs(args):
    outputs = []
    if has_several(args):
        outputs += check_fp_weights_outputs(args)
    elif _model_file(args):
        outputs.append(check_output(_model_file(args), overwrite=args.overwrite))
    if args.save_data:
        outputs += check_precomputed_output(args.save_data, overwrite=args.overwrite)
    check_not_input(args, outputs)


def _baseline(args):
    """Return the logged classifier to correct, and its run; None if one is to be fitted."""
    if args.baseline_run_id is None:
        return None, None
    check_store(args.tracking_uri)
    return tracking.load_baseline(args.baseline_run_id)


def _check_labels_known(args, baseline, data):
    unknown = np.setdiff1d(data.y, getattr(baseline, "classes_", data.y)).tolist()
    if unknown:
        raise ValueError(
            f"the classifier of run {args.baseline_run_id} does not know the label "
            f"{unknown[0]!r} of {data.name}: give its rows, --data FILE --target COLUMN"
        )


def _tell_rows(args, data):
    labels, counts = np.unique(data.y, return_counts=True)
    of_label = dict(zip(labels.tolist(), counts.tolist(), strict=True))
    tell_more(
        args,
        f"{data.name}: {len(data.y)} rows, {data.X.shape[1]} columns that are features; "
        f"labels: {_listed(of_label)}",
    )


def _listed(numbers):
    return ", ".join(f"{name} {number}" for name, number in numbers.items())


def _usable_rows(args, baseline_run, data):
    """Return rows that the classifier was not fitted on, a note and a warning to print."""
    every_row = np.arange(len(data.y))
    if baseline_run is None:
        return every_row, "", ""
    rows = tracking.held_out_rows(baseline_run, data.X, data.y)
    if rows is None:
        return (
            every_row,
            "",
            unknown_training(f"the classifier of run {args.baseline_run_id}"),
        )
    note = f"({len(every_row) - len(rows)} rows that its run was trained on are left out)"
    return rows, note, tracking.caution_of(baseline_run)


def _fit(args, baseline, parts, steps):
    X, y = parts.data.take(parts.train_rows)
    model = make_corrector(args, parts.data, baseline, X, parts.groups)
    check_parameters(model)
    with (
        tracking.without_autolog(),
        warnings_as_lines(),
        with_groups(parts) as fit_params,
        steps.watch(model),
    ):
        model.fit(X, y, **fit_params)
    tell_more(
        args,
        f"policies chosen of {len(model.front_['checkpoint']) - 1} (0: the classifier "
        f"alone): {_listed(model.selected_)}",
    )
    return model


def _keep(args, model, parts, caution, steps):
    """Save and log a trained model; return the ID of its run, None without MLflow."""
    steps.begin("save")
    if _model_file(args):
        dump_model(model, _model_file(args))
    if args.save_data:
        _save_data(args.save_data, model, *parts.data.take(parts.test_rows))
    if args.no_mlflow:
        return None
    steps.begin("log to MLflow, with pictures")
    try:
        return _log(args, model, parts, caution)
    except Exception as error:  # each kind of store fails in its own way
        path = _model_file(args) or _rescue(model)
        raise ValueError(
            f"the run could not be logged ({error}); the trained model is in {path}"
        ) from error


def _rescue(model):
    """Save a trained model under a name that is free."""
    number = next(k for k in itertools.count(1) if not Path(f"rescued_{k}.joblib").exists())
    dump_model(model, f"rescued_{number}.joblib")
    return f"rescued_{number}.joblib"


def _log(args, model, parts, caution):
    import mlflow

    data, groups = parts.data, parts.test_groups
    X, y = data.take(parts.test_rows)
    place = {"experiment_id": experiment_id(args), "run_name": args.run_name}
    with mlflow.start_run(**place) as run:
        params = data.options | {"classifier": classifier_name(args)} | split_params(args)
        name = registered_name(args)
        tracking.log_run(
            model, X, y, groups=groups, params=params, registered_model_name=name
        )
        source = {"name": data.name, "options": data.options, "caution": caution}
        tracking.log_rows(data.X, data.y, parts.test_rows, **source)
    return run.info.run_id


def _save_data(folder, model, X, y):
    """Write rows in the format of ``--data-dir``."""
    before, _ = model.predict_before_after(X)
    try:
        hidden = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        hidden = TableFeatures().fit_transform(X)
    write_precomputed(folder, before, hidden, y)


def _model_file(args):
    return args.output or (MODEL_FILE if args.no_mlflow else None)


def _print_places(args, model, run_id):
    """Print where model, rows and run are, and how to use them."""
    output = _model_file(args)
    if output:
        reader = "skops.io" if output.endswith(".skops") else "joblib"
        print(f"\nSaved to {output}, by {reader}")
    if args.save_data:
        options = f"--data-dir {args.save_data}"
        if model.pos_label is not None:
            options += f" --pos-label {model.pos_label}"
        print(f"\nHeld-out rows saved. To read them: {options}")
    print_registered(args, model)
    if run_id:
        print_run(args, run_id)


def _other_priority(model):
    """Return a priority that corrects anything, if the one in use does not."""
    active = active_priorities(model)
    return active[0] if active and active[0] != model.priority else None

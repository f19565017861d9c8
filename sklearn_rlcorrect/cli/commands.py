"""What the commands of the command line do."""

import contextlib
import importlib
import logging
import os
import shlex
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from sklearn_rlcorrect import (
    PrecomputedProbaClassifier,
    RLCalibratedClassifier,
    tracking,
)
from sklearn_rlcorrect._validation import check_parameters, check_target
from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.datasets import (
    PrecomputedRows,
    check_precomputed_output,
    load_eights,
    read_precomputed,
    read_table,
    write_precomputed,
)
from sklearn_rlcorrect.datasets.chunks import (
    check_corrections,
    model_columns,
    precomputed_chunks,
    precomputed_columns,
    table_chunks,
    text_columns,
    write_corrections,
)
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.features import TableFeatures, auto_features
from sklearn_rlcorrect.guard import Limits, describe
from sklearn_rlcorrect.persistence import check_output, dump_model, load_model, replacing
from sklearn_rlcorrect.plotting import save_pictures
from sklearn_rlcorrect.rewards import positive_labels

MODEL_FILE = "rlcorrect_model.joblib"
_HELD_OUT = 0.25
_EIGHTS = "handwritten digits of scikit-learn, 'is it an 8?'"
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class _LabelledRows:
    """Labelled rows and where they are from."""

    X: object
    y: np.ndarray
    name: str
    # The options that lead to them, absolute, for a later command elsewhere.
    options: dict = field(default_factory=dict)
    # The leading columns that are probabilities.
    n_proba: int = 0

    def take(self, rows):
        X = self.X.iloc[rows] if hasattr(self.X, "iloc") else self.X[rows]
        return X, self.y[rows]


def train(args):
    """Fit a classifier and its correction, save and log them, show what they bring."""
    _check_train(args)
    _set_up_mlflow(args)
    baseline, run = _baseline(args)
    data = _labelled_rows(_given(args) or tracking.trained_on(run) or {})
    check_target(data.y)
    _check_baseline(args, baseline, data)
    rows, note, caution = _rows_for_training(args, run, data)
    train_rows, test_rows = train_test_split(
        rows, test_size=_HELD_OUT, stratify=data.y[rows], random_state=args.seed
    )
    X, y = data.take(train_rows)
    model = _corrector(args, data, baseline, X)
    check_parameters(model)
    with tracking.without_autolog(), warnings.catch_warnings():
        # It is printed below.
        warnings.filterwarnings("ignore", "No correction by the policy")
        model.fit(X, y)
    run_id = _keep(args, model, data, test_rows, caution)
    print(f"{data.name}: {len(train_rows)} rows to train on, {len(test_rows)} held out")
    for line in filter(None, [note, caution]):
        print(line)
    _print_scores(model, evaluate_correction(model, *data.take(test_rows)))
    _print_proven(model)
    _print_places(args, model, run_id)


def evaluate(args):
    """Score a trained model beside its classifier, on rows that it has not seen."""
    _set_up_mlflow(args)
    model, run, name = _load_model(args)
    folder = Path(args.output or f"evaluation_{name}_{model.priority}")
    _check_folder(folder, overwrite=args.overwrite)
    data, rows, note = _rows_for_evaluation(args, model, run, name)
    X, y = data.take(rows)
    X = _as_model_takes(model, data, X)
    scores = evaluate_correction(model, X, y)
    _save_pictures(folder, model, X, y)
    if not args.no_mlflow:
        tracking.log_evaluation(
            model,
            X,
            y,
            training_run=run,
            params=data.options | {"model": name, "priority": model.priority},
            experiment_id=None if run else _experiment_id(args),
        )
    print(note)
    _print_scores(model, scores)
    print(f"\nPriority {model.priority}, model {name}. Pictures: {folder}{os.sep}")


def infer(args):
    """Correct rows without labels, whatever their number."""
    if bool(args.data) == bool(args.data_dir):
        raise ValueError("give --data FILE or --data-dir DIR: the rows to correct")
    output = args.output or _default_output(args)
    _check_not_read(args, check_corrections(output, overwrite=args.overwrite))
    _set_up_mlflow(args)
    model, _, name = _load_model(args)
    total = None
    if args.data:
        chunks = table_chunks(model, args.data)
    else:
        rows = read_precomputed(args.data_dir, labelled=False)
        chunks, total = precomputed_chunks(model, rows), len(rows.proba)
    n_samples, n_changed = write_corrections(
        model, chunks, output, total=total, progress=sys.stderr.isatty()
    )
    print(
        f"{n_samples} rows, {n_changed} of them ({n_changed / n_samples:.1%}) predicted "
        f"otherwise than without correction.\nPriority {model.priority}, model {name}. "
        f"Written: {output}"
    )


def compare(args):
    """Print runs side by side."""
    _set_up_mlflow(args)
    _check_store(args.tracking_uri)
    table = tracking.compare_runs(args.runs)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *rest in table:
        cells = [value.rjust(width) for value, width in zip(rest, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]))


_GIVE_ROWS = (
    "give --data FILE --target COLUMN, or --data-dir DIR, with rows that are new to it"
)
_NOT_KNOWN = (
    "Whether {} was fitted on some of these rows is not known. If it was, what\n"
    "follows is too good to be true."
)


def _check_train(args):
    bases = ("estimator", "baseline_run_id", "data_dir")
    given = [f"--{name.replace('_', '-')}" for name in bases if getattr(args, name)]
    if len(given) > 1:
        raise ValueError(f"{given[0]} and {given[1]} name two classifiers: give one")
    if args.no_mlflow and (args.baseline_run_id or args.register_model):
        option = "--baseline-run-id" if args.baseline_run_id else "--register-model"
        raise ValueError(f"{option} needs MLflow: leave --no-mlflow out")
    if args.normalize_features and not args.use_input_features:
        raise ValueError(
            "--normalize-features and --no-use-input-features exclude each other"
        )
    if args.model_name and not args.register_model:
        raise ValueError("--model-name is for --register-model: give both")
    if set(args.model_name or "") & set("/:"):
        raise ValueError(f"--model-name {args.model_name} must not hold '/' or ':'")
    outputs = []
    if _model_file(args):
        outputs.append(check_output(_model_file(args), overwrite=args.overwrite))
    if args.save_data:
        outputs += check_precomputed_output(args.save_data, overwrite=args.overwrite)
    _check_not_read(args, outputs)


def _check_not_read(args, outputs):
    """Not even --overwrite may cost the rows, or the model, that a command reads."""
    inputs = [Path(name) for name in (args.data, getattr(args, "model", None)) if name]
    if args.data_dir:
        inputs += Path(args.data_dir).glob("*.npy")
    for path in {path.resolve() for path in inputs} & {path.resolve() for path in outputs}:
        raise ValueError(f"{path} is what is to be read: write to another file")


def _model_file(args):
    return args.output or (MODEL_FILE if args.no_mlflow else None)


def _set_up_mlflow(args):
    """Tell MLflow where to track, and to be quiet, until ``args.cleanup`` is closed."""
    if args.no_mlflow:
        return
    try:
        import mlflow
    except ImportError as error:
        raise ValueError(
            "MLflow is missing: pip install 'sklearn-rlcorrect[cli]', or --no-mlflow"
        ) from error
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for logger in map(logging.getLogger, ("mlflow", "alembic")):
        args.cleanup.callback(logger.setLevel, logger.level)
        logger.setLevel(logging.ERROR)
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    args.cleanup.callback(mlflow.set_tracking_uri, before)
    args.tracking_uri = _absolute(args.tracking_uri)
    mlflow.set_tracking_uri(args.tracking_uri)
    path = _database(args.tracking_uri)
    if path is None or path.exists():
        # Can it be read? Better asked before a training than after.
        try:
            mlflow.MlflowClient().search_experiments(max_results=1)
        except Exception as error:  # each kind of store fails in its own way
            raise ValueError(f"cannot use {args.tracking_uri}: {error}") from error


def _absolute(tracking_uri):
    """A database is a file in the current folder, wherever MLflow opened one before."""
    path = _database(tracking_uri)
    return tracking_uri if path is None else f"{_SQLITE}{path.resolve()}"


def _database(tracking_uri):
    """File of a sqlite store; None for any other store."""
    path = tracking_uri.removeprefix(_SQLITE)
    return None if path == tracking_uri else Path(path)


def _experiment_id(args):
    """Experiment of the run to log, made if it is not there, as is its store."""
    import mlflow

    _make_store(args.tracking_uri)
    client = mlflow.MlflowClient()
    try:
        return client.create_experiment(args.experiment_name)
    except mlflow.MlflowException:
        # Asked in this order, for another process may make it at the same time.
        experiment = client.get_experiment_by_name(args.experiment_name)
        if experiment is None:
            raise
        return experiment.experiment_id


def _make_store(tracking_uri):
    """Make a database under another name, for MLflow leaves a broken one if interrupted.

    Nor can two processes make one file at the same time; a link is made by one of them.
    """
    path = _database(tracking_uri)
    if path is None or path.exists():
        return
    import mlflow

    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made = Path(folder) / path.name
        mlflow.MlflowClient(f"{_SQLITE}{made}").search_experiments()
        with contextlib.suppress(FileExistsError):
            os.link(made, path)


def _check_store(tracking_uri):
    """Refuse to look for something in a database that only looking would make."""
    path = _database(tracking_uri)
    if path is not None and not path.is_file():
        raise ValueError(
            f"there is no MLflow store at {tracking_uri} yet: train a model first, or give "
            "--tracking-uri"
        )


def _baseline(args):
    if args.baseline_run_id is None:
        return None, None
    _check_store(args.tracking_uri)
    return tracking.load_baseline(args.baseline_run_id)


def _check_baseline(args, baseline, data):
    unknown = np.setdiff1d(data.y, getattr(baseline, "classes_", data.y)).tolist()
    if unknown:
        raise ValueError(
            f"the classifier of run {args.baseline_run_id} does not know the label "
            f"{unknown[0]!r} of {data.name}: give its rows, --data FILE --target COLUMN"
        )


def _load_model(args):
    """Model, its training's run (None if not known), and what to call it."""
    source = args.model or (MODEL_FILE if args.no_mlflow else None)
    if source is not None and ":/" not in source:
        # Harmless, but unknown to skops: the type of a column, which imputers keep.
        model = load_model(source, trusted=["numpy.dtype"])
        run, name = None, Path(source).stem
    elif args.no_mlflow:
        raise ValueError(f"{source} is in MLflow: leave --no-mlflow out")
    else:
        _check_store(args.tracking_uri)
        model, run = tracking.load_model(source)
        name = run.info.run_id[:8] if run else source.rpartition("/")[2]
    if args.priority:
        model.set_params(priority=args.priority)
    return model, run, name


def _given(args):
    """Options of the command that name rows; None if there are none."""
    options = {name: getattr(args, name) for name in ("data", "target", "data_dir")}
    return options if any(options.values()) else None


def _labelled_rows(options, text_columns=()):
    data, target, folder = (options.get(name) for name in ("data", "target", "data_dir"))
    if folder and (data or target):
        raise ValueError("--data and --data-dir both name rows: give one")
    if bool(data) != bool(target):
        raise ValueError("--data FILE and --target COLUMN go together: give both")
    if folder:
        return _precomputed(folder)
    if data:
        options = {"data": str(Path(data).resolve()), "target": target}
        return _LabelledRows(*read_table(data, target, text_columns), data, options)
    return _LabelledRows(*load_eights(), _EIGHTS)


def _precomputed(folder):
    rows = read_precomputed(folder, labelled=True)
    return _LabelledRows(
        rows.columns(),
        np.asarray(rows.y),
        folder,
        {"data_dir": str(Path(folder).resolve())},
        n_proba=rows.proba.shape[1],
    )


def _rows_for_training(args, run, data):
    """Rows to fit and judge a correction with, and what must be said of them."""
    every_row = np.arange(len(data.y))
    if run is None:
        return every_row, "", ""
    rows = tracking.held_out_rows(run, data.X, data.y)
    if rows is None:
        caution = _NOT_KNOWN.format(f"the classifier of run {args.baseline_run_id}")
        return every_row, "", caution
    note = f"({len(every_row) - len(rows)} rows that were in its run's training left out)"
    return rows, note, tracking.caution_of(run)


def _rows_for_evaluation(args, model, run, name):
    """Labelled rows, which of them to score, and what must be said of them."""
    options = _given(args) or tracking.trained_on(run)
    if options is None:
        raise ValueError(f"model {name} does not say what it was trained on: {_GIVE_ROWS}")
    data = _labelled_rows(options, text_columns(model))
    rows = None if run is None else tracking.held_out_rows(run, data.X, data.y)
    if rows is not None:
        note = f"{data.name}: the {len(rows)} rows that training never saw"
        return data, rows, "\n".join(filter(None, [note, tracking.caution_of(run)]))
    if not _given(args):
        raise ValueError(
            f"{data.name} has changed since model {name} was trained: {_GIVE_ROWS}"
        )
    note = f"{data.name}: all {len(data.y)} rows\n{_NOT_KNOWN.format('the model')}"
    return data, np.arange(len(data.y)), note


def _corrector(args, data, baseline, X):
    return RLCalibratedClassifier(
        _classifier(args, data, baseline, X),
        features=_features(args, X),
        fp_weight=args.fp_weight,
        max_adjustment=args.max_adjustment,
        priority=args.priority,
        pos_label=_pos_label(args, data),
        max_accuracy_drop=args.max_accuracy_drop,
        max_fpr=args.max_fpr,
        min_recall=args.min_recall,
        confidence=args.confidence,
        guard_fraction=args.guard_fraction,
        total_timesteps=args.timesteps,
        learning_rate=args.learning_rate,
        random_state=args.seed,
        n_jobs=args.n_jobs,
        verbose=int(sys.stderr.isatty()),
    )


def _classifier(args, data, baseline, X):
    if baseline is not None:
        is_frozen = isinstance(baseline, FrozenEstimator)
        return baseline if is_frozen else FrozenEstimator(baseline)
    if data.n_proba:
        given = PrecomputedProbaClassifier(list(range(data.n_proba)))
        return FrozenEstimator(given.fit(data.X, data.y))
    classifier = LogisticRegression(max_iter=1000)
    if args.estimator:
        classifier = _estimator(args.estimator, args.seed)
    return make_pipeline(
        auto_features(X, args.seed),
        SimpleImputer(keep_empty_features=True),
        StandardScaler(),
        classifier,
    )


def _classifier_name(args):
    if args.baseline_run_id:
        return f"run {args.baseline_run_id}"
    if args.data_dir:
        return "precomputed"
    return args.estimator or "sklearn.linear_model.LogisticRegression"


def _estimator(path, seed):
    """Instance of a class of classifiers, by its dotted path."""
    module, _, name = path.rpartition(".")
    try:
        estimator = getattr(importlib.import_module(module), name)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"--estimator {path} is not a class that can be made without arguments, such "
            f"as sklearn.ensemble.RandomForestClassifier: {error}"
        ) from error
    if not hasattr(estimator, "predict_proba") and not hasattr(
        estimator, "decision_function"
    ):
        raise ValueError(
            f"--estimator {path} has neither predict_proba nor decision_function: it "
            "gives no probabilities that could be corrected"
        )
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    return estimator


def _features(args, X):
    if not args.use_input_features:
        return None
    if not args.normalize_features:
        return "auto"
    return make_pipeline(
        auto_features(X, args.seed),
        QuantileTransformer(
            n_quantiles=min(1000, len(X)),
            output_distribution="normal",
            random_state=args.seed,
        ),
    )


def _pos_label(args, data):
    """The positive label in the type of the labels."""
    if args.pos_label is None:
        return "eight" if data.name == _EIGHTS else None
    labels = {str(label): label for label in data.y.tolist()}
    if args.pos_label not in labels:
        raise ValueError(
            f"--pos-label {args.pos_label} is not among the labels of {data.name}: they "
            f"are {', '.join(sorted(labels)[:10])}"
        )
    return labels[args.pos_label]


def _as_model_takes(model, data, X):
    if not data.n_proba:
        return model_columns(model, X, data.name)
    proba, hidden = X[:, : data.n_proba], X[:, data.n_proba :]
    return precomputed_columns(
        model, PrecomputedRows(proba, hidden if hidden.size else None, None)
    )


def _default_output(args):
    if args.data_dir:
        return "corrected_probs.npy"
    is_parquet = Path(args.data).suffix in (".parquet", ".pq")
    return "corrected_probs.parquet" if is_parquet else "corrected_probs.csv"


def _save_data(folder, model, X, y):
    """Write rows as ``--data-dir`` reads them."""
    before, _ = model.predict_before_after(X)
    try:
        hidden = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        hidden = TableFeatures().fit_transform(X)
    write_precomputed(folder, before, hidden, y)


def _keep(args, model, data, test_rows, caution):
    """Save and log a trained model; return the ID of its run, if there is one."""
    if _model_file(args):
        dump_model(model, _model_file(args))
    if args.save_data:
        _save_data(args.save_data, model, *data.take(test_rows))
    if args.no_mlflow:
        return None
    import mlflow

    X, y = data.take(test_rows)
    experiment_id = _experiment_id(args)
    with mlflow.start_run(run_name=args.run_name, experiment_id=experiment_id) as run:
        tracking.log_run(
            model,
            X,
            y,
            params=data.options | {"classifier": _classifier_name(args)},
            registered_model_name=_registered_name(args),
        )
        tracking.log_rows(
            data.X,
            data.y,
            test_rows,
            name=data.name,
            options=data.options,
            caution=caution,
        )
    return run.info.run_id


def _registered_name(args):
    return (args.model_name or "rlcorrect") if args.register_model else None


def _check_folder(folder, *, overwrite):
    if folder.is_file():
        raise FileExistsError(f"{folder} is a file: --output must name a folder")
    if folder.exists() and not overwrite:
        raise FileExistsError(f"{folder} exists: choose another --output, or --overwrite")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {folder.parent}")


def _save_pictures(folder, model, X, y):
    """Draw first, so that a folder appears with all pictures or not at all."""
    with tempfile.TemporaryDirectory() as drawn:
        paths = save_pictures(model, X, y, drawn)
        folder.mkdir(exist_ok=True)
        for path in paths:
            with replacing(folder / path.name) as temporary:
                shutil.copyfile(path, temporary)


def _print_scores(model, scores):
    positive = positive_labels(model.fp_weight, model.pos_label)
    if len(model.classes_) == 2:
        positive = model.classes_[1] if positive is None else positive
    if positive is not None:
        print(f"\npositive: {positive}", end="")
    print(f"\n{'on these rows':18}{'before':>10}{'after':>10}")
    for name, before in scores["before"].items():
        label = name.replace("_", " ")
        if name == "cost" and not isinstance(model.fp_weight, dict):
            label = f"cost ({model.fp_weight:g} per FP)"
        digits = {"cost": 1, "changed": 0}.get(name, 0 if name.startswith("false") else 4)
        after = scores["after"][name]
        print(f"{label:18}{before:10.{digits}f}{after:10.{digits}f}")
    if model.selected_[model.priority] == 0:
        print(
            "\nNo policy beat the classifier on the rows kept to judge them: its "
            "probabilities\nstay as they are. More rows or another --fp-weight may help."
        )


def _print_proven(model):
    report = model.guard_report_.get(model.priority)
    if report is None:
        return
    limits = describe(Limits.of_report(report))
    if not report["proven"]:
        print(
            f"\nNot proven: {limits}\n(the classifier is left as it is, and may break the "
            "limits: use more rows, a larger\n--guard-fraction, or fewer or weaker limits)"
        )
        return
    cut = "" if report["threshold"] is None else f", cut {report['threshold']:.4f}"
    print(
        f"\nProven on {report['n_rows']} rows set aside: {limits}\n"
        f"(strength {report['shrinkage']:g} of the correction{cut})"
    )


def _print_places(args, model, run_id):
    output = _model_file(args)
    if output:
        reader = "skops.io" if output.endswith(".skops") else "joblib"
        print(f"\nSaved to {output}, by {reader}")
    if args.save_data:
        options = f"--data-dir {args.save_data}"
        if model.pos_label is not None:
            options += f" --pos-label {model.pos_label}"
        print(f"\nHeld-out rows, to be read with {options}")
    if args.register_model:
        aliases = ", ".join(f"models:/{_registered_name(args)}@{p}" for p in PRIORITIES)
        print(f"\nRegistered: {aliases}")
    if run_id:
        uri = shlex.quote(args.tracking_uri)
        print(
            f"\nMLflow run {run_id} (experiment {args.experiment_name}) holds the model, "
            "its learning\ncurves and pictures. To see them, and to go on:\n"
            f"  mlflow ui --backend-store-uri {uri}\n"
            f"  rlcorrect evaluate --model-priority fp --tracking-uri {uri}"
        )

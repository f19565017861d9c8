"""Options of the commands, by group."""

import argparse
import ast
import os

from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.cli.store import absolute_uri

# Model file of training and of evaluation and inference, without MLflow.
MODEL_FILE = "rlcorrect_model.joblib"


def default_tracking_uri():
    """Return the MLflow store of commands that name none.

    Returns
    -------
    tracking_uri : str
        That of the environment, or a database in the current folder.
    """
    return absolute_uri(os.environ.get("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db"))


def named_value(text):
    """Split ``NAME=VALUE`` into a name and a value of Python, or a text.

    Parameters
    ----------
    text : str
        What was given.

    Returns
    -------
    name : str
        What is before the first ``=``.

    value : object
        The literal behind it; a text if it is none.

    Raises
    ------
    argparse.ArgumentTypeError
        If there is no ``=``.

    Examples
    --------
    >>> from sklearn_rlcorrect.cli.options import named_value
    >>> named_value("C=0.1"), named_value("class_weight=balanced")
    (('C', 0.1), ('class_weight', 'balanced'))
    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE, such as C=0.1")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return name, value


def one_or_more_numbers(text):
    """Read a number, or several with ``,`` between them.

    Parameters
    ----------
    text : str
        What was given.

    Returns
    -------
    numbers : float or list of float
        A list if there is a ``,``.

    Raises
    ------
    argparse.ArgumentTypeError
        If there is anything but numbers, or a number twice.

    Examples
    --------
    >>> from sklearn_rlcorrect.cli.options import one_or_more_numbers
    >>> one_or_more_numbers("2"), one_or_more_numbers("1,2.5")
    (2.0, [1.0, 2.5])
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number, nor several with ',' between them"
        ) from None
    if len(set(numbers)) < len(numbers):
        raise argparse.ArgumentTypeError(f"{text!r} holds a number twice")
    return numbers if len(numbers) > 1 else numbers[0]


def add_labelled_rows(group):
    """Add the options that name labelled rows."""
    group.add_argument("--data", metavar="FILE", help="labelled table, CSV or Parquet")
    group.add_argument("--target", metavar="COLUMN", help="column with the labels")
    group.add_argument(
        "--data-dir",
        metavar="DIR",
        help="folder with the probabilities of any model, for rows that it was not fitted "
        "on: baseline_probs.npy (one column per class, in sorted order), true_labels.npy "
        "and optionally hidden_reps.npy, further columns that the policy observes",
    )
    group.add_argument(
        "--dataset",
        choices=["digits", "alerts"],
        help="rows that are at hand: scikit-learn's handwritten digits (is it an 8?), or a "
        "generated table of alerts about transactions (is it fraud?)",
    )
    _add_csv(group)


def add_columns(group):
    """Add the options that name columns that are no features."""
    group.add_argument(
        "--drop",
        metavar="COLUMN",
        action="append",
        help="column that is no feature, such as an ID or a date; may be repeated, or name "
        "several with ',' between them. The other commands ignore these columns",
    )


def add_split(group):
    """Add the options that choose the held-out rows."""
    group.add_argument(
        "--test-size",
        type=float,
        metavar="F",
        help="fraction of the rows, or of the groups, to hold out (default: 0.25)",
    )
    group.add_argument(
        "--test-data",
        metavar="FILE",
        help="compare on the rows of this table instead, and train on all of --data",
    )
    for option, what in [
        (
            "--group",
            "keep whole groups in the held-out part and in each fold: rows with one value "
            "in this column",
        ),
        ("--time", "hold out the last rows in the order of this column, numbers or dates"),
    ]:
        group.add_argument(
            option, metavar="COLUMN", help=f"{what}; the column is no feature"
        )


def add_unlabelled_rows(group):
    """Add the options that name rows without labels."""
    group.add_argument(
        "--data",
        metavar="FILE",
        help="table, CSV or Parquet; columns that the model was not trained on are ignored",
    )
    group.add_argument(
        "--data-dir",
        metavar="DIR",
        help="folder with baseline_probs.npy and, if the model was trained with it, "
        "hidden_reps.npy",
    )
    _add_csv(group)


def _add_csv(group):
    group.add_argument(
        "--sep",
        metavar="CHARACTER",
        help=r"what separates the fields of a CSV, such as ';' or '\t' (default: ',')",
    )
    group.add_argument(
        "--encoding",
        metavar="NAME",
        help="encoding of a CSV, such as cp1252 (default: utf-8)",
    )


def add_positive_class(group):
    """Add the option that names the positive class."""
    group.add_argument(
        "--pos-label",
        metavar="LABEL",
        help="positive class; if not given, the second of two classes in sorted order, or "
        "each of more than two (--fp-weight then weighs all mistakes alike)",
    )


def add_classifier(group):
    """Add the options that choose the classifier to correct."""
    group.add_argument(
        "--estimator",
        metavar="CLASS",
        help="dotted path of a scikit-learn compatible classifier, such as "
        "sklearn.ensemble.RandomForestClassifier; it is made without arguments and fitted "
        "to the preprocessed table: imputed, scaled, one-hot encoded (default: "
        "sklearn.linear_model.LogisticRegression)",
    )
    group.add_argument(
        "--estimator-param",
        metavar="NAME=VALUE",
        type=named_value,
        action="append",
        help="parameter of this classifier, such as C=0.1 or max_depth=3; may be repeated. "
        "A value is a number, None, True, a list and so on as in Python, else a text",
    )
    group.add_argument(
        "--baseline-run-id",
        metavar="RUN",
        help="correct the scikit-learn classifier that this MLflow run logged, without "
        "refitting it; for a run of 'rlcorrect train' that is the classifier that it "
        "corrected, and only the rows that it held out are used",
    )


def add_objective(group):
    """Add the options that define the reward and the size of the correction."""
    group.add_argument(
        "--fp-weight",
        type=one_or_more_numbers,
        default=1.2,
        metavar="W[,W...]",
        help="cost of a false positive; a false negative costs 1 (default: %(default)s). "
        "Several, such as 1,2,5, are compared in one table, and no model is kept",
    )
    group.add_argument(
        "--max-adjustment",
        type=float,
        default=0.8,
        metavar="D",
        help="largest change of a probability, above 0 and up to 1 (default: %(default)s)",
    )


def add_priority(group, default):
    """Add the option that chooses the policy."""
    group.add_argument(
        "--model-priority",
        "--priority",
        dest="priority",
        choices=sorted(PRIORITIES),
        default=default,
        help="policy that predicts, the best on the validation rows of the training: by "
        "accuracy, by false positives at no loss of accuracy, or by the weighted reward "
        f"(default: {default or 'the priority of the training'})",
    )


def add_limits(group):
    """Add the options of the guard."""
    for option, limit in [
        ("--max-accuracy-drop", "largest fall of accuracy"),
        ("--max-fpr", "largest false positive rate, for two classes"),
        ("--min-recall", "smallest recall, for two classes"),
    ]:
        group.add_argument(
            option,
            type=float,
            metavar="R",
            help=f"{limit}, proven on the calibration set (default: no limit)",
        )
    group.add_argument(
        "--confidence",
        type=float,
        default=0.95,
        metavar="C",
        help="probability with which a proven limit holds (default: %(default)s)",
    )
    group.add_argument(
        "--guard-fraction",
        type=float,
        default=0.2,
        metavar="F",
        help="fraction of the training rows in the calibration set, if there are limits "
        "(default: %(default)s)",
    )


def add_observations(group):
    """Add the options that choose what the policy observes."""
    group.add_argument(
        "--use-input-features",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let the policy observe the columns of the table (or hidden_reps.npy) besides "
        "the probabilities (default: yes)",
    )
    group.add_argument(
        "--normalize-features",
        action="store_true",
        help="map each of these columns to a normal distribution by ranks, for columns "
        "with a few huge values (they are always scaled)",
    )


def add_optimization(group):
    """Add the options of the optimizer."""
    group.add_argument(
        "--timesteps",
        type=int,
        default=50_000,
        metavar="N",
        help="number of rows that are adjusted in training; fewer than 20000 are for a "
        "quick trial only (default: %(default)s)",
    )
    for option, type_, default, metavar, help_text in [
        ("--learning-rate", float, 1e-2, "LR", "initial step size of the optimizer"),
        ("--seed", int, 0, "N", "seed of the split and the training"),
        ("--n-jobs", int, 1, "N", "number of processes; -1 for all cores"),
    ]:
        group.add_argument(
            option,
            type=type_,
            default=default,
            metavar=metavar,
            help=f"{help_text} (default: %(default)s)",
        )


def add_memory(group):
    """Add the options that let a model be updated later."""
    group.add_argument(
        "--memory-size",
        type=int,
        metavar="N",
        help="keep as many rows in the model, for 'rlcorrect update' (default: none)",
    )


def add_rows(group):
    """Add the options that name a table without labels."""
    group.add_argument("--data", metavar="FILE", help="table, CSV or Parquet")
    _add_csv(group)
    group.set_defaults(data_dir=None)


def add_costs(group):
    """Add the options of decisions."""
    for option, meaning in [
        ("--fp-cost", "flagging a negative row (default: the --fp-weight of the training)"),
        ("--fn-cost", "not flagging a positive row (default: 1)"),
    ]:
        group.add_argument(
            option, metavar="COST", help=f"number or column: cost of {meaning}"
        )
    group.add_argument(
        "--budget", type=int, metavar="N", help="rows to look at, at most (default: all)"
    )
    group.add_argument(
        "--exploration",
        type=float,
        metavar="P",
        help="probability with which a row that is not flagged is looked at (default: that "
        "of the model, 0)",
    )
    group.add_argument(
        "--seed", type=int, metavar="N", help="seed of the exploration (default: none)"
    )


def add_decide_output(group):
    """Add the options that name the file of decisions."""
    group.add_argument(
        "--output",
        metavar="FILE",
        default="decisions.csv",
        help="file of the decisions (default: %(default)s)",
    )
    _add_overwrite(group)


def add_outcomes(group):
    """Add the options that name rows with outcomes."""
    add_rows(group)
    group.add_argument(
        "--target",
        metavar="COLUMN",
        help="column with the labels of rows that were looked at",
    )
    add_log(
        group,
        "the probabilities of being looked at, with --target, or of the decisions, with "
        "--decision: propensity or decision_propensity of decide (default: 1, or unknown)",
    )


def add_log(
    group, propensity="the probabilities of these decisions: decision_propensity of decide"
):
    """Add the options that name columns of logged decisions."""
    for option, meaning in [
        ("--decision", "the decisions that were taken: whether a row was flagged"),
        ("--reward", "what these decisions brought"),
        ("--propensity", propensity),
    ]:
        group.add_argument(option, metavar="COLUMN", help=f"column with {meaning}")


def add_update_output(group):
    """Add the options that name the updated model."""
    group.add_argument(
        "--output",
        metavar="FILE",
        default="updated_model.joblib",
        help="file of the updated model, by skops if it ends in .skops (default: "
        "%(default)s)",
    )
    _add_overwrite(group)


def add_train_output(group):
    """Add the options that name the files of a training."""
    group.add_argument(
        "--output",
        metavar="FILE",
        help="also save the model here: NAME.skops by skops, any other name by joblib "
        f"(default: none, or {MODEL_FILE} with --no-mlflow)",
    )
    group.add_argument(
        "--save-data",
        nargs="?",
        const="data",
        metavar="DIR",
        help="save probabilities, labels and features of the held-out rows in the format "
        "of --data-dir (default of DIR: data)",
    )
    _add_overwrite(group)


def add_evaluate_output(group):
    """Add the options that name the folder of an evaluation."""
    group.add_argument(
        "--output",
        metavar="DIR",
        help="folder for the pictures (default: evaluation_MODEL_PRIORITY)",
    )
    group.add_argument(
        "--report",
        metavar="FILE",
        help="write a report, too: one HTML page with all of it, and examples of rows",
    )
    _add_overwrite(group)


def add_infer_output(group):
    """Add the options that name the file of corrected rows."""
    group.add_argument(
        "--output",
        metavar="FILE",
        help="NAME.csv or NAME.parquet, with columns proba_LABEL, prediction and "
        "adjustment_LABEL; or NAME.npy with the probabilities, beside "
        "NAME_predictions.npy and NAME_adjustments.npy (default: corrected_probs, in the "
        "format of the input)",
    )
    group.add_argument(
        "--explain",
        type=int,
        metavar="N",
        help="also write why the N rows with the largest corrections were moved, to "
        "NAME_explanations.csv: the three columns that contribute most, compared with 100 "
        "rows of the table",
    )
    _add_overwrite(group)


def add_model(group):
    """Add the options that choose a trained model."""
    group.add_argument(
        "--model",
        metavar="MODEL",
        help="file that train --output wrote (unless it is .skops, loading it runs code of "
        "its author), models:/NAME@ALIAS or runs:/RUN (default: the newest training in "
        f"MLflow, or {MODEL_FILE} with --no-mlflow)",
    )
    group.add_argument(
        "--allow-pickle",
        action="store_true",
        help="load a model of MLflow that was not saved by skops, too: that runs code of "
        "whoever can write to the store",
    )
    add_priority(group, default=None)


def add_general(parser):
    """Add the options that say how much is printed, and where options are."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="TOML file with options by their long names, such as fp-weight = 2; those of "
        "the command line win",
    )
    verbosity = parser.add_mutually_exclusive_group()
    for flags, value, help_text in [
        (("-v", "--verbose"), 1, "tell more, with progress bars also where no terminal is"),
        (("-q", "--quiet"), -1, "print warnings and errors only"),
    ]:
        verbosity.add_argument(
            *flags,
            dest="verbosity",
            action="store_const",
            const=value,
            default=0,
            help=help_text,
        )


def add_tracking(group):
    """Add the options that choose the MLflow store, or none."""
    add_tracking_uri(group)
    group.add_argument(
        "--no-mlflow", action="store_true", help="use files only, without MLflow"
    )


def add_tracking_uri(group):
    """Add the option that names the MLflow store."""
    group.add_argument(
        "--tracking-uri",
        metavar="URI",
        type=absolute_uri,
        default=default_tracking_uri(),
        help="MLflow store of runs and models (default: %(default)s)",
    )


def add_experiment(group):
    """Add the option that names the experiment."""
    group.add_argument(
        "--experiment-name",
        metavar="NAME",
        default="rlcorrect",
        help="experiment of the run (default: %(default)s)",
    )


def add_run_name(group):
    """Add the option that names a run."""
    group.add_argument(
        "--run-name", metavar="NAME", help="name of the run (default: chosen by MLflow)"
    )


def add_test_data(group):
    """Add the option that names rows to score an updated model on."""
    group.add_argument(
        "--test-data",
        metavar="FILE",
        help="labelled table that it has not learnt from: the updated model is logged with "
        "its scores there, to be registered",
    )


def add_registration(group):
    """Add the options that register a model."""
    group.add_argument(
        "--register-model",
        action="store_true",
        help="register the model, with the aliases accuracy, fp and weighted",
    )
    group.add_argument(
        "--model-name",
        metavar="NAME",
        help="name of the registered model (default: rlcorrect)",
    )


def _add_overwrite(group):
    group.add_argument("--overwrite", action="store_true", help="replace existing files")

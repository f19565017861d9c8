"""The command line: parse, and call what the command does."""

import argparse
import contextlib
import os
import sys

from sklearn_rlcorrect import __version__
from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.cli import commands

# Packages whose errors tell of a store, not of a mistake of ours.
_STORES = ("mlflow", "sqlalchemy", "alembic")
_LONGEST_MESSAGE = 600


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None takes those of the process. Options may be written with ``_`` for
        ``-``, and ``--mode COMMAND`` in place of the command.

    Returns
    -------
    code : int
        0; 2 for bad input, which is told in one line on the standard error; 130 if
        interrupted.
    """
    args = parse(sys.argv[1:] if argv is None else argv)
    try:
        with contextlib.ExitStack() as args.cleanup:
            args.run(args)
        # None where the process has no standard output.
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough of it, as `head` does. What is still to be
        # flushed at the end of the process must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.stderr.write("rlcorrect: interrupted\n")
        return 130
    except Exception as error:
        # By name, for to import these packages takes seconds.
        package = type(error).__module__.partition(".")[0]
        if not isinstance(error, OSError | ValueError) and package not in _STORES:
            raise
        return _fail(error)
    return 0


def parse(argv):
    """Read arguments.

    Parameters
    ----------
    argv : list of str
        Arguments, as for :func:`main`.

    Returns
    -------
    args : argparse.Namespace
        Options, and in ``run`` the function of the command.
    """
    return _parser().parse_args(_mode_first(_hyphenated(argv)))


def _fail(error):
    message = " ".join(str(error).split())
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]} ..."
    sys.stderr.write(f"rlcorrect: error: {message}\n")
    return 2


def _hyphenated(argv):
    """Write ``--data_dir`` as ``--data-dir``, and leave values alone."""
    options = [arg.partition("=") for arg in argv]
    return [
        (name.replace("_", "-") if name.startswith("--") else name) + equals + value
        for name, equals, value in options
    ]


def _mode_first(argv):
    """Write ``--mode train`` as ``train``."""
    for i, arg in enumerate(argv):
        if arg.startswith("--mode="):
            return [arg.removeprefix("--mode="), *argv[:i], *argv[i + 1 :]]
        if arg == "--mode" and argv[i + 1 :]:
            return [argv[i + 1], *argv[:i], *argv[i + 2 :]]
    return argv


class _OneLineParser(argparse.ArgumentParser):
    """Argument parser that tells an error in one line, and knows whole words only."""

    def __init__(self, **kwargs):
        super().__init__(allow_abbrev=False, **kwargs)

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message} (try --help)\n")


def _parser():
    parser = _OneLineParser(
        prog="rlcorrect",
        description="Fewer false positives from any classifier, by reinforcement learning.",
        epilog="Try 'rlcorrect train', then 'rlcorrect evaluate': both work without "
        "arguments. Options may be written with '_' for '-', and '--mode train' for "
        "'train'.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_OneLineParser
    )
    for add in (_add_train, _add_evaluate, _add_infer, _add_compare):
        add(subparsers)
    return parser


def _add_train(subparsers):
    parser = subparsers.add_parser(
        "train",
        help="fit a classifier, train its correction, show what it brings",
        description="Fit a classifier, train the policy that corrects its probabilities, "
        "compare both on a quarter of the rows that neither has seen, and keep the model "
        "in MLflow. Without arguments: a logistic regression on scikit-learn's handwritten "
        "digits, asking 'is it an 8?'.",
    )
    data = parser.add_argument_group("data")
    _add_labelled_rows(data)
    data.add_argument(
        "--pos-label",
        metavar="LABEL",
        help="class whose false positives count; if not given, the second of two classes "
        "in sorted order, or all of more (--fp-weight then weighs all mistakes alike)",
    )
    _add_classifier(parser.add_argument_group("classifier to correct"))
    _add_training(parser.add_argument_group("training"))
    output = parser.add_argument_group("output")
    output.add_argument(
        "--output",
        metavar="FILE",
        help="save the model here, too: NAME.skops by skops, any other name by joblib "
        f"(default: none, or {commands.MODEL_FILE} with --no-mlflow)",
    )
    output.add_argument(
        "--save-data",
        nargs="?",
        const="data",
        metavar="DIR",
        help="save probabilities, labels and features of the held-out rows as --data-dir "
        "reads them (DIR, if not given: data)",
    )
    _add_overwrite(output)
    tracking = _add_tracking(parser)
    _add_experiment(tracking)
    tracking.add_argument(
        "--run-name", metavar="NAME", help="name of the run (default: MLflow makes one up)"
    )
    tracking.add_argument(
        "--register-model",
        action="store_true",
        help="register the model, with the aliases accuracy, fp and weighted",
    )
    tracking.add_argument(
        "--model-name",
        metavar="NAME",
        help="name to register it under (default: rlcorrect)",
    )
    parser.set_defaults(run=commands.train)


def _add_classifier(group):
    group.add_argument(
        "--estimator",
        metavar="CLASS",
        help="dotted path of a scikit-learn compatible classifier, made without arguments "
        "and fitted to numbers that are made of the table (imputed, scaled, one-hot "
        "encoded), such as sklearn.ensemble.RandomForestClassifier "
        "(default: sklearn.linear_model.LogisticRegression)",
    )
    group.add_argument(
        "--baseline-run-id",
        metavar="RUN",
        help="correct, without refitting it, the scikit-learn classifier that this MLflow "
        "run logged; of a run of 'rlcorrect train' that is the classifier it corrected, "
        "and only rows are used which that run held out",
    )


def _add_training(group):
    group.add_argument(
        "--timesteps",
        type=int,
        default=50_000,
        metavar="N",
        help="rows that are adjusted to learn; below 20000 is for trying out only "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--fp-weight",
        type=float,
        default=1.2,
        metavar="W",
        help="cost of a false positive, that of a false negative being 1 "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--max-adjustment",
        type=float,
        default=0.8,
        metavar="D",
        help="largest change of a probability, above 0 and up to 1 (default: %(default)s)",
    )
    _add_limits(group)
    _add_priority(group, default="weighted")
    group.add_argument(
        "--use-input-features",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let the policy see the columns of the table (or hidden_reps.npy) besides "
        "the probabilities (default: yes)",
    )
    group.add_argument(
        "--normalize-features",
        action="store_true",
        help="give each of these columns a normal distribution, by its ranks, for columns "
        "with a few huge values (scaled they are always)",
    )
    group.add_argument(
        "--learning-rate",
        type=float,
        default=1e-2,
        metavar="LR",
        help="initial step size of the optimizer (default: %(default)s)",
    )
    group.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the split and the training (default: %(default)s)",
    )
    group.add_argument(
        "--n-jobs",
        type=int,
        default=1,
        metavar="N",
        help="processes; -1 for all cores (default: %(default)s)",
    )


def _add_limits(group):
    for option, help_text in [
        ("--max-accuracy-drop", "prove that accuracy falls by no more than this"),
        ("--max-fpr", "prove that the false positive rate is at most this (two classes)"),
        ("--min-recall", "prove that the recall is at least this (two classes)"),
    ]:
        group.add_argument(
            option,
            type=float,
            metavar="R",
            help=f"{help_text}, on a fifth of the rows that is set aside for it "
            "(default: nothing is proven)",
        )
    group.add_argument(
        "--confidence",
        type=float,
        default=0.95,
        metavar="C",
        help="probability with which what is proven is true (default: %(default)s)",
    )
    group.add_argument(
        "--guard-fraction",
        type=float,
        default=0.2,
        metavar="F",
        help="part of the training rows that is set aside to prove limits (default: "
        "%(default)s)",
    )


def _add_evaluate(subparsers):
    parser = subparsers.add_parser(
        "evaluate",
        help="score a trained model beside its classifier, and draw pictures",
        description="Score a trained model beside the classifier that it corrects, and "
        "draw pictures. Without arguments: the newest model in MLflow, on the rows that "
        "its training never saw. Of rows given by --data or --data-dir all are used, or, "
        "if MLflow knows them as the rows of the training, those that it never saw.",
    )
    _add_model(parser.add_argument_group("model"))
    _add_labelled_rows(parser.add_argument_group("data"))
    output = parser.add_argument_group("output")
    output.add_argument(
        "--output",
        metavar="DIR",
        help="folder for the pictures (default: evaluation_MODEL_PRIORITY)",
    )
    _add_overwrite(output)
    _add_experiment(_add_tracking(parser))
    parser.set_defaults(run=commands.evaluate)


def _add_infer(subparsers):
    parser = subparsers.add_parser(
        "infer",
        help="correct rows without labels, whatever their number",
        description="Write corrected probabilities, predictions and adjustments of rows "
        "without labels. The rows are read and written in pieces, so that a file may be "
        "larger than memory.",
    )
    _add_model(parser.add_argument_group("model"))
    data = parser.add_argument_group("data")
    data.add_argument(
        "--data",
        metavar="FILE",
        help="table, CSV or Parquet; columns that the model does not know are left out",
    )
    data.add_argument(
        "--data-dir",
        metavar="DIR",
        help="folder with baseline_probs.npy and, where the model was trained with it, "
        "hidden_reps.npy",
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--output",
        metavar="FILE",
        help="NAME.csv or NAME.parquet, with columns proba_LABEL, prediction and "
        "adjustment_LABEL; or NAME.npy with the probabilities, NAME_predictions.npy and "
        "NAME_adjustments.npy beside it (default: corrected_probs, of the input's kind)",
    )
    _add_overwrite(output)
    _add_tracking(parser)
    parser.set_defaults(run=commands.infer)


def _add_compare(subparsers):
    parser = subparsers.add_parser(
        "compare",
        help="show trainings side by side",
        description="Show the options in which MLflow runs differ, and their metrics on "
        "held-out rows, side by side.",
    )
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="IDs of runs (default: the five newest trainings)",
    )
    _add_tracking_uri(parser)
    parser.set_defaults(run=commands.compare, no_mlflow=False)


def _add_labelled_rows(group):
    group.add_argument("--data", metavar="FILE", help="labelled table, CSV or Parquet")
    group.add_argument("--target", metavar="COLUMN", help="column with the labels")
    group.add_argument(
        "--data-dir",
        metavar="DIR",
        help="folder with the probabilities that any model gave rows it was not fitted on: "
        "baseline_probs.npy (one column per class, in sorted order), true_labels.npy and, "
        "if the policy is to see more, hidden_reps.npy",
    )


def _add_model(group):
    group.add_argument(
        "--model",
        metavar="MODEL",
        help="file that train --output wrote (but for .skops, reading it runs code of "
        "its author), "
        "models:/NAME@ALIAS or runs:/RUN (default: the newest training in MLflow, or "
        f"{commands.MODEL_FILE} with --no-mlflow)",
    )
    _add_priority(group, default=None)


def _add_priority(group, default):
    group.add_argument(
        "--model-priority",
        "--priority",
        dest="priority",
        choices=sorted(PRIORITIES),
        default=default,
        help="policy that predicts: best weighted reward, fewest false positives at no "
        "loss of accuracy, or highest accuracy, as measured in training "
        f"(default: {default or 'what the model was trained with'})",
    )


def _add_overwrite(group):
    group.add_argument("--overwrite", action="store_true", help="replace files that exist")


def _add_tracking(parser):
    group = parser.add_argument_group("MLflow")
    _add_tracking_uri(group)
    group.add_argument(
        "--no-mlflow", action="store_true", help="do without MLflow: files only"
    )
    return group


def _add_tracking_uri(group):
    group.add_argument(
        "--tracking-uri",
        metavar="URI",
        default=os.environ.get("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db"),
        help="where MLflow keeps runs and models (default: %(default)s)",
    )


def _add_experiment(group):
    group.add_argument(
        "--experiment-name",
        metavar="NAME",
        default="rlcorrect",
        help="experiment that the run belongs to (default: %(default)s)",
    )

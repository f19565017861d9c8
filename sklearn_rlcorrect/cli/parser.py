"""The parser of the command line: six commands and their options."""

import argparse

from sklearn_rlcorrect import __version__
from sklearn_rlcorrect.cli import options
from sklearn_rlcorrect.cli.config import config_arguments


def parse(argv):
    """Parse arguments.

    Parameters
    ----------
    argv : list of str
        Arguments, as for :func:`main`.

    Returns
    -------
    args : argparse.Namespace
        Options, and in ``command`` the name of the command.

    Raises
    ------
    SystemExit
        If the arguments cannot be parsed, or ask for help or the version.

    Examples
    --------
    >>> from sklearn_rlcorrect.cli.parser import parse
    >>> args = parse(["--mode", "train", "--fp_weight", "1.5"])
    >>> args.command, args.fp_weight
    ('train', 1.5)
    """
    argv = _mode_first(_hyphenated(argv))
    parser, commands = _parser()
    args = parser.parse_args(argv)
    if not vars(args).get("config"):
        return args
    # Without defaults, it is known what was given.
    command = commands[args.command]
    command.set_defaults(**dict.fromkeys(vars(args).keys() - {"command"}))
    try:
        in_file = _config_options(parser, args)
    except ValueError as error:
        command.error(str(error))
    given = _given(parser.parse_args(argv))
    return argparse.Namespace(**(vars(args) | in_file | given))


def _config_options(parser, args):
    """Options of a command that are in its --config, as they are parsed."""
    options = {}
    for name, arguments in config_arguments(args.config).items():
        # Neither is to be acted on here.
        is_option = name not in ("config", "help")
        found = _known(parser, args.command, arguments) if is_option else None
        if found is None:
            raise ValueError(f"{args.config}: {name!r} is no option of {args.command}")
        if len(arguments) > 1 and not all(isinstance(v, list) for v in found.values()):
            raise ValueError(f"{args.config}: {name} takes one value, no array")
        options |= found
    return options


def _known(parser, command, arguments):
    """Parse arguments of a command without defaults; None if it has no such option."""
    found, unknown = parser.parse_known_args([command, *arguments])
    if not unknown:
        return {key: value for key, value in _given(found).items() if key != "command"}
    on = [argument.replace("--no-", "--", 1) for argument in arguments]
    # A flag that is off, as it is by default.
    return {} if on != arguments and _known(parser, command, on) else None


def _given(args):
    return {name: value for name, value in vars(args).items() if value is not None}


def _hyphenated(argv):
    """Write ``--data_dir`` as ``--data-dir``; leave values as they are."""
    parts = [arg.partition("=") for arg in argv]
    return [
        (name.replace("_", "-") if name.startswith("--") else name) + equals + value
        for name, equals, value in parts
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
    """Parser that reports an error in one line and accepts no abbreviations."""

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
    commands = parser.add_subparsers(
        title="commands",
        dest="command",
        metavar="COMMAND",
        required=True,
        parser_class=_OneLineParser,
    )
    commands_of = (_add_train, _add_evaluate, _add_infer, _add_decide, _add_update)
    for add in (*commands_of, _add_compare):
        add(commands)
    return parser, commands.choices


def _add_train(commands):
    parser = commands.add_parser(
        "train",
        help="fit a classifier and a correction, compare them on held-out rows",
        description="Fit a classifier, train the policy that corrects its probabilities, "
        "compare both on rows that are held out, by default a quarter, and log the model "
        "to MLflow. Without arguments: a logistic regression on scikit-learn's handwritten "
        "digits, for the question 'is it an 8?'; with --dataset alerts, on a generated "
        "table.",
    )
    data = parser.add_argument_group("data")
    options.add_labelled_rows(data)
    options.add_columns(data)
    options.add_positive_class(data)
    options.add_split(parser.add_argument_group("held-out rows"))
    options.add_classifier(parser.add_argument_group("classifier to correct"))
    objective = parser.add_argument_group("objective")
    options.add_objective(objective)
    options.add_priority(objective, default="weighted")
    options.add_limits(parser.add_argument_group("limits with a guarantee"))
    options.add_observations(parser.add_argument_group("observations of the policy"))
    options.add_optimization(parser.add_argument_group("training"))
    options.add_memory(parser.add_argument_group("updates"))
    options.add_train_output(parser.add_argument_group("output"))
    tracking = parser.add_argument_group("MLflow")
    options.add_tracking(tracking)
    options.add_experiment(tracking)
    options.add_run_name(tracking)
    options.add_registration(tracking)
    options.add_general(parser)


def _add_evaluate(commands):
    parser = commands.add_parser(
        "evaluate",
        help="score a trained model and its classifier, draw pictures",
        description="Score a trained model and the classifier that it corrects on the same "
        "rows, and draw pictures. Without arguments: the newest model in MLflow, on the "
        "rows held out of its training. Of rows given by --data or --data-dir all are "
        "used, or only the held-out ones if MLflow recognizes the rows of the training. "
        "With --decision, --reward and --propensity there need be no labels: it estimates "
        "what the model would have brought where other decisions were taken.",
    )
    options.add_model(parser.add_argument_group("model"))
    options.add_labelled_rows(parser.add_argument_group("data"))
    options.add_log(parser.add_argument_group("logged decisions, in place of labels"))
    options.add_evaluate_output(parser.add_argument_group("output"))
    tracking = parser.add_argument_group("MLflow")
    options.add_tracking(tracking)
    options.add_experiment(tracking)
    options.add_general(parser)


def _add_infer(commands):
    parser = commands.add_parser(
        "infer",
        help="correct rows without labels, from files of any size",
        description="Write corrected probabilities, predictions and adjustments of rows "
        "without labels. Rows are read and written in chunks, so that a file may be larger "
        "than memory.",
    )
    options.add_model(parser.add_argument_group("model"))
    options.add_unlabelled_rows(parser.add_argument_group("data"))
    options.add_infer_output(parser.add_argument_group("output"))
    options.add_tracking(parser.add_argument_group("MLflow"))
    options.add_general(parser)


def _add_decide(commands):
    parser = commands.add_parser(
        "decide",
        help="flag rows by their costs, within a budget",
        description="Flag the rows for which that is expected to save, and choose rows to "
        "look at. Writes for each row: flagged, expected to save and within the budget; "
        "inspected, to be looked at, as flagged or explored; propensity, the probability "
        "of that; decision_propensity, the probability of what was decided, to look at it "
        "or not; gain, what flagging it is expected to save.",
    )
    options.add_model(parser.add_argument_group("model"))
    options.add_rows(parser.add_argument_group("data"))
    options.add_costs(parser.add_argument_group("decisions"))
    options.add_decide_output(parser.add_argument_group("output"))
    options.add_tracking(parser.add_argument_group("MLflow"))
    options.add_general(parser)


def _add_update(commands):
    parser = commands.add_parser(
        "update",
        help="teach a trained model rows whose outcomes came later",
        description="Teach a trained model the labels of rows that were looked at, or the "
        "rewards of decisions. The model must have been trained with --memory-size. The "
        "classifier that it corrects stays as it is.",
    )
    options.add_model(parser.add_argument_group("model"))
    options.add_outcomes(parser.add_argument_group("data"))
    options.add_update_output(parser.add_argument_group("output"))
    tracking = parser.add_argument_group("MLflow")
    options.add_tracking(tracking)
    options.add_experiment(tracking)
    options.add_registration(tracking)
    options.add_test_data(tracking)
    options.add_general(parser)


def _add_compare(commands):
    parser = commands.add_parser(
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
    options.add_tracking_uri(parser)
    options.add_general(parser)
    parser.set_defaults(no_mlflow=False)

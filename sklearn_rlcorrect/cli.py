"""The command line: parse, call the library, print."""

import argparse
import sys

from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier, __version__
from sklearn_rlcorrect._selection import PRIORITIES
from sklearn_rlcorrect.datasets import load_eights, read_table
from sklearn_rlcorrect.features import auto_features
from sklearn_rlcorrect.metrics import classification_metrics
from sklearn_rlcorrect.persistence import check_output, dump_model

_HELD_OUT = 0.25


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None takes those of the process.

    Returns
    -------
    code : int
        0; 2 for bad input, which is told in one line on the standard error; 130 if
        interrupted.
    """
    args = _parser().parse_args(argv)
    try:
        args.run(args)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"rlcorrect: error: {' '.join(str(error).split())}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("rlcorrect: interrupted, nothing was saved\n")
        return 130
    return 0


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
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_OneLineParser
    )
    _add_train(commands)
    return parser


def _add_train(commands):
    parser = commands.add_parser(
        "train",
        help="fit a classifier, train its correction, show what it brings",
        description="Fit a logistic regression, train the policy that corrects its "
        "probabilities, compare both on a quarter of the rows that neither has seen, and "
        "save the model. "
        "Without arguments: on scikit-learn's handwritten digits, asking 'is it an 8?'.",
    )
    data = parser.add_argument_group("data")
    data.add_argument("--data", metavar="FILE", help="labelled table, CSV or Parquet")
    data.add_argument("--target", metavar="COLUMN", help="column with the labels")
    data.add_argument(
        "--pos-label",
        metavar="LABEL",
        help="class whose false positives count; if not given, the second of two classes "
        "in sorted order, or all of more (--fp-weight then weighs all mistakes alike)",
    )
    training = parser.add_argument_group("training")
    training.add_argument(
        "--timesteps",
        type=int,
        default=200_000,
        metavar="N",
        help="rows that each of three policies adjusts to learn; below 20000 is for trying "
        "out only (default: %(default)s)",
    )
    training.add_argument(
        "--fp-weight",
        type=float,
        default=1.2,
        metavar="W",
        help="cost of a false positive, that of a false negative being 1 "
        "(default: %(default)s)",
    )
    training.add_argument(
        "--max-adjustment",
        type=float,
        default=0.6,
        metavar="D",
        help="largest change of a probability, above 0 and up to 1 (default: %(default)s)",
    )
    training.add_argument(
        "--priority",
        choices=sorted(PRIORITIES),
        default="weighted",
        help="policy that predicts: best weighted reward, fewest false positives at no "
        "loss of accuracy, or highest accuracy (default: %(default)s)",
    )
    training.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the split and the training (default: %(default)s)",
    )
    training.add_argument(
        "--n-jobs",
        type=int,
        default=1,
        metavar="N",
        help="processes; -1 for all cores (default: %(default)s)",
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--output",
        default="rlcorrect_model.joblib",
        metavar="FILE",
        help="where to save the model; Python reads it with joblib.load "
        "(default: %(default)s)",
    )
    output.add_argument(
        "--overwrite", action="store_true", help="replace the file if it exists"
    )
    parser.set_defaults(run=_train)


def _train(args):
    output = check_output(args.output, overwrite=args.overwrite)
    X, y, pos_label = _load(args)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=_HELD_OUT, stratify=y, random_state=args.seed
    )
    base = make_pipeline(
        auto_features(X_train, args.seed),
        SimpleImputer(keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )
    model = RLCalibratedClassifier(
        base,
        fp_weight=args.fp_weight,
        max_adjustment=args.max_adjustment,
        priority=args.priority,
        pos_label=pos_label,
        total_timesteps=args.timesteps,
        random_state=args.seed,
        n_jobs=args.n_jobs,
        verbose=int(sys.stderr.isatty()),
    )
    model.fit(X_train, y_train)
    dump_model(model, output)
    source = args.data or "handwritten digits of scikit-learn, 'is it an 8?'"
    print(f"{source}: {len(y_train)} rows to train on, {len(y_test)} held out\n")
    _print_before_and_after(model, X_test, y_test)
    if model.selected_[args.priority] == 0:
        print(
            "\nNo policy beat the classifier on the rows kept to judge them: its "
            "probabilities stay as they are."
        )
    print(f"\nSaved to {output}: joblib.load({str(output)!r}).predict_proba(X)")


def _load(args):
    """Rows, labels, and the positive label in the type of the labels."""
    if args.data is None and args.target is None:
        X, y = load_eights()
        return X, y, args.pos_label or "eight"
    if args.data is None or args.target is None:
        raise ValueError("--data FILE and --target COLUMN go together: give both")
    X, y = read_table(args.data, args.target)
    if args.pos_label is None:
        return X, y, None
    labels = {str(label): label for label in y.tolist()}
    if args.pos_label not in labels:
        raise ValueError(
            f"--pos-label {args.pos_label} is not in column {args.target!r}: it holds "
            f"{', '.join(sorted(labels)[:10])}"
        )
    return X, y, labels[args.pos_label]


def _print_before_and_after(model, X, y):
    after = model.predict_proba(X)
    before = after - model.predict_adjustment(X)
    scores = [
        classification_metrics(y, proba, classes=model.classes_, pos_label=model.pos_label)
        for proba in (before, after)
    ]
    print(f"{'on held-out rows':18}{'before':>10}{'after':>10}")
    for name in scores[0]:
        digits = 0 if name.startswith("false") else 4
        _print_row(name.replace("_", " "), [score[name] for score in scores], digits)
    costs = [
        model.fp_weight * score["false_positives"] + score["false_negatives"]
        for score in scores
    ]
    _print_row(f"cost ({model.fp_weight:g} per FP)", costs, 1)


def _print_row(name, values, digits):
    print(f"{name:18}" + "".join(f"{value:10.{digits}f}" for value in values))

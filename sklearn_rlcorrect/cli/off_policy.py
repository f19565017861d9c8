"""``rlcorrect evaluate --reward``: value of a model on logged decisions, without labels."""

from functools import partial
from pathlib import Path

from sklearn_rlcorrect.cli.messages import tell, warnings_as_lines
from sklearn_rlcorrect.cli.models import named_model
from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.outputs import check_folder
from sklearn_rlcorrect.cli.progress import Steps
from sklearn_rlcorrect.cli.rows import csv_options, logged_columns
from sklearn_rlcorrect.cli.store import mlflow_store
from sklearn_rlcorrect.datasets import read_rows
from sklearn_rlcorrect.datasets.chunks import model_columns, text_columns
from sklearn_rlcorrect.decisions import off_policy_value
from sklearn_rlcorrect.persistence import replacing
from sklearn_rlcorrect.plotting import OffPolicyValueDisplay
from sklearn_rlcorrect.plotting._base import caption_of
from sklearn_rlcorrect.plotting.save import save_display

_LOG = ("decision", "reward", "propensity")
_PICTURE = "off_policy_value.png"


def has_log(args):
    """Return whether columns of logged decisions are named.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect evaluate``.

    Returns
    -------
    has_log : bool
        True if any of them is.
    """
    return any(getattr(args, name) for name in _LOG)


def run(args):
    """Estimate what a model would bring, from rewards of other decisions.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect evaluate``.
    """
    _check_options(args)
    with Steps(args) as steps:
        with mlflow_store(args):
            steps.begin("load the model")
            model, _, name = named_model(args)
        folder = Path(args.output or f"evaluation_{name}_{model.priority}")
        check_folder(folder, overwrite=args.overwrite)
        steps.begin("read rows")
        table = read_rows(args.data, text_columns(model), **csv_options(vars(args)))
        log = logged_columns(table, args)
        steps.begin("estimate")
        X = model_columns(model, table, args.data)
        with warnings_as_lines(partial(tell, args)):
            values = off_policy_value(model, X, *log)
        steps.begin("draw the picture")
        folder.mkdir(exist_ok=True)
        with replacing(folder / _PICTURE) as temporary:
            display = OffPolicyValueDisplay(values, caption=caption_of(model))
            save_display(display, temporary)
    print(f"{args.data}: {len(table)} logged decisions\n\n{_table(values)}\n")
    print(_verdict(values["gain"]))
    print(f"\nPriority {model.priority}, model {name}. Picture: {folder / _PICTURE}")
    print_next(args)


def _check_options(args):
    missing = [f"--{name} COLUMN" for name in ("data", *_LOG) if not getattr(args, name)]
    if missing:
        # A value that is not weighted by known propensities has no meaning of its own.
        given = ", ".join(missing).replace("--data COLUMN", "--data FILE")
        raise ValueError(f"a value of logged decisions needs {given}, too")
    if args.report:
        raise ValueError("--report is for rows with labels: leave it out")
    if args.target or args.data_dir:
        raise ValueError(
            "--reward is for rows without labels: leave --target and --data-dir out"
        )


def _table(values):
    lines = [f"{'reward per row':15}{'estimate':>10}   95 % interval"]
    for name, entry in values.items():
        interval = f"{entry['lower']:.4g} to {entry['upper']:.4g}"
        lines.append(f"{name:15}{entry['value']:>10.4g}   {interval}")
    return "\n".join(lines)


def _verdict(gain):
    if gain["unsupported"] > 0:
        share = f"{100 * gain['unsupported']:.2g} %"
        return (
            f"Not decided: of the rows, {share} get another decision by the correction "
            "than by the\nclassifier, and one of the two is one that the log never tried."
        )
    if gain["lower"] > 0:
        return "The correction brings more than the classifier alone."
    if gain["upper"] < 0:
        return "The correction brings less than the classifier alone: do not switch it on."
    return "Whether the correction brings more than the classifier alone is not decided."

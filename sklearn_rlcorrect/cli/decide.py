"""``rlcorrect decide``: flag rows by their costs, within a budget."""

from pathlib import Path

import numpy as np

from sklearn_rlcorrect.cli.messages import warnings_as_lines
from sklearn_rlcorrect.cli.models import named_model
from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.outputs import check_not_input
from sklearn_rlcorrect.cli.progress import Steps
from sklearn_rlcorrect.cli.rows import csv_options
from sklearn_rlcorrect.cli.store import mlflow_store
from sklearn_rlcorrect.cli.unfamiliar import UnfamiliarValues
from sklearn_rlcorrect.datasets import read_rows
from sklearn_rlcorrect.datasets.chunks import model_columns, text_columns
from sklearn_rlcorrect.persistence import check_output, replacing

_COLUMNS = ("flagged", "inspected", "propensity", "decision_propensity", "gain")


def run(args):
    """Decide about rows.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect decide``.
    """
    if not args.data:
        raise ValueError("give --data FILE: the rows to decide about")
    check_not_input(args, [check_output(args.output, overwrite=args.overwrite)])
    if Path(args.output).suffix != ".csv":
        raise ValueError(f"--output {args.output} must end in .csv")
    with Steps(args) as steps:
        with mlflow_store(args):
            steps.begin("load the model")
            model, _, name = named_model(args)
        steps.begin("read rows")
        table = read_rows(args.data, text_columns(model), **csv_options(vars(args)))
        steps.begin("decide")
        X = model_columns(model, table, args.data)
        with warnings_as_lines():
            decided = _decided(args, model, table, X)
        _write(decided, args.output)
    print(f"{len(table)} rows: {_summary(decided)}\nModel {name}. Written: {args.output}")
    unfamiliar = UnfamiliarValues(model)
    unfamiliar.add(X)
    for line in unfamiliar.lines():
        print(line)
    print_next(
        args,
        can_update=model.memory_size is not None,
        is_explored=bool(np.any(decided.inspected & (decided.propensity < 1))),
    )


def _decided(args, model, table, X):
    if args.exploration is not None:
        model.set_params(exploration=args.exploration)
    return model.decide(
        X,
        fp_cost=_cost(table, args.fp_cost),
        fn_cost=_cost(table, args.fn_cost),
        budget=args.budget,
        random_state=args.seed,
    )


def _summary(decided):
    """Sentences: what flagging is expected to save, what is left, what is explored."""
    flagged, n_explored = decided.flagged, np.sum(decided.inspected & ~decided.flagged)
    saving, cost = decided.gain[flagged].sum(), decided.exploration_cost
    n_beyond = np.sum((decided.gain > 0) & ~flagged)
    lines = [f"{flagged.sum()} flagged, which is expected to save {saving:.4g}."]
    if n_beyond:
        lines.append(f"{n_beyond} more would be worth flagging, beyond the budget.")
    if n_explored:
        # Beyond a budget, explored rows may be worth it.
        verb = "cost" if cost >= 0 else "save"
        explored = f"{n_explored} explored, to look at, too"
        lines.append(f"{explored}, which is expected to {verb} {abs(cost):.4g}.")
    return "\n".join(lines)


def _cost(table, text):
    """A number, or the column of that name."""
    if text is None or text in table.columns:
        return None if text is None else table[text].to_numpy()
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"cost {text!r} is neither a number nor a column") from error


def _write(decided, path):
    import pandas as pd

    frame = pd.DataFrame({name: getattr(decided, name) for name in _COLUMNS})
    with replacing(path) as temporary:
        frame.to_csv(temporary, index_label="row")

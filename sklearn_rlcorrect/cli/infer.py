"""``rlcorrect infer``: correct rows without labels, in chunks."""

from pathlib import Path

from sklearn_rlcorrect.cli.explanations import LargestCorrections, explanations_path
from sklearn_rlcorrect.cli.messages import shows_progress
from sklearn_rlcorrect.cli.models import named_model
from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.outputs import check_not_input
from sklearn_rlcorrect.cli.progress import Steps
from sklearn_rlcorrect.cli.report import print_idle
from sklearn_rlcorrect.cli.rows import csv_options
from sklearn_rlcorrect.cli.store import mlflow_store
from sklearn_rlcorrect.cli.unfamiliar import UnfamiliarValues
from sklearn_rlcorrect.datasets import read_precomputed
from sklearn_rlcorrect.datasets.chunks import precomputed_chunks, table_chunks
from sklearn_rlcorrect.datasets.corrections import check_corrections, write_corrections
from sklearn_rlcorrect.persistence import check_output


def run(args):
    """Correct rows.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect infer``.
    """
    if bool(args.data) == bool(args.data_dir):
        raise ValueError("give --data FILE or --data-dir DIR: the rows to correct")
    source = Path(args.data or args.data_dir)
    if not source.exists():
        raise FileNotFoundError(f"no such file or folder: {source}")
    output = args.output or _default_output(args)
    check_not_input(args, _checked_outputs(args, output))
    with Steps(args) as steps:
        with mlflow_store(args):
            steps.begin("load the model")
            model, _, name = named_model(args)
        largest = LargestCorrections(model, args.explain) if args.explain else None
        steps.begin("correct rows", bar=False)
        chunks, total = _chunks(args, model)
        unfamiliar = UnfamiliarValues(model)
        watchers = [unfamiliar, largest] if largest else [unfamiliar]
        n_samples, n_changed = write_corrections(
            model,
            chunks,
            output,
            total=total,
            progress=shows_progress(args),
            watch=lambda *piece: [watcher.add(*piece) for watcher in watchers],
        )
        if largest:
            steps.begin("explain")
            n_explained = largest.explain(explanations_path(output))
    print(
        f"{n_samples} rows, {n_changed} of them ({n_changed / n_samples:.1%}) with another "
        f"prediction than without\ncorrection. Priority {model.priority}, model {name}. "
        f"Written: {output}"
    )
    if largest:
        path = explanations_path(output)
        print(f"The {n_explained} largest corrections, explained: {path}")
    for line in unfamiliar.lines():
        print(line)
    print_idle(model)
    print_next(args)


def _checked_outputs(args, output):
    """Files that are written, if they can be."""
    paths = check_corrections(output, overwrite=args.overwrite)
    if args.explain is None:
        return paths
    if args.explain < 1:
        raise ValueError(f"--explain {args.explain}: give a number of rows, 1 or more")
    return [*paths, check_output(explanations_path(output), overwrite=args.overwrite)]


def _chunks(args, model):
    """Return an iterator over chunks of rows, and the number of rows if known."""
    if args.data:
        return table_chunks(model, args.data, **csv_options(vars(args))), None
    rows = read_precomputed(args.data_dir, labelled=False)
    return precomputed_chunks(model, rows), len(rows.proba)


def _default_output(args):
    if args.data_dir:
        return "corrected_probs.npy"
    is_parquet = Path(args.data).suffix in (".parquet", ".pq")
    return "corrected_probs.parquet" if is_parquet else "corrected_probs.csv"

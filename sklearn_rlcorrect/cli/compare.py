"""``rlcorrect compare``: print runs side by side."""

from sklearn_rlcorrect import tracking
from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.progress import Steps
from sklearn_rlcorrect.cli.store import check_store, mlflow_store


def run(args):
    """Compare runs.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect compare``.
    """
    with Steps(args) as steps, mlflow_store(args):
        steps.begin("read runs")
        check_store(args.tracking_uri)
        table = tracking.compare_runs(args.runs)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for first, *rest in table:
        cells = [value.rjust(width) for value, width in zip(rest, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]))
    print_next(args)

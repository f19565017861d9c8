"""Compare runs: the parameters in which they differ, and their metrics."""

from sklearn_rlcorrect.tracking.runs import find_run, newest_trainings

# Longer values lose their beginning: paths and pipelines differ at the end.
_LONGEST_CELL = 24

_SHOWN = ("before/", "threshold_alone/", "after/", "saving/")
# Zero, or the same as before.
_SAYS_NOTHING = (
    *("before/changed", "before/fixed", "before/broken"),
    *("threshold_alone/brier", "threshold_alone/log_loss"),
)


def compare_runs(run_ids=None, *, newest=5):
    """Return a table of runs, side by side.

    Parameters
    ----------
    run_ids : list of str, default=None
        IDs of runs, or their first characters; None is the newest trainings.

    newest : int, default=5
        Number of trainings, if `run_ids` is None.

    Returns
    -------
    table : list of list of str
        Two header rows (names and IDs of the runs), one row per parameter that differs,
        and one row per metric before and after, of the threshold alone, and of what the
        correction saves beyond it. The first column holds names, each
        further column the values of one run.

    Raises
    ------
    ValueError
        If there is no such run.

    Examples
    --------
    >>> from sklearn_rlcorrect.tracking import compare_runs
    >>> table = compare_runs(newest=2)  # doctest: +SKIP
    """
    import mlflow

    client = mlflow.MlflowClient()
    if run_ids:
        runs = [find_run(client, run_id) for run_id in run_ids]
    else:
        runs = newest_trainings(client, newest)
    params = _rows(runs, lambda run: run.data.params)
    table = [
        ["run", *(run.info.run_name for run in runs)],
        ["id", *(run.info.run_id[:8] for run in runs)],
        *[row for row in params if len(set(row[1:])) > 1],
        *_rows(runs, _scores),
    ]
    return [[name, *map(_cell, values)] for name, *values in table]


def _rows(runs, values_of):
    values = [values_of(run) for run in runs]
    names = dict.fromkeys(name for each in values for name in each)
    return [[name, *(each.get(name, "-") for each in values)] for name in names]


def _scores(run):
    return {
        name: f"{value:.0f}" if value.is_integer() else f"{value:.4f}"
        for name, value in run.data.metrics.items()
        if name.startswith(_SHOWN) and name not in _SAYS_NOTHING
    }


def _cell(value):
    value = " ".join(value.split())
    return value if len(value) <= _LONGEST_CELL else f"...{value[3 - _LONGEST_CELL :]}"

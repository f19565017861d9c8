"""Which rows train, and which are held out to compare on."""

import contextlib
from dataclasses import dataclass

import numpy as np
from sklearn import config_context
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from sklearn_rlcorrect.cli.messages import warn
from sklearn_rlcorrect.cli.rows import LabelledRows, with_test_data

_HELD_OUT = 0.25

# Part of rows to test on that may equal rows that train without a word.
_MOST_EQUAL = 0.01

# One to hold out, and two folds.
_FEWEST_GROUPS = 3


@dataclass(frozen=True)
class Split:
    """Rows that train, and rows that are held out.

    Parameters
    ----------
    data : LabelledRows
        All rows, those of a file to test on included.

    train_rows, test_rows : ndarray of int
        Indices.

    note : str
        What is held out, to be printed; empty for a random part.

    groups : ndarray of int of shape (n_train_rows,), default=None
        Group of each row that trains; None without ``--group``.

    test_groups : ndarray of int of shape (n_test_rows,), default=None
        Group of each row that is held out, too.
    """

    data: LabelledRows
    train_rows: np.ndarray
    test_rows: np.ndarray
    note: str = ""
    groups: np.ndarray | None = None
    test_groups: np.ndarray | None = None


def check_split_options(args):
    """Raise an error if options that choose the held-out rows contradict each other.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    Raises
    ------
    ValueError
        If they do, or the size is none.
    """
    options = {"--test-data": args.test_data, "--group": args.group, "--time": args.time}
    given = [option for option, value in options.items() if value]
    if args.test_data and args.test_size is not None:
        given.append("--test-size")
    if args.group and args.memory_size is not None:
        given = ["--group", "--memory-size"]
    if len(given) > 1:
        raise ValueError(f"{given[0]} and {given[1]} exclude each other: give one")
    if args.test_data and not args.data:
        raise ValueError("--test-data is for --data FILE: give both")
    if args.test_size is not None and not 0 < args.test_size < 1:
        raise ValueError(f"--test-size {args.test_size} must be between 0 and 1")


def split(args, data, rows):
    """Split rows as options say.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    data : LabelledRows
        Rows of a command.

    rows : ndarray of int
        Those that may be used.

    Returns
    -------
    split : Split
        Every label of a held-out row is in the rows that train, too.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file or split.
    """
    if args.test_data:
        both = with_test_data(data, args.test_data)
        _warn_of_equal_rows(both, len(data.y))
        return Split(both, rows, np.arange(len(data.y), len(both.y)))
    test_size = _HELD_OUT if args.test_size is None else args.test_size
    if args.group:
        found = _by_group(args, data, rows, test_size)
    elif args.time:
        found = _by_time(args, data, rows, test_size)
    else:
        y = data.y[rows]
        parts = train_test_split(
            rows, test_size=test_size, stratify=y, random_state=args.seed
        )
        found = Split(data, *parts)
    only = np.setdiff1d(data.y[found.test_rows], data.y[found.train_rows]).tolist()
    if only:
        raise ValueError(
            f"all rows with the label {only[0]!r} are held out, so that nothing could be "
            "learnt about it: choose another --test-size or --seed"
        )
    return found


def _warn_of_equal_rows(data, n_train):
    """Tell if rows to test on may be rows that train."""
    import pandas as pd

    hashes = pd.util.hash_pandas_object(data.X.assign(**{"": data.y}), index=False)
    n_equal = hashes[n_train:].isin(hashes[:n_train]).sum()
    n_test = len(hashes) - n_train
    if n_equal > _MOST_EQUAL * n_test:
        warn(
            f"{n_equal} of {n_test} rows of --test-data equal rows of --data, label and "
            "all: if they are the same rows, the scores are too optimistic"
        )


def split_params(args):
    """Return the options that chose the held-out rows, to be logged.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    Returns
    -------
    params : dict
        Those that were given.
    """
    given = {name: getattr(args, name) for name in ("group", "time", "test_size")}
    return {name: value for name, value in given.items() if value is not None}


@contextlib.contextmanager
def with_groups(parts):
    """Let a block fit with the groups of a split, which takes metadata routing.

    Parameters
    ----------
    parts : Split
        Rows.

    Yields
    ------
    fit_params : dict
        Further arguments of `fit`: ``groups``, if there are any.
    """
    if parts.groups is None:
        yield {}
        return
    with config_context(enable_metadata_routing=True):
        yield {"groups": parts.groups}


def _by_group(args, data, rows, test_size):
    codes, names = data.aside[args.group].iloc[rows].factorize()
    _check_complete("--group", args.group, codes == -1)
    if len(names) < _FEWEST_GROUPS:
        raise ValueError(
            f"--group {args.group}: there are {len(names)} groups, and at least "
            f"{_FEWEST_GROUPS} are needed"
        )
    splitter = GroupShuffleSplit(1, test_size=test_size, random_state=args.seed)
    train, test = next(splitter.split(codes, groups=codes))
    n_held_out = len(np.unique(codes[test]))
    note = f"({n_held_out} of {len(names)} groups by {args.group!r} are held out)"
    return Split(data, rows[train], rows[test], note, codes[train], codes[test])


def _by_time(args, data, rows, test_size):
    column = data.aside[args.time].iloc[rows]
    times = _as_times(args.time, column)
    _check_complete("--time", args.time, times.isna().to_numpy())
    first = times.argsort(kind="stable").iloc[-int(np.ceil(test_size * len(rows)))]
    # Rows of one time stay together.
    is_late = (times >= times.iloc[first]).to_numpy()
    written = column.iloc[first]
    if is_late.all():
        raise ValueError(
            f"--time {args.time}: no rows are earlier than {written}, from which on "
            "rows are held out: choose a smaller --test-size"
        )
    note = f"(rows with {args.time!r} from {written} on are held out)"
    return Split(data, rows[~is_late], rows[is_late], note)


def _as_times(name, column):
    """Return a column as numbers or dates, which have an order of time."""
    import pandas as pd
    from pandas.api import types

    if types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column):
        return column
    iso = {"format": "ISO8601", "utc": True, "errors": "coerce"}
    times = pd.to_datetime(column.astype(object), **iso)
    others = column[times.isna() & column.notna()]
    if len(others):
        raise ValueError(
            f"--time {name}: the column holds neither numbers nor dates such as "
            f"2026-01-31, but {others.iloc[0]!r}"
        )
    return times


def _check_complete(option, name, is_missing):
    if is_missing.any():
        raise ValueError(
            f"{option} {name}: {is_missing.sum()} of {len(is_missing)} rows have no value "
            "there: remove them"
        )

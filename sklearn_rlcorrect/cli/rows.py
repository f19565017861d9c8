"""The labelled rows that a command names."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sklearn_rlcorrect.cli.columns import check_same_columns, columns_aside, is_number
from sklearn_rlcorrect.datasets import (
    load_alerts,
    load_eights,
    read_precomputed,
    read_rows,
    read_table,
)

# Per data set that is at hand: how to load it, its name and its positive class.
DATASETS = {
    "digits": (load_eights, "handwritten digits of scikit-learn, 'is it an 8?'", "eight"),
    "alerts": (load_alerts, "generated alerts, 'is it fraud?'", "fraud"),
}


@dataclass(frozen=True)
class LabelledRows:
    """Labelled rows and their source.

    Parameters
    ----------
    X : {ndarray, pandas.DataFrame} of shape (n_samples, n_features)
        Rows.

    y : ndarray of shape (n_samples,)
        Labels.

    name : str
        Name of the data set, for messages.

    options : dict of str to (str or list of str), default={}
        Options that name the rows, with absolute paths, for a later command that runs in
        another folder.

    n_proba : int, default=0
        Number of leading columns of `X` that are probabilities of another model.

    default_pos_label : str, default=None
        Positive class if none is given.

    aside : pandas.DataFrame, default=None
        Columns of the table that are no features. None if it is no table.
    """

    X: object
    y: np.ndarray
    name: str
    options: dict = field(default_factory=dict)
    n_proba: int = 0
    default_pos_label: str | None = None
    aside: object = None

    def take(self, rows):
        """Select rows.

        Parameters
        ----------
        rows : ndarray of int
            Indices.

        Returns
        -------
        X : {ndarray, pandas.DataFrame} of shape (n_selected, n_features)
            Rows.

        y : ndarray of shape (n_selected,)
            Labels.
        """
        X = self.X.iloc[rows] if hasattr(self.X, "iloc") else self.X[rows]
        return X, self.y[rows]


def row_options(args):
    """Return the options of a command that name rows.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command.

    Returns
    -------
    options : dict of str to (str or list of str), or None
        ``data``, ``target``, ``data_dir``, ``dataset``, ``drop``, ``group`` and ``time``,
        and those of :func:`csv_options`; None if no rows are named.
    """
    options = {name: getattr(args, name) for name in ("data", "target", "data_dir")}
    if args.dataset:
        if any(options.values()):
            raise ValueError("--dataset and --data or --data-dir both name rows: give one")
        options["dataset"] = args.dataset
    if csv_options(vars(args)) and not args.data:
        raise ValueError("--sep and --encoding are of a CSV: give --data FILE, too")
    columns = {name: vars(args).get(name) for name in ("drop", "group", "time")}
    named = [f"--{name}" for name, value in columns.items() if value]
    if named and not args.data:
        raise ValueError(f"{named[0]} is of a table: give --data FILE, too")
    if not any(options.values()):
        return None
    return options | csv_options(vars(args)) | columns


def options_again(given, trained):
    """Return the options of rows for a model, or a classifier, that was trained before.

    Parameters
    ----------
    given : dict of str to (str or list of str), or None
        From :func:`row_options`.

    trained : dict of str to (str or list of str), or None
        Those of the training, if known. They name the rows if none are given.

    Returns
    -------
    options : dict of str to (str or list of str), or None
        For :func:`labelled_rows`. What the training dropped is ignored, if it is there.
    """
    if given is None and trained is None:
        return None
    dropped = (trained or {}).get("drop", [])
    return (given or trained | {"drop": None}) | {"ignore": dropped}


def csv_options(options):
    """Return the options of a CSV that are not the usual ones.

    Parameters
    ----------
    options : dict of str to object
        Options of a command, or logged by a training.

    Returns
    -------
    options : dict of str to str
        ``sep`` and ``encoding``, if they are there.
    """
    return {name: options[name] for name in ("sep", "encoding") if options.get(name)}


def labelled_rows(options, text_columns=()):
    """Read labelled rows.

    Parameters
    ----------
    options : dict of str to (str or list of str)
        From :func:`row_options` or :func:`options_again`. ``dataset`` names one that is
        at hand, by default the handwritten digits of scikit-learn. The columns ``drop``,
        ``group`` and ``time`` must be there, those in ``ignore`` may. ``test_data`` names a
        file of more rows.

    text_columns : collection of str, default=()
        Columns of a CSV to read as text.

    Returns
    -------
    data : LabelledRows
        The rows.

    Raises
    ------
    FileNotFoundError, ValueError
        If options contradict each other, or the files cannot be read.

    Examples
    --------
    >>> from sklearn_rlcorrect.cli.rows import labelled_rows
    >>> labelled_rows({}).X.shape
    (1797, 64)
    """
    data, target, folder = (options.get(name) for name in ("data", "target", "data_dir"))
    if folder and (data or target):
        raise ValueError("--data and --data-dir both name rows: give one")
    if bool(data) != bool(target):
        raise ValueError("--data FILE and --target COLUMN go together: give both")
    if folder:
        return _precomputed(folder)
    if data:
        rows, test_data = _table(options, text_columns), options.get("test_data")
        return with_test_data(rows, test_data) if test_data else rows
    return _at_hand(options.get("dataset") or "digits")


def with_test_data(data, path):
    """Append the rows of a file to those of a table.

    Parameters
    ----------
    data : LabelledRows
        Rows of a table.

    path : str or path-like
        CSV, as that table is one, or Parquet, with its columns and labels.

    Returns
    -------
    data : LabelledRows
        The same rows, and then those of the file.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file cannot be read, or its columns or labels do not fit.
    """
    import pandas as pd

    target = data.options["target"]
    # Texts where the table has texts, whatever stands there.
    texts = [name for name in data.X if not is_number(data.X[name])]
    texts += [] if is_number(pd.Series(data.y)) else [target]
    table = read_rows(path, texts, **csv_options(data.options))
    check_same_columns(table, data, target, path)
    X = pd.concat([data.X, table[list(data.X)]], ignore_index=True)
    y = np.concatenate([data.y, table[target].to_numpy(data.y.dtype)])
    options = data.options | {"test_data": str(Path(path).resolve())}
    return replace(data, X=X, y=y, name=f"{data.name} and {path}", options=options)


def unknown_training(name):
    """Return the warning that a model may have been fitted on the rows it is scored on.

    Parameters
    ----------
    name : str
        Name of the model or classifier.

    Returns
    -------
    caution : str
        Two lines.
    """
    return (
        f"Whether {name} was fitted on some of these rows is not known. If it was, the\n"
        "scores below are too optimistic."
    )


def trained_on_these(given, trained):
    """Return the warning that a model was trained on the file that it is scored on.

    Parameters
    ----------
    given : dict of str to (str or list of str), or None
        From :func:`row_options`.

    trained : dict of str to (str or list of str), or None
        Those of the training, if known.

    Returns
    -------
    caution : str
        Empty if it is another file, or not known.
    """
    if not _is_same_file(given, trained, "data", "data_dir"):
        return ""
    return (
        "The model was trained on rows of this file: the scores of those are too "
        "optimistic."
    )


def is_test_data(given, trained):
    """Return whether rows are those of ``--test-data`` of a training.

    Parameters
    ----------
    given : dict of str to (str or list of str), or None
        From :func:`row_options`.

    trained : dict of str to (str or list of str), or None
        Those of the training, if known.

    Returns
    -------
    is_test_data : bool
        Whether it is the same file.
    """
    test_data = (trained or {}).get("test_data")
    return _is_same_file(given, {"data": test_data}, "data")


def _is_same_file(given, trained, *names):
    pairs = [((given or {}).get(name), (trained or {}).get(name)) for name in names]
    return any(a and b and Path(a).resolve() == Path(b).resolve() for a, b in pairs)


def _at_hand(dataset):
    load, name, positive = DATASETS[dataset]
    source = {"dataset": dataset} if dataset != "digits" else {}
    return LabelledRows(*load(), name, source, default_pos_label=positive)


def _table(options, text_columns):
    path, target, csv = options["data"], options["target"], csv_options(options)
    X, y = read_table(path, target, text_columns, **csv)
    drop = columns_aside(X, options, path)
    features = X.drop(columns=drop)
    if features.empty:
        raise ValueError(f"{path} has no column besides {target!r} and what is dropped")
    source = {"data": str(Path(path).resolve()), "target": target} | csv
    source |= {"drop": drop} if drop else {}
    return LabelledRows(features, y, path, source, aside=X[drop])


def _precomputed(folder):
    rows = read_precomputed(folder, labelled=True)
    return LabelledRows(
        rows.columns(),
        np.asarray(rows.y),
        folder,
        {"data_dir": str(Path(folder).resolve())},
        n_proba=rows.proba.shape[1],
    )


def column_of(table, name, source):
    """Return a column of a table as an array.

    Parameters
    ----------
    table : DataFrame
        Table.

    name : str
        Column.

    source : str
        Name of the table, for messages.

    Returns
    -------
    column : ndarray of shape (n_samples,)
        Values.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    if name not in table.columns:
        raise ValueError(f"{source} has no column {name!r}")
    return table[name].to_numpy()


def logged_columns(table, args):
    """Return the columns of logged decisions that a command names.

    Parameters
    ----------
    table : DataFrame
        Table of `args.data`.

    args : argparse.Namespace
        Options of the command: "data", "decision", "reward" and "propensity", which may
        be None.

    Returns
    -------
    decision, reward, propensity : ndarray of shape (n_samples,) or None
        Values. A CSV's truth values are read as texts, and become bools.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    decision = column_of(table, args.decision, args.data)
    as_bool = {"True": True, "False": False, "true": True, "false": False}
    decision = np.array([as_bool.get(entry, entry) for entry in decision.tolist()])
    reward = column_of(table, args.reward, args.data)
    if args.propensity is None:
        return decision, reward, None
    return decision, reward, column_of(table, args.propensity, args.data)

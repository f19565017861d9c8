"""The labelled rows that a command names."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sklearn_rlcorrect.datasets import load_eights, read_precomputed, read_table
from sklearn_rlcorrect.datasets.tables import some_names

_EIGHTS = "handwritten digits of scikit-learn, 'is it an 8?'"


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
    """

    X: object
    y: np.ndarray
    name: str
    options: dict = field(default_factory=dict)
    n_proba: int = 0
    default_pos_label: str | None = None

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
        ``data``, ``target``, ``data_dir`` and ``drop``, and those of :func:`csv_options`;
        None if no rows are named.
    """
    options = {name: getattr(args, name) for name in ("data", "target", "data_dir")}
    if csv_options(vars(args)) and not args.data:
        raise ValueError("--sep and --encoding are of a CSV: give --data FILE, too")
    drop = vars(args).get("drop") or []
    if drop and not args.data:
        raise ValueError("--drop is of a table: give --data FILE, too")
    if not any(options.values()):
        return None
    return options | csv_options(vars(args)) | {"drop": drop}


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
    return (given or trained | {"drop": []}) | {"ignore": dropped}


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
        From :func:`row_options` or :func:`options_again`. Empty names the handwritten
        digits of scikit-learn. Columns in ``drop`` must be there, those in ``ignore`` may.

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
        return _table(options, text_columns)
    return LabelledRows(*load_eights(), _EIGHTS, default_pos_label="eight")


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


def _table(options, text_columns):
    path, target, csv = options["data"], options["target"], csv_options(options)
    X, y = read_table(path, target, text_columns, **csv)
    drop = _named_columns(X, options.get("drop", ()), path)
    X = X.drop(columns=drop)
    ignored = [name for name in options.get("ignore", ()) if name in X.columns]
    X, drop = X.drop(columns=ignored), drop + ignored
    if X.empty:
        raise ValueError(f"{path} has no column besides {target!r} and what is dropped")
    source = {"data": str(Path(path).resolve()), "target": target} | csv
    return LabelledRows(X, y, path, source | ({"drop": drop} if drop else {}))


def _named_columns(table, names, source):
    """Return columns by name; a comma separates names, unless it is part of one."""
    parts = [[name] if name in table.columns else name.split(",") for name in names]
    columns = [name.strip() for part in parts for name in part]
    for name in columns:
        if name not in table.columns:
            raise ValueError(
                f"--drop {name}: {source} has no such column besides the --target: it has "
                f"{some_names(table.columns)}"
            )
    return list(dict.fromkeys(columns))


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

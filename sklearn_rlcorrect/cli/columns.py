"""Columns of tables: which are no features, and whether those of two tables agree."""

from sklearn_rlcorrect.datasets.tables import some_names


def columns_aside(table, options, source):
    """Return the columns of a table that are no features.

    Parameters
    ----------
    table : pandas.DataFrame
        All columns but the labels.

    options : dict of str to (str or list of str)
        ``drop``, ``group`` and ``time``, columns that must be there; and ``ignore``, those
        that need not. A comma separates names in ``drop``, unless it is part of one.

    source : str or path-like
        Where the table is from, for the message.

    Returns
    -------
    names : list of str
        Each once.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    named = [("--drop", name) for name in _at_commas(table, options.get("drop") or [])]
    named += [(f"--{key}", options[key]) for key in ("group", "time") if options.get(key)]
    for option, name in named:
        if name not in table.columns:
            raise ValueError(
                f"{option} {name}: {source} has no such column besides the --target: it "
                f"has {some_names(table.columns)}"
            )
    ignored = [name for name in options.get("ignore") or [] if name in table.columns]
    return list(dict.fromkeys([*(name for _, name in named), *ignored]))


def _at_commas(table, names):
    """Split names at commas, unless these are part of the name of a column."""
    parts = [[name] if name in table.columns else name.split(",") for name in names]
    return [name.strip() for part in parts for name in part]


def check_same_columns(table, data, target, path):
    """Raise an error if a table has not the columns and labels of other rows.

    Parameters
    ----------
    table : pandas.DataFrame
        All columns, the labels included.

    data : LabelledRows
        The other rows.

    target : str
        Column with the labels.

    path : str or path-like
        Where the table is from, for the message.

    Raises
    ------
    ValueError
        If a column is missing or of another type, or a label is unknown.
    """
    missing = [name for name in [target, *data.X] if name not in table.columns]
    if missing:
        raise ValueError(f"{path} has no column {missing[0]!r}, which {data.name} has")
    for name in data.X:
        if is_number(data.X[name]) != is_number(table[name]):
            raise ValueError(f"column {name!r} holds numbers in one of {data.name}, {path}")
    unknown = set(table[target].tolist()) - set(data.y.tolist())
    if unknown:
        raise ValueError(
            f"column {target!r} of {path} holds {unknown.pop()!r}, which is no label of "
            f"{data.name}"
        )


def is_number(column):
    """Return whether a column holds numbers or truth values.

    Parameters
    ----------
    column : pandas.Series
        Any column.

    Returns
    -------
    is_number : bool
        By its type.
    """
    from pandas.api import types

    return types.is_numeric_dtype(column)

"""Options in a TOML file, as the arguments of a command."""

import tomllib


def config_arguments(path):
    """Read the options in a file.

    Parameters
    ----------
    path : str or path-like
        TOML: long names of options, without ``--`` and with ``-`` or ``_``, and their
        values. A flag is ``true`` or ``false``, an option that may be repeated an array of
        texts, and several values of one option are an array of numbers.

    Returns
    -------
    arguments : dict of str to list of str
        Per name the arguments: ``--name=value``, ``--name``, or ``--no-name`` for false.

    Raises
    ------
    ValueError
        If the file cannot be read, or holds values that are none of options.
    """
    try:
        with open(path, "rb") as file:
            options = tomllib.load(file)
    except OSError as error:
        raise ValueError(f"cannot read --config {path}: {error.strerror}") from error
    except ValueError as error:  # not TOML, or not even text
        raise ValueError(f"cannot read --config {path} as TOML: {error}") from error
    return {name: _arguments(path, name, value) for name, value in options.items()}


def _arguments(path, name, value):
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    values = value if isinstance(value, list) else [value]
    if not all(type(each) in (str, int, float) for each in values):
        raise ValueError(
            f"{path}: {name} must be a text, a number, true or false, or an array of texts "
            "and numbers"
        )
    if values and all(type(each) in (int, float) for each in values):
        # Numbers are of one option, such as fp-weight; texts repeat theirs.
        return [f"--{option}={','.join(map(str, values))}"]
    return [f"--{option}={each}" for each in values]

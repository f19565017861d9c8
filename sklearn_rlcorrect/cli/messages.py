"""What a command tells besides its results, on the standard error."""

import contextlib
import sys
import warnings
from textwrap import shorten

_LONGEST = 300


def shows_progress(args):
    """Return whether to draw progress bars.

    Parameters
    ----------
    args : argparse.Namespace
        Options of a command.

    Returns
    -------
    is_shown : bool
        On a terminal, unless with ``--quiet``; anywhere with ``--verbose``.
    """
    return _verbosity(args) > 0 or (_verbosity(args) == 0 and sys.stderr.isatty())


def tell(args, text):
    """Print a note, unless with ``--quiet``.

    Parameters
    ----------
    args : argparse.Namespace
        Options of a command.

    text : str
        One line.
    """
    if _verbosity(args) >= 0:
        _write(f"note: {text}")


def warn(text):
    """Print a warning, with ``--quiet``, too.

    Parameters
    ----------
    text : str
        One line.
    """
    _write(f"warning: {text}")


def tell_more(args, text):
    """Print a note with ``--verbose`` only.

    Parameters
    ----------
    args : argparse.Namespace
        Options of a command.

    text : str
        As much of it is printed as is short.
    """
    if _verbosity(args) > 0:
        tell(args, shorten(text, _LONGEST))


@contextlib.contextmanager
def warnings_as_lines(show=warn):
    """Print the warnings of a block, each as one line.

    Parameters
    ----------
    show : callable, default=warn
        Prints a text as a line.

    Yields
    ------
    None
        Nothing.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        # The tables of scores report it.
        warnings.filterwarnings("ignore", "No (policy beat|correction by the policy)")
        yield
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        show(message)


def is_quiet(args):
    """Return whether nothing but warnings and errors is to be printed.

    Parameters
    ----------
    args : argparse.Namespace
        Options of a command.

    Returns
    -------
    is_quiet : bool
        With ``--quiet``.
    """
    return _verbosity(args) < 0


def _write(line):
    from tqdm import tqdm

    # Above a progress bar, if there is one.
    tqdm.write(line, file=sys.stderr)
    sys.stderr.flush()


def _verbosity(args):
    return vars(args).get("verbosity", 0)

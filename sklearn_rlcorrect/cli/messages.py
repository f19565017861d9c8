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
        print(f"note: {text}", file=sys.stderr, flush=True)


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
def warnings_as_lines():
    """Print the warnings of a training, each as one line.

    Yields
    ------
    None
        Nothing.
    """
    with warnings.catch_warnings(record=True) as caught:
        # The tables of scores report it.
        warnings.filterwarnings("ignore", "No (candidate beat|correction by the policy)")
        yield
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        print(f"warning: {message}", file=sys.stderr)


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


def _verbosity(args):
    # Some commands print little, and have neither option.
    return vars(args).get("verbosity", 0)

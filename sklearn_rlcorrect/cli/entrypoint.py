"""The entry point: parse the arguments, run the command, report errors in one line."""

import contextlib
import importlib
import io
import os
import signal
import sys
import threading

from sklearn_rlcorrect.cli.messages import is_quiet
from sklearn_rlcorrect.cli.parser import parse

# An error of these packages is about the store, not a bug in this package.
_STORES = ("mlflow", "sqlalchemy", "alembic")
_LONGEST_MESSAGE = 600


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None takes those of the process. Options may be written with ``_`` for
        ``-``, and ``--mode COMMAND`` in place of the command.

    Returns
    -------
    code : int
        0 on success; 2 for bad input, after one line on the standard error; 130 if
        interrupted.

    Raises
    ------
    SystemExit
        If the arguments cannot be parsed, or ask for help or the version.

    Examples
    --------
    >>> from sklearn_rlcorrect.cli import main
    >>> main(["infer", "--data", "rows.csv", "--output", "rows.xlsx"])
    2
    """
    if sys.stderr is None:
        # The process has none (2>&-), and all that is told goes nowhere.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    argv = sys.argv[1:] if argv is None else argv
    args = parse(argv)
    # For messages that name the next command.
    args.words = argv
    _clean_up_on_termination()
    try:
        _check_not_empty(args)
        # Imported here, for commands import packages that --help does not need.
        command = importlib.import_module(f"sklearn_rlcorrect.cli.{args.command}")
        with (
            contextlib.redirect_stdout(io.StringIO())
            if is_quiet(args)
            else contextlib.nullcontext()
        ):
            command.run(args)
        # None where the process has no standard output.
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has closed it, as `head` does. What is still to be
        # flushed at the end of the process must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.stderr.write("rlcorrect: interrupted\n")
        return 130
    except Exception as error:
        if not _is_bad_input(error):
            raise
        return _fail(error)
    return 0


def _clean_up_on_termination():
    """Make SIGTERM an exception, as Ctrl-C is: temporary files are then removed."""

    def terminate(signum, frame):
        raise SystemExit(128 + signum)

    # Signals belong to the main thread; a caller's own handler is left alone.
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, terminate)


def _check_not_empty(args):
    """Raise an error if an option is given without a value: it would have no effect."""
    for name, value in vars(args).items():
        # A tab is a separator.
        if isinstance(value, str) and not (value if name == "sep" else value.strip()):
            raise ValueError(f"--{name.replace('_', '-')} is empty: give it a value")


def _is_bad_input(error):
    # Compared by name, for importing these packages takes seconds.
    package = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError | ValueError) or package in _STORES


def _fail(error):
    message = " ".join(str(error).split())
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]} ..."
    sys.stderr.write(f"rlcorrect: error: {message}\n")
    return 2

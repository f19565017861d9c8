"""The process ``rlcorrect``, also ``python -m sklearn_rlcorrect``."""

import gc
import sys

from sklearn_rlcorrect.cli import main


def run():
    """Run the command line in a process of its own.

    Returns
    -------
    code : int
        That of :func:`sklearn_rlcorrect.cli.main`.
    """
    # Most of what a command makes are modules, which live as long as the process. To search
    # them for garbage again and again, and at the end, takes a fifth of the time of train.
    gc.set_threshold(50_000, 20, 100)
    code = main()
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run())

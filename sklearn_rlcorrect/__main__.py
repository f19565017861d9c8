"""Run the command ``rlcorrect`` as ``python -m sklearn_rlcorrect``."""

import sys

from sklearn_rlcorrect.cli import main

if __name__ == "__main__":
    sys.exit(main())

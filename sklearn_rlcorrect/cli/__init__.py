"""The command line: ``rlcorrect train``, ``evaluate``, ``infer`` and ``compare``."""

from sklearn_rlcorrect.cli.entrypoint import main

__all__ = ["main"]

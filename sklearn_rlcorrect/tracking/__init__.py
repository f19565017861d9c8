"""MLflow tracking: log trained corrections as runs, load them, compare them."""

from sklearn_rlcorrect._autolog import without_autolog
from sklearn_rlcorrect.tracking.compare import compare_runs
from sklearn_rlcorrect.tracking.load import load_baseline, load_model
from sklearn_rlcorrect.tracking.log import log_evaluation, log_run
from sklearn_rlcorrect.tracking.rows import (
    caution_of,
    fingerprint,
    held_out_rows,
    log_rows,
    trained_on,
)

__all__ = [
    "caution_of",
    "compare_runs",
    "fingerprint",
    "held_out_rows",
    "load_baseline",
    "load_model",
    "log_evaluation",
    "log_rows",
    "log_run",
    "trained_on",
    "without_autolog",
]

"""Limits on accuracy and error rates, proven on rows that nothing is fitted on.

`split` draws the calibration set, `guard` finds the largest shrinkage of the correction
that is proven to keep the `Limits`, `decide` predicts with its threshold, and `check` tests
the limits again on fresh rows.
"""

from sklearn_rlcorrect.guard.checks import check
from sklearn_rlcorrect.guard.decision import (
    correction_rule,
    decide,
    decision_rule,
    decisions,
)
from sklearn_rlcorrect.guard.exact_tests import (
    accuracy_p_value,
    drop_bounds,
    rate_bounds,
    tango_score,
)
from sklearn_rlcorrect.guard.holdout import split
from sklearn_rlcorrect.guard.limits import (
    LIMIT_NAMES,
    SHRINKAGES,
    Limits,
    describe,
    parts,
    rows_needed,
)
from sklearn_rlcorrect.guard.report import renamed_report, warnings_of
from sklearn_rlcorrect.guard.rows import Rows
from sklearn_rlcorrect.guard.search import guard
from sklearn_rlcorrect.guard.thresholds import highest_threshold, lowest_threshold

__all__ = [
    "LIMIT_NAMES",
    "SHRINKAGES",
    "Limits",
    "Rows",
    "accuracy_p_value",
    "check",
    "correction_rule",
    "decide",
    "decision_rule",
    "decisions",
    "describe",
    "drop_bounds",
    "guard",
    "highest_threshold",
    "lowest_threshold",
    "parts",
    "rate_bounds",
    "renamed_report",
    "rows_needed",
    "split",
    "tango_score",
    "warnings_of",
]

"""Limits: parts of the risk, rows needed, parts of the calibration set."""

import pytest

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.guard import SHRINKAGES, Limits, describe, parts, rows_needed


def test_limits_of_an_estimator_and_of_a_report():
    limits = Limits.of(RLCalibratedClassifier(max_fpr=0.1, confidence=0.9))
    assert limits == Limits(max_fpr=0.1, confidence=0.9)
    assert Limits.of_report(vars(limits) | {"proven": True}) == limits
    assert describe(limits) == "max_fpr=0.1 at confidence=0.9"


def test_risk_is_divided_among_limits_and_shrinkages():
    limits = Limits(max_accuracy_drop=0.0, max_fpr=0.1, min_recall=0.5, confidence=0.91)
    assert limits.risk == pytest.approx(0.03)
    assert limits.risk_of_threshold == pytest.approx(0.03 / len(SHRINKAGES))
    # Rates alone are kept by the threshold: only the full correction is tried.
    assert Limits(max_fpr=0.1).shrinkages.tolist() == [1.0]
    assert Limits(max_accuracy_drop=0.1).shrinkages.min() == 0.1


def test_rows_needed():
    assert rows_needed(Limits(max_fpr=0.05)) == {"max_fpr": 59}
    assert rows_needed(Limits(max_fpr=0.01)) == {"max_fpr": 299}
    assert rows_needed(Limits(max_accuracy_drop=0.0)) == {"max_accuracy_drop": 5}


def test_thresholds_and_tests_share_no_row():
    rows = list(range(301))
    both = parts(Limits(max_accuracy_drop=0.0, max_fpr=0.1), 301)
    assert [rows[part] for part in both] == [rows[:150], rows[150:]]
    for limits in (Limits(max_accuracy_drop=0.0), Limits(max_fpr=0.1)):
        assert [rows[part] for part in parts(limits, 301)] == [rows, rows]

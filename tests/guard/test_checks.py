"""Verdicts on fresh rows."""

import numpy as np
import pytest

from sklearn_rlcorrect.guard import Limits, Rows, check


@pytest.mark.parametrize(
    ("share_wrong", "verdict"),
    [(0.0, "supported"), (0.1, "undecided"), (0.5, "contradicted")],
)
def test_verdicts(share_wrong, verdict):
    n = 400
    y = np.arange(n) % 2
    is_wrong = np.arange(n) < share_wrong * n
    score = np.where(is_wrong, 1 - y, y) * 0.8 + 0.1
    proba = np.column_stack([1 - score, score])
    rows = Rows(proba, np.zeros((n, 2)), y, np.ones(n), 0.5)
    checks = check(Limits(max_fpr=0.1, min_recall=0.9), rows, 1.0, None, 1)
    assert {each["verdict"] for each in checks.values()} == {verdict}
    assert checks["max_fpr"]["observed"] == pytest.approx(share_wrong)
    assert checks["min_recall"]["observed"] == pytest.approx(1 - share_wrong)


def test_no_rows_of_a_class_are_undecided():
    rows = Rows(np.full((3, 2), 0.5), np.zeros((3, 2)), np.ones(3), np.ones(3), 0.5)
    checked = check(Limits(max_fpr=0.1), rows, 1.0, None, 1)["max_fpr"]
    assert np.isnan(checked["observed"])
    assert (checked["n_rows"], checked["verdict"]) == (0, "undecided")

"""Evidence for each shrinkage."""

import numpy as np

from sklearn_rlcorrect.plotting import GuardDisplay

REPORT = {
    "shrinkages": np.array([1.0, 0.5, 0.25]),
    "shrinkage": 0.5,
    "risk": 0.025,
    "p_values": np.array([0.3, 0.01, 0.02]),
    "accepted": np.array([False, True, True]),
    "fixed": np.array([30, 24, 12]),
    "broken": np.array([25, 6, 1]),
    "n_tested": 300,
}


def test_evidence_is_drawn_per_shrinkage():
    evidence, decisions = GuardDisplay(REPORT).plot().ax_
    by_label = {line.get_label(): line for line in [*evidence.lines, *decisions.lines]}
    assert by_label["proven"].get_xydata().tolist() == [[0.5, 0.01], [0.25, 0.02]]
    assert by_label["not proven"].get_xydata().tolist() == [[1.0, 0.3]]
    for name in ("fixed", "broken"):
        np.testing.assert_array_equal(by_label[name].get_xdata(), REPORT["shrinkages"])
        np.testing.assert_array_equal(by_label[name].get_ydata(), REPORT[name])


def test_shrinkage_in_use_and_level_are_named():
    evidence, decisions = GuardDisplay(REPORT).plot().ax_
    title = evidence.get_legend().get_title().get_text()
    assert title == "dashed: shrinkage in use, 0.5; dotted: 0.025"
    assert decisions.get_xlabel() == "shrinkage (1: full correction)"
    assert decisions.get_ylabel() == "of 300 calibration rows"
    for ax in (evidence, decisions):
        assert 0.5 in [line.get_xdata()[0] for line in ax.lines]
    assert 0.025 in [line.get_ydata()[0] for line in evidence.lines]

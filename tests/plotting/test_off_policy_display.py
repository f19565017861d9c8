"""The value of policies on logged decisions, as drawn."""

import numpy as np
import pytest

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.decisions import off_policy_value
from sklearn_rlcorrect.plotting import OffPolicyValueDisplay

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def logged():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    flagged = rng.random(400) < 0.5
    reward = np.where(flagged, np.sign(X[:, 0]), 0)
    return X, flagged, reward, np.full(400, 0.5)


def test_lines_are_the_intervals(logged):
    model = RLCalibratedClassifier(**QUICK).fit(logged[0], logged[0][:, 0] > 0.5)
    display = OffPolicyValueDisplay.from_estimator(model, *logged)
    values = off_policy_value(model, *logged)
    policies, gain = display.ax_
    names = [label.get_text() for label in policies.get_yticklabels()]
    assert names == ["logged", "classifier", "corrected"]
    intervals, points = policies.lines[::2], policies.lines[1::2]
    for name, interval, point in zip(names, intervals, points, strict=True):
        drawn = [values[name]["lower"], values[name]["upper"]]
        np.testing.assert_array_equal(interval.get_xdata(), drawn)
        np.testing.assert_array_equal(point.get_xdata(), [values[name]["value"]])
    assert gain.lines[1].get_xdata() == [values["gain"]["value"]]


def test_only_a_corrector_has_values(logged):
    with pytest.raises(ValueError, match="estimator"):
        OffPolicyValueDisplay.from_estimator("model", *logged)

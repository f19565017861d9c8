"""Curves of the training."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.plotting import TrainingCurveDisplay


@pytest.mark.parametrize("data", ["cancer", "wine"])
def test_training_curve(data, request):
    X, _, y, _ = request.getfixturevalue(data)
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    display = TrainingCurveDisplay.from_estimator(model)
    assert [ax.get_ylabel() for ax in display.ax_] == [
        "weighted reward",
        "accuracy",
        "false positives",
    ]
    curve, base, *marks = display.ax_[2].lines
    np.testing.assert_array_equal(curve.get_ydata(), model.history_["false_positives"])
    assert set(base.get_ydata()) == {model.history_["false_positives"][0]}
    for mark, priority in zip(marks, ["weighted", "accuracy", "fp"], strict=True):
        at = model.front_["checkpoint"][model.selected_[priority]]
        assert mark.get_xdata() == [model.history_["timesteps"][at]]
        assert mark.get_label() == priority


def test_unfitted_estimators_are_refused():
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(RLCalibratedClassifier())

"""Metadata for the classifier's `predict_proba`, which pictures pass on."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.decisions import off_policy_value
from sklearn_rlcorrect.plotting import (
    AdjustmentDisplay,
    ConfusionChangeDisplay,
    CorrectionDisplay,
    FalsePositiveDisplay,
    OffPolicyValueDisplay,
    ReliabilityDisplay,
    TradeoffDisplay,
    save_pictures,
)


class Tempered(GaussianNB):
    """Is less certain, as told to be when it predicts."""

    def predict_proba(self, X, certainty=1.0):
        proba = super().predict_proba(X)
        return certainty * proba + (1 - certainty) / 2


@pytest.fixture(scope="module")
def fitted(cancer):
    X, X_test, y, y_test = cancer
    with config_context(enable_metadata_routing=True):
        base = Tempered().set_predict_proba_request(certainty=True)
        yield RLCalibratedClassifier(base, **QUICK).fit(X, y), X_test, y_test


@pytest.mark.parametrize(
    "display",
    [
        AdjustmentDisplay,
        ConfusionChangeDisplay,
        CorrectionDisplay,
        FalsePositiveDisplay,
        ReliabilityDisplay,
    ],
)
def test_displays_draw_what_is_predicted_with_it(fitted, display):
    before, after = fitted[0].predict_before_after(fitted[1], certainty=0.3)
    drawn = display.from_estimator(*fitted, certainty=0.3)
    np.testing.assert_array_equal(drawn.before, before)
    np.testing.assert_array_equal(drawn.after, after)
    assert (before != fitted[0].predict_before_after(fitted[1])[0]).any()


def test_tradeoff_is_that_of_what_is_predicted_with_it(fitted):
    pair = fitted[0].predict_before_after(fitted[1], certainty=0.3)
    drawn = TradeoffDisplay.from_estimator(*fitted, certainty=0.3)
    for curve, proba in zip(drawn.curves.values(), pair, strict=True):
        expected = np.unique(proba[:, 1])[::-1]
        np.testing.assert_array_equal(curve.threshold[1:], expected)


def test_logged_decisions_are_valued_with_it(fitted):
    model, X, y = fitted
    log = y > 0, np.where(y > 0, 1.0, 0.0), np.full(len(y), 0.5)
    drawn = OffPolicyValueDisplay.from_estimator(model, X, *log, certainty=0.3)
    assert drawn.values == off_policy_value(model, X, *log, certainty=0.3)


def test_all_pictures_are_saved_with_it(fitted, tmp_path):
    files = [
        [path.read_bytes() for path in save_pictures(*fitted, tmp_path, **params)]
        for params in ({"certainty": 0.3}, {})
    ]
    # Decisions between two classes, and the training, do not depend on it.
    different = [a != b for a, b in zip(*files, strict=True)]
    assert different[0]
    assert sum(different) >= 5


def test_unknown_metadata_is_refused(fitted, tmp_path):
    with pytest.raises(TypeError, match="power"):
        save_pictures(*fitted, tmp_path, power=2)
    with (
        config_context(enable_metadata_routing=False),
        pytest.raises(
            ValueError, match="predict_proba got certainty, which takes metadata"
        ),
    ):
        TradeoffDisplay.from_estimator(*fitted, certainty=0.3)

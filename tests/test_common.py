"""scikit-learn's own checks: no failure is expected of any setting."""

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.features import TableFeatures

QUICK = {
    "total_timesteps": 400,
    "n_policies": 1,
    "net_arch": (16,),
    "random_state": 0,
}

SETTINGS = [
    RLCalibratedClassifier(**QUICK),
    RLCalibratedClassifier(LogisticRegression(), priority="fp", features=None, **QUICK),
    RLCalibratedClassifier(
        DecisionTreeClassifier(max_depth=3, random_state=0),
        priority="accuracy",
        **QUICK,
    ),
    RLCalibratedClassifier(
        DecisionTreeClassifier(max_depth=3, random_state=0),
        reward="log_loss",
        fp_weight=3.0,
        max_adjustment=1.0,
        **QUICK,
    ),
    TableFeatures(),
    PrecomputedProbaClassifier([0]),
]


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(SETTINGS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)

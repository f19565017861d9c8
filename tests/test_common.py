"""scikit-learn's own checks, of many classifiers, and of each limit."""

import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC, LinearSVC
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
TINY = QUICK | {"total_timesteps": 200, "net_arch": (4,)}

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

CLASSIFIERS = [
    GaussianNB(),
    MultinomialNB(),
    LinearSVC(random_state=0),
    SVC(),
    SVC(kernel="precomputed"),
    RandomForestClassifier(5, random_state=0),
    HistGradientBoostingClassifier(max_iter=5, random_state=0),
    KNeighborsClassifier(),
    LinearDiscriminantAnalysis(),
    SGDClassifier(random_state=0),
    RidgeClassifier(),
    DummyClassifier(),
]

# Limits that hardly any rows prove.
EASY = {"confidence": 0.5, "guard_fraction": 0.5}
LIMITS = [
    RLCalibratedClassifier(LogisticRegression(), **limit, **EASY, **TINY)
    for limit in ({"max_fpr": 0.9}, {"min_recall": 0.05}, {"max_accuracy_drop": 0.9})
]


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(SETTINGS)
def test_no_failure_is_expected(estimator, check):
    check(estimator)


NO_WEIGHTS = "limits are proven of rows that count alike"
RARE = "stratified folds have no place for a class of one row"


def of_weights(reason, kinds=("dense", "sparse")):
    return {f"check_sample_weight_equivalence_on_{kind}_data": reason for kind in kinds}


EXPECTED_OF_LIMITS = {
    "check_sample_weights_pandas_series": NO_WEIGHTS,
    "check_sample_weights_not_an_array": NO_WEIGHTS,
    "check_sample_weights_list": NO_WEIGHTS,
    "check_sample_weights_shape": NO_WEIGHTS,
    "check_sample_weights_not_overwritten": NO_WEIGHTS,
    **of_weights(NO_WEIGHTS),
    "check_fit2d_1feature": "half of ten rows is too few to fit on",
}

# Each of these fails for CalibratedClassifierCV of the classifier, too, or for itself.
ITS_OWN = "the classifier itself fails it"
IGNORES = "the classifier takes no weights"
EXPECTED_OF_CLASSIFIERS = {
    LinearSVC: of_weights(ITS_OWN),
    RandomForestClassifier: of_weights(ITS_OWN),
    SGDClassifier: of_weights(ITS_OWN),
    HistGradientBoostingClassifier: of_weights("bins depend on weights", ["dense"]),
    KNeighborsClassifier: of_weights(IGNORES),
    LinearDiscriminantAnalysis: of_weights(IGNORES, ["dense"]),
}
EXPECTED_OF_KERNELS = {
    "check_dont_overwrite_parameters": RARE,
    "check_f_contiguous_array_estimator": RARE,
    "check_methods_sample_order_invariance": RARE,
    "check_methods_subset_invariance": RARE,
    "check_dict_unchanged": RARE,
    "check_fit2d_predict1d": RARE,
    "check_fit2d_1feature": RARE,
}


def expected_failures(model):
    """Names of the checks that fail, with the reasons."""
    if model.guard_fraction == EASY["guard_fraction"]:
        return EXPECTED_OF_LIMITS
    if isinstance(model.estimator, SVC):
        is_kernel = model.estimator.kernel == "precomputed"
        return EXPECTED_OF_KERNELS if is_kernel else of_weights(ITS_OWN)
    return EXPECTED_OF_CLASSIFIERS.get(type(model.estimator), {})


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [*(RLCalibratedClassifier(base, **TINY) for base in CLASSIFIERS), *LIMITS],
    expected_failed_checks=expected_failures,
    xfail_strict=True,
)
def test_failures_that_are_expected(estimator, check):
    check(estimator)

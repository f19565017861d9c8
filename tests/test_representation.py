"""What an estimator tells of itself: tags, attributes, and its picture in a notebook."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils import get_tags

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.features import TableFeatures

CLASSIFIERS = [
    LogisticRegression(),
    GaussianNB(),
    LinearSVC(),
    RandomForestClassifier(),
    HistGradientBoostingClassifier(),
    FrozenEstimator(HistGradientBoostingClassifier()),
    OneVsRestClassifier(HistGradientBoostingClassifier()),
    TunedThresholdClassifierCV(LogisticRegression()),
    make_pipeline(MaxAbsScaler(), LogisticRegression()),
    make_pipeline(StandardScaler(), GaussianNB()),
    PrecomputedProbaClassifier([0]),
]


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=lambda e: type(e).__name__)
def test_tags_are_those_of_the_classifier(estimator):
    tags, inner = get_tags(RLCalibratedClassifier(estimator)), get_tags(estimator)
    assert tags.input_tags.sparse == inner.input_tags.sparse
    assert tags.input_tags.allow_nan == inner.input_tags.allow_nan
    assert tags.classifier_tags.multi_class == inner.classifier_tags.multi_class
    assert tags.estimator_type == "classifier"


def test_tags_of_the_default():
    assert get_tags(RLCalibratedClassifier()).input_tags.sparse


@pytest.mark.parametrize(
    ("base", "features", "sparse", "allow_nan"),
    [
        (HistGradientBoostingClassifier(), "auto", False, True),
        (HistGradientBoostingClassifier(), None, False, True),
        (HistGradientBoostingClassifier(), TableFeatures(), False, True),
        (HistGradientBoostingClassifier(), PCA(), False, False),
        (LogisticRegression(), "auto", True, False),
        (LogisticRegression(), MaxAbsScaler(), True, False),
        (LogisticRegression(), TableFeatures(), False, False),
    ],
)
def test_tags_are_no_wider_than_those_of_the_features(base, features, sparse, allow_nan):
    tags = get_tags(RLCalibratedClassifier(base, features=features)).input_tags
    assert (tags.sparse, tags.allow_nan) == (sparse, allow_nan)


@pytest.fixture(scope="module")
def fitted(cancer):
    X, _, y, _ = cancer
    names = [f"column {j}" for j in range(X.shape[1])]
    base = make_pipeline(StandardScaler(), GaussianNB())
    return RLCalibratedClassifier(base, **QUICK).fit(pd.DataFrame(X, columns=names), y)


def test_names_of_the_columns(fitted):
    assert fitted.n_features_in_ == 30
    np.testing.assert_array_equal(
        fitted.feature_names_in_, fitted.estimator_.feature_names_in_
    )


def test_html_shows_the_classifier_and_links_to_the_reference(fitted):
    html = fitted._repr_html_()
    text = re.sub("<[^>]+>", " ", html)
    for expected in ["RLCalibratedClassifier", "estimator: Pipeline", "GaussianNB"]:
        assert expected in text
    links = re.findall('href="([^"#]*)', html)
    assert any(link.endswith("RLCalibratedClassifier.html") for link in links)
    assert any("sklearn.naive_bayes.GaussianNB.html" in link for link in links)


@pytest.mark.parametrize(
    ("estimator", "page"),
    [
        (RLCalibratedClassifier(), "sklearn_rlcorrect.RLCalibratedClassifier"),
        (PrecomputedProbaClassifier([0]), "sklearn_rlcorrect.PrecomputedProbaClassifier"),
        (TableFeatures(), "sklearn_rlcorrect.features.TableFeatures"),
    ],
)
def test_all_of_ours_link_to_their_page_of_the_reference(estimator, page):
    link = f"sklearn-rlcorrect.readthedocs.io/en/stable/generated/{page}.html"
    assert link in estimator._repr_html_()


def test_text_shows_what_was_changed():
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=3)
    assert repr(model) == "RLCalibratedClassifier(estimator=GaussianNB(), fp_weight=3)"

"""Weights and other metadata: who gets them, and what they do."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    LeaveOneGroupOut,
    StratifiedKFold,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from conftest import QUICK
from sklearn_rlcorrect import (
    PrecomputedProbaClassifier,
    RLCalibratedClassifier,
    _fitting,
)
from sklearn_rlcorrect.agent.training import held_out_splits
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.explanation import explain_adjustment


def corrector(estimator=None, **kwargs):
    estimator = GaussianNB() if estimator is None else estimator
    return RLCalibratedClassifier(estimator, **(QUICK | kwargs))


# What weights do


@pytest.mark.parametrize("data", ["cancer", "wine"])
@pytest.mark.parametrize("seed", range(3))
def test_a_weight_is_that_many_rows(data, seed, request):
    # Of a tree that is true to the last bit.
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    X, X_test, y, _ = request.getfixturevalue(data)
    rng = np.random.default_rng(seed)
    weight = rng.integers(0, 4, size=len(y))
    fold = rng.integers(3, size=len(y))
    rows = rng.permutation(np.repeat(np.arange(len(y)), weight))
    weighted, repeated = (
        corrector(tree, cv=splits, total_timesteps=20_000, random_state=seed)
        for splits in (folds(fold), folds(fold[rows]))
    )
    weighted.fit(X, y, sample_weight=weight)
    repeated.fit(X[rows], y[rows])
    assert np.abs(weighted.predict_adjustment(X_test)).max() > 0.01
    np.testing.assert_allclose(
        weighted.predict_proba(X_test), repeated.predict_proba(X_test), atol=1e-9
    )
    for name, values in weighted.history_.items():
        np.testing.assert_allclose(values, repeated.history_[name], atol=1e-9)


def folds(fold):
    return list(LeaveOneGroupOut().split(fold, groups=fold))


def test_weights_reach_the_wrapped_classifier(cancer):
    X, X_test, y, _ = cancer
    weight = np.random.default_rng(0).uniform(size=len(y))
    model = corrector().fit(X, y, sample_weight=weight)
    alone = GaussianNB().fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(
        model.estimator_.predict_proba(X_test), alone.predict_proba(X_test)
    )


def test_weights_reach_the_training(cancer):
    # A frozen classifier takes no weights: what differs is the correction.
    X, X_test, y, _ = cancer
    frozen = FrozenEstimator(GaussianNB().fit(X[:100], y[:100]))

    def positives(weight_of_negatives):
        weight = np.where(y == 0, weight_of_negatives, 1.0)[100:]
        model = corrector(frozen, total_timesteps=40_000)
        return model.fit(X[100:], y[100:], weight).predict_proba(X_test)[:, 1].mean()

    assert positives(0.1) > positives(1.0) > positives(10.0)


def test_weights_reach_the_selection(cancer):
    X, _, y, _ = cancer
    weight = np.random.default_rng(0).uniform(size=len(y))
    frozen = FrozenEstimator(LogisticRegression(max_iter=5000).fit(X[:60], y[:60]))
    right = frozen.predict(X) == y
    # Nearly all of the weight is on rows that the classifier has right.
    model = corrector(frozen).fit(X, y, np.where(right, weight, 1e-6))
    assert 1 - 1e-3 < model.history_["accuracy"][0] < 1


def test_rows_of_weight_zero_do_not_reach_the_features(cancer):
    X, _, y, _ = cancer
    text = np.where(np.arange(len(y)) < 3, "ignored", "used")
    table = pd.DataFrame({"proba": 1 - X[:, 0] / 30, "text": text})
    base = PrecomputedProbaClassifier(["proba"])
    weight = np.where(text == "used", 1.0, 0.0)
    model = corrector(base).fit(table, y, sample_weight=weight)
    (categories,) = model.feature_transformer_.one_hot_.categories_
    assert categories.tolist() == ["used"]


@pytest.mark.parametrize("data", ["cancer", "wine"])
def test_only_ratios_of_weights_matter(data, request):
    X, X_test, y, _ = request.getfixturevalue(data)
    base = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X[:60], y[:60])
    weight = np.random.default_rng(0).uniform(0, 2, size=len(y))
    expected, *others = (
        corrector(FrozenEstimator(base)).fit(X, y, sample_weight=factor * weight)
        for factor in (1.0, 1000.0, 1 / weight.sum())
    )
    assert np.abs(expected.predict_adjustment(X_test)).max() > 0.1
    for model in others:
        np.testing.assert_allclose(
            model.predict_proba(X_test), expected.predict_proba(X_test), rtol=0, atol=1e-9
        )
        assert model.selected_ == expected.selected_
        for name in ("accuracy", "reward", "brier"):
            np.testing.assert_allclose(
                model.history_[name], expected.history_[name], rtol=0, atol=1e-9
            )


def test_order_of_rows_does_not_matter(cancer):
    X, X_test, y, _ = cancer
    frozen = FrozenEstimator(GaussianNB().fit(X, y))
    rows = np.random.default_rng(0).permutation(len(y))
    proba = [
        corrector(frozen).fit(X[order], y[order]).predict_proba(X_test)
        for order in (np.arange(len(y)), rows)
    ]
    np.testing.assert_allclose(*proba, atol=1e-9)


@pytest.mark.filterwarnings("ignore:The AUC of the classifier:UserWarning")
@pytest.mark.parametrize("n_groups", [1, 2, 3, 6])
def test_few_groups_of_rows_are_all_learnt(n_groups):
    rng = np.random.default_rng(0)
    said = np.linspace(0.3, 0.7, n_groups)
    group = rng.integers(n_groups, size=4000)
    truth = np.linspace(0.8, 0.2, n_groups)
    y = (rng.random(len(group)) < truth[group]).astype(int)
    base = PrecomputedProbaClassifier([0])
    model = corrector(base, fp_weight=1, total_timesteps=40_000)
    model.fit(said[group, np.newaxis], y)
    corrected = model.predict_proba(said[:, np.newaxis])[:, 1]
    assert np.abs(corrected - truth).mean() < 0.5 * np.abs(said - truth).mean()


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(426), "sample_weight is zero for all rows"),
        (np.ones(3), r"sample_weight has shape \(3,\): .* each of the 426 rows"),
        (np.ones((426, 2)), r"sample_weight has shape \(426, 2\)"),
        (np.full(426, -1.0), r"sample_weight holds -1.0: weights must be zero or more"),
        (np.full(426, np.nan), "sample_weight contains NaN"),
        (2.0, r"sample_weight has shape \(\): it must hold one weight for each"),
        ("balanced", r"sample_weight has shape \(\): it must hold one weight for each"),
        (np.arange(426) == 0, r"above zero for rows of one class only \(.\)"),
    ],
)
def test_bad_weights(cancer, weight, message):
    X, _, y, _ = cancer
    with pytest.raises(ValueError, match=message):
        corrector().fit(X, y, sample_weight=weight)


@pytest.mark.parametrize(
    "estimator", [KNeighborsClassifier(), make_pipeline(StandardScaler(), GaussianNB())]
)
def test_a_classifier_without_weights_is_told_of(cancer, estimator):
    X, _, y, _ = cancer
    weight = np.ones(len(y))
    with pytest.warns(UserWarning, match="takes no sample_weight in fit") as record:
        corrector(estimator).fit(X, y, sample_weight=weight)
    assert record[0].filename == __file__


# Who gets which metadata


class RecordingClassifier(ClassifierMixin, BaseEstimator):
    """Guess the share of each class, and note what `fit` was given."""

    calls = ()

    def fit(self, X, y, sample_weight=None, price=None, note=None):
        given = {"sample_weight": sample_weight, "price": price, "note": note}
        given = {name: value for name, value in given.items() if value is not None}
        RecordingClassifier.calls += ((X[:, 0], given),)
        self.classes_, counts = np.unique(y, return_counts=True)
        self.share_ = counts / len(y)
        return self

    def predict_proba(self, X):
        return np.tile(self.share_, (len(X), 1))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture
def recorded():
    RecordingClassifier.calls = ()
    with config_context(enable_metadata_routing=True):
        yield lambda: RecordingClassifier.calls


N_SAMPLES = 60
ROWS = np.arange(N_SAMPLES, dtype=float)
X = np.column_stack([ROWS, np.sin(ROWS)])
Y = np.arange(N_SAMPLES) % 2
# One number per row, so that a row can be told from what it was given.
METADATA = {"sample_weight": ROWS + 1, "price": list(ROWS + 100), "note": "for all"}


def alone(model):
    return model.set_fit_request(sample_weight=True)


def in_pipeline(model):
    # Scaling by None keeps column 0 what it is.
    scaler = StandardScaler(with_mean=False, with_std=False)
    scaler.set_fit_request(sample_weight=False)
    return make_pipeline(scaler, alone(model))


def in_search(model):
    scorer = get_scorer("accuracy").set_score_request(sample_weight=False)
    return GridSearchCV(
        alone(model), {"max_adjustment": [0.5]}, cv=2, scoring=scorer, error_score="raise"
    )


def in_both(model):
    return in_search_of_pipeline(in_pipeline(model))


def in_search_of_pipeline(pipeline):
    scorer = get_scorer("accuracy").set_score_request(sample_weight=False)
    grid = {"rlcalibratedclassifier__max_adjustment": [0.5]}
    return GridSearchCV(pipeline, grid, cv=2, scoring=scorer, error_score="raise")


COMPOSITIONS = [alone, in_pipeline, in_search, in_both]
TINY = {"total_timesteps": 100, "n_policies": 1}


@pytest.mark.parametrize("compose", COMPOSITIONS)
@pytest.mark.parametrize("name", METADATA)
def test_requested_metadata_arrives_row_by_row(recorded, compose, name):
    others = {other: False for other in METADATA if other != name}
    base = RecordingClassifier().set_fit_request(**{name: True}, **others)
    compose(corrector(base, **TINY)).fit(X, Y, **{name: METADATA[name]})
    calls = recorded()
    assert len(calls) >= 6
    for rows, given in calls:
        assert given.keys() == {name}
        whole = METADATA[name]
        expected = whole if name == "note" else np.asarray(whole)[rows.astype(int)]
        np.testing.assert_array_equal(given[name], expected)


@pytest.mark.parametrize("compose", COMPOSITIONS)
def test_metadata_that_is_not_requested_does_not_arrive(recorded, compose):
    refuses = {name: False for name in METADATA}
    base = RecordingClassifier().set_fit_request(**refuses)
    compose(corrector(base, **TINY)).fit(X, Y, sample_weight=METADATA["sample_weight"])
    assert len(recorded()) >= 6
    assert all(given == {} for _, given in recorded())


@pytest.mark.parametrize("compose", COMPOSITIONS)
@pytest.mark.parametrize("name", METADATA)
def test_metadata_that_nobody_decided_about_is_an_error(recorded, compose, name):
    model = compose(corrector(RecordingClassifier(), **TINY))
    with pytest.raises(UnsetMetadataPassedError, match=name):
        model.fit(X, Y, **{name: METADATA[name]})
    assert recorded() == ()


@pytest.mark.parametrize("compose", COMPOSITIONS)
def test_groups_reach_the_splitter(recorded, compose):
    groups = np.arange(N_SAMPLES) // 4
    model = compose(corrector(RecordingClassifier(), cv=GroupKFold(3), **TINY))
    model.fit(X, Y, groups=groups)
    fits = [rows.astype(int) for rows, _ in recorded()]
    assert all(given == {} for _, given in recorded())
    # Each fit on all that there is comes after those of its three folds.
    for i in range(3, len(fits), 4):
        outer = fits[i]
        for inner in fits[i - 3 : i]:
            left_out = np.setdiff1d(outer, inner)
            assert len(left_out)
            assert not set(groups[left_out]) & set(groups[inner])


def test_default_classifier_asks_for_weights():
    weight = ROWS + 1
    with config_context(enable_metadata_routing=True):
        model = corrector("default").set_params(estimator=None).fit(X, Y, weight)
    expected = LogisticRegression().fit(X, Y, weight)
    np.testing.assert_array_equal(model.estimator_.coef_, expected.coef_)


def test_weights_reach_a_step_of_a_pipeline_through_routing(cancer):
    X, X_test, y, _ = cancer
    weight = np.random.default_rng(0).uniform(size=len(y))
    with config_context(enable_metadata_routing=True):
        base = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            GaussianNB().set_fit_request(sample_weight=True),
        )
        model = corrector(base).fit(X, y, sample_weight=weight)
        expected = base.fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(
        model.estimator_.predict_proba(X_test), expected.predict_proba(X_test)
    )


def test_groups_stay_together_in_the_folds_and_in_all_that_is_learnt(cancer):
    X, _, y, _ = cancer
    groups = np.arange(len(y)) // 7
    splits = list(GroupKFold(4).split(X, y, groups))
    with config_context(enable_metadata_routing=True):
        routed = corrector(cv=GroupKFold(4)).fit(X, y, groups=groups)
    explicit = corrector(cv=splits).fit(X, y)
    # The same out-of-fold probabilities, judged on other rows.
    np.testing.assert_array_equal(
        routed.observation_scaler_.mean_, explicit.observation_scaler_.mean_
    )
    assert routed.history_["accuracy"][0] != explicit.history_["accuracy"][0]


def test_the_groups_that_arrive_at_the_problem_are_those_of_the_rows(cancer, monkeypatch):
    X, _, y, _ = cancer
    groups = np.random.default_rng(0).permutation(np.arange(len(y)) // 7)
    seen = []

    def recorded(problem, *args, **kwargs):
        seen.append(problem)
        return held_out_splits(problem, *args, **kwargs)

    monkeypatch.setattr(_fitting, "held_out_splits", recorded)
    with config_context(enable_metadata_routing=True):
        corrector(cv=GroupKFold(4)).fit(X, y, groups=groups)
    (problem,) = seen
    # Rows of a group of ours are rows of one group of theirs: the first feature tells.
    scaled = problem.observations[:, 4]
    order, expected = np.argsort(scaled, kind="stable"), np.argsort(X[:, 0], kind="stable")
    if len(np.unique(X[:, 0])) == len(y):
        np.testing.assert_array_equal(
            _partition(problem.row_groups[order]), _partition(groups[expected])
        )
    n_pairs = len({*zip(scaled.tolist(), problem.row_groups.tolist(), strict=True)})
    assert n_pairs == len({*zip(X[:, 0].tolist(), groups.tolist(), strict=True)})
    assert np.bincount(problem.row_groups).tolist() != []


def _partition(labels):
    """Number labels by their first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.arange(425), "groups has 425 entries for 426 rows"),
        (np.ones(426), "groups holds one group only"),
        (np.where(np.arange(426) < 9, np.nan, 1.0), "groups contains NaN"),
        (np.ones((426, 2)), "1d array"),
        (3, "1d array|not iterable|bad input shape"),
    ],
)
@pytest.mark.parametrize("limits", [{}, {"max_accuracy_drop": 0.4, "guard_fraction": 0.4}])
def test_bad_groups(cancer, groups, message, limits):
    X, _, y, _ = cancer
    base = FrozenEstimator(LogisticRegression(max_iter=5000).fit(X, y))
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match=message),
    ):
        corrector(base, cv=GroupKFold(2), **limits).fit(X, y, groups=groups)


def test_a_memory_and_groups_exclude_each_other(cancer):
    X, _, y, _ = cancer
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match="memory_size and groups exclude each other"),
    ):
        corrector(cv=GroupKFold(2), memory_size=9).fit(X, y, groups=np.arange(len(y)) // 7)


@pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e300, 1e308])
def test_weights_of_any_size_are_the_same(cancer, scale):
    X, X_test, y, _ = cancer
    base = FrozenEstimator(GaussianNB().fit(X, y))
    expected, scaled = (
        corrector(base).fit(X, y, sample_weight=weight).predict_proba(X_test)
        for weight in (None, np.full(len(y), scale))
    )
    np.testing.assert_allclose(scaled, expected, atol=1e-12)


def test_the_names_of_groups_do_not_matter(cancer):
    X, X_test, y, _ = cancer
    groups = np.arange(len(y)) // 7
    with config_context(enable_metadata_routing=True):
        expected, named = (
            corrector(cv=GroupKFold(4)).fit(X, y, groups=labels).predict_proba(X_test)
            for labels in (groups, [f"patient {group:03}" for group in groups])
        )
    np.testing.assert_array_equal(named, expected)


def test_the_front_is_not_too_optimistic_of_new_groups():
    """Each group has a label of its own, which nothing tells for other groups."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(80), 10)
    X = rng.normal(size=(80, 4))[groups] + 0.01 * rng.normal(size=(800, 4))
    y = rng.integers(2, size=80)[groups]
    with config_context(enable_metadata_routing=True):
        model = corrector(cv=GroupKFold(4), total_timesteps=20_000)
        model.fit(X, y, groups=groups)
    assert model.front_["accuracy"].max() < 0.65


class Truncated(ClassifierMixin, BaseEstimator):
    """Boosters predict with as many of their trees as they are told to."""

    def fit(self, X, y):
        self.model_ = LogisticRegression(max_iter=5000).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X, share=1.0):
        proba = self.model_.predict_proba(X)
        return 0.5 + np.reshape(share, (-1, 1)) * (proba - 0.5)


@pytest.mark.parametrize("limits", [{}, {"max_fpr": 0.5}])
def test_parameters_of_predict_proba_reach_the_classifier(cancer, limits):
    X, X_test, y, _ = cancer
    plain = LogisticRegression(max_iter=5000).fit(X, y).predict_proba(X_test)
    with config_context(enable_metadata_routing=True):
        base = Truncated().set_predict_proba_request(share=True)
        model = corrector(base, features=None, **limits).fit(X, y, share=0.5)
        before, after = model.predict_before_after(X_test, share=0.5)
        in_pipeline = make_pipeline(StandardScaler(with_std=False), base)
        wrapped = corrector(in_pipeline, **limits).fit(X, y, share=0.5)
        other = wrapped.predict_proba(X_test, share=0.5)
        np.testing.assert_array_equal(model.predict_proba(X_test, share=0.5), after)
        assert model.predict(X_test, share=0.5).shape == (len(X_test),)
    assert other.shape == after.shape
    # In the folds, too.
    largest = model.observation_scaler_.var_.max()
    with config_context(enable_metadata_routing=True):
        unshared = corrector(base, features=None, **limits).fit(X, y)
    assert largest < 0.5 * unshared.observation_scaler_.var_.max()
    assert before.max() < 0.76
    if not limits:
        np.testing.assert_allclose(before, 0.5 + 0.5 * (plain - 0.5))


def test_parameters_of_predict_proba_reach_whatever_predicts(cancer):
    X, X_test, y, y_test = cancer
    with config_context(enable_metadata_routing=True):
        # A share of minus one turns the classifier round.
        base = Truncated().set_predict_proba_request(share=True)
        limits = {"max_fpr": 0.3, "memory_size": None}
        model = corrector(base, **limits).fit(X, y, share=-1.0)
        report = model.guard_report_["weighted"]
        observed = model.check_guard(X_test, y_test, share=-1.0)["max_fpr"]["observed"]
        assert report["proven"]
        assert observed < 0.3
        flagged = model.decide(X_test, share=-1.0).flagged
        np.testing.assert_array_equal(flagged, model.predict(X_test, share=-1.0) == 1)
        before = evaluate_correction(model, X_test, y_test, share=-1.0)["before"]
        assert before["accuracy"] < 0.2
        some = X_test[:3]
        why = explain_adjustment(model, some, X[:5], random_state=0, share=-1.0)
        adjustment = model.predict_adjustment(some, share=-1.0)[:, 1]
        np.testing.assert_allclose(why.adjustment, adjustment)
        total = why.base_value + why.values.sum(axis=1)
        np.testing.assert_allclose(total, adjustment, atol=1e-8)
        updated = corrector(base, memory_size=1000).fit(X, y, share=-1.0)
        updated.partial_fit(X_test, y_test, share=-1.0)
        remembered = updated.memory_["proba"][:, 1], updated.memory_["y"]
        assert abs(np.corrcoef(*remembered)[0, 1]) > 0.8


def test_parameters_of_predict_proba_are_taken_row_by_row(cancer):
    X, _, y, _ = cancer
    shares = np.random.default_rng(0).uniform(0.4, 1, len(y))
    with config_context(enable_metadata_routing=True):
        base = Truncated().set_predict_proba_request(share=True)
        model = corrector(base, cv=3).fit(X, y, share=shares)
        first = model.predict_before_after(X, share=shares)[0]
    np.testing.assert_allclose(first, model.estimator_.predict_proba(X, share=shares))


def test_parameters_of_predict_proba_need_routing_and_a_request(cancer):
    X, X_test, y, _ = cancer
    model = corrector(Truncated()).fit(X, y)
    with pytest.raises(ValueError, match="predict_proba got share, which takes metadata"):
        model.predict_proba(X_test, share=0.5)
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(TypeError, match="unexpected argument"),
    ):
        model.predict_proba(X_test, other=0.5)


def test_consumes_what_calibrated_classifier_cv_does():
    names = ["sample_weight", "groups", "price", "unknown"]
    with config_context(enable_metadata_routing=True):
        base = RecordingClassifier().set_fit_request(sample_weight=True, price=True)
        ours, theirs = (
            model.get_metadata_routing().consumes("fit", names)
            for model in (
                corrector(base, cv=GroupKFold(3)),
                CalibratedClassifierCV(base, cv=GroupKFold(3)),
            )
        )
    assert ours == theirs == {"sample_weight", "groups", "price"}


def test_metadata_without_routing_is_an_error(cancer):
    X, _, y, _ = cancer
    message = (
        "fit got groups, price, which takes metadata routing to pass on, and that is off: "
        r"call sklearn.set_config\(enable_metadata_routing=True\)"
    )
    with pytest.raises(ValueError, match=message):
        corrector().fit(X, y, price=y, groups=y)


class MayTakeGroups(GroupKFold):
    def split(self, X, y, groups=None):
        return StratifiedKFold(self.n_splits).split(X, y)


@pytest.mark.parametrize("routing", [True, False])
def test_a_splitter_that_may_take_groups_does_without(cancer, routing):
    X, X_test, y, _ = cancer
    with config_context(enable_metadata_routing=routing):
        model = corrector(cv=MayTakeGroups(5)).fit(X, y)
    expected = corrector(cv=5).fit(X, y).predict_proba(X_test)
    np.testing.assert_array_equal(model.predict_proba(X_test), expected)


@pytest.mark.parametrize("routing", [True, False])
def test_a_splitter_of_groups_without_groups_is_an_error(cancer, routing):
    X, _, y, _ = cancer
    message = (
        r"cv=GroupKFold\(.*\) takes groups, and fit got none: give .* Its own error: The 'g"
    )
    with (
        config_context(enable_metadata_routing=routing),
        pytest.raises(ValueError, match=message),
    ):
        corrector(cv=GroupKFold(3)).fit(X, y)

"""The estimator: what users of scikit-learn expect of a meta-estimator."""

import pickle
import tracemalloc
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.agent import prediction, selection


def corrector(estimator=None, **kwargs):
    estimator = GaussianNB() if estimator is None else estimator
    return RLCalibratedClassifier(estimator, **(QUICK | kwargs))


@pytest.fixture(scope="module")
def fitted(cancer):
    X, _, y, _ = cancer
    return corrector().fit(X, y)


# What is learnt


def test_the_wrapped_classifier_is_fitted_on_all_rows(fitted, cancer):
    X, X_test, y, _ = cancer
    alone = GaussianNB().fit(X, y)
    np.testing.assert_array_equal(
        fitted.estimator_.predict_proba(X_test), alone.predict_proba(X_test)
    )


def test_adjustment_is_what_is_added(fitted, cancer):
    X_test = cancer[1]
    after, adjustment = fitted.predict_proba(X_test), fitted.predict_adjustment(X_test)
    before = fitted.estimator_.predict_proba(X_test)
    np.testing.assert_allclose(before + adjustment, after, atol=1e-9)
    assert 0 < np.abs(adjustment).max() <= fitted.max_adjustment + 1e-12
    np.testing.assert_allclose(adjustment.sum(axis=1), 0, atol=1e-9)


def always_right(probability):
    """Rows with the probabilities of a classifier that makes no mistake, and labels."""
    y = np.tile([0, 1], 60)
    right = np.where(y == 1, probability, 1 - probability)
    noise = np.random.default_rng(0).normal(size=len(y))
    return np.column_stack([right, noise]), y


def favours_the_negative(y, proba, adjusted):
    return (adjusted[:, 1] < 0.5).astype(float)


def test_a_fit_that_finds_nothing_says_what_helps_once():
    X, y = always_right(1.0)
    with pytest.warns(UserWarning, match="No policy beat the classifier") as caught:
        model = corrector(PrecomputedProbaClassifier([0]), features=None).fit(X, y)
    (message,) = [str(warning.message) for warning in caught]
    assert set(model.selected_.values()) == {0}
    assert "priority='weighted' its probabilities stay as they are" in message
    assert "threshold" not in message  # it is 0.5
    assert "More rows or another fp_weight may help" in message
    np.testing.assert_array_equal(*model.predict_before_after(X))


def test_a_fit_that_finds_nothing_names_the_threshold():
    X, y = always_right(0.3)
    X[y == 0, 0] = 0.1  # nothing is flagged, and a threshold of 0.2 would be right
    base, reward = PrecomputedProbaClassifier([0]), favours_the_negative
    hint = r"threshold base_threshold_ may be all that there is to gain \(0.2\)"
    with pytest.warns(UserWarning, match=hint):
        corrector(base, features=None, reward=reward).fit(X, y)


def test_what_another_priority_found_is_named():
    X, y = always_right(0.8)
    base, reward = PrecomputedProbaClassifier([0]), favours_the_negative
    with pytest.warns(UserWarning, match="priority='weighted' has a correction"):
        corrector(base, features=None, reward=reward, priority="fp").fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        corrector(base, features=None, reward=reward).fit(X, y)


def test_training_sees_out_of_fold_probabilities_only(cancer):
    # A classifier that knows its training rows by heart is right on all of them. Out of
    # fold it is not, and only there is anything to correct.
    X, _, y, _ = cancer
    noise = np.random.default_rng(0).normal(size=X.shape)
    by_heart = make_pipeline(StandardScaler(), LogisticRegression(C=1e9, max_iter=5000))
    model = corrector(by_heart, features=None).fit(np.hstack([X, noise] * 2), y)
    assert model.estimator_.score(np.hstack([X, noise] * 2), y) == 1.0
    assert model.history_["accuracy"][0] < 1.0


def test_labels_reach_the_rewards_only(cancer):
    # With labels that nothing predicts, no policy is better than doing nothing by more
    # than chance, and an agent that saw labels would be.
    X, _, y, _ = cancer
    shuffled = np.random.default_rng(0).permutation(y)
    model = corrector(total_timesteps=40_000).fit(X, shuffled)
    best = model.history_["accuracy"].max()
    assert best < max(np.mean(shuffled), 1 - np.mean(shuffled)) + 0.05


def test_history_and_selection(fitted):
    history = fitted.history_
    assert {len(values) for values in history.values()} == {11}
    assert history["timesteps"][0] == 0
    assert history["timesteps"][-1] == 4000
    assert history["reward"][0] == 0
    assert history["critic_share"][0] == 0
    assert np.all((history["critic_share"] >= 0) & (history["critic_share"] <= 1))
    front, chosen = fitted.front_, fitted.selected_
    # Two classes: eleven shifts of ten checkpoints, whole and halved, and of the base.
    assert {len(values) for values in front.values()} == {11 * (1 + 10 * 2)}
    assert front["accuracy"][chosen["accuracy"]] == pytest.approx(front["accuracy"].max())
    assert front["reward"][chosen["weighted"]] == front["reward"].max()
    assert front["accuracy"][chosen["fp"]] >= front["accuracy"][0] - 1e-12
    assert front["false_positives"][chosen["fp"]] <= front["false_positives"][0]
    # Where nothing is shrunk or shifted, candidates are the checkpoints.
    plain = (front["shrinkage"] == 1) & (front["shift"] == 0)
    assert front["checkpoint"][plain].tolist() == list(range(11))
    for name in ("reward", "accuracy"):
        np.testing.assert_allclose(front[name][plain], history[name], atol=1e-12)


def test_the_selected_candidate_predicts(fitted, cancer):
    # The last layer of each policy is that of the checkpoint, shrunk and shifted.
    X_test, front = cancer[1], fitted.front_
    checkpoints = {}
    for name, i in fitted.selected_.items():
        shrinkage, shift = front["shrinkage"][i], front["shift"][i]
        for k, policy in enumerate(fitted.policies_[name]):
            bias = policy[-1].copy()
            # The class whose false positives count.
            bias[fitted.class_order_.tolist().index(1)] += shift
            unfolded = [*policy[:-2], policy[-2] / shrinkage, bias / shrinkage]
            seen = checkpoints.setdefault((front["checkpoint"][i], k), unfolded)
            for array, same in zip(unfolded, seen, strict=True):
                np.testing.assert_allclose(array, same, rtol=1e-5, atol=1e-6)
        model = pickle.loads(pickle.dumps(fitted)).set_params(priority=name)
        assert np.isfinite(model.predict_proba(X_test)).all()


def test_policies_are_judged_on_rows_they_were_not_trained_on(monkeypatch, cancer):
    from sklearn_rlcorrect.agent import td3

    trained_on, judged_on = [], {}
    train_policies = td3.train_policies

    def looks(problem, rows):
        # Behind the features stands the posterior, which is out of fold.
        return {tuple(row) for row in problem.observations[rows, : 2 * 2 + 30]}

    def spy(problem, log_odds, splits, **kwargs):
        trained_on.extend(looks(problem, rows) for rows, _ in splits)
        return train_policies(problem, log_odds, splits, **kwargs)

    def spy_on_scores(name):
        score = getattr(selection, name)

        def spied(problem, held_out, *args, **kwargs):
            judged_on[name] = [looks(problem, rows) for rows in held_out]
            return score(problem, held_out, *args, **kwargs)

        monkeypatch.setattr(selection, name, spied)

    monkeypatch.setattr(td3, "train_policies", spy)
    spy_on_scores("score_checkpoints")
    spy_on_scores("score_candidates")
    X, _, y, _ = cancer
    corrector().fit(np.vstack([X, X]), np.hstack([y, y]))
    assert len(judged_on) == 2
    for judged in judged_on.values():
        assert len(trained_on) == len(judged) == 2
        for rows_trained, rows_judged in zip(trained_on, judged, strict=True):
            assert rows_judged
            assert not rows_trained & rows_judged


def test_a_harmful_policy_is_refused(cancer):
    # What this reward teaches is worse than the classifier.
    def harmful(y, proba, adjusted):
        rows = np.arange(len(y))
        return proba[rows, y] - adjusted[rows, y]

    X, _, y, _ = cancer
    model = corrector(reward=harmful).fit(X, y)
    accuracy = model.front_["accuracy"]
    assert model.history_["accuracy"][-1] < accuracy[0] - 0.2
    assert accuracy[model.selected_["weighted"]] < accuracy[0] - 0.2
    for priority in ("accuracy", "fp"):
        assert accuracy[model.selected_[priority]] >= accuracy[0] - 1e-12


def test_doing_nothing_is_kept_where_nothing_helps(cancer):
    X, X_test, y, _ = cancer
    base = GaussianNB().fit(X, y)
    model = corrector(reward=lambda y, proba, adjusted: np.zeros(len(y))).fit(X, y)
    assert set(model.selected_.values()) == {0}
    np.testing.assert_array_equal(model.predict(X_test), base.predict(X_test))
    np.testing.assert_array_equal(model.predict_adjustment(X_test), 0)


def test_priority_may_change_after_fit(fitted, cancer):
    X_test = cancer[1]
    model = pickle.loads(pickle.dumps(fitted))
    policies = {name: model.policies_[name] for name in ("accuracy", "fp", "weighted")}
    model.policies_ = policies | {"fp": model.policies_["weighted"]}
    weighted = model.predict_proba(X_test)
    np.testing.assert_array_equal(
        model.set_params(priority="fp").predict_proba(X_test), weighted
    )
    with pytest.raises(ValueError, match="priority='recall' is unknown: use one of"):
        model.set_params(priority="recall").predict(X_test)


def test_other_parameters_do_not_act_after_fit(fitted, cancer):
    X_test = cancer[1]
    model = pickle.loads(pickle.dumps(fitted)).set_params(max_adjustment=0.01)
    np.testing.assert_array_equal(model.predict_proba(X_test), fitted.predict_proba(X_test))


@pytest.mark.slow
def test_synthetic_probabilities_come_closer_to_the_cost_shifted_posterior():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3))
    posterior = 1 / (1 + np.exp(-X[:, 0] - 2 * X[:, 1] * X[:, 2]))
    y = (rng.random(len(X)) < posterior).astype(int)
    train, test = np.arange(2000), np.arange(2000, 4000)
    for fp_weight in (1.0, 3.0):
        target = posterior / (posterior + fp_weight * (1 - posterior))
        model = RLCalibratedClassifier(
            fp_weight=fp_weight, n_policies=1, max_adjustment=0.9, random_state=0
        ).fit(X[train], y[train])
        error = np.abs(model.predict_proba(X[test])[:, 1] - target[test])
        base_proba = model.estimator_.predict_proba(X[test])[:, 1]
        assert error.mean() < 0.5 * np.abs(base_proba - target[test]).mean()


# Equivalences


def test_one_seed_one_result(fitted, cancer):
    X, X_test, y, _ = cancer
    again = corrector().fit(X, y).predict_proba(X_test)
    other = corrector(random_state=1).fit(X, y).predict_proba(X_test)
    np.testing.assert_array_equal(fitted.predict_proba(X_test), again)
    assert np.abs(again - other).max() > 1e-3


def test_global_random_state_is_left_alone(cancer):
    X, _, y, _ = cancer
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    for random_state in (0, None, np.random.RandomState(0)):
        corrector(random_state=random_state, total_timesteps=100).fit(X, y)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize(
    "labels", [("no", "yes"), (-1, 1), (False, True), (1.0, 2.0)], ids=str
)
def test_labels_do_not_matter(fitted, cancer, labels):
    X, X_test, y, _ = cancer
    labels = np.array(labels)
    model = corrector().fit(X, labels[y])
    np.testing.assert_array_equal(model.classes_, labels)
    np.testing.assert_array_equal(model.predict_proba(X_test), fitted.predict_proba(X_test))
    np.testing.assert_array_equal(model.predict(X_test), labels[fitted.predict(X_test)])


class Relabelled(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose classes have other names."""

    def __init__(self, fitted, labels):
        self.fitted, self.labels = fitted, labels

    def fit(self, X, y):
        raise NotImplementedError  # it is put in a FrozenEstimator, which never fits

    def __sklearn_is_fitted__(self):
        return True

    @property
    def classes_(self):
        return np.sort(self.labels)

    def predict_proba(self, X):
        return self.fitted.predict_proba(X)[:, np.argsort(self.labels)]


@pytest.mark.parametrize(
    ("data", "labels", "reward"),
    [
        ("cancer", [1, 0], "brier"),
        ("cancer", [1, 0], "log_loss"),
        ("cancer", ["yes", "no"], "brier"),
        ("wine", [2, 0, 1], "brier"),
        ("wine", [1, 0, 2], "log_loss"),
        ("wine", ["c", "a", "b"], "brier"),
    ],
)
@pytest.mark.slow
def test_names_of_labels_mirror_the_probabilities(data, labels, reward, request):
    X, X_test, y, _ = request.getfixturevalue(data)
    base = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X[:60], y[:60])

    def corrected(labels):
        frozen = FrozenEstimator(Relabelled(base, labels))
        model = corrector(frozen, fp_weight={labels[1]: 3.0}, reward=reward)
        model.fit(X[60:], labels[y[60:]])
        column = np.searchsorted(model.classes_, labels)
        history = model.history_["reward"], model.front_["reward"]
        return [array[:, column] for array in model.predict_before_after(X_test)], history

    (before, expected), expected_history = corrected(np.arange(len(labels)))
    (before_too, found), history = corrected(np.array(labels))
    np.testing.assert_allclose(before_too, before, rtol=0, atol=1e-15)
    assert np.abs(expected - before).max() > 0.1
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    for values, same in zip(history, expected_history, strict=True):
        np.testing.assert_allclose(values, same, rtol=0, atol=1e-9)


def test_prediction_does_not_depend_on_the_batch(fitted, cancer):
    X_test = cancer[1]
    one_by_one = np.vstack([fitted.predict_proba(row[np.newaxis]) for row in X_test])
    np.testing.assert_allclose(fitted.predict_proba(X_test), one_by_one, atol=1e-12)


def test_frozen_estimator_is_used_as_it_is(cancer):
    X, X_test, y, _ = cancer
    base = GaussianNB().fit(X[:100], y[:100])
    model = corrector(FrozenEstimator(base)).fit(X[100:], y[100:])
    before = model.predict_proba(X_test) - model.predict_adjustment(X_test)
    np.testing.assert_allclose(before, base.predict_proba(X_test), atol=1e-9)
    assert model.history_["accuracy"][-1] > 0.5


def test_frozen_estimator_may_know_more_classes(wine):
    X, X_test, y, _ = wine
    base = FrozenEstimator(GaussianNB().fit(X, y))
    model = corrector(base).fit(X[y < 2], y[y < 2])
    assert model.predict_proba(X_test).shape == (len(X_test), 3)
    with pytest.raises(ValueError, match=r"y holds \[7\], which the fitted estimator"):
        corrector(base).fit(X, np.where(y == 2, 7, y))


def test_decision_scores_become_probabilities(cancer, wine):
    for X, X_test, y, _ in (cancer, wine):
        base = make_pipeline(StandardScaler(), LinearSVC())
        model = corrector(base).fit(X, y)
        before = model.predict_proba(X_test) - model.predict_adjustment(X_test)
        np.testing.assert_array_equal(
            model.classes_[before.argmax(axis=1)], model.estimator_.predict(X_test)
        )


@pytest.mark.slow
def test_positive_label_and_costs_mirror(cancer):
    # To call the other class positive is to swap the labels.
    X, X_test, y, _ = cancer
    as_label = corrector(pos_label=0, fp_weight=3.0).fit(X, y)
    as_dict = corrector(fp_weight={0: 3.0}).fit(X, y)
    default = corrector(fp_weight=3.0).fit(X, y)
    np.testing.assert_array_equal(
        as_label.predict_proba(X_test), as_dict.predict_proba(X_test)
    )
    for name, values in as_label.history_.items():
        np.testing.assert_array_equal(as_dict.history_[name], values)
    assert as_label.selected_ == as_dict.selected_
    assert as_label.predict_proba(X_test)[:, 0].mean() < (
        default.predict_proba(X_test)[:, 0].mean()
    )


@pytest.mark.slow
def test_multi_class_costs_count_per_class(wine):
    X, X_test, y, _ = wine
    kwargs = {"total_timesteps": 40_000, "features": None, "n_policies": 1}
    base = GaussianNB(var_smoothing=1.0)
    cheap = corrector(base, fp_weight=1.0, **kwargs).fit(X, y)
    costly = corrector(base, fp_weight={1: 10.0}, **kwargs).fit(X, y)
    assert costly.predict_proba(X_test)[:, 1].mean() < (
        cheap.predict_proba(X_test)[:, 1].mean()
    )


def test_reward_by_name_is_the_function_of_that_name(fitted, cancer):
    from sklearn_rlcorrect.rewards import brier

    X, X_test, y, _ = cancer
    model = corrector(reward=brier).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X_test), fitted.predict_proba(X_test))


# Composition


@pytest.mark.slow
def test_last_step_of_a_pipeline_under_grid_search(cancer):
    X, X_test, y, y_test = cancer
    pipeline = make_pipeline(
        StandardScaler(), corrector(LogisticRegression(), cv=2, total_timesteps=400)
    )
    search = GridSearchCV(
        pipeline,
        {
            "rlcalibratedclassifier__max_adjustment": [0.1, 0.6],
            "rlcalibratedclassifier__estimator__C": [1e-9, 1.0],
        },
        cv=2,
        error_score="raise",
    ).fit(X, y)
    assert search.best_params_["rlcalibratedclassifier__estimator__C"] == 1.0
    assert search.score(X_test, y_test) > 0.9


@pytest.mark.parametrize(
    "parameters",
    [
        {"batch_size": 32},
        {"learning_rate": 1e-3},
        {"net_arch": (8, 8)},
        {"validation_fraction": 0.5},
        {"cv": 2},
        {"n_policies": 1},
        {"total_timesteps": 2000},
        {"max_adjustment": 0.3},
        {"fp_weight": 5.0},
        {"reward": "log_loss"},
        {"features": None},
    ],
    ids=str,
)
@pytest.mark.slow
def test_every_parameter_does_something(fitted, cancer, parameters):
    X, X_test, y, _ = cancer
    model = corrector(**parameters).fit(X, y)
    change = np.abs(model.predict_proba(X_test) - fitted.predict_proba(X_test))
    assert change.max() > 1e-6


def test_verbose_shows_a_bar(cancer, capsys):
    X, _, y, _ = cancer
    corrector(total_timesteps=400, verbose=1).fit(X, y)
    assert "train policies: 100%" in capsys.readouterr().err


def test_single_precision_probabilities(cancer):
    class Single(GaussianNB):
        def predict_proba(self, X):
            return super().predict_proba(X).astype(np.float32)

    X, X_test, y, _ = cancer
    proba = corrector(Single()).fit(X, y).predict_proba(X_test)
    assert proba.dtype == np.float64
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=0, atol=1e-12)


@pytest.mark.slow
def test_inside_and_around_calibration(cancer):
    X, X_test, y, _ = cancer
    inner = corrector(CalibratedClassifierCV(GaussianNB(), cv=2), total_timesteps=400)
    assert inner.fit(X, y).predict_proba(X_test).shape == (143, 2)
    outer = CalibratedClassifierCV(corrector(total_timesteps=400), cv=2)
    assert outer.fit(X, y).predict_proba(X_test).shape == (143, 2)


def test_clone_pickle_joblib_and_skops(fitted, cancer, tmp_path):
    X_test = cancer[1]
    expected = fitted.predict_proba(X_test)
    assert clone(fitted).get_params()["fp_weight"] == 1.2
    joblib.dump(fitted, tmp_path / "model.joblib")
    skops.io.dump(fitted, tmp_path / "model.skops")
    untrusted = skops.io.get_untrusted_types(file=tmp_path / "model.skops")
    assert untrusted == [
        "sklearn_rlcorrect.classifier.RLCalibratedClassifier",
        "sklearn_rlcorrect.features.TableFeatures",
    ]
    for copy in (
        pickle.loads(pickle.dumps(fitted)),
        joblib.load(tmp_path / "model.joblib"),
        skops.io.load(tmp_path / "model.skops", trusted=untrusted),
    ):
        np.testing.assert_array_equal(copy.predict_proba(X_test), expected)


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, sparse.coo_array])
@pytest.mark.slow
def test_long_tables_are_corrected_in_pieces(cancer, container):
    X, _, y, _ = cancer
    tree = DecisionTreeClassifier(max_depth=1)
    model = corrector(tree, total_timesteps=20_000).fit(container(X), y)
    expected = model.predict_proba(container(X))
    assert np.abs(model.predict_adjustment(container(X))).max() > 0
    many = model.predict_proba(container(np.tile(X, (20, 1))))
    assert len(many) > 2 * prediction.CHUNK
    np.testing.assert_allclose(many, np.tile(expected, (20, 1)), atol=1e-12)


def test_memory_of_predicting_grows_with_the_table_by_the_result_alone(cancer):
    X, _, y, _ = cancer
    model = corrector(PrecomputedProbaClassifier([0])).fit(X / X.max(), 1 - y)

    def peak(n_repeats):
        table = np.tile(X / X.max(), (n_repeats, 1))
        tracemalloc.start()
        model.predict_proba(table)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak, len(table)

    (small, n_small), (large, n_large) = peak(50), peak(400)
    # Probabilities before and after, and what it takes to check them.
    assert (large - small) / (n_large - n_small) < 100


# Input of any kind reaches the wrapped classifier as it is


@pytest.mark.parametrize(
    "container",
    [
        pd.DataFrame,
        pl.DataFrame,
        sparse.csr_array,
        sparse.csr_matrix,
        sparse.csc_array,
        np.ndarray.tolist,
        np.asfortranarray,
    ],
)
@pytest.mark.slow
def test_containers(cancer, container):
    X, X_test, y, _ = cancer
    base = make_pipeline(StandardScaler(with_mean=False), LogisticRegression(max_iter=5000))
    expected = base.fit(X, y).predict_proba(X_test)
    model = corrector(base, features=None).fit(container(X), y)
    after = model.predict_proba(container(X_test))
    before = after - model.predict_adjustment(container(X_test))
    np.testing.assert_allclose(before, expected, atol=1e-3)
    with_features = corrector(base).fit(container(X), y)
    assert with_features.feature_transformer_ is not None
    assert with_features.predict_proba(container(X_test)).shape == (143, 2)


@pytest.mark.parametrize("to_frame", [lambda table: table, pl.from_pandas])
def test_missing_values_and_text_columns(cancer, to_frame):
    X, _, y, _ = cancer
    table = pd.DataFrame(X[:, :3], columns=["a", "b", "c"], copy=True)
    table.loc[::7, "a"] = np.nan
    table["size"] = np.where(X[:, 0] > 14, "large", "small")
    table = to_frame(table)
    base = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(sparse_output=False), ["size"]), remainder="passthrough"
        ),
        HistGradientBoostingClassifier(max_iter=5),
    )
    model = corrector(base).fit(table, y)
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "size"]
    assert np.isfinite(model.predict_proba(table)).all()
    with pytest.raises(ValueError, match=r"(?i)feature names"):
        model.predict_proba(table[["size", "a", "b", "c"]])


def test_texts(cancer):
    y = cancer[2]
    texts = [f"{'good' if label else 'bad'} tumour {i % 7}" for i, label in enumerate(y)]
    model = corrector(make_pipeline(TfidfVectorizer(), LogisticRegression()))
    assert model.fit(texts, y).score(texts, y) == 1.0
    assert model.feature_transformer_ is None


def test_features_of_the_users_own(cancer):
    X, X_test, y, _ = cancer
    pca = make_pipeline(StandardScaler(), PCA(3, random_state=0))
    model = corrector(features=pca).fit(X, y)
    # Two probabilities, two log-odds, three components, two log-odds of the posterior.
    assert model.policies_["weighted"][0][0].shape[0] == 2 + 2 + 3 + 2
    assert not hasattr(pca, "n_features_in_")
    assert model.predict_proba(X_test).shape == (143, 2)


def test_features_are_fitted_without_labels(cancer, monkeypatch):
    forbid_training(monkeypatch)
    X, _, y, _ = cancer
    message = r"features=SelectKBest\(k=2\) cannot make numbers of X .*without y"
    with pytest.raises(ValueError, match=message):
        corrector(features=SelectKBest(k=2)).fit(X, y)


def test_wrapped_classifier_that_checks_nothing(cancer):
    X, X_test, y, _ = cancer
    model = corrector(DummyClassifier(), features=None).fit(X, y)
    with pytest.raises(ValueError, match="X has 2 features, but RLCalibratedClassifier"):
        model.predict(X_test[:, :2])


# Probabilities of one's own


def test_precomputed_probabilities_are_read_and_corrected(cancer):
    X, X_test, y, y_test = cancer
    net = GaussianNB().fit(X[:200], y[:200])
    table = np.column_stack([net.predict_proba(X), X])
    table_test = np.column_stack([net.predict_proba(X_test), X_test])
    model = corrector(PrecomputedProbaClassifier([0, 1]), total_timesteps=40_000)
    model.fit(table[200:], y[200:])
    before = model.predict_proba(table_test) - model.predict_adjustment(table_test)
    np.testing.assert_allclose(before, table_test[:, :2], atol=1e-9)
    after = model.predict_proba(table_test)
    assert brier_score_loss(y_test, after[:, 1]) < brier_score_loss(y_test, before[:, 1])


@pytest.mark.parametrize("container", [pd.DataFrame, pl.DataFrame])
def test_precomputed_columns_by_name(cancer, container):
    y = cancer[2]
    proba = np.random.default_rng(0).random(len(y))
    table = container({"hidden": proba**2, "p": proba})
    base = PrecomputedProbaClassifier(["p"]).fit(table, y)
    np.testing.assert_allclose(base.predict_proba(table)[:, 1], proba)
    np.testing.assert_array_equal(base.predict(table), (proba > 0.5).astype(int))
    assert base.feature_names_in_.tolist() == ["hidden", "p"]
    sparse_base = PrecomputedProbaClassifier([1]).fit(sparse.csr_array(table), y)
    np.testing.assert_allclose(
        sparse_base.predict_proba(sparse.csr_array(table))[:, 1], proba
    )


def test_precomputed_columns_must_match_the_classes(wine):
    X, _, y, _ = wine
    with pytest.raises(ValueError, match=r"columns=\[0, 1\] names 2 column\(s\) but y"):
        PrecomputedProbaClassifier([0, 1]).fit(X, y)


@pytest.mark.parametrize("columns", [0, "p", slice(0, 2), [True, 1.5]], ids=str)
def test_precomputed_columns_must_be_a_list(wine, columns):
    with pytest.raises(TypeError, match=r"columns=.* must be a list of column numbers"):
        PrecomputedProbaClassifier(columns).fit(wine[0], wine[2])


# Bad input


def probabilities(values):
    """Fit a corrector on two columns of given probabilities."""
    table = np.tile([[0.3, 0.7], [0.6, 0.4]], (20, 1))
    table[3] = values
    return corrector(PrecomputedProbaClassifier([0, 1])).fit(table, np.tile([1, 0], 20))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [0.3, 1.2],
            r"estimator returned a probability above 1 \(row 3: \[0.3, 1.2\]\)",
        ),
        ([-0.2, 0.9], r"estimator returned a probability below 0"),
        ([-0.2, 1.2], r"probabilities below 0 and above 1 \(row 3: \[-0.2, 1.2\]\)"),
        ([0.3, 0.3], r"probabilities that do not sum to 1 .*softmax"),
        ([np.nan, 0.3], r"estimator returned NaN or infinite probabilities"),
    ],
)
def test_what_is_no_probability(values, message, monkeypatch):
    forbid_training(monkeypatch)
    with pytest.raises(ValueError, match=message):
        probabilities(values)


def test_a_lone_column_is_not_blamed_for_the_bound_of_the_other(monkeypatch):
    forbid_training(monkeypatch)
    column = np.tile([0.3, 0.7], 20)[:, np.newaxis]
    column[3] = 2.5
    message = r"probabilities below 0 and above 1 \(row 3: \[-1.5, 2.5\]\)"
    with pytest.raises(ValueError, match=message):
        corrector(PrecomputedProbaClassifier([0])).fit(column, np.tile([1, 0], 20))


def forbid_training(monkeypatch):
    from sklearn_rlcorrect.agent import td3

    def train_policies(*args, **kwargs):
        raise AssertionError("training started")

    monkeypatch.setattr(td3, "train_policies", train_policies)


def nan_reward(y, proba, adjusted):
    with np.errstate(all="ignore"):
        return np.log(adjusted[np.arange(len(y)), y])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"max_adjustment": 0.0}, ValueError, "max_adjustment == 0.0, must be > 0"),
        ({"max_adjustment": 1.1}, ValueError, "max_adjustment == 1.1, must be <= 1"),
        ({"max_adjustment": "0.5"}, TypeError, "max_adjustment must be an instance"),
        ({"fp_weight": 0}, ValueError, "fp_weight == 0, must be > 0"),
        ({"fp_weight": np.nan}, ValueError, "fp_weight=nan must be a finite number"),
        ({"fp_weight": {1: -1}}, ValueError, "fp_weight == -1, must be > 0"),
        ({"fp_weight": {5: 2}}, ValueError, r"fp_weight names the class 5.*\[0, 1\]"),
        ({"pos_label": "x"}, ValueError, r"pos_label names the class 'x'.*\[0, 1\]"),
        ({"priority": "recall"}, ValueError, "priority='recall' is unknown: use one"),
        ({"reward": "auc"}, ValueError, "reward='auc' is unknown: use one of"),
        ({"features": "all"}, ValueError, "features='all' is unknown: use 'auto'"),
        ({"features": 5}, ValueError, "features=5 is unknown: use 'auto'"),
        ({"features": StandardScaler}, ValueError, "features=<class .* is unknown"),
        ({"random_state": "a"}, ValueError, "random_state='a' must be an integer"),
        ({"net_arch": 64}, TypeError, "net_arch=64 must be a sequence"),
        ({"total_timesteps": 0}, ValueError, "total_timesteps == 0, must be >= 1"),
        ({"n_policies": 0}, ValueError, "n_policies == 0, must be >= 1"),
        ({"net_arch": (0,)}, ValueError, "net_arch == 0, must be >= 1"),
        ({"batch_size": 0}, ValueError, "batch_size == 0, must be >= 1"),
        ({"learning_rate": 0.0}, ValueError, "learning_rate == 0.0, must be > 0"),
        ({"validation_fraction": 1.0}, ValueError, "validation_fraction == 1.0, must"),
        (
            {"estimator": LinearRegression()},
            TypeError,
            "must have fit and predict_proba",
        ),
        ({"estimator": "svm"}, TypeError, "estimator='svm' must have fit"),
        (
            {"reward": lambda y, proba, adjusted: adjusted},
            ValueError,
            r"reward=<lambda> returned shape \(206, 2\) for 206 rows",
        ),
        (
            {"reward": lambda y, p, q: np.where(q[:, 1] > 0.9, np.nan, 0.0)},
            ValueError,
            "reward=<lambda> returned NaN or infinity",
        ),
        (
            {"reward": lambda proba, adjusted: 0.0},
            TypeError,
            r"reward=<lambda> must be a function of \(y_true, proba, adjusted\)",
        ),
        ({"reward": nan_reward}, ValueError, "reward=nan_reward returned NaN or infin"),
        (
            {"cv": 400},
            ValueError,
            "cv asks for 400 folds but class 0 has fewer members",
        ),
    ],
)
def test_bad_parameters(cancer, monkeypatch, parameters, error, message):
    forbid_training(monkeypatch)
    X, _, y, _ = cancer
    with pytest.raises(error, match=message):
        corrector().set_params(**parameters).fit(X, y)


def test_bad_targets(cancer, monkeypatch):
    forbid_training(monkeypatch)
    X, _, y, _ = cancer
    with pytest.raises(ValueError, match=r"y holds one class only \(0\)"):
        corrector().fit(X, np.zeros(len(X)).astype(int))
    with pytest.raises(ValueError, match="requires y to be passed"):
        corrector().fit(X, None)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        corrector().fit(X, y[:10])
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        corrector().fit(X, np.linspace(0, 1, len(X)))


def test_few_rows_of_a_class(wine):
    # By default there are no more folds than rows of the rarest class.
    X, _, y, _ = wine
    y = np.where(np.arange(len(y)) < 3, 9, y)
    by_default, in_three = (corrector(cv=cv).fit(X, y) for cv in (None, 3))
    np.testing.assert_array_equal(by_default.predict_proba(X), in_three.predict_proba(X))
    with pytest.raises(ValueError, match=r"cv asks for 5 folds but class 9 .* use cv=3"):
        corrector(cv=5).fit(X, y)


def test_one_row_of_a_class(wine):
    X, _, y, _ = wine
    y = np.where(np.arange(len(y)) == 0, 9, y)
    with pytest.raises(ValueError, match=r"^the label 9 has 1 row .* remove or relabel"):
        corrector().fit(X, y)
    with pytest.raises(ValueError, match=r"cv asks for 2 folds .* use more rows of that"):
        corrector(cv=2).fit(X, y)
    # A splitter of one's own may leave a class out of a fold.
    assert corrector(cv=KFold(3)).fit(X, y).predict_proba(X).shape == (len(X), 4)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([(np.arange(426), np.arange(426))], "rows in the training and the test part"),
    ],
)
def test_splits_that_teach_nothing(cancer, cv, message):
    X, _, y, _ = cancer
    with pytest.raises(ValueError, match=f"cv .*{message}"):
        corrector(cv=cv).fit(X, y)


@pytest.mark.parametrize("labels", [("no", "yes"), (1, 2)], ids=str)
@pytest.mark.slow
def test_folds_see_the_labels_of_the_user(cancer, labels):
    X, _, y, _ = cancer
    base = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight={labels[1]: 1e4})
    )
    model = corrector(base).fit(X, np.array(labels)[y])
    # The second class weighs so much that it is hardly ever missed, out of fold as well.
    assert model.history_["false_negatives"][0] == 0
    assert model.history_["false_positives"][0] > 0
    nested = corrector(corrector(pos_label=labels[0], total_timesteps=100))
    assert nested.fit(X, np.array(labels)[y]).classes_.tolist() == list(labels)


def test_classes_out_of_order(cancer):
    class Unsorted(GaussianNB):
        def fit(self, X, y):
            super().fit(X, y)
            self.classes_ = self.classes_[::-1]
            return self

        def predict_proba(self, X):
            self.classes_ = self.classes_[::-1]
            proba = super().predict_proba(X)[:, ::-1]
            self.classes_ = self.classes_[::-1]
            return proba

    X, X_test, y, _ = cancer
    expected = corrector().fit(X, y).predict_proba(X_test)
    np.testing.assert_allclose(
        corrector(Unsorted()).fit(X, y).predict_proba(X_test), expected
    )


def test_unfitted_and_other_columns(fitted, cancer):
    X_test = cancer[1]
    with pytest.raises(NotFittedError):
        corrector().predict(X_test)
    with pytest.raises(NotFittedError):
        corrector(FrozenEstimator(GaussianNB())).fit(X_test, cancer[3])
    with pytest.raises(ValueError, match="X has 29 features, but"):
        fitted.predict_proba(X_test[:, 1:])

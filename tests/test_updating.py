"""Updates by partial_fit: what is learnt, remembered, guarded and refused."""

import copy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.persistence import dump_model, load_model

pytestmark = pytest.mark.filterwarnings("ignore:The correction did worse:UserWarning")
SETTINGS = {"total_timesteps": 3_000, "n_policies": 2, "random_state": 0}


def stream(seed, n_rows, flipped=False):
    """Two columns; the class follows the first, or after a drift its opposite."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 2))
    signal = -X[:, 0] if flipped else X[:, 0]
    return X, (signal + 0.5 * rng.normal(size=n_rows) > 0).astype(int)


BASE = FrozenEstimator(LogisticRegression().fit(*stream(1, 200)))


def corrector(**kwargs):
    settings = {"estimator": BASE, "memory_size": 600} | SETTINGS
    return RLCalibratedClassifier(**settings | kwargs)


@pytest.fixture(scope="module")
def fitted():
    return corrector().fit(*stream(2, 600))


def test_it_follows_a_drift_that_the_classifier_does_not(fitted):
    model = copy.deepcopy(fitted)
    X_new, y_new = stream(9, 500, flipped=True)
    assert model.score(X_new, y_new) < 0.3
    for seed in range(3, 6):
        model.partial_fit(*stream(seed, 300, flipped=True))
    assert model.score(X_new, y_new) > 0.75
    assert BASE.score(X_new, y_new) < 0.3
    assert np.abs(model.predict_adjustment(X_new)).max() <= model.max_adjustment_
    history = model.update_history_
    assert history["n_rows"].tolist() == [300, 300, 300]
    # Scored before they were learnt.
    assert history["corrected_cost"][0] > 0.6
    assert history["corrected_cost"][2] < 0.5 * history["base_cost"][2]


def test_one_update_of_a_new_corrector_is_a_fit():
    X, y = stream(2, 400)
    weight = np.random.default_rng(0).uniform(0.5, 1, 400)
    updated, expected = corrector(), corrector()
    updated.partial_fit(X, y, propensity=weight)
    expected.fit(X, y, sample_weight=1 / weight)
    np.testing.assert_array_equal(updated.predict_proba(X), expected.predict_proba(X))
    model = RLCalibratedClassifier(memory_size=100, **SETTINGS)
    model.partial_fit(X, y, classes=[0, 1])
    assert isinstance(model.estimator_, LogisticRegression)


def test_a_propensity_of_one_is_no_propensity(fitted):
    X, y = stream(3, 200)
    with_ones, without = copy.deepcopy(fitted), copy.deepcopy(fitted)
    with_ones.partial_fit(X, y, propensity=np.ones(200))
    without.partial_fit(X, y)
    np.testing.assert_array_equal(with_ones.predict_proba(X), without.predict_proba(X))


def test_a_small_propensity_is_a_large_weight(fitted):
    X, y = stream(3, 200)
    rare = np.random.default_rng(0).random(200) < 0.5
    by_propensity, by_weight = copy.deepcopy(fitted), copy.deepcopy(fitted)
    by_propensity.partial_fit(X, y, propensity=np.where(rare, 0.25, 1.0))
    by_weight.partial_fit(X, y, sample_weight=np.where(rare, 4.0, 1.0))
    np.testing.assert_array_equal(
        by_propensity.predict_proba(X), by_weight.predict_proba(X)
    )


@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
def test_an_update_elsewhere_is_the_same(fitted, name, tmp_path):
    X, y = stream(3, 200)
    dump_model(fitted, tmp_path / name)
    loaded, here = load_model(tmp_path / name), copy.deepcopy(fitted)
    for model in (loaded, here):
        model.partial_fit(X, y).partial_fit(*stream(4, 100))
    np.testing.assert_array_equal(loaded.predict_proba(X), here.predict_proba(X))


def test_the_memory_is_bounded_and_may_be_left_out_of_a_file(fitted, tmp_path):
    model = copy.deepcopy(fitted)
    for seed in range(3):
        model.partial_fit(*stream(seed, 250))
        assert len(model.memory_["y"]) == 600
    dump_model(model, tmp_path / "with.joblib")
    dump_model(model, tmp_path / "without.joblib", with_memory=False)
    assert hasattr(model, "memory_")
    sizes = [(tmp_path / f"{n}.joblib").stat().st_size for n in ("with", "without")]
    assert sizes[1] < 0.8 * sizes[0]
    X, y = stream(9, 50)
    loaded = load_model(tmp_path / "without.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    with pytest.raises(ValueError, match="has no memory, without which it would unlearn"):
        loaded.partial_fit(X, y)


def test_the_classifier_decides_while_the_correction_does_harm(fitted):
    model = copy.deepcopy(fitted).set_params(recent_fraction=0.25)
    # It learns of a world that is not there, so that it corrects what is right.
    for seed in range(3, 6):
        model.partial_fit(*stream(seed, 150, flipped=True))
    assert not model.update_history_["base_decides"][-1]
    X, y = stream(3, 150)
    with pytest.warns(UserWarning, match="did worse .* until that changes") as caught:
        model.partial_fit(X, y)
    assert caught[0].filename == __file__
    assert model.update_history_["base_decides"][-1]
    before, after = model.predict_before_after(X)
    np.testing.assert_array_equal(before, after)
    for seed in range(7, 11):
        model.partial_fit(*stream(seed, 150, flipped=True))
    assert not model.update_history_["base_decides"][-1]
    assert np.abs(model.predict_adjustment(X)).max() > 0.3


def test_the_guard_judges_what_predicts():
    model = corrector(max_fpr=0.2).fit(*stream(2, 600))
    assert model.guard_report_["weighted"]["threshold"] is not None
    X, y = stream(3, 200)
    predicted = model.predict(X)
    model.partial_fit(X, y)
    costs = np.where(predicted != y, np.where(predicted == 1, 1.2, 1.0), 0.0)
    assert model.update_history_["corrected_cost"][0] == pytest.approx(costs.mean())


def test_the_guard_does_not_go_by_one_row(fitted):
    model = copy.deepcopy(fitted)
    X, _ = stream(4, 400)
    # Where only the classifier is right.
    (row, *_) = np.flatnonzero(model.predict(X) != BASE.predict(X))
    model.partial_fit(X[[row]], BASE.predict(X[[row]]))
    assert model.update_history_["gain"][0] < 0
    assert not model.update_history_["base_decides"][0]


def test_the_guard_looks_at_all_new_rows_even_if_none_is_kept_for_being_new(fitted):
    model = copy.deepcopy(fitted).set_params(recent_fraction=0.0)
    for seed in range(3, 7):
        model.partial_fit(*stream(seed, 300, flipped=True))
    with pytest.warns(UserWarning, match="did worse"):
        model.partial_fit(*stream(8, 300))


def test_policies_of_another_shape_are_trained_anew(fitted):
    for change in ({"n_policies": 1}, {"net_arch": (8,)}):
        model = copy.deepcopy(fitted).set_params(**change)
        model.partial_fit(*stream(3, 100))
        assert len(model.policies_["weighted"]) == model.n_policies
        assert len(model.policies_["weighted"][0][1]) == model.net_arch[0]


@pytest.mark.slow
def test_held_out_rewards_of_updates_are_not_too_optimistic():
    """The classifier is the truth: nothing can be gained, and rows are few."""
    claimed = []
    for seed in range(4):
        rng = np.random.default_rng(seed)

        def rows(n_rows, rng=rng):
            X = rng.normal(size=(n_rows, 10))
            return X, (rng.random(n_rows) < 1 / (1 + np.exp(-X[:, 0]))).astype(int)

        base = FrozenEstimator(LogisticRegression().fit(*rows(20_000)))
        model = corrector(
            estimator=base, memory_size=400, fp_weight=1, random_state=seed
        ).fit(*rows(400))
        for _ in range(6):
            model.partial_fit(*rows(20))
        claimed.append(model.front_["reward"][model.selected_["weighted"]])
    # With other rows held out at each update it was 0.033.
    assert np.mean(claimed) < 0.015


@pytest.mark.slow
def test_the_guard_is_never_worse_than_the_classifier_beyond_its_error():
    """The classifier is as good as can be: what is learnt of the rest is noise."""
    losses = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        model = corrector(random_state=seed).fit(*stream(2, 600))
        saved = []
        for _ in range(5):
            X = rng.normal(size=(200, 2))
            y = (X[:, 0] + 0.5 * rng.normal(size=200) > 0).astype(int)
            saved.append((BASE.predict(X) != y).mean() - (model.predict(X) != y).mean())
            model.partial_fit(X, y)
        losses.append(-np.mean(saved))
    assert np.mean(losses) < 0.01


def test_limits_are_stale_after_an_update():
    model = corrector(max_accuracy_drop=0.3).fit(*stream(2, 600))
    assert model.guard_report_["weighted"]["proven"]
    model.partial_fit(*stream(3, 100))
    report = model.guard_report_["weighted"]
    assert (report["proven"], report["stale"]) == (False, True)
    assert model.check_guard(*stream(4, 300))["max_accuracy_drop"]["verdict"]


def test_there_is_no_partial_fit_without_a_memory():
    model = corrector(memory_size=None)
    assert not hasattr(model, "partial_fit")
    model.fit(*stream(2, 300))
    assert not hasattr(model, "memory_")
    with pytest.raises(AttributeError, match="has no attribute 'partial_fit'"):
        model.partial_fit(*stream(3, 100))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": np.full(60, 2)}, r"y holds \[2\], which the fitted estimator does not know"),
        ({"X": np.ones((60, 3))}, "X has 3 features, but RLCalibratedClassifier is expect"),
        ({"X": np.ones((59, 2))}, "inconsistent numbers of samples"),
        ({"classes": [0, 1, 2]}, r"classes=\[0, 1, 2\] are not those that"),
        ({"propensity": np.zeros(60)}, "propensity must be above 0 and at most 1"),
        ({"propensity": np.full(60, 1.1)}, "propensity must be above 0 and at most 1"),
        ({"propensity": np.ones(59)}, r"propensity has shape \(59,\)"),
        ({"sample_weight": -np.ones(60)}, "weights must be zero or more"),
    ],
)
def test_bad_rows_leave_everything_as_it_was(fitted, arguments, message):
    model, (X, y) = copy.deepcopy(fitted), stream(3, 60)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(**{"X": X, "y": y} | arguments)
    assert model.update_history_ == {}
    np.testing.assert_array_equal(model.predict_proba(X), fitted.predict_proba(X))


def test_classes_must_be_named_first_unless_the_classifier_knows_them():
    model = RLCalibratedClassifier(memory_size=100, **SETTINGS)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(*stream(2, 100))
    with pytest.raises(ValueError, match=r"y holds \[1\], which classes lack"):
        model.partial_fit(*stream(2, 100), classes=[0, 2])
    model.partial_fit(*stream(2, 100), classes=[0, 1, 2])
    assert model.predict_proba(stream(3, 5)[0]).shape == (5, 3)


def test_a_class_that_comes_later_is_learnt():
    X, y = stream(2, 300)
    model = RLCalibratedClassifier(memory_size=600, max_adjustment=1.0, **SETTINGS)
    model.partial_fit(X, y, classes=[0, 1, 2])
    for seed in range(3, 9):
        X, y = stream(seed, 200)
        y[X[:, 1] > 0.7] = 2
        model.partial_fit(X, y)
    X, y = stream(6, 200)
    assert np.mean(model.predict(X[X[:, 1] > 1]) == 2) > 0.7


def test_one_row_of_one_class_is_an_update(fitted):
    model = copy.deepcopy(fitted)
    model.partial_fit(np.zeros((1, 2)), [1])
    assert len(model.memory_["y"]) == 600


@pytest.mark.parametrize(
    ("name", "value"), [("memory_size", 0), ("recent_fraction", 1.1), ("exploration", 1.0)]
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValueError, match=name):
        corrector(**{name: value}).fit(*stream(2, 60))


def test_a_clone_has_no_memory(fitted):
    assert not hasattr(clone(fitted), "memory_")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [RLCalibratedClassifier(memory_size=50, **SETTINGS | {"total_timesteps": 200})]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)

"""Rewards of decisions: learnt without a label, and only with exploration."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect._validation import check_decision_propensity
from sklearn_rlcorrect.agent.values import cross_fit_values, doubly_robust_value
from sklearn_rlcorrect.decisions import off_policy_value
from sklearn_rlcorrect.persistence import dump_model, load_model

pytestmark = pytest.mark.filterwarnings("ignore:The correction did worse:UserWarning")

# What flagging a row brings; not flagging it brings nothing.
CAUGHT, FALSE_ALARM = 1.0, -1.0


def world(seed, n_rows):
    """What tells the class is the other way round where the classifier flags nothing."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 2))
    return X, np.sign(X[:, 0]) * X[:, 1] + 0.3 * rng.normal(size=n_rows) > 0


X_OLD = np.random.default_rng(0).normal(size=(200, 2))
BASE = FrozenEstimator(LogisticRegression().fit(X_OLD, X_OLD[:, 0] > 0))


def logged(seed, n_rows, exploration):
    """Decisions of the classifier, some of them turned round, and what they brought."""
    X, y = world(seed, n_rows)
    is_turned = np.random.default_rng(seed + 1).random(n_rows) < exploration
    flagged = BASE.predict(X) ^ is_turned
    reward = np.where(flagged, np.where(y, CAUGHT, FALSE_ALARM), 0.0)
    return X, flagged, reward, np.where(is_turned, exploration, 1 - exploration)


def corrector(**kwargs):
    settings = {"total_timesteps": 5_000, "n_policies": 2, "random_state": 0}
    return RLCalibratedClassifier(BASE, memory_size=2_000, **settings | kwargs)


def mean_reward(model, seed=99, n_rows=2_000):
    X, y = world(seed, n_rows)
    return np.mean(np.where(model.predict(X), np.where(y, CAUGHT, FALSE_ALARM), 0.0))


@pytest.fixture(scope="module")
def learnt():
    X, flagged, reward, propensity = logged(1, 1_500, 0.2)
    return corrector().learn(X, flagged, reward, propensity=propensity)


def test_it_finds_the_better_decisions_without_a_label(learnt):
    # The best there is: all that are positive.
    assert mean_reward(learnt) > 0.38
    assert abs(mean_reward(BASE)) < 0.05
    assert np.abs(learnt.predict_adjustment(X_OLD)).max() <= 0.8
    assert not hasattr(learnt, "memory_")


def test_propensities_need_not_be_known(learnt):
    X, flagged, reward, _ = logged(1, 1_500, 0.2)
    model = corrector().learn(X, flagged, reward)
    assert mean_reward(model) > 0.38
    # But then nothing is known of the gain.
    assert model.update_history_["effective_sample_size"].tolist() == [0]
    for name in ("base_cost", "corrected_cost"):
        assert np.isnan(model.update_history_[name]).all()


def test_scrambled_rewards_teach_nothing():
    X, flagged, reward, propensity = logged(1, 1_500, 0.2)
    reward = np.random.default_rng(0).permutation(reward)
    model = corrector().learn(X, flagged, reward, propensity=propensity)
    assert mean_reward(model) < 0.2


def test_both_classes_cannot_be_positive():
    model = corrector(fp_weight={0: 1.0, 1: 1.2})
    X, flagged, reward, _ = logged(1, 200, 0.5)
    base = FrozenEstimator(LogisticRegression().fit(X_OLD, (X_OLD[:, 0] > 0).astype(int)))
    with pytest.raises(ValueError, match="both classes are: set pos_label"):
        model.set_params(estimator=base).learn(X, flagged, reward)


def test_a_corrector_that_forgot_its_rewards_does_not_learn_on(learnt, tmp_path):
    dump_model(learnt, tmp_path / "m.joblib", with_memory=False)
    model = load_model(tmp_path / "m.joblib")
    with pytest.raises(ValueError, match="has no memory of them"):
        model.learn(*logged(3, 100, 0.5)[:3])


def test_decide_takes_no_costs_after_rewards(learnt):
    assert learnt.decide(X_OLD).flagged.any()
    with pytest.raises(ValueError, match="leave fp_cost and fn_cost out"):
        learnt.decide(X_OLD, fp_cost=1)


def test_without_exploration_nothing_is_learnt_of_what_was_never_done():
    X, flagged, reward, _ = logged(1, 1_500, 0.0)
    model = corrector().learn(X, flagged, reward)
    X, y = world(99, 2_000)
    never_flagged = ~BASE.predict(X)
    explored = corrector().learn(*logged(1, 1_500, 0.2)[:3])
    found, with_exploration = (
        np.mean(m.predict(X)[never_flagged & y]) for m in (model, explored)
    )
    assert with_exploration > 0.8
    assert found < with_exploration - 0.2


def test_updates_go_on_and_are_scored_first(learnt):
    model = copy.deepcopy(learnt)
    before = mean_reward(model)
    for seed in (3, 4):
        X, flagged, reward, propensity = logged(seed, 500, 0.2)
        model.learn(X, flagged, reward, propensity=propensity)
    assert len(model.reward_memory_["reward"]) == 2_000
    assert mean_reward(model) > before - 0.03
    history = model.update_history_
    # The first rows were scored by a correction that did nothing.
    assert history["corrected_cost"][0] == history["base_cost"][0]
    assert np.all(history["corrected_cost"][1:] < history["base_cost"][1:] - 0.2)
    assert not history["base_decides"].any()


@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
def test_an_update_elsewhere_is_the_same(learnt, name, tmp_path):
    X, flagged, reward, propensity = logged(3, 300, 0.2)
    dump_model(learnt, tmp_path / name)
    loaded, here = load_model(tmp_path / name), copy.deepcopy(learnt)
    for model in (loaded, here):
        model.learn(X, flagged, reward, propensity=propensity)
    np.testing.assert_array_equal(loaded.predict_proba(X), here.predict_proba(X))
    dump_model(learnt, tmp_path / name, with_memory=False)
    assert not hasattr(load_model(tmp_path / name), "reward_memory_")


def test_global_random_states_are_left_alone():
    X, flagged, reward, propensity = logged(1, 200, 0.5)
    before = np.random.get_state()  # noqa: NPY002
    model = corrector(random_state=None, exploration=0.5, total_timesteps=500)
    model.learn(X, flagged, reward, propensity=propensity)
    first, second = (model.decide(X).inspected for _ in range(2))
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_equal(after, before)
    assert np.any(first != second)


def test_after_a_fit_with_labels():
    X, y = world(5, 400)
    model = corrector().fit(X, ~y)
    assert model.score(*world(99, 500)) < 0.3
    model.learn(*logged(1, 1_500, 0.2)[:3])
    assert model.score(*world(99, 500)) > 0.8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"decision": np.full(100, 2)}, r"decision holds \[2\]: it must be True"),
        (
            {"decision": np.arange(100) < 15, "propensity": None},
            "15 flagged rows and 85 others",
        ),
        ({"reward": np.full(100, np.nan)}, "Input reward contains NaN"),
        ({"reward": np.zeros(100)}, "reward is the same whatever the decision"),
        ({"reward": np.zeros(99)}, "inconsistent numbers of samples"),
        ({"propensity": np.zeros(100)}, "propensity must be above 0"),
    ],
)
def test_bad_rows_leave_everything_as_it_was(change, message):
    X, flagged, reward, propensity = logged(1, 100, 0.5)
    arguments = {"decision": flagged, "reward": reward, "propensity": propensity} | change
    model = corrector()
    with pytest.raises(ValueError, match=message):
        model.learn(X, **arguments)
    assert not hasattr(model, "classes_")


def test_a_classifier_that_is_not_fitted_cannot_begin():
    model = RLCalibratedClassifier(memory_size=100)
    with pytest.raises(ValueError, match="learn has no labels to fit a classifier to"):
        model.learn(*logged(1, 100, 0.5)[:3])


def test_three_classes_are_refused():
    X, y = np.random.default_rng(0).normal(size=(90, 2)), np.arange(90) % 3
    base = FrozenEstimator(LogisticRegression().fit(X, y))
    with pytest.raises(ValueError, match="for two classes: there are 3"):
        corrector().set_params(estimator=base).learn(X, y > 0, y * 1.0)


# Off-policy values


def test_the_doubly_robust_value_is_right_if_either_part_is():
    rng = np.random.default_rng(0)
    x = rng.normal(size=100_000)
    propensity_of_flag = 1 / (1 + np.exp(-x))
    flagged = rng.random(len(x)) < propensity_of_flag
    reward = np.where(flagged, x, 0) + rng.normal(size=len(x))
    taken = np.where(flagged, propensity_of_flag, 1 - propensity_of_flag)
    policy, truth = x > 0, np.where(x > 0, x, 0).mean()
    right, wrong = np.column_stack([0 * x, x]), np.zeros((len(x), 2))
    for values, propensity in ((right, np.full(len(x), 0.5)), (wrong, taken)):
        scores = doubly_robust_value(values, flagged, reward, propensity, policy)
        error = scores.std() / np.sqrt(len(x))
        assert abs(scores.mean() - truth) < 4 * error
    both_wrong = doubly_robust_value(wrong, flagged, reward, np.full(len(x), 0.5), policy)
    assert abs(both_wrong.mean() - truth) > 0.05


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say(learnt):
    truth = [mean_reward(m, 1_000, n_rows=40_000) for m in (learnt, BASE)]
    n_held, n_draws = np.zeros(2), 60
    for seed in range(n_draws):
        X, flagged, reward, propensity = logged(2_000 + 2 * seed, 400, 0.3)
        values = off_policy_value(learnt, X, flagged, reward, propensity, confidence=0.9)
        for i, name in enumerate(["corrected", "classifier"]):
            n_held[i] += values[name]["lower"] <= truth[i] <= values[name]["upper"]
    # Of 60 at 90 %: a standard deviation is 2.3.
    assert n_held.min() >= 54 - 3 * 2.4


def test_off_policy_values_tell_the_gain_before_it_is_switched_on(learnt):
    X, flagged, reward, propensity = logged(7, 800, 0.2)
    values = off_policy_value(learnt, X, flagged, reward, propensity)
    assert values["logged"]["value"] == pytest.approx(reward.mean())
    assert values["gain"]["lower"] > 0.2
    assert values["gain"]["value"] == pytest.approx(
        values["corrected"]["value"] - values["classifier"]["value"]
    )


def test_off_policy_values_need_support(learnt):
    X, flagged, reward, propensity = logged(7, 400, 0.2)
    with pytest.raises(ValueError, match="propensity is needed"):
        off_policy_value(learnt, X, flagged, reward, None)
    with pytest.raises(ValueError, match="confidence == 95, must be < 1"):
        off_policy_value(learnt, X, flagged, reward, propensity, confidence=95)
    certain = np.where(flagged, 1.0, propensity)
    with pytest.warns(UserWarning, match="certain to be taken: no reward tells") as caught:
        values = off_policy_value(learnt, X, flagged, reward, certain)
    assert caught[0].filename == __file__
    before, after = BASE.predict(X), learnt.predict(X)
    shares = {name: entry["unsupported"] for name, entry in values.items()}
    assert shares == {
        "logged": 0,
        "classifier": np.mean(flagged & ~before),
        "corrected": np.mean(flagged & ~after),
        "gain": np.mean(flagged & (before != after)),
    }
    assert 0 < shares["gain"] < shares["classifier"] + shares["corrected"]


def test_where_both_decide_alike_nothing_need_be_known_for_the_gain(learnt):
    X, flagged, reward, propensity = logged(7, 800, 0.2)
    is_alike = BASE.predict(X) == learnt.predict(X)
    propensity = np.where(is_alike & flagged, 1.0, propensity)
    with pytest.warns(UserWarning, match="certain to be taken"):
        values = off_policy_value(learnt, X, flagged, reward, propensity)
    assert values["gain"]["unsupported"] == 0
    assert values["corrected"]["unsupported"] > 0


@pytest.mark.parametrize("exploration", [0.1, 0.2])
def test_probabilities_of_being_looked_at_are_none_of_decisions(learnt, exploration):
    X, y = world(7, 400)
    decided = copy.deepcopy(learnt).set_params(exploration=exploration)
    decided = decided.decide(X, random_state=0)
    reward = np.where(decided.inspected, np.where(y, CAUGHT, FALSE_ALARM), 0.0)
    looked_at = np.where(decided.flagged, 1.0, exploration)
    wrong = "not flagged holds .* sum to .* per row of the log.* decision_propensity its"
    for decision in (decided.flagged, decided.inspected):
        with pytest.raises(ValueError, match=wrong):
            off_policy_value(learnt, X, decision, reward, looked_at)
        with pytest.raises(ValueError, match=wrong):
            corrector().learn(X, decision, reward, propensity=looked_at)
    with pytest.raises(ValueError, match="rows that were flagged holds"):
        off_policy_value(learnt, X, ~decided.inspected, reward, np.full(400, 0.1))
    corrector().learn(X, decided.inspected, reward, propensity=decided.decision_propensity)


@settings(deadline=None)
@given(
    st.integers(1, 3_000),
    st.lists(st.floats(0, 1), min_size=1, max_size=8),
    st.integers(0, 2**32 - 1),
)
def test_logs_of_any_probabilities_are_taken(n_rows, probabilities, seed):
    rng = np.random.default_rng(seed)
    of_flag = rng.choice(probabilities, n_rows)
    flagged = rng.random(n_rows) < of_flag
    propensity = np.where(flagged, of_flag, 1 - of_flag)
    checked = check_decision_propensity(propensity, flagged)
    np.testing.assert_array_equal(checked, propensity)


def test_rare_decisions_are_taken_and_impossible_ones_are_not():
    """A decision of the probability 1/1000 that was taken twice in 100 rows is luck."""
    for n_taken, is_luck in ((2, True), (40, False)):
        flagged = np.arange(100) < n_taken
        propensity = np.where(flagged, 0.001, 0.999)
        if is_luck:
            check_decision_propensity(propensity, flagged)
            continue
        with pytest.raises(ValueError, match="inverses sum to 400 per row"):
            check_decision_propensity(propensity, flagged)


def test_held_out_rows_have_no_say_in_any_value():
    rng = np.random.default_rng(0)
    columns, flagged = rng.normal(size=(200, 2)), rng.random(200) < 0.5
    reward, held_out = rng.normal(size=200), np.arange(200) < 50
    values = cross_fit_values(columns, flagged, reward, 0, held_out)
    changed = np.where(held_out, 1e6, reward)
    other = cross_fit_values(columns, flagged, changed, 0, held_out)
    np.testing.assert_array_equal(other, values)
    assert values[held_out].std() > 0


def test_no_row_has_a_say_in_its_own_value():
    rng = np.random.default_rng(0)
    columns, flagged = rng.normal(size=(200, 2)), rng.random(200) < 0.5
    reward = rng.normal(size=200)
    values = cross_fit_values(columns, flagged, reward, 0)
    changed = reward.copy()
    changed[0] += 1e6
    other = cross_fit_values(columns, flagged, changed, 0)
    np.testing.assert_array_equal(other[0], values[0])
    assert np.abs(other - values).max() > 1e3

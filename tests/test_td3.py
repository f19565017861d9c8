"""The agent: it finds known optima, is fixed by its seed, and leaves no trace."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from sklearn_rlcorrect import _td3
from sklearn_rlcorrect._guide import guide_of
from sklearn_rlcorrect._observation import fit_scaler, observe
from sklearn_rlcorrect._policy import policy_actions
from sklearn_rlcorrect._problem import CorrectionProblem
from sklearn_rlcorrect.rewards import accuracy, brier, class_weights, log_loss

BUDGET = {"net_arch": (64, 64), "learning_rate": 1e-2, "batch_size": 512}


def train(problem, seed=0, total_timesteps=200_000):
    return _td3.train_policy(problem, seed=seed, total_timesteps=total_timesteps, **BUDGET)


def make_problem(proba, y, reward=brier, fp_weight=1.0, max_adjustment=0.6):
    return CorrectionProblem(
        observations=observe(proba, None, fit_scaler(proba, None)),
        proba=proba,
        y=y,
        reward=reward,
        class_weights=class_weights([1.0] * (proba.shape[1] - 1) + [fp_weight]),
        max_adjustment=max_adjustment,
        sample_weight=np.ones(len(y)),
    )


def binary_problem(n_samples=4000, **kwargs):
    """A classifier that says 0.3, 0.5 or 0.8 where the truth is 0.1, 0.6 or 0.4."""
    rng = np.random.default_rng(0)
    group = rng.integers(3, size=n_samples)
    said, truth = np.array([0.3, 0.5, 0.8])[group], np.array([0.1, 0.6, 0.4])[group]
    y = (rng.random(n_samples) < truth).astype(int)
    return make_problem(np.column_stack([1 - said, said]), y, **kwargs), truth


def adjusted_by(policy, problem):
    return problem.adjusted(
        policy_actions([policy], problem.observations, problem.max_adjustment)
    )


def test_finds_the_best_action_in_closed_form():
    # Whatever the label, the best probability is 0.3 + 0.4 * p.
    def reward(y, proba, adjusted):
        best = 0.3 + 0.4 * proba[:, 1]
        return (proba[:, 1] - best) ** 2 - (adjusted[:, 1] - best) ** 2

    said = np.random.default_rng(0).random(2000)
    proba = np.column_stack([1 - said, said])
    problem = make_problem(proba, np.zeros(2000, dtype=int), reward)
    found = adjusted_by(train(problem)[-1][1], problem)[:, 1]
    assert np.abs(found - (0.3 + 0.4 * said)).max() < 0.05


@pytest.mark.parametrize("reward", [brier, log_loss])
@pytest.mark.parametrize("fp_weight", [1.0, 3.0])
def test_finds_the_cost_shifted_posterior(reward, fp_weight):
    problem, truth = binary_problem(reward=reward, fp_weight=fp_weight)
    found = adjusted_by(train(problem)[-1][1], problem)[:, 1]
    assert np.abs(found - truth / (truth + fp_weight * (1 - truth))).max() < 0.08


def with_features(features, y, proba=0.5, **kwargs):
    """A classifier that says the same of every row, beside features that may know more."""
    proba = np.tile([1 - proba, proba], (len(y), 1))
    problem = make_problem(proba, y, **kwargs)
    return replace(problem, observations=np.hstack([problem.observations, features]))


def test_finds_what_features_say_with_a_guide():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4000, 3))
    truth = np.where(features[:, 0] > 0, 0.9, 0.2)
    problem = with_features(features, (rng.random(4000) < truth).astype(int))
    assert guide_of(problem, 0)[1]
    found = adjusted_by(train(problem, total_timesteps=50_000)[-1][1], problem)[:, 1]
    assert np.abs(found - truth).mean() < 0.06


def test_finds_what_features_say_without_a_guide():
    # Two kinds of rows, of which the classifier says the same.
    rng = np.random.default_rng(0)
    feature = rng.integers(2, size=4000)
    y = (rng.random(4000) < np.where(feature == 1, 0.9, 0.2)).astype(int)
    problem = with_features(feature[:, np.newaxis], y)
    assert not guide_of(problem, 0)[1]
    found = adjusted_by(train(problem)[-1][1], problem)[:, 1]
    assert np.abs(found - np.where(feature == 1, 0.9, 0.2)).max() < 0.08


def test_a_gain_beyond_the_bound_does_not_tempt():
    # Moving costs; it pays only for those who may go further than the bound.
    def reward(y, proba, adjusted):
        moved = np.abs(adjusted - proba)[:, 1]
        return np.where(moved > 0.3, 1.0, -moved)

    rng = np.random.default_rng(0)
    said = rng.uniform(0.4, 0.6, 1000)
    y = rng.integers(2, size=1000)
    proba = np.column_stack([1 - said, said])
    near, far = (
        np.abs(adjusted_by(train(problem)[-1][1], problem) - proba).mean()
        for m in (0.1, 0.6)
        for problem in [make_problem(proba, y, reward, max_adjustment=m)]
    )
    assert near < 0.02
    assert far > 0.3


def test_near_certain_rows_do_not_drown_the_others_in_a_logarithm():
    # Half of the rows are said to be all but impossible, where a logarithm is steep.
    rng = np.random.default_rng(0)
    group = rng.integers(2, size=4000)
    said, truth = np.where(group == 1, 0.5, 1e-6), np.where(group == 1, 0.8, 0.02)
    y = (rng.random(4000) < truth).astype(int)
    problem = make_problem(np.column_stack([1 - said, said]), y, log_loss)
    found = adjusted_by(train(problem)[-1][1], problem)[:, 1]
    assert np.abs(found - truth).max() < 0.08


def test_finds_the_right_side_under_a_reward_without_gradient():
    problem, truth = binary_problem(reward=accuracy)
    found = adjusted_by(train(problem)[-1][1], problem)[:, 1]
    np.testing.assert_array_equal(found > 0.5, truth > 0.5)


def test_finds_the_posterior_of_many_classes():
    rng = np.random.default_rng(0)
    n_samples, n_classes = 4000, 5
    truth = np.array([0.5, 0.3, 0.1, 0.06, 0.04])
    proba = np.tile(truth[::-1], (n_samples, 1))
    y = rng.choice(n_classes, n_samples, p=truth)
    problem = make_problem(proba, y)
    found = adjusted_by(train(problem)[-1][1], problem)
    assert np.abs(found - truth).max() < 0.06


def test_the_first_checkpoint_does_nothing():
    problem, _ = binary_problem(200)
    timestep, policy = train(problem, total_timesteps=400)[0]
    assert timestep == 0
    np.testing.assert_array_equal(adjusted_by(policy, problem), problem.proba)


def test_checkpoints_are_spread_over_the_training():
    problem, _ = binary_problem(200)
    timesteps = [t for t, _ in train(problem, total_timesteps=2000)]
    assert timesteps == list(range(0, 2001, 200))


def test_one_row_one_step():
    problem, _ = binary_problem(1)
    assert len(train(problem, total_timesteps=1)) >= 2


def test_a_seed_fixes_the_result_and_another_changes_it():
    problem, _ = binary_problem(300)
    first, again, other = (
        train(problem, seed, total_timesteps=2000)[-1][1] for seed in (0, 0, 1)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


def test_threads_do_not_disturb_each_other():
    problem, _ = binary_problem(300)
    alone = train(problem, total_timesteps=1000)[-1][1]
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.append(train(problem, total_timesteps=1000)[-1][1])
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        # Somebody else draws from the global generators all the while.
        np.random.random(10)  # noqa: NPY002
        torch.rand(10)
    assert len(results) == 3
    for result in results:
        np.testing.assert_array_equal(result[0], alone[0])
        np.testing.assert_array_equal(result[-2], alone[-2])


def test_global_random_states_and_threads_are_left_alone():
    problem, _ = binary_problem(300)
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    n_threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        train(problem, total_timesteps=1000)
        assert torch.get_num_threads() == 3
        with ThreadPoolExecutor() as pool:
            assert pool.submit(torch.get_num_threads).result() == 3
    finally:
        torch.set_num_threads(n_threads)
    assert random.getstate() == states[0]
    np.testing.assert_array_equal(np.random.get_state()[1], states[1][1])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), states[2])


def test_numpy_policy_agrees_with_torch(monkeypatch):
    agents = []
    learn = _td3.OneStepTD3.learn

    def keep_agent(self, *args, **kwargs):
        agents.append(self)
        return learn(self, *args, **kwargs)

    monkeypatch.setattr(_td3.OneStepTD3, "learn", keep_agent)
    problem, _ = binary_problem(500)
    policy = train(problem, total_timesteps=4000)[-1][1]
    # What the critics alone see must make no difference.
    for unseen in (np.zeros((500, 4)), np.ones((500, 4))):
        observations = np.hstack([problem.observations, unseen]).astype(np.float32)
        expected, _ = agents[0].predict(observations)
        np.testing.assert_allclose(
            policy_actions([policy], problem.observations, problem.max_adjustment),
            expected,
            rtol=0,
            atol=1e-6,
        )
    actions = policy_actions([policy], problem.observations, problem.max_adjustment)
    assert np.abs(actions).max() > 0.1


def test_trains_on_one_thread_and_one_after_another():
    active, seen = [], []

    def reward(y, proba, adjusted):
        active.append(1)
        seen.append((torch.get_num_threads(), len(active)))
        value = brier(y, proba, adjusted)
        active.pop()
        return value

    problem, _ = binary_problem(100, reward=reward)
    threads = [
        threading.Thread(target=train, args=(problem,), kwargs={"total_timesteps": 400})
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {(1, 1)}


def test_the_learning_rate_never_turns_negative(monkeypatch):
    rates = []
    train_step = _td3.OneStepTD3.train

    def spy(self, *args, **kwargs):
        train_step(self, *args, **kwargs)
        rates.append(self.actor.optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(_td3.OneStepTD3, "train", spy)
    problem, _ = binary_problem(100)
    # 21 batches of 1000 rows and one that ends beyond the budget.
    train(problem, total_timesteps=20_999)
    assert min(rates) >= 0
    assert rates == sorted(rates, reverse=True)


def test_a_full_buffer_keeps_observations_and_rewards_together():
    buffer = _td3.SeededReplayBuffer(
        5,
        Box(-10, 10, (1,), np.float32),
        Box(-1, 1, (1,), np.float32),
        device="cpu",
        rng=np.random.default_rng(0),
        optimize_memory_usage=True,
        handle_timeout_termination=False,
    )
    for i in range(13):
        now, then = (np.full((1, 1), j, np.float32) for j in (i, i + 1))
        buffer.add(now, then, np.zeros((1, 1)), np.array([i]), np.array([True]), [{}])
        observations, _, rewards = buffer.sample(100)
        np.testing.assert_array_equal(observations, rewards)

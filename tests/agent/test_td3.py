"""The agent: it finds known optima, needs each of its parts, and leaves no trace."""

import itertools
import random
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from unittest.mock import patch

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.agent import networks, replay, td3
from sklearn_rlcorrect.agent.observation import fit_scaler, observe, with_posterior
from sklearn_rlcorrect.agent.policy import policy_actions
from sklearn_rlcorrect.agent.posterior import cross_fit_posterior
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.agent.selection import held_out_actions
from sklearn_rlcorrect.rewards import accuracy, brier, class_weights, log_loss

BUDGET = {"net_arch": (64, 64), "learning_rate": 1e-2, "batch_size": 256}


def train(problem, seed=0, total_timesteps=20_000, splits=None, log_odds=None, **kwargs):
    """Train, by default one policy that is trained on all rows and judged by all."""
    splits = [(np.arange(len(problem)),) * 2] if splits is None else splits
    kwargs = BUDGET | {"seed": seed, "total_timesteps": total_timesteps} | kwargs
    return td3.train_policies(problem, log_odds, splits, **kwargs)


def halves(problem, n_policies=2):
    """Per policy, a random half to train on and the other to be judged by."""
    rng, n_rows = np.random.default_rng(0), len(problem)
    orders = [rng.permutation(n_rows) for _ in range(n_policies)]
    return [(order[n_rows // 2 :], order[: n_rows // 2]) for order in orders]


def make_problem(
    proba, y, reward=brier, fp_weight=1.0, max_adjustment=0.6, features=None, **kwargs
):
    return CorrectionProblem(
        observations=observe(proba, features, fit_scaler(proba, features)),
        proba=proba,
        y=y,
        reward=reward,
        class_weights=class_weights([1.0] * (proba.shape[1] - 1) + [fp_weight]),
        max_adjustment=max_adjustment,
        sample_weight=np.ones(len(y)),
        **kwargs,
    )


def binary_problem(n_samples=4000, **kwargs):
    """A classifier that says 0.3, 0.5 or 0.8 where the truth is 0.1, 0.6 or 0.4."""
    rng = np.random.default_rng(0)
    group = rng.integers(3, size=n_samples)
    said, truth = np.array([0.3, 0.5, 0.8])[group], np.array([0.1, 0.6, 0.4])[group]
    y = (rng.random(n_samples) < truth).astype(int)
    return make_problem(np.column_stack([1 - said, said]), y, **kwargs), truth


def adjusted_by(policies, problem):
    actions = policy_actions(
        policies, problem.observations, problem.proba, problem.max_adjustment
    )
    return problem.adjusted(actions)


def found_in(problem, **kwargs):
    """Probabilities after the correction by the last checkpoint."""
    policies = train(problem, **({"total_timesteps": 50_000} | kwargs))[-1][1]
    return adjusted_by(policies, problem)


# Known optima


def test_finds_the_best_action_in_closed_form():
    # Whatever the label, the best probability is 0.3 + 0.4 * p.
    def reward(y, proba, adjusted):
        best = 0.3 + 0.4 * proba[:, 1]
        return (proba[:, 1] - best) ** 2 - (adjusted[:, 1] - best) ** 2

    said = np.random.default_rng(0).random(2000)
    proba = np.column_stack([1 - said, said])
    problem = make_problem(proba, np.zeros(2000, dtype=int), reward)
    found = found_in(problem)[:, 1]
    assert np.abs(found - (0.3 + 0.4 * said)).max() < 0.05


@pytest.mark.parametrize("reward", [brier, log_loss])
@pytest.mark.parametrize("fp_weight", [1.0, 3.0])
def test_finds_the_cost_shifted_posterior(reward, fp_weight):
    problem, truth = binary_problem(reward=reward, fp_weight=fp_weight)
    found = found_in(problem)[:, 1]
    assert np.abs(found - truth / (truth + fp_weight * (1 - truth))).max() < 0.08


def test_finds_what_features_say_without_a_posterior():
    # Two kinds of rows, of which the classifier says the same.
    rng = np.random.default_rng(0)
    feature = rng.integers(2, size=4000)
    truth = np.where(feature == 1, 0.9, 0.2)
    problem = make_problem(
        np.full((4000, 2), 0.5),
        (rng.random(4000) < truth).astype(int),
        features=feature[:, np.newaxis],
    )
    assert cross_fit_posterior(problem, 0) is None
    assert np.abs(found_in(problem)[:, 1] - truth).max() < 0.08


def test_finds_what_features_say_with_a_posterior():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4000, 3))
    truth = np.where(features[:, 0] > 0, 0.9, 0.2)
    y = (rng.random(4000) < truth).astype(int)
    problem = make_problem(np.full((4000, 2), 0.5), y, features=features)
    problem, log_odds = with_trees(problem)
    found = found_in(problem, log_odds=log_odds, total_timesteps=20_000)[:, 1]
    assert np.abs(found - truth).mean() < 0.06


def with_trees(problem):
    log_odds = cross_fit_posterior(problem, 0)
    seen = with_posterior(problem.observations, log_odds)
    return replace(problem, observations=seen), log_odds


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
        np.abs(found_in(problem) - proba).mean()
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
    assert np.abs(found_in(problem)[:, 1] - truth).max() < 0.08


def test_finds_the_right_side_under_a_reward_without_gradient():
    problem, truth = binary_problem(reward=accuracy)
    found = found_in(problem)[:, 1]
    np.testing.assert_array_equal(found > 0.5, truth > 0.5)


def test_finds_the_posterior_of_many_classes():
    rng = np.random.default_rng(0)
    n_samples, n_classes = 4000, 5
    truth = np.array([0.5, 0.3, 0.1, 0.06, 0.04])
    proba = np.tile(truth[::-1], (n_samples, 1))
    y = rng.choice(n_classes, n_samples, p=truth)
    found = found_in(make_problem(proba, y))
    assert np.abs(found - truth).max() < 0.06


# Proof by ablation: what the agent has learnt is gone with any of its parts


@cache
def hidden_interaction():
    """A classifier that knows one of the three features that the label depends on."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 3))
    truth, said = sigmoid(2.5 * np.sin(1.5 * x[:, 0]) * x[:, 1] + x[:, 2]), sigmoid(x[:, 2])
    return make_problem(
        np.column_stack([1 - said, said]),
        (rng.random(4000) < truth).astype(int),
        max_adjustment=0.8,
        features=x,
    )


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gain(problem, without=None, seed=0, total_timesteps=20_000, log_odds=None):
    """Mean reward, on held-out rows, of an agent that is without something."""
    splits = halves(problem)
    with without or nullcontext():
        checkpoints = train(problem, seed, total_timesteps, splits, log_odds)
    return held_out_reward(problem, checkpoints[-1][1], splits)


def held_out_reward(problem, policies, splits):
    held_out = [rows for _, rows in splits]
    actions = held_out_actions(problem, held_out, policies)
    return problem.take(np.concatenate(held_out)).rewards(actions).mean()


@cache
def gain_of_all():
    """About 0.092; that of the truth is 0.12."""
    return gain(hidden_interaction())


def frozen_critics():
    def critic_step(self, rows, actions, rewards):
        with torch.no_grad():
            return self.critic(self.rows.observations[rows])

    return patch.object(td3.OneStepTD3, "_critic_step", critic_step)


def rewards_of_other_rows():
    add, rng = td3.TransitionBuffer.add, np.random.default_rng(0)

    def add_permuted(self, rows, actions, rewards):
        add(self, rows, actions, rng.permutation(rewards))

    return patch.object(td3.TransitionBuffer, "add", add_permuted)


def no_share_of_the_critics():
    return patch.object(td3, "_SHARES", (0.0,))


def first_transitions_only():
    def sample(self, batch_size):
        return self._take(self._rng.integers(64, size=batch_size))

    return patch.object(td3.TransitionBuffer, "sample", sample)


@pytest.mark.parametrize(
    "without",
    [
        frozen_critics,
        no_share_of_the_critics,
        rewards_of_other_rows,
        first_transitions_only,
    ],
)
def test_the_critics_learn_from_replayed_rewards(without):
    # What is left is the classifier as a prior, and the labels' weight in the gradient.
    assert gain_of_all() > 0.085
    assert gain(hidden_interaction(), without()) < 0.07


@pytest.mark.parametrize("which", [0, 1])
def test_both_of_the_twins_count(which):
    forward = networks.PosteriorCritics.forward

    def one_learns(self, observations):
        corrections = forward(self, observations)
        corrections = (
            corrections * torch.tensor([which == 0, which == 1])[:, None, None, None]
        )
        return corrections

    without = patch.object(networks.PosteriorCritics, "forward", one_learns)
    assert gain(hidden_interaction(), without) < gain_of_all() - 0.004


def test_the_twins_are_two():
    critics = []
    build = td3.OneStepPolicy._build

    def keep(self, lr_schedule):
        build(self, lr_schedule)
        critics.append(self.critic)

    problem = hidden_interaction()
    with patch.object(td3.OneStepPolicy, "_build", keep):
        train(problem, total_timesteps=2000)
    with torch.no_grad():
        first, second = critics[0](torch.from_numpy(problem.observations))
    assert (first - second).abs().mean() > 0.1


@pytest.mark.parametrize("which", [0, 1])
def test_nan_in_a_critic_is_not_passed_over(which):
    build = td3.OneStepPolicy._build

    def poisoned(self, lr_schedule):
        build(self, lr_schedule)
        with torch.no_grad():
            self.critic.networks.weights[-1][which] = np.nan

    # It spoils the actors, and these the rewards.
    with (
        patch.object(td3.OneStepPolicy, "_build", poisoned),
        pytest.raises(ValueError, match="returned NaN or infinity during training"),
    ):
        train(hidden_interaction(), total_timesteps=1000)


def test_actors_that_stand_still_gain_nothing():
    def stand_still(self, rows, correction, width):
        pass

    without = patch.object(td3.OneStepTD3, "_actor_step", stand_still)
    assert gain(hidden_interaction(), without) == 0


def test_exploration_finds_what_no_label_tells():
    # Far up there is something to win, and more to lose: in the mean over all rows it is
    # better to stay, and who stays learns nothing of the rows where it is not.
    def gamble(y, proba, adjusted):
        return np.where(adjusted[:, 1] > 0.7, np.where(y == 1, 1.0, -1.5), 0.0)

    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 2))
    y = (rng.random(4000) < np.where(x[:, 0] > 0, 0.95, 0.05)).astype(int)
    problem = make_problem(
        np.full((4000, 2), 0.5), y, gamble, max_adjustment=0.8, features=x
    )
    for seed in range(2):
        without_noise = patch.object(replay, "_EXPLORATION_STD", 0.0)
        # The best is 0.44.
        assert gain(problem, seed=seed) > 0.35
        assert gain(problem, without_noise, seed=seed) < 0.01


@cache
def steps_for_trees():
    """Features that no classifier saw, in steps that a small network does not find."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(4000, 4))
    truth = np.where(np.floor(6 * (x[:, 0] + 1)) % 2 == 1, 0.9, 0.1)
    y = (rng.random(4000) < truth).astype(int)
    problem = make_problem(np.full((4000, 2), 0.5), y, max_adjustment=0.8, features=x)
    return problem, *with_trees(problem)


def test_the_posterior_tells_what_the_networks_do_not_find():
    problem, seen, log_odds = steps_for_trees()
    splits = halves(problem)
    policies = train(seen, 0, 20_000, splits, log_odds)[-1][1]
    # The best is 0.32.
    assert held_out_reward(seen, policies, splits) > 0.22
    blind = seen.observations.copy()
    blind[:, -2:] = 0
    assert held_out_reward(replace(seen, observations=blind), policies, splits) < 0.02
    assert gain(problem) < 0.05


def test_the_prior_gives_the_critics_a_start():
    # Seen in either case, the posterior is also the critics' prior in one of them.
    _, seen, log_odds = steps_for_trees()
    for seed in range(3):
        with_prior = gain(seen, None, seed, 2000, log_odds)
        assert with_prior > 0.2
        assert gain(seen, None, seed, 2000) < with_prior - 0.02


def test_held_out_rewards_keep_the_critics_from_learning_by_heart():
    rng = np.random.default_rng(0)
    problem = make_problem(
        np.full((200, 2), 0.5),
        rng.integers(2, size=200),
        max_adjustment=0.8,
        features=rng.normal(size=(200, 10)),
    )
    unjudged = patch.object(td3, "_SHARES", (1.0,))
    judged, by_heart = gain(problem), gain(problem, unjudged)
    assert by_heart < -0.15
    assert judged > by_heart + 0.05


def test_rewards_of_held_out_rows_do_not_train():
    problem = hidden_interaction()
    split = halves(problem)[0]
    relabelled = problem.y.copy()
    relabelled[split[1]] = 1 - relabelled[split[1]]
    # What is allowed to depend on them is kept the same.
    with (
        patch.object(td3, "_SHARES", (1.0,)),
        patch.object(td3.TransitionBuffer, "reward_scale", lambda self: 1.0),
    ):
        first, second, other = (
            train(replace(problem, y=y), 0, 2000, [part])[-1][1][0]
            for y, part in [
                (problem.y, split),
                (relabelled, split),
                (relabelled, split[::-1]),
            ]
        )
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


# Checkpoints and budget


def test_the_first_checkpoint_does_nothing():
    problem, _ = binary_problem(200)
    timestep, policies, share = train(problem, total_timesteps=400)[0]
    assert (timestep, share) == (0, 0)
    np.testing.assert_array_equal(adjusted_by(policies, problem), problem.proba)


def test_checkpoints_are_spread_over_the_training():
    problem, _ = binary_problem(200)
    checkpoints = train(problem, splits=halves(problem, 3), total_timesteps=2000)
    assert [timestep for timestep, _, _ in checkpoints] == list(range(0, 2001, 200))
    assert {len(policies) for _, policies, _ in checkpoints} == {3}
    assert {share for _, _, share in checkpoints} <= {0.0, 0.25, 0.5, 0.75, 1.0}
    hidden_layers = [policies[0][0] for _, policies, _ in checkpoints]
    # The last steps have a learning rate of zero.
    for before, after in itertools.pairwise(hidden_layers[:-1]):
        assert not np.array_equal(before, after)


def test_policies_differ():
    problem, _ = binary_problem(200)
    for _, (first, second), _ in train(problem, splits=halves(problem), total_timesteps=40):
        assert not np.array_equal(first[0], second[0])


def test_one_row_one_step():
    problem, _ = binary_problem(1)
    assert len(train(problem, total_timesteps=1)) >= 2


def test_twice_the_timesteps_are_twice_the_gradient_steps():
    steps = []

    def count(self, rows, actions, rewards):
        steps[-1] += 1

    def idle(self, rows, correction, width):
        pass

    problem, _ = binary_problem(200)
    with (
        patch.object(td3.OneStepTD3, "_critic_step", count),
        patch.object(td3.OneStepTD3, "_actor_step", idle),
    ):
        for total_timesteps in (5000, 10_000, 20_000, 40_000):
            steps.append(0)
            train(problem, total_timesteps=total_timesteps)
            assert steps[-1] == pytest.approx(total_timesteps / 128, rel=0.05)


def test_the_optimizer_steps_as_that_of_torch():
    start = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 4)).astype("float32"))
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimizers = [
        networks.AdamW([ours], 0.1),
        torch.optim.AdamW([theirs], 0.1, weight_decay=1e-4, fused=True),
    ]
    for rate in (0.1, 0.05, 0.01):
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            (parameter**2).sum().backward()
            optimizer.step()
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, start)


def test_the_learning_rate_never_turns_negative(monkeypatch):
    rates = []
    train_step = td3.OneStepTD3.train

    def spy(self, *args, **kwargs):
        train_step(self, *args, **kwargs)
        rates.append(self.actor.optimizer.param_groups[0]["lr"])

    monkeypatch.setattr(td3.OneStepTD3, "train", spy)
    problem, _ = binary_problem(100)
    # 20 batches of 1024 rows and one that ends beyond the budget.
    train(problem, total_timesteps=20_999)
    assert len(rates) == 21
    assert min(rates) >= 0
    assert rates == sorted(rates, reverse=True)


def test_a_full_buffer_keeps_rows_actions_and_rewards_together():
    space = Box(-1, 1, (1,), np.float32)
    buffer = td3.TransitionBuffer(5, space, space, rng=np.random.default_rng(0))
    for i in range(13):
        buffer.add(np.array([i]), np.array([[i]]), np.array([i]))
        for rows, actions, rewards in (buffer.sample(100), buffer.recent(100)):
            np.testing.assert_array_equal(rows, actions[:, 0])
            np.testing.assert_array_equal(rows, rewards)
            assert set(rows) == set(range(max(0, i - 4), i + 1))
        np.testing.assert_array_equal(buffer.recent(2)[0], range(max(0, i - 1), i + 1))
    assert buffer.size() == 5
    assert buffer.reward_scale() == pytest.approx(np.sqrt(2))


# The process


def test_a_seed_fixes_the_result_and_another_changes_it():
    problem, _ = binary_problem(300)
    first, again, other = (
        train(problem, seed, total_timesteps=2000)[-1][1][0] for seed in (0, 0, 1)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(first[0], other[0])


def test_threads_do_not_disturb_each_other():
    problem, _ = binary_problem(300)
    alone = train(problem, total_timesteps=1000)[-1][1][0]
    results = []
    threads = [
        threading.Thread(
            target=lambda: results.append(train(problem, total_timesteps=1000)[-1][1][0])
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


def test_who_draws_from_torch_meanwhile_draws_what_they_would():
    problem, _ = binary_problem(300)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = torch.rand(10_000)
        torch.manual_seed(0)
        thread = threading.Thread(target=train, args=(problem,), kwargs={"seed": 0})
        thread.start()
        drawn = []
        while thread.is_alive() and len(drawn) < len(expected) - 1:
            drawn.append(torch.rand(1))
            time.sleep(0.0005)
        thread.join()
        drawn.append(torch.rand(1))
    assert len(drawn) > 10
    assert torch.equal(torch.cat(drawn), expected[: len(drawn)])


@contextmanager
def default_dtype():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def default_device():
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


@pytest.mark.parametrize(
    "setting",
    [default_dtype, default_device, torch.no_grad, torch.inference_mode],
    ids=lambda setting: setting.__name__,
)
def test_what_the_process_has_set_for_torch_does_not_matter(setting):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)

    def proba():
        return RLCalibratedClassifier(**QUICK).fit(X, y).predict_proba(X)

    expected = proba()
    with setting():
        found = proba()
        # A grad mode is left as it is, too.
        is_grad_enabled = torch.is_grad_enabled()
    assert is_grad_enabled == (setting in (default_dtype, default_device))
    np.testing.assert_array_equal(found, expected)


def test_no_folder_for_logs_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    problem, _ = binary_problem(100)
    train(problem, total_timesteps=100)
    assert list(tmp_path.iterdir()) == []


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


def test_numpy_policies_agree_with_torch(monkeypatch):
    agents = []
    learn = td3.OneStepTD3.learn

    def keep_agent(self, *args, **kwargs):
        agents.append(self)
        return learn(self, *args, **kwargs)

    monkeypatch.setattr(td3.OneStepTD3, "learn", keep_agent)
    problem = hidden_interaction()
    policies = train(problem, 0, 4000, halves(problem, 3))[-1][1]
    actions = policy_actions(policies, problem.observations, problem.proba, 0.8)
    expected, _ = agents[0].predict(problem.observations)
    np.testing.assert_allclose(actions, expected, rtol=0, atol=1e-5)
    assert np.abs(actions).max() > 0.5

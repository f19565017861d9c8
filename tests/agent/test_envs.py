"""Both environments are sound, and the same problem."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check_env
from stable_baselines3.common.env_checker import check_env as sb3_check_env

from sklearn_rlcorrect.agent.observation import fit_scaler, observe
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.envs import CorrectionEnv, CorrectionVecEnv
from sklearn_rlcorrect.rewards import REWARDS


def make_problem(reward="brier", n_classes=3, n_samples=50):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.ones(n_classes), n_samples)
    features = rng.normal(size=(n_samples, 4))
    return CorrectionProblem(
        observations=observe(proba, features, fit_scaler(proba, features)),
        proba=proba,
        y=rng.integers(n_classes, size=n_samples),
        reward=REWARDS[reward],
        class_weights=rng.uniform(1, 2, n_classes),
        max_adjustment=0.6,
        sample_weight=rng.uniform(0, 2, n_samples),
    )


@pytest.mark.parametrize("n_classes", [2, 5])
def test_env_passes_the_checkers(n_classes):
    env = CorrectionEnv(make_problem(n_classes=n_classes))
    with warnings.catch_warnings():
        # Advice on registering the environment and on rendering it.
        warnings.simplefilter("ignore")
        gymnasium_check_env(env, skip_render_check=True)
    sb3_check_env(env, warn=True)


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_both_envs_give_the_same_rewards(reward, n_classes):
    problem = make_problem(reward, n_classes)
    vec_env = CorrectionVecEnv(problem, 20, np.random.default_rng(1))
    rows = problem.draw(np.random.default_rng(1), 20)
    actions = np.random.default_rng(2).uniform(-1, 1, (20, n_classes))
    observations = vec_env.reset()
    _, rewards, dones, _ = vec_env.step(actions)
    assert dones.all()
    env = CorrectionEnv(problem)
    for i, row in enumerate(rows):
        observation, _ = env.reset(options={"row": row})
        np.testing.assert_array_equal(observation, observations[i])
        _, reward_of_one, terminated, truncated, _ = env.step(actions[i])
        assert terminated
        assert not truncated
        assert reward_of_one == pytest.approx(rewards[i], abs=1e-6)


def test_rewards_of_classes_agree_with_the_label():
    problem = make_problem()
    actions = np.random.default_rng(3).uniform(-1, 1, problem.proba.shape)
    table = problem.rewards_of_classes(problem.proba, problem.adjusted(actions))
    of_label = table[np.arange(len(problem)), problem.y]
    np.testing.assert_allclose(of_label, problem.rewards(actions))


def test_observations_do_not_depend_on_the_label():
    problem = make_problem()
    vec_env = CorrectionVecEnv(problem, 8, np.random.default_rng(0))
    shuffled = CorrectionVecEnv(
        replace(problem, y=problem.y[::-1]),
        8,
        np.random.default_rng(0),
    )
    np.testing.assert_array_equal(vec_env.reset(), shuffled.reset())
    zeros = np.zeros((8, 3))
    np.testing.assert_array_equal(vec_env.step(zeros)[0], shuffled.step(zeros)[0])


def test_a_seed_repeats_the_draws():
    vec_env = CorrectionVecEnv(make_problem(), 16, np.random.default_rng())
    vec_env.seed(5)
    first = vec_env.reset()
    vec_env.seed(5)
    np.testing.assert_array_equal(vec_env.reset(), first)


def test_vec_env_protocol():
    vec_env = CorrectionVecEnv(make_problem(), 4, np.random.default_rng(0))
    assert vec_env.get_attr("num_envs", indices=[0, 2]) == [4, 4]
    vec_env.set_attr("label", "x")
    assert vec_env.get_attr("label") == ["x"] * 4
    assert vec_env.env_is_wrapped(object) == [False] * 4
    assert vec_env.env_method("seed", 3) == [[3] * 4] * 4
    vec_env.close()

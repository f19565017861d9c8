"""The correction problem as a reinforcement-learning environment.

A one-step contextual bandit: an episode is one sample, the observation is what the
classifier and the features give of it, the action is the adjustment, the reward is its
value, and the episode ends. The label is in the reward only.
"""

import numpy as np
from gymnasium import Env
from gymnasium.spaces import Box
from stable_baselines3.common.vec_env import VecEnv

from sklearn_rlcorrect.agent.observation import OBSERVATION_BOUND


class CorrectionEnv(Env):
    """One sample at a time, for any gymnasium agent.

    Parameters
    ----------
    problem : CorrectionProblem
        The rows and their rewards.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.agent.problem import CorrectionProblem
    >>> from sklearn_rlcorrect.envs import CorrectionEnv
    >>> from sklearn_rlcorrect.rewards import brier
    >>> proba = np.array([[0.4, 0.6]])
    >>> problem = CorrectionProblem(
    ...     observations=proba, proba=proba, y=np.array([0]), reward=brier,
    ...     class_weights=np.ones(2), max_adjustment=0.5, sample_weight=np.ones(1))
    >>> env = CorrectionEnv(problem)
    >>> observation, info = env.reset(seed=0)
    >>> _, reward, terminated, truncated, _ = env.step(np.array([1.0, -1.0]))
    >>> round(reward, 2), terminated, truncated
    (0.7, True, False)
    """

    def __init__(self, problem):
        self.problem = problem
        self.observation_space, self.action_space = _spaces(problem)

    def reset(self, *, seed=None, options=None):
        """Draw a row by weight; ``options={"row": i}`` asks for row ``i``."""
        super().reset(seed=seed)
        drawn = self.problem.draw(self.np_random, 1)[0]
        self._row = [(options or {}).get("row", drawn)]
        return self._observations()[0], {}

    def step(self, action):
        """Adjust the row's probabilities and end the episode."""
        reward = self.problem.take(self._row).rewards(np.asarray(action)[np.newaxis])[0]
        return self._observations()[0], float(reward), True, False, {}

    def _observations(self):
        return self.problem.observations[self._row].astype(np.float32)


class CorrectionVecEnv(VecEnv):
    """A batch of samples per step, in numpy.

    Parameters
    ----------
    problem : CorrectionProblem
        The rows and their rewards.

    n_envs : int
        Samples per step.

    rng : numpy.random.Generator
        Draws the rows, with replacement, in proportion to their weights.
    """

    def __init__(self, problem, n_envs, rng):
        self.problem = problem
        # VecEnv.__init__ asks for it.
        self.render_mode = None
        self._rng = rng
        self._dones = np.ones(n_envs, dtype=bool)
        # stable-baselines3 wants a dict per environment and only reads them.
        self._infos = [{}] * n_envs
        super().__init__(n_envs, *_spaces(problem))

    def reset(self):
        """Draw the next rows."""
        self.rows = self.problem.draw(self._rng, self.num_envs)
        self.batch = self.problem.take(self.rows)
        return self.batch.observations.astype(np.float32)

    def step_async(self, actions):
        """Take the actions for the current rows."""
        self._actions = actions

    def step_wait(self):
        """Reward the actions and draw the next rows: every episode ends."""
        rewards = self.batch.rewards(self._actions).astype(np.float32)
        self.acted_rows = self.rows
        return self.reset(), rewards, self._dones.copy(), self._infos

    def seed(self, seed=None):
        """Restart the draws from ``seed``."""
        self._rng = np.random.default_rng(seed)
        return [seed] * self.num_envs

    def close(self):
        """Nothing to release."""

    def get_attr(self, attr_name, indices=None):
        """One shared batch behind every index."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name, value, indices=None):
        """Set it for all: the batch is one object."""
        setattr(self, attr_name, value)

    def env_method(self, method_name, *method_args, indices=None, **method_kwargs):
        """Call the batch's method, once."""
        result = getattr(self, method_name)(*method_args, **method_kwargs)
        return [result] * len(list(self._get_indices(indices)))

    def env_is_wrapped(self, wrapper_class, indices=None):
        """Nothing is wrapped."""
        return [False] * len(list(self._get_indices(indices)))


def _spaces(problem):
    n_observed, n_classes = problem.observations.shape[1], problem.proba.shape[1]
    return (
        Box(-OBSERVATION_BOUND, OBSERVATION_BOUND, (n_observed,), np.float32),
        Box(-1.0, 1.0, (n_classes,), np.float32),
    )

"""Experience of a training: rows, transitions and exploration noise."""

import numpy as np
import torch as th
from stable_baselines3.common.noise import VectorizedActionNoise
from torch.nn import functional as F

from sklearn_rlcorrect.agent.adjustment import adjust

_EXPLORATION_STD = 0.5
# Probabilities of the classifier count as at least this in the critics' prior.
_SMALLEST_PROBA = 1e-3


class TrainingRows:
    """Rows of a training: observations, prior of the critics, and held-out masks.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    log_odds : ndarray of shape (n_samples, n_classes) or None
        Posterior that the critics start from.

    splits : list of tuple of ndarray of int
        Per policy the rows to train on, and the rows held out.
    """

    def __init__(self, problem, log_odds, splits):
        if log_odds is None:
            log_odds = np.log(np.maximum(problem.proba, _SMALLEST_PROBA))
        self.problem = problem
        self.observations = th.from_numpy(np.asarray(problem.observations, np.float32))
        self.log_prior = F.log_softmax(th.from_numpy(log_odds.astype(np.float32)), dim=1)
        self.trained, self.held_out = (
            th.from_numpy(np.stack([_mask(rows, len(problem)) for rows in part]))
            for part in zip(*splits, strict=True)
        )
        # All are then trained on and judged by.
        self.few_groups = bool((self.trained * self.held_out).any())

    def class_rewards(self, rows, actions):
        """Compute the reward of actions for each class that a row could have."""
        proba = self.problem.proba[rows]
        adjusted = adjust(proba, actions, self.problem.max_adjustment)
        return self.problem.rewards_of_classes(proba, adjusted)


def _mask(rows, n_rows):
    mask = np.zeros(n_rows, dtype=np.float32)
    mask[rows] = 1.0
    return mask


class TransitionBuffer:
    """Replay buffer of transitions that end: number of the row, action and reward.

    Observations are not stored: those of a row never change.

    Parameters
    ----------
    buffer_size : int
        Transitions that are kept.

    observation_space, action_space : gymnasium.spaces.Box
        Of the environment.

    rng : numpy.random.Generator
        Draws the batches; numpy's global one is left alone.

    **kwargs
        What stable-baselines3 gives its own buffers.
    """

    def __init__(self, buffer_size, observation_space, action_space, *, rng, **kwargs):
        self._rng, self._n_added = rng, 0
        self._rows = np.empty(buffer_size, dtype=np.intp)
        self._actions = np.empty((buffer_size, *action_space.shape), dtype=np.float32)
        self._rewards = np.empty(buffer_size, dtype=np.float32)

    def add(self, rows, actions, rewards):
        """Store one transition per row, in place of the oldest."""
        at = (self._n_added + np.arange(len(rows))) % len(self._rows)
        self._rows[at], self._actions[at], self._rewards[at] = rows, actions, rewards
        self._n_added += len(rows)

    def size(self):
        """Number of transitions that are stored."""
        return min(self._n_added, len(self._rows))

    def sample(self, batch_size):
        """Rows, actions and rewards of random transitions."""
        return self._take(self._rng.integers(self.size(), size=batch_size))

    def recent(self, n):
        """Rows, actions and rewards of the last `n` transitions."""
        last = np.arange(self._n_added - min(n, self.size()), self._n_added)
        return self._take(last % len(self._rows))

    def reward_scale(self):
        """Standard deviation of the rewards so far; 1 if they are all the same."""
        return float(self._rewards[: self.size()].std()) or 1.0

    def _take(self, at):
        return self._rows[at], self._actions[at], self._rewards[at]


class GaussianNoise(VectorizedActionNoise):
    """Exploration noise of a whole batch in one draw.

    Parameters
    ----------
    n_envs, n_classes : int
        Shape of the noise.

    rng : numpy.random.Generator
        Draws it.
    """

    def __init__(self, n_envs, n_classes, rng):
        self._shape, self._rng = (n_envs, n_classes), rng

    def __call__(self):
        """Draw the noise of all environments."""
        return self._rng.normal(0.0, _EXPLORATION_STD, self._shape).astype(np.float32)

    def reset(self, indices=None):
        """Nothing to reset: draws are independent."""

"""Training: TD3 of stable-baselines3 on one-step episodes.

Start reading at :func:`train_policies`. Networks are in
:mod:`sklearn_rlcorrect.agent.networks`, the experience of a training is in
:mod:`sklearn_rlcorrect.agent.replay`.

An episode is one row, so the target of the critics is the reward itself: target networks,
``gamma``, ``tau`` and the smoothing noise of TD3 [1]_ cannot change anything and are left
out. What remains is an actor trained by the deterministic policy gradient [2]_, twin
critics that learn from the rewards of explored actions, a replay buffer and exploration
noise. Four things are particular to this problem:

- The reward of an action is known for every class; only the class is not. So a critic is a
  posterior of the classes, and the value of an action is its mean reward under it.
- The critics start from a prior, the posterior of
  :mod:`sklearn_rlcorrect.agent.posterior` or the classifier's own probabilities, and learn
  a correction of it. The rewards of rows that they were not trained on decide which share
  of it is used.
- The actor steps in log-odds, and a reward is any numpy function. The derivative of the
  value along a step is a central difference, wide enough to pass the plateaus of a bounded
  adjustment or of a 0/1 reward.
- Several policies are trained at once, as one batched network. Each has rows held out: it
  skips their transitions, and is judged by them.

.. [1] S. Fujimoto, H. van Hoof and D. Meger, "Addressing Function Approximation Error in
   Actor-Critic Methods", ICML 2018.
.. [2] D. Silver et al., "Deterministic Policy Gradient Algorithms", ICML 2014.
"""

import contextlib
import math
import threading

import numpy as np
import torch as th
from stable_baselines3 import TD3
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from torch.nn import functional as F

from sklearn_rlcorrect._callbacks import NoTask
from sklearn_rlcorrect.agent.envs import CorrectionVecEnv
from sklearn_rlcorrect.agent.networks import OneStepPolicy, actions_to, target_proba
from sklearn_rlcorrect.agent.replay import GaussianNoise, TrainingRows, TransitionBuffer
from sklearn_rlcorrect.agent.selection import PRIORITIES

N_CHECKPOINTS = 10

# Rows per environment step, fewer where the budget is small, and per gradient step.
_MAX_ENVS = 1024
_TIMESTEPS_PER_GRADIENT_STEP = 128

_BUFFER_SIZE = 50_000

# Weight of a row's own label, beside the critics' posterior, in the actor's gradient.
_LABEL_SHARE = 0.2
# Shares of the critics' correction to choose from, and transitions that decide on it.
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_MAX_JUDGED = 8192

# Half the distance in log-odds of a value difference: at first wide, to pass plateaus, at
# last narrow, to be exact.
_FIRST_WIDTH = 1.0
_LAST_WIDTH = 0.05
# Changes of probabilities that are smaller than this are rounding.
_SMALLEST_CHANGE = 1e-9
# Bound of derivatives, in standard deviations of the rewards: logarithms are steep at 0.
_LARGEST_DERIVATIVE = 30.0
# L2 penalty on steps: back to the classifier's own probabilities where a reward is flat.
_STEP_PENALTY = 1e-3
# The number of torch threads belongs to the process, so trainings in several threads take
# turns.
_LOCK = threading.RLock()


def train_policies(
    problem,
    log_odds,
    splits,
    *,
    seed,
    total_timesteps,
    net_arch,
    learning_rate,
    batch_size,
    initial=None,
    progress_bar=False,
    task=None,
):
    """Train the policies.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    log_odds : ndarray of shape (n_samples, n_classes) or None
        Posterior of the classes that the critics start from, out of fold. None starts
        from the classifier's probabilities.

    splits : list of tuple of ndarray of int
        Per policy the rows to train on, and the rows held out.

    seed : int
        Seed of everything random here. No global generator is used or changed.

    total_timesteps : int
        Environment steps: rows adjusted, rounded up to whole batches. There is a
        gradient step for every 128 of them.

    net_arch : sequence of int
        Hidden layers of each actor and of each critic.

    learning_rate : float
        Initial step size of Adam; falls linearly to zero.

    batch_size : int
        Rows per gradient step.

    initial : list of list of ndarray, default=None
        Policies to start from, as many as there are splits. None: such that do nothing.

    progress_bar : bool, default=False
        Whether to show one.

    task : Task, default=None
        Task of this training, with a subtask for each of `N_CHECKPOINTS` checkpoints. A
        callback that asks to stop ends the training there. None is no callback.

    Returns
    -------
    checkpoints : list of tuple (int, list of list of ndarray, float)
        Timestep; policies, as :func:`~sklearn_rlcorrect.agent.policy.policy_actions` takes
        them; and the share of the critics' correction of their prior in use.
        The first policies are the initial ones.
    """
    env_rng, noise_rng, buffer_rng, direction_rng = np.random.default_rng(seed).spawn(4)
    n_envs = int(np.clip(total_timesteps // N_CHECKPOINTS, 1, _MAX_ENVS))
    task = NoTask() if task is None else task
    checkpoints = CheckpointCallback(total_timesteps, progress_bar, task)
    with _own_torch():
        agent = OneStepTD3(
            OneStepPolicy,
            CorrectionVecEnv(problem, n_envs, env_rng),
            # The last batch may end beyond the budget, where less than nothing remains.
            learning_rate=lambda remaining: learning_rate * max(remaining, 0.0),
            buffer_size=_BUFFER_SIZE,
            learning_starts=0,
            batch_size=batch_size,
            gradient_steps=math.ceil(n_envs / _TIMESTEPS_PER_GRADIENT_STEP),
            action_noise=GaussianNoise(n_envs, problem.proba.shape[1], noise_rng),
            replay_buffer_class=TransitionBuffer,
            replay_buffer_kwargs={"rng": buffer_rng},
            policy_kwargs={
                "net_arch": list(net_arch),
                "n_policies": len(splits),
                "max_adjustment": problem.max_adjustment,
                "generator": th.Generator("cpu").manual_seed(seed),
            },
            device="cpu",
        )
        # stable-baselines3 would make an empty folder for logs.
        agent.set_logger(Logger(folder=None, output_formats=[]))
        agent.rows = TrainingRows(problem, log_odds, splits)
        agent.direction_rng = direction_rng
        if initial is not None:
            agent.actor.networks.set_arrays(initial)
        agent.learn(total_timesteps, callback=checkpoints, log_interval=None)
    return checkpoints.saved


@contextlib.contextmanager
def _own_torch():
    """Train on one thread, whatever the process has set for torch, and leave it so.

    Batches are small: more threads wait for each other longer than they work.
    """
    with _LOCK, th.inference_mode(False), th.enable_grad():
        n_threads = th.get_num_threads()
        th.set_num_threads(1)
        try:
            yield
        finally:
            th.set_num_threads(n_threads)


class OneStepTD3(TD3):
    """TD3 without what one-step episodes make inert, for several policies at once."""

    # Share of the critics' correction of their prior in use.
    share = 0.0

    def _store_transition(self, buffer, actions, new_obs, rewards, dones, infos):
        buffer.add(self.env.acted_rows, actions, rewards)
        self._last_obs = new_obs

    def _update_info_buffer(self, infos, dones=None):
        """Nothing to note: the infos are empty, and many."""

    def train(self, gradient_steps, batch_size):
        """Update the critics by rewards, and the actors by the value's derivative.

        The actors are not delayed, as TD3's are: the critics have a good prior.
        """
        self._update_learning_rate([self.actor.optimizer, self.critic.optimizer])
        if self._n_updates == 0:
            self._reward_scale = self.replay_buffer.reward_scale()
        remaining = max(self._current_progress_remaining, 0.0)
        width = _LAST_WIDTH + remaining**2 * (_FIRST_WIDTH - _LAST_WIDTH)
        for _ in range(gradient_steps):
            self._n_updates += 1
            rows, actions, rewards = self.replay_buffer.sample(batch_size)
            correction = self._critic_step(rows, actions, rewards)
            self._actor_step(rows, correction, width)

    def _critic_step(self, rows, actions, rewards):
        """Make a gradient step of the critics to the rewards of explored actions.

        Returns the correction of the prior before that step.
        """
        correction = self.critic(self.rows.observations[rows])
        values = self._values(rows, actions, self._posterior(rows, correction))
        error = (values - th.from_numpy(rewards)) / self._reward_scale
        # Each pair of critics learns from the rows of its policy alone.
        loss = (error**2 * self.rows.trained[:, rows]).sum() / len(rows)
        self.critic.optimizer.zero_grad()
        loss.backward()
        self.critic.optimizer.step()
        return correction.detach()

    def _actor_step(self, rows, correction, width):
        """Make a gradient step of the actors along the derivative of the value.

        The derivative is a central difference along one random direction of log-odds per
        row, divided by the change of the target probabilities, not by the step in
        log-odds: a confident mistake, which a step hardly moves, counts as any other.
        """
        proba = th.from_numpy(self.rows.problem.proba[rows])
        steps = self.actor.steps(self.rows.observations[rows])
        direction = self._directions(steps.shape)
        both_sides = th.stack(
            [steps.detach() + side * direction for side in (width, -width)]
        )
        ahead, behind = target = target_proba(both_sides, proba)
        rewards_ahead, rewards_behind = self._class_rewards(rows, target)
        expected = self._expected(rows, correction)
        value_difference = (expected * (rewards_ahead - rewards_behind)).sum(dim=2)
        change = (ahead - behind).norm(dim=2).clamp(min=_SMALLEST_CHANGE)
        derivative = value_difference / change / self._reward_scale
        derivative = derivative.clamp(-_LARGEST_DERIVATIVE, _LARGEST_DERIVATIVE).float()
        gradient = _STEP_PENALTY * steps.detach() - derivative.unsqueeze(2) * direction
        trained = self.rows.trained[:, rows].unsqueeze(2)
        self.actor.optimizer.zero_grad()
        # By a sum, for a backward pass from a given gradient imports sympy.
        (steps * (gradient * trained / len(rows))).sum().backward()
        self.actor.optimizer.step()

    def _posterior(self, rows, correction):
        return F.softmax(self.rows.log_prior[rows] + correction, dim=-1)

    def _expected(self, rows, correction):
        """Class probabilities of the value: the twins' mean, mixed with the labels."""
        posterior = self._posterior(rows, self.share * correction).mean(dim=0).double()
        outcome = np.eye(posterior.shape[2])[self.rows.problem.y[rows]]
        return (1 - _LABEL_SHARE) * posterior + _LABEL_SHARE * th.from_numpy(outcome)

    def _class_rewards(self, rows, target):
        """Reward for each class of targets: shape (..., n_rows, n_classes)."""
        target_rows = np.tile(rows, target[..., 0].numel() // len(rows))
        proba = self.rows.problem.proba[target_rows]
        aimed_at = target.numpy().reshape(proba.shape)
        bound = self.rows.problem.max_adjustment
        actions = actions_to(aimed_at, proba, bound)
        rewards = self.rows.class_rewards(target_rows, actions)
        return th.from_numpy(rewards.reshape(target.shape))

    def _values(self, rows, actions, posterior):
        """Value of explored actions under posteriors: shape (..., n_rows)."""
        rewards = self.rows.class_rewards(rows, actions.astype(np.float64))
        return (posterior * th.from_numpy(rewards.astype(np.float32))).sum(dim=-1)

    def _directions(self, shape):
        """One random direction per row, in the plane of steps that sum to zero.

        A shift of all steps changes next to nothing.
        """
        direction = self.direction_rng.normal(size=shape)
        direction -= direction.mean(axis=2, keepdims=True)
        direction /= np.sqrt(np.mean(direction**2, axis=2, keepdims=True))
        return th.from_numpy(direction.astype(np.float32))

    def judge_critics(self):
        """Choose the share of the critics' correction by held-out rewards.

        It is the one with the lowest squared error of the rewards, where a standard error
        over rows is taken off its gain over the prior alone.
        """
        rows, actions, rewards = self.replay_buffer.recent(_MAX_JUDGED)
        with th.no_grad():
            correction = self.critic(self.rows.observations[rows])
            errors = [
                self._held_out_error(rows, actions, rewards, share * correction)
                for share in _SHARES
            ]
        row = np.unique(rows, return_inverse=True)[1]
        if self.rows.few_groups:
            # Copies of one observation have labels of their own.
            row = np.arange(len(rows))
        gains = [np.bincount(row, errors[0] - error) for error in errors]
        lowest = [gain.sum() - np.sqrt(gain @ gain) for gain in gains]
        self.share = _SHARES[int(np.argmax(lowest))]

    def _held_out_error(self, rows, actions, rewards, correction):
        """Squared error of the twins' mean value, summed over policies: shape (n_rows,)."""
        values = self._values(rows, actions, self._posterior(rows, correction)).mean(dim=0)
        error = (values - th.from_numpy(rewards)) ** 2
        return (error * self.rows.held_out[:, rows]).sum(dim=0).numpy()


class CheckpointCallback(BaseCallback):
    """Save the policies at equal distances, the first time before any training.

    Parameters
    ----------
    total_timesteps : int
        Length of the training.

    progress_bar : bool
        Whether to show one.

    task : Task
        Task of the training; a part of it leads from each checkpoint to the next.
    """

    def __init__(self, total_timesteps, progress_bar, task):
        super().__init__()
        self.saved = []
        self._total_timesteps = total_timesteps
        self._has_bar = progress_bar
        self._task = task
        self._stop = False

    def _on_training_start(self):
        from tqdm.auto import tqdm

        self._task.begin()
        self._bar = tqdm(
            total=self._total_timesteps,
            desc="train policies",
            unit="step",
            disable=not self._has_bar,
        )

    def _on_rollout_start(self):
        next_timestep = len(self.saved) * self._total_timesteps / N_CHECKPOINTS
        if self.num_timesteps >= next_timestep:
            self._save()
            if not self._stop:
                self._part = self._task.subtask("checkpoint").begin()

    def _on_step(self):
        self._bar.update(self.training_env.num_envs)
        return not self._stop

    def _on_training_end(self):
        if not self._stop:
            self._save()
        self._bar.close()
        self._task.end()

    def _save(self):
        networks = self.model.actor.networks
        policies = [networks.arrays(i) for i in range(len(networks.weights[0]))]
        if self.saved:
            self.model.judge_critics()
            attributes = {"policies_": dict.fromkeys(PRIORITIES, policies)}
            self._stop = self._part.end(attributes)
        self.saved.append((self.num_timesteps, policies, self.model.share))

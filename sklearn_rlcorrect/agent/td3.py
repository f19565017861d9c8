"""Training: TD3 of stable-baselines3 on one-step episodes.

The only module that needs torch. Start reading at :func:`train_policies`.

An episode is one row, so the target of the critics is the reward itself: target networks,
``gamma``, ``tau`` and the smoothing noise of TD3 [1]_ cannot change anything and are left
out. What remains is an actor trained by the deterministic policy gradient [2]_, twin
critics that learn from the rewards of explored actions, a replay buffer and exploration
noise. Four things are particular to this problem:

- What an action is worth is known for every class; only the class is not. So a critic is a
  posterior of the classes, and the value of an action is its mean reward under it.
- The critics start from a prior, the posterior of
  :mod:`sklearn_rlcorrect.agent.posterior` or the classifier's own probabilities, and learn
  a correction of it. How much of it counts is decided by the rewards of rows that they
  were not trained on.
- The actor steps in log-odds, and a reward is any numpy function. The slope of the value
  along a step is a central difference, wide enough to pass the plateaus of a bounded
  adjustment or of a 0/1 reward.
- Several policies are trained at once, as one batched network. Each has rows held out: it
  skips their transitions, and is judged by them.

.. [1] S. Fujimoto, H. van Hoof and D. Meger, "Addressing Function Approximation Error in
   Actor-Critic Methods", ICML 2018.
.. [2] D. Silver et al., "Deterministic Policy Gradient Algorithms", ICML 2014.
"""

import contextlib
import itertools
import math
import threading

import numpy as np
import torch as th
from stable_baselines3 import TD3
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.noise import VectorizedActionNoise
from stable_baselines3.td3.policies import TD3Policy
from torch import nn
from torch.nn import functional as F

from sklearn_rlcorrect._callbacks import NoTask
from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.agent.envs import CorrectionVecEnv
from sklearn_rlcorrect.agent.policy import FOOTHOLD, LARGEST_STEP
from sklearn_rlcorrect.agent.selection import PRIORITIES

N_CHECKPOINTS = 10

# Rows per environment step, fewer where the budget is small, and per gradient step.
_MAX_ENVS = 1024
_TIMESTEPS_PER_GRADIENT_STEP = 128

_BUFFER_SIZE = 50_000
_EXPLORATION_STD = 0.5
_WEIGHT_DECAY = 1e-4
_N_CRITICS = 2

# Part of the actor's slope that is of the rewards of the rows' own classes.
_OUTCOME = 0.2
# Parts of the critics' correction that may count, and transitions that decide on it.
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_MAX_JUDGED = 8192

# Half the distance in log-odds over which the slope of a reward is taken: at first wide,
# to pass plateaus, at last narrow, to be exact.
_FIRST_WIDTH = 1.0
_LAST_WIDTH = 0.05
# Changes of probabilities that are smaller than this are rounding.
_SMALLEST_CHANGE = 1e-9
# Bound of slopes, in standard deviations of the rewards: logarithms are steep at 0.
_STEEPEST = 30.0
# Pull on steps, back to the classifier's own probabilities, where a reward is flat.
_PULL = 1e-3
# Probabilities of the classifier count as at least this in the critics' prior.
_SMALLEST_PROBA = 1e-3

# Whatever the process has set as defaults.
_KIND = {"dtype": th.float32, "device": "cpu"}

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

    progress_bar : bool, default=False
        Whether to show one.

    task : Task, default=None
        Task of this training, with a subtask for each of `N_CHECKPOINTS` checkpoints. A
        callback that asks to stop ends the training there. None tells nobody.

    Returns
    -------
    checkpoints : list of tuple (int, list of list of ndarray, float)
        Timestep; policies, as :func:`~sklearn_rlcorrect.agent.policy.policy_actions` takes
        them; and how much of the critics' correction of their prior positives, in [0, 1].
        The first policies are untrained and do nothing.
    """
    env_rng, noise_rng, buffer_rng, slope_rng = np.random.default_rng(seed).spawn(4)
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
        agent.slope_rng = slope_rng
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


class TrainingRows:
    """What a training knows of the rows beside what the agent observes.

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
        """Reward of actions on rows for each class that a row could be of."""
        proba = self.problem.proba[rows]
        adjusted = adjust(proba, actions, self.problem.max_adjustment)
        return self.problem.rewards_of_classes(proba, adjusted)


def _mask(rows, n_rows):
    mask = np.zeros(n_rows, dtype=np.float32)
    mask[rows] = 1.0
    return mask


class OneStepTD3(TD3):
    """TD3 without what one-step episodes make inert, for several policies at once."""

    # How much of the critics' correction of their prior counts.
    share = 0.0

    def _store_transition(self, buffer, actions, new_obs, rewards, dones, infos):
        buffer.add(self.env.acted_rows, actions, rewards)
        self._last_obs = new_obs

    def _update_info_buffer(self, infos, dones=None):
        """Nothing to note: the infos are empty, and many."""

    def train(self, gradient_steps, batch_size):
        """Update the critics by rewards, and the actors by the slope of the value.

        The actors do not wait for the critics (TD3's delay): these have a good prior.
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
        """One step of the critics towards the rewards of explored actions.

        Returns the correction of the prior that the critics made before it.
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
        """One step of the actors along the slope of the value.

        The slope is taken to either side along one random direction of log-odds per row.
        It is per change of the probabilities aimed at, not per step in log-odds: a
        confident mistake, which a step hardly moves, counts as much as another.
        """
        proba = th.from_numpy(self.rows.problem.proba[rows])
        steps = self.actor.steps(self.rows.observations[rows])
        direction = self._directions(steps.shape)
        both_sides = th.stack(
            [steps.detach() + side * direction for side in (width, -width)]
        )
        ahead, behind = target = targets(both_sides, proba)
        rewards_ahead, rewards_behind = self._class_rewards(rows, target)
        expected = self._expected(rows, correction)
        rise = (expected * (rewards_ahead - rewards_behind)).sum(dim=2)
        change = (ahead - behind).norm(dim=2).clamp(min=_SMALLEST_CHANGE)
        slope = rise / change / self._reward_scale
        slope = slope.clamp(-_STEEPEST, _STEEPEST).float().unsqueeze(2)
        gradient = _PULL * steps.detach() - slope * direction
        trained = self.rows.trained[:, rows].unsqueeze(2)
        self.actor.optimizer.zero_grad()
        steps.backward(gradient * trained / len(rows))
        self.actor.optimizer.step()

    def _posterior(self, rows, correction):
        return F.softmax(self.rows.log_prior[rows] + correction, dim=-1)

    def _expected(self, rows, correction):
        """Classes that the actors expect: by the twins' mean, and the row's own class."""
        posterior = self._posterior(rows, self.share * correction).mean(dim=0).double()
        outcome = np.eye(posterior.shape[2])[self.rows.problem.y[rows]]
        return (1 - _OUTCOME) * posterior + _OUTCOME * th.from_numpy(outcome)

    def _class_rewards(self, rows, target):
        """Reward for each class of targets: shape (..., n_rows, n_classes)."""
        target_rows = np.tile(rows, target[..., 0].numel() // len(rows))
        proba = self.rows.problem.proba[target_rows]
        target_proba = target.numpy().reshape(proba.shape)
        bound = self.rows.problem.max_adjustment
        actions = actions_towards(target_proba, proba, bound)
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
        direction = self.slope_rng.normal(size=shape)
        direction -= direction.mean(axis=2, keepdims=True)
        direction /= np.sqrt(np.mean(direction**2, axis=2, keepdims=True))
        return th.from_numpy(direction.astype(np.float32))

    def judge_critics(self):
        """Decide by held-out rewards how much of the critics' correction counts.

        The share is that with the lowest squared error of the rewards, where its gain
        over the prior alone counts less a standard error over rows.
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
            # Rows of which there are many copies: each says something of its own.
            row = np.arange(len(rows))
        gains = [np.bincount(row, errors[0] - error) for error in errors]
        lowest = [gain.sum() - np.sqrt(gain @ gain) for gain in gains]
        self.share = _SHARES[int(np.argmax(lowest))]

    def _held_out_error(self, rows, actions, rewards, correction):
        """Squared error of the twins' mean value, summed over policies: shape (n_rows,)."""
        values = self._values(rows, actions, self._posterior(rows, correction)).mean(dim=0)
        error = (values - th.from_numpy(rewards)) ** 2
        return (error * self.rows.held_out[:, rows]).sum(dim=0).numpy()


def targets(steps, proba):
    """Probabilities where steps in log-odds lead, in double precision."""
    factor = steps.double().clamp(-LARGEST_STEP, LARGEST_STEP).exp()
    target = proba * factor + FOOTHOLD * (factor - 1).clamp(min=0)
    return target / target.sum(dim=-1, keepdim=True)


def actions_towards(target, proba, max_adjustment):
    """Actions that lead to the targets, as near as they may: of arrays or of tensors."""
    return ((target - proba) / max_adjustment).clip(-1.0, 1.0)


class BatchedMLP(nn.Module):
    """Several networks of the same shape as one: rectified hidden layers.

    Parameters
    ----------
    n_networks, n_in, n_out : int
        Sizes.

    net_arch : sequence of int
        Hidden layers.

    generator : torch.Generator
        Draws the initial weights. Those of the last layer are zero.
    """

    def __init__(self, n_networks, n_in, net_arch, n_out, generator):
        super().__init__()
        widths = [n_in, *net_arch, n_out]
        self.weights, self.intercepts = nn.ParameterList(), nn.ParameterList()
        for i, (before, after) in enumerate(itertools.pairwise(widths)):
            bound = math.sqrt(6 / before) if i + 2 < len(widths) else 0.0
            shape = (n_networks, before, after)
            uniform = th.rand(shape, generator=generator, **_KIND)
            self.weights.append((2 * uniform - 1) * bound)
            self.intercepts.append(th.zeros((n_networks, 1, after), **_KIND))

    def forward(self, inputs):
        """Outputs of shape (n_networks, n_rows, n_out)."""
        layers = list(zip(self.weights, self.intercepts, strict=True))
        for weights, intercepts in layers[:-1]:
            inputs = F.relu(inputs @ weights + intercepts)
        weights, intercepts = layers[-1]
        return inputs @ weights + intercepts

    def arrays(self, i):
        """Weights and intercepts of one network, layer by layer, in numpy."""
        return [
            array[i].detach().numpy().reshape(shape).copy()
            for weights, intercepts in zip(self.weights, self.intercepts, strict=True)
            for array, shape in [(weights, weights.shape[1:]), (intercepts, -1)]
        ]


class LogOddsActors(nn.Module):
    """Actors that step in log-odds, see :mod:`sklearn_rlcorrect.agent.policy`.

    Parameters
    ----------
    networks : BatchedMLP
        One network per policy.

    n_classes : int
        Number of classes: the first columns of an observation are their probabilities.

    max_adjustment : float
        Most that a probability may change.
    """

    def __init__(self, networks, n_classes, max_adjustment):
        super().__init__()
        self.networks, self._n_classes = networks, n_classes
        self._max_adjustment = max_adjustment

    def forward(self, observations):
        """Mean action of all policies, in [-1, 1]."""
        proba = observations[:, : self._n_classes].double()
        target = targets(self.steps(observations), proba)
        actions = actions_towards(target, proba, self._max_adjustment)
        return actions.mean(dim=0).float()

    def steps(self, observations):
        """Steps in log-odds: shape (n_policies, n_rows, n_classes)."""
        return self.networks(observations)


class PosteriorCritics(nn.Module):
    """Twin critics per policy: networks that correct the logarithm of a prior.

    Parameters
    ----------
    networks : BatchedMLP
        `n_policies` first critics, then as many second ones.
    """

    def __init__(self, networks):
        super().__init__()
        self.networks = networks

    def forward(self, observations):
        """Corrections of shape (2, n_policies, n_rows, n_classes)."""
        return self.networks(observations).unflatten(0, (_N_CRITICS, -1))


class OneStepPolicy(TD3Policy):
    """Actors and critics, drawn from their own generator.

    Parameters
    ----------
    *args, **kwargs
        As for :class:`~stable_baselines3.td3.policies.TD3Policy`.

    n_policies : int
        Number of policies.

    max_adjustment : float
        Most that a probability may change.

    generator : torch.Generator
        Draws the initial weights.
    """

    def __init__(self, *args, n_policies, max_adjustment, generator, **kwargs):
        self._n_policies, self._max_adjustment = n_policies, max_adjustment
        self._generator = generator
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule):
        n_classes = self.action_space.shape[0]
        actors, critics = (
            BatchedMLP(
                n * self._n_policies,
                self.observation_space.shape[0],
                self.net_arch,
                n_classes,
                self._generator,
            )
            for n in (1, _N_CRITICS)
        )
        self.actor = LogOddsActors(actors, n_classes, self._max_adjustment)
        self.critic = PosteriorCritics(critics)
        # There are no target networks; these are names that TD3 asks for.
        self.actor_target, self.critic_target = self.actor, self.critic
        for module in (self.actor, self.critic):
            # TD3 asks for it: there are no layers that work otherwise in training.
            module.set_training_mode = module.train
            module.optimizer = th.optim.AdamW(
                module.parameters(), lr_schedule(1), weight_decay=_WEIGHT_DECAY, fused=True
            )


class TransitionBuffer:
    """Replay buffer of transitions that end: number of the row, action and reward.

    Observations need not be stored, for a row looks always the same.

    Parameters
    ----------
    buffer_size : int
        Transitions that are kept.

    observation_space, action_space : gymnasium.spaces.Box
        Of the environment.

    rng : numpy.random.Generator
        Draws the batches; numpy's global one is left alone.

    **kwargs
        What stable-baselines3 tells its own buffers.
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

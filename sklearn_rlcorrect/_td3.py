"""Training: TD3 of stable-baselines3 on one-step episodes.

The only module that needs torch. Start reading at :func:`train_policy`.

In a one-step episode the target of the critic is the reward itself, so the target
networks, ``gamma``, ``tau`` and the smoothing noise of TD3 [1]_ cannot change anything.
What remains are the twin critics, the deterministic policy gradient [2]_ and the
exploration noise; the last matters, and the critics learn, only where there is no guide
(below). Three things are particular to this problem:

- What an action is worth is known for every class; only the class is not. So a critic is
  a posterior of the classes, and the value of an action is its mean reward under it.
- The critics have a guide (:mod:`sklearn_rlcorrect._guide`), which the actor does not see,
  and stay with it. Where there is none, they learn the posterior from rewards alone.
- The actor steps in log-odds, and a reward is any numpy function. The slope of the value
  along a step is a central difference, wide enough to see across the plateaus of a
  bounded adjustment or of a 0/1 reward.

.. [1] S. Fujimoto, H. van Hoof and D. Meger, "Addressing Function Approximation Error in
   Actor-Critic Methods", ICML 2018.
.. [2] D. Silver et al., "Deterministic Policy Gradient Algorithms", ICML 2014.
"""

import contextlib
import threading
from dataclasses import replace

import numpy as np
import torch as th
from stable_baselines3 import TD3
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import VectorizedActionNoise
from stable_baselines3.common.policies import ContinuousCritic
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, create_mlp
from stable_baselines3.td3.policies import Actor, TD3Policy
from threadpoolctl import threadpool_limits
from torch import nn
from torch.nn import functional as F

from sklearn_rlcorrect._adjustment import adjust
from sklearn_rlcorrect._callbacks import NoTask
from sklearn_rlcorrect._guide import guide_of
from sklearn_rlcorrect._policy import FOOTHOLD, LARGEST_STEP
from sklearn_rlcorrect._selection import PRIORITIES
from sklearn_rlcorrect.envs import CorrectionVecEnv

# Rows per environment step, fewer where the budget is small; gradient steps after each.
_MAX_ENVS = 2048
_MIN_STEPS = 20
_GRADIENT_STEPS = 8

_BUFFER_SIZE = 50_000
_EXPLORATION_STD = 0.5
_WEIGHT_DECAY = 1e-4

# Part of the actor's slope that is of the rewards of the rows' own classes.
_OUTCOME = 0.2
N_CHECKPOINTS = 10

# Half the distance in log-odds over which the slope of a reward is taken: at first wide,
# to see past plateaus, at last narrow, to be exact.
_FIRST_WIDTH = 1.0
_LAST_WIDTH = 0.05
# Changes of probabilities that are smaller than this are rounding.
_SMALLEST_CHANGE = 1e-9
# Bound of slopes, in standard deviations of the rewards: logarithms are steep at 0.
_STEEPEST = 30.0
# Pull on steps, back to the classifier's own probabilities, where a reward is flat.
_PULL = 1e-3

# The number of torch threads and torch's global generator belong to the process, so
# trainings in several threads take turns.
_LOCK = threading.RLock()


def train_policy(
    problem,
    *,
    seed,
    total_timesteps,
    net_arch,
    learning_rate,
    batch_size,
    progress_bar=None,
    task=None,
):
    """Train one policy.

    Parameters
    ----------
    problem : CorrectionProblem
        Rows to train on.

    seed : int
        Seed of everything random here. No global generator is used or changed.

    total_timesteps : int
        Environment steps: rows adjusted, rounded up to whole batches.

    net_arch : sequence of int
        Hidden layers of the actor and of each critic.

    learning_rate : float
        Initial step size of Adam; falls linearly to zero.

    batch_size : int
        Rows per gradient step.

    progress_bar : str, default=None
        Description of the progress bar; None shows none.

    task : Task, default=None
        Task of this training, with a subtask for each of `N_CHECKPOINTS` checkpoints. A
        callback that asks to stop ends the training there. None tells nobody.

    Returns
    -------
    checkpoints : list of tuple of int and list of ndarray
        Timestep and policy, as :func:`~sklearn_rlcorrect._policy.policy_actions` takes
        it. The first is untrained and does nothing.
    """
    env_rng, noise_rng, buffer_rng, slope_rng = np.random.default_rng(seed).spawn(4)
    n_envs = int(np.clip(total_timesteps // _MIN_STEPS, 1, _MAX_ENVS))
    task = NoTask() if task is None else task
    checkpoints = CheckpointCallback(total_timesteps, progress_bar, task)
    with _one_training_at_a_time():
        guided, has_trees = _guided(problem, seed)
        env = CorrectionVecEnv(guided, n_envs, env_rng)
        agent = OneStepTD3(
            OneStepPolicy,
            env,
            # The last batch may end beyond the budget, where less than nothing remains.
            learning_rate=lambda remaining: learning_rate * max(remaining, 0.0),
            buffer_size=_BUFFER_SIZE,
            learning_starts=0,
            batch_size=batch_size,
            gradient_steps=_GRADIENT_STEPS,
            action_noise=GaussianNoise(n_envs, problem.proba.shape[1], noise_rng),
            replay_buffer_class=SeededReplayBuffer,
            replay_buffer_kwargs={
                "rng": buffer_rng,
                "handle_timeout_termination": False,
            },
            # Next observations are never used: do not store them.
            optimize_memory_usage=True,
            policy_kwargs={
                "net_arch": list(net_arch),
                "optimizer_class": th.optim.AdamW,
                "optimizer_kwargs": {"weight_decay": _WEIGHT_DECAY, "fused": True},
                "problem": problem,
                "rng": slope_rng,
                "generator": th.Generator().manual_seed(seed),
            },
            device="cpu",
        )
        agent.critic.learns = not has_trees
        agent.learn(total_timesteps, callback=checkpoints, log_interval=None)
    return checkpoints.saved


def _guided(problem, seed):
    """The problem with the guide and the class behind each observation."""
    guide, has_trees = guide_of(problem, seed)
    outcome = np.eye(problem.proba.shape[1])[problem.y]
    seen = np.hstack([problem.observations, np.log(guide), outcome])
    return replace(problem, observations=seen), has_trees


@contextlib.contextmanager
def _one_training_at_a_time():
    """Use one thread; leave thread counts and generator of torch as they were.

    Batches and trees are small: more threads wait for each other longer than they work,
    above all those of torch and of scikit-learn, which do not know of each other.
    """
    with _LOCK, th.random.fork_rng(devices=[]):
        n_threads = th.get_num_threads()
        th.set_num_threads(1)
        try:
            with threadpool_limits(1):
                yield
        finally:
            th.set_num_threads(n_threads)


class OneStepTD3(TD3):
    """TD3 without what one-step episodes make inert."""

    def _store_transition(self, buffer, actions, new_obs, rewards, dones, infos):
        # The stock method looks for a last observation in the infos, row by row.
        buffer.add(self._last_obs, new_obs, actions, rewards, dones, infos)
        self._last_obs = new_obs

    def _update_info_buffer(self, infos, dones=None):
        """Nothing to note: the infos are empty, and many."""

    def train(self, gradient_steps, batch_size):
        """Update the critics, if they have anything to learn, and the actor.

        The actor does not wait for critics (TD3's delay): they have a good guess or a
        small task.
        """
        self._update_learning_rate([self.actor.optimizer, self.critic.optimizer])
        if self._n_updates == 0:
            self._reward_scale = self.replay_buffer.reward_scale()
        remaining = max(self._current_progress_remaining, 0.0)
        width = _LAST_WIDTH + remaining**2 * (_FIRST_WIDTH - _LAST_WIDTH)
        for _ in range(gradient_steps):
            self._n_updates += 1
            observations, actions, rewards = self.replay_buffer.sample(batch_size)
            if self.critic.learns:
                self._regress(observations, actions, rewards)
            self._climb(observations, width)

    def _regress(self, observations, actions, rewards):
        """One step of the critics towards the rewards."""
        values = self.critic(observations, actions)
        loss = sum(F.mse_loss(value, rewards) for value in values)
        self.critic.optimizer.zero_grad()
        (loss / self._reward_scale**2).backward()
        self.critic.optimizer.step()

    def _climb(self, observations, width):
        """One step of the actor along the slope of the value.

        The slope is taken to either side along one random direction of log-odds per row.
        It is per change of the probabilities aimed at, not per step in log-odds: a
        confident mistake, which a step hardly moves, counts as much as another.
        """
        steps = self.actor.steps(observations)
        direction = self.critic.direction(steps.shape)
        ahead, behind = (
            self.actor.targets(steps.detach() + side * direction, observations)
            for side in (width, -width)
        )
        actions = (self.actor.towards(target, observations) for target in (ahead, behind))
        rise = self.critic.rise(observations, *actions) / self._reward_scale
        change = (ahead - behind).norm(dim=1, keepdim=True).clamp(min=_SMALLEST_CHANGE)
        slope = (rise / change).clamp(-_STEEPEST, _STEEPEST).float()
        self.actor.optimizer.zero_grad()
        steps.backward((_PULL * steps.detach() - slope * direction) / len(steps))
        self.actor.optimizer.step()


class LogOddsActor(Actor):
    """Actor whose network steps in log-odds, as :mod:`sklearn_rlcorrect._policy` says.

    Parameters
    ----------
    *args, **kwargs
        As for :class:`~stable_baselines3.td3.policies.Actor`.

    max_adjustment : float
        Most that a probability may change.
    """

    def __init__(self, *args, max_adjustment, **kwargs):
        super().__init__(*args, **kwargs)
        self._max_adjustment = max_adjustment

    def forward(self, obs):
        """Actions in [-1, 1]."""
        return self.towards(self.targets(self.steps(obs), obs), obs).float()

    def steps(self, obs):
        """Steps in log-odds: the output of the network before it is squashed."""
        return self.mu[:-1](self.features_extractor(obs))

    def targets(self, steps, obs):
        """Probabilities where the steps lead, in double precision."""
        proba = obs[:, : steps.shape[1]].double()
        factor = steps.double().clamp(-LARGEST_STEP, LARGEST_STEP).exp()
        target = proba * factor + FOOTHOLD * (factor - 1).clamp(min=0)
        return target / target.sum(dim=1, keepdim=True)

    def towards(self, target, obs):
        """Actions that lead to the targets, as near as they may."""
        proba = obs[:, : target.shape[1]].double()
        return ((target - proba) / self._max_adjustment).clamp(-1, 1)


class PosteriorCritic(ContinuousCritic):
    """Twin critics whose value is the mean known reward under a posterior.

    Behind what the actor sees, the observations of a training hold the logarithm of the
    guide, where the posterior starts, and the class of the row, which no network sees. The
    networks learn only where the guide knows nothing.

    Parameters
    ----------
    *args, **kwargs
        As for :class:`~stable_baselines3.common.policies.ContinuousCritic`.

    problem : CorrectionProblem
        Knows the reward of an action for each class.

    rng : numpy.random.Generator
        Draws the directions in which slopes are taken.
    """

    def __init__(self, *args, problem, rng, **kwargs):
        super().__init__(*args, **kwargs)
        self._problem, self._rng = problem, rng
        self._n_classes = problem.proba.shape[1]
        # False where the guide is all that the posterior needs.
        self.learns = True
        for i in range(self.n_critics):
            n_seen = kwargs["features_dim"] - self._n_classes
            layers = create_mlp(n_seen, self._n_classes, kwargs["net_arch"])
            self.q_networks[i] = nn.Sequential(*layers)
            self.add_module(f"qf{i}", self.q_networks[i])

    def forward(self, obs, actions):
        """Value of the actions, by each critic: shape (batch_size, 1)."""
        rewards = self._class_rewards(obs, actions).float()
        return tuple(
            (posterior * rewards).sum(dim=1, keepdim=True)
            for posterior in self._posteriors(obs)
        )

    def direction(self, shape):
        """One random direction per row, in the plane of steps that sum to zero.

        A shift of all steps changes next to nothing.
        """
        direction = self._rng.normal(size=shape)
        direction -= direction.mean(axis=1, keepdims=True)
        direction /= np.sqrt(np.mean(direction**2, axis=1, keepdims=True))
        return th.from_numpy(direction.astype(np.float32))

    def rise(self, obs, ahead, behind):
        """Rise of the value from one action to another: shape (batch_size, 1).

        The value is the critics' mean, and in part what the row itself would give.
        """
        if self.learns:
            with th.no_grad():
                posterior = sum(self._posteriors(obs)) / self.n_critics
        else:
            posterior = F.softmax(self._guide(obs), dim=1)
        outcome = obs[:, -self._n_classes :]
        posterior = (1 - _OUTCOME) * posterior + _OUTCOME * outcome
        rise = self._class_rewards(obs, ahead) - self._class_rewards(obs, behind)
        return (posterior * rise).sum(dim=1, keepdim=True)

    def _posteriors(self, obs):
        """Posterior of each critic, which the class itself must not reach."""
        seen, guide = obs[:, : -self._n_classes], self._guide(obs)
        return [F.softmax(guide + network(seen), dim=1) for network in self.q_networks]

    def _guide(self, obs):
        return obs[:, -2 * self._n_classes : -self._n_classes]

    def _class_rewards(self, obs, actions):
        proba = obs[:, : self._n_classes].double().numpy()
        actions = actions.double().numpy()
        adjusted = adjust(proba, actions, self._problem.max_adjustment)
        return th.from_numpy(self._problem.rewards_of_classes(proba, adjusted))


class OneStepPolicy(TD3Policy):
    """Actor and posterior critic, drawn from their own generator.

    Parameters
    ----------
    *args, **kwargs
        As for :class:`~stable_baselines3.td3.policies.TD3Policy`.

    problem : CorrectionProblem
        Knows what the actor sees, and the reward of an action for each class.

    rng : numpy.random.Generator
        Draws the directions in which slopes are taken.

    generator : torch.Generator
        Draws the initial weights.
    """

    def __init__(self, *args, problem, rng, generator, **kwargs):
        self._problem, self._rng, self._generator = problem, rng, generator
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule):
        super()._build(lr_schedule)
        for module in [*self.actor.modules(), *self.critic.modules()]:
            if isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(
                    module.weight, nonlinearity="relu", generator=self._generator
                )
                nn.init.zeros_(module.bias)
        # Start from the classifier as it is, all actions being zero, and from the guide.
        for network in [self.actor.mu, *self.critic.q_networks]:
            nn.init.zeros_(_linear_layers(network)[-1].weight)

    def make_actor(self, features_extractor=None):
        """Create the actor."""
        seen = Observed(self.observation_space, self._problem.observations.shape[1])
        kwargs = self._update_features_extractor(self.actor_kwargs, seen)
        return LogOddsActor(**kwargs, max_adjustment=self._problem.max_adjustment)

    def make_critic(self, features_extractor=None):
        """Create the critics."""
        kwargs = self._update_features_extractor(self.critic_kwargs, features_extractor)
        return PosteriorCritic(**kwargs, problem=self._problem, rng=self._rng)


class Observed(BaseFeaturesExtractor):
    """What the actor may see: neither the guide nor the class."""

    def forward(self, observations):
        """First columns of the observations."""
        return observations[:, : self.features_dim]


class SeededReplayBuffer(ReplayBuffer):
    """Replay buffer that draws from its own generator, not from numpy's global one.

    Parameters
    ----------
    *args, **kwargs
        As for :class:`~stable_baselines3.common.buffers.ReplayBuffer`.

    rng : numpy.random.Generator
        Draws the batches.
    """

    def __init__(self, *args, rng, **kwargs):
        super().__init__(*args, **kwargs)
        self._rng = rng

    def sample(self, batch_size, env=None):
        """Observations, actions and rewards of random transitions."""
        step = self._rng.integers(self._n_filled(), size=batch_size)
        if self.full:
            # Not the step that is overwritten next: its observations are newer already.
            step = (self.pos + self._rng.integers(1, self.buffer_size, batch_size)) % (
                self.buffer_size
            )
        batch = step, self._rng.integers(self.n_envs, size=batch_size)
        return (
            th.from_numpy(self.observations[batch]),
            th.from_numpy(self.actions[batch]),
            th.from_numpy(self.rewards[batch][:, np.newaxis]),
        )

    def reward_scale(self):
        """Standard deviation of the rewards so far; 1 if they are all the same."""
        return float(self.rewards[: self._n_filled()].std()) or 1.0

    def _n_filled(self):
        return self.buffer_size if self.full else self.pos


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
        return self._rng.normal(0.0, _EXPLORATION_STD, self._shape).astype(np.float32)

    def reset(self, indices=None):
        """Nothing to reset: draws are independent."""


class CheckpointCallback(BaseCallback):
    """Save the policy at equal distances, the first time before any training.

    Parameters
    ----------
    total_timesteps : int
        Length of the training.

    progress_bar : str or None
        Description of the progress bar.

    task : Task
        Task of the training; a part of it leads from each checkpoint to the next.
    """

    def __init__(self, total_timesteps, progress_bar, task):
        super().__init__()
        self.saved = []
        self._total_timesteps = total_timesteps
        self._description = progress_bar
        self._task = task
        self._stop = False

    def _on_training_start(self):
        from tqdm.auto import tqdm

        self._task.begin()
        self._bar = tqdm(
            total=self._total_timesteps,
            desc=self._description,
            unit="step",
            disable=self._description is None,
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
        layers = _linear_layers(self.model.actor.mu)
        arrays = [array for layer in layers for array in (layer.weight.T, layer.bias)]
        policy = [array.detach().numpy().astype(np.float64, order="C") for array in arrays]
        if self.saved:
            attributes = {"policies_": {name: [policy] for name in PRIORITIES}}
            self._stop = self._part.end(attributes)
        self.saved.append((self.num_timesteps, policy))


def _linear_layers(network):
    return [module for module in network if isinstance(module, nn.Linear)]

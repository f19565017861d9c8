"""Training: TD3 of stable-baselines3 on one-step episodes.

The only module that needs torch. Start reading at :func:`train_policy`.

In a one-step episode the target of the critic is the reward itself, so the target
networks, ``gamma``, ``tau`` and the smoothing noise of TD3 [1]_ cannot change anything.
What remains are the twin critics, the delayed deterministic policy gradient [2]_ and the
exploration noise. Two things are particular to this problem:

- What an action is worth is known for every class; only the class is not. So the critics
  learn the posterior of the classes, from rewards alone, and the value of an action is
  its mean reward under that posterior.
- A reward is any numpy function. Its slope along the action is a central difference,
  wide enough to see across the plateaus of a bounded adjustment or of a 0/1 reward.

.. [1] S. Fujimoto, H. van Hoof and D. Meger, "Addressing Function Approximation Error in
   Actor-Critic Methods", ICML 2018.
.. [2] D. Silver et al., "Deterministic Policy Gradient Algorithms", ICML 2014.
"""

import contextlib
import threading

import numpy as np
import torch as th
from stable_baselines3 import TD3
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import VectorizedActionNoise
from stable_baselines3.common.policies import ContinuousCritic
from stable_baselines3.common.torch_layers import create_mlp
from stable_baselines3.td3.policies import TD3Policy
from torch import nn
from torch.nn import functional as F

from sklearn_rlcorrect._adjustment import adjust
from sklearn_rlcorrect._callbacks import NoTask
from sklearn_rlcorrect._selection import PRIORITIES
from sklearn_rlcorrect.envs import CorrectionVecEnv

# Rows per environment step, fewer where the budget is small; gradient steps after each.
_MAX_ENVS = 1024
_MIN_STEPS = 20
_GRADIENT_STEPS = 4

_BUFFER_SIZE = 50_000
_EXPLORATION_STD = 0.5
_WEIGHT_DECAY = 1e-4
N_CHECKPOINTS = 20

# Strength of the pull on actions that the bounds cut short, back to where they act.
_PULL_BACK = 0.3
_MIN_INWARD_SLOPE = 0.2

# Half the distance, per action, over which the slope of a reward is taken: at first
# wide, to see past plateaus, at last narrow, to be exact.
_FIRST_SLOPE_STEP = 0.8
_LAST_SLOPE_STEP = 0.02

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
    env = CorrectionVecEnv(problem, n_envs, env_rng)
    env.action_space.seed(seed)
    task = NoTask() if task is None else task
    checkpoints = CheckpointCallback(total_timesteps, progress_bar, task)
    with _one_training_at_a_time():
        agent = OneStepTD3(
            OneStepPolicy,
            env,
            # The last batch may end beyond the budget, where less than nothing remains.
            learning_rate=lambda remaining: learning_rate * max(remaining, 0.0),
            buffer_size=_BUFFER_SIZE,
            learning_starts=n_envs,
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
                "critic_kwargs": {"problem": problem, "rng": slope_rng},
                "generator": th.Generator().manual_seed(seed),
            },
            device="cpu",
        )
        agent.learn(total_timesteps, callback=checkpoints, log_interval=None)
    return checkpoints.saved


@contextlib.contextmanager
def _one_training_at_a_time():
    """Use one torch thread; leave thread count and generator of torch as they were."""
    with _LOCK, th.random.fork_rng(devices=[]):
        n_threads = th.get_num_threads()
        th.set_num_threads(1)
        try:
            yield
        finally:
            th.set_num_threads(n_threads)


class OneStepTD3(TD3):
    """TD3 without what one-step episodes make inert."""

    def _store_transition(self, buffer, actions, new_obs, rewards, dones, infos):
        # The stock method looks for a last observation in the infos, row by row.
        buffer.add(self._last_obs, new_obs, actions, rewards, dones, infos)
        self._last_obs = new_obs

    def train(self, gradient_steps, batch_size):
        """Update the critics, and the actor every `policy_delay` times.

        The critics regress the reward. The actor climbs the value: its gradient is that
        of the actions by the weights times that of the value by the actions.
        """
        self._update_learning_rate([self.actor.optimizer, self.critic.optimizer])
        if self._n_updates == 0:
            self._reward_scale = self.replay_buffer.reward_scale()
        remaining = max(self._current_progress_remaining, 0.0)
        step = _LAST_SLOPE_STEP + remaining**2 * (_FIRST_SLOPE_STEP - _LAST_SLOPE_STEP)
        for _ in range(gradient_steps):
            self._n_updates += 1
            observations, actions, rewards = self.replay_buffer.sample(batch_size)
            values = self.critic(observations, actions)
            critic_loss = sum(F.mse_loss(value, rewards) for value in values)
            self.critic.optimizer.zero_grad()
            (critic_loss / self._reward_scale**2).backward()
            self.critic.optimizer.step()
            if self._n_updates % self.policy_delay == 0:
                unsquashed = self.actor.mu[:-1](observations)
                actions = th.tanh(unsquashed).detach()
                gradient = self.critic.action_gradient(observations, actions, step)
                pull = _PULL_BACK * self._reward_scale
                gradient += pull * self.critic.excess(observations, actions)
                gradient *= _tanh_slope(actions, gradient)
                self.actor.optimizer.zero_grad()
                unsquashed.backward(-gradient / (batch_size * self._reward_scale))
                self.actor.optimizer.step()


def _tanh_slope(actions, gradient):
    """Slope of tanh at its value; at least a constant on the way back from a bound.

    A saturated tanh passes no gradient: actions driven to a bound before the critics
    knew better would stay there.
    """
    slope = 1 - actions**2
    return th.where(gradient * actions < 0, slope.clamp(min=_MIN_INWARD_SLOPE), slope)


class PosteriorCritic(ContinuousCritic):
    """Twin critics whose value is the mean known reward under a learned posterior.

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
        for i in range(self.n_critics):
            layers = create_mlp(kwargs["features_dim"], self._n_classes, kwargs["net_arch"])
            self.q_networks[i] = nn.Sequential(*layers)
            self.add_module(f"qf{i}", self.q_networks[i])

    def forward(self, obs, actions):
        """Value of the actions, by each critic: shape (batch_size, 1)."""
        rewards = self._class_rewards(obs, actions)
        return tuple(
            (posterior * rewards).sum(dim=1, keepdim=True)
            for posterior in self._posteriors(obs)
        )

    def action_gradient(self, obs, actions, step):
        """Gradient of the critics' mean value by the actions.

        A central difference over `step` to either side along one random direction per
        row, in the plane of actions that sum to zero (a shift of all actions changes
        nothing). Without bias in that plane, and exact for two classes.
        """
        direction = self._rng.normal(size=actions.shape)
        direction -= direction.mean(axis=1, keepdims=True)
        direction /= np.sqrt(np.mean(direction**2, axis=1, keepdims=True))
        direction = _to_torch(direction)
        both_sides = th.cat([actions + step * direction, actions - step * direction])
        ahead, behind = self._class_rewards(obs.repeat(2, 1), both_sides).chunk(2)
        with th.no_grad():
            posterior = sum(self._posteriors(obs)) / self.n_critics
        slope = (posterior * (ahead - behind)).sum(dim=1, keepdim=True) / (2 * step)
        return slope * direction * (self._n_classes - 1) / self._n_classes

    def excess(self, obs, actions):
        """How far the actions are beyond what the bounds of probabilities let through.

        Out there the value is flat. Nothing else would ever bring an action back that
        overshot, and its probability would stay at exactly 0 or 1.
        """
        proba, actions = self._in_double(obs, actions)
        effect = adjust(proba, actions, self._problem.max_adjustment) - proba
        return _to_torch(effect / self._problem.max_adjustment - actions)

    def _posteriors(self, obs):
        return [F.softmax(network(obs), dim=1) for network in self.q_networks]

    def _class_rewards(self, obs, actions):
        return _to_torch(self._problem.rewards_of_classes(*self._in_double(obs, actions)))

    def _in_double(self, obs, actions):
        proba = obs[:, : self._n_classes].numpy()
        return proba.astype(np.float64), actions.numpy().astype(np.float64)


def _to_torch(array):
    return th.from_numpy(array.astype(np.float32))


class OneStepPolicy(TD3Policy):
    """Actor and posterior critic, drawn from their own generator.

    Parameters
    ----------
    *args, **kwargs
        As for :class:`~stable_baselines3.td3.policies.TD3Policy`.

    critic_kwargs : dict
        Further arguments of :class:`PosteriorCritic`.

    generator : torch.Generator
        Draws the initial weights.
    """

    def __init__(self, *args, critic_kwargs, generator, **kwargs):
        self._more_critic_kwargs, self._generator = critic_kwargs, generator
        super().__init__(*args, **kwargs)

    def _build(self, lr_schedule):
        super()._build(lr_schedule)
        for module in [*self.actor.modules(), *self.critic.modules()]:
            if isinstance(module, nn.Linear):
                nn.init.kaiming_uniform_(
                    module.weight, nonlinearity="relu", generator=self._generator
                )
                nn.init.zeros_(module.bias)
        # Start from the classifier as it is: the first actions are all zero.
        nn.init.zeros_(_linear_layers(self.actor.mu)[-1].weight)

    def make_critic(self, features_extractor=None):
        """Create the critic."""
        kwargs = self._update_features_extractor(self.critic_kwargs, features_extractor)
        return PosteriorCritic(**kwargs, **self._more_critic_kwargs)


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
        batch = (
            self._rng.integers(self._n_filled(), size=batch_size),
            self._rng.integers(self.n_envs, size=batch_size),
        )
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

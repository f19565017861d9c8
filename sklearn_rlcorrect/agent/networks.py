"""Actors and critics: the networks of several policies, trained as one."""

import itertools
import math

import numpy as np
import torch as th
from stable_baselines3.td3.policies import TD3Policy
from torch import nn
from torch.nn import functional as F
from torch.optim.adamw import adamw

from sklearn_rlcorrect.agent.policy import LARGEST_STEP, SMALLEST_TARGET

_N_CRITICS = 2
# Beside the weight decay, torch's defaults.
_ADAMW = {
    **{"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-4},
    **{"amsgrad": False, "maximize": False, "fused": True},
}

# Whatever the process has set as defaults.
_TENSOR = {"dtype": th.float32, "device": "cpu"}


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
            uniform = th.rand(shape, generator=generator, **_TENSOR)
            self.weights.append((2 * uniform - 1) * bound)
            self.intercepts.append(th.zeros((n_networks, 1, after), **_TENSOR))

    def forward(self, inputs):
        """Outputs of shape (n_networks, n_rows, n_out)."""
        layers = list(zip(self.weights, self.intercepts, strict=True))
        for weights, intercepts in layers[:-1]:
            inputs = F.relu(inputs @ weights + intercepts)
        weights, intercepts = layers[-1]
        return inputs @ weights + intercepts

    def set_arrays(self, policies):
        """Start from the arrays of policies, as :meth:`arrays` returns them."""
        with th.no_grad():
            for layer, parameters in enumerate([self.weights, self.intercepts]):
                for k, parameter in enumerate(parameters):
                    arrays = [policy[2 * k + layer] for policy in policies]
                    stacked = np.stack(arrays).reshape(parameter.shape)
                    parameter.copy_(th.from_numpy(stacked))

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
        target = target_proba(self.steps(observations), proba)
        actions = actions_to(target, proba, self._max_adjustment)
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
            module.optimizer = AdamW(module.parameters(), lr_schedule(1))


class AdamW:
    """The steps of :class:`torch.optim.AdamW`, by the function behind it.

    To make an instance of that class imports torch's compiler, for seconds.

    Parameters
    ----------
    params : iterable of torch.nn.Parameter
        Parameters to optimize. All have gradients at each step.

    learning_rate : float
        Initial step size. Each step takes that of ``param_groups[0]["lr"]``.
    """

    def __init__(self, params, learning_rate):
        params = list(params)
        # Where stable-baselines3 sets the step size.
        self.param_groups = [{"params": params, "lr": learning_rate}]
        self._means, self._squares = (
            [th.zeros_like(param) for param in params] for _ in range(2)
        )
        self._counts = [th.zeros((), **_TENSOR) for _ in params]

    def zero_grad(self):
        """Forget the gradients."""
        for param in self.param_groups[0]["params"]:
            param.grad = None

    @th.no_grad()
    def step(self):
        """Make one step."""
        params = self.param_groups[0]["params"]
        adamw(
            params,
            [param.grad for param in params],
            *(self._means, self._squares, [], self._counts),
            lr=self.param_groups[0]["lr"],
            **_ADAMW,
        )


def target_proba(steps, proba):
    """Compute the target probabilities of steps in log-odds, in double precision."""
    factor = steps.double().clamp(-LARGEST_STEP, LARGEST_STEP).exp()
    target = proba * factor + SMALLEST_TARGET * (factor - 1).clamp(min=0)
    return target / target.sum(dim=-1, keepdim=True)


def actions_to(target, proba, max_adjustment):
    """Compute the bounded actions to target probabilities: arrays or tensors."""
    return ((target - proba) / max_adjustment).clip(-1.0, 1.0)

"""The stages of ``partial_fit``: score new rows, remember them, learn from the memory.

The wrapped classifier, the features and the scale of observations stay as `fit` left them.
"""

import warnings

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d, indexable
from sklearn.utils.validation import validate_data

from sklearn_rlcorrect._crossfit import predict_classes_proba
from sklearn_rlcorrect._validation import (
    check_known_labels,
    check_parameters,
    check_propensity,
    check_reward,
    check_sample_weight,
)
from sklearn_rlcorrect.agent.memory import remember
from sklearn_rlcorrect.agent.prediction import correct, observe_without_posterior
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.agent.selection import select_policies
from sklearn_rlcorrect.agent.training import fit_posteriors, held_out_splits
from sklearn_rlcorrect.guard import correction_rule, decide
from sklearn_rlcorrect.guard.prequential import prequential_gain
from sklearn_rlcorrect.metrics import (
    false_positive_costs,
    label_indices,
    positive_classes,
)
from sklearn_rlcorrect.rewards import REWARDS, class_weights, positive_labels
from sklearn_rlcorrect.threshold import lowest_cost_threshold

# Of an update: a tenth of what a fit takes by default, from the last policies, with a lower
# step size and larger batches.
_TIMESTEPS = 5_120
_LEARNING_RATE_FACTOR = 0.3
_BATCH_SIZE = 512


def begin_memory(model, problem, policies, seed):
    """Remember the rows of a fit, if the corrector is to be updated later.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Being fitted; gets `memory_` and `update_history_`.

    problem : CorrectionProblem
        All rows, duplicates included, without a posterior.

    policies : list of list of ndarray
        Last policies of the training, which updates start from.

    seed : int
        Seed of the updates.
    """
    # Rows of a fit are not in an order of time, for all that is known.
    gain = np.full(len(problem), np.nan)
    rows = _memory_rows(
        problem.observations, problem.proba, problem.y, problem.sample_weight, gain
    )
    rng = np.random.default_rng(seed)
    model.memory_ = remember({}, rows, model.memory_size, 0.0, rng)
    model.memory_ |= {"policies": policies, "seed": seed}
    model.update_history_ = {}


def update_corrector(model, X, y, sample_weight, propensity, predict_params):
    """Update a fitted corrector.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted, with a memory.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that were looked at.

    y : array-like of shape (n_samples,)
        Their labels.

    sample_weight, propensity : array-like of shape (n_samples,) or None
        How much each row counts, and how probable it was that it was looked at.

    predict_params : dict
        Metadata for the classifier's `predict_proba`.
    """
    X, y, weight = _checked_rows(model, X, y, sample_weight, propensity)
    fp_costs, positives = costs_of(model)
    observed = observe_rows(model, X, predict_params)
    new, costs = _new_rows(model, X, y, weight, fp_costs, observed)
    n_updates = len(model.update_history_.get("n_rows", ()))
    rng = np.random.default_rng([model.memory_["seed"], n_updates])
    memory = remember(
        arrays_of(model.memory_), new, model.memory_size, model.recent_fraction, rng
    )
    rows = ("observations", "proba", "y", "weight")
    problem = _problem(model, *(memory[name] for name in rows), fp_costs).merged()
    seed, last = int(rng.integers(2**31)), model.memory_["policies"]
    splits = held_out_splits(
        problem, model.n_policies, model.validation_fraction, seed, lasting=True
    )
    policies = train_further(model, problem, splits, last, fp_costs, positives, seed)
    model.memory_ = model.memory_ | memory | {"policies": policies}
    note_update(model, memory, new, weight, *costs)


def _checked_rows(model, X, y, sample_weight, propensity):
    """Check everything that can be checked before any training."""
    if not hasattr(model, "memory_"):
        raise ValueError(
            "this corrector has no memory, without which it would unlearn what it knows: "
            "set memory_size before fit, and save it with its memory."
        )
    check_parameters(model)
    y = column_or_1d(y, warn=True)
    validate_data(model, X, skip_check_array=True, reset=False)
    (X,) = indexable(X)
    check_consistent_length(X, y)
    check_known_labels(y, model.classes_)
    weight = check_sample_weight(sample_weight, y, n_classes=1)
    return X, label_indices(y, model.classes_), weight / check_propensity(propensity, y)


def costs_of(model):
    """Return the cost of a false positive per class, and the positive classes.

    Parameters
    ----------
    model : RLCalibratedClassifier
        With its classes.

    Returns
    -------
    fp_costs : ndarray of shape (n_classes,)
        Costs.

    positives : ndarray of int
        Indices of classes.
    """
    fp_costs = false_positive_costs(model.fp_weight, model.classes_, model.pos_label)
    labels = positive_labels(model.fp_weight, model.pos_label)
    return fp_costs, positive_classes(model.classes_, labels)


def reward_of(model):
    """Return the reward of a corrector as a function that was tried.

    Parameters
    ----------
    model : RLCalibratedClassifier
        With its classes.

    Returns
    -------
    reward : callable
        See :mod:`sklearn_rlcorrect.rewards`.
    """
    reward = model.reward if callable(model.reward) else REWARDS[model.reward]
    return check_reward(reward, len(model.classes_))


def _new_rows(model, X, y, weight, fp_costs, observed):
    """Rows for the memory, scored by the policy that has not seen them yet."""
    proba, observations = observed
    decided = proba.argmax(axis=1), corrected_decisions(model, X, proba)
    costs = [np.where(classes != y, fp_costs[classes], 0.0) for classes in decided]
    order, gain = model.class_order_, costs[0] - costs[1]
    y = np.argsort(order)[y]
    return _memory_rows(observations, proba[:, order], y, weight, gain), costs


def corrected_decisions(model, X, proba):
    """Decide by the correction itself, also while the classifier decides alone.

    The correction may be good again.

    Parameters
    ----------
    model : RLCalibratedClassifier
        With policies.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the wrapped classifier.

    Returns
    -------
    predicted : ndarray of int of shape (n_samples,)
        Indices of classes.
    """
    rule = correction_rule(model)
    bound = rule["shrinkage"] * model.max_adjustment_
    corrected = correct(model, X, proba, model.priority, bound)
    return decide(corrected, rule["threshold"], rule["positive"])


def observe_rows(model, X, predict_params):
    """Compute probabilities of the wrapped classifier, and observations without posterior.

    Parameters
    ----------
    model : RLCalibratedClassifier
        With a classifier, features and a scale.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    predict_params : dict
        Metadata for the classifier's `predict_proba`.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Columns as in `classes_`.

    observations : ndarray of shape (n_samples, n_observed)
        Classes in the order of the agent.
    """
    proba = predict_classes_proba(
        model.estimator_, X, model.classes_, model.score_scale_, predict_params
    )
    return proba, observe_without_posterior(model, X, proba)


def _problem(model, observations, proba, y, weight, fp_costs):
    order = model.class_order_
    return CorrectionProblem(
        observations=observations,
        proba=proba,
        y=y,
        reward=reward_of(model),
        class_weights=class_weights(fp_costs[order]),
        max_adjustment=model.max_adjustment_,
        sample_weight=weight,
        class_order=order,
    )


def _memory_rows(observations, proba, y, weight, gain):
    return {
        "observations": observations,
        "proba": proba,
        "y": y,
        "weight": weight,
        "gain": gain,
    }


def arrays_of(memory):
    """Return what a memory holds of its rows, without policies and seed.

    Parameters
    ----------
    memory : dict
        `memory_` or `reward_memory_`.

    Returns
    -------
    arrays : dict of str to ndarray
        An entry per row.
    """
    return {name: value for name, value in memory.items() if isinstance(value, np.ndarray)}


def train_further(model, problem, splits, last, fp_costs, positives, seed):
    """Train policies from where they are, and select the best of each priority.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Gets the posterior, the policies and what they were selected by.

    problem : CorrectionProblem
        All that is remembered.

    splits : list of tuple of ndarray of int
        Per policy its training rows, and the rows that were always held out of it.

    last : list of list of ndarray or None
        Policies to start from. None trains new ones, at the length of a fit; so do
        policies that looked at other columns, before there was a posterior, and another
        `n_policies` or `net_arch`.

    fp_costs : ndarray of shape (n_classes,)
        Cost of a false positive per class.

    positives : ndarray of int
        Positive classes.

    seed : int
        Seed of all of it.

    Returns
    -------
    policies : list of list of ndarray
        At the end of the training.
    """
    # Here, because predicting must not need torch.
    from sklearn_rlcorrect.agent.td3 import train_policies

    model.base_threshold_ = base_threshold(problem, fp_costs, positives)
    problem, log_odds, posterior = fit_posteriors(problem, seed)
    is_warm = last is not None and _can_go_on(model, last, problem.observations.shape[1])
    checkpoints = train_policies(
        problem,
        log_odds,
        splits,
        seed=seed,
        net_arch=model.net_arch,
        total_timesteps=_TIMESTEPS if is_warm else model.total_timesteps,
        learning_rate=model.learning_rate * (_LEARNING_RATE_FACTOR if is_warm else 1),
        batch_size=_BATCH_SIZE if is_warm else model.batch_size,
        initial=last if is_warm else None,
    )
    policies = checkpoints[-1][1]
    if is_warm:
        nothing = [[np.zeros_like(array) for array in policy] for policy in policies]
        # What was learnt before is a candidate, too; a timestep has one entry.
        before = (1, *checkpoints[0][1:])
        checkpoints = [(0, nothing, 0.0), before, checkpoints[-1]]
    model.history_, model.front_, model.selected_, model.policies_ = select_policies(
        problem, splits, checkpoints, fp_costs, positives
    )
    model.posterior_ = posterior
    return policies


def _can_go_on(model, last, n_observed):
    """Whether policies look at the same columns, and are those that the model asks for."""
    widths = [len(intercepts) for intercepts in last[0][1:-2:2]]
    return (
        len(last[0][0]) == n_observed
        and len(last) == model.n_policies
        and widths == list(model.net_arch)
    )


def base_threshold(problem, fp_costs, positives):
    """Choose the threshold that would serve the classifier best without any correction.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    fp_costs : ndarray of shape (n_classes,)
        Cost of a false positive per class.

    positives : ndarray of int
        Positive classes.

    Returns
    -------
    threshold : float or None
        See :func:`~sklearn_rlcorrect.threshold.lowest_cost_threshold`.
    """
    order = problem.class_order
    return lowest_cost_threshold(
        problem.proba,
        problem.y,
        fp_costs[order],
        np.flatnonzero(np.isin(order, positives)),
        problem.sample_weight,
    )


def note_update(model, memory, new, weight, base_cost, corrected_cost, *, by_rewards=False):
    """Add an entry to `update_history_`, and decide who decides.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Updated.

    memory, new : dict of str to ndarray
        All remembered rows and the new ones, with what the correction saved on each.

    weight, base_cost, corrected_cost : ndarray of shape (n_samples,)
        Weights of the new rows, and the costs of both decisions.

    by_rewards : bool, default=False
        Whether the rows came with rewards, not with labels.
    """
    n_recent = round(model.recent_fraction * model.memory_size)
    # All new rows at least, however few of them are remembered.
    judged = new if n_recent < len(weight) else {k: memory[k][-n_recent:] for k in new}
    entry = {
        "n_rows": len(weight),
        "base_cost": float(np.average(base_cost, weights=weight)),
        "corrected_cost": float(np.average(corrected_cost, weights=weight)),
        **prequential_gain(judged["gain"], judged["weight"]),
        "by_rewards": by_rewards,
    }
    history = model.update_history_
    if entry["base_decides"] and not history.get("base_decides", [False])[-1]:
        warnings.warn(
            f"The correction did worse than the classifier on new rows, by "
            f"{-entry['gain']:.3g} per row (standard error {entry['gain_error']:.2g}): the "
            "classifier decides until that changes.",
            stacklevel=4,  # the caller of partial_fit or learn
        )
    model.update_history_ = {
        name: np.array([*history.get(name, []), value]) for name, value in entry.items()
    }
    # Limits were proven of another correction.
    model.guard_report_ = {
        priority: report | {"proven": False, "stale": True}
        for priority, report in model.guard_report_.items()
    }

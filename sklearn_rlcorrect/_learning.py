"""The stages of ``learn``: rewards of decisions in, no labels.

Critics estimate the reward of either decision, out of fold; where flagging is worth more,
a row counts as positive, with the weight of the difference. The optimum of that problem is
the policy of the highest estimated reward, and 0.5 is its threshold. What was learnt is
judged by the rewards of rows that neither critics nor policies were fitted on.
"""

from dataclasses import replace

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils import (
    check_consistent_length,
    column_or_1d,
    indexable,
)
from sklearn.utils.validation import validate_data

from sklearn_rlcorrect._crossfit import cross_fit
from sklearn_rlcorrect._routing import RoutedRows
from sklearn_rlcorrect._updating import (
    arrays_of,
    corrected_decisions,
    costs_of,
    note_update,
    observe_rows,
    train_further,
)
from sklearn_rlcorrect._validation import (
    check_base,
    check_decision_propensity,
    check_decisions,
    check_parameters,
    check_rewards,
    check_rows_of_either_decision,
    classes_of,
    own_random_state,
)
from sklearn_rlcorrect.agent.memory import remember
from sklearn_rlcorrect.agent.observation import (
    dense_features,
    fit_scaler,
    with_posterior,
)
from sklearn_rlcorrect.agent.policy import bound_of_steps, policy_actions
from sklearn_rlcorrect.agent.posterior import posterior_log_odds
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.agent.training import fit_features, held_out_splits
from sklearn_rlcorrect.agent.values import cross_fit_values, doubly_robust_value
from sklearn_rlcorrect.rewards import REWARDS


def learn_from_rewards(model, X, flagged, reward, propensity, predict_params):
    """Update a corrector by rewards of decisions.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted, or with a frozen classifier.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that were decided about.

    flagged : array-like of bool of shape (n_samples,)
        Decisions that were taken.

    reward : array-like of shape (n_samples,)
        What they brought.

    propensity : array-like of shape (n_samples,) or None
        Probability of the decision that was taken.

    predict_params : dict
        Metadata for the classifier's `predict_proba`.
    """
    flagged = check_decisions(column_or_1d(flagged))
    reward = check_rewards(column_or_1d(reward))
    check_consistent_length(X, flagged, reward)
    # NaN is not known.
    is_known = propensity is not None
    propensity = check_decision_propensity(propensity, flagged)
    propensity = propensity if is_known else np.full(len(flagged), np.nan)
    check_parameters(model)
    if not hasattr(model, "classes_"):
        _begin(model, X, predict_params)
    if not hasattr(model, "update_history_"):
        model.update_history_ = {}
    _check_memory(model)
    positive = _positive_class(model)
    validate_data(model, X, skip_check_array=True, reset=False)
    (X,) = indexable(X)
    memory_before = getattr(model, "reward_memory_", {"seed": _seed(model)})
    n_updates = len(model.update_history_.get("n_rows", ()))
    rng = np.random.default_rng([memory_before["seed"], n_updates])
    observed = observe_rows(model, X, predict_params)
    log = flagged, reward, propensity
    new, costs = _new_rows(model, X, *log, positive, observed)
    memory = remember(
        arrays_of(memory_before), new, model.memory_size, model.recent_fraction, rng
    )
    seed, last = int(rng.integers(2**31)), memory_before.get("policies")
    policies = _train(model, memory, positive, last, seed)
    model.reward_memory_ = memory_before | memory | {"policies": policies}
    note_update(model, memory, new, np.ones(len(flagged)), *costs, by_rewards=True)


def _begin(model, X, predict_params):
    """Prepare a corrector that has seen no label, by a frozen classifier."""
    check_parameters(model)
    if not isinstance(model.estimator, FrozenEstimator):
        raise ValueError(
            "learn has no labels to fit a classifier to: give a FrozenEstimator, or call "
            "fit first."
        )
    estimator = check_base(model.estimator)
    seed = _seed(model)
    model.classes_ = classes_of(estimator, [])
    model.max_adjustment_, model.guard_report_ = model.max_adjustment, {}
    validate_data(model, X, skip_check_array=True)
    (X,) = indexable(X)
    weight = np.ones(X.shape[0] if hasattr(X, "shape") else len(X))
    rows = RoutedRows(X, weight, weight, {}, predict_params, {}, is_weighted=False)
    base = cross_fit(estimator, rows, model.classes_)
    model.estimator_, model.score_scale_ = base.estimator, base.score_scale
    model.class_order_ = np.argsort(-base.proba.mean(axis=0), kind="stable")
    transformer = fit_features(model.features, X, weight, seed)
    model.feature_transformer_ = transformer
    model.observation_scaler_ = fit_scaler(base.proba, dense_features(transformer, X))


def _seed(model):
    return int(own_random_state(model.random_state).randint(2**31 - 1))


def _positive_class(model):
    _, positives = costs_of(model)
    if len(model.classes_) != 2:
        raise ValueError(
            f"learn takes decisions to flag a row or not, for two classes: there are "
            f"{len(model.classes_)}."
        )
    if len(positives) != 1:
        raise ValueError(
            "learn takes decisions to flag a row as positive, and both classes are: set "
            "pos_label, or name one class in fp_weight."
        )
    return int(positives[0])


def _check_memory(model):
    by_rewards = model.update_history_.get("by_rewards", [])
    if np.any(by_rewards) and not hasattr(model, "reward_memory_"):
        raise ValueError(
            "this corrector has learnt from rewards and has no memory of them, without "
            "which it would unlearn what it knows: save it with its memory."
        )


def _new_rows(model, X, flagged, reward, propensity, positive, observed):
    """Rows for the memory, and what either policy cost on them by importance weights."""
    proba, observations = observed
    first = proba.argmax(axis=1)
    last = corrected_decisions(model, X, proba) if hasattr(model, "policies_") else first
    costs = [
        # Unknown propensities make NaN of all: what was not taken has no reward.
        np.where((decided == positive) == flagged, -reward, 0.0) / propensity
        for decided in (first, last)
    ]
    return {
        "observations": observations,
        "proba": proba[:, model.class_order_],
        "flagged": flagged,
        "reward": reward,
        "propensity": propensity,
        "weight": np.ones(len(flagged)),
        "gain": costs[0] - costs[1],
    }, costs


def _train(model, memory, positive, last, seed):
    """Train and select by what critics say, and judge by the rewards of rows held out.

    Nothing is fitted to the rewards of held-out rows, neither critics nor policies.
    """
    problem = _problem(model, memory)
    held_out = _held_out(model, memory, problem, seed)
    columns = memory["observations"][:, len(model.classes_) :]
    log = memory["flagged"], memory["reward"]
    values = cross_fit_values(columns, *log, seed, held_out)
    scores = _scores_of_decisions(values, memory)
    better = _better_decision(model, values, positive)
    problem = replace(problem, y=better[0], sample_weight=better[1])
    splits = [(np.flatnonzero(~held_out), np.flatnonzero(held_out))] * model.n_policies
    costs_alike, positives = np.ones(len(model.classes_)), np.array([positive])
    policies = train_further(model, problem, splits, last, costs_alike, positives, seed)
    _drop_losses(model, problem, scores, held_out, positive)
    return policies


def _problem(model, memory):
    """Make a problem of all remembered rows, whose better decisions are not known yet."""
    check_rows_of_either_decision(memory["flagged"])
    n_rows, n_classes = memory["proba"].shape
    return CorrectionProblem(
        observations=memory["observations"],
        proba=memory["proba"],
        y=np.zeros(n_rows, dtype=int),
        reward=REWARDS["brier"],
        class_weights=np.ones(n_classes),
        max_adjustment=model.max_adjustment_,
        sample_weight=np.ones(n_rows),
        class_order=model.class_order_,
    )


def _held_out(model, memory, problem, seed):
    """Rows that are held out, the same in all updates where there are enough rows."""
    split = held_out_splits(problem, 1, model.validation_fraction, seed, lasting=True)
    held_out = np.isin(np.arange(len(problem)), split[0][1])
    check_rows_of_either_decision(memory["flagged"][~held_out])
    return held_out


def _scores_of_decisions(values, memory):
    """Doubly robust scores of both decisions; values where propensities are unknown."""
    log = (memory["flagged"], memory["reward"], memory["propensity"])
    scores = [
        doubly_robust_value(values, *log, np.full(len(values), decision))
        for decision in (False, True)
    ]
    return np.where(np.isfinite(scores), scores, values.T).T


def _better_decision(model, values, positive):
    """Class of the better decision of each row, and how much better it is."""
    advantage = values[:, 1] - values[:, 0]
    if not advantage.any():
        raise ValueError(
            "reward is the same whatever the decision: there is nothing to learn."
        )
    classes = np.where(advantage > 0, positive, 1 - positive)
    weight = np.abs(advantage)
    return np.argsort(model.class_order_)[classes], weight / weight.mean()


def _drop_losses(model, problem, scores, held_out, positive):
    """Leave a priority to the classifier where it loses by more than a standard error.

    Asking for a gain would mostly leave the classifier: weighted rewards vary much.
    """
    part = problem.take(np.flatnonzero(held_out))
    posterior = model.posterior_
    log_odds = posterior and posterior_log_odds(posterior, part.observations)
    observations = with_posterior(part.observations, log_odds)
    rows, scores = np.arange(len(part)), scores[held_out]
    positive = np.argsort(model.class_order_)[positive]
    before = part.decisions(part.proba) == positive
    for priority, policies in model.policies_.items():
        actions = policy_actions(policies, observations, part.proba, bound_of_steps(model))
        after = part.decisions(part.adjusted(actions)) == positive
        gain = scores[rows, after.astype(int)] - scores[rows, before.astype(int)]
        if gain.mean() < -gain.std() / np.sqrt(len(gain)):
            model.selected_[priority] = 0
            model.policies_[priority] = [
                [np.zeros_like(array) for array in policy] for policy in policies
            ]

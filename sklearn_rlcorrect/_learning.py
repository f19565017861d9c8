"""The stages of ``learn``: rewards of decisions in, no labels.

Critics estimate the reward of either decision, out of fold; where flagging is worth more,
a row counts as positive, with the weight of the difference. The optimum of that problem is
the policy of the highest estimated reward, and 0.5 is its threshold.
"""

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
    costs_of,
    note_update,
    observe_rows,
    train_further,
)
from sklearn_rlcorrect._validation import (
    check_base,
    check_decisions,
    check_parameters,
    check_propensity,
    check_rewards,
    check_rows_of_either_decision,
    classes_of,
    own_random_state,
)
from sklearn_rlcorrect.agent.memory import remember
from sklearn_rlcorrect.agent.observation import dense_features, fit_scaler
from sklearn_rlcorrect.agent.prediction import correct
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.agent.training import fit_features
from sklearn_rlcorrect.agent.values import cross_fit_values
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
    known_propensity = propensity is not None
    propensity = check_propensity(propensity, flagged)
    if not hasattr(model, "classes_"):
        _begin(model, X, predict_params)
    if not hasattr(model, "update_history_"):
        model.update_history_ = {}
    positive = _positive_class(model)
    validate_data(model, X, skip_check_array=True, reset=False)
    (X,) = indexable(X)
    memory_before = getattr(model, "reward_memory_", {"seed": _seed(model)})
    n_updates = len(model.update_history_.get("n_rows", ()))
    rng = np.random.default_rng([memory_before["seed"], n_updates])
    observed = observe_rows(model, X, predict_params)
    new, costs = _new_rows(model, X, flagged, reward, propensity, positive, observed)
    if not known_propensity:
        new["gain"] = np.full(len(flagged), np.nan)
    memory = remember(
        arrays_of(memory_before), new, model.memory_size, model.recent_fraction, rng
    )
    seed, last = int(rng.integers(2**31)), memory_before.get("policies")
    problem = _problem(model, memory, positive, seed)
    costs_alike = np.ones(len(model.classes_))
    policies = train_further(model, problem, last, costs_alike, np.array([positive]), seed)
    model.reward_memory_ = memory_before | memory | {"policies": policies}
    note_update(model, memory, np.ones(len(flagged)), *costs)


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
    return int(positives[0])


def _new_rows(model, X, flagged, reward, propensity, positive, observed):
    """Rows for the memory, and what either policy cost on them by importance weights."""
    proba, observations = observed
    corrected = proba
    if hasattr(model, "policies_"):
        corrected = correct(model, X, proba, model.priority, model.max_adjustment_)
    costs = [
        np.where((decided.argmax(axis=1) == positive) == flagged, -reward / propensity, 0.0)
        for decided in (proba, corrected)
    ]
    return {
        "observations": observations,
        "proba": proba[:, model.class_order_],
        "flagged": flagged,
        "reward": reward,
        "weight": np.ones(len(flagged)),
        "gain": costs[0] - costs[1],
    }, costs


def _problem(model, memory, positive, seed):
    """Make a problem whose labels are the better decisions, by critics of the rewards."""
    check_rows_of_either_decision(memory["flagged"])
    n_classes = len(model.classes_)
    columns = memory["observations"][:, n_classes:]
    values = cross_fit_values(columns, memory["flagged"], memory["reward"], seed)
    advantage = values[:, 1] - values[:, 0]
    if not advantage.any():
        raise ValueError(
            "reward is the same whatever the decision: there is nothing to learn."
        )
    order = model.class_order_
    return CorrectionProblem(
        observations=memory["observations"],
        proba=memory["proba"],
        y=np.argsort(order)[np.where(advantage > 0, positive, 1 - positive)],
        reward=REWARDS["brier"],
        class_weights=np.ones(n_classes),
        max_adjustment=model.max_adjustment_,
        sample_weight=np.abs(advantage),
        class_order=order,
    )

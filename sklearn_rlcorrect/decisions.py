"""Decisions about rows at the costs that they have, with a budget and with exploration."""

import warnings
from numbers import Real
from typing import NamedTuple

import numpy as np
from scipy.stats import norm
from sklearn.utils import check_scalar, column_or_1d

from sklearn_rlcorrect._updating import costs_of
from sklearn_rlcorrect._validation import (
    check_decision_propensity,
    check_decisions,
    check_parameters,
    check_rewards,
    check_rows_of_either_decision,
    own_random_state,
)
from sklearn_rlcorrect.agent.prediction import observe_without_posterior
from sklearn_rlcorrect.agent.values import cross_fit_values, doubly_robust_value
from sklearn_rlcorrect.guard import decision_rule, decisions
from sklearn_rlcorrect.rewards import class_weights


class Decisions(NamedTuple):
    """Which rows are flagged and which are looked at, from :func:`decide`.

    Parameters
    ----------
    flagged : ndarray of bool of shape (n_samples,)
        Rows that are decided to be positive.

    inspected : ndarray of bool of shape (n_samples,)
        Rows to look at: the flagged ones, and those that are explored.

    propensity : ndarray of shape (n_samples,)
        Probability with which each row is looked at, for `partial_fit`: 1 for flagged
        rows. 0 for rows that cannot be looked at. Where looking at a row is the decision,
        as for `learn`, it is `decision_propensity` that is needed.

    gain : ndarray of shape (n_samples,)
        What flagging a row is expected to save, over not flagging it.

    exploration_cost : float
        What looking at the explored rows is expected to cost: the sum of the gains that
        flagging them would have lost.
    """

    flagged: np.ndarray
    inspected: np.ndarray
    propensity: np.ndarray
    gain: np.ndarray
    exploration_cost: float

    @property
    def decision_propensity(self):
        """Probability of what was done with each row: looking at it, or not.

        It is what `learn` and :func:`off_policy_value` need as `propensity`, with
        `inspected` as `decision`.

        Returns
        -------
        decision_propensity : ndarray of shape (n_samples,)
            `propensity` of the rows that are looked at, and one less that of the others.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_rlcorrect.decisions import Decisions
        >>> inspected, propensity = np.array([True, True, False]), np.array([1, 0.1, 0.1])
        >>> gain = np.array([2.0, -1.0, -3.0])
        >>> Decisions(gain > 0, inspected, propensity, gain, 1.0).decision_propensity
        array([1. , 0.1, 0.9])
        """
        return np.where(self.inspected, self.propensity, 1 - self.propensity)


def class_posterior(model, proba):
    """Undo the shift by costs that a corrector was trained with.

    The optimum of a reward that is a proper scoring rule is the posterior of the classes,
    times the weights of their rewards, normalized (see
    :func:`~sklearn_rlcorrect.rewards.class_weights`).

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    proba : ndarray of shape (n_samples, n_classes)
        Corrected probabilities.

    Returns
    -------
    posterior : ndarray of shape (n_samples, n_classes)
        Probabilities of the classes; with ``fp_weight=1``, `proba` itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.decisions import class_posterior
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> model = RLCalibratedClassifier(fp_weight=3, total_timesteps=20)
    >>> model = model.fit(X, X[:, 0] > 0)
    >>> class_posterior(model, np.array([[0.5, 0.5]]))
    array([[0.25, 0.75]])
    """
    costs, _ = costs_of(model)
    posterior = proba / class_weights(costs)
    return posterior / posterior.sum(axis=1, keepdims=True)


def minimum_cost_classes(posterior, cost_matrix):
    """Return the class with the lowest expected cost for each row.

    Parameters
    ----------
    posterior : ndarray of shape (n_samples, n_classes)
        Probabilities of the classes, such as the corrected ones of a corrector with
        ``fp_weight=1``, or those of :func:`class_posterior`.

    cost_matrix : array-like of shape (n_classes, n_classes) or \
(n_samples, n_classes, n_classes)
        Cost of predicting the class of the column where that of the row is true, the same
        for all samples or one matrix for each.

    Returns
    -------
    predicted : ndarray of int of shape (n_samples,)
        Indices of classes.

    Raises
    ------
    ValueError
        If `cost_matrix` has another shape, or entries that are not finite.

    References
    ----------
    .. [1] C. Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.decisions import minimum_cost_classes
    >>> minimum_cost_classes(np.array([[0.3, 0.7]]), [[0, 5], [1, 0]])
    array([0])
    """
    posterior, cost_matrix = np.asarray(posterior), np.asarray(cost_matrix, dtype=float)
    n_samples, n_classes = posterior.shape
    shapes = [(n_classes, n_classes), (n_samples, n_classes, n_classes)]
    if cost_matrix.shape not in shapes or not np.isfinite(cost_matrix).all():
        raise ValueError(
            f"cost_matrix of shape {cost_matrix.shape} must hold finite costs, of shape "
            f"{shapes[0]} or {shapes[1]}: a row for each true class, a column for each "
            "predicted one."
        )
    expected = posterior[:, np.newaxis, :] @ cost_matrix
    return expected[:, 0].argmin(axis=1)


def off_policy_value(
    model, X, decision, reward, propensity, *, confidence=0.95, **predict_params
):
    """Estimate what the corrector would bring, from rewards of other decisions.

    The estimate is doubly robust: critics that are fitted out of fold, and their errors on
    the decisions that were taken, by importance weights [1]_. It is for rows that nothing
    was fitted on, before a policy is switched on.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted, with two classes.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that were decided about.

    decision : array-like of bool of shape (n_samples,)
        Whether each row was flagged.

    reward : array-like of shape (n_samples,)
        What the decision brought.

    propensity : array-like of shape (n_samples,)
        Probability of the decision that was taken: after
        :meth:`~sklearn_rlcorrect.RLCalibratedClassifier.decide`, whose `inspected` is the
        decision, its `decision_propensity`.

    confidence : float, default=0.95
        Of the intervals, which are normal.

    **predict_params : dict
        Metadata for the classifier's `predict_proba`, by metadata routing.

    Returns
    -------
    values : dict of str to dict
        Of "logged", the decisions that were taken; "classifier"; "corrected"; and "gain",
        corrected less classifier: "value" per row, its standard "error", "lower" and
        "upper"; and "unsupported", the share of rows with another decision than the one
        that was certain to be taken, of which no reward tells. Of "gain" these are rows
        that classifier and corrector decide differently.

    Raises
    ------
    ValueError
        If the arguments are not usable, or hold fewer than 20 rows of either decision; or
        if `propensity` cannot be that of the decisions: over the rows with one of them,
        its inverses sum to more than the number of all rows [2]_, by five standard errors
        of rows that are drawn each by itself.

    References
    ----------
    .. [1] M. Dudík, J. Langford and L. Li, "Doubly Robust Policy Evaluation and
       Learning", ICML 2011.
    .. [2] A. Swaminathan and T. Joachims, "The Self-Normalized Estimator for
       Counterfactual Learning", NIPS 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.decisions import off_policy_value
    >>> rng = np.random.default_rng(0)
    >>> X, flagged = rng.normal(size=(300, 2)), rng.random(300) < 0.5
    >>> model = RLCalibratedClassifier(total_timesteps=20).fit(X, X[:, 0] > 0)
    >>> reward = np.where(flagged, np.sign(X[:, 0]), 0)
    >>> values = off_policy_value(model, X, flagged, reward, np.full(300, 0.5))
    >>> bool(values["classifier"]["lower"] > 0.3)
    True
    """
    flagged = check_decisions(column_or_1d(decision))
    reward = check_rewards(column_or_1d(reward))
    if propensity is None:
        raise ValueError(
            "propensity is needed: without the probabilities of the decisions that were "
            "taken, rewards say nothing of other decisions."
        )
    propensity = check_decision_propensity(propensity, flagged)
    check_scalar(
        confidence, "confidence", Real, min_val=0, max_val=1, include_boundaries="neither"
    )
    (positive,) = _positives(model)
    before, after = model.predict_before_after(X, **predict_params)
    observations = observe_without_posterior(model, X, before)
    check_rows_of_either_decision(flagged)
    values = cross_fit_values(observations[:, len(model.classes_) :], flagged, reward, 0)
    policies = {
        "classifier": before.argmax(axis=1) == positive,
        "corrected": decisions(model, after) == positive,
    }
    unsupported = _unsupported(policies, flagged, propensity)
    _warn_of_no_support(unsupported)
    scores = {"logged": reward} | {
        name: doubly_robust_value(values, flagged, reward, propensity, policy)
        for name, policy in policies.items()
    }
    scores["gain"] = scores["corrected"] - scores["classifier"]
    quantile = norm.ppf((1 + confidence) / 2)
    return {
        name: _mean_and_interval(score, quantile) | {"unsupported": unsupported[name]}
        for name, score in scores.items()
    }


def _unsupported(policies, flagged, propensity):
    """Shares of rows that get a decision that could not have been taken."""
    is_certain = propensity == 1
    never = {name: is_certain & (policy != flagged) for name, policy in policies.items()}
    # Where both policies decide alike, neither gains, whatever the decision brings.
    never["gain"] = is_certain & (policies["classifier"] != policies["corrected"])
    return {"logged": 0.0} | {name: float(rows.mean()) for name, rows in never.items()}


def _warn_of_no_support(unsupported):
    """Tell that a policy decides otherwise where the log never could."""
    shares = [(unsupported[name], name) for name in ("classifier", "corrected")]
    if max(shares)[0] > 0:
        listed = ", ".join(f"{share:.1%} ({name})" for share, name in shares)
        warnings.warn(
            f"of the rows, {listed} get another decision than the one that was certain to "
            "be taken: no reward tells what that brings, and the intervals do not hold it.",
            stacklevel=3,
        )


def _mean_and_interval(score, quantile):
    mean, error = float(score.mean()), float(score.std() / np.sqrt(len(score)))
    half = float(quantile * error)
    return {"value": mean, "error": error, "lower": mean - half, "upper": mean + half}


def decide(model, proba, fp_cost, fn_cost, budget, random_state):
    """Flag the rows for which that is expected to save, and choose rows to look at.

    See :meth:`~sklearn_rlcorrect.RLCalibratedClassifier.decide`.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    proba : ndarray of shape (n_samples, n_classes)
        Corrected probabilities.

    fp_cost, fn_cost : float, array-like of shape (n_samples,) or None
        Costs.

    budget : int or None
        Rows that may be looked at.

    random_state : int, RandomState instance or None
        Draws the explored rows.

    Returns
    -------
    decisions : Decisions
        One entry per row.
    """
    positives = _positives(model)
    check_parameters(model)
    is_default = fp_cost is None and fn_cost is None
    fp_cost = _check_cost("fp_cost", fp_cost, _default_fp_cost(model, positives), proba)
    fn_cost = _check_cost("fn_cost", fn_cost, 1.0, proba)
    _check_budget(budget)
    positive = _posterior(model, proba, is_default)[:, positives].sum(axis=1)
    gain = positive * fn_cost - (1 - positive) * fp_cost
    flagged = gain > 0
    if budget is not None:
        n_explored = round(model.exploration * budget)
        flagged &= _is_among_largest(gain, budget - n_explored)
        share = min(1.0, n_explored / max(1, np.sum(~flagged)))
    else:
        share = model.exploration
    rng = own_random_state(random_state)
    explored = _drawn(rng, np.flatnonzero(~flagged), share, is_exact=budget is not None)
    inspected = flagged.copy()
    inspected[explored] = True
    propensity = np.where(flagged, 1.0, share)
    # Not the sum with its sign turned, which would be -0.0 where nothing is explored.
    exploration_cost = float(0.0 - gain[explored].sum())
    return Decisions(flagged, inspected, propensity, gain, exploration_cost)


def _posterior(model, proba, is_default):
    """Probabilities of the classes, where costs are to be weighed against them."""
    rule = decision_rule(model)
    if is_default:
        # Whatever the values are, 0.5 is their threshold at the default costs.
        return class_posterior(model, proba)
    if getattr(model, "update_history_", {}).get("by_rewards", [False])[-1]:
        raise ValueError(
            "this corrector has learnt decisions from rewards, which costs were part of, "
            "and no probabilities: leave fp_cost and fn_cost out."
        )
    if rule["shrinkage"] == 0 or model.selected_[model.priority] == 0:
        # The classifier's own: nothing was shifted by costs.
        return proba
    if model.fp_weight != 1 and (model.priority != "weighted" or rule["shrinkage"] < 1):
        warnings.warn(
            "fp_cost and fn_cost are weighed against probabilities, and with "
            f"fp_weight={model.fp_weight} and priority={model.priority!r} the corrected "
            "values are scores that may be far from any: fit with fp_weight=1 for costs "
            "that differ.",
            stacklevel=4,  # the caller of decide
        )
    return class_posterior(model, proba)


def _positives(model):
    _, positives = costs_of(model)
    if len(positives) == len(model.classes_):
        raise ValueError(
            f"decide flags rows as positive, and all of {len(model.classes_)} classes are: "
            "set pos_label, or use minimum_cost_classes with a cost matrix."
        )
    return positives


def _default_fp_cost(model, positives):
    costs, _ = costs_of(model)
    return float(costs[positives].max())


def _check_cost(name, cost, default, proba):
    cost = np.asarray(default if cost is None else cost, dtype=np.float64)
    if cost.shape not in [(), (len(proba),)]:
        raise ValueError(
            f"{name} has shape {cost.shape}: it must be a number, or one for each of the "
            f"{len(proba)} rows."
        )
    if not (np.isfinite(cost).all() and (cost >= 0).all()):
        raise ValueError(f"{name} must hold finite costs of 0 or more.")
    return cost


def _check_budget(budget):
    if budget is not None and not (isinstance(budget, int | np.integer) and budget >= 0):
        raise ValueError(f"budget={budget!r} must be a number of rows, 0 or more.")


def _is_among_largest(values, n):
    is_among = np.zeros(len(values), dtype=bool)
    # Of equal values the first, whatever else is in the call.
    is_among[np.argsort(-values, kind="stable")[:n]] = True
    return is_among


def _drawn(rng, rows, share, *, is_exact):
    """Rows that are drawn: a fixed number of them, or each by itself."""
    if is_exact:
        return rng.choice(rows, round(share * len(rows)), replace=False)
    return rows[rng.uniform(size=len(rows)) < share]

"""The stages of ``fit``, in the order in which a row passes them.

Checks, calibration set of the guard, features, out-of-fold probabilities, correction
problem, posterior, training, selection, proof. Fitted attributes are set on the way, for
callbacks may ask for predictions before the end.
"""

import contextlib
import itertools
import warnings
from inspect import signature

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.utils import check_random_state, indexable
from sklearn.utils.validation import validate_data

from sklearn_rlcorrect._callbacks import fit_task
from sklearn_rlcorrect._crossfit import cross_fit, predict_classes_proba
from sklearn_rlcorrect._reversed import reversed_auc
from sklearn_rlcorrect._routing import RoutedRows, groups_of_guard, route, row_groups
from sklearn_rlcorrect._updating import base_threshold, begin_memory, costs_of, reward_of
from sklearn_rlcorrect._validation import (
    check_base,
    check_kernel,
    check_parameters,
    check_rows_can_be_held_out,
    check_sample_weight,
    check_target,
    classes_of,
    has_idle_weight,
)
from sklearn_rlcorrect.agent.in_sample import mistakes_beside_others
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.agent.selection import select_policies
from sklearn_rlcorrect.agent.training import (
    fit_features,
    fit_observations,
    fit_posteriors,
    held_out_splits,
    order_classes,
)
from sklearn_rlcorrect.guard import Limits, warnings_of
from sklearn_rlcorrect.guard.proof import hold_out, prove
from sklearn_rlcorrect.metrics import label_indices
from sklearn_rlcorrect.precomputed import PrecomputedProbaClassifier
from sklearn_rlcorrect.rewards import (
    class_weights,
)

# What cannot be fitted out of fold, and what to give instead.
_OWN_ROWS = (
    "{who} nearly perfect on these rows ({mistakes} of {n_rows} wrong, where the best of "
    "three simple models has {others} wrong out of fold): was it fitted on them? New rows "
    "get other probabilities than the correction is then learnt from. {remedy}"
)
_FROZEN = {
    "who": "The frozen classifier is",
    "remedy": "Fit the corrector on rows that are new to the classifier, or give the "
    "classifier itself, not frozen: it is then fitted out of fold.",
}
_PRECOMPUTED = {
    "who": "The model behind the precomputed probabilities is",
    "remedy": "Give rows that are new to the model, or its out-of-fold probabilities.",
}

_REVERSED = (
    "The AUC of the classifier on these rows is {auc:.3f}, below that of chance: are its "
    "probabilities those of the other class, or its columns in another order than the "
    "sorted labels?"
)

# Of weights whose sums can be trusted.
_LARGEST_EXPONENT = 400


def fit_corrector(model, estimator, X, y, sample_weight, metadata, classes=None, base=None):
    """Fit a corrector, see :meth:`~sklearn_rlcorrect.RLCalibratedClassifier.fit`.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Gets the fitted attributes.

    estimator : estimator instance
        Classifier to correct.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    y : array-like of shape (n_samples,)
        Labels.

    sample_weight : array-like of shape (n_samples,) or None
        How much each row counts.

    metadata : dict
        Everything else that `fit` was given.

    classes : array-like of shape (n_classes,), default=None
        All labels that there will be. None is those of `y`, or of a frozen estimator.

    base : CrossFit, default=None
        What another call returned that was given the same, but for another objective:
        the classifier is not fitted again. None fits it.

    Returns
    -------
    base : CrossFit
        The classifier with its out-of-fold probabilities.
    """
    rows = _checked_rows(model, estimator, X, y, sample_weight, metadata)
    model.classes_ = classes_of(estimator, rows.y, classes)
    model.max_adjustment_ = model.max_adjustment
    # Those of an earlier fit would be in use at checkpoints.
    model.guard_report_ = {}
    for name in ("memory_", "reward_memory_", "update_history_"):
        vars(model).pop(name, None)
    reward, fp_costs, positives = _objective(model)
    seeds, calibration = _seeds(model.random_state), None
    if Limits.of(model).given:
        check_rows_can_be_held_out(estimator)
        groups = groups_of_guard(rows)
        rows, calibration = hold_out(model, rows, groups, positives, next(seeds))
    task = _task(model, rows).begin()

    transformer = fit_features(model.features, rows.X, rows.weight, next(seeds))
    model.feature_transformer_ = transformer
    if base is None:
        base = cross_fit(
            estimator, rows, model.classes_, cv=model.cv, n_jobs=model.n_jobs, task=task
        )
    model.estimator_, model.score_scale_ = base.estimator, base.score_scale
    # Rows in no test fold, such as the first of a time series, train the classifier alone.
    rows = rows if len(base.rows) == len(rows) else rows.take(base.rows)
    all_rows = _correction_problem(model, rows, base.proba, reward, fp_costs)
    problem = all_rows.merged()
    _warn_of_given_probabilities(estimator, all_rows, problem)
    if model.memory_size is None:
        # They would take memory as long as the training lasts.
        del all_rows
    model.base_threshold_ = base_threshold(problem, fp_costs, positives)
    splits = held_out_splits(
        problem,
        model.n_policies,
        model.validation_fraction,
        next(seeds),
        lasting=model.memory_size is not None,
    )
    posterior_task = task.subtask("posterior").begin()
    problem, log_odds, model.posterior_ = fit_posteriors(problem, next(seeds))
    posterior_task.end()
    checkpoints = _train(model, problem, log_odds, splits, next(seeds), task)
    selection_task = task.subtask("select policies").begin()
    model.history_, model.front_, model.selected_, model.policies_ = select_policies(
        problem, splits, checkpoints, fp_costs, positives
    )
    selection_task.end()
    _warn_of_nothing_found(model)
    if calibration is not None:
        _prove_limits(model, calibration, problem, splits, int(positives[0]))
    if model.memory_size is not None:
        begin_memory(model, all_rows, checkpoints[-1][1], next(seeds))
    task.end(attributes={})
    return base


@contextlib.contextmanager
def restored_on_error(model):
    """Restore the fitted attributes of an estimator if the block raises.

    Parameters
    ----------
    model : estimator instance
        A fit that fails must not leave it half fitted, or a mixture of two fits.

    Yields
    ------
    None
        Nothing.
    """
    before = _fitted_attributes(model)
    try:
        yield
    except BaseException:
        for name in _fitted_attributes(model):
            delattr(model, name)
        vars(model).update(before)
        raise


def _fitted_attributes(model):
    return {
        name: value
        for name, value in vars(model).items()
        if name.endswith("_") and not name.startswith("_")
    }


def _checked_rows(model, estimator, X, y, sample_weight, metadata):
    """Check everything that can be checked before any training."""
    check_parameters(model)
    check_base(estimator)
    X, y = indexable(X, check_target(y))
    weight = check_sample_weight(sample_weight, y)
    given_weight = None if sample_weight is None else weight
    params = route(model, estimator, given_weight, metadata)
    validate_data(model, X, skip_check_array=True)
    X = check_kernel(estimator, X)
    if abs(np.frexp(weight.max())[1]) > _LARGEST_EXPONENT:
        # By a power of two, which is exact: only ratios matter, and sums must not overflow.
        weight = np.ldexp(weight, -np.frexp(weight.max())[1])
    rows = RoutedRows(X, y, weight, *params, is_weighted=sample_weight is not None)
    if row_groups(rows) is not None and model.memory_size is not None:
        raise ValueError(
            "memory_size and groups exclude each other: an update would train and judge "
            "policies by rows of the same group."
        )
    return rows


def _objective(model):
    """Reward of an adjustment, cost of a false positive per class, positive classes."""
    classes, fp_weight, pos_label = model.classes_, model.fp_weight, model.pos_label
    fp_costs, positives = costs_of(model)
    default = signature(type(model)).parameters["fp_weight"].default
    if has_idle_weight(fp_weight, default, classes, pos_label):
        warnings.warn(
            f"fp_weight={fp_weight:g} has no effect with {len(classes)} classes: each "
            "mistake is a false positive of one and a false negative of another. Set "
            "pos_label (--pos-label), or in Python a dict of costs per class.",
            stacklevel=6,  # the caller of fit
        )
    return reward_of(model), fp_costs, positives


def _prove_limits(model, calibration, problem, splits, positive):
    proba = predict_classes_proba(
        model.estimator_,
        calibration.X,
        model.classes_,
        model.score_scale_,
        calibration.predict_params,
    )
    model.guard_report_ = prove(model, calibration, proba, problem, splits, positive)
    for message in warnings_of(Limits.of(model), model.guard_report_):
        warnings.warn(message, stacklevel=6)  # the caller of fit


def _warn_of_given_probabilities(estimator, all_rows, problem):
    """Tell what is suspicious of probabilities that no fit here has made."""
    is_frozen = isinstance(estimator, FrozenEstimator)
    base = estimator.estimator if is_frozen else estimator
    is_given = isinstance(base, PrecomputedProbaClassifier)
    if not (is_frozen or is_given):
        # Out of fold, a classifier is worse than chance where there is nothing to learn.
        return
    has_two = all_rows.proba.shape[1] == 2
    auc = reversed_auc(all_rows.proba[:, 1], all_rows.y == 1) if has_two else None
    if auc is not None:
        # The caller of fit, here and below.
        warnings.warn(_REVERSED.format(auc=auc), stacklevel=5)
    counts = mistakes_beside_others(problem)
    if counts is not None:
        words = _PRECOMPUTED if is_given else _FROZEN
        warnings.warn(_OWN_ROWS.format(**words, **counts), stacklevel=5)


def _warn_of_nothing_found(model):
    """Tell that the correction does nothing, and what helps."""
    if model.selected_[model.priority] != 0:
        return
    others = [name for name, index in model.selected_.items() if index != 0]
    advice = f"priority={others[0]!r} has a correction. " if others else ""
    if model.base_threshold_ is not None and model.base_threshold_ != 0.5:
        advice += (
            "The classifier with the threshold base_threshold_ may be all that there is to "
            f"gain ({model.base_threshold_:.3g}). "
        )
    warnings.warn(
        "No policy beat the classifier on the validation rows: with "
        f"fp_weight={model.fp_weight!r} and priority={model.priority!r} its probabilities "
        f"stay as they are. {advice}More rows or another fp_weight may help.",
        stacklevel=5,  # the caller of fit
    )


def _task(model, rows):
    """Task of the whole fit, for callbacks."""
    metadata = {"sample_weight": rows.weight} if rows.is_weighted else {}
    return fit_task(model, 4, X=rows.X, y=rows.y, metadata=metadata)


def _correction_problem(model, rows, proba, reward, fp_costs):
    """Make the problem to train on: observations and rewards of all rows."""
    y = label_indices(rows.y, model.classes_)
    model.class_order_ = order = order_classes(proba, y, rows.weight)
    model.observation_scaler_, observations = fit_observations(
        model.feature_transformer_, rows.X, proba, rows.weight, order
    )
    return CorrectionProblem(
        observations=observations,
        proba=proba[:, order],
        y=np.argsort(order)[y],
        reward=reward,
        class_weights=class_weights(fp_costs[order]),
        max_adjustment=model.max_adjustment,
        sample_weight=rows.weight,
        class_order=order,
        row_groups=row_groups(rows),
    )


def _train(model, problem, log_odds, splits, seed, task):
    # Here, because predicting must not need torch.
    from sklearn_rlcorrect.agent.td3 import N_CHECKPOINTS, train_policies

    return train_policies(
        problem,
        log_odds,
        splits,
        seed=seed,
        total_timesteps=model.total_timesteps,
        net_arch=model.net_arch,
        learning_rate=model.learning_rate,
        batch_size=model.batch_size,
        progress_bar=model.verbose > 0,
        task=task.subtask("train policies", N_CHECKPOINTS),
    )


def _seeds(random_state):
    """Endless independent seeds, drawn without touching a global generator."""
    entropy = None
    if random_state is not None:
        entropy = check_random_state(random_state).randint(2**31 - 1)
    sequence = np.random.SeedSequence(entropy)
    return (int(sequence.spawn(1)[0].generate_state(1)[0]) for _ in itertools.count())

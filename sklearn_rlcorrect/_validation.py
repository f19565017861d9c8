"""Checks of what the user gave, made before any training starts.

Each message names the argument, what was given, and what to do about it.
"""

from numbers import Integral, Real

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import (
    check_array,
    check_consistent_length,
    check_random_state,
    check_scalar,
    column_or_1d,
    get_tags,
    indexable,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.agent.values import MIN_ROWS
from sklearn_rlcorrect.metrics import label_indices
from sklearn_rlcorrect.rewards import REWARDS

# Single-precision softmax outputs miss a sum of one by about 1e-6, half-precision ones by
# about 1e-3.
_TOLERANCE = 5e-3

# Beyond it every row is negative, and sums of rewards lose their precision.
_LARGEST_WEIGHT = 1e6

_OF_LOOKING = "the probability with which each row was looked at, as decide returns it"
_OF_DECISION = (
    "the probability of the decision that was taken, whether or not to flag the row, each "
    "row drawn by itself. Of what decide returns, inspected is the decision, and "
    "decision_propensity its probability"
)

# By which inverse propensities may be above their expectation.
_N_ERRORS = 5


def check_parameters(classifier):
    """Raise for a constructor argument that is out of its range."""
    check_choice("priority", classifier.priority, PRIORITIES)
    if not callable(classifier.reward):
        check_choice("reward", classifier.reward, REWARDS)
    for name in ["total_timesteps", "n_policies", "batch_size"]:
        check_scalar(getattr(classifier, name), name, Integral, min_val=1)
    if isinstance(classifier.net_arch, str) or not np.iterable(classifier.net_arch):
        raise TypeError(
            f"net_arch={classifier.net_arch!r} must be a sequence of layer widths, such "
            "as (32, 32)."
        )
    for width in classifier.net_arch:
        check_scalar(width, "net_arch", Integral, min_val=1)
    for name, largest, boundaries in [
        ("max_adjustment", 1, "right"),
        ("validation_fraction", 1, "neither"),
        ("learning_rate", 1, "right"),
    ]:
        _check_positive(name, getattr(classifier, name), largest, boundaries)
    _check_updates(classifier)
    _check_fp_weight(classifier.fp_weight)
    _check_features(classifier.features)
    _check_limits(classifier)
    try:
        check_random_state(classifier.random_state)
    except ValueError as error:
        raise ValueError(
            f"random_state={classifier.random_state!r} must be an integer, a "
            "numpy.random.RandomState or None."
        ) from error


def _check_updates(classifier):
    if classifier.memory_size is not None:
        check_scalar(classifier.memory_size, "memory_size", Integral, min_val=1)
    for name, boundaries in [("recent_fraction", "both"), ("exploration", "left")]:
        value = getattr(classifier, name)
        check_scalar(value, name, Real, min_val=0, max_val=1, include_boundaries=boundaries)
        if np.isnan(value):
            raise ValueError(f"{name}={value} must be a number from 0 to 1.")


def _check_fp_weight(fp_weight):
    if fp_weight == {}:
        raise ValueError("fp_weight={} names no class: give a number, or {label: cost}.")
    weights = fp_weight.values() if isinstance(fp_weight, dict) else [fp_weight]
    for weight in weights:
        if isinstance(weight, bool | str):
            raise TypeError(
                f"fp_weight={fp_weight!r} must be a number, or a dict of label to number."
            )
        _check_positive("fp_weight", weight, _LARGEST_WEIGHT, "right")


def _check_limits(classifier):
    names = ("max_accuracy_drop", "max_fpr", "min_recall", "confidence", "guard_fraction")
    for name in names:
        value = getattr(classifier, name)
        if value is None and name in names[:3]:
            continue
        boundaries = "left" if name == "max_accuracy_drop" else "neither"
        check_scalar(value, name, Real, min_val=0, max_val=1, include_boundaries=boundaries)
        if np.isnan(value):
            raise ValueError(f"{name}={value!r} must be a number between 0 and 1.")


def _check_features(features):
    if features is None or (isinstance(features, str) and features == "auto"):
        return
    if isinstance(features, type) or not hasattr(features, "transform"):
        raise ValueError(
            f"features={features!r} is unknown: use 'auto', None or a transformer."
        )


def own_random_state(random_state):
    """Return a RandomState; for None a new one, so that the global one is left alone."""
    if random_state is None:
        return np.random.RandomState()
    return check_random_state(random_state)


def check_choice(name, value, choices):
    """Raise a ValueError unless `value` is one of the names."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name}={value!r} is unknown: use one of {sorted(choices)}.")


def _check_positive(name, value, largest=None, boundaries="neither"):
    check_scalar(
        value, name, Real, min_val=0, max_val=largest, include_boundaries=boundaries
    )
    if not np.isfinite(value):
        raise ValueError(f"{name}={value!r} must be a finite number above 0.")


def has_idle_weight(fp_weight, default, classes, pos_label):
    """Return whether a given cost weighs all mistakes alike, so that it has no effect."""
    is_alike = len(classes) > 2 and pos_label is None and not isinstance(fp_weight, dict)
    return is_alike and fp_weight not in (1, default)


def check_target(y):
    """Return `y` as an array of labels with at least two classes."""
    if y is None:
        raise ValueError(
            "RLCalibratedClassifier requires y to be passed, but the target y is None."
        )
    y = column_or_1d(y, warn=True)
    y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
    check_classification_targets(y)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            f"y holds one class only ({classes.tolist()[0]!r}): a classifier needs rows "
            "of at least two classes."
        )
    return y


def check_sample_weight(sample_weight, y, n_classes=2):
    """Return one weight of at least zero per row, above zero in `n_classes` or more."""
    if sample_weight is None:
        return np.ones(len(y))
    sample_weight = np.asarray(sample_weight)
    if sample_weight.shape != y.shape:
        raise ValueError(
            f"sample_weight has shape {sample_weight.shape}: it must hold one weight "
            f"for each of the {len(y)} rows."
        )
    weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weight.min() < 0:
        raise ValueError(
            f"sample_weight holds {weight.min()}: weights must be zero or more."
        )
    if not weight.any():
        raise ValueError(
            "sample_weight is zero for all rows: at least one weight must be non-zero."
        )
    weighted = np.unique(y[weight > 0]).tolist()
    if len(weighted) < n_classes:
        raise ValueError(
            f"sample_weight is above zero for rows of one class only ({weighted[0]!r}): "
            "a classifier needs rows of at least two classes."
        )
    return weight


def combined_weight(y, sample_weight, propensity):
    """Return weights over propensities; None if neither is given."""
    if sample_weight is None and propensity is None:
        return None
    y = column_or_1d(y)
    return check_sample_weight(sample_weight, y, 1) / check_propensity(propensity, y)


def check_same_classes(classes, known):
    """Raise if `classes` are others than those of a fitted corrector."""
    if classes is not None and not np.array_equal(np.unique(classes), known):
        raise ValueError(
            f"classes={np.asarray(classes).tolist()} are not those that the corrector was "
            f"fitted with: {known.tolist()}."
        )


def check_first_classes(estimator, classes):
    """Raise if the first call of `partial_fit` does not name the classes."""
    is_frozen = isinstance(estimator, FrozenEstimator)
    if classes is None and not is_frozen:
        raise ValueError(
            "classes must be passed on the first call to partial_fit, unless estimator is "
            "a FrozenEstimator."
        )
    if classes is not None and is_frozen:
        check_same_classes(classes, np.unique(estimator.classes_))


def check_propensity(propensity, y, meaning=_OF_LOOKING):
    """Return one probability above 0 per row, such as that its label was asked for."""
    if propensity is None:
        return np.ones(len(y))
    propensity = np.asarray(propensity, dtype=np.float64)
    if propensity.shape != y.shape:
        raise ValueError(
            f"propensity has shape {propensity.shape}: it must hold one probability for "
            f"each of the {len(y)} rows."
        )
    if not np.all((propensity > 0) & (propensity <= 1)):
        raise ValueError(f"propensity must be above 0 and at most 1: {meaning}.")
    return propensity


def check_decision_propensity(propensity, flagged):
    """Return the probability of each decision that was taken, if it can be that.

    Over the rows with one of the two decisions, the inverses sum to the number of all rows
    in expectation, or to less where that decision had the probability 0 (Swaminathan and
    Joachims, "The Self-Normalized Estimator for Counterfactual Learning", NIPS 2015).
    """
    propensity = check_propensity(propensity, flagged, _OF_DECISION)
    for decision, name in ((True, "flagged"), (False, "not flagged")):
        p = propensity[flagged == decision]
        with np.errstate(over="ignore"):
            total, error = np.sum(1 / p), np.sqrt(np.sum((1 - p) / p**2))
        if total > len(flagged) + _N_ERRORS * error:
            raise ValueError(
                f"propensity of the rows that were {name} holds {p.min():.3g} to "
                f"{p.max():.3g}: its inverses sum to {total / len(flagged):.3g} per row of "
                "the log, and those of probabilities of the decisions that were taken sum "
                f"to 1 or less (here {1 + _N_ERRORS * error / len(flagged):.3g}, with "
                f"{_N_ERRORS} standard errors). It must be {_OF_DECISION}."
            )
    return propensity


def check_decisions(decision):
    """Return decisions as bools: whether each row was flagged."""
    if not np.isin(decision, [0, 1]).all():
        found = np.setdiff1d(decision, [0, 1])[:3].tolist()
        raise ValueError(
            f"decision holds {found}: it must be True (or 1) for rows that were flagged, "
            "and False (or 0) for others."
        )
    return np.asarray(decision).astype(bool)


def check_rows_of_either_decision(flagged):
    """Raise if there are too few rows of a decision to tell what it brings."""
    n_flagged = int(np.sum(flagged))
    n_others = len(flagged) - n_flagged
    if min(n_flagged, n_others) < MIN_ROWS:
        raise ValueError(
            f"decision holds {n_flagged} flagged rows and {n_others} others, remembered "
            f"ones included: critics need {MIN_ROWS} of either, so explore."
        )


def check_rewards(reward):
    """Return finite rewards in double precision."""
    return check_array(reward, ensure_2d=False, dtype=np.float64, input_name="reward")


def check_rows_for_folds(y):
    """Return how many rows the rarest class has, or raise if it is one."""
    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            f"the label {classes.tolist()[counts.argmin()]!r} has 1 row to train on, and "
            "at least 2 are needed: remove or relabel the rows of that label."
        )
    return int(counts.min())


def check_folds(splitter, y):
    """Return `splitter` if every class has as many members as there are folds."""
    if not isinstance(splitter, StratifiedKFold):
        return splitter
    classes, counts = np.unique(y, return_counts=True)
    fewest, rarest = counts.min(), classes.tolist()[counts.argmin()]
    if fewest < splitter.n_splits:
        remedy = f"use cv={fewest}" if fewest > 1 else "use more rows of that class"
        raise ValueError(
            f"cv asks for {splitter.n_splits} folds but class {rarest!r} has fewer "
            f"members than that ({fewest}): {remedy}, or a FrozenEstimator."
        )
    return splitter


def check_splits(splits, y, sample_weight):
    """Return the splits as arrays, if classifiers fitted on them can be learnt from.

    Parameters
    ----------
    splits : list of tuple of (array-like, array-like)
        Training and test rows of each fold. A row may be in no test fold, as the first
        of a time series, or in several, as in repeated folds.

    y : ndarray of shape (n_samples,)
        Labels.

    sample_weight : ndarray of shape (n_samples,)
        How much each row counts.

    Returns
    -------
    splits : list of tuple of (ndarray of int, ndarray of int)
        Row numbers.

    Raises
    ------
    ValueError
        If there is no fold, or an empty one; if a row is in the training and the test part
        of one, or a training part lacks a class; or if what is tested has one class only.
    """
    everything = np.arange(len(y))
    try:
        splits = [(everything[train], everything[test]) for train, test in splits]
    except (IndexError, TypeError, ValueError) as error:
        raise ValueError(
            f"cv must hold pairs of row numbers, of training and test rows: {error}"
        ) from error
    if not splits:
        raise ValueError("cv has no folds: is it a generator that was used up? Use a list.")
    for k, (train, test) in enumerate(splits):
        _check_split(k, train, test, y)
    tested = np.concatenate([test for _, test in splits])
    labels = np.unique(y[tested[sample_weight[tested] > 0]])
    if len(labels) < 2:
        found = f"of class {labels[0]} only" if len(labels) else "of weight 0 only"
        raise ValueError(
            f"cv tests rows {found}: use folds that test rows of at least two classes, "
            "with a weight above 0."
        )
    return splits


def _check_split(k, train, test, y):
    if not (train.size and test.size):
        raise ValueError(f"cv has no row in the training or the test part of split {k}.")
    if np.intersect1d(train, test).size:
        raise ValueError(
            f"cv has rows in the training and the test part of split {k}: probabilities "
            "of rows that the classifier was fitted on teach the policy nothing."
        )
    # No split can keep a class of one row in both parts.
    missing = [label for label in np.setdiff1d(y, y[train]) if np.sum(y == label) > 1]
    if missing:
        raise ValueError(
            f"cv has no row of class {missing[0]} in the training part of split {k}: its "
            "classifier would give that class the probability 0. Use stratified or "
            "shuffled folds, fewer folds, or more rows of the class."
        )


def check_base(estimator):
    """Return `estimator` if it is a classifier that scores rows."""
    scores = hasattr(estimator, "predict_proba") or hasattr(estimator, "decision_function")
    if not (hasattr(estimator, "fit") and scores):
        raise TypeError(
            f"estimator={estimator!r} must have fit and predict_proba (or "
            "decision_function). A model that is no scikit-learn object can be "
            "corrected through PrecomputedProbaClassifier."
        )
    kind = get_tags(estimator).estimator_type
    if kind not in (None, "classifier"):
        raise TypeError(
            f"estimator={estimator!r} must be a classifier, and its tags say {kind!r}."
        )
    return estimator


def check_kernel(estimator, X):
    """Return X, which must be square where the estimator takes a precomputed kernel."""
    is_frozen = isinstance(estimator, FrozenEstimator)
    if is_frozen or not get_tags(estimator).input_tags.pairwise:
        return X
    kernel = check_array(X, accept_sparse="csr", estimator=estimator)
    if kernel.shape[0] != kernel.shape[1]:
        raise ValueError(
            f"X is a precomputed kernel of shape {kernel.shape}: it must be square, with a "
            f"column for each row, for estimator={estimator!r}."
        )
    # A list has no columns to take; a frame keeps its names.
    return X if hasattr(X, "shape") else kernel


def check_rows_can_be_held_out(estimator):
    """Raise if X is a kernel, whose columns are the rows that limits would hold out."""
    is_frozen = isinstance(estimator, FrozenEstimator)
    if get_tags(estimator).input_tags.pairwise and not is_frozen:
        raise ValueError(
            f"estimator={estimator!r} takes a precomputed kernel, of which no rows can be "
            "held out to prove limits: fit without limits, or compute the kernel in it."
        )


def check_estimator_classes(known, classes):
    """Return the labels that a fitted estimator knows, or raise if there are others.

    Parameters
    ----------
    known : array-like of shape (n_known,)
        `classes_` of the estimator.

    classes : ndarray of shape (n_classes,)
        Labels of the corrector.

    Returns
    -------
    known : ndarray of shape (n_known,)
        In the order of the estimator's columns.

    Raises
    ------
    ValueError
        If the estimator has labels of its own, such as codes.
    """
    known = np.asarray(known)
    unknown = set(known.tolist()) - set(classes.tolist())
    if unknown:
        raise ValueError(
            f"estimator has classes_ {known.tolist()}, and y has {classes.tolist()}: it "
            "encodes labels. Encode y as it does, such as by "
            "sklearn.preprocessing.LabelEncoder, and decode what predict returns."
        )
    return known


def check_score_columns(scores, n_classes):
    """Raise if decision scores are not finite, or have no column for each class."""
    if scores.ndim != 2 or scores.shape[1] != n_classes:
        raise ValueError(
            f"estimator returned decision scores of shape {scores.shape} for {n_classes} "
            "classes: it must return one column per class."
        )
    if not np.isfinite(scores).all():
        raise ValueError("estimator returned NaN or infinite decision scores.")


def classes_of(estimator, y, classes=None):
    """Return the sorted labels that probabilities have columns for.

    Parameters
    ----------
    estimator : estimator instance
        Classifier to correct. One that is frozen knows its classes, and y must hold no
        others.

    y : ndarray of shape (n_samples,)
        Labels.

    classes : array-like of shape (n_classes,), default=None
        Labels that there will be, of an estimator that is not frozen. None is those of y.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        Labels.

    Raises
    ------
    ValueError
        If the frozen estimator has no `classes_`, or y holds labels that it lacks, or
        that `classes` lacks.
    """
    if not isinstance(estimator, FrozenEstimator):
        classes = np.unique(y if classes is None else classes)
        check_known_labels(y, classes, "classes lack")
        return classes
    check_is_fitted(estimator)
    if not hasattr(estimator, "classes_"):
        raise ValueError(
            f"estimator={estimator!r} has no classes_, so that the columns of its "
            "probabilities have no names: set classes_, or bring its probabilities by "
            "PrecomputedProbaClassifier."
        )
    check_known_labels(y, estimator.classes_)
    return np.unique(estimator.classes_)


def check_known_labels(y, classes, reason="the fitted estimator does not know"):
    """Raise if `y` holds labels that a fitted estimator does not know."""
    try:
        unknown = np.setdiff1d(y, classes).tolist()
    except TypeError:  # numbers and texts have no common order
        known = set(np.asarray(classes).tolist())
        unknown = [label for label in np.asarray(y).tolist() if label not in known]
    if unknown:
        raise ValueError(
            f"y holds {unknown}, which {reason}: its "
            f"classes are {np.asarray(classes).tolist()}. Drop those rows, or use an "
            "estimator that was fitted on them."
        )


def check_fresh_rows(X, y, classes):
    """Return rows and the indices of their labels, to check a fitted corrector on."""
    try:
        y = column_or_1d(y)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must hold one label per row of X: {error}") from error
    (X,) = indexable(X)
    check_consistent_length(X, y)
    if not len(y):
        raise ValueError("X has no rows: there is nothing to check.")
    check_known_labels(y, classes)
    return X, label_indices(y, classes)


def check_proba(proba, n_classes):
    """Return the base's probabilities in double precision, with sums of exactly one.

    Parameters
    ----------
    proba : array-like
        What the base classifier returned.

    n_classes : int
        Number of columns that it should have.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.

    Raises
    ------
    ValueError
        If they are no probabilities.
    """
    proba = np.asarray(proba, dtype=np.float64)
    if n_classes == 2 and proba.size == len(proba):
        # Networks with one output give the probability of the second class alone.
        proba = np.column_stack([1 - proba.ravel(), proba.ravel()])
    if proba.ndim != 2 or proba.shape[1] != n_classes:
        raise ValueError(
            f"estimator returned probabilities of shape {proba.shape} for {n_classes} "
            "classes: it must return one column per class."
        )
    problem = _proba_problem(proba)
    if problem:
        raise ValueError(
            f"estimator returned {problem}: its probabilities must be numbers in "
            "[0, 1] whose rows sum to one. Scores can be turned into probabilities by "
            "scipy.special.softmax or CalibratedClassifierCV."
        )
    proba = np.clip(proba, 0.0, 1.0)
    return proba / proba.sum(axis=1, keepdims=True)


def _proba_problem(proba):
    """Describe the first row that is no distribution; empty if there is none."""
    sums = proba.sum(axis=1)
    is_below, is_above = (
        side.any(axis=1) for side in (proba < -_TOLERANCE, proba > 1 + _TOLERANCE)
    )
    for is_bad, what in [
        (~np.isfinite(proba).all(axis=1), "NaN or infinite probabilities"),
        # Where one column of two classes was given, the other is one less that.
        (is_below & is_above, "probabilities below 0 and above 1"),
        (is_below, "a probability below 0"),
        (is_above, "a probability above 1"),
        (np.abs(sums - 1) > _TOLERANCE, "probabilities that do not sum to 1"),
    ]:
        if is_bad.any():
            row = is_bad.argmax()
            return f"{what} (row {row}: {proba[row].tolist()})"
    return ""


def check_reward(reward, n_classes):
    """Return `reward` if it gives one finite number per row."""
    y, proba, adjusted = _probe(n_classes)
    name = getattr(reward, "__name__", repr(reward))
    try:
        rewards = np.asarray(reward(y, proba, adjusted))
    except TypeError as error:
        raise TypeError(
            f"reward={name} must be a function of (y_true, proba, adjusted): {error}"
        ) from error
    if rewards.shape != y.shape:
        raise ValueError(
            f"reward={name} returned shape {rewards.shape} for {len(y)} rows: it must "
            "return one number per row, shape (n_samples,)."
        )
    if not np.isfinite(rewards.astype(np.float64)).all():
        raise ValueError(
            f"reward={name} returned NaN or infinity on probabilities in [0, 1]: clip "
            "them where the reward has no finite value, as rewards.log_loss does."
        )
    return reward


def _probe(n_classes):
    """Make rows that are certain, undecided and random, each with two true classes."""
    random = np.random.default_rng(0).dirichlet(np.ones(n_classes), 100)
    proba = np.vstack([np.eye(n_classes), np.full((1, n_classes), 1 / n_classes), random])
    y = np.arange(len(proba)) % n_classes
    both_y = np.concatenate([y, (y + 1) % n_classes])
    return both_y, np.tile(proba, (2, 1)), np.tile(proba[::-1], (2, 1))

"""Hold rows out of a fit, and prove limits of the fitted correction on them."""

import numpy as np
from sklearn.utils.multiclass import type_of_target

from sklearn_rlcorrect.agent.prediction import act, observe_with_posterior
from sklearn_rlcorrect.agent.selection import held_out_actions
from sklearn_rlcorrect.guard import Limits, Rows, describe, guard, parts, rows_needed, split
from sklearn_rlcorrect.metrics import label_indices


def hold_out(model, rows, groups, positives, seed):
    """Draw the calibration set that limits are proven on.

    Parameters
    ----------
    model : RLCalibratedClassifier
        With limits among its parameters, and `classes_`.

    rows : RoutedRows
        All rows.

    groups : array-like of shape (n_samples,) or None
        Rows of one group are not independent: one of each drawn group is kept.

    positives : ndarray of int
        Indices of the positive classes.

    seed : int
        Seed of the draw.

    Returns
    -------
    rest, calibration : RoutedRows
        Rows to fit on, and the calibration set.

    Raises
    ------
    ValueError
        If the limits cannot be proven, whatever the labels.
    """
    limits = Limits.of(model)
    _check_can_guard(limits, rows, model.cv, len(model.classes_), positives)
    rest, drawn = split(len(rows), groups, model.guard_fraction, seed)
    _check_classes_left(rows.y[rest], rows.y[drawn])
    is_positive = rows.y[drawn] == model.classes_[positives[0]]
    _check_enough(limits, is_positive, len(rest) + len(drawn))
    return rows.take(rest), rows.take(drawn)


def prove(model, calibration, proba, problem, splits, positive):
    """Prove the limits for the policy of each priority.

    Parameters
    ----------
    model : RLCalibratedClassifier
        With its policies.

    calibration : RoutedRows
        Rows that nothing was fitted on.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the wrapped classifier for these rows.

    problem : CorrectionProblem
        Rows of the training.

    splits : list of tuple of ndarray of int
        Per policy, its training rows and its held-out rows.

    positive : int
        Index of the positive class.

    Returns
    -------
    reports : dict of str to dict
        See `guard_report_` of the corrector.
    """
    y = label_indices(calibration.y, model.classes_)
    rows = policy_rows(model, calibration.X, y, proba)
    tuning = _tuning_rows(model, problem, [held_out for _, held_out in splits])
    limits = Limits.of(model)
    return {
        name: guard(limits, rows[name], tuning[name], positive) for name in model.policies_
    }


def policy_rows(model, X, y, proba):
    """Apply the policy of each priority to labelled rows.

    Parameters
    ----------
    model : RLCalibratedClassifier
        With its policies.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    y : ndarray of int of shape (n_samples,)
        Indices of the true classes.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the wrapped classifier.

    Returns
    -------
    rows : dict of str to Rows
        Per priority; every row counts as one.
    """
    observations, weight = observe_with_posterior(model, X, proba), np.ones(len(y))
    return {
        name: Rows(
            proba, act(model, observations, proba, name), y, weight, model.max_adjustment_
        )
        for name in model.policies_
    }


def _tuning_rows(model, problem, held_out):
    """Per priority, rows that its policies were not trained on: they order the tests."""
    part, columns = problem.take(np.concatenate(held_out)), np.argsort(problem.class_order)
    proba, y = part.proba[:, columns], problem.class_order[part.y]
    return {
        name: Rows(
            proba,
            held_out_actions(problem, held_out, policies)[:, columns],
            y,
            part.sample_weight,
            model.max_adjustment_,
        )
        for name, policies in model.policies_.items()
    }


def _check_can_guard(limits, rows, cv, n_classes, positives):
    """Raise where limits cannot be proven, whatever the number of rows."""
    names = " and ".join(limits.given)
    if rows.is_weighted:
        raise ValueError(
            f"{names} is proven of rows that count alike, and sample_weight says that "
            "they do not: fit without weights, or without limits."
        )
    if np.iterable(cv) and not hasattr(cv, "split"):
        raise ValueError(
            "cv holds the numbers of rows, of which some are held out to prove "
            f"{names}: use a number of folds or a splitter."
        )
    if limits.bounds_rates and (n_classes, len(positives)) != (2, 1):
        name = "max_fpr" if limits.max_fpr is not None else "min_recall"
        raise ValueError(
            f"{_binary_only(rows.y, n_classes)}{name} is for two classes, one of them "
            f"positive: y has {n_classes} classes, {len(positives)} of them counted as "
            "positive. "
            + ("Merge classes." if n_classes > 2 else "Name the positive one by pos_label.")
        )


def _binary_only(y, n_classes):
    """Use scikit-learn's own words, which its checks look for."""
    if n_classes == 2:
        return ""
    kind = type_of_target(y)
    return f"Only binary classification is supported. The type of the target is {kind}. "


def _check_classes_left(y_rest, y_drawn):
    missing = np.setdiff1d(y_drawn, y_rest)
    if len(missing):
        raise ValueError(
            f"guard_fraction leaves no row to train on of {len(missing)} class(es) that "
            "have few: use more rows of them, or a smaller guard_fraction."
        )


def _check_enough(limits, is_positive, n_all):
    """Raise if there are too few held-out rows to prove anything."""
    threshold_part, test_part = parts(limits, len(is_positive))
    n_positives = int(is_positive[threshold_part].sum())
    have = {
        "max_accuracy_drop": (len(is_positive[test_part]), "rows"),
        "max_fpr": (len(is_positive[threshold_part]) - n_positives, "negative rows"),
        "min_recall": (n_positives, "positive rows"),
    }
    for name, needed in rows_needed(limits).items():
        n_rows, what = have[name]
        if n_rows < needed:
            more = np.ceil(needed / max(n_rows, 1) * n_all)
            raise ValueError(
                f"{describe(limits)} cannot be proven: {name} needs {needed} {what} that "
                f"nothing is fitted on, and guard_fraction sets {n_rows} aside. Fit on "
                f"about {more:.0f} rows in place of {n_all}, or raise guard_fraction."
            )

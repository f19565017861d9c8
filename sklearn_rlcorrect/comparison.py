"""Correctors for several costs of a false positive, fitted and scored side by side."""

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_consistent_length, column_or_1d

from sklearn_rlcorrect._routing import check_groups, params_for_other_rows, route
from sklearn_rlcorrect._validation import check_parameters, check_target, classes_of
from sklearn_rlcorrect.classifier import RLCalibratedClassifier
from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval
from sklearn_rlcorrect.metrics import label_indices

# What is taken of the scores of each variant.
_COMPARED = ("false_positives", "recall", "accuracy", "cost")


def compare_fp_weights(
    estimator,
    X,
    y,
    X_test,
    y_test,
    fp_weights,
    *,
    groups_test=None,
    sample_weight=None,
    **fit_params,
):
    """Fit a corrector for each of several costs of a false positive, and score them.

    The classifier is fitted, and its out-of-fold probabilities are computed, once for all
    of them. Each corrector is what its own `fit` would have made of the same
    `random_state`.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Copied for each cost; it need not be fitted, and its own `fp_weight` is not used.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Training rows.

    y : array-like of shape (n_samples,)
        Labels.

    X_test : {array-like, sparse matrix, dataframe} of shape (n_test, n_features)
        Rows to score on.

    y_test : array-like of shape (n_test,)
        Their labels.

    fp_weights : iterable of float
        Costs of a false positive, where a false negative costs 1.

    groups_test : array-like of shape (n_test,), default=None
        Group of each row to score on, for the interval of the saving. None takes them as
        independent of each other.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each training row counts. None is 1.

    **fit_params : dict
        Further arguments of `fit`, by metadata routing. What the classifier requests for
        `predict_proba` is given to it for the rows to score on, too.

    Returns
    -------
    correctors : dict of float to RLCalibratedClassifier
        Fitted, one per cost. They share the fitted classifier.

    table : list of dict of str to float
        One row per cost: ``fp_weight``; the ``false_positives``, ``recall``, ``accuracy``
        and ``cost`` of the classifier (``before_``), of the classifier with the threshold
        of lowest cost out of fold (``threshold_alone_``) and of the correction
        (``after_``); and what the correction saves beyond that threshold, ``saving``, with
        ``saving_lower`` and ``saving_upper`` of its interval of 95 %.
        See :func:`~sklearn_rlcorrect.evaluation.evaluate_correction` and
        :func:`~sklearn_rlcorrect.evaluation.saving_interval`.

    Raises
    ------
    TypeError
        If `estimator` is no corrector, or a cost is no number.

    ValueError
        If `fp_weights` is empty or names a cost twice, if a cost is out of range, if there
        are more than two classes and no `pos_label`, if `y_test` holds a label that `y`
        lacks, if `groups_test` does not name the group of each row, if the classifier
        requests metadata for `predict_proba` that has one entry per training row, or if
        `fit` cannot use an argument. Nothing is trained then.

    See Also
    --------
    sklearn_rlcorrect.plotting.OperatingPointDisplay : Draws the correctors.
    sklearn_rlcorrect.metrics.cost_scorer : Scores a search over parameters at one cost.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.comparison import compare_fp_weights
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000, random_state=0)
    >>> correctors, table = compare_fp_weights(
    ...     model, X[:400], y[:400], X[400:], y[400:], [1, 5])
    >>> [row["before_cost"] for row in table]
    [6.0, 14.0]
    >>> correctors[5].predict(X[400:]).shape
    (169,)
    """
    models = _models_of_costs(estimator, fp_weights)
    _check_can_compare(models[0], y, X_test, y_test, groups_test)
    predict_params = _predict_params(models[0], fit_params, len(y))
    base = None
    for model in models:
        base = model._fit(X, y, sample_weight, fit_params, base=base)
    table = [
        _row_of_cost(model, X_test, y_test, groups_test, predict_params) for model in models
    ]
    return {model.fp_weight: model for model in models}, table


def _models_of_costs(estimator, fp_weights):
    if not isinstance(estimator, RLCalibratedClassifier):
        raise TypeError(f"estimator={estimator!r} must be an RLCalibratedClassifier.")
    # Once, for an iterator is empty after a check.
    fp_weights = list(fp_weights) if np.iterable(fp_weights) else fp_weights
    if not np.iterable(fp_weights) or any(isinstance(one, dict) for one in fp_weights):
        raise TypeError(f"fp_weights={fp_weights!r} must be a list of numbers.")
    estimator = clone(estimator)
    if estimator.random_state is None:
        # Where rows are held out to prove limits, they must be the same ones for all.
        estimator.random_state = int(np.random.SeedSequence().generate_state(1)[0])
    models = [clone(estimator).set_params(fp_weight=one) for one in fp_weights]
    for model in models:
        check_parameters(model)
    if not models or len({model.fp_weight for model in models}) < len(models):
        raise ValueError(
            f"fp_weights={fp_weights!r} must hold one number or more, each of them once."
        )
    return models


def _check_can_compare(model, y, X_test, y_test, groups_test):
    """Check before any training what is used after it."""
    classes = classes_of(model._base_estimator(), check_target(y))
    if len(classes) > 2 and model.pos_label is None:
        raise ValueError(
            f"fp_weights have no effect with {len(classes)} classes, where each mistake is "
            "a false positive of one and a false negative of another: set pos_label "
            "(--pos-label)."
        )
    check_consistent_length(X_test, y_test)
    label_indices(column_or_1d(y_test), classes, name="y_test")
    if groups_test is not None:
        check_groups(groups_test, len(y_test))


def _predict_params(model, fit_params, n_samples):
    """Metadata that the classifier gets for the rows to score on."""
    _, predict_params, _ = route(model, model._base_estimator(), None, fit_params)
    return params_for_other_rows(predict_params, n_samples)


def _row_of_cost(model, X, y, groups, predict_params):
    scores = evaluate_correction(model, X, y, **predict_params)
    saving = saving_interval(model, X, y, groups=groups, **predict_params)
    of_variants = {
        f"{variant}_{name}": scores[variant][name]
        for variant in ("before", "threshold_alone", "after")
        for name in _COMPARED
    }
    of_saving = {
        "saving": saving["value"],
        "saving_lower": saving["lower"],
        "saving_upper": saving["upper"],
    }
    return {"fp_weight": model.fp_weight} | of_variants | of_saving

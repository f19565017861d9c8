"""Scores of labelled rows: the classifier, another threshold alone, the correction."""

from copy import copy

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_consistent_length

from sklearn_rlcorrect._updating import costs_of
from sklearn_rlcorrect._validation import check_parameters, check_target, classes_of
from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.classifier import RLCalibratedClassifier
from sklearn_rlcorrect.guard import decisions
from sklearn_rlcorrect.metrics import classification_metrics, label_indices
from sklearn_rlcorrect.threshold import predict_by_threshold

# Of a normal interval of 95 %.
_QUANTILE = 1.96

# What compare_fp_weights takes of each variant.
_COMPARED = ("false_positives", "recall", "accuracy", "cost")


def evaluate_correction(estimator, X, y, **predict_params):
    """Score a classifier, the same with another threshold, and the correction.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    **predict_params : dict
        Metadata for the classifier's `predict_proba`, by metadata routing.

    Returns
    -------
    scores : dict of str to dict
        "before", the wrapped classifier; "threshold_alone", the wrapped classifier with
        the threshold `base_threshold_`, which was chosen in `fit`; and "after", the
        correction. There is no "threshold_alone" where all classes are positive. Each
        holds the metrics of :func:`~sklearn_rlcorrect.metrics.classification_metrics` and

        - ``cost``, the sum over all mistakes of what a false positive of the predicted
          class costs (with two classes `fp_weight` per false positive and 1 per false
          negative);
        - ``changed``, the number of decisions that differ from the wrapped classifier's;
          ``fixed`` and ``broken``, those that are right instead of wrong, and wrong
          instead of right;
        - ``false_positives_at_recall``, the fewest false positives of any threshold at
          which the recall is at least the wrapped classifier's, unless all classes are
          positive.

    Raises
    ------
    ValueError
        If `y` holds a label that the classifier does not know, or not one label per row.

    See Also
    --------
    evaluate_priorities : The same for each priority.
    saving_interval : What the correction saves beyond the threshold alone.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.evaluation import evaluate_correction
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> base = FrozenEstimator(GaussianNB().fit(X[:200], y[:200]))
    >>> model = RLCalibratedClassifier(base, total_timesteps=2_000, random_state=0)
    >>> scores = evaluate_correction(model.fit(X[200:400], y[200:400]), X[400:], y[400:])
    >>> list(scores), scores["before"]["changed"]
    (['before', 'threshold_alone', 'after'], 0.0)
    """
    _check_labels(estimator, y)
    costs, positives = costs_of(estimator)
    classes, y_index = estimator.classes_, label_indices(y, estimator.classes_)
    variants = _variants(estimator, X, predict_params)
    first = variants["before"][1]
    scores = {}
    for name, (proba, predicted) in variants.items():
        labels = classes[positives].tolist()
        scores[name] = classification_metrics(
            y, proba, classes=classes, pos_label=labels, predicted=predicted
        ) | {
            "cost": float(_costs(costs, y_index, predicted).sum()),
            "changed": float(np.sum(predicted != first)),
            "fixed": float(np.sum((predicted == y_index) & (first != y_index))),
            "broken": float(np.sum((predicted != y_index) & (first == y_index))),
        }
        if len(positives) < len(classes):
            scores[name]["false_positives_at_recall"] = _false_positives_at_recall(
                proba[:, positives].sum(axis=1),
                np.isin(y_index, positives),
                np.isin(first, positives),
            )
    return scores


def evaluate_priorities(estimator, X, y, **predict_params):
    """Score what a corrector does with each priority.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted. Its own `priority` stays as it is.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    **predict_params : dict
        Metadata for the classifier's `predict_proba`, by metadata routing.

    Returns
    -------
    scores : dict of str to dict
        Per priority what :func:`evaluate_correction` returns with it.

    Raises
    ------
    ValueError
        If `y` holds a label that the classifier does not know, or not one label per row.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.evaluation import evaluate_priorities
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> list(evaluate_priorities(model.fit(X[:400], y[:400]), X[400:], y[400:]))
    ['accuracy', 'fp', 'weighted']
    """
    return {
        priority: evaluate_correction(
            copy(estimator).set_params(priority=priority), X, y, **predict_params
        )
        for priority in PRIORITIES
    }


def saving_interval(estimator, X, y, **predict_params):
    """Estimate what the correction saves beyond another threshold alone.

    The comparison is paired: both decide about the same rows. The interval is normal, with
    one row more that saves the largest cost and one that loses it, as Agresti and Min [1]_
    add to tables of matched pairs, so that few differences do not look like certainty.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    **predict_params : dict
        Metadata for the classifier's `predict_proba`, by metadata routing.

    Returns
    -------
    saving : dict or None
        "value", the cost of the threshold alone less that of the correction, summed over
        the rows; "lower" and "upper", of an interval of 95 % for such a sum. None where
        all classes are positive: there is no threshold.

    References
    ----------
    .. [1] A. Agresti and Y. Min, "Simple improved confidence intervals for comparing
       matched proportions", Statistics in Medicine 24, 2005.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.evaluation import saving_interval
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> saving = saving_interval(model.fit(X[:400], y[:400]), X[400:], y[400:])
    >>> saving["lower"] < saving["value"] < saving["upper"]
    True
    """
    _check_labels(estimator, y)
    variants = _variants(estimator, X, predict_params)
    if "threshold_alone" not in variants:
        return None
    costs, _ = costs_of(estimator)
    y_index = label_indices(y, estimator.classes_)
    of_threshold, of_correction = (
        _costs(costs, y_index, variants[name][1]) for name in ("threshold_alone", "after")
    )
    return paired_interval(of_threshold - of_correction, costs.max())


def paired_interval(difference, largest):
    """Compute an interval of 95 % for a sum of paired differences.

    Parameters
    ----------
    difference : ndarray of shape (n_samples,)
        One difference per row.

    largest : float
        Largest absolute difference that there can be.

    Returns
    -------
    interval : dict of str to float
        "value", "lower" and "upper".

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.evaluation import paired_interval
    >>> interval = paired_interval(np.zeros(1_000), largest=1.0)
    >>> round(interval["upper"], 2)
    2.77
    """
    n_samples, total = len(difference), float(difference.sum())
    around_mean = np.sum((difference - total / n_samples) ** 2)
    half = float(_QUANTILE * np.sqrt(around_mean + 2 * largest**2))
    return {"value": total, "lower": total - half, "upper": total + half}


def compare_fp_weights(
    estimator, X, y, X_test, y_test, fp_weights, *, sample_weight=None, **fit_params
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

    fp_weights : list of float
        Costs of a false positive, where a false negative costs 1.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each training row counts. None is 1.

    **fit_params : dict
        Further arguments of `fit`, by metadata routing.

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
        See :func:`evaluate_correction` and :func:`saving_interval`.

    Raises
    ------
    TypeError
        If `estimator` is no corrector, or a cost is no number.

    ValueError
        If `fp_weights` is empty or names a cost twice, if a cost is out of range, if there
        are more than two classes and no `pos_label`, if `y_test` holds a label that `y`
        lacks, or if `fit` cannot use an argument. Nothing is trained then.

    See Also
    --------
    sklearn_rlcorrect.plotting.OperatingPointDisplay : Draws the correctors.
    sklearn_rlcorrect.metrics.cost_scorer : Scores a search over parameters at one cost.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.evaluation import compare_fp_weights
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
    _check_can_compare(models[0], y, X_test, y_test)
    base = None
    for model in models:
        base = model._fit(X, y, sample_weight, fit_params, base=base)
    table = [_row_of_cost(model, X_test, y_test) for model in models]
    return {model.fp_weight: model for model in models}, table


def _models_of_costs(estimator, fp_weights):
    if not isinstance(estimator, RLCalibratedClassifier):
        raise TypeError(f"estimator={estimator!r} must be an RLCalibratedClassifier.")
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


def _check_can_compare(model, y, X_test, y_test):
    """Check before any training what is used after it."""
    classes = classes_of(model._base_estimator(), check_target(y))
    if len(classes) > 2 and model.pos_label is None:
        raise ValueError(
            f"fp_weights have no effect with {len(classes)} classes, where each mistake is "
            "a false positive of one and a false negative of another: set pos_label "
            "(--pos-label)."
        )
    check_consistent_length(X_test, y_test)
    label_indices(y_test, classes, name="y_test")


def _row_of_cost(model, X, y):
    scores, saving = evaluate_correction(model, X, y), saving_interval(model, X, y)
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


def _check_labels(estimator, y):
    classes = estimator.classes_.tolist()
    if len(np.shape(y)) != 1:
        raise ValueError(
            f"y must hold one label per row, shape (n_samples,), but has the shape "
            f"{np.shape(y)}. X comes before y."
        )
    # As a set, because numbers and texts have no common order.
    known = set(classes)
    unknown = [label for label in np.asarray(y).tolist() if label not in known]
    if unknown:
        raise ValueError(
            f"y holds {unknown[0]!r}, which the classifier does not know: it knows "
            f"{classes}"
        )


def _variants(estimator, X, predict_params):
    """Probabilities and decisions: the classifier, its other threshold, the correction."""
    before, after = estimator.predict_before_after(X, **predict_params)
    variants = {"before": (before, before.argmax(axis=1))}
    if estimator.base_threshold_ is not None:
        _, positives = costs_of(estimator)
        predicted = predict_by_threshold(before, estimator.base_threshold_, positives)
        variants["threshold_alone"] = before, predicted
    return variants | {"after": (after, decisions(estimator, after))}


def _costs(costs, y_index, predicted):
    return np.where(predicted != y_index, costs[predicted], 0.0)


def _false_positives_at_recall(score, is_positive, is_flagged):
    """Fewest false positives where as many positives are flagged as by the classifier."""
    n_found = int(np.sum(is_flagged & is_positive))
    if n_found == 0:
        return 0.0
    threshold = np.sort(score[is_positive])[-n_found]
    return float(np.sum((score >= threshold) & ~is_positive))

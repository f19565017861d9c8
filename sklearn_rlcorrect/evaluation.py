"""Scores of labelled rows: the classifier, another threshold alone, the correction."""

from copy import copy

import numpy as np

from sklearn_rlcorrect._routing import check_groups
from sklearn_rlcorrect._updating import costs_of
from sklearn_rlcorrect._validation import check_fresh_rows, check_sample_weight
from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.guard import decisions
from sklearn_rlcorrect.metrics import classification_metrics
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.threshold import predict_by_threshold

# Of a normal interval of 95 %.
_QUANTILE = 1.96


def evaluate_correction(estimator, X, y, *, sample_weight=None, **predict_params):
    """Score a classifier, the same with another threshold, and the correction.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each row counts, in all counts and sums, too. None is 1.

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
        If `estimator` is no fitted corrector, or if `y` holds a label that the classifier
        does not know, or not one label per row.

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
    X, y_index, weight = _checked(estimator, X, y, sample_weight)
    costs, positives = costs_of(estimator)
    classes = estimator.classes_
    variants = _variants(estimator, X, predict_params)
    first = variants["before"][1]
    scores = {}
    for name, (proba, predicted) in variants.items():
        is_right, was_right = predicted == y_index, first == y_index
        scores[name] = classification_metrics(
            classes[y_index],
            proba,
            classes=classes,
            pos_label=classes[positives].tolist(),
            sample_weight=weight,
            predicted=predicted,
        ) | {
            "cost": float(weight @ _costs(costs, y_index, predicted)),
            "changed": float(weight @ (predicted != first)),
            "fixed": float(weight @ (is_right & ~was_right)),
            "broken": float(weight @ (~is_right & was_right)),
        }
        if len(positives) < len(classes):
            scores[name]["false_positives_at_recall"] = _false_positives_at_recall(
                proba[:, positives].sum(axis=1),
                np.isin(y_index, positives),
                np.isin(first, positives),
                weight,
            )
    return scores


def evaluate_priorities(estimator, X, y, *, sample_weight=None, **predict_params):
    """Score what a corrector does with each priority.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted. Its own `priority` stays as it is.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each row counts, in all counts and sums, too. None is 1.

    **predict_params : dict
        Metadata for the classifier's `predict_proba`, by metadata routing.

    Returns
    -------
    scores : dict of str to dict
        Per priority what :func:`evaluate_correction` returns with it.

    Raises
    ------
    ValueError
        If `estimator` is no fitted corrector, or if `y` holds a label that the classifier
        does not know, or not one label per row.

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
    check_corrector(estimator, "estimator")
    return {
        priority: evaluate_correction(
            copy(estimator).set_params(priority=priority),
            X,
            y,
            sample_weight=sample_weight,
            **predict_params,
        )
        for priority in PRIORITIES
    }


def saving_interval(estimator, X, y, *, groups=None, sample_weight=None, **predict_params):
    """Estimate what the correction saves beyond another threshold alone.

    The comparison is paired: both decide about the same rows. The interval is normal, with
    one row more that saves the largest cost and one that loses it, as Agresti and Min [1]_
    add to tables of matched pairs, so that few differences do not look like certainty.
    Rows are taken as independent of each other, unless there are `groups`: then groups are
    what is counted, each with the sum of its rows.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    groups : array-like of shape (n_samples,), default=None
        Group of each row, such as its patient. None takes rows as independent of each
        other: where those of a group resemble each other, the interval is then too narrow.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each row counts. None is 1.

    **predict_params : dict
        Metadata for the classifier's `predict_proba`, by metadata routing.

    Returns
    -------
    saving : dict or None
        "value", the cost of the threshold alone less that of the correction, summed over
        the rows; "lower" and "upper", of an interval of 95 % for such a sum. None where
        all classes are positive: there is no threshold.

    Raises
    ------
    ValueError
        If `estimator` is no fitted corrector, if `y` holds a label that the classifier
        does not know, or not one label per row, or if `groups` does not name one group per
        row, and two or more of them.

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
    X, y_index, weight = _checked(estimator, X, y, sample_weight)
    variants = _variants(estimator, X, predict_params)
    if "threshold_alone" not in variants:
        return None
    costs, _ = costs_of(estimator)
    of_threshold, of_correction = (
        _costs(costs, y_index, variants[name][1]) for name in ("threshold_alone", "after")
    )
    difference = weight * (of_threshold - of_correction)
    return paired_interval(difference, weight * costs.max(), groups)


def paired_interval(difference, largest, groups=None):
    """Compute an interval of 95 % for a sum of paired differences.

    Parameters
    ----------
    difference : array-like of shape (n_samples,)
        One difference per row.

    largest : float or array-like of shape (n_samples,)
        Largest absolute difference that there can be, of any row or of each.

    groups : array-like of shape (n_samples,), default=None
        Group of each row. The interval is then one of the sums of the groups, and the
        largest of a group is that of all of its rows together: rows that are alike count
        as one row, that many times. None takes rows as independent of each other.

    Returns
    -------
    interval : dict of str to float
        "value", "lower" and "upper".

    Raises
    ------
    ValueError
        If there is no difference, or if `groups` does not name one group per row, and two
        or more of them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.evaluation import paired_interval
    >>> interval = paired_interval(np.zeros(1_000), largest=1.0)
    >>> round(interval["upper"], 2)
    2.77
    >>> grouped = paired_interval(np.zeros(1_000), 1.0, groups=np.arange(1_000) // 5)
    >>> round(grouped["upper"], 2)
    13.86
    """
    difference = np.asarray(difference, dtype=np.float64)
    if not len(difference):
        raise ValueError("difference holds no row: there is no interval of nothing.")
    largest = np.broadcast_to(largest, difference.shape)
    if groups is not None:
        group = check_groups(groups, len(difference))
        difference, largest = (np.bincount(group, each) for each in (difference, largest))
    total = float(difference.sum())
    around_mean = np.sum((difference - total / len(difference)) ** 2)
    half = float(_QUANTILE * np.sqrt(around_mean + 2 * largest.max() ** 2))
    return {"value": total, "lower": total - half, "upper": total + half}


def _checked(estimator, X, y, sample_weight):
    """Rows, the indices of their labels, and weights, if a corrector can be scored."""
    check_corrector(estimator, "estimator")
    X, y_index = check_fresh_rows(X, y, estimator.classes_)
    return X, y_index, check_sample_weight(sample_weight, y_index, n_classes=1)


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


def _false_positives_at_recall(score, is_positive, is_flagged, weight):
    """Fewest false positives where as many positives are flagged as by the classifier."""
    is_found = is_flagged & is_positive
    if not weight[is_found].any():
        return 0.0
    highest_first = np.argsort(-score[is_positive], kind="stable")
    found = weight[is_positive][highest_first].cumsum()
    # Sums in two orders differ by rounding.
    enough = (1 - 1e-9) * weight[is_found].sum()
    threshold = score[is_positive][highest_first][np.searchsorted(found, enough)]
    return float(weight @ ((score >= threshold) & ~is_positive))

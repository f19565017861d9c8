"""Counts, costs and scores of probabilities, the same before and after the correction."""

from numbers import Real

import numpy as np
from sklearn.metrics import make_scorer
from sklearn.utils import check_consistent_length

# Probabilities of the true class count as at least this in the log loss.
_EPSILON = np.finfo(np.float64).eps


def classification_metrics(
    y_true, proba, *, classes, pos_label=None, sample_weight=None, predicted=None
):
    """Compute counts of mistakes and scores of probabilities.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities, one column per entry of `classes`.

    classes : array-like of shape (n_classes,)
        Labels, sorted.

    pos_label : int, float, bool, str or list of them, default=None
        Positive class, or positive classes. None is the second of two classes, and all
        of more: each mistake is then one false positive and one false negative.
        Precision, recall and F1 are means over the positive classes.

    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row. None is 1.

    predicted : array-like of int of shape (n_samples,), default=None
        Indices of the predicted classes. None is the most probable ones.

    Returns
    -------
    metrics : dict of str to float
        ``false_positives``, ``false_negatives``, ``accuracy``, ``precision``,
        ``recall``, ``f1``, ``brier`` (in [0, 1] for two classes, [0, 2] for more) and
        ``log_loss`` (in nats). A ratio with nothing below the line is 0.

    Raises
    ------
    ValueError
        If `y_true`, `proba` and `sample_weight` differ in length, or if `y_true` or
        `pos_label` holds a label that is not among `classes`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.metrics import classification_metrics
    >>> proba = np.array([[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]])
    >>> metrics = classification_metrics(["no", "no", "yes"], proba, classes=["no", "yes"])
    >>> metrics["false_positives"], metrics["recall"]
    (1.0, 1.0)
    """
    check_consistent_length(y_true, proba, sample_weight)
    true = label_indices(y_true, classes, name="y_true")
    weight = np.ones(len(true)) if sample_weight is None else np.asarray(sample_weight)
    predicted = proba.argmax(axis=1) if predicted is None else predicted
    positives = positive_classes(classes, pos_label)
    confusion = _confusion(true, predicted, weight, len(classes))
    scores = _scores(proba, np.eye(len(classes))[true], weight)
    return _decision_metrics(confusion, positives) | scores


def label_indices(y, classes, name="y"):
    """Compute the position of each label in `classes`.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        Labels.

    classes : array-like of shape (n_classes,)
        Distinct labels, in any order.

    name : str, default="y"
        Name of the argument that holds the labels, for the message.

    Returns
    -------
    indices : ndarray of int of shape (n_samples,)
        ``classes[indices]`` equals `y`.

    Raises
    ------
    ValueError
        If `y` holds a label that is not among `classes`.

    Examples
    --------
    >>> from sklearn_rlcorrect.metrics import label_indices
    >>> label_indices(["ham", "spam", "ham"], ["spam", "ham"])
    array([1, 0, 1])
    """
    y, classes = np.asarray(y), np.asarray(classes)
    try:
        order = np.argsort(classes)
        place = np.searchsorted(classes, y, sorter=order)
        indices = order[place.clip(max=len(classes) - 1)]
        unknown = np.flatnonzero(classes[indices] != y)
    except TypeError:  # numbers and texts have no common order
        known = set(classes.tolist())
        unknown = [i for i, label in enumerate(y.tolist()) if label not in known]
    if len(unknown):
        raise ValueError(
            f"{name} holds {y.tolist()[unknown[0]]!r}, which is not among the classes "
            f"{classes.tolist()}."
        )
    return indices


def positive_classes(classes, pos_label=None):
    """Compute the indices of the positive classes.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        Labels, sorted.

    pos_label : int, float, bool, str or list of them, default=None
        Positive class, or positive classes. None is the second of two classes, and all
        of more.

    Returns
    -------
    indices : ndarray of int of shape (n_positive_classes,)
        Sorted.

    Raises
    ------
    ValueError
        If `pos_label` holds a label that is not among `classes`.

    Examples
    --------
    >>> from sklearn_rlcorrect.metrics import positive_classes
    >>> positive_classes(["ham", "spam"])
    array([1])
    >>> positive_classes(["low", "medium", "high"], pos_label=["low", "high"])
    array([0, 2])
    """
    if pos_label is None:
        return np.arange(len(classes)) if len(classes) > 2 else np.array([1])
    wanted = pos_label if isinstance(pos_label, list) else [pos_label]
    unknown = [label for label in wanted if label not in classes]
    if unknown:
        raise ValueError(
            f"pos_label names the class {unknown[0]!r}, which there is not: use one of "
            f"{np.asarray(classes).tolist()}."
        )
    return np.array([k for k, label in enumerate(classes) if label in wanted], np.intp)


def false_positive_costs(fp_weight, classes, pos_label=None):
    """Cost of a false positive of each class.

    Parameters
    ----------
    fp_weight : float or dict
        Cost of a false positive, that of a false negative being 1; or a dict from label
        to cost, where a label that is missing costs 1.

    classes : ndarray of shape (n_classes,)
        Labels, sorted.

    pos_label : int, float, bool or str, default=None
        Class whose false positives cost `fp_weight`. None is the second of two classes,
        or each of more.

    Returns
    -------
    costs : ndarray of shape (n_classes,)
        One cost per class.

    Raises
    ------
    ValueError
        If a label is not among the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.metrics import false_positive_costs
    >>> false_positive_costs(2.0, np.array(["ham", "spam"]))
    array([1., 2.])
    """
    labels = list(fp_weight) if isinstance(fp_weight, dict) else []
    for name, label in [("pos_label", pos_label), *(("fp_weight", k) for k in labels)]:
        if label is not None and label not in classes:
            raise ValueError(
                f"{name} names the class {label!r}, which y does not hold: use one of "
                f"{classes.tolist()}."
            )
    if isinstance(fp_weight, dict):
        return np.array([float(fp_weight.get(k, 1.0)) for k in classes.tolist()])
    costs = np.ones(len(classes))
    costs[positive_classes(classes, pos_label)] = fp_weight
    return costs


def cost_scorer(fp_weight, pos_label=None, classes=None):
    """Make a scorer of the mean cost per row, to choose parameters by.

    A proper score such as the Brier score always prefers ``fp_weight=1`` in a search: this
    one prefers what costs least where a false positive costs `fp_weight`.

    Parameters
    ----------
    fp_weight : float or dict
        Cost of a false positive, that of a false negative being 1; or a dict from label
        to cost, where a label that is missing costs 1. It belongs to the task: it stays as
        it is while a search varies the `fp_weight` of a corrector.

    pos_label : int, float, bool or str, default=None
        Class whose false positives cost `fp_weight`. None is the second of two classes,
        or each of more. Where `fp_weight` is a dict, costs are those of the dict.

    classes : array-like of shape (n_classes,), default=None
        All labels that there are, ``np.unique(y)``. None is the labels of the rows and
        predictions that the scorer is called with, and those that `fp_weight` or
        `pos_label` names. Give it where there are more than two classes, `fp_weight` is a
        number and `pos_label` is None: a fold with rows of two of them would else be taken
        for a task of two classes, of which one is positive.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y)`` is minus the mean cost of the predictions, 0 at best.
        It takes `sample_weight`.

    Raises
    ------
    TypeError
        If a cost is no number.

    ValueError
        If a cost is not finite and above 0, or `fp_weight` an empty dict; or if
        `fp_weight` or `pos_label` names a label that is not among `classes`.

    See Also
    --------
    sklearn_rlcorrect.evaluation.evaluate_correction : The same cost as a sum, before and
        after a correction.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import TunedThresholdClassifierCV
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect.metrics import cost_scorer
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> scorer = cost_scorer(5.0)
    >>> print(f"{scorer(GaussianNB().fit(X, y), X, y):.3f}")
    -0.220
    >>> tuned = TunedThresholdClassifierCV(GaussianNB(), scoring=scorer).fit(X, y)
    >>> print(f"{scorer(tuned, X, y):.3f}")
    -0.163
    """
    _check_costs(fp_weight)
    if classes is not None:
        classes = np.unique(classes)
        false_positive_costs(fp_weight, classes, pos_label)
    return make_scorer(
        _mean_cost,
        greater_is_better=False,
        fp_weight=fp_weight,
        pos_label=pos_label,
        classes=classes,
    )


def _check_costs(fp_weight):
    costs = fp_weight.values() if isinstance(fp_weight, dict) else [fp_weight]
    if not costs:
        raise ValueError("fp_weight={} names no class: give a number, or {label: cost}.")
    for cost in costs:
        if isinstance(cost, bool) or not isinstance(cost, Real):
            raise TypeError(
                f"fp_weight={fp_weight!r} must be a number, or a dict of label to number."
            )
        if not 0 < cost < np.inf:
            raise ValueError(f"fp_weight={fp_weight!r} must hold finite costs above 0.")


def _mean_cost(y_true, y_pred, *, fp_weight, pos_label, classes, sample_weight=None):
    """Mean cost per row, whether or not all classes that have a cost are in these rows."""
    if classes is None:
        classes = _labels_in(y_true, y_pred, fp_weight, pos_label)
    if len(classes) == 1:
        return 0.0
    costs = false_positive_costs(fp_weight, classes, pos_label)
    true, predicted = (label_indices(labels, classes) for labels in (y_true, y_pred))
    return float(np.average(costs[predicted] * (predicted != true), weights=sample_weight))


def _labels_in(y_true, y_pred, fp_weight, pos_label):
    """All labels that a scorer is told of."""
    named = list(fp_weight) if isinstance(fp_weight, dict) else []
    named += [] if pos_label is None else [pos_label]
    found = np.union1d(y_true, y_pred)
    return np.union1d(found, named) if named else found


def _confusion(true, predicted, weight, n_classes):
    """Weight of the rows of each true class (rows) and predicted class (columns)."""
    cell = true * n_classes + predicted
    return np.bincount(cell, weight, minlength=n_classes**2).reshape(n_classes, -1)


def _decision_metrics(confusion, positives):
    """Metrics that depend on the predicted classes alone."""
    correct = np.diag(confusion)
    mistakes = confusion - np.diag(correct)
    precision = _ratio(correct[positives], confusion.sum(axis=0)[positives])
    recall = _ratio(correct[positives], confusion.sum(axis=1)[positives])
    return {
        "false_positives": float(mistakes.sum(axis=0)[positives].sum()),
        "false_negatives": float(mistakes.sum(axis=1)[positives].sum()),
        "accuracy": float(correct.sum() / confusion.sum()),
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(_ratio(2 * precision * recall, precision + recall).mean()),
    }


def _scores(proba, one_hot, weight):
    """Metrics that depend on the probabilities alone."""
    squared = ((proba - one_hot) ** 2).sum(axis=1)
    scale = 2 if one_hot.shape[1] == 2 else 1
    of_true = np.clip(proba[one_hot == 1], _EPSILON, 1 - _EPSILON)
    return {
        "brier": float(np.average(squared, weights=weight) / scale),
        "log_loss": float(-np.average(np.log(of_true), weights=weight)),
    }


def _ratio(part, whole):
    """Ratio, zero where the whole is zero."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)

"""Counts and scores of probabilities, the same before and after the correction."""

import numpy as np
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

"""Counts and scores of probabilities, the same before and after the correction."""

import numpy as np
from sklearn.utils import check_consistent_length

# Probabilities of the true class count as at least this in the log loss.
_EPSILON = np.finfo(np.float64).eps


def classification_metrics(
    y_true, proba, *, classes, pos_label=None, sample_weight=None, predicted=None
):
    """Count false positives and score probabilities.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        True labels.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities, one column per entry of `classes`.

    classes : array-like of shape (n_classes,)
        Labels, sorted.

    pos_label : int, float, bool, str or list of them, default=None
        Class, or classes, whose false positives and false negatives count. None is the
        second of two classes; of more classes it counts every class: each mistake is
        then one false positive and one false negative. Precision, recall and F1 are
        means over the classes that count.

    sample_weight : array-like of shape (n_samples,), default=None
        How much each row counts; None is 1.

    predicted : array-like of int of shape (n_samples,), default=None
        Indices of the predicted classes; None is the most probable ones.

    Returns
    -------
    metrics : dict of str to float
        ``false_positives``, ``false_negatives``, ``accuracy``, ``precision``,
        ``recall``, ``f1``, ``brier`` (in [0, 1] for two classes, [0, 2] for more) and
        ``log_loss`` (in nats).

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
    classes, y_true = np.asarray(classes), np.asarray(y_true)
    weight = np.ones(len(y_true)) if sample_weight is None else np.asarray(sample_weight)
    true = _indices(y_true, classes)
    predicted = proba.argmax(axis=1) if predicted is None else predicted
    positives = positive_classes(classes, pos_label)
    confusion = _confusion(true, predicted, weight, len(classes))
    hits = np.diag(confusion)[positives]
    precision = _ratio(hits, confusion.sum(axis=0)[positives])
    recall = _ratio(hits, confusion.sum(axis=1)[positives])
    mistakes = confusion - np.diag(np.diag(confusion))
    squared = ((proba - np.eye(len(classes))[true]) ** 2).sum(axis=1)
    brier = np.average(squared, weights=weight) / (2 if len(classes) == 2 else 1)
    of_true = np.clip(proba[np.arange(len(true)), true], _EPSILON, 1 - _EPSILON)
    return {
        "false_positives": float(mistakes.sum(axis=0)[positives].sum()),
        "false_negatives": float(mistakes.sum(axis=1)[positives].sum()),
        "accuracy": float(np.trace(confusion) / confusion.sum()),
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(_ratio(2 * precision * recall, precision + recall).mean()),
        "brier": float(brier),
        "log_loss": float(-np.average(np.log(of_true), weights=weight)),
    }


def _indices(y, classes):
    """Position of each label in `classes`, which need not be sorted."""
    order = np.argsort(classes)
    place = np.searchsorted(classes, y, sorter=order).clip(max=len(classes) - 1)
    indices = order[place]
    unknown = np.flatnonzero(classes[indices] != y)
    if len(unknown):
        raise ValueError(
            f"y_true holds {y[unknown[0]]!r}, which is not among the classes "
            f"{classes.tolist()}."
        )
    return indices


def _confusion(true, predicted, weight, n_classes):
    """Weight of the rows of each true class (rows) and predicted class (columns)."""
    cell = true * n_classes + predicted
    return np.bincount(cell, weight, minlength=n_classes**2).reshape(n_classes, -1)


def _ratio(part, whole):
    """Ratio, zero where there is nothing."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def positive_classes(classes, pos_label=None):
    """Indices of the classes whose false positives count.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels, sorted.

    pos_label : int, float, bool, str or list of them, default=None
        See :func:`classification_metrics`.

    Returns
    -------
    indices : ndarray of int
        Sorted.

    Raises
    ------
    ValueError
        If there is no such class.
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

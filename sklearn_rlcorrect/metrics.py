"""Counts and scores of probabilities, the same before and after the correction."""

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)


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
    classes = np.asarray(classes)
    y_pred = classes[proba.argmax(axis=1) if predicted is None else predicted]
    counted = counted_classes(classes, pos_label)
    precision, recall, f1, _ = precision_recall_fscore_support(
        y_true,
        y_pred,
        labels=classes[counted],
        average="macro",
        zero_division=0,
        sample_weight=sample_weight,
    )
    confusion = confusion_matrix(
        y_true, y_pred, labels=classes, sample_weight=sample_weight
    )
    np.fill_diagonal(confusion, 0)
    return {
        "false_positives": float(confusion.sum(axis=0)[counted].sum()),
        "false_negatives": float(confusion.sum(axis=1)[counted].sum()),
        "accuracy": float(accuracy_score(y_true, y_pred, sample_weight=sample_weight)),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "brier": float(
            brier_score_loss(y_true, proba, labels=classes, sample_weight=sample_weight)
        ),
        "log_loss": float(
            log_loss(y_true, proba, labels=classes, sample_weight=sample_weight)
        ),
    }


def counted_classes(classes, pos_label=None):
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
    return np.array([k for k, label in enumerate(classes) if label in wanted])

"""Scores of labelled rows before and after the correction."""

import numpy as np

from sklearn_rlcorrect.guard import decisions
from sklearn_rlcorrect.metrics import classification_metrics, label_indices
from sklearn_rlcorrect.rewards import false_positive_costs, positive_labels


def evaluate_correction(estimator, X, y, **predict_params):
    """Score the probabilities before and after the correction.

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
        "before" and "after", each with the metrics of
        :func:`~sklearn_rlcorrect.metrics.classification_metrics`; ``cost``, the sum over
        all mistakes of what a false positive of the predicted class costs (with two
        classes `fp_weight` per false positive and 1 per false negative); and ``changed``,
        the number of decisions that differ from the wrapped classifier's.

    Raises
    ------
    ValueError
        If `y` holds a label that the classifier does not know, or not one label per row.

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
    >>> scores["before"]["changed"]
    0.0
    """
    classes = estimator.classes_
    unknown = np.setdiff1d(y, classes).tolist()
    if unknown:
        raise ValueError(
            f"y holds {unknown[0]!r}, which the classifier does not know: it knows "
            f"{classes.tolist()}"
        )
    before, after = estimator.predict_before_after(X, **predict_params)
    positives = positive_labels(estimator.fp_weight, estimator.pos_label)
    costs = false_positive_costs(estimator.fp_weight, classes, estimator.pos_label)
    y_index = label_indices(y, classes)
    scores = {}
    for name, proba, predicted in [
        ("before", before, before.argmax(axis=1)),
        ("after", after, decisions(estimator, after)),
    ]:
        scores[name] = classification_metrics(
            y, proba, classes=classes, pos_label=positives, predicted=predicted
        ) | {
            "cost": float(costs[predicted][predicted != y_index].sum()),
            "changed": float((predicted != before.argmax(axis=1)).sum()),
        }
    return scores

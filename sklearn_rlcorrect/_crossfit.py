"""Out-of-fold probabilities of any classifier: what its correction is trained on."""

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import check_cv

# _safe_indexing is private, but the only way to take rows of arrays, frames, sparse
# matrices and lists as scikit-learn does. The public cross_val_predict hands encoded labels
# to the folds, where a class_weight or pos_label of the wrapped classifier names real ones.
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed

from sklearn_rlcorrect._routing import check_groups
from sklearn_rlcorrect._validation import check_folds, check_proba, check_splits
from sklearn_rlcorrect.metrics import label_indices


def cross_fit(estimator, rows, classes, *, cv=None, n_jobs=None):
    """Fit a classifier on all rows, and predict each row by a fit on other rows.

    Parameters
    ----------
    estimator : estimator instance
        Classifier. It is cloned, unless it is a
        :class:`~sklearn.frozen.FrozenEstimator`: that predicts all rows as it is.

    rows : RoutedRows
        Training rows, with the metadata for the classifier and the splitter.

    classes : ndarray of shape (n_classes,)
        Labels, sorted.

    cv : int, cross-validation generator or iterable, default=None
        Each row is in exactly one test fold. None is 5 stratified folds, or as many as
        the rarest class has members if those are fewer.

    n_jobs : int, default=None
        Jobs for the folds.

    Returns
    -------
    fitted : estimator instance
        Classifier fitted on all rows.

    proba : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities, columns as in `classes`.

    Raises
    ------
    ValueError
        If the folds are no partition, or the probabilities no distribution.
    """
    if isinstance(estimator, FrozenEstimator):
        return estimator, predict_classes_proba(estimator, rows.X, classes)
    splits = _splits(cv, rows)
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_fold_proba)(clone(estimator), rows, train, test, classes)
        for train, test in splits
    )
    proba = np.empty((len(rows), len(classes)))
    proba[np.concatenate([test for _, test in splits])] = np.concatenate(parts)
    return clone(estimator).fit(rows.X, rows.y, **rows.fit_params), proba


def predict_classes_proba(estimator, X, classes):
    """Predict probabilities with a column for each class, from any response method.

    Parameters
    ----------
    estimator : estimator instance
        Fitted classifier with `predict_proba` or `decision_function`. Decision scores
        become probabilities in the same order, by the logistic function or softmax.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    classes : ndarray of shape (n_classes,)
        Labels, sorted. A class that the classifier does not know gets the probability 0.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Rows sum to one.

    Raises
    ------
    ValueError
        If what the classifier returns is no distribution over its classes.
    """
    if hasattr(estimator, "predict_proba"):
        proba = estimator.predict_proba(X)
    else:
        proba = _squash(estimator.decision_function(X))
    known = np.asarray(getattr(estimator, "classes_", classes))
    aligned = np.zeros((len(proba), len(classes)))
    aligned[:, label_indices(known, classes)] = check_proba(proba, len(known))
    return aligned


def _splits(cv, rows):
    """Training and test rows of each fold, checked before anything is fitted."""
    cv = _default_folds(rows.y) if cv is None else cv
    splitter = check_groups(check_cv(cv, rows.y, classifier=True), rows.split_params)
    splits = check_folds(splitter, rows.y).split(rows.X, rows.y, **rows.split_params)
    return check_splits(splits, len(rows))


def _default_folds(y):
    """Five, or as many as the rarest class has members, but at least two."""
    rarest = np.unique(y, return_counts=True)[1].min()
    return min(5, max(2, int(rarest)))


def _fold_proba(estimator, rows, train, test, classes):
    """Probabilities of the test rows by a classifier fitted on the training rows."""
    part = rows.take(train)
    estimator.fit(part.X, part.y, **part.fit_params)
    return predict_classes_proba(estimator, _safe_indexing(rows.X, test), classes)


def _squash(scores):
    """Turn decision scores into probabilities that keep their order."""
    if scores.ndim == 1:
        return np.column_stack([expit(-scores), expit(scores)])
    return softmax(scores, axis=1)

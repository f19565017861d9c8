"""Out-of-fold probabilities of any classifier: what its correction is trained on."""

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import check_cv

# _safe_indexing is private, but the only way to take rows of arrays, frames, sparse
# matrices and lists as scikit-learn does. The public cross_val_predict hands encoded labels
# to the folds, where a class_weight or pos_label of the wrapped classifier names real ones.
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils.parallel import Parallel, delayed

from sklearn_rlcorrect._callbacks import NoTask
from sklearn_rlcorrect._routing import explained_lack_of_groups
from sklearn_rlcorrect._validation import (
    check_estimator_classes,
    check_folds,
    check_proba,
    check_rows_for_folds,
    check_score_columns,
    check_splits,
)
from sklearn_rlcorrect.metrics import label_indices

# Decision scores are divided so that almost all are within this distance of zero: the
# logistic function returns exactly 0 or 1 beyond 37, and the order of rows is lost.
_LARGEST_SCORE = 10.0
_ALMOST_ALL = 0.99

# Rows on which decision scores are compared with predictions, and the share that must
# agree: ties and votes make a few differ.
_COMPARED = 1000
_AGREEING = 0.8


@dataclass(frozen=True)
class CrossFit:
    """Classifier fitted on all rows, and out-of-fold probabilities.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.

    score_scale : float
        What decision scores are divided by; 1 for probabilities.

    rows : ndarray of int of shape (n_tested,)
        Rows that are in a test fold, sorted.

    proba : ndarray of shape (n_tested, n_classes)
        Their out-of-fold probabilities, means over the folds that test them.
    """

    estimator: object
    score_scale: float
    rows: np.ndarray
    proba: np.ndarray


def cross_fit(estimator, rows, classes, *, cv=None, n_jobs=None, task=None):
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
        Folds. None is 5 stratified ones, or as many as the rarest class has members if
        those are fewer.

    n_jobs : int, default=None
        Jobs for the folds.

    task : Task, default=None
        Task of the whole fit, of which this is a part. None is no callback.

    Returns
    -------
    fitted : CrossFit
        Classifier and probabilities.

    Raises
    ------
    ValueError
        If the folds cannot be used, or the probabilities are no distributions.
    """
    is_frozen = isinstance(estimator, FrozenEstimator)
    splits = [((), np.arange(len(rows)))] if is_frozen else _splits(cv, rows)
    task = (task or NoTask()).subtask(
        "out-of-fold probabilities", 0 if is_frozen else len(splits)
    )
    task.begin()
    if is_frozen:
        fitted = estimator
        responses = [_response(estimator, rows.X, classes, rows.predict_params)]
    else:
        responses = _fold_responses(estimator, rows, splits, classes, n_jobs, task)
        fitted = clone(estimator).fit(rows.X, rows.y, **rows.fit_params)
    task.end()
    _check_scores(fitted, rows.X, classes)
    tests = np.concatenate([test for _, test in splits])
    scale = _score_scale(fitted, np.concatenate(responses), rows.weight[tests])
    tested, position = np.unique(tests, return_inverse=True)
    proba = np.zeros((len(tested), len(classes)))
    np.add.at(proba, position, _proba(fitted, np.concatenate(responses), scale))
    proba /= np.bincount(position)[:, np.newaxis]
    return CrossFit(fitted, scale, tested, proba)


def predict_classes_proba(estimator, X, classes, score_scale=1.0, predict_params=None):
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

    score_scale : float, default=1.0
        What decision scores are divided by.

    predict_params : dict, default=None
        Further arguments of `predict_proba`.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Rows sum to one.

    Raises
    ------
    ValueError
        If what the classifier returns is no distribution over its classes.
    """
    response = _response(estimator, X, classes, predict_params or {})
    return _proba(estimator, response, score_scale)


def _splits(cv, rows):
    """Training and test rows of each fold, checked before anything is fitted."""
    cv = _default_folds(rows.y) if cv is None else cv
    splitter = check_folds(check_cv(cv, rows.y, classifier=True), rows.y)
    with explained_lack_of_groups(splitter, rows.split_params):
        splits = list(splitter.split(rows.X, rows.y, **rows.split_params))
    return check_splits(splits, rows.y, rows.weight)


def _default_folds(y):
    """Five, or as many as the rarest class has members."""
    return min(5, check_rows_for_folds(y))


def _fold_responses(estimator, rows, splits, classes, n_jobs, task):
    """Responses of the test rows of all folds, and a task as each is done."""
    done = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_fold_response)(clone(estimator), rows, train, test, classes)
        for train, test in splits
    )
    responses = []
    for _ in splits:
        fold = task.subtask("fold").begin()
        responses.append(next(done))
        fold.end()
    return responses


def _fold_response(estimator, rows, train, test, classes):
    """Response of the test rows by a classifier fitted on the training rows."""
    part, tested = rows.take(train), rows.take(test)
    X_train, X_test = part.X, tested.X
    if get_tags(estimator).input_tags.pairwise:
        # A kernel has a column for each training row.
        X_train, X_test = (_safe_indexing(X, train, axis=1) for X in (X_train, X_test))
    estimator.fit(X_train, part.y, **part.fit_params)
    return _response(estimator, X_test, classes, tested.predict_params)


def _response(estimator, X, classes, predict_params):
    """Probabilities, or scores of which softmax makes such, a column for each class."""
    known = check_estimator_classes(getattr(estimator, "classes_", classes), classes)
    if hasattr(estimator, "predict_proba"):
        proba = estimator.predict_proba(X, **predict_params)
        values, missing = check_proba(proba, len(known)), 0.0
    else:
        scores = np.asarray(estimator.decision_function(X), dtype=np.float64)
        # The difference of the two columns is the log-odds of the second class.
        values = np.column_stack([-scores, scores]) / 2 if scores.ndim == 1 else scores
        check_score_columns(values, len(known))
        missing = -np.inf
    aligned = np.full((len(values), len(classes)), missing)
    aligned[:, label_indices(known, classes)] = values
    return aligned


def _proba(estimator, response, score_scale):
    if hasattr(estimator, "predict_proba"):
        return response
    return softmax(response / score_scale, axis=1)


def _score_scale(estimator, scores, weight):
    """Divisor of decision scores that are far from zero, such as those of unscaled X."""
    if hasattr(estimator, "predict_proba"):
        return 1.0
    # A class that a fold did not know has scores of minus infinity.
    lowest = np.where(np.isfinite(scores), scores, np.inf).min(axis=1)
    spread = _quantile(scores.max(axis=1) - lowest, weight, _ALMOST_ALL)
    return float(max(1.0, spread / _LARGEST_SCORE))


def _quantile(values, weight, share):
    """The smallest value up to which `share` of the weight lies."""
    order = np.argsort(values)
    cumulative = np.cumsum(weight[order])
    # Less than the errors of sums, which would decide between a row and its repetition.
    position = share * cumulative[-1] * (1 - 1e-9)
    return values[order[np.searchsorted(cumulative, position)]]


def _check_scores(estimator, X, classes):
    """Raise if the columns of decision scores are pairs of classes, not classes."""
    if len(classes) == 2 or hasattr(estimator, "predict_proba"):
        return
    some = _safe_indexing(X, slice(0, _COMPARED))
    scores, predicted = _response(estimator, some, classes, {}), estimator.predict(some)
    agreeing = np.mean(classes[scores.argmax(axis=1)] == predicted)
    # Three classes have as many pairs.
    by_pairs = np.mean(classes[_winners(scores)] == predicted) if len(classes) == 3 else 0
    if agreeing < max(_AGREEING, by_pairs):
        raise ValueError(
            f"estimator={estimator!r} has decision scores whose largest is often not of "
            "the predicted class: its columns must be classes. For a support vector "
            "classifier use decision_function_shape='ovr'."
        )


def _winners(scores):
    """The class of three with the most votes of the pairs (0, 1), (0, 2) and (1, 2)."""
    first, second, third = (scores > 0).T.astype(int)
    votes = [first + second, 1 - first + third, 2 - second - third]
    return np.argmax(votes, axis=0)

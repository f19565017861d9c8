"""Bring your own probabilities: correct a model that is not a scikit-learn object."""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d

from sklearn_rlcorrect._doc_link import DocLinkMixin


class PrecomputedProbaClassifier(DocLinkMixin, ClassifierMixin, BaseEstimator):
    """Classifier whose probabilities are columns of X.

    Wrap it in :class:`~sklearn_rlcorrect.RLCalibratedClassifier` to correct the output
    of a deep net, a service or a booster. The remaining columns of X (a hidden
    representation, the model's features) are for the corrector.

    Parameters
    ----------
    columns : list of int or list of str
        Columns that hold the probabilities, in the sorted order of the classes. With
        two classes, one column alone holds the probability of the second.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    n_features_in_ : int
        Number of columns of X.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X has any.

    selector_ : ColumnTransformer
        Reads the columns.

    Examples
    --------
    A net's probability of "yes" in column 0, its hidden layer in the others:

    >>> import numpy as np
    >>> from sklearn_rlcorrect import PrecomputedProbaClassifier
    >>> X = np.array([[0.9, 1.3, -0.2], [0.2, 0.1, 0.4]])
    >>> net = PrecomputedProbaClassifier([0]).fit(X, ["yes", "no"])
    >>> net.predict_proba(X)
    array([[0.1, 0.9],
           [0.8, 0.2]])

    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> corrector = RLCalibratedClassifier(PrecomputedProbaClassifier([0]))
    """

    def __init__(self, columns):
        self.columns = columns

    def fit(self, X, y, sample_weight=None):
        """Learn the labels: there is nothing else to learn.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Probabilities among other columns.

        y : array-like of shape (n_samples,)
            Labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Ignored: weights act on the correction alone.

        Returns
        -------
        self : PrecomputedProbaClassifier
            Fitted classifier.

        Raises
        ------
        ValueError, TypeError
            If `columns` does not name one column per class.
        """
        if not isinstance(self.columns, list | tuple) or not all(
            isinstance(column, Integral | str) for column in self.columns
        ):
            raise TypeError(
                f"columns={self.columns!r} must be a list of column numbers or names."
            )
        check_classification_targets(y)
        self.classes_ = np.unique(column_or_1d(y, warn=True))
        n_columns, n_classes = len(self.columns), len(self.classes_)
        if n_columns != n_classes and (n_columns, n_classes) != (1, 2):
            raise ValueError(
                f"columns={self.columns!r} names {n_columns} column(s) but y has "
                f"{n_classes} classes: name one column per class, in sorted order "
                f"({', '.join(map(str, self.classes_[:10]))})."
            )
        self.selector_ = ColumnTransformer([("proba", "passthrough", self.columns)])
        self.selector_.fit(X)
        self.n_features_in_ = self.selector_.n_features_in_
        if hasattr(self.selector_, "feature_names_in_"):
            self.feature_names_in_ = self.selector_.feature_names_in_
        return self

    def predict_proba(self, X):
        """Read the probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Probabilities among other columns.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            As they stand in X.
        """
        check_is_fitted(self)
        proba = self.selector_.transform(X)
        proba = proba.toarray() if sparse.issparse(proba) else np.asarray(proba)
        proba = proba.astype(np.float64)
        return np.hstack([1 - proba, proba]) if proba.shape[1] == 1 else proba

    def predict(self, X):
        """Most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Probabilities among other columns.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags

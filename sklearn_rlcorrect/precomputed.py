"""Bring your own probabilities: correct a model that is not a scikit-learn object."""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sklearn_rlcorrect._doc_link import DocLinkMixin


class PrecomputedProbaClassifier(DocLinkMixin, ClassifierMixin, BaseEstimator):
    """Classifier that reads its probabilities from columns of X.

    Wrap it in :class:`~sklearn_rlcorrect.RLCalibratedClassifier` to correct the
    probabilities of a model that is not a scikit-learn object, such as a neural network
    or a service. The other columns of X (a hidden representation, the features of the
    model) are for the policy of the corrector.

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

    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, where X has any.

    selector_ : ColumnTransformer
        Selects the columns.

    See Also
    --------
    sklearn.frozen.FrozenEstimator : Wraps a fitted scikit-learn classifier, which makes
        its own probabilities.

    Examples
    --------
    A network's probability of "yes" in column 0, its hidden layer in the others:

    >>> import numpy as np
    >>> from sklearn_rlcorrect import PrecomputedProbaClassifier
    >>> X = np.array([[0.9, 1.3, -0.2], [0.2, 0.1, 0.4]])
    >>> network = PrecomputedProbaClassifier([0]).fit(X, ["yes", "no"])
    >>> network.predict_proba(X)
    array([[0.1, 0.9],
           [0.8, 0.2]])

    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> corrector = RLCalibratedClassifier(PrecomputedProbaClassifier([0]))
    """

    def __init__(self, columns):
        self.columns = columns

    def fit(self, X, y, sample_weight=None):
        """Store the labels: there is nothing to learn.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Probabilities among other columns.

        y : array-like of shape (n_samples,)
            Labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Checked, and ignored: weights act on the correction alone.

        Returns
        -------
        self : PrecomputedProbaClassifier
            Fitted classifier.

        Raises
        ------
        ValueError, TypeError
            If `columns` does not name one column per class, X is no table, or y and
            `sample_weight` do not fit to it.
        """
        self._check_columns()
        X, y = self._checked(X), column_or_1d(y, warn=True)
        check_classification_targets(y)
        check_consistent_length(X, y)
        _check_sample_weight(sample_weight, y)
        classes = np.unique(y)
        self._check_classes(classes)
        self.classes_ = classes
        self.selector_ = ColumnTransformer([("proba", "passthrough", self.columns)])
        self.selector_.set_output(transform="default").fit(X)
        self.n_features_in_ = self.selector_.n_features_in_
        if hasattr(self.selector_, "feature_names_in_"):
            self.feature_names_in_ = self.selector_.feature_names_in_
        return self

    def predict_proba(self, X):
        """Return the probabilities that X holds.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Probabilities among other columns.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            As they stand in X.

        Raises
        ------
        ValueError
            If X lacks columns, or they hold no numbers.
        """
        check_is_fitted(self)
        proba = self.selector_.transform(self._checked(X))
        proba = proba.toarray() if sparse.issparse(proba) else np.asarray(proba)
        proba = proba.astype(np.float64)
        return np.hstack([1 - proba, proba]) if proba.shape[1] == 1 else proba

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Probabilities among other columns.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.

        Raises
        ------
        ValueError
            If X lacks columns, or they hold no numbers.
        """
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        # The columns that are no probabilities may hold anything.
        tags.input_tags.string = True
        # One column is the probability of the second of two classes.
        is_alone = isinstance(self.columns, list | tuple) and len(self.columns) == 1
        tags.classifier_tags.multi_class = not is_alone
        # Nothing is learnt: the scores are those of the columns.
        tags.classifier_tags.poor_score = True
        return tags

    def _check_columns(self):
        if not isinstance(self.columns, list | tuple) or not all(
            isinstance(column, Integral | str) for column in self.columns
        ):
            raise TypeError(
                f"columns={self.columns!r} must be a list of column numbers or names."
            )

    def _check_classes(self, classes):
        n_columns, n_classes = len(self.columns), len(classes)
        if n_classes < 2:
            raise ValueError(
                f"y holds one class only ({classes.tolist()[0]!r}): a classifier needs "
                "rows of at least two classes."
            )
        if n_columns != n_classes and (n_columns, n_classes) != (1, 2):
            # The words of scikit-learn for a classifier of two classes.
            hint = "Only binary classification is supported by one column: "
            raise ValueError(
                f"columns={self.columns!r} names {n_columns} column(s) but y has "
                f"{n_classes} classes. {hint if n_columns == 1 else ''}Name one column per "
                f"class, in sorted order ({', '.join(map(str, classes[:10]))})."
            )

    def _checked(self, X):
        """X as a frame, an array or a sparse matrix in which columns can be selected."""
        if hasattr(X, "columns"):
            return X
        X = X if hasattr(X, "dtype") else np.asarray(X, dtype=object)
        return check_array(
            X,
            accept_sparse=["csr", "csc"],
            dtype=None,
            ensure_all_finite=False,
            estimator=self,
            input_name="X",
        )


def _check_sample_weight(sample_weight, y):
    if sample_weight is None:
        return
    sample_weight = column_or_1d(sample_weight)
    check_consistent_length(y, sample_weight)
    if not sample_weight.any():
        raise ValueError(
            "sample_weight is zero for all rows: at least one weight must be non-zero."
        )

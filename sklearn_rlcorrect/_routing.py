"""Metadata given to ``fit``: what goes to the classifier, and what to the splitter."""

import contextlib
import warnings
from dataclasses import dataclass

import numpy as np
from sklearn import get_config
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing, column_or_1d
from sklearn.utils.metadata_routing import get_routing_for_object, process_routing
from sklearn.utils.validation import has_fit_parameter


@dataclass(frozen=True)
class RoutedRows:
    """Labelled rows with the metadata that they come with.

    Parameters
    ----------
    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows.

    y : ndarray of shape (n_samples,)
        Labels.

    weight : ndarray of shape (n_samples,)
        How much each row counts.

    fit_params, predict_params, split_params : dict
        Metadata for the classifier's `fit` and `predict_proba`, and for the splitter's
        `split`.

    is_weighted : bool
        Whether the weights were given.
    """

    X: object
    y: np.ndarray
    weight: np.ndarray
    fit_params: dict
    predict_params: dict
    split_params: dict
    is_weighted: bool

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """Some of the rows, with their metadata."""
        X, y = _safe_indexing(self.X, rows), _safe_indexing(self.y, rows)
        params = (
            _params_of_rows(params, rows, len(self))
            for params in (self.fit_params, self.predict_params, self.split_params)
        )
        return RoutedRows(X, y, self.weight[rows], *params, self.is_weighted)


def route(corrector, estimator, sample_weight, metadata):
    """Route metadata to the classifier and to the splitter.

    Parameters
    ----------
    corrector : RLCalibratedClassifier
        Whose `fit` was called, with its routing requests.

    estimator : estimator instance
        Wrapped classifier.

    sample_weight : array-like of shape (n_samples,) or None
        As given; None is not passed on.

    metadata : dict
        Everything else that `fit` was given.

    Returns
    -------
    fit_params, predict_params, split_params : dict
        For the classifier's `fit` and `predict_proba`, and for the splitter's `split`.

    Raises
    ------
    ValueError
        If there is `metadata`, and scikit-learn's metadata routing is off.
    """
    if get_config()["enable_metadata_routing"]:
        routed = process_routing(corrector, "fit", sample_weight=sample_weight, **metadata)
        to_classifier = routed.estimator
        return to_classifier.fit, to_classifier.predict_proba, routed.splitter.split
    _check_no_metadata("fit", metadata)
    return _weight_without_routing(estimator, sample_weight), {}, {}


def route_prediction(corrector, metadata):
    """Route metadata of a prediction to the classifier.

    Parameters
    ----------
    corrector : RLCalibratedClassifier
        Which predicts.

    metadata : dict
        What its method was given besides X.

    Returns
    -------
    predict_params : dict
        For the classifier's `predict_proba`.

    Raises
    ------
    ValueError, TypeError
        If there is `metadata`, and scikit-learn's metadata routing is off, or the
        classifier does not request it.
    """
    if not get_config()["enable_metadata_routing"]:
        _check_no_metadata("predict_proba", metadata)
        return {}
    if not metadata:
        return {}
    return process_routing(corrector, "predict_proba", **metadata).estimator.predict_proba


def _check_no_metadata(method, metadata):
    if metadata:
        raise ValueError(
            f"{method} got {', '.join(sorted(metadata))}, which takes metadata routing to "
            "pass on, and that is off: call "
            "sklearn.set_config(enable_metadata_routing=True). Splitters such as "
            "GroupKFold then get groups; the classifier requests what it takes by "
            f"estimator.set_{method}_request(NAME=True)."
        )


def _weight_without_routing(estimator, sample_weight):
    if sample_weight is None or isinstance(estimator, FrozenEstimator):
        return {}
    if has_fit_parameter(estimator, "sample_weight"):
        return {"sample_weight": sample_weight}
    warnings.warn(
        f"estimator={estimator!r} takes no sample_weight in fit: the weights act on its "
        "correction only. Steps of a Pipeline would get them by metadata routing, see "
        "sklearn.set_config(enable_metadata_routing=True).",
        stacklevel=8,  # the caller of fit
    )
    return {}


@contextlib.contextmanager
def explained_lack_of_groups(splitter, split_params):
    """Explain why a splitter fails that takes groups and gets none.

    Parameters
    ----------
    splitter : cross-validation generator
        Splits in the block. Some of those that take groups do without.

    split_params : dict
        What it gets.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    ValueError
        In place of the splitter's own error.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        takes_groups = get_routing_for_object(splitter).consumes("split", ["groups"])
        if not takes_groups or "groups" in split_params:
            raise
        raise ValueError(
            f"cv={splitter!r} takes groups, and fit got none: give fit(..., groups=...), "
            "with sklearn.set_config(enable_metadata_routing=True), here and in whatever "
            f"calls it. Its own error: {error}"
        ) from error


def groups_of_guard(rows):
    """Return the groups of the rows, for the draw of the guard's calibration set.

    Parameters
    ----------
    rows : RoutedRows
        All rows.

    Returns
    -------
    groups : array-like of shape (n_samples,) or None
        None where `fit` was given none.

    Raises
    ------
    ValueError
        If groups go to the classifier alone.
    """
    if "groups" in rows.fit_params and "groups" not in rows.split_params:
        raise ValueError(
            "groups go to the classifier alone, so that rows of one group would be set "
            "aside to prove limits and others fitted on: use a splitter of groups as cv."
        )
    return row_groups(rows)


def row_groups(rows):
    """Return the group of each row as an integer, for parts that keep groups whole.

    Parameters
    ----------
    rows : RoutedRows
        Rows.

    Returns
    -------
    groups : ndarray of int of shape (n_samples,) or None
        None where the splitter was given none.

    Raises
    ------
    ValueError
        If there is not one for each row, or only one group.
    """
    if rows.split_params.get("groups") is None:
        return None
    return check_groups(rows.split_params["groups"], len(rows))


def check_groups(groups, n_samples):
    """Return the group of each row as an integer.

    Parameters
    ----------
    groups : array-like of shape (n_samples,)
        Names of groups.

    n_samples : int
        Number of rows.

    Returns
    -------
    groups : ndarray of int of shape (n_samples,)
        Equal where names are, from 0 on.

    Raises
    ------
    ValueError
        If there is not one for each row, or only one group.
    """
    groups = column_or_1d(groups)
    if len(groups) != n_samples:
        raise ValueError(
            f"groups has {len(groups)} entries for {n_samples} rows: give one for each row."
        )
    if groups.dtype.kind == "f" and np.isnan(groups).any():
        raise ValueError("groups contains NaN: name the group of each row.")
    names, groups = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise ValueError(
            "groups holds one group only: of its rows, nothing is known of others."
        )
    return groups


def params_for_other_rows(params, n_samples):
    """Return metadata of a fit as metadata of other rows.

    Parameters
    ----------
    params : dict
        Metadata.

    n_samples : int
        Number of rows of the fit.

    Returns
    -------
    params : dict
        The same.

    Raises
    ------
    ValueError
        If any has one entry per row: nothing is known of other rows then.
    """
    of_rows = [name for name, value in params.items() if _n_entries(value) == n_samples]
    if of_rows:
        raise ValueError(
            f"{of_rows[0]} has one entry for each row of X, and estimator requests it for "
            "predict_proba: there is none for the rows of X_test. Give one value for all."
        )
    return params


def _params_of_rows(params, rows, n_samples):
    """Metadata of some rows: values with one entry per row are indexed, others kept."""
    return {
        name: _safe_indexing(value, rows) if _n_entries(value) == n_samples else value
        for name, value in params.items()
    }


def _n_entries(value):
    if isinstance(value, str | dict):
        return None
    if hasattr(value, "shape"):
        return value.shape[0] if value.shape else None
    return len(value) if hasattr(value, "__len__") else None

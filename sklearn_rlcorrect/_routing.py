"""Metadata given to ``fit``: what of it goes to the classifier, what to the splitter."""

import warnings

from sklearn import get_config
from sklearn.frozen import FrozenEstimator
from sklearn.utils import _safe_indexing
from sklearn.utils.metadata_routing import get_routing_for_object, process_routing
from sklearn.utils.validation import has_fit_parameter


def route(corrector, estimator, sample_weight, metadata):
    """Decide who gets what.

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
    fit_params, split_params : dict
        For the classifier's `fit` and for the splitter's `split`.

    Raises
    ------
    ValueError
        If there is `metadata`, and scikit-learn's metadata routing is off.
    """
    if get_config()["enable_metadata_routing"]:
        routed = process_routing(corrector, "fit", sample_weight=sample_weight, **metadata)
        return routed.estimator.fit, routed.splitter.split
    if metadata:
        raise ValueError(
            f"fit got {', '.join(sorted(metadata))}, which takes metadata routing to pass "
            "on, and that is off: call sklearn.set_config(enable_metadata_routing=True). "
            "GroupKFold and its kind then get groups; what the classifier shall get, it "
            "asks for by estimator.set_fit_request(NAME=True)."
        )
    return _weight_without_routing(estimator, sample_weight), {}


def _weight_without_routing(estimator, sample_weight):
    if sample_weight is None or isinstance(estimator, FrozenEstimator):
        return {}
    if has_fit_parameter(estimator, "sample_weight"):
        return {"sample_weight": sample_weight}
    warnings.warn(
        f"estimator={estimator!r} takes no sample_weight in fit: the weights act on its "
        "correction only. Steps of a Pipeline would get them by metadata routing, see "
        "sklearn.set_config(enable_metadata_routing=True).",
        stacklevel=5,  # the caller of fit
    )
    return {}


def check_groups(splitter, split_params):
    """Return `splitter` unless it wants groups and gets none."""
    wants_groups = get_routing_for_object(splitter).consumes("split", ["groups"])
    if wants_groups and "groups" not in split_params:
        raise ValueError(
            f"cv={splitter!r} takes groups, and fit got none: give fit(..., groups=...), "
            "with sklearn.set_config(enable_metadata_routing=True), here and in whatever "
            "calls it."
        )
    return splitter


def check_groups_reach_the_guard(fit_params, split_params):
    """Raise if rows are in groups that the split of the guard would not know of."""
    if "groups" in fit_params and "groups" not in split_params:
        raise ValueError(
            "groups go to the classifier alone, so that rows of one group would be set "
            "aside to prove limits and others fitted on: use a splitter of groups as cv."
        )


def params_of_rows(params, rows, n_samples):
    """Metadata of some rows: values with one entry per row are cut, others kept."""
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

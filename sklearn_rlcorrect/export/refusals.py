"""Why an estimator cannot be converted to ONNX: the part of it, the reason, the remedy."""

import textwrap
from functools import partial
from types import BuiltinFunctionType, FunctionType

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.tree import BaseDecisionTree

from sklearn_rlcorrect._parts import named_parts
from sklearn_rlcorrect.export.inputs import is_text_array

_FUNCTIONS = FunctionType | BuiltinFunctionType | np.ufunc | partial

# Parameters that hold what is computed. Functions in others, such as `scoring`, are not
# run to predict.
_COMPUTED = (
    "func",
    "metric",
    "kernel",
    "weights",
    "tokenizer",
    "preprocessor",
    "analyzer",
)

_TREES = (
    BaseDecisionTree | RandomForestClassifier | ExtraTreesClassifier | BaggingClassifier
)


def refusal(estimator, name, *, inputs, differences=(), failure=None):
    """Say what skl2onnx converts wrongly, or not at all.

    Parameters
    ----------
    estimator : estimator
        Fitted; what could not be converted.

    name : {"estimator", "features"}
        The parameter of the corrector that it is of.

    inputs : dict of str to ndarray
        What onnxruntime was given.

    differences : list of float, default=()
        By how much the results of conversions differ from those expected.

    failure : Exception, default=None
        What the last conversion raised.

    Returns
    -------
    message : str
        The first part with a known reason, or what skl2onnx says.
    """
    said = str(failure) if failure else ""
    for part_name, part in named_parts(estimator, name):
        reason = next(filter(None, (why(part, inputs, said) for why in _REASONS)), None)
        if reason:
            what = type(part).__name__
            return f"{part_name}, of type {what}, cannot be converted to ONNX: {reason}"
    shown = f"{name}={textwrap.shorten(repr(estimator), 300)}"
    if differences:
        return (
            f"{shown} was converted to ONNX, but its probabilities, corrected, differ by "
            f"{min(differences):.2g} from those of predict_proba: skl2onnx does not "
            "support it well enough."
        )
    # That of an ensemble can hold all of its numbers.
    return f"{shown} cannot be converted to ONNX by skl2onnx: {textwrap.shorten(said, 300)}"


def _own_class(part, inputs, said):
    module = type(part).__module__
    # A class can have the attribute, too; splitters and scorers are not converted.
    is_estimator = hasattr(part, "fit") and not isinstance(part, type)
    if not is_estimator or module.startswith("sklearn.") or _has_converter(type(part)):
        return None
    return (
        f"it is a class of {module}, for which skl2onnx has no converter. Register one by "
        "skl2onnx.update_registered_converter, or compute it elsewhere and correct its "
        "probabilities by PrecomputedProbaClassifier."
    )


def _has_converter(kind):
    from skl2onnx import get_model_alias

    try:
        return bool(get_model_alias(kind))
    except RuntimeError:
        return False


def _function(part, inputs, said):
    params = part.get_params(deep=False) if hasattr(part, "get_params") else {}
    for name in _COMPUTED:
        if isinstance(params.get(name), _FUNCTIONS):
            return (
                f"its parameter {name} is a function, and ONNX runs no Python. Take a "
                "transformer or an option of scikit-learn in its place, or compute it "
                "before fit, as columns of X."
            )
    return None


def _hist_gradient_boosting(part, inputs, said):
    if not isinstance(part, HistGradientBoostingClassifier):
        return None
    others = (
        "Take a GradientBoostingClassifier or a RandomForestClassifier, behind a "
        "SimpleImputer where numbers are missing"
    )
    if getattr(part, "is_categorical_", None) is not None:
        return (
            "it has categorical features, whose splits skl2onnx does not convert. "
            f"{others} and an encoder for the categories."
        )
    return f"the converter of skl2onnx does not work with the installed onnx. {others}."


def _calibration(part, inputs, said):
    if not isinstance(part, CalibratedClassifierCV) or part.method == "sigmoid":
        return None
    return (
        f"skl2onnx does not convert method={part.method!r} correctly. Take "
        "method='sigmoid', or leave the calibration out."
    )


def _voting(part, inputs, said):
    if not isinstance(part, VotingClassifier) or not part.flatten_transform:
        return None
    return "skl2onnx takes flatten_transform=False only. It changes no probability."


def _indicator(part, inputs, said):
    if not isinstance(part, SimpleImputer) or not part.add_indicator:
        return None
    return (
        "skl2onnx leaves out the columns of add_indicator=True. Fit without them: "
        "features='auto' tells the policy what is missing."
    )


def _trees_of_missing_numbers(part, inputs, said):
    numbers = [array for array in inputs.values() if not is_text_array(array)]
    if not isinstance(part, _TREES) or not any(np.isnan(a).any() for a in numbers):
        return None
    return (
        "a tree sends missing numbers to a side that it has learnt, which skl2onnx does "
        "not convert. Put a SimpleImputer before it."
    )


def _lower_case(part, inputs, said):
    if not getattr(part, "lowercase", False) or "locale" not in said.lower():
        return None
    return (
        "onnxruntime lowers texts by the locale en_US.UTF-8, which this machine lacks. "
        "Install it, or fit with lowercase=False on texts in lower case."
    )


_REASONS = (
    _own_class,
    _function,
    _hist_gradient_boosting,
    _calibration,
    _voting,
    _indicator,
    _lower_case,
    _trees_of_missing_numbers,
)

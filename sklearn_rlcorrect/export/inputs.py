"""Columns of X as inputs of an ONNX model."""

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse


def make_inputs(X):
    """What onnxruntime is given for X: doubles, or texts, by name."""
    if not hasattr(X, "columns"):
        return {"X": _matrix(X)}
    columns = nw.from_native(X, eager_only=True).iter_columns()
    inputs = {str(column.name): _column(column) for column in columns}
    for name in ("label", "probabilities"):
        if name in inputs:
            raise ValueError(
                f"X has a column {name!r}, which is the name of an output of the ONNX "
                "model: fit with another name."
            )
    return inputs


def _matrix(X):
    X = X.toarray() if sparse.issparse(X) else np.asarray(X)
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"X of shape {X.shape} and type {X.dtype} cannot be an input in ONNX: it must "
            "be an array of numbers, or a frame whose columns are numbers, bools or texts. "
            "Texts go into a column of a frame, for a vectoriser in a ColumnTransformer."
        )
    return X.astype(np.float64)


def _column(column):
    if column.dtype.is_numeric() or column.dtype == nw.Boolean:
        return column.cast(nw.Float64).to_numpy().reshape(-1, 1)
    values = column.to_numpy()
    if values.dtype.kind in "biuf":  # the sparse type of pandas
        return values.astype(np.float64).reshape(-1, 1)
    problem = _problem(column)
    if problem:
        raise ValueError(
            f"column {column.name!r} of X cannot be an input in ONNX: {problem}"
        )
    return np.array(column.to_list(), dtype=object).reshape(-1, 1)


def _problem(column):
    """Say why a column holds not only texts, and what to do; empty if it does."""
    if column.dtype.is_temporal():
        return (
            "it holds dates or times, which ONNX has no type for. Turn it into numbers, or "
            "drop it, and fit again."
        )
    known = column.drop_nulls().to_list()
    strange = [value for value in known if not isinstance(value, str)]
    if strange:
        return (
            f"it holds an object of type {type(strange[0]).__name__!r}. Only numbers, "
            "bools and texts can be: convert or drop it, and fit again."
        )
    if len(known) < len(column):
        return (
            "it holds texts with missing values, and ONNX has no missing text. Fill the "
            "gaps with a word, such as 'missing', and fit again."
        )
    return ""


def is_text_array(array):
    """Return whether an input holds texts."""
    return array.dtype.kind == "O"


def views(inputs):
    """Ways to hand X to skl2onnx: lists of a name there, our inputs, and their array."""
    columns = [(name, [name], array) for name, array in inputs.items()]
    if len(inputs) == 1 or any(map(is_text_array, inputs.values())):
        return [columns]
    # Most of its converters take one matrix, that of a ColumnTransformer takes names.
    return [[("X", list(inputs), np.hstack(list(inputs.values())))], columns]


def value_info(name, array):
    """Describe an input: its name, type and shape."""
    from onnx import TensorProto, helper

    elem_type = TensorProto.STRING if is_text_array(array) else TensorProto.DOUBLE
    return helper.make_tensor_value_info(name, elem_type, ["N", array.shape[1]])

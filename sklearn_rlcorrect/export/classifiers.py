"""Conversion of scikit-learn's estimators by skl2onnx, with its gaps filled."""

import copy

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import BaseDecisionTree

from sklearn_rlcorrect.export.inputs import is_text_array, views
from sklearn_rlcorrect.export.joining import OPSETS, feed_input, make_part


def attempts(estimator, inputs):
    """Arguments of :func:`convert_estimator`, the most exact first.

    Doubles, but trees compare single-precision numbers in onnxruntime, as they do in
    scikit-learn. What comes before them must not be rounded: a row close to a threshold
    would go the other way.
    """
    from skl2onnx.sklapi import CastTransformer

    estimator = copy.deepcopy(estimator)
    trees = list(_trees(estimator))
    for tree in trees:
        _round_thresholds(tree)
    for view in views(inputs):
        if not trees:
            yield estimator, view, np.float64
        elif isinstance(estimator, Pipeline):
            *first, last = estimator.steps
            rounded = Pipeline([*first, ("rounded", CastTransformer()), last])
            yield rounded, view, np.float64
        # Also for what has operators for single precision only.
        yield estimator, view, np.float32


def _trees(part):
    """Fitted trees in an estimator of scikit-learn, however deep."""
    if isinstance(part, np.ndarray) and part.dtype.kind == "O":
        part = part.tolist()
    if isinstance(part, BaseDecisionTree) and hasattr(part, "tree_"):
        yield part.tree_
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _trees(inner)
    elif type(part).__module__.startswith("sklearn."):
        for inner in getattr(part, "__dict__", {}).values():
            yield from _trees(inner)


def _round_thresholds(tree):
    """Round down to single precision: no single-precision number changes sides.

    skl2onnx rounds to the nearest, which may be above the threshold.
    """
    nearest = tree.threshold.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    tree.threshold[:] = np.where(nearest > tree.threshold, below, nearest)


def convert_estimator(estimator, view, dtype=np.float64, *, prefix):
    """Model of skl2onnx, with nodes that feed it our inputs."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import (
        DoubleTensorType,
        FloatTensorType,
        StringTensorType,
    )

    number = DoubleTensorType if dtype == np.float64 else FloatTensorType
    types = [
        (
            name,
            (StringTensorType if is_text_array(array) else number)([None, array.shape[1]]),
        )
        for name, _, array in view
    ]
    converted = convert_sklearn(
        estimator, initial_types=types, options=_options(estimator), target_opset=OPSETS
    )
    if dtype == np.float64:
        _impute_doubles(converted.graph)
    # skl2onnx keeps the order of the inputs, but not their names.
    feeding = [
        node
        for (_, sources, _), value in zip(view, converted.graph.input, strict=True)
        for node in feed_input(
            sources, prefix + value.name, value.type.tensor_type.elem_type
        )
    ]
    return make_part(converted.graph, feeding, converted.opset_import, prefix=prefix)


def _options(estimator):
    """Options of skl2onnx: all probabilities, or all scores, in one array."""
    last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if not is_classifier(last):
        return {}
    options = {} if hasattr(last, "predict_proba") else {"raw_scores": True}
    # That of LinearSVC has no probabilities, so that it does not know the option.
    return {id(last): options | ({} if isinstance(last, LinearSVC) else {"zipmap": False})}


def _impute_doubles(graph):
    """Write imputers with other operators: that of onnxruntime takes no doubles."""
    from onnx import helper, numpy_helper

    nodes = []
    for i, node in enumerate(graph.node):
        given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type != "Imputer" or not np.isnan(given["replaced_value_float"]):
            nodes.append(node)
            continue
        missing, values = f"missing_{i}", f"imputed_{i}"
        array = np.array(given["imputed_value_floats"], dtype=np.float64)
        graph.initializer.append(numpy_helper.from_array(array, values))
        nodes.append(helper.make_node("IsNaN", node.input, [missing]))
        nodes.append(helper.make_node("Where", [missing, values, *node.input], node.output))
    del graph.node[:]
    graph.node.extend(nodes)

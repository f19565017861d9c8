"""A fitted corrector as one ONNX model: its classifier by skl2onnx, the rest by us."""

import copy
import textwrap

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import BaseDecisionTree

from sklearn_rlcorrect.export.graph import policy_graph, table_graph
from sklearn_rlcorrect.features import TableFeatures
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.precomputed import PrecomputedProbaClassifier

# 19 is the first in which texts can be compared.
_OPSETS = {"": 19, "ai.onnx.ml": 3}

# Largest difference from `predict_proba` that is put down to rounding.
_TOLERANCE = 1e-5


def to_onnx(model, X):
    """Convert a fitted corrector to ONNX.

    The wrapped classifier is converted by skl2onnx, the correction by this package, and
    the result is run by onnxruntime on `X` and compared with `predict_proba`.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted. The ONNX model predicts with the policy of its present `priority`.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows to take the inputs from and to check the result on. Some hundred rows that
        are like those to predict show more than a few.

    Returns
    -------
    onnx_model : onnx.ModelProto
        Its inputs are `X`, or one input of shape (n_samples, 1) per column where `X` is
        a frame: doubles, or strings for texts. Its outputs are `label`, of shape
        (n_samples,), and `probabilities`, doubles of shape (n_samples, n_classes).

    Raises
    ------
    ValueError
        If the classifier, the features or a column of `X` cannot be converted, or the
        result differs from `predict_proba` by more than 1e-5 on any row of `X`.

    ImportError
        If skl2onnx, onnx or onnxruntime is missing.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.export import to_onnx
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> onnx_model = to_onnx(model.fit(X, y), X)
    >>> [output.name for output in onnx_model.graph.output]
    ['label', 'probabilities']
    """
    _check_installed()
    check_corrector(model, "model")
    expected = model.predict_proba(X)
    inputs = _inputs(X)
    estimator, proba_from = _base(model)
    policy = policy_graph(model, proba_from)
    features = _features_part(model.feature_transformer_, inputs)
    differences, failure = [], None
    for attempt in _attempts(estimator, inputs):
        try:
            base = _converted(*attempt, prefix="base/")
            onnx_model = _joined(inputs, base, features, policy)
            difference = _difference(onnx_model, inputs, expected)
        except Exception as error:  # skl2onnx and onnxruntime raise anything
            failure = error
            continue
        if difference <= _TOLERANCE:
            return onnx_model
        differences.append(difference)
    raise ValueError(_refusal(estimator, differences, failure)) from failure


def _check_installed():
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import skl2onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{error}: ONNX needs pip install 'sklearn-rlcorrect[onnx]'"
        ) from error


def _refusal(estimator, differences, failure):
    """Say what skl2onnx converts wrongly, or not at all."""
    base = f"estimator={estimator!r}"
    if differences:
        return (
            f"{base} was converted to ONNX, but its probabilities, corrected, differ by "
            f"{min(differences):.2g} from those of predict_proba: skl2onnx does not "
            "support it well enough."
        )
    # That of an ensemble can hold all of its numbers.
    reason = textwrap.shorten(str(failure), 300)
    return f"{base} cannot be converted to ONNX by skl2onnx: {reason}"


def _inputs(X):
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
            "be an array of numbers, or a frame whose columns are numbers, bools or texts."
        )
    return X.astype(np.float64)


def _column(column):
    if column.dtype.is_numeric() or column.dtype == nw.Boolean:
        return column.cast(nw.Float64).to_numpy().reshape(-1, 1)
    values = column.to_list()
    if not all(isinstance(value, str) for value in values):
        raise ValueError(
            f"column {column.name!r} of X cannot be an input in ONNX: it must be numbers, "
            "bools, or texts without gaps."
        )
    return np.array(values, dtype=object).reshape(-1, 1)


def _is_text(array):
    return array.dtype.kind == "O"


def _base(model):
    """What skl2onnx is to convert, and what comes out: a key of `PROBA_FROM`."""
    estimator = model.estimator_
    while isinstance(estimator, FrozenEstimator):
        estimator = estimator.estimator
    if isinstance(estimator, PrecomputedProbaClassifier):
        is_alone = len(estimator.columns) == 1
        return estimator.selector_, "one probability" if is_alone else "probabilities"
    if hasattr(estimator, "predict_proba"):
        return estimator, "probabilities"
    return estimator, "two scores" if len(model.classes_) == 2 else "scores"


def _views(inputs):
    """Ways to hand X to skl2onnx: lists of a name there, our inputs, and their array."""
    columns = [(name, [name], array) for name, array in inputs.items()]
    if len(inputs) == 1 or any(map(_is_text, inputs.values())):
        return [columns]
    # Most of its converters take one matrix, that of a ColumnTransformer takes names.
    return [[("X", list(inputs), np.hstack(list(inputs.values())))], columns]


def _attempts(estimator, inputs):
    """Arguments of :func:`_converted`, the most exact first.

    Doubles, but trees compare single-precision numbers in onnxruntime, as they do in
    scikit-learn. What comes before them must not be rounded: a row close to a threshold
    would go the other way.
    """
    from skl2onnx.sklapi import CastTransformer

    estimator = copy.deepcopy(estimator)
    trees = list(_trees(estimator))
    for tree in trees:
        _round_thresholds(tree)
    for view in _views(inputs):
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


def _converted(estimator, view, dtype=np.float64, *, prefix):
    """Model of skl2onnx, with nodes that feed it our inputs."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import (
        DoubleTensorType,
        FloatTensorType,
        StringTensorType,
    )

    number = DoubleTensorType if dtype == np.float64 else FloatTensorType
    types = [
        (name, (StringTensorType if _is_text(array) else number)([None, array.shape[1]]))
        for name, _, array in view
    ]
    converted = convert_sklearn(
        estimator, initial_types=types, options=_options(estimator), target_opset=_OPSETS
    )
    if dtype == np.float64:
        _impute_doubles(converted.graph)
    # skl2onnx keeps the order of the inputs, but not their names.
    feeding = [
        node
        for (_, sources, _), value in zip(view, converted.graph.input, strict=True)
        for node in _feeding(sources, prefix + value.name, value.type.tensor_type.elem_type)
    ]
    return _part(converted.graph, feeding, converted.opset_import, prefix=prefix)


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


def _features_part(transformer, inputs):
    """Model of the features; None without any."""
    if transformer is None:
        return None
    if isinstance(transformer, TableFeatures):
        return _table_part(transformer, inputs)
    for view in _views(inputs):
        try:
            return _converted(transformer, view, prefix="features/")
        except Exception as error:  # skl2onnx raises anything
            failure = error
    raise ValueError(
        f"features={transformer!r} cannot be converted to ONNX by skl2onnx: {failure}"
    ) from failure


def _table_part(table, inputs):
    from onnx import TensorProto

    # An array is one input with all columns.
    owners = [name for name, array in inputs.items() for _ in range(array.shape[1])]
    feeding = []
    if table.numeric_:
        sources = list(dict.fromkeys(owners[j] for j in table.numeric_))
        feeding += _feeding(sources, "features/numbers", TensorProto.DOUBLE)
    for i, j in enumerate(table.categorical_):
        is_text = _is_text(inputs[owners[j]])
        feed = _feeding if is_text else _feeding_names
        feeding += feed([owners[j]], f"features/text_{i}", TensorProto.STRING)
    return _part(table_graph(table), feeding, prefix="features/")


def _feeding(sources, target, elem_type):
    """Nodes that put tensors side by side, as the type that is asked for."""
    from onnx import helper

    joined = f"{target}/joined"
    return [
        helper.make_node("Concat", sources, [joined], axis=1),
        helper.make_node("Cast", [joined], [target], to=elem_type),
    ]


def _feeding_names(sources, target, elem_type):
    """Nodes that turn bools, which are doubles in ONNX, into texts, as `str` does."""
    from onnx import TensorProto, helper, numpy_helper

    index, names = f"{target}/index", f"{target}/names"
    array = numpy_helper.from_array(np.array(["False", "True"], dtype=object))
    return [
        helper.make_node("Constant", [], [names], value=array),
        helper.make_node("Cast", sources, [index], to=TensorProto.INT64),
        helper.make_node("Gather", [names, index], [target]),
    ]


def _part(graph, feeding, opsets=(), *, prefix):
    """Model of a graph, its names behind a prefix, and of the nodes that feed it."""
    from onnx import compose, helper

    graph = compose.add_prefix_graph(graph, prefix)
    nodes = [*feeding, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return helper.make_model(graph, opset_imports=opsets)


def _joined(inputs, base, features, policy):
    """One model of three."""
    from onnx import TensorProto, checker, helper

    feeding = []
    for part, target in [(base, "policy/scores"), (features, "policy/features")]:
        if part is not None:
            output = part.graph.output[-1].name
            feeding += _feeding([output], target, TensorProto.DOUBLE)
    parts = [*filter(None, [base, features]), _part(policy, feeding, prefix="policy/")]
    naming = [
        helper.make_node("Identity", [f"policy/{value.name}"], [value.name])
        for value in policy.output
    ]
    graph = helper.make_graph(
        [*(node for part in parts for node in part.graph.node), *naming],
        "RLCalibratedClassifier",
        [_value_info(name, array) for name, array in inputs.items()],
        policy.output,
        [tensor for part in parts for tensor in part.graph.initializer],
    )
    foreign = {o.domain: o.version for part in parts for o in part.opset_import}
    opsets = [helper.make_opsetid(*opset) for opset in (foreign | _OPSETS).items()]
    onnx_model = helper.make_model(
        graph,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets, ignore_unknown=True),
        producer_name="sklearn-rlcorrect",
    )
    checker.check_model(onnx_model)
    return onnx_model


def _value_info(name, array):
    from onnx import TensorProto, helper

    elem_type = TensorProto.STRING if _is_text(array) else TensorProto.DOUBLE
    return helper.make_tensor_value_info(name, elem_type, ["N", array.shape[1]])


def _difference(onnx_model, inputs, expected):
    """Largest difference between the probabilities of onnxruntime and those expected."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is wrong is raised, too
    session = onnxruntime.InferenceSession(
        onnx_model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (proba,) = session.run(["probabilities"], inputs)
    return np.nan_to_num(np.abs(proba - expected), nan=np.inf).max()

"""Parts of an ONNX model: prefixed, fed by each other's outputs, and joined."""

import numpy as np

from sklearn_rlcorrect.export.inputs import value_info

# 19 is the first in which texts can be compared.
OPSETS = {"": 19, "ai.onnx.ml": 3}


def feed_input(sources, target, elem_type):
    """Nodes that put tensors side by side, as the type that is asked for."""
    from onnx import helper

    joined = f"{target}/joined"
    return [
        helper.make_node("Concat", sources, [joined], axis=1),
        helper.make_node("Cast", [joined], [target], to=elem_type),
    ]


def feed_names(sources, target, elem_type):
    """Nodes that turn bools, which are doubles in ONNX, into texts, as `str` does."""
    from onnx import TensorProto, helper, numpy_helper

    index, names = f"{target}/index", f"{target}/names"
    array = numpy_helper.from_array(np.array(["False", "True"], dtype=object))
    return [
        helper.make_node("Constant", [], [names], value=array),
        helper.make_node("Cast", sources, [index], to=TensorProto.INT64),
        helper.make_node("Gather", [names, index], [target]),
    ]


def make_part(graph, feeding, opsets=(), *, prefix):
    """Model of a graph, its names behind a prefix, and of the nodes that feed it."""
    from onnx import compose, helper

    graph = compose.add_prefix_graph(graph, prefix)
    nodes = [*feeding, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return helper.make_model(graph, opset_imports=opsets)


def join(inputs, base, features, policy):
    """One model of three."""
    from onnx import TensorProto, checker, helper

    feeding = []
    for part, target in [(base, "policy/scores"), (features, "policy/features")]:
        if part is not None:
            output = part.graph.output[-1].name
            feeding += feed_input([output], target, TensorProto.DOUBLE)
    parts = [*filter(None, [base, features]), make_part(policy, feeding, prefix="policy/")]
    naming = [
        helper.make_node("Identity", [f"policy/{value.name}"], [value.name])
        for value in policy.output
    ]
    graph = helper.make_graph(
        [*(node for part in parts for node in part.graph.node), *naming],
        "RLCalibratedClassifier",
        [value_info(name, array) for name, array in inputs.items()],
        policy.output,
        [tensor for part in parts for tensor in part.graph.initializer],
    )
    foreign = {o.domain: o.version for part in parts for o in part.opset_import}
    opsets = [helper.make_opsetid(*opset) for opset in (foreign | OPSETS).items()]
    onnx_model = helper.make_model(
        graph,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets, ignore_unknown=True),
        producer_name="sklearn-rlcorrect",
    )
    checker.check_model(onnx_model)
    return onnx_model

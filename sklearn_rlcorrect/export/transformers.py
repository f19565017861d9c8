"""Features of X as a part of an ONNX model."""

from sklearn_rlcorrect.export.classifiers import convert_estimator
from sklearn_rlcorrect.export.graph import table_graph
from sklearn_rlcorrect.export.inputs import is_text_array, views
from sklearn_rlcorrect.export.joining import feed_input, feed_names, make_part
from sklearn_rlcorrect.export.refusals import refusal
from sklearn_rlcorrect.features import TableFeatures


def features_part(transformer, inputs):
    """Model of the features; None without any."""
    if transformer is None:
        return None
    if isinstance(transformer, TableFeatures):
        return _table_part(transformer, inputs)
    for view in views(inputs):
        try:
            return convert_estimator(transformer, view, prefix="features/")
        except Exception as error:  # skl2onnx raises anything
            failure = error
    message = refusal(transformer, "features", inputs=inputs, failure=failure)
    raise ValueError(message) from failure


def _table_part(table, inputs):
    from onnx import TensorProto

    # An array is one input with all columns.
    owners = [name for name, array in inputs.items() for _ in range(array.shape[1])]
    feeding = []
    if table.numeric_:
        sources = list(dict.fromkeys(owners[j] for j in table.numeric_))
        feeding += feed_input(sources, "features/numbers", TensorProto.DOUBLE)
    for i, j in enumerate(table.categorical_):
        is_text = is_text_array(inputs[owners[j]])
        feed = feed_input if is_text else feed_names
        feeding += feed([owners[j]], f"features/text_{i}", TensorProto.STRING)
    return make_part(table_graph(table), feeding, prefix="features/")

"""A corrector with its classifier as one ONNX model, compared with the original."""

import numpy as np
from sklearn.frozen import FrozenEstimator

from sklearn_rlcorrect.export.classifiers import attempts, convert_estimator
from sklearn_rlcorrect.export.graph import policy_graph
from sklearn_rlcorrect.export.inputs import make_inputs
from sklearn_rlcorrect.export.joining import join
from sklearn_rlcorrect.export.refusals import refusal
from sklearn_rlcorrect.export.transformers import features_part
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.precomputed import PrecomputedProbaClassifier

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
        result differs from `predict_proba` by more than 1e-5 on any row of `X`. The
        message names the column or the step, the reason, and what to do.

    ImportError
        If skl2onnx, onnx or onnxruntime is missing.

    Notes
    -----
    ONNX has no missing text, no dates, no sparse rows (a sparse `X` becomes a dense
    input) and runs no Python: a function in a FunctionTransformer, a metric or a kernel
    is refused, and so is a class of yours, unless skl2onnx was given a converter of it.
    Columns of a ColumnTransformer may be chosen by functions and `make_column_selector`,
    which run in `fit` only. skl2onnx 1.20 does not convert
    HistGradientBoostingClassifier with onnx 1.23, nor categorical features of it with
    any.

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
    inputs = make_inputs(X)
    estimator, proba_from = _base(model)
    policy = policy_graph(model, proba_from)
    features = features_part(model.feature_transformer_, inputs)
    differences, failure = [], None
    for attempt in attempts(estimator, inputs):
        try:
            base = convert_estimator(*attempt, prefix="base/")
            onnx_model = join(inputs, base, features, policy)
            difference = _difference(onnx_model, inputs, expected)
        except Exception as error:  # skl2onnx and onnxruntime raise anything
            failure = error
            continue
        if difference <= _TOLERANCE:
            return onnx_model
        differences.append(difference)
    message = refusal(
        model.estimator_,
        "estimator",
        inputs=inputs,
        differences=differences,
        failure=failure,
    )
    raise ValueError(message) from failure


def _check_installed():
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import skl2onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{error}: ONNX needs pip install 'sklearn-rlcorrect[onnx]'"
        ) from error


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

"""The ONNX model answers as the corrector does, on rows that it was not checked on."""

import copy
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    OneHotEncoder,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.agent.observation import fit_scaler, observe
from sklearn_rlcorrect.agent.policy import policy_actions
from sklearn_rlcorrect.agent.prediction import correct, observe_with_posterior
from sklearn_rlcorrect.classifier import FORMAT_VERSION
from sklearn_rlcorrect.export import to_onnx
from sklearn_rlcorrect.export.graph import policy_graph
from sklearn_rlcorrect.guard import decision_rule
from sklearn_rlcorrect.persistence import load_model

DATA = Path(__file__).parents[1] / "data"

# Until a policy beats the weak bases below.
TRAINED = QUICK | {"total_timesteps": 20_000}

LINEAR = LogisticRegression(C=1e-6, max_iter=1000)
FOREST = RandomForestClassifier(30, max_depth=2, random_state=0)
SCALED = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3))


def run(onnx_model, X):
    feed = {"X": X.toarray() if sparse.issparse(X) else X}
    if hasattr(X, "columns"):
        types = {onnx.TensorProto.STRING: object, onnx.TensorProto.DOUBLE: float}
        feed = {
            value.name: X[value.name].to_numpy().reshape(-1, 1).astype(types[elem_type])
            for value in onnx_model.graph.input
            for elem_type in [value.type.tensor_type.elem_type]
        }
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString())
    return session.run(["label", "probabilities"], feed)


def check_equal(model, X, X_test, atol=1e-5):
    onnx_model = to_onnx(model, X)
    onnx.checker.check_model(onnx_model, full_check=True)
    label, proba = run(onnx_model, X_test)
    assert np.abs(model.predict_adjustment(X_test)).max() > 0.05, "nothing to convert"
    np.testing.assert_allclose(proba, model.predict_proba(X_test), rtol=0, atol=atol)
    np.testing.assert_array_equal(label, model.predict(X_test))
    return onnx_model


@pytest.mark.parametrize("data", ["cancer", "wine"])
@pytest.mark.parametrize("features", ["auto", None])
@pytest.mark.parametrize("base", [LINEAR, FOREST, SCALED], ids=["LR", "RF", "Pipeline"])
def test_equal_to_predict_proba(data, base, features, request):
    X, X_test, y, _ = request.getfixturevalue(data)
    model = RLCalibratedClassifier(base, features=features, **TRAINED).fit(X, y)
    assert (model.posterior_ is None) == (features is None)
    check_equal(model, X, X_test)


@st.composite
def rows(draw):
    """Rows of probabilities, zeros and ones among them, and a seed."""
    shape = (draw(st.integers(1, 5)), draw(st.integers(2, 6)))
    weight = st.one_of(st.just(0.0), st.floats(1e-12, 1.0))
    weights = draw(arrays(float, shape, elements=weight))
    weights[weights.sum(axis=1) == 0, 0] = 1.0
    return weights / weights.sum(axis=1, keepdims=True), draw(st.integers(0, 2**32 - 1))


def corrected(model, features, proba):
    bound = decision_rule(model)["shrinkage"] * model.max_adjustment_
    return correct(model, features, proba, model.priority, bound)


def corrector(
    proba, features, weights, max_adjustment, format_version=FORMAT_VERSION, **attributes
):
    """Build a corrector with two policies of these weights, without training."""
    model = RLCalibratedClassifier()
    vars(model).update(attributes)
    model.classes_ = np.arange(proba.shape[1])
    model.observation_scaler_ = any_scaler(proba, features)
    model.feature_transformer_ = None if features is None else FunctionTransformer()
    n_observed = observe_with_posterior(model, features, proba).shape[1]
    shapes = [(n_observed, 7), (7,), (7, proba.shape[1]), (proba.shape[1],)]
    policies = [[weights(shape) for shape in shapes] for _ in range(2)]
    model.policies_ = {"weighted": policies}
    model.max_adjustment_ = max_adjustment
    model.format_version_ = format_version
    return model


def any_scaler(proba, features):
    """Fit a scaler of such rows on others: these may be equal but for their last bits."""
    rng, n_classes = np.random.default_rng(0), proba.shape[1]
    if features is not None:
        features = rng.normal(size=(30, features.shape[1]))
    return fit_scaler(rng.dirichlet(np.ones(n_classes), size=30), features)


def run_policy(model, proba, features, output="probabilities"):
    opset = [onnx.helper.make_opsetid("", 19)]
    graph = policy_graph(model, "probabilities")
    policy = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
    feed = {"scores": proba} | ({} if features is None else {"features": features})
    session = onnxruntime.InferenceSession(policy.SerializeToString())
    return session.run([output], feed)[0]


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_infinite_features_are_missing_ones(infinite):
    rng = np.random.default_rng(0)
    proba, features = rng.dirichlet([1, 1], 5), rng.normal(size=(5, 3))
    model = corrector(proba, features, lambda shape: rng.normal(size=shape), 0.8)
    features[1, 2] = np.nan
    expected = run_policy(model, proba, features)
    np.testing.assert_allclose(expected, corrected(model, features, proba), atol=1e-12)
    features[1, 2] = infinite
    np.testing.assert_array_equal(run_policy(model, proba, features), expected)


@settings(deadline=None)
@given(rows(), st.floats(1e-6, 1.0), st.booleans(), st.sampled_from([2, 3]))
def test_policy_alone_is_exact(rows, max_adjustment, has_features, format_version):
    proba, seed = rows
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(len(proba), 3)) if has_features else None
    model = corrector(
        proba,
        features,
        lambda shape: rng.normal(size=shape),
        max_adjustment,
        format_version,
    )
    if has_features:
        features[0, 0], features[-1, -1] = 1e9, np.nan
    observations = observe(proba, features, model.observation_scaler_)
    bound = max_adjustment if format_version > 2 else None
    actions = policy_actions(model.policies_["weighted"], observations, proba, bound)
    np.testing.assert_allclose(
        run_policy(model, proba, features),
        adjust(proba, actions, max_adjustment),
        rtol=0,
        atol=1e-12,
    )


def random_posterior(rng, n_classes, n_known, n_columns):
    """Draw trees, and a leaf here and there that is early: all rows pass to the left."""
    n_scores = n_known if n_known != 2 else 1
    # A single class that is known has no trees.
    shape = (n_scores * rng.integers(1, 4) * (n_known > 1), 15)
    threshold = rng.normal(size=shape)
    threshold[rng.random(shape) < 0.1] = np.inf
    return {
        "n_classes": n_classes,
        "classes": np.sort(rng.permutation(n_classes)[:n_known]),
        "feature": rng.integers(n_columns, size=shape),
        "threshold": threshold,
        "value": rng.normal(size=(len(threshold), 16)),
        "baseline": rng.normal(size=n_scores) * (n_known > 1),
    }


@settings(deadline=None)
@given(rows(), st.floats(1e-6, 1.0), st.booleans(), st.integers(1, 6))
def test_posterior_and_order_of_classes(rows, max_adjustment, has_posterior, n_known):
    proba, seed = rows
    rng, n_classes = np.random.default_rng(seed), proba.shape[1]
    features = rng.normal(size=(len(proba), 3))
    # All log-odds but the first, and the features.
    n_columns = n_classes - 1 + 3
    posterior = random_posterior(rng, n_classes, min(n_known, n_classes), n_columns)
    model = corrector(
        proba,
        features,
        lambda shape: rng.normal(size=shape).astype(np.float32),
        max_adjustment,
        class_order_=rng.permutation(n_classes),
        posterior_=posterior if has_posterior else None,
    )
    features[0, 0], features[-1, -1] = 1e9, np.nan
    columns = observe_with_posterior(model, features, proba)[:, n_classes + 1 :][
        :, posterior["feature"]
    ]
    assume(np.all(np.abs(columns - posterior["threshold"]) > 1e-5))
    np.testing.assert_allclose(
        run_policy(model, proba, features),
        corrected(model, features, proba),
        rtol=0,
        atol=1e-9,
    )


def test_entries_on_thresholds_of_the_posterior():
    # In single precision 0.1 is above 0.1: rows go right. At 0.5 they go left.
    proba, features = np.full((4, 2), 0.5), np.array([[-0.1], [0.1], [0.5], [-0.5]])
    thresholds = np.array([0.1, -0.1, 0.5, -0.5, np.float32(0.1), np.float32(-0.1)])
    n_trees = len(thresholds)
    posterior = {
        "n_classes": 2,
        "classes": np.arange(2),
        "feature": np.ones((n_trees, 15), dtype=np.intp),
        "threshold": np.tile(thresholds[:, np.newaxis], 15),
        "value": np.outer(0.5 ** np.arange(n_trees), np.arange(16) / 15),
        "baseline": np.zeros(1),
    }
    rng = np.random.default_rng(0)
    model = corrector(
        proba, features, lambda shape: rng.normal(size=shape), 0.6, posterior_=posterior
    )
    # Scaled by one, so that the entries stay what they are.
    model.observation_scaler_.mean_[:] = 0.0
    model.observation_scaler_.scale_[:] = 1.0
    expected = corrected(model, features, proba)
    assert len(np.unique(expected, axis=0)) == 4
    np.testing.assert_allclose(
        run_policy(model, proba, features), expected, rtol=0, atol=1e-12
    )


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("version", [1, 2, 3])
def test_files_of_earlier_formats(cancer, version):
    model = load_model(DATA / f"format_{version}.skops")
    assert not hasattr(model, "posterior_")
    for priority in ("fp", "weighted"):
        model.set_params(priority=priority)
        label, proba = run(to_onnx(model, cancer[0]), cancer[1])
        np.testing.assert_allclose(proba, model.predict_proba(cancer[1]), atol=1e-9)
        np.testing.assert_array_equal(label, model.predict(cancer[1]))


@pytest.mark.parametrize("max_adjustment", [0.05, 0.1, 0.2, 0.3])
@pytest.mark.parametrize("step", [15.0, -15.0])
def test_ties_are_broken_the_same_way(max_adjustment, step):
    # Actions at the bound take round probabilities to exactly 0.5, or next to it.
    positive = np.arange(1, 100) / 100
    proba = np.column_stack([1 - positive, positive])
    model = corrector(proba, None, np.zeros, max_adjustment)
    for policy in model.policies_["weighted"]:
        policy[-1] = np.array([-step, step])
    actions = np.tile(np.sign([-step, step]), (99, 1))
    expected = adjust(proba, actions, max_adjustment).argmax(axis=1)
    np.testing.assert_array_equal(run_policy(model, proba, None, "label"), expected)


@settings(deadline=None, max_examples=20)
@given(rows())
def test_a_policy_that_does_nothing_leaves_every_bit(rows):
    proba, _ = rows
    far, near = (
        run_policy(corrector(proba, None, np.zeros, max_adjustment), proba, None)
        for max_adjustment in (0.6, 0.1)
    )
    np.testing.assert_array_equal(far, near)
    np.testing.assert_allclose(far, proba, rtol=0, atol=1e-15)


@pytest.fixture(scope="module")
def fitted(cancer):
    return RLCalibratedClassifier(GaussianNB(), **TRAINED).fit(cancer[0], cancer[2])


def test_each_priority_is_a_model(fitted, cancer):
    X, X_test, y, _ = cancer
    other = RLCalibratedClassifier(GaussianNB(), **TRAINED | {"random_state": 1}).fit(X, y)
    model = copy.copy(fitted)
    model.policies_ = fitted.policies_ | {"fp": other.policies_["fp"]}
    answers = [
        run(check_equal(model.set_params(priority=priority), X, X_test), X_test)[1]
        for priority in ("fp", "weighted")
    ]
    assert not np.allclose(*answers)


@pytest.mark.parametrize("dtype", ["int64", "float64", "bool", "str", "object"])
def test_labels_of_any_type(cancer, dtype):
    X, X_test, y, _ = cancer
    names = np.array(["malignant", "benign"], dtype=object if dtype == "object" else None)
    y = names[y] if dtype in ("str", "object") else y.astype(dtype)
    model = RLCalibratedClassifier(GaussianNB(), **TRAINED).fit(X, y)
    label, _ = run(check_equal(model, X, X_test), X_test)
    assert label.dtype == (object if dtype == "str" else dtype)


@pytest.mark.parametrize("data", ["cancer", "wine"])
@pytest.mark.parametrize(
    "trees",
    [FOREST, GradientBoostingClassifier(n_estimators=5, max_depth=1, random_state=0)],
    ids=["forest", "boosting"],
)
def test_rows_on_the_thresholds_of_trees(data, trees, request):
    X, X_test, y, _ = request.getfixturevalue(data)
    base = make_pipeline(StandardScaler(), trees)
    model = RLCalibratedClassifier(base, **TRAINED).fit(X, y)
    check_equal(model, X, np.vstack([X_test, *on_thresholds(model.estimator_, X_test)]))


def on_thresholds(pipeline, X):
    """Rows with one value at a threshold, as it is and as it is in single precision."""
    scaler, trees = pipeline
    rows = scaler.transform(X)
    for i, tree in enumerate(np.ravel(trees.estimators_)):
        inner = tree.tree_.feature >= 0
        for j, threshold in zip(
            tree.tree_.feature[inner], tree.tree_.threshold[inner], strict=True
        ):
            for value in (threshold, np.float32(threshold)):
                row = rows[[i % len(rows)]].copy()
                row[0, j] = value
                yield scaler.inverse_transform(row)


@pytest.mark.parametrize(
    "base",
    [
        CalibratedClassifierCV(DecisionTreeClassifier(max_depth=1), cv=2),
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=2),
        LinearSVC(C=1e-6),
        make_pipeline(StandardScaler(), LinearSVC(C=1e-5)),
        make_pipeline(StandardScaler(), SGDClassifier(alpha=10, random_state=0)),
        SGDClassifier(random_state=0),
    ],
    ids=["calibrated", "AdaBoost", "LinearSVC", "Pipeline", "SGD", "large scores"],
)
@pytest.mark.parametrize("data", ["cancer", "wine"])
def test_other_bases(data, base, request):
    X, X_test, y, _ = request.getfixturevalue(data)
    check_equal(RLCalibratedClassifier(base, **TRAINED).fit(X, y), X, X_test)


def test_frozen(cancer):
    X, X_test, y, _ = cancer
    frozen = FrozenEstimator(FrozenEstimator(GaussianNB().fit(X[:100], y[:100])))
    check_equal(RLCalibratedClassifier(frozen, **TRAINED).fit(X, y), X, X_test)


@pytest.mark.parametrize("columns", [[0], [1, 0]])
@pytest.mark.parametrize("as_frame", [False, True])
def test_precomputed(cancer, columns, as_frame):
    X, X_test, y, _ = cancer
    net = GaussianNB().fit(X[:, :3], y)
    tables = [np.hstack([net.predict_proba(A[:, :3])[:, ::-1], A]) for A in (X, X_test)]
    if as_frame:
        tables = [pd.DataFrame(A).rename(columns="column {}".format) for A in tables]
        columns = [f"column {j}" for j in columns]
    base = PrecomputedProbaClassifier(columns)
    model = RLCalibratedClassifier(base, **TRAINED).fit(tables[0], y)
    check_equal(model, *tables, atol=1e-12)


@pytest.mark.parametrize(
    "base", [SCALED, make_pipeline(StandardScaler(), FOREST)], ids=["LR", "RF"]
)
def test_missing_numbers(cancer, base):
    tables = []
    for X in cancer[:2]:
        tables.append(np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X))
    base = make_pipeline(SimpleImputer(), base[0], base[1])
    model = RLCalibratedClassifier(base, **TRAINED).fit(tables[0], cancer[2])
    assert len(model.feature_transformer_.missing_.features_)
    check_equal(model, *tables)


def mixed_table(n_rows, seed):
    """Columns of all kinds, of which the second to fourth say where the first errs."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "log income/year": rng.normal(size=n_rows),
            "job": rng.choice(["smith", "baker", "poet"], n_rows, p=[0.4, 0.4, 0.2]),
            "is new": rng.random(n_rows) < 0.3,
            "town": rng.choice([f"town {i}" for i in range(30)], n_rows),
            "age": rng.integers(18, 80, n_rows),
            "kind": pd.Categorical(rng.choice(["u", "v"], n_rows)),
            "gap": np.where(rng.random(n_rows) < 0.2, np.nan, rng.normal(size=n_rows)),
        }
    )
    turned = (table["job"] == "poet") ^ table["is new"]
    return table, np.where(turned, "yes", "no")


@pytest.mark.parametrize("to_frame", [lambda table: table, pl.from_pandas])
@pytest.mark.parametrize("last", [LogisticRegression(), FOREST], ids=["LR", "RF"])
def test_frames_with_columns_of_all_kinds(to_frame, last):
    X, y = mixed_table(600, seed=0)
    X_test, _ = mixed_table(200, seed=1)
    X_test.loc[:20, ["job", "town"]] = "never seen"
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["log income/year", "gap"]),
        (OneHotEncoder(handle_unknown="ignore"), ["kind"]),
    )
    model = RLCalibratedClassifier(make_pipeline(columns, last), **TRAINED)
    onnx_model = check_equal(model.fit(to_frame(X), y), to_frame(X), to_frame(X_test))
    assert [value.name for value in onnx_model.graph.input] == list(X)


@pytest.mark.parametrize("base", [LINEAR, FOREST], ids=["LR", "RF"])
def test_frames_of_numbers(cancer, base):
    X, X_test, y, _ = cancer
    X, X_test = (pd.DataFrame(A).rename(columns="mean {}".format) for A in (X, X_test))
    onnx_model = check_equal(RLCalibratedClassifier(base, **TRAINED).fit(X, y), X, X_test)
    assert [value.name for value in onnx_model.graph.input] == list(X)


def test_sparse_matrices(cancer):
    X, X_test, y, _ = cancer
    base = make_pipeline(MaxAbsScaler(), LogisticRegression(C=1e-3))
    X, X_test = sparse.csr_matrix(X), sparse.csr_matrix(X_test)
    check_equal(RLCalibratedClassifier(base, **TRAINED).fit(X, y), X, X_test)


def test_features_of_a_transformer(cancer):
    X, X_test, y, _ = cancer
    features = make_pipeline(StandardScaler(), PCA(3))
    model = RLCalibratedClassifier(GaussianNB(), features=features, **TRAINED).fit(X, y)
    check_equal(model, X, X_test)


# What cannot be converted


def test_a_name_of_an_output():
    X, y = mixed_table(100, seed=0)
    numbers = make_column_transformer((SimpleImputer(), ["age", "gap"]))
    base = make_pipeline(numbers, LogisticRegression())
    model = RLCalibratedClassifier(base, **QUICK).fit(X.assign(label=1.0), y)
    with pytest.raises(ValueError, match="X has a column 'label', which is the name of an"):
        to_onnx(model, X.assign(label=1.0))


def test_texts_that_were_missing_in_training():
    X, y = mixed_table(100, seed=0)
    gaps = X.assign(job=X["job"].where(X["age"] > 30, None))
    base = make_pipeline(
        make_column_transformer((SimpleImputer(), ["age"])), LogisticRegression()
    )
    model = RLCalibratedClassifier(base, **QUICK).fit(gaps, y)
    with pytest.raises(ValueError, match="learnt from texts with gaps"):
        to_onnx(model, X)


def test_arrays_that_onnx_does_not_have(fitted, cancer):
    with pytest.raises(ValueError, match=r"X of shape \(143, 30\) and type object"):
        to_onnx(fitted, cancer[1].astype(object))


def test_only_fitted_correctors(cancer):
    X, _, y, _ = cancer
    with pytest.raises(ValueError, match="model holds a GaussianNB, not an RLCal"):
        to_onnx(GaussianNB().fit(X, y), X)
    with pytest.raises(ValueError, match="RLCalibratedClassifier that is not fitted"):
        to_onnx(RLCalibratedClassifier(), X)


def test_says_how_to_install(fitted, cancer, monkeypatch):
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-rlcorrect\[onnx\]'"):
        to_onnx(fitted, cancer[1])

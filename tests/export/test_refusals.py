"""What ONNX does not have is refused, by the step, the reason and the remedy."""

import re
from functools import partial

import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from skl2onnx import update_registered_converter
from skl2onnx.algebra.onnx_ops import OnnxMul
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import (
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.export import to_onnx
from sklearn_rlcorrect.export.refusals import refusal

# What is refused is refused after any training.
UNTRAINED = QUICK | {"total_timesteps": 20}

RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "age": RNG.normal(size=120),
        "job": RNG.choice(["smith", "baker", "poet"], 120),
        "kind": pd.Categorical(RNG.choice(["u", "v"], 120)),
    }
)
NUMBERS = np.column_stack([TABLE["age"], RNG.normal(size=120)])
GAPS = np.where(RNG.random(NUMBERS.shape) < 0.2, np.nan, NUMBERS)
Y = np.where(TABLE["age"] + RNG.normal(size=120) > 0, "yes", "no")
BOOSTING = HistGradientBoostingClassifier(max_iter=2)


class Doubled(TransformerMixin, BaseEstimator):
    """A transformer of a user."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return 2 * X


class Registered(Doubled):
    """Another, which skl2onnx is told how to convert."""


def distance(a, b):
    return np.abs(a - b).sum()


def ages(table):
    return ["age"]


def convert(base, X, **params):
    model = RLCalibratedClassifier(base, **UNTRAINED | params).fit(X, Y)
    return model, to_onnx(model, X)


@pytest.mark.parametrize(
    ("base", "X", "message"),
    [
        (
            BOOSTING,
            NUMBERS,
            "^estimator, of type HistGradientBoostingClassifier, .* installed onnx. Take",
        ),
        (
            make_pipeline(StandardScaler(), BOOSTING),
            NUMBERS,
            "^estimator.histgradientboostingclassifier, of type HistG",
        ),
        (
            HistGradientBoostingClassifier(max_iter=2, categorical_features="from_dtype"),
            TABLE[["age", "kind"]],
            "^estimator, .* categorical features, .* an encoder for the categories",
        ),
        (
            make_pipeline(
                make_column_transformer((OrdinalEncoder(), ["job"])),
                HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]),
            ),
            TABLE,
            "^estimator.histgradientboostingclassifier, .* has categorical features",
        ),
        (
            make_pipeline(FunctionTransformer(np.abs), LogisticRegression()),
            NUMBERS,
            "^estimator.functiontransformer, .* parameter func is a function, .* no Python",
        ),
        (
            make_pipeline(
                make_column_transformer((FunctionTransformer(lambda X: 2 * X), ["age"])),
                LogisticRegression(),
            ),
            TABLE,
            "^estimator.columntransformer.functiontransformer, .* func is a function",
        ),
        (
            make_pipeline(
                FunctionTransformer(partial(np.clip, a_min=0, a_max=1)), GaussianNB()
            ),
            NUMBERS,
            "^estimator.functiontransformer, .* func is a function",
        ),
        (
            KNeighborsClassifier(3, metric=distance),
            NUMBERS,
            "^estimator, of type KNeighborsClassifier, .* parameter metric is a function",
        ),
        (
            make_pipeline(Doubled(), LogisticRegression()),
            NUMBERS,
            f"^estimator.doubled, of type Doubled, .* class of {__name__}, .* Register one",
        ),
        (
            CalibratedClassifierCV(GaussianNB(), method="isotonic"),
            NUMBERS,
            "^estimator, .* does not convert method='isotonic' correctly. Take method='sig",
        ),
        (
            VotingClassifier([("one", GaussianNB())], voting="soft"),
            NUMBERS,
            "^estimator, .* takes flatten_transform=False only",
        ),
        (
            make_pipeline(SimpleImputer(add_indicator=True), LogisticRegression()),
            GAPS,
            "^estimator.simpleimputer, .* leaves out the columns of add_indicator=True",
        ),
        (
            make_pipeline(StandardScaler(), RandomForestClassifier(3, random_state=0)),
            GAPS,
            "^estimator.randomforestclassifier, .* missing numbers .* Put a SimpleImputer",
        ),
    ],
    ids=[
        "HGB",
        "HGB in a Pipeline",
        "HGB with categories",
        "HGB with encoded categories",
        "function",
        "lambda in a ColumnTransformer",
        "partial",
        "metric",
        "own class",
        "isotonic",
        "voting",
        "indicator",
        "trees of NaN",
    ],
)
def test_the_step_and_the_reason(base, X, message):
    with pytest.raises(ValueError, match=f"(?s){message}") as caught:
        convert(base, X)
    assert "\n" not in str(caught.value)


def test_what_skl2onnx_raises_is_the_cause():
    with pytest.raises(ValueError, match="of type FunctionTransformer") as caught:
        convert(make_pipeline(FunctionTransformer(np.abs), GaussianNB()), NUMBERS)
    assert "FunctionTransformer is not supported" in str(caught.value.__cause__)


def test_features_are_named_as_the_parameter():
    message = "^features, of type FunctionTransformer, cannot .* func is a function"
    with pytest.raises(ValueError, match=message):
        convert(GaussianNB(), NUMBERS, features=FunctionTransformer(np.abs))


def test_a_machine_without_the_locale():
    words = make_pipeline(CountVectorizer())
    message = refusal(
        words, "estimator", inputs={}, failure=RuntimeError("Failed to construct locale")
    )
    assert message.startswith("estimator.countvectorizer, of type CountVectorizer, cannot")
    assert "en_US.UTF-8" in message
    assert "lowercase=False" in message


@pytest.mark.parametrize(
    ("differences", "message"),
    [([0.3, 0.2], "was converted .* differ by 0.2 from"), ([], "by skl2onnx: odd numbers")],
)
def test_without_a_known_reason_skl2onnx_has_the_word(differences, message):
    failure = RuntimeError("odd\nnumbers")
    said = refusal(
        GaussianNB(), "estimator", inputs={}, differences=differences, failure=failure
    )
    assert said.startswith("estimator=GaussianNB() ")
    assert re.search(message, said)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("base", "X"),
    [
        (
            make_pipeline(
                make_column_transformer((StandardScaler(), columns)), LogisticRegression()
            ),
            TABLE,
        )
        for columns in (make_column_selector("age"), lambda table: ["age"], ages)
    ]
    + [
        (GridSearchCV(GaussianNB(), {}, cv=2, scoring=lambda *_: 1.0), NUMBERS),
        (LogisticRegression(), sparse.csr_array(NUMBERS)),
        (LogisticRegression(), pd.DataFrame(NUMBERS).astype(pd.SparseDtype(float, 0.0))),
    ],
    ids=["selector", "lambda", "function", "scoring", "sparse", "sparse columns"],
)
def test_what_runs_in_fit_only_and_sparse_rows_are_converted(base, X):
    convert(base, X.rename(columns=str) if hasattr(X, "columns") else X)


def test_a_registered_converter_of_an_own_class():
    def shape(operator):
        operator.outputs[0].type = type(operator.inputs[0].type)([None, 2])

    def double(scope, operator, container):
        OnnxMul(
            operator.inputs[0],
            np.array([2.0]),
            op_version=container.target_opset,
            output_names=operator.outputs[:1],
        ).add_to(scope, container)

    update_registered_converter(Registered, "Registered", shape, double)
    model, onnx_model = convert(make_pipeline(Registered(), GaussianNB()), NUMBERS)
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString())
    (proba,) = session.run(["probabilities"], {"X": NUMBERS})
    np.testing.assert_allclose(proba, model.predict_proba(NUMBERS), atol=1e-5)


@pytest.mark.parametrize("to_frame", [lambda table: table, pl.from_pandas])
def test_texts_with_gaps_of_the_classifier(to_frame):
    X = TABLE.assign(job=TABLE["job"].where(TABLE["age"] > -1, None))
    columns = make_column_transformer((OneHotEncoder(), ["job"]))
    with pytest.raises(ValueError, match=r"'job' of X .* no missing text\. Fill the"):
        convert(make_pipeline(columns, LogisticRegression()), to_frame(X))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["a", None] * 60, "it holds texts with missing values, and ONNX has no missing"),
        (["a", np.nan] * 60, "it holds texts with missing values"),
        (pd.array(["a", None] * 60, dtype="string"), "it holds texts with missing values"),
        (pd.Categorical(["a", None] * 60), "it holds texts with missing values"),
        (pd.Timestamp("2026-01-01"), "it holds dates or times, .* Turn it into numbers"),
        (pd.Timedelta("1h"), "it holds dates or times"),
        ([(1, 2)] * 120, "it holds an object of type 'tuple'. Only numbers, bools and"),
    ],
    ids=["None", "NaN", "NA", "category", "date", "duration", "tuples"],
)
def test_columns_that_onnx_does_not_have(column, message):
    columns = make_column_transformer((StandardScaler(), ["age"]))
    model = RLCalibratedClassifier(
        make_pipeline(columns, LogisticRegression()), features=None, **UNTRAINED
    ).fit(TABLE, Y)
    with pytest.raises(ValueError, match=f"column 'kind' of X cannot be .*: {message}"):
        to_onnx(model, TABLE.assign(kind=column))


def test_lists_of_texts():
    words = make_pipeline(CountVectorizer(), LogisticRegression())
    with pytest.raises(ValueError, match=r"X of shape \(120,\) .* into a column of a fr"):
        convert(words, [f"a {job}" for job in TABLE["job"]])

"""What files of models cannot hold is refused, by the name of the part and the reason."""

import threading

import joblib
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import nn

from sklearn_rlcorrect.persistence import dump_model
from sklearn_rlcorrect.persistence.savable import skops_types

X, Y = np.arange(12.0).reshape(6, 2), np.array([0, 1] * 3)


def first_column(X):
    return [0]


class OwnClassifier(LogisticRegression):
    """Own classes are saved by their names."""


class WithLock(LogisticRegression):
    """Keeps what nothing can save."""

    def fit(self, X, y):
        self.lock_ = threading.Lock()
        return super().fit(X, y)


class WithNet(LogisticRegression):
    """Keeps what skops cannot save."""

    def fit(self, X, y):
        self.net_ = nn.Linear(2, 1)
        return super().fit(X, y)


class Outer:
    """Has a class within, whose name skops does not find."""

    class Inner(LogisticRegression):
        """The class within."""


def columns(of):
    return make_pipeline(ColumnTransformer([("scaled", StandardScaler(), of)]))


def defined_inside():
    class Local(GaussianNB):
        pass

    def double(X):
        return 2 * X

    return Local(), FunctionTransformer(double)


LOCAL, DOUBLE = defined_inside()


@pytest.mark.parametrize("name", ["model.skops", "model.joblib"])
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (columns(lambda X: [0]), "model.columntransformer.scaled holds a lambda"),
        (
            make_pipeline(FunctionTransformer(lambda X: X), GaussianNB()),
            "model.functiontransformer.func holds a lambda",
        ),
        (CountVectorizer(tokenizer=lambda text: [text]), "model.tokenizer holds a lambda"),
        (FrozenEstimator(LOCAL), "model.estimator holds an object of the class 'Local'"),
        (DOUBLE, "model.func holds the function 'double', defined inside another"),
    ],
    ids=["columns", "transformer", "tokenizer", "class", "function"],
)
def test_code_without_a_name_is_refused(model, message, name, tmp_path):
    with pytest.raises(ValueError, match=f"{message}.* no file .* define it at the top"):
        dump_model(model, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["model.skops", "model.joblib"])
def test_what_cannot_be_saved_is_named(name, tmp_path):
    model = make_pipeline(StandardScaler(), WithLock()).fit(X, Y)
    message = rf"{name[6:]} cannot save model.withlock.lock_, an object of 'lock': .*\. To"
    with pytest.raises(ValueError, match=message) as caught:
        dump_model(model, tmp_path / name)
    assert caught.value.__cause__ is not None
    assert "by joblib" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "part"),
    [
        (WithNet(), r"model.net_, an object of 'Linear'"),
        (Outer.Inner(), "model, an object"),
    ],
    ids=["torch", "nested"],
)
def test_what_skops_alone_cannot_save(model, part, tmp_path):
    model.fit(X, Y)
    with pytest.raises(ValueError, match=rf"skops cannot save {part}.*or save by joblib"):
        dump_model(model, tmp_path / "model.skops")
    dump_model(model, tmp_path / "model.joblib")
    assert joblib.load(tmp_path / "model.joblib").predict(X).shape == (6,)


@pytest.mark.parametrize(
    ("model", "types"),
    [
        (OwnClassifier(), [f"{__name__}.OwnClassifier"]),
        (columns(first_column), [f"{__name__}.first_column"]),
        (
            columns(make_column_selector("x")),
            ["sklearn.compose._column_transformer.make_column_selector"],
        ),
        (FunctionTransformer(np.log1p), []),
    ],
    ids=["class", "columns", "selector", "function of NumPy"],
)
def test_code_with_a_name_is_saved(model, types, tmp_path):
    dump_model(model, tmp_path / "model.skops")
    assert skops_types(model) == types


def test_an_error_of_the_disk_stays_one(tmp_path):
    with pytest.raises(OSError, match="missing"):
        dump_model(GaussianNB(), tmp_path / "missing" / "model.joblib")

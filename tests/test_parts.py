"""Names of the parts of an estimator."""

from functools import partial

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from sklearn_rlcorrect._parts import named_parts


def names_of(kind, estimator):
    return [name for name, part in named_parts(estimator, "m") if isinstance(part, kind)]


def columns_of(X):
    return [0]


def test_steps_are_named_as_in_the_pipeline():
    columns = make_column_transformer((OneHotEncoder(), columns_of))
    base = make_pipeline(columns, FrozenEstimator(LogisticRegression()))
    assert names_of(OneHotEncoder, base) == ["m.columntransformer.onehotencoder"]
    assert names_of(type(columns_of), base) == ["m.columntransformer.onehotencoder"]
    name = "m.frozenestimator.estimator"
    assert names_of(LogisticRegression, base) == [name]


def test_parameters_and_fitted_attributes():
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 1, 0, 1]
    search = GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2).fit(X, y)
    assert names_of(LogisticRegression, search) == ["m.estimator", "m.best_estimator_"]
    votes = VotingClassifier([("one", LogisticRegression())]).fit(X, y)
    assert names_of(LogisticRegression, votes)[0] == "m.one"
    forest = RandomForestClassifier(2).fit(X, y)
    trees = type(forest.estimators_[0])
    assert names_of(trees, forest) == ["m.estimator", "m.estimators_", "m.estimators_"]


def test_functions_within_functions():
    transformer = FunctionTransformer(partial(np.clip, 0, 1), kw_args={"out": None})
    assert names_of(partial, transformer) == ["m.func"]
    transformer.kw_args = {"by": columns_of}
    assert names_of(type(columns_of), transformer) == ["m.kw_args.by"]


def test_an_estimator_that_holds_itself_ends():
    scaler = StandardScaler()
    scaler.own_ = [scaler]
    assert names_of(StandardScaler, scaler) == ["m"]

"""Contributions of columns to adjustments: sums, known answers, kinds of tables."""

from copy import copy
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.explanation import explain_adjustment
from sklearn_rlcorrect.features import TableFeatures

SELECT_SECOND = make_column_transformer(("passthrough", [1]))


def moving(model):
    """The model with policies whose action depends strongly on all that they observe."""
    rng = np.random.default_rng(0)
    n_observed = model.policies_["weighted"][0][0].shape[0]
    k = len(model.classes_)
    weights = [rng.normal(size=(n_observed, 8)), np.zeros(8), rng.normal(size=(8, k))]
    model.policies_["weighted"] = [[*weights, np.zeros(k)]]
    return model


@pytest.fixture(scope="module")
def binary(cancer):
    X, X_test, y, _ = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X[:, :6], y)
    return moving(model), X_test[:, :6]


@pytest.fixture(scope="module")
def three_classes(wine):
    X, X_test, y, _ = wine
    labels = np.array(["a", "b", "c"])[y]
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X[:, :5], labels)
    return moving(model), X_test[:, :5]


@pytest.fixture(scope="module")
def curved():
    """The class depends on column 1 alone, in a way that no line can tell."""
    X = np.random.default_rng(0).normal(size=(400, 4))
    return X, (np.abs(X[:, 1]) > 0.7).astype(int)


@pytest.fixture(scope="module")
def mixed_table():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "amount": rng.normal(size=300),
            "city": rng.choice(["Bern", "Rome", None], 300),
            "kind": pd.Categorical(rng.choice(["u", "v", "w"], 300)),
            "open": rng.random(300) < 0.5,
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(300), "D"),
        },
        index=rng.permutation(300),
    )
    table.loc[table.index[::9], "amount"] = np.nan
    y = ((table["city"] == "Bern") ^ (table["amount"] > 0)).to_numpy().astype(int)
    model = make_pipeline(TableFeatures(), SimpleImputer(), LogisticRegression())
    return moving(RLCalibratedClassifier(model, **QUICK).fit(table, y)), table


@pytest.mark.parametrize("n_permutations", [1, 3])
@pytest.mark.parametrize("n_background", [1, 7, 30])
@pytest.mark.parametrize("data", ["binary", "three_classes", "mixed_table"])
def test_contributions_sum_to_the_adjustment(data, n_background, n_permutations, request):
    model, X = request.getfixturevalue(data)
    rows, background = X[:4], X[-n_background:]
    why = explain_adjustment(model, rows, background, n_permutations=n_permutations)
    k = np.searchsorted(model.classes_, why.label)
    adjustment = model.predict_adjustment(rows)[np.arange(4), k]
    base = model.predict_adjustment(background).mean(axis=0)[k]
    assert why.values.shape == (4, X.shape[1])
    np.testing.assert_allclose(why.adjustment, adjustment, atol=1e-14)
    np.testing.assert_allclose(why.base_value, base, atol=1e-14)
    np.testing.assert_allclose(why.values.sum(axis=1), adjustment - base, atol=1e-12)
    assert np.abs(why.values).max() > 0.001


def shapley_values(model, row, background, k):
    """By the definition: over all sets of columns."""
    d = background.shape[1]

    def value(columns):
        mixed = background.copy()
        mixed[:, columns] = row[list(columns)]
        return model.predict_adjustment(mixed)[:, k].mean()

    values = np.zeros(d)
    for j in range(d):
        others = [i for i in range(d) if i != j]
        for size in range(d):
            for columns in combinations(others, size):
                gain = value([*columns, j]) - value(list(columns))
                values[j] += gain / (d * comb(d - 1, size))
    return values


@pytest.mark.parametrize(("n_columns", "atol"), [(1, 1e-12), (2, 1e-12), (4, 0.01)])
def test_contributions_are_shapley_values(cancer, n_columns, atol):
    X, X_test, y, _ = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X[:, :n_columns], y)
    model, X_test = moving(model), X_test[:, :n_columns]
    # An order and its reverse are all there are of two columns.
    n_permutations = 1 if n_columns < 3 else 200
    why = explain_adjustment(
        model, X_test[:3], X_test[-20:], n_permutations=n_permutations, random_state=0
    )
    exact = [shapley_values(model, row, X_test[-20:], 1) for row in X_test[:3]]
    assert np.abs(exact).max() > 10 * atol
    np.testing.assert_allclose(why.values, exact, atol=atol)


def test_what_nothing_reads_contributes_nothing(curved):
    X, y = curved
    # The classifier reads nothing, and the policy the second column.
    model = RLCalibratedClassifier(DummyClassifier(), features=SELECT_SECOND, **QUICK)
    model = moving(model.fit(X, y))
    why = explain_adjustment(model, X[:20], X[100:150], random_state=0)
    assert (why.values[:, [0, 2, 3]] == 0.0).all()
    np.testing.assert_allclose(why.values[:, 1], why.adjustment - why.base_value)
    assert np.abs(why.values[:, 1]).max() > 0.01


def test_dates_that_are_left_out_contribute_nothing(mixed_table):
    model, table = mixed_table
    why = explain_adjustment(model, table[:5], table[50:80], random_state=0)
    by_name = dict(zip(why.feature_names, np.abs(why.values).max(axis=0), strict=True))
    assert by_name.pop("when") == 0.0
    assert min(by_name.values()) > 1e-4


def test_the_way_through_the_classifier_counts(curved):
    X, y = curved
    base = make_pipeline(SELECT_SECOND, GaussianNB())
    model = RLCalibratedClassifier(base, features=None, **QUICK).fit(X, y)
    why = explain_adjustment(moving(model), X[:20], X[100:150], random_state=0)
    assert (why.values[:, [0, 2, 3]] == 0.0).all()
    assert np.abs(why.values[:, 1]).max() > 0.01


def test_rounding_of_a_classifier_is_no_contribution():
    # By its place among others a row may get another last digit of this classifier.
    X = np.random.default_rng(0).normal(size=(300, 12))
    y = (X[:, 0] ** 2 + X[:, 1] > 1).astype(int)
    first_ten = make_column_transformer(("passthrough", list(range(10))))
    base = make_pipeline(first_ten, LogisticRegression())
    model = RLCalibratedClassifier(base, features=None, **QUICK).fit(X, y)
    why = explain_adjustment(moving(model), X[:9], X[100:150], random_state=0)
    assert (why.values[:, 10:] == 0.0).all()
    assert (why.values[:, :10] != 0.0).any()


def test_the_column_that_the_correction_learnt_dominates(curved):
    X, y = curved
    model = RLCalibratedClassifier(LogisticRegression(), **QUICK).fit(X, y)
    why = explain_adjustment(model, X[:20], X[100:150], random_state=0)
    strength = np.abs(why.values).mean(axis=0)
    assert strength[1] > 5 * strength[[0, 2, 3]].max()


def test_a_row_on_its_own_is_explained_alike(binary):
    model, X = binary
    all_rows = explain_adjustment(model, X[:5], X[50:70], random_state=3)
    alone = explain_adjustment(model, X[2:3], X[50:70], random_state=3)
    np.testing.assert_allclose(alone.values[0], all_rows.values[2], atol=1e-12)


def test_pieces_change_nothing(binary, monkeypatch):
    model, X = binary
    whole = explain_adjustment(model, X[:3], X[50:70], random_state=3)
    monkeypatch.setattr("sklearn_rlcorrect.explanation._CHUNK", 7)
    pieces = explain_adjustment(model, X[:3], X[50:70], random_state=3)
    np.testing.assert_allclose(pieces.values, whole.values, atol=1e-12)


def test_seed_decides_and_global_state_does_not(binary):
    model, X = binary
    before = np.random.get_state()  # noqa: NPY002
    first, again, other = [
        explain_adjustment(model, X[:3], X[50:60], random_state=seed) for seed in (1, 1, 2)
    ]
    explain_adjustment(model, X[:3], X[50:60])
    after = np.random.get_state()  # noqa: NPY002
    np.testing.assert_array_equal(first.values, again.values)
    assert np.abs(first.values - other.values).max() > 1e-6
    np.testing.assert_equal(after, before)


def test_kinds_of_tables_agree(mixed_table):
    model, table = mixed_table
    table = table.drop(columns="when")
    y = (table["amount"] > 0).to_numpy()
    model = moving(RLCalibratedClassifier(model.estimator, **QUICK).fit(table, y))
    as_pandas = explain_adjustment(model, table[:5], table[50:80], random_state=0)
    frame = pl.from_pandas(table)
    as_polars = explain_adjustment(model, frame[:5], frame[50:80], random_state=0)
    assert as_pandas.feature_names.tolist() == list(table.columns)
    np.testing.assert_allclose(as_polars.values, as_pandas.values, atol=1e-12)
    objects = table.astype(object).to_numpy()
    model = moving(RLCalibratedClassifier(model.estimator, **QUICK).fit(objects, y))
    as_array = explain_adjustment(model, objects[:5], objects[50:80], random_state=0)
    lists = objects[:5].tolist(), objects[50:80].tolist()
    as_lists = explain_adjustment(model, *lists, random_state=0)
    assert as_array.feature_names.tolist() == ["x0", "x1", "x2", "x3"]
    np.testing.assert_allclose(as_lists.values, as_array.values, atol=1e-12)


def test_category_columns_reach_the_classifier_as_such(mixed_table):
    _, table = mixed_table
    table = table[["amount", "kind"]]
    y = (table["kind"] == "u").to_numpy() ^ (table["amount"] > 1).to_numpy()
    trees = HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=5)
    model = moving(RLCalibratedClassifier(trees, **QUICK).fit(table, y))
    why = explain_adjustment(model, table[:5], table[50:80], random_state=0)
    np.testing.assert_allclose(why.values.sum(axis=1), why.adjustment - why.base_value)
    assert (np.abs(why.values).max(axis=0) > 1e-4).all()
    few = table[50:80].assign(kind=pd.Categorical(["u"] * 30))
    with pytest.raises(ValueError, match="column 'kind' of background has other categor"):
        explain_adjustment(model, table[:5], few)


def test_integers_are_floats_where_the_other_table_has_gaps(cancer):
    X, _, y, _ = cancer
    table = pd.DataFrame({"a": X[:, 0], "n": X[:, 3].astype(int)})
    trees = HistGradientBoostingClassifier(max_iter=5)
    model = moving(RLCalibratedClassifier(trees, **QUICK).fit(table, y))
    gaps = table[50:70].astype({"n": float})
    gaps.iloc[0, 1] = np.nan
    expected = explain_adjustment(model, table[:3], gaps, random_state=0)
    frames = pl.from_pandas(table[:3]), pl.from_pandas(gaps)
    found = explain_adjustment(model, *frames, random_state=0)
    np.testing.assert_allclose(found.values, expected.values, atol=1e-12)


def test_class_is_the_positive_one_else_the_predicted_one(binary, three_classes):
    model, X = binary
    assert explain_adjustment(model, X[:5], X[50:60]).label.tolist() == [1] * 5
    why = [
        explain_adjustment(model, X[:5], X[50:60], pos_label=label, random_state=0)
        for label in (0, 1)
    ]
    np.testing.assert_allclose(why[0].values, -why[1].values, atol=1e-12)
    model, X = three_classes
    why = explain_adjustment(model, X, X[:2], n_permutations=1)
    assert len(set(why.label)) > 1
    np.testing.assert_array_equal(why.label, model.predict(X))
    why = explain_adjustment(model, X[:5], X[30:], pos_label="b")
    assert why.label.tolist() == ["b"] * 5
    model = copy(model).set_params(fp_weight={"c": 2.0})
    assert explain_adjustment(model, X[:2], X[30:]).label.tolist() == ["c", "c"]


@pytest.mark.parametrize("is_frozen", [False, True])
def test_precomputed_probabilities_change_together(three_classes, is_frozen):
    classifier, X = three_classes
    y = classifier.predict(X)
    proba = classifier.estimator_.predict_proba(X)
    # In another place than in front, and not side by side.
    rows = np.column_stack([X[:, 0], proba[:, 1], proba[:, 0], X[:, 1], proba[:, 2]])
    base = PrecomputedProbaClassifier([2, 1, 4])
    base = FrozenEstimator(base.fit(rows, y)) if is_frozen else base
    model = moving(RLCalibratedClassifier(base, **QUICK).fit(rows, y))
    why = explain_adjustment(model, rows[:9], rows[20:], random_state=0)
    moved = why.adjustment - why.base_value
    np.testing.assert_allclose(why.values.sum(axis=1), moved, atol=1e-12)
    own = np.array([2, 1, 4])[np.searchsorted(model.classes_, why.label)]
    for value, column in zip(why.values, own, strict=True):
        assert set(np.flatnonzero(value)) == {0, 3, column}


def test_one_precomputed_column_is_a_column(binary):
    classifier, X = binary
    rows = np.column_stack([classifier.estimator_.predict_proba(X)[:, 1], X[:, :2]])
    table = pd.DataFrame(rows, columns=["score", "a", "b"])
    base = PrecomputedProbaClassifier(["score"])
    model = moving(RLCalibratedClassifier(base, **QUICK).fit(table, classifier.predict(X)))
    why = explain_adjustment(model, table[:5], table[50:], random_state=0)
    np.testing.assert_allclose(why.values.sum(axis=1), why.adjustment - why.base_value)
    assert (np.abs(why.values).max(axis=0) > 1e-4).all()


def test_columns_of_a_pipeline_are_those_that_go_in(cancer):
    X, X_test, y, _ = cancer
    selected = make_column_transformer((StandardScaler(), [1, 2]))
    pipeline = make_pipeline(selected, RLCalibratedClassifier(GaussianNB(), **QUICK))
    pipeline.fit(X[:, :4], y)
    moving(pipeline[-1])
    X_test = X_test[:, :4]
    why = explain_adjustment(pipeline, X_test[:3], X_test[50:70], random_state=0)
    assert (why.values[:, [0, 3]] == 0.0).all()
    adjustment = pipeline[-1].predict_adjustment(selected.transform(X_test[:3]))[:, 1]
    np.testing.assert_allclose(why.adjustment, adjustment, atol=1e-12)
    np.testing.assert_allclose(why.values.sum(axis=1), why.adjustment - why.base_value)
    alone = make_pipeline(pipeline[-1])
    inputs = selected.transform(X_test)
    found = explain_adjustment(alone, inputs[:3], inputs[50:70], random_state=0)
    expected = explain_adjustment(pipeline[-1], inputs[:3], inputs[50:70], random_state=0)
    np.testing.assert_array_equal(found.values, expected.values)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": sparse.csr_matrix(np.eye(6))}, r"X is a sparse matrix: give X.toarray\(\)"),
        ({"background": sparse.eye(6)}, "background is a sparse matrix"),
        ({"X": ["a text", "another"]}, r"X has shape \(2,\): it must be a table"),
        ({"X": np.ones((0, 6))}, r"X has shape \(0, 6\)"),
        ({"background": np.ones((0, 6))}, r"background has shape \(0, 6\)"),
        ({"background": np.ones((3, 5))}, "background has 5 columns .*, and X has 6"),
        ({"background": pd.DataFrame(np.ones((3, 6)))}, "both be arrays, or both be fr"),
        ({"X": np.ones((3, 7)), "background": np.ones((3, 7))}, "X has 7 features"),
        ({"pos_label": 2}, r"pos_label names the class 2, .* use one of \[0, 1\]"),
        ({"n_permutations": 0}, "n_permutations == 0, must be >= 1"),
        ({"random_state": "one"}, "'one' cannot be used to seed"),
        ({"model": GaussianNB()}, "model holds a GaussianNB, not an RLCalibratedClass"),
        ({"model": RLCalibratedClassifier()}, "RLCalibratedClassifier that is not fitted"),
        ({"model": make_pipeline(GaussianNB())}, "model holds a GaussianNB"),
    ],
    ids=range(14),
)
def test_messages(binary, change, message):
    model, X = binary
    arguments = {"model": model, "X": X[:3], "background": X[50:60]} | change
    with pytest.raises(ValueError, match=message):
        explain_adjustment(**arguments)


def test_frames_of_different_columns_are_refused(mixed_table):
    model, table = mixed_table
    with pytest.raises(ValueError, match="the same columns in the same order"):
        explain_adjustment(model, table[:3], table[table.columns[::-1]][50:60])
    frame = pl.from_pandas(table)
    texts = frame.with_columns(pl.col("amount").cast(pl.String))
    with pytest.raises(ValueError, match="background has columns of other types than X"):
        explain_adjustment(model, frame[:3], texts[50:60])
    with pytest.raises(ValueError, match="background has columns of other types than X"):
        explain_adjustment(model, table[:3], frame[50:60])

"""Features of tables: what becomes a number, a category or nothing."""

from datetime import date
from decimal import Decimal
from itertools import product

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import sparse

from sklearn_rlcorrect.agent.observation import dense_features
from sklearn_rlcorrect.features import TableFeatures, auto_features


def mixed_table():
    return pd.DataFrame(
        {
            "number": [1.0, 2.0, np.nan, 4.0],
            "integer": [1, 2, 3, 4],
            "text": ["a", "b", None, "a"],
            "flag": [True, False, True, True],
            "category": pd.Categorical(["u", "v", "u", "v"]),
            "day": pd.date_range("2026-01-01", periods=4),
            "empty": [np.nan] * 4,
        }
    )


def features_of(X):
    transformer = auto_features(X, 0).fit(X)
    return dense_features(transformer, X)


@pytest.mark.parametrize("to_frame", [lambda table: table, pl.from_pandas])
def test_columns_of_a_frame(to_frame):
    features = features_of(to_frame(mixed_table()))
    # number, integer, flag, empty; two of them have gaps; a, b and missing; two
    # categories. Days are left out.
    assert features.shape == (4, 6 + 3 + 2)
    np.testing.assert_array_equal(features[:, 0], [1, 2, np.nan, 4])
    np.testing.assert_array_equal(features[:, 1], [1, 2, 3, 4])
    np.testing.assert_array_equal(features[:, 2], [1, 0, 1, 1])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_columns_of_an_object_array(missing):
    X = np.array([[1.5, "a", 3], [missing, missing, "b"]], dtype=object)
    features = features_of(X)
    # One number and its mark; a and missing; 3 and b.
    np.testing.assert_array_equal(features, [[1.5, 0, 1, 0, 1, 0], [np.nan, 1, 0, 1, 0, 1]])


@pytest.mark.parametrize(
    ("column", "n_features"),
    [
        (pd.array(["a", pd.NA, "b"], dtype="string"), 3),
        (pd.array([1, pd.NA, 3], dtype="Int64"), 2),
        (pd.array([True, pd.NA, False], dtype="boolean"), 2),
        (["a", 3, None], 3),
        ([[1], [2], [3]], 3),
    ],
    ids=str,
)
def test_columns_of_pandas_own_kinds(column, n_features):
    table = pd.DataFrame({"x": column})
    assert features_of(table).shape == (3, n_features)


NUMBERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(-1e6, 1e6, allow_subnormal=False),
)


def frames_of(values):
    """Frames with the same numbers in every kind of column that holds them all."""
    floats = [np.nan if value is None else float(value) for value in values]
    decimals = [None if value is None else Decimal(value) for value in values]
    for column in (values, decimals, floats):
        yield pd.DataFrame({"x": pd.Series(column, dtype=object)})
    yield pd.DataFrame({"x": pd.array(floats, dtype="Float64")})
    yield pd.DataFrame({"x": pd.arrays.SparseArray(floats)})
    yield pl.DataFrame({"x": pl.Series(floats, dtype=pl.Float64)})
    if all(isinstance(value, bool | None) for value in values):
        yield pd.DataFrame({"x": pd.array(values, dtype="boolean")})
        yield pl.DataFrame({"x": pl.Series(values, dtype=pl.Boolean)})


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.lists(NUMBERS, min_size=1), st.lists(st.booleans(), min_size=1)))
@example([True, None, False])
@example([1, 0, None])
def test_numbers_are_the_same_in_any_column(values):
    """Whatever kind of column held them at fit, and holds them later."""
    assume(set(values) != {None})
    expected = np.array([np.nan if value is None else value for value in values], float)
    frames = list(frames_of(values))
    for frame, later in product(frames, frames):
        features = TableFeatures().fit(frame).transform(later)
        np.testing.assert_array_equal(features[:, 0], expected)
    array = np.array([values], dtype=object).T
    np.testing.assert_array_equal(TableFeatures().fit_transform(array)[:, 0], expected)


@pytest.mark.parametrize("texts", [["True", "False", None], ["true", "false", None]])
def test_bools_may_come_as_the_texts_of_a_file(texts):
    flags = pd.DataFrame({"x": pd.array([True, False, None], dtype="boolean")})
    transformer = TableFeatures().fit(flags)
    np.testing.assert_array_equal(
        transformer.transform(pd.DataFrame({"x": texts})), transformer.transform(flags)
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([1, 2, 30, "1.5", "a", None]), min_size=1))
def test_categories_are_the_same_for_1_and_1_0(values):
    table = np.array([["z", *values]], dtype=object).T
    transformer = TableFeatures().fit(table)
    floats = [float(value) if isinstance(value, int) else value for value in values]
    as_floats = np.array([["z", *floats]], dtype=object).T
    np.testing.assert_array_equal(
        transformer.transform(as_floats), transformer.transform(table)
    )
    fitted_on_floats = TableFeatures().fit(as_floats)
    np.testing.assert_array_equal(
        fitted_on_floats.transform(table), transformer.transform(table)
    )


def test_categories_of_an_earlier_release_are_still_known():
    """They were written as Python prints them: 1.0 for a float."""
    table = np.array([["z", 1.0, 2.0]], dtype=object).T
    transformer = TableFeatures().fit(np.array([["z", "1.0", "2.0"]], dtype=object).T)
    assert transformer.one_hot_.categories_[0].tolist() == ["1.0", "2.0", "z"]
    for values in (["z", 1.0, 2.0], ["z", 1, 2], ["z", Decimal("1.00"), Decimal(2)]):
        later = np.array([values], dtype=object).T
        np.testing.assert_array_equal(transformer.transform(later), np.eye(3)[[2, 0, 1]])
    np.testing.assert_array_equal(
        TableFeatures()
        .fit(table)
        .transform(np.array([["z", Decimal("1.00"), 2]], object).T),
        TableFeatures().fit_transform(table),
    )


def test_digits_may_be_names():
    codes = np.array([["01234", "1234", "7"]], dtype=object).T
    assert TableFeatures().fit_transform(codes).shape == (3, 3)
    np.testing.assert_array_equal(
        TableFeatures().fit_transform(codes),
        TableFeatures().fit_transform(pd.DataFrame({"x": codes[:, 0]})),
    )


@pytest.mark.parametrize("frame", [True, False])
def test_dates_as_objects_are_left_out(frame):
    table = np.array([[date(2026, 1, 1), 1.5], [None, 2.5]], dtype=object)
    table = pd.DataFrame(table).rename(columns=str) if frame else table
    np.testing.assert_array_equal(TableFeatures().fit_transform(table), [[1.5], [2.5]])


def test_underscores_are_no_part_of_a_number():
    transformer = TableFeatures().fit(pd.DataFrame({"x": [1.0, 2.0]}))
    with pytest.raises(ValueError, match="could not convert string to float: '1_0'"):
        transformer.transform(pd.DataFrame({"x": ["1_0", "2"]}))


def test_a_signalling_nan_is_missing():
    X = np.array([[Decimal("sNaN")], [Decimal(1)]], dtype=object)
    np.testing.assert_array_equal(features_of(X), [[np.nan, 1], [1, 0]])


def test_bytes_are_the_texts_that_they_encode():
    transformer = TableFeatures().fit(np.array([["u"], ["v"]], dtype=object))
    as_bytes = np.array([[b"u"], [b"v"]], dtype=object)
    np.testing.assert_array_equal(transformer.transform(as_bytes), np.eye(2))


@pytest.mark.parametrize("later", [["b"], pd.to_datetime(["2026-01-01"]), [[1]]], ids=str)
def test_a_column_that_is_no_number_any_more_is_named(later):
    transformer = TableFeatures().fit(pd.DataFrame({"price": [1.5, 2.0]}))
    with pytest.raises(ValueError, match="'price' of X held numbers in fit, and now: "):
        transformer.transform(pd.DataFrame({"price": later}))


def test_whole_numbers_too_large_for_a_float_are_missing():
    X = np.array([[10**400], [1]], dtype=object)
    np.testing.assert_array_equal(features_of(X), [[np.nan, 1], [1, 0]])


def test_numbers_in_a_list_stay_numbers():
    features = TableFeatures().fit_transform([[1.5, "b"], [2, "c"]])
    np.testing.assert_array_equal(features, [[1.5, 1, 0], [2, 0, 1]])


def test_unknown_and_rare_categories():
    X = pd.DataFrame({"id": [f"id{i}" for i in range(1000)]})
    transformer = auto_features(X, 0).fit(X)
    assert dense_features(transformer, X).shape == (1000, 20)
    unseen = pd.DataFrame({"id": ["never seen"]})
    np.testing.assert_array_equal(dense_features(transformer, unseen), [[0] * 19 + [1]])


@pytest.mark.parametrize("to_frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_values_of_another_kind_are_counted(to_frame):
    known = {"n": [1.5, 2.5, None], "b": [True, False, True], "c": ["x", "y", None]}
    table = TableFeatures().fit(to_frame(known))
    assert table.count_unfamiliar(to_frame(known)) == ({}, {})
    later = {"n": ["1.5", None, "7"], "b": ["true", None, None], "c": ["z", None, "x"]}
    assert table.count_unfamiliar(to_frame(later)) == ({2: 1}, {0: 2, 1: 1})
    # A category that was rare is known, and numbers are categories like their texts.
    table.fit(to_frame({"c": [f"{k}" for k in range(30)], "n": range(30)}))
    counts = table.count_unfamiliar(to_frame({"c": list(range(20, 40)), "n": range(20)}))
    assert counts == ({0: 10}, {})


@pytest.mark.parametrize("column", [pd.arrays.SparseArray([0, 1, 0]), [Decimal(1)] * 3])
def test_numbers_in_columns_of_any_type_are_no_texts(column):
    frame = pd.DataFrame({"a": column})
    assert TableFeatures().fit(frame).count_unfamiliar(frame) == ({}, {})


def test_sparse_columns_keep_their_zeros_or_are_projected():
    narrow = sparse.random(60, 30, density=0.2, format="csr", random_state=0)
    narrow_features = features_of(narrow)
    np.testing.assert_array_equal(narrow_features == 0, narrow.toarray() == 0)
    wide = sparse.random(200, 5000, density=0.01, format="csr", random_state=0)
    assert features_of(wide).shape == (200, 100)


@pytest.mark.parametrize(
    "X",
    [
        ["a text", "another"],
        np.array(["a", "b"]),
        [[1, 2], [3]],
        np.array([["2026-01-01"], ["2026-01-02"]], dtype="datetime64[D]"),
    ],
)
def test_what_is_no_table_has_no_features(X):
    assert auto_features(X, 0) is None

"""Files as they are read: whole, in pieces, and as arrays."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_rlcorrect.datasets import (
    PrecomputedRows,
    read_chunks,
    read_precomputed,
    read_table,
    write_precomputed,
)

CELL = st.one_of(
    st.integers(-9, 9).map(str),
    st.floats(-9, 9).map(str),
    st.sampled_from(["", "", "yes", "no", "01", "True", "true", "NaN"]),
)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(CELL, CELL, st.integers(0, 9).map(str)), min_size=1),
    chunk_size=st.integers(1, 7),
)
def test_pieces_are_the_whole_table(tmp_path_factory, rows, chunk_size):
    path = tmp_path_factory.mktemp("pieces") / "table.csv"
    path.write_text("a,b,c\n" + "".join(",".join(row) + "\n" for row in rows))
    chunks = list(read_chunks(path, chunk_size=chunk_size))
    assert max(map(len, chunks)) <= chunk_size
    pieces = pd.concat(chunks)
    for j, name in enumerate("abc"):
        cells = [row[j] if row[j] not in ("", "NaN") else None for row in rows]
        read = [None if value != value else value for value in pieces[name]]
        if all(cell is None or is_number(cell) for cell in cells):
            # Until 3.1, pandas may be wrong in a number's last digit.
            numbers = [None if cell is None else float(cell) for cell in cells]
            assert read == pytest.approx(numbers, abs=1e-14)
        else:
            assert read == cells


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_columns_are_texts_where_they_were(tmp_path):
    (tmp_path / "table.csv").write_text("a,b,y\n01,1,no\n,2,no\n3,3,yes\n4,4,yes\n")
    (chunk,) = read_chunks(tmp_path / "table.csv", ["a", "absent"])
    assert chunk["a"].fillna("").tolist() == ["01", "", "3", "4"]
    X, _ = read_table(tmp_path / "table.csv", "y", ["a"])
    assert X["a"].fillna("").tolist() == ["01", "", "3", "4"]
    assert X["b"].tolist() == [1, 2, 3, 4]


def test_categories_without_rows_are_no_labels(tmp_path):
    labels = pd.Categorical(["a", "b"] * 4, categories=["a", "b", "c"])
    pd.DataFrame({"x": range(8), "y": labels}).to_parquet(tmp_path / "table.parquet")
    _, y = read_table(tmp_path / "table.parquet", "y")
    assert y.tolist() == ["a", "b"] * 4


def test_pieces_of_parquet(tmp_path):
    table = pd.DataFrame({"a": np.arange(25.0), "b": list("xy") * 12 + [None]})
    table.to_parquet(tmp_path / "table.parquet")
    chunks = list(read_chunks(tmp_path / "table.parquet", chunk_size=10))
    assert [len(chunk) for chunk in chunks] == [10, 10, 5]
    pd.testing.assert_frame_equal(pd.concat(chunks, ignore_index=True), table)


@pytest.mark.parametrize("labels", [[1, 0, 2], ["b", "a", "c"], [True, False, True]])
def test_arrays_are_read_back(tmp_path, labels):
    rng = np.random.default_rng(0)
    proba, hidden = rng.dirichlet([1, 1, 1], 3), rng.normal(size=(3, 4))
    y = np.array(labels, dtype=object)
    write_precomputed(tmp_path / "new", proba, hidden, y)
    rows = read_precomputed(tmp_path / "new", labelled=True)
    np.testing.assert_array_equal(rows.proba, proba)
    np.testing.assert_array_equal(rows.hidden, hidden)
    assert rows.y.tolist() == labels
    assert rows.y.dtype != object
    assert read_precomputed(tmp_path / "new", labelled=False).y is None


def test_arrays_are_not_read_into_memory(tmp_path):
    write_precomputed(tmp_path, np.ones((3, 2)) / 2, np.ones((3, 1)), np.arange(3))
    rows = read_precomputed(tmp_path, labelled=True)
    assert isinstance(rows.proba, np.memmap)
    assert isinstance(rows.hidden, np.memmap)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 30), chunk_size=st.integers(1, 40))
def test_chunks_are_the_rows(n, chunk_size):
    rows = PrecomputedRows(np.arange(n)[:, None], np.arange(n)[:, None] + 0.5, None)
    chunks = list(rows.chunks(chunk_size))
    assert max(len(chunk.proba) for chunk in chunks) <= chunk_size
    np.testing.assert_array_equal(
        np.vstack([chunk.columns() for chunk in chunks]), rows.columns()
    )

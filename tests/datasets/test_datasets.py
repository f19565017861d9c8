"""Files as they are read: whole, in pieces, and as arrays."""

import csv
import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect.datasets import (
    PrecomputedRows,
    load_alerts,
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


TEXT = st.text(st.characters(codec="cp1252", exclude_characters="\0"), max_size=5)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXT, st.integers(-9, 9), TEXT), min_size=1, max_size=9),
    sep=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    chunk_size=st.integers(1, 4),
    data=st.data(),
)
def test_any_separator_and_encoding(
    tmp_path_factory, rows, sep, encoding, chunk_size, data
):
    folder = tmp_path_factory.mktemp("csv")
    # Quoted, so that any text may hold the separator or the end of a line.
    lines = [["first", "second", "third"], *map(list, rows)]
    format_ = {"sep": sep, "encoding": encoding}

    def write(lines):
        with open(folder / "table.csv", "w", newline="", encoding=encoding) as file:
            csv.writer(file, delimiter=sep, quoting=csv.QUOTE_NONNUMERIC).writerows(lines)
        return folder / "table.csv"

    pieces = list(read_chunks(write(lines), ["first", "third"], chunk_size, **format_))
    table = pd.concat(pieces)
    assert [*map(len, pieces)][:-1] == [chunk_size] * (len(pieces) - 1)
    assert table["second"].tolist() == [row[1] for row in rows]
    missing = {"", *pd._libs.parsers.STR_NA_VALUES}
    for name, j in (("first", 0), ("third", 2)):
        texts = [row[j].replace("\r\n", "\n").replace("\r", "\n") for row in rows]
        read = [value.replace("\r", "\n") for value in table[name].fillna("")]
        assert read == ["" if text in missing else text for text in texts]

    longer = [list(line) for line in lines]
    longer[data.draw(st.integers(1, len(rows)))].append(7)
    with pytest.raises(ValueError, match="Expected 3 fields in line"):
        list(read_chunks(write(longer), **format_))
    lines[0][2] = data.draw(st.sampled_from(["first", "second"]))
    with pytest.raises(ValueError, match=f"two columns are named '{lines[0][2]}'"):
        list(read_chunks(write(lines), **format_))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;b;y\n1,5;2;0\n", r"looks separated by ';': give sep=';' \(--sep"),
        ("a\tb\ty\n1\t2\t0\n", r"looks separated by '\\t': give sep='\\t'"),
        ("a,b\n1,2,\n", "Expected 2 fields in line 2, saw 3"),
        ("a,a,y\n1,2,0\n", r"two columns are named 'a' \(line 1 of a CSV\)"),
        ("a,y\nÄ,0\n".encode("cp1252"), r"Give its encoding.*'cp1252' \(--encoding"),
        ("\ufeffa,y\n1,0\n".encode("utf-16-le"), r"encoding='utf-16' \(--encoding"),
        ("\ufeffa,y\n1,0\n".encode("utf-16-be"), r"encoding='utf-16' \(--encoding"),
        (gzip.compress(b"a,y\n1,0\n" * 99, mtime=0)[:-20], "cannot read"),
        (b"PK no archive", "cannot read"),
        (b"\x28\xb5\x2f\xfd no archive", "cannot read"),
        ("", "No columns to parse"),
    ],
)
def test_what_is_no_csv_is_told_in_one_way(tmp_path, text, message):
    suffix = {b"\x1f": ".gz", b"PK": ".zip", b"\x28": ".zst"}.get(
        text[: 2 if text[:1] == b"P" else 1], ""
    )
    path = tmp_path / f"table.csv{suffix}"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    for read in (lambda: read_table(path, "y"), lambda: list(read_chunks(path))):
        with pytest.raises(ValueError, match=message):
            read()


def test_trailing_commas_in_the_header_as_well_are_a_column(tmp_path):
    (tmp_path / "table.csv").write_text("a,b,\n1,2,\n3,4,\n")
    (table,) = read_chunks(tmp_path / "table.csv")
    assert (table["a"].tolist(), table["b"].tolist()) == ([1, 3], [2, 4])


@pytest.mark.parametrize("options", [{"sep": ""}, {"sep": "; "}, {"encoding": "utf-9"}])
def test_options_of_a_csv_that_mean_nothing(tmp_path, options):
    (tmp_path / "table.csv").write_text("a,y\n1,0\n")
    with pytest.raises(ValueError, match=r"must be one character|unknown encoding"):
        read_table(tmp_path / "table.csv", "y", **options)


def test_a_damaged_tar_is_one_error(tmp_path):
    (tmp_path / "table.csv.tar").write_text("garbage")
    with pytest.raises(ValueError, match="cannot read"):
        read_table(tmp_path / "table.csv.tar", "y")


def test_one_column_may_have_a_separator_in_its_name(tmp_path):
    (tmp_path / "table.csv").write_text("price; EUR\n1\n2\n")
    (table,) = read_chunks(tmp_path / "table.csv")
    assert table["price; EUR"].tolist() == [1, 2]


def test_labels_that_are_bytes(tmp_path):
    table = pd.DataFrame({"a": [1, 2], "y": [b"no", b"no"]})
    table.to_parquet(tmp_path / "table.parquet")
    with pytest.raises(ValueError, match="holds bytes: write texts"):
        read_table(tmp_path / "table.parquet", "y")


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b"PK\x03\x04zzzz",
        lambda b: b.replace(b"(4, 2)", b"(-4,2)"),
        lambda b: b.replace(b"{'descr'", b"[[[[[[[["),
        lambda b: b[:60],
    ],
)
def test_damaged_arrays_are_one_error(tmp_path, change):
    np.save(tmp_path / "baseline_probs.npy", np.full((4, 2), 0.5))
    good = (tmp_path / "baseline_probs.npy").read_bytes()
    (tmp_path / "baseline_probs.npy").write_bytes(change(good))
    with pytest.raises(ValueError, match=r"baseline_probs.npy"):
        read_precomputed(tmp_path, labelled=False)


def test_a_spreadsheet_is_refused(tmp_path):
    (tmp_path / "table.xlsx").touch()
    with pytest.raises(ValueError, match="is a spreadsheet: save it as CSV"):
        read_table(tmp_path / "table.xlsx", "y")


def test_two_columns_of_one_name_in_parquet(tmp_path):
    columns = pa.table([[1], [2]], names=["a", "a"])
    pa.parquet.write_table(columns, tmp_path / "table.parquet")
    with pytest.raises(ValueError, match="two columns are named 'a'"):
        list(read_chunks(tmp_path / "table.parquet"))


@pytest.mark.parametrize(
    "array",
    [
        np.array(["2026-01-01"] * 4, dtype="datetime64[D]"),
        np.zeros(4, dtype=[("a", float)]),
        np.zeros(4, dtype="V4"),
        np.zeros(4, dtype=complex),
        None,
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["baseline_probs", "hidden_reps", "true_labels"])
def test_arrays_of_other_types(tmp_path, name, array):
    arrays = {
        "baseline_probs": np.full((4, 2), 0.5),
        "hidden_reps": np.ones((4, 1)),
        "true_labels": np.arange(4) % 2,
    }
    for key, good in arrays.items():
        np.save(tmp_path / f"{key}.npy", good)
    read_precomputed(tmp_path, labelled=True)
    with open(tmp_path / f"{name}.npy", "wb") as file:
        np.savez(file, a=good) if array is None else np.save(file, array)
    with pytest.raises(ValueError, match=f"{name}.npy must hold an array of numbers"):
        read_precomputed(tmp_path, labelled=True)


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


def test_alerts_are_a_table_that_a_linear_model_misses():
    X, y = load_alerts()
    again, y_again = load_alerts()
    pd.testing.assert_frame_equal(X, again)
    np.testing.assert_array_equal(y, y_again)
    assert 0.02 <= (y == "fraud").mean() <= 0.05
    assert X.isna().any().sum() == 2
    assert len(X.select_dtypes("number").columns) == 6
    numbers = pd.get_dummies(X).fillna(0)
    linear, trees = (
        cross_val_score(model, numbers, y == "fraud", scoring="neg_brier_score").mean()
        for model in (
            make_pipeline(StandardScaler(), LogisticRegression()),
            HistGradientBoostingClassifier(random_state=0),
        )
    )
    assert trees > linear / 2

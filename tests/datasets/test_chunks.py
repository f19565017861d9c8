"""Corrections of rows that come in pieces."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.datasets.chunks import table_chunks
from sklearn_rlcorrect.datasets.corrections import write_corrections


@pytest.fixture(scope="module", params=["cancer", "wine"])
def model_and_rows(request):
    X, X_test, y, _ = request.getfixturevalue(request.param)
    labels = np.array(["none", "some", "a lot"])
    return RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, labels[y]), X_test


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cuts=st.lists(st.integers(1, 43), max_size=6, unique=True))
@pytest.mark.parametrize("suffix", ["csv", "parquet", "npy"])
def test_pieces_do_not_matter(model_and_rows, suffix, tmp_path, cuts):
    model, X = model_and_rows
    path = tmp_path / f"out.{suffix}"
    pieces = [piece for piece in np.split(X, sorted(cuts)) if len(piece)]
    n_samples, n_changed = write_corrections(model, pieces, path)
    before, after = model.predict_before_after(X)
    assert n_samples == len(X)
    assert n_changed == (before.argmax(axis=1) != after.argmax(axis=1)).sum()
    if suffix == "npy":
        proba, predicted = np.load(path), np.load(tmp_path / "out_predictions.npy")
        adjustment = np.load(tmp_path / "out_adjustments.npy")
    else:
        table = (pd.read_csv if suffix == "csv" else pd.read_parquet)(path)
        k = len(model.classes_)
        assert list(table) == [
            *(f"proba_{label}" for label in model.classes_),
            "prediction",
            *(f"adjustment_{label}" for label in model.classes_),
        ]
        proba, adjustment = table.iloc[:, :k], table.iloc[:, k + 1 :]
        predicted = table["prediction"]
    np.testing.assert_allclose(proba, after, atol=1e-12)
    np.testing.assert_allclose(adjustment, after - before, atol=1e-12)
    assert list(predicted) == model.predict(X).tolist()


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npy"])
def test_a_failure_on_the_way_leaves_what_was_there(model_and_rows, suffix, tmp_path):
    model, X = model_and_rows

    def pieces():
        yield X
        raise OSError("the disk is gone")

    write_corrections(model, [X[:3]], tmp_path / f"out.{suffix}")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OSError, match="the disk is gone"):
        write_corrections(model, pieces(), tmp_path / f"out.{suffix}")
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert before == after


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_memory_does_not_grow_with_the_rows(model_and_rows, suffix, tmp_path):
    model, X = model_and_rows
    peaks = []
    for n_times in (100, 1000):
        table = pd.DataFrame(np.tile(X, (n_times, 1)))
        table.columns = table.columns.map(str)
        path = tmp_path / f"{n_times}.{suffix}"
        table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
        del table
        tracemalloc.start()
        chunks = table_chunks(model, path, chunk_size=500)
        write_corrections(model, chunks, tmp_path / f"out.{suffix}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]

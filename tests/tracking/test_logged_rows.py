"""Fingerprints and held-out rows."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_rlcorrect.tracking import fingerprint, held_out_rows

pytest_plugins = ["tracking_fixtures"]
pytestmark = pytest.mark.usefixtures("in_store_folder")


def test_held_out_rows_are_all_that_were_logged(fitted, logged):
    _, X, y = fitted
    rows = held_out_rows(logged[0], X, y)
    np.testing.assert_array_equal(rows, np.arange(len(y)))
    assert held_out_rows(logged[0], X + 1, y) is None
    assert held_out_rows(logged[0], X, y[::-1]) is None


def test_fingerprint_is_of_the_values():
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    y = np.array(["a", "b"])
    digest = fingerprint(X, y)
    assert digest == fingerprint(X.copy(), y.astype(object))
    assert digest == fingerprint(pd.DataFrame(X), pd.Series(y))
    assert digest == fingerprint(X.astype(int), y)
    assert digest == fingerprint(pd.DataFrame(X, dtype="Int64"), y)
    others = [
        (X[::-1], y),
        (X, y[::-1]),
        (X[:, ::-1], y),
        (X[:1], y[:1]),
        (pd.DataFrame(X, columns=["a", "b"]), y),
        (sparse.csr_matrix(X), y),
        (sparse.csr_matrix([[1, 0], [0, 1]]), y),
        (sparse.csr_matrix([[2, 0], [0, 1]]), y),
        (sparse.csr_matrix([[1, 1], [0, 0]]), y),
        (sparse.csr_matrix([[1, 0], [1, 0]]), y),
    ]
    assert len({digest, *(fingerprint(*other) for other in others)}) == 11

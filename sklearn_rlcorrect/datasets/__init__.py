"""Rows from files and to files: tables, precomputed probabilities, corrections."""

from sklearn_rlcorrect.datasets.builtin import load_alerts, load_eights
from sklearn_rlcorrect.datasets.precomputed_rows import (
    PrecomputedRows,
    check_precomputed_output,
    read_precomputed,
    write_precomputed,
)
from sklearn_rlcorrect.datasets.tables import read_chunks, read_rows, read_table

__all__ = [
    "PrecomputedRows",
    "check_precomputed_output",
    "load_alerts",
    "load_eights",
    "read_chunks",
    "read_precomputed",
    "read_rows",
    "read_table",
    "write_precomputed",
]

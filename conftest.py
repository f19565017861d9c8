"""Shared data and budgets: real, and small enough for a test run of minutes."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.model_selection import train_test_split

# It takes Spark, which is not installed for the tests.
collect_ignore = ["docs/spark_udf.py"]
# The site's build runs these, or wrote them.
collect_ignore += [
    f"docs/{name}"
    for name in ("conf.py", "examples", "auto_examples", "generated", "_build")
]
if find_spec("sklearn.callback") is None:  # new in scikit-learn 1.9
    collect_ignore.append("docs/callbacks.md")

# What trains for long or starts processes, by the beginning of its name; others are marked.
SLOW = (
    "docs/",
    "tests/agent/test_td3.py",
    "tests/cli/",
    "tests/datasets/test_chunks.py",
    "tests/export/",
    "tests/guard/test_guarded_classifier.py",
    "tests/guard/test_search.py",
    "tests/persistence/test_models.py::test_our_types_are_all_that_is_not_trusted",
    "tests/test_abuse.py",
    "tests/test_callbacks.py",
    "tests/test_common.py",
    "tests/test_distributed.py",
    "tests/test_explanation.py",
    "tests/test_fitting.py",
    "tests/test_layering.py::test_fitted_corrector_holds_plain_data",
    "tests/test_layering.py::test_predicting_needs_no_training_package",
    "tests/test_promises.py",
    "tests/test_routing.py",
    "tests/tracking/",
)

# Enough training to change predictions, not enough to be good.
QUICK = {
    "total_timesteps": 4000,
    "learning_rate": 1e-2,
    "n_policies": 2,
    "net_arch": (16,),
    "random_state": 0,
}


def pytest_report_header():
    """Print where the generated cases of tests/test_abuse.py start."""
    return f"hostile input: RLCORRECT_SEED={os.environ.get('RLCORRECT_SEED', '0')}"


def pytest_collection_modifyitems(items):
    """Mark the slow tests, which ``-m "not slow"`` leaves out."""
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def cancer():
    """Two classes, 569 rows, 30 columns: X_train, X_test, y_train, y_test."""
    X, y = load_breast_cancer(return_X_y=True)
    return train_test_split(X, y, random_state=0, stratify=y)


@pytest.fixture(scope="session")
def wine():
    """Three classes, 178 rows, 13 columns: X_train, X_test, y_train, y_test."""
    X, y = load_wine(return_X_y=True)
    return train_test_split(X, y, random_state=0, stratify=y)


@pytest.fixture(autouse=True)
def documented_examples_write_elsewhere(request, tmp_path, monkeypatch):
    """Run the examples of a page of the docs in an empty folder."""
    if Path(__file__).parent / "docs" in request.node.path.parents:
        monkeypatch.chdir(tmp_path)
    # To start its workers, dask sets variables for the rest of the process.
    with patch.dict(os.environ):
        yield


@pytest.fixture(autouse=True)
def pictures_open_no_window(monkeypatch):
    """Draw in memory, and close the figures: matplotlib warns of more than 20."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")

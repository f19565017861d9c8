"""Fixtures of the tests of the command line.

PYTEST_DONT_REWRITE, for the collection of doctests may import this module first.
"""

import logging
import os
import shutil

import joblib
import mlflow
import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.persistence import dump_model


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """Run a test in an empty folder, with the default store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def made_table(cancer):
    X, _, y, _ = cancer
    table = pd.DataFrame(X[:, :5], columns=list("abcde"), copy=True)
    table.loc[::9, "a"] = None
    table["size"] = np.where(X[:, 3] > 600, "large", None)
    table["label"] = np.where(y == 1, "benign", "malignant")
    return table


@pytest.fixture
def table(made_table):
    """A labelled table of numbers and texts, with missing values."""
    return made_table.copy()


@pytest.fixture(scope="session")
def trained_folder(made_table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made_table.to_csv("table.csv", index=False)
        made_table.drop(columns="label").to_csv("rows.csv", index=False)
        command = "train --no-mlflow --data table.csv --target label --timesteps 400"
        assert main([*command.split(), "--output", "model.joblib"]) == 0
    return folder


@pytest.fixture
def quick(trained_folder, table, empty_folder):
    """A model of table.csv in model.joblib, and rows.csv, the table without labels."""
    for name in os.listdir(trained_folder):
        shutil.copy(trained_folder / name, name)
    return joblib.load("model.joblib"), table.drop(columns="label")


@pytest.fixture
def always_benign(quick):
    """The same, with a policy that moves "benign" up as far as it may."""
    model, rows = quick
    n_observed = model.policies_["weighted"][0][0].shape[0]
    model.policies_["weighted"] = [[np.zeros((n_observed, 2)), np.array([9.0, -9.0])]]
    dump_model(model, "model.joblib")
    return model, rows


@pytest.fixture(scope="session")
def new_store(tmp_path_factory):
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(new_store, tmp_path, empty_folder):
    """A store without runs in mlflow.db: a copy, for making one takes seconds."""
    shutil.copy(new_store, tmp_path / "mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield
    mlflow.set_tracking_uri(None)

"""The commands with MLflow: one after another, and two at once."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.cli.parser import parse
from sklearn_rlcorrect.cli.store import _impatient, _move_to_new, store_made_meanwhile

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")


def test_the_command_lines_one_after_another(tmp_path, capsys):
    """Train, correct the logged classifier anew, evaluate, infer: in an empty folder."""
    train = '--mode train --timesteps 2000 --experiment_name "rl_correction"'
    more = '--run_name "initial_training" --fp_weight 1.2 --save_data'
    assert main(words(f"{train} {more}")) == 0
    first = run_id_in(capsys.readouterr().out)

    again = (
        f"--mode train --baseline_run_id {first} --timesteps 500 --max_adjustment 0.7 "
        "--fp_weight 1.3 --use_input_features "
        '--experiment_name "RL_Correction_Experiment_input" '
        '--run_name "with_input_features" --register_model '
        '--model_name "rl_correction_with_features"'
    )
    assert main(words(again)) == 0
    output = capsys.readouterr().out
    second = run_id_in(output)
    # Only what the first training held out, which its classifier was not fitted on.
    assert "337 rows to train on, 113 held out" in output

    assert main(words("--mode evaluate --model_priority fp")) == 0
    output = capsys.readouterr().out
    assert "the 113 rows held out of the training" in output
    assert f"Priority fp, model {second[:8]}" in output
    assert main(words("--mode infer --model_priority fp --data_dir ./data")) == 0
    assert np.load("corrected_probs.npy").shape == (450, 2)

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    runs = mlflow.search_runs(search_all_experiments=True).set_index("run_id")
    assert sorted(runs["tags.mlflow.runName"]) == [
        "evaluate fp",
        "initial_training",
        "with_input_features",
    ]
    evaluation = runs[runs["tags.mlflow.runName"] == "evaluate fp"].iloc[0]
    assert evaluation["tags.mlflow.parentRunId"] == second
    before, after = (json.loads(_rows(run)) for run in (first, second))
    assert set(after) < set(before)
    served = mlflow.sklearn.load_model("models:/rl_correction_with_features@fp")
    assert served.max_adjustment_ == 0.7
    assert main(["compare", first, second]) == 0
    assert "with_input_features" in capsys.readouterr().out


def words(line):
    return line.replace('"', "").split()


def run_id_in(output):
    return re.search(r"MLflow run ([0-9a-f]{32})", output)[1]


def _rows(run_id):
    text = mlflow.artifacts.load_text(f"runs:/{run_id}/held_out_rows.txt")
    return "[" + ",".join(text.split()) + "]"


@pytest.mark.usefixtures("store")
def test_a_baseline_of_unknown_training_brings_a_warning(cancer, capsys):
    X, _, y, _ = cancer
    table = pd.DataFrame(X).rename(columns="x{}".format)
    table.assign(y=y).to_csv("t.csv", index=False)
    with mlflow.start_run(experiment_id=mlflow.create_experiment("others")) as run:
        mlflow.sklearn.log_model(
            GaussianNB().fit(table, y), name="model", pip_requirements=["scikit-learn"]
        )
    caution = f"Whether the classifier of run {run.info.run_id} was fitted on some of"
    train = "train --timesteps 100 --data t.csv --target y --baseline-run-id"
    assert main([*train.split(), run.info.run_id]) == 0
    output = capsys.readouterr().out
    assert caution in output
    # It goes with the model: into its evaluation, and into what is made of it.
    assert main(["evaluate"]) == 0
    assert caution in capsys.readouterr().out
    assert main([*train.split(), run_id_in(output)]) == 0
    assert caution in capsys.readouterr().out

    assert main(["train", "--baseline-run-id", run.info.run_id]) == 2
    assert "does not know the label 'eight'" in capsys.readouterr().err


def n_runs():
    return len(mlflow.search_runs(search_all_experiments=True))


@pytest.mark.usefixtures("store")
def test_autolog_does_not_log_what_train_fits():
    before = n_runs()
    mlflow.sklearn.autolog(silent=True)
    try:
        assert main(["train", "--timesteps", "20", "--run-name", "tests"]) == 0
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    assert n_runs() == before + 1


def test_state_of_the_process_is_kept():
    before = mlflow.get_tracking_uri()
    level = logging.getLogger("mlflow").level
    assert main(["compare", "--tracking-uri", "sqlite:///there.db"]) == 2
    assert main(["train", "--timesteps", "20", "--tracking-uri", "sqlite:///here.db"]) == 0
    assert mlflow.get_tracking_uri() == before
    assert logging.getLogger("mlflow").level == level
    assert sorted(os.listdir()) == ["here.db", "mlruns"]


def test_two_trainings_may_make_one_store(tmp_path):
    command = [sys.executable, "-m", "sklearn_rlcorrect", "train", "--timesteps", "20"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)
    ]
    told = [process.communicate()[1] for process in both]
    # Of steps that take long.
    assert all(line.startswith(b"note: ") for text in told for line in text.splitlines())
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    assert n_runs() == 2


def test_a_store_is_made_while_a_block_runs():
    args = parse(["train"])
    with store_made_meanwhile(args):
        assert "mlflow.db" not in os.listdir()
    assert os.listdir() == ["mlflow.db"]
    mlflow.set_tracking_uri(args.tracking_uri)
    assert [each.name for each in mlflow.search_experiments()] == ["Default"]


def test_no_store_is_made_if_the_block_or_its_process_fails(monkeypatch):
    args = parse(["train"])
    with pytest.raises(KeyboardInterrupt), store_made_meanwhile(args):
        raise KeyboardInterrupt
    assert os.listdir() == []
    monkeypatch.setattr("sklearn_rlcorrect.cli.store._MAKE", "1 / 0")
    with store_made_meanwhile(args):
        pass
    assert os.listdir() == []


@pytest.mark.parametrize("options", ["--no-mlflow", "--tracking-uri sqlite:///no/a.db"])
def test_no_store_is_made_meanwhile_where_none_is_asked_for(options):
    with store_made_meanwhile(parse(["train", *options.split()])):
        pass
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sqlite:///", "names a folder: give a file, such as sqlite:///mlflow.db"),
        ("sqlite:///file/x.db", "cannot make .*: .*file is a file"),
        (f"sqlite:///{'x' * 260}.db", "File name too long"),
        ("http://127.0.0.1:9", "cannot use http://127.0.0.1:9 .is it running"),
        ("postgresql+psycopg2://bob:secret@127.0.0.1:9/x", r"bob:\*\*\*@127"),
    ],
)
def test_a_store_that_cannot_be_used_is_told_before_any_training(uri, message, capsys):
    Path("file").touch()
    # A training would write its model.
    assert main(["train", "--tracking-uri", uri, "--output", "model.joblib"]) == 2
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert "secret" not in error
    assert os.listdir() == ["file"]


@pytest.mark.parametrize("command", ["compare", "evaluate", "infer --data file"])
def test_a_server_that_is_gone(command, capsys, monkeypatch):
    Path("file").touch()
    assert main([*command.split(), "--tracking-uri", "http://127.0.0.1:9"]) == 2
    assert "cannot use http://127.0.0.1:9" in capsys.readouterr().err
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_the_users_patience_counts(monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    with _impatient():
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"


def test_a_store_is_made_without_hard_links_too(tmp_path, monkeypatch):
    def no_links(*args):
        raise PermissionError("not supported")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "made").write_text("new")
    _move_to_new(tmp_path / "made", tmp_path / "store")
    with pytest.raises(FileExistsError):
        _move_to_new(tmp_path / "made", tmp_path / "store")
    assert (tmp_path / "store").read_text() == "new"


@pytest.mark.parametrize("model", ["s3://bucket/model", "http://127.0.0.1:9/model"])
@pytest.mark.usefixtures("store")
def test_models_at_places_that_cannot_be_read(model, capsys):
    Path("rows.csv").write_text("a\n1\n")
    assert main(["infer", "--data", "rows.csv", "--model", model]) == 2
    assert f"there is no model {model}" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["file/model.joblib", "x" * 260])
def test_an_output_that_cannot_be_written(name, capsys):
    Path("file").touch()
    assert main(["train", "--no-mlflow", "--output", name]) == 2
    assert re.search("File name too long|no such folder", capsys.readouterr().err)
    assert os.listdir() == ["file"]

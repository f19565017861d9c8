"""Which step of a command is running, as a bar, as lines, or not told."""

import os
import time
from argparse import Namespace

import joblib
import pytest

from sklearn_rlcorrect.cli import main, progress
from sklearn_rlcorrect.cli.progress import Steps

pytest_plugins = ["cli_fixtures"]
TRAIN = (
    "train --no-mlflow --data table.csv --target label --timesteps 400 --output new.joblib"
)
PARTS = ["out-of-fold probabilities", "posterior", "train policies", "select policies"]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 0.01)


def wait_for_the_clock(steps):
    deadline = time.monotonic() + 30
    while not steps._is_told and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.usefixtures("quick")
def test_a_terminal_shows_each_step_on_one_line(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(TRAIN.split()) == 0
    shown = capsys.readouterr().err
    for step in ["load packages", "read rows", *PARTS]:
        assert f"\r{step}" in shown, step
    assert "out-of-fold probabilities: 100%" in shown
    assert "\n" not in shown


@pytest.mark.usefixtures("quick")
def test_the_steps_of_a_training_do_not_stay_on_the_model(capsys):
    assert main(TRAIN.split()) == 0
    model = joblib.load("new.joblib")
    assert not getattr(model, "_skl_callbacks", None)
    assert model.verbose == 0


@pytest.mark.usefixtures("quick")
def test_verbose_sums_up_the_time_of_each_step(capsys):
    assert main([*TRAIN.split(), "-v"]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("note: seconds: load packages ")
    assert [part for part in PARTS if f", {part} " in last] == PARTS
    assert "; all " in last


@pytest.mark.usefixtures("impatient")
def test_elsewhere_a_step_that_takes_long_is_told_once(capsys):
    with Steps(Namespace(verbosity=0)) as steps:
        steps.begin("read rows")
        wait_for_the_clock(steps)
        time.sleep(0.1)
        steps.begin("predict")
        steps.end()
    lines = capsys.readouterr().err.splitlines()
    assert lines.count("note: step: read rows ...") == 1


def test_elsewhere_a_step_that_is_soon_done_is_not_told(capsys, monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 1e9)
    with Steps(Namespace(verbosity=0)) as steps:
        steps.begin("read rows")
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("is_terminal", [True, False])
def test_quiet_tells_nothing(is_terminal, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    with Steps(Namespace(verbosity=-1)) as steps:
        steps.begin("read rows")
        time.sleep(0.1)
    assert capsys.readouterr() == ("", "")


def test_a_step_that_comes_twice_is_summed(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    monkeypatch.setattr(Steps, "_tick", lambda self: None)
    with Steps(Namespace(verbosity=0)) as steps:
        for name in ["fit", "posterior", "fit"]:
            steps.begin(name)
    assert steps.seconds == {"load packages": 1, "fit": 2, "posterior": 1}


@pytest.mark.usefixtures("empty_folder")
def test_an_error_ends_the_clock_and_the_bar(capsys):
    with pytest.raises(OSError, match="gone"), Steps(Namespace(verbosity=1)) as steps:
        raise OSError("gone")
    assert not steps._clock.is_alive()
    assert "seconds" not in capsys.readouterr().err
    assert os.listdir() == []

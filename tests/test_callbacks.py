"""scikit-learn's callbacks see the training, and can stop it."""

import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier

callback = pytest.importorskip(
    "sklearn.callback", reason="callbacks are new in scikit-learn 1.9"
)

N_CHECKPOINTS = 10


def corrector(**kwargs):
    return RLCalibratedClassifier(GaussianNB(), **(QUICK | kwargs))


class Recorder:
    """Note every task, and stop each training after some checkpoints."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.begun, self.ended, self.fitted, self.given = [], [], [], []

    def setup(self, estimator, context):
        self.begun.append("setup")

    def teardown(self, estimator, context):
        self.ended.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.begun.append(context.task_name)

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.ended.append(context.task_name)
        self.given.append((len(X), len(y), sorted(metadata)))
        if fitted_estimator is not None:
            self.fitted.append(fitted_estimator.predict_proba(X[:5]))
        return context.task_name == "checkpoint" and self.is_enough(context)

    def is_enough(self, context):
        return self.stop_after is not None and context.task_id + 1 >= self.stop_after


def test_tasks_of_a_fit(cancer):
    X, _, y, _ = cancer
    recorder = Recorder()
    model = corrector().set_callbacks(recorder)
    model.fit(X, y, sample_weight=np.ones(len(y)))
    folds = ["out-of-fold probabilities", *5 * ["fold"]]
    training = ["train policies", *N_CHECKPOINTS * ["checkpoint"]]
    parts = [*folds, "posterior", *training, "select policies"]
    assert recorder.begun == ["setup", "fit", *parts]
    assert sorted(recorder.begun[1:]) == sorted(recorder.ended[:-1])
    assert recorder.ended[-2:] == ["fit", "teardown"]
    assert all(given == (len(X), len(X), ["sample_weight"]) for given in recorder.given)


def test_callbacks_get_a_classifier_that_predicts(cancer):
    X, _, y, _ = cancer
    recorder = Recorder()
    model = corrector().set_callbacks(recorder).fit(X, y)
    assert len(recorder.fitted) == N_CHECKPOINTS + 1
    first, *_, last_checkpoint, whole = recorder.fitted
    assert np.abs(first - last_checkpoint).max() > 0
    np.testing.assert_array_equal(whole, model.predict_proba(X[:5]))


@pytest.mark.parametrize("priority", ["accuracy", "fp", "weighted"])
def test_a_checkpoint_predicts_by_all_policies_whatever_the_priority(cancer, priority):
    X, _, y, _ = cancer
    recorder = Recorder()
    model = corrector(priority=priority).set_callbacks(recorder).fit(X, y)
    other = Recorder()
    corrector().set_callbacks(other).fit(X, y)
    np.testing.assert_array_equal(recorder.fitted[:-1], other.fitted[:-1])
    assert len(model.policies_[priority]) == 2


def test_callbacks_change_no_result(cancer):
    X, X_test, y, _ = cancer
    followed = corrector().set_callbacks(Recorder()).fit(X, y)
    np.testing.assert_array_equal(
        followed.predict_proba(X_test), corrector().fit(X, y).predict_proba(X_test)
    )


def test_a_callback_stops_the_training(cancer):
    X, X_test, y, _ = cancer
    recorder = Recorder(stop_after=3)
    model = corrector().set_callbacks(recorder).fit(X, y)
    assert recorder.ended.count("checkpoint") == 3
    assert recorder.begun.count("checkpoint") == 3
    whole = corrector().fit(X, y)
    for name, values in model.history_.items():
        np.testing.assert_array_equal(values, whole.history_[name][:4])
    # What is selected is of the checkpoints that there are.
    assert model.front_["checkpoint"].max() == 3
    n_candidates = len(model.front_["checkpoint"])
    for name, values in model.front_.items():
        np.testing.assert_array_equal(values, whole.front_[name][:n_candidates])
    assert model.predict(X_test).shape == X_test.shape[:1]


@pytest.mark.parametrize("stop_after", [1, N_CHECKPOINTS])
def test_it_may_be_stopped_at_the_first_and_at_the_last_checkpoint(cancer, stop_after):
    X, X_test, y, _ = cancer
    recorder = Recorder(stop_after)
    model = corrector().set_callbacks(recorder).fit(X, y)
    assert recorder.begun.count("checkpoint") == stop_after
    assert recorder.begun.count("train policies") == 1
    assert sorted(recorder.begun[1:]) == sorted(recorder.ended[:-1])
    assert len(model.history_["timesteps"]) == 1 + stop_after
    assert model.predict(X_test).shape == X_test.shape[:1]


def in_pipeline(model):
    return make_pipeline(StandardScaler(), model)


def in_search(model):
    return GridSearchCV(model, {"fp_weight": [1.0, 2.0]}, cv=2)


def alone(model):
    return model


@pytest.mark.parametrize("compose", [alone, in_pipeline, in_search])
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_progress_bar(cancer, capsys, monkeypatch, compose, n_jobs):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    X, _, y, _ = cancer
    model = compose(corrector(n_policies=1))
    model.set_callbacks(callback.ProgressBar())
    with joblib.parallel_config(n_jobs=n_jobs):
        model.fit(X, y)
    shown = capsys.readouterr().out
    assert "RLCalibratedClassifier - fit" in shown
    assert "100%" in shown


def test_progress_bar_shows_the_training(cancer, capsys):
    pytest.importorskip("rich")
    X, _, y, _ = cancer
    corrector().set_callbacks(callback.ProgressBar()).fit(X, y)
    shown = capsys.readouterr().out
    assert "out-of-fold probabilities #0" in shown
    assert "train policies #2" in shown


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_scoring_monitor_follows_the_training(cancer, n_jobs):
    X, _, y, _ = cancer
    monitor = callback.ScoringMonitor(scoring="accuracy")
    model = corrector(n_jobs=n_jobs).set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs(select="most_recent").data
    assert len(log) == N_CHECKPOINTS + 1
    assert model.score(X, y) in [entry["accuracy"] for entry in log]


def test_a_fit_that_fails_tears_callbacks_down(cancer):
    X, _, y, _ = cancer
    recorder = Recorder()
    fails = GaussianNB(priors=[0.5, 0.6])
    model = corrector().set_params(estimator=fails).set_callbacks(recorder)
    with pytest.raises(ValueError, match="priors"):
        model.fit(X, y)
    assert recorder.ended == ["teardown"]


def test_callbacks_stay_out_of_parameters_and_results(cancer):
    X, _, y, _ = cancer
    model = corrector().set_callbacks(Recorder()).fit(X, y)
    assert model.get_params().keys() == clone(corrector()).get_params().keys()
    bare = model.set_callbacks()
    fitted = vars(pickle.loads(pickle.dumps(bare))).keys()
    assert fitted == vars(corrector().fit(X, y)).keys()

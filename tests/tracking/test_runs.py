"""Finding runs."""

import mlflow
import pytest

from sklearn_rlcorrect.tracking import compare_runs, load_model, log_run

pytest_plugins = ["tracking_fixtures"]
pytestmark = pytest.mark.usefixtures("in_store_folder")


def test_runs_are_known_by_their_beginning(fitted, logged):
    run_id = logged[0].info.run_id
    assert load_model(f"runs:/{run_id[:10]}")[1].info.run_id == run_id
    with pytest.raises(ValueError, match="there is no run"):
        load_model(f"runs:/{run_id[:3]}")


def test_a_training_that_failed_is_not_the_newest(fitted):
    model, X, y = fitted
    run_id = log_run(model, X, y)
    client = mlflow.MlflowClient()
    with mlflow.start_run(tags={"rlcorrect.stage": "train"}) as run:
        pass
    client.set_terminated(run.info.run_id, "FAILED")
    assert load_model()[1].info.run_id == run_id


def test_a_store_without_a_training(tmp_path):
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    for look in (load_model, compare_runs):
        with pytest.raises(ValueError, match="holds no trained model: train one first"):
            look()

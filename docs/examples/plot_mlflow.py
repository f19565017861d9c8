"""
====================
An MLflow round trip
====================

Log two trainings, compare them, and load one back.

The estimator itself knows nothing of MLflow. :mod:`sklearn_rlcorrect.tracking` logs a
fitted correction as one run: parameters, metrics of each checkpoint, metrics before and
after on rows that you give, pictures, and one model.

A run records what was fitted. It does not make a choice on these rows honest: choose
between runs on validation rows, and look at the test rows once.
"""

# %%
# A store for this example
# ------------------------
#
# A temporary folder, removed at the end. In a project, set the tracking URI of your
# server, or of a database such as ``sqlite:///mlflow.db``.

import logging
import tempfile
import warnings
from pathlib import Path

# What MLflow's own dependencies say to one another.
warnings.filterwarnings("ignore", category=DeprecationWarning)

import mlflow

for name in ["alembic", "mlflow.store.db.utils"]:  # they report each new table
    logging.getLogger(name).setLevel(logging.WARNING)
folder = tempfile.TemporaryDirectory()
mlflow.set_tracking_uri(f"sqlite:///{folder.name}/mlflow.db")
experiment = mlflow.create_experiment(
    "cancer", artifact_location=(Path(folder.name) / "artifacts").as_uri()
)
mlflow.set_experiment(experiment_id=experiment)

# %%
# Fit and log
# -----------
#
# ``without_autolog`` keeps ``mlflow.autolog()``, if it is on, from logging the fit a
# second time. The rows that are logged are validation rows: neither fitted on, nor the
# test rows.

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.tracking import compare_runs, load_model, log_run, without_autolog

X, y = load_breast_cancer(return_X_y=True)
X_rest, X_test, y_rest, y_test = train_test_split(
    X, y, test_size=0.25, stratify=y, random_state=0
)
X_train, X_val, y_train, y_val = train_test_split(
    X_rest, y_rest, test_size=0.33, stratify=y_rest, random_state=0
)
run_ids = []
for fp_weight in [1, 4]:
    model = RLCalibratedClassifier(
        GaussianNB(), fp_weight=fp_weight, total_timesteps=10_000, random_state=0
    )
    with without_autolog():
        model.fit(X_train, y_train)
    run_ids.append(log_run(model, X_val, y_val, run_name=f"fp_weight={fp_weight}"))

# %%
# Compare
# -------
#
# A column per run: the parameters that differ, then all metrics. (``cost`` is counted
# with the ``fp_weight`` of the run, so that it cannot be compared between these two.)

for name, *values in compare_runs(run_ids):
    if name == "run" or name.endswith(("fp_weight", "false_positives", "false_negatives")):
        print(f"{name:24}", *(f"{value:>14}" for value in values))

# %%
# The curve of a run
# ------------------
#
# Metrics are logged at the timestep of their checkpoint; step 0 is the classifier
# alone.

import matplotlib.pyplot as plt

client = mlflow.MlflowClient()
figure, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
for run_id, color in zip(run_ids, ["#0072B2", "#D55E00"], strict=True):
    points = client.get_metric_history(run_id, "checkpoint/false_positives")
    points.sort(key=lambda point: point.step)
    ax.plot(
        [point.step for point in points],
        [point.value for point in points],
        color=color,
        label=client.get_run(run_id).info.run_name,
    )
ax.set(xlabel="timesteps", ylabel="false positives\n(held-out training rows)")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False)

# %%
# Load and predict
# ----------------
#
# ``load_model`` returns the estimator and its run. It predicts as the fitted one did.
# The file is one of skops, which loads only the types that the run lists.

import numpy as np

loaded, run = load_model(f"runs:/{run_ids[-1]}")
print("loaded:", run.info.run_name)
same = np.array_equal(loaded.predict_proba(X_test), model.predict_proba(X_test))
print("same probabilities of the test rows:", same)

# %%
# The pictures of a run are artifacts.

for artifact in client.list_artifacts(run_ids[-1], "pictures"):
    print(artifact.path)

folder.cleanup()

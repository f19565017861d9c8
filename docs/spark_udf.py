"""Score a Spark table with a corrector that MLflow logged.

pip install pyspark==4.2.0        (and Java 17)
python docs/spark_udf.py
"""

import os
import platform
import sys
import tempfile

import mlflow
import numpy as np
import pyspark
from pyspark.sql import SparkSession
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.tracking import log_run


def main():
    """Train here, score in Spark's processes, and compare."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = RLCalibratedClassifier(GaussianNB(), total_timesteps=20_000, random_state=0)
    model.fit(X_train, y_train)
    with tempfile.TemporaryDirectory() as folder:
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        mlflow.create_experiment("spark", f"file://{folder}/artifacts")
        mlflow.set_experiment("spark")
        log_run(model, X_test, y_test, registered_model_name="cancer")
        scored = score("models:/cancer@weighted", X_test)
    proba = np.array(scored["proba"].tolist())
    difference = np.abs(proba - model.predict_proba(X_test)).max()
    moved = np.abs(model.predict_adjustment(X_test)).max()
    print(f"{len(X_test)} rows, largest difference {difference:g}, correction {moved:g}")
    print(f"Spark {pyspark.__version__}, MLflow {mlflow.__version__}")
    print(f"Python {platform.python_version()}")


def score(uri, table):
    """Probabilities of the rows of a frame, by two of Spark's processes."""
    # The processes that score must be of the Python that this package is installed in.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config(
        map={
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
        }
    )
    with builder.getOrCreate() as spark:
        predict = mlflow.pyfunc.spark_udf(
            spark, uri, result_type="array<double>", env_manager="local"
        )
        rows = spark.createDataFrame(table)
        columns = [rows[f"`{name}`"] for name in table]
        return rows.withColumn("proba", predict(*columns)).toPandas()


if __name__ == "__main__":
    main()

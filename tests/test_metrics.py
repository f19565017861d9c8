import numpy as np
import pytest

from sklearn_rlcorrect.metrics import classification_metrics, counted_classes

PROBA = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3], [0.5, 0.5]])
Y = np.array(["a", "a", "b", "b", "b"])


def test_counts_of_two_classes():
    metrics = classification_metrics(Y, PROBA, classes=["a", "b"])
    assert metrics["false_positives"] == 1
    # A tie goes to the first class, as in scikit-learn.
    assert metrics["false_negatives"] == 2
    assert metrics["accuracy"] == pytest.approx(2 / 5)
    assert metrics["precision"] == pytest.approx(1 / 2)
    assert metrics["recall"] == pytest.approx(1 / 3)
    assert metrics["brier"] == pytest.approx((0.01 + 0.36 + 0.04 + 0.49 + 0.25) / 5)
    losses = -np.log([0.9, 0.4, 0.8, 0.3, 0.5])
    assert metrics["log_loss"] == pytest.approx(losses.mean())


def test_positive_label_swaps_the_counts():
    metrics = classification_metrics(Y, PROBA, classes=["a", "b"], pos_label="a")
    assert (metrics["false_positives"], metrics["false_negatives"]) == (2, 1)


def test_each_multi_class_mistake_is_one_of_either_kind():
    proba = np.eye(3)[[0, 1, 2, 2]]
    metrics = classification_metrics([0, 1, 1, 0], proba, classes=[0, 1, 2])
    assert metrics["false_positives"] == metrics["false_negatives"] == 2
    assert metrics["accuracy"] == 0.5


def test_classes_that_are_absent_do_no_harm():
    metrics = classification_metrics([0, 0], np.eye(3)[[0, 0]], classes=[0, 1, 2])
    assert np.isfinite(list(metrics.values())).all()


def test_counted_classes():
    assert counted_classes(np.array(["a", "b"])).tolist() == [1]
    assert counted_classes(np.array(["a", "b", "c"])).tolist() == [0, 1, 2]
    assert counted_classes(np.array(["a", "b", "c"]), "b").tolist() == [1]

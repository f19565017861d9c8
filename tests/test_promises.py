"""What the corrector is for, on held-out rows of real data, over several seeds.

The bases are weak on purpose, as score cards are: where the base is as good as its data
allow, there is little to correct, and the README says so.
"""

from functools import cache

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_rlcorrect import RLCalibratedClassifier

SEEDS = range(3)
# The first is the default, so that a correction is trained once for several tests.
WEIGHTS = (1.2, 2.0, 5.0)


def score_card(columns):
    """Build a logistic regression that looks at a few columns only."""
    return make_pipeline(
        make_column_transformer((StandardScaler(), columns)), LogisticRegression()
    )


@cache
def task(name):
    digits = load_digits()
    cancer = load_breast_cancer()
    return {
        "odd digit, five pixels": (
            digits.data,
            digits.target % 2,
            score_card([20, 28, 36, 42, 43]),
        ),
        "eight, naive Bayes": (digits.data, digits.target == 8, GaussianNB()),
        "tumour, naive Bayes": (cancer.data, cancer.target, GaussianNB()),
    }[name]


@cache
def fitted(name, seed, fp_weight):
    X, y, base = task(name)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y.astype(int), test_size=0.5, random_state=seed, stratify=y
    )
    model = RLCalibratedClassifier(
        base,
        fp_weight=fp_weight,
        n_policies=2,
        random_state=seed,
    )
    return model.fit(X_train, y_train), X_test, y_test


def held_out(name, seed, priority="weighted", fp_weight=WEIGHTS[0]):
    """Labels, and probabilities before and after, of rows that nothing was fitted on."""
    model, X_test, y_test = fitted(name, seed, fp_weight)
    model.set_params(priority=priority)
    after = model.predict_proba(X_test)
    return y_test, after - model.predict_adjustment(X_test), after


def false_positives(y, proba):
    return np.sum((proba.argmax(axis=1) == 1) & (y == 0))


TASKS = ["odd digit, five pixels", "eight, naive Bayes", "tumour, naive Bayes"]


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("priority", ["weighted", "fp"])
def test_false_positives_fall_and_accuracy_does_not(name, priority):
    before_and_after = []
    for seed in SEEDS:
        y, before, after = held_out(name, seed, priority=priority)
        before_and_after.append(
            [
                (false_positives(y, proba), np.mean(proba.argmax(axis=1) == y))
                for proba in (before, after)
            ]
        )
    (fp_before, accuracy_before), (fp_after, accuracy_after) = np.mean(
        before_and_after, axis=0
    )
    assert fp_after < 0.9 * fp_before
    assert accuracy_after >= accuracy_before


@pytest.mark.parametrize("name", TASKS)
def test_mistakes_are_moved_further_than_right_answers(name):
    for seed in SEEDS:
        y, before, after = held_out(name, seed)
        moved = np.abs(after - before).max(axis=1)
        wrong = before.argmax(axis=1) != y
        assert moved[wrong].mean() > 3 * moved[~wrong].mean()


def test_confident_mistakes_are_moved_further_than_others():
    for seed in SEEDS:
        y, before, after = held_out("odd digit, five pixels", seed)
        wrong = before.argmax(axis=1) != y
        confidence = before[wrong].max(axis=1)
        moved = np.abs(after - before)[wrong].max(axis=1)
        confident = confidence > np.median(confidence)
        assert moved[confident].mean() > moved[~confident].mean()


@pytest.mark.parametrize("name", ["odd digit, five pixels", "tumour, naive Bayes"])
def test_a_higher_fp_weight_does_not_raise_false_positives(name):
    counts = [
        np.mean(
            [
                false_positives(y, after)
                for seed in SEEDS
                for y, _, after in [held_out(name, seed, fp_weight=fp_weight)]
            ]
        )
        for fp_weight in WEIGHTS
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < counts[0]

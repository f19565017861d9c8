"""What classes are called, and which of them is frequent, makes no difference."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.rewards import accuracy, brier


def rows_of(n_samples=1500, share=0.5):
    """Probabilities of a class of the given share, and a feature that knows more."""
    rng = np.random.default_rng(0)
    feature = rng.normal(size=n_samples)
    truth = 1 / (1 + np.exp(-2 * feature - np.log(share / (1 - share))))
    y = (rng.random(n_samples) < truth).astype(int)
    said = np.clip(truth + rng.normal(scale=0.2, size=n_samples), 0.01, 0.99)
    return np.column_stack([1 - said, said, feature]), y


def corrected(X, y, **params):
    base = PrecomputedProbaClassifier([0, 1])
    model = RLCalibratedClassifier(base, **(QUICK | {"total_timesteps": 20_000} | params))
    return model.fit(X, y).predict_proba(X)


@pytest.mark.parametrize("share", [0.2, 0.8])
@pytest.mark.parametrize("wanted", [0, 1])
def test_an_own_reward_is_given_the_classes_as_the_user_has_them(share, wanted):
    def reward(y_true, proba, adjusted):
        return adjusted[:, wanted] - proba[:, wanted]

    X, y = rows_of(share=share)
    assert corrected(X, y, reward=reward)[:, wanted].mean() > X[:, wanted].mean() + 0.1


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_an_own_reward_is_given_the_labels_as_the_user_has_them(share):
    # Only rows of class 1 pay, and the less is said of class 1.
    def reward(y_true, proba, adjusted):
        return np.where(y_true == 1, proba[:, 1] - adjusted[:, 1], 0.0)

    X, y = rows_of(share=share)
    assert corrected(X, y, reward=reward)[:, 1].mean() < X[:, 1].mean() - 0.1


@pytest.mark.parametrize("label", [0, 1])
def test_ties_are_judged_as_they_are_predicted(label):
    y = np.where(np.arange(200) < 140, label, 1 - label)
    X = np.random.default_rng(0).normal(size=(200, 2))
    base = DummyClassifier(strategy="uniform", random_state=0)
    model = RLCalibratedClassifier(base, **QUICK).fit(X, y)
    # Every row is a tie of the classifier, and ties are class 0.
    expected = np.mean(y == 0)
    assert model.front_["accuracy"][0] == pytest.approx(expected, abs=0.03)
    assert model.history_["accuracy"][0] == pytest.approx(expected, abs=0.03)


def test_rewards_and_decisions_in_another_order_are_the_same():
    rng = np.random.default_rng(0)
    proba, adjusted = rng.dirichlet(np.ones(3), (2, 50)).round(1)
    y, order = rng.integers(3, size=50), np.array([2, 0, 1])

    def own(y_true, proba, adjusted):
        return (1 + y_true) * ((adjusted - proba) @ [1.0, 2.0, 4.0])

    for reward in (own, accuracy, brier):
        plain, ordered = (
            CorrectionProblem(p, p, labels, reward, np.ones(3), 0.5, np.ones(50), given)
            for p, labels, given in [
                (proba, y, None),
                (proba[:, order], np.argsort(order)[y], order),
            ]
        )
        np.testing.assert_allclose(
            ordered.rewards_of_adjusted(adjusted[:, order]),
            plain.rewards_of_adjusted(adjusted),
        )
        np.testing.assert_allclose(
            ordered.rewards_of_classes(proba[:, order], adjusted[:, order]),
            plain.rewards_of_classes(proba, adjusted)[:, order],
        )
    decisions = order[ordered.decisions(adjusted[:, order])]
    np.testing.assert_array_equal(decisions, adjusted.argmax(axis=1))


def test_a_reward_that_is_not_finite_is_named():
    def hole(y_true, proba, adjusted):
        return np.where(
            np.abs(adjusted[:, 1] - 0.4) < 0.01, np.nan, brier(y_true, proba, adjusted)
        )

    X, y = rows_of()
    with pytest.raises(ValueError, match="reward=hole returned NaN or infinity"):
        corrected(X, y, reward=hole)

"""The numpy policies: known values, means, and chunks that leave no seam."""

import numpy as np

from sklearn_rlcorrect._policy import policy_actions

RNG = np.random.default_rng(0)


def random_policy():
    shapes = [(3, 5), (5,), (5, 2), (2,)]
    return [RNG.normal(size=shape) for shape in shapes]


def test_known_action():
    weights, last = np.array([[1.0], [-1.0]]), np.array([[2.0, -2.0]])
    policy = [weights, np.array([0.5]), last, np.array([0.0, 1.0])]
    observations = np.array([[1.0, 1.0], [0.0, 1.0]])
    # Hidden: 0.5, and -0.5 rectified to 0.
    expected = np.tanh([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(policy_actions([policy], observations), expected)


def test_actions_are_averaged():
    observations = RNG.normal(size=(7, 3))
    policies = [random_policy() for _ in range(3)]
    alone = [policy_actions([policy], observations) for policy in policies]
    np.testing.assert_allclose(
        policy_actions(policies, observations), np.mean(alone, axis=0)
    )


def test_many_rows_are_many_single_rows():
    observations = RNG.normal(size=(10_000, 3))
    policy = random_policy()
    actions = policy_actions([policy], observations)
    for row in (0, 4095, 4096, 8191, 8192, 9999):
        alone = policy_actions([policy], observations[[row]])
        np.testing.assert_allclose(actions[[row]], alone)

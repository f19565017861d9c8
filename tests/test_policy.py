"""The numpy policies: known values, means, and chunks that leave no seam."""

import numpy as np

from sklearn_rlcorrect._policy import policy_actions

RNG = np.random.default_rng(0)


def random_policy():
    shapes = [(3, 5), (5,), (5, 2), (2,)]
    return [RNG.normal(size=shape) for shape in shapes]


def known_policy():
    """Hidden unit `h = a - b + 0.5`, rectified; outputs `2 h` and `1 - 2 h`."""
    weights, last = np.array([[1.0], [-1.0]]), np.array([[2.0, -2.0]])
    return [weights, np.array([0.5]), last, np.array([0.0, 1.0])]


def test_known_steps_of_log_odds():
    observations = np.array([[0.5, 0.5], [0.2, 0.8]])
    # Steps: (1, 0), and (0, 1) where the unit is rectified.
    raised = np.array([0.5, 0.8]) * np.e + 1e-4 * (np.e - 1)
    targets = np.array([raised[0] / (raised[0] + 0.5), 0.2 / (raised[1] + 0.2)])
    expected = (targets - [0.5, 0.2]) / 0.6
    actions = policy_actions([known_policy()], observations, 0.6)
    np.testing.assert_allclose(actions, np.column_stack([expected, -expected]))


def test_formats_1_and_2_act_by_tanh():
    observations = np.array([[1.0, 1.0], [0.0, 1.0]])
    expected = np.tanh([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(
        policy_actions([known_policy()], observations, None), expected
    )


def test_steps_of_zero_are_no_action_at_all():
    proba = RNG.dirichlet(np.ones(3), size=1000)
    nothing = [np.zeros((3, 3)), np.zeros(3)]
    np.testing.assert_array_equal(policy_actions([nothing], proba, 0.6), 0.0)


def test_impossible_becomes_possible_and_possible_never_impossible():
    proba = np.array([[0.0, 1.0], [1e-9, 1 - 1e-9]])
    up, down = ([np.zeros((2, 2)), np.array([step, -step])] for step in (8.0, -8.0))
    raised, lowered = (
        proba + 0.6 * policy_actions([policy], proba, 0.6) for policy in (up, down)
    )
    assert np.all(raised[:, 0] > 0.5)
    assert lowered[0, 0] == 0
    assert 0 < lowered[1, 0] < 1e-9


def test_actions_are_averaged():
    observations = RNG.random((7, 3))
    policies = [random_policy() for _ in range(3)]
    alone = [policy_actions([policy], observations, 0.6) for policy in policies]
    np.testing.assert_allclose(
        policy_actions(policies, observations, 0.6), np.mean(alone, axis=0)
    )


def test_many_rows_are_many_single_rows():
    observations = RNG.random((10_000, 3))
    policy = random_policy()
    actions = policy_actions([policy], observations, 0.6)
    for row in (0, 4095, 4096, 8191, 8192, 9999):
        alone = policy_actions([policy], observations[[row]], 0.6)
        np.testing.assert_allclose(actions[[row]], alone)

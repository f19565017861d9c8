"""The numpy policies: known values, means, and chunks that leave no seam."""

import numpy as np

from sklearn_rlcorrect.agent.policy import forward, policy_actions, step_actions

RNG = np.random.default_rng(0)


def random_policy():
    shapes = [(3, 5), (5,), (5, 2), (2,)]
    return [RNG.normal(size=shape) for shape in shapes]


def random_rows(n_rows):
    """Observations of three columns, and probabilities of two classes."""
    observations = RNG.random((n_rows, 3), dtype=np.float32)
    return observations, RNG.dirichlet(np.ones(2), size=n_rows)


def known_policy():
    """Hidden unit `h = a - b + 0.5`, rectified; outputs `2 h` and `1 - 2 h`."""
    weights, last = np.array([[1.0], [-1.0]]), np.array([[2.0, -2.0]])
    return [weights, np.array([0.5]), last, np.array([0.0, 1.0])]


def test_known_steps_of_log_odds():
    proba = np.array([[0.5, 0.5], [0.2, 0.8]])
    # Steps: (1, 0), and (0, 1) where the unit is rectified.
    raised = np.array([0.5, 0.8]) * np.e + 1e-4 * (np.e - 1)
    targets = np.array([raised[0] / (raised[0] + 0.5), 0.2 / (raised[1] + 0.2)])
    expected = (targets - [0.5, 0.2]) / 0.6
    actions = policy_actions([known_policy()], proba, proba, 0.6)
    np.testing.assert_allclose(actions, np.column_stack([expected, -expected]))


def test_formats_1_and_2_act_by_tanh():
    observations = np.array([[1.0, 1.0], [0.0, 1.0]])
    expected = np.tanh([[1.0, 0.0], [0.0, 1.0]])
    actions = policy_actions([known_policy()], observations, observations, None)
    np.testing.assert_allclose(actions, expected)


def test_steps_of_zero_are_no_action_at_all():
    proba = RNG.dirichlet(np.ones(3), size=1000)
    nothing = [np.zeros((3, 3)), np.zeros(3)]
    np.testing.assert_array_equal(policy_actions([nothing], proba, proba, 0.6), 0.0)


def test_impossible_becomes_possible_and_possible_never_impossible():
    proba = np.array([[0.0, 1.0], [1e-9, 1 - 1e-9]])
    up, down = ([np.zeros((2, 2)), np.array([step, -step])] for step in (8.0, -8.0))
    raised, lowered = (
        proba + 0.6 * policy_actions([policy], proba, proba, 0.6) for policy in (up, down)
    )
    assert np.all(raised[:, 0] > 0.5)
    assert lowered[0, 0] == 0
    assert 0 < lowered[1, 0] < 1e-9


def test_actions_are_averaged():
    observations, proba = random_rows(7)
    policies = [random_policy() for _ in range(3)]
    alone = [policy_actions([policy], observations, proba, 0.6) for policy in policies]
    together = policy_actions(policies, observations, proba, 0.6)
    np.testing.assert_allclose(together, np.mean(alone, axis=0))


def test_many_rows_are_many_single_rows():
    observations, proba = random_rows(10_000)
    policy = random_policy()
    actions = policy_actions([policy], observations, proba, 0.6)
    for row in (0, 511, 512, 4095, 4096, 8191, 8192, 9999):
        alone = policy_actions([policy], observations[[row]], proba[[row]], 0.6)
        np.testing.assert_allclose(actions[[row]], alone)


def test_probabilities_are_moved_as_they_are_not_as_they_are_seen():
    # Observations are rounded to single precision, and their order may be another.
    observations, proba = random_rows(7)
    policy = random_policy()
    steps = forward(policy, observations.astype(np.float64))
    np.testing.assert_array_equal(
        policy_actions([policy], observations, proba, 0.6), step_actions(steps, proba, 0.6)
    )


def test_networks_of_single_precision_are_evaluated_in_double():
    observations, proba = random_rows(7)
    policy = [array.astype(np.float32) for array in random_policy()]
    double = [array.astype(np.float64) for array in policy]
    np.testing.assert_array_equal(
        policy_actions([policy], observations, proba, 0.6),
        policy_actions([double], observations.astype(np.float64), proba, 0.6),
    )

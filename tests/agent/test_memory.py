"""Memory: the newest rows, and each row of the past with the same chance."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_rlcorrect.agent.memory import remember


def filled(sizes, size, recent_fraction, seed=0):
    rng, memory, n_rows = np.random.default_rng(seed), {}, 0
    for n_new in sizes:
        rows = {"row": np.arange(n_rows, n_rows + n_new)}
        memory = remember(memory, rows, size, recent_fraction, rng)
        n_rows += n_new
    return memory["row"], n_rows


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=8),
    st.integers(1, 40),
    st.floats(0, 1),
)
def test_newest_rows_are_kept_in_order_and_never_more_than_fit(sizes, size, fraction):
    rows, n_rows = filled(sizes, size, fraction)
    assert len(rows) == min(size, n_rows)
    assert (np.diff(rows) > 0).all()
    n_recent = min(round(fraction * size), n_rows)
    assert set(range(n_rows - n_recent, n_rows)) <= set(rows.tolist())


def test_rows_of_the_past_have_the_same_chance():
    times_kept = np.zeros(60)
    for seed in range(600):
        rows, _ = filled([20, 5, 15, 20, 20], 40, 0.5, seed)
        times_kept[rows[rows < 60]] += 1
    # Twenty of sixty, each: a standard deviation is .019.
    assert np.abs(times_kept / 600 - 1 / 3).max() < 4.5 * 0.0193


def test_how_rows_arrive_does_not_matter_to_the_keys():
    memory = remember({}, {"row": np.arange(5)}, 9, 0.5, np.random.default_rng(0))
    np.testing.assert_array_equal(memory["key"], np.random.default_rng(0).random(5))

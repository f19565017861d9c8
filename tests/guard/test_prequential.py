"""Prequential guard: a weighted mean, its error, and who decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_rlcorrect.guard.prequential import prequential_gain


def test_of_equal_weights_it_is_the_mean_and_its_standard_error():
    gain = np.random.default_rng(0).normal(size=50)
    report = prequential_gain(gain, np.full(50, 7.0))
    assert report["gain"] == pytest.approx(gain.mean())
    # With two more rows, of the largest gain and loss.
    largest = np.abs(gain).max()
    squares = np.sum((gain - gain.mean()) ** 2) + 2 * largest**2
    assert report["gain_error"] == pytest.approx(np.sqrt(squares) / 50)
    assert report["effective_sample_size"] == pytest.approx(50)


def test_rows_that_were_never_scored_are_left_out():
    gain, weight = np.array([np.nan, 1.0, 2.0]), np.array([9.0, 1.0, 3.0])
    assert prequential_gain(gain, weight) == prequential_gain(gain[1:], weight[1:])
    assert not prequential_gain(gain[:1], weight[:1])["base_decides"]


@given(st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0]), min_size=1, max_size=40))
def test_the_classifier_decides_below_minus_one_standard_error(gains):
    report = prequential_gain(np.array(gains), np.ones(len(gains)))
    assert report["base_decides"] == (report["gain"] < -report["gain_error"])


def test_weights_undo_a_biased_choice_of_rows():
    """Rows that are looked at more often do not count for more."""
    rng = np.random.default_rng(0)
    gain = rng.normal(size=100_000)
    propensity = np.where(gain > 0, 0.9, 0.1)
    seen = rng.random(len(gain)) < propensity
    report = prequential_gain(gain[seen], 1 / propensity[seen])
    assert abs(report["gain"]) < 4 * report["gain_error"]
    assert gain[seen].mean() > 0.5

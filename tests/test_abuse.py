"""Hostile input: more than 10,000 generated cases, each from a seed in the test's name.

Whatever comes in, there is either a ValueError, or what is promised: probabilities that are
finite, sum to one and are within the bound. Another start by RLCORRECT_SEED=N.
"""

import gc
import os
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect._validation import check_proba
from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.agent.observation import (
    OBSERVATION_BOUND,
    fit_scaler,
    observe,
    with_posterior,
)
from sklearn_rlcorrect.agent.policy import policy_actions
from sklearn_rlcorrect.guard import (
    SHRINKAGES,
    Limits,
    Rows,
    accuracy_p_value,
    check,
    decide,
    guard,
    highest_threshold,
    lowest_threshold,
)
from sklearn_rlcorrect.persistence import dump_model, load_model

FIRST = int(os.environ.get("RLCORRECT_SEED", "0"))
SEEDS = range(FIRST, FIRST + 4)
TINY = {
    "total_timesteps": 30,
    "batch_size": 16,
    "n_policies": 1,
    "net_arch": (4,),
    "random_state": 0,
}
DENORMAL = 5e-324


def hostile_proba(rng, n_rows, n_classes):
    """Distributions with everything that is hard about them."""
    proba = rng.dirichlet(np.full(n_classes, rng.choice([0.01, 0.3, 1, 100])), n_rows)
    certain = np.eye(n_classes)[rng.integers(n_classes, size=n_rows)]
    nearly = certain + np.where(certain == 1, -DENORMAL, DENORMAL)
    even = np.full_like(proba, 1 / n_classes)
    rounded = proba.astype(rng.choice([np.float16, np.float32])).astype(float)
    close = np.where(certain == 1, 1 - 1e-16 * (n_classes - 1), 1e-16)
    kinds = np.stack([proba, certain, nearly, even, rounded, close])
    return kinds[rng.integers(len(kinds), size=n_rows), np.arange(n_rows)]


def hostile_numbers(rng, shape):
    """Numbers of any size, missing, constant or repeated."""
    numbers = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4)
    odd = np.array([0.0, -0.0, np.nan, 1e300, -1e300, DENORMAL, 1e-300, 1.0])
    numbers = np.where(rng.random(shape) < 0.2, rng.choice(odd, size=shape), numbers)
    constant = rng.random(shape[1]) < 0.2
    numbers[:, constant] = rng.choice(odd)
    return numbers[rng.integers(shape[0], size=shape[0])] if rng.random() < 0.3 else numbers


def assert_promises(before, after, bound):
    assert np.isfinite(after).all()
    assert after.min(initial=0) >= 0
    assert after.max(initial=0) <= 1 + 1e-12
    np.testing.assert_allclose(after.sum(axis=1), 1, atol=1e-9)
    assert np.abs(after - before).max(initial=0) <= bound + 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_1500_adjustments(seed):
    rng = np.random.default_rng(seed)
    for _ in range(1500):
        n_rows, n_classes = rng.choice([1, 2, 17]), rng.choice([2, 3, 100])
        proba = check_proba(hostile_proba(rng, n_rows, n_classes), n_classes)
        actions = rng.choice([-1.0, 0.0, 1.0, 1e-17, DENORMAL, 0.3], size=proba.shape)
        bound = rng.choice([0.0, DENORMAL, 1e-9, 0.5, 1.0]) * rng.choice(SHRINKAGES)
        after = adjust(proba, actions, bound)
        assert_promises(proba, after, bound)
        if bound == 0:
            np.testing.assert_array_equal(after, proba)


@pytest.mark.parametrize("seed", SEEDS)
def test_500_observations(seed):
    rng = np.random.default_rng(seed)
    for _ in range(500):
        n_classes, n_features = rng.choice([2, 5]), rng.choice([0, 1, 6])
        proba = check_proba(hostile_proba(rng, 20, n_classes), n_classes)
        features = hostile_numbers(rng, (20, n_features)) if n_features else None
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            scaler = fit_scaler(proba, features)
            order = rng.permutation(n_classes)
            seen = observe(proba, features, scaler, order)
        log_odds = rng.choice([0.0, DENORMAL, -8.0, 1e3, -np.inf, np.inf], (20, n_classes))
        seen = with_posterior(seen, log_odds if rng.random() < 0.5 else None)
        assert np.isfinite(seen).all()
        assert np.abs(seen).max() <= OBSERVATION_BOUND
        weights = rng.normal(size=(seen.shape[1], n_classes)) * 1e3
        policies = [[weights, np.zeros(n_classes)]]
        actions = policy_actions(
            policies, seen, proba[:, order], rng.choice([0.6, 1e-9, None])
        )
        assert np.abs(actions).max() <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_300_broken_probabilities(seed):
    rng = np.random.default_rng(seed)
    for _ in range(300):
        n_classes = int(rng.choice([2, 3, 100]))
        proba = hostile_proba(rng, 5, n_classes)
        row, column = rng.integers(5), rng.integers(n_classes)
        proba[row, column] = rng.choice([np.nan, np.inf, -np.inf, -0.1, 1.1, 7])
        with pytest.raises(ValueError, match="estimator returned"):
            check_proba(proba, n_classes)


@pytest.mark.parametrize("seed", SEEDS)
def test_150_guards(seed):
    rng = np.random.default_rng(seed)
    for _ in range(150):
        n_rows, n_classes = rng.choice([1, 2, 9, 60]), rng.choice([2, 3])
        given = rng.random(3) < 0.6
        wanted = Limits(
            max_accuracy_drop=rng.choice([0.0, 0.01, 0.9]) if given[0] else None,
            max_fpr=rng.choice([1e-9, 0.1, 0.9]) if given[1] and n_classes == 2 else None,
            min_recall=rng.choice([1e-9, 0.5, 0.999])
            if given[2] and n_classes == 2
            else None,
            confidence=rng.choice([1e-6, 0.9, 1 - 1e-9]),
        )
        if not wanted.given:
            continue
        validation, rows = (hostile_rows(rng, n_rows, n_classes) for _ in range(2))
        report = guard(wanted, rows, validation, positive=1)
        assert report["shrinkage"] in SHRINKAGES
        assert report["proven"] or (report["shrinkage"], report["threshold"]) == (0.0, None)
        p_values = report["p_values"]
        assert np.isnan(p_values).all() or ((p_values > 0) & (p_values <= 1)).all()
        after = rows.corrected(report["shrinkage"])
        assert_promises(rows.proba, after, report["shrinkage"] * rows.bound)
        predicted = decide(after, report["threshold"], 1)
        assert ((predicted >= 0) & (predicted < n_classes)).all()
        for each in check(
            wanted, rows, report["shrinkage"], report["threshold"], 1
        ).values():
            # Bounds that are more often wrong than right may be the wrong way round.
            assert wanted.confidence < 0.5 or each["lower"] <= each["upper"]


def hostile_rows(rng, n_rows, n_classes):
    proba = check_proba(hostile_proba(rng, n_rows, n_classes), n_classes)
    actions = rng.choice([-1.0, 0.0, 1.0, 0.3], size=proba.shape)
    y = rng.integers(n_classes, size=n_rows) * rng.integers(2)
    return Rows(proba, actions, y, np.ones(n_rows), rng.choice([0.1, 1.0]))


@pytest.mark.parametrize("seed", SEEDS)
def test_200_p_values_and_thresholds(seed):
    rng = np.random.default_rng(seed)
    for _ in range(200):
        n = int(rng.choice([1, 2, 50, 3000]))
        n_broken = int(rng.integers(n + 1))
        n_fixed = int(rng.integers(n - n_broken + 1))
        tolerance, risk = rng.uniform(-0.99, 0.99), rng.choice([1e-12, 0.05, 0.999])
        assert 0 < accuracy_p_value(n_broken, n_fixed, n, tolerance, risk) <= 1
        scores = hostile_proba(rng, n, 2)[:, 1]
        limit = rng.choice([1e-12, 0.05, 1 - 1e-12])
        low, high = (
            lowest_threshold(scores, limit, risk),
            highest_threshold(scores, limit, risk),
        )
        assert low == np.inf or scores.min() <= low <= 1 + 1e-5
        assert high == -np.inf or -1e-5 <= high <= scores.max()


# Fitted correctors


def names(n_classes):
    return [f"p{k}" for k in range(n_classes)]


@pytest.fixture(scope="module", params=[2, 3, 100])
def fitted(request):
    """A corrector of probabilities, in the first columns, that sees three more."""
    n_classes = request.param
    rng = np.random.default_rng(n_classes)
    y = np.arange(4 * n_classes) % n_classes
    proba = rng.dirichlet(np.ones(n_classes), len(y))
    X = np.hstack([proba, rng.normal(size=(len(y), 3))])
    base = FrozenEstimator(PrecomputedProbaClassifier(list(range(n_classes))).fit(X, y))
    model = RLCalibratedClassifier(base, **TINY).fit(X, y)
    # Whatever was selected, let it act.
    weights = [rng.normal(size=array.shape) for array in model.policies_["fp"][0]]
    model.policies_["weighted"] = [weights]
    return model, n_classes


@pytest.mark.parametrize("seed", SEEDS)
def test_150_batches(fitted, seed):
    model, n_classes = fitted
    rng = np.random.default_rng(seed)
    for _ in range(150):
        n_rows = int(rng.choice([1, 1, 2, 30]))
        numbers = hostile_numbers(rng, (n_rows, 3))
        X = np.hstack([hostile_proba(rng, n_rows, n_classes), numbers])
        given = X.copy()
        before, after = model.predict_before_after(X)
        np.testing.assert_array_equal(X, given)
        assert_promises(before, after, model.max_adjustment_)
        assert set(model.predict(X[:1])) <= set(model.classes_)


def test_a_huge_batch(fitted):
    model, n_classes = fitted
    rng = np.random.default_rng(FIRST)
    n_rows = 2_000_000 // n_classes
    proba = hostile_proba(rng, 1000, n_classes)[rng.integers(1000, size=n_rows)]
    X = np.hstack([proba, np.ones((n_rows, 3))])
    before, after = model.predict_before_after(X)
    assert_promises(before, after, model.max_adjustment_)


def test_no_rows_are_refused(fitted):
    model, n_classes = fitted
    with pytest.raises(ValueError, match=r"no rows|0 sample"):
        model.predict_proba(np.empty((0, n_classes + 3)))


@pytest.mark.parametrize("seed", SEEDS)
def test_150_batches_that_are_no_batches(fitted, seed):
    model, n_classes = fitted
    rng = np.random.default_rng(seed)
    good = np.hstack([hostile_proba(rng, 4, n_classes), np.ones((4, 3))])
    bad = [
        good[:, :-1],
        np.hstack([good, good]),
        good[0],
        good[None],
        good.astype(str).astype(object) + "?",
        np.full(good.shape, np.nan),
        np.full(good.shape, np.inf),
        -good,
        2 * good,
        sparse.csr_array(2 * good),
        good.tolist()[0],
        [],
        "rows",
        None,
        7,
    ]
    for i in rng.integers(len(bad), size=150):
        assert is_refused(model, bad[i]), i


def is_refused(model, X):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.predict_proba(X)
        except (ValueError, TypeError):
            return True
    return False


def test_memory_does_not_grow(fitted):
    model, n_classes = fitted
    rng = np.random.default_rng(FIRST)
    X = np.hstack([hostile_proba(rng, 50, n_classes), hostile_numbers(rng, (50, 3))])

    def predict(times):
        for _ in range(times):
            model.predict(X)
            with pytest.raises(ValueError, match="features"):
                model.predict(X[:, 1:])
        gc.collect()

    predict(20)
    tracemalloc.start()
    try:
        predict(20)
        before = tracemalloc.get_traced_memory()[0]
        predict(100)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 200_000


# Fits


def fit_cases(rng):
    """Estimator, X, y and weights, drawn."""
    n_classes = int(rng.choice([2, 2, 3, 5, 40]))
    n_rows = int(max(n_classes * rng.choice([2, 3]), 12))
    y = np.arange(n_rows) % n_classes
    X = hostile_numbers(rng, (n_rows, int(rng.choice([1, 4]))))
    X = np.clip(np.nan_to_num(X), -1e6, 1e6)
    if rng.random() < 0.3:
        X[:] = X[0]
    if rng.random() < 0.3:
        y = np.sort(y)
    base = rng.choice(
        [
            GaussianNB(),
            DecisionTreeClassifier(random_state=0),
            LogisticRegression(max_iter=5),
        ]
    )
    # Unshuffled folds of sorted labels: a fold lacks labels that it is tested on.
    cv = rng.choice([None, 2, 3, KFold(3)])
    weight = rng.choice([0.0, 1.0, 1e-9, 1e9], size=n_rows) if rng.random() < 0.3 else None
    limits = {}
    if rng.random() < 0.4 and weight is None:
        limits = {"max_accuracy_drop": float(rng.choice([0.0, 0.2])), "guard_fraction": 0.4}
    model = RLCalibratedClassifier(
        base,
        cv=cv,
        max_adjustment=float(rng.choice([1e-9, 0.6, 1.0])),
        fp_weight=float(rng.choice([1e-6, 1.2, 1e6])),
        features=rng.choice([None, "auto"]),
        **TINY,
        **limits,
    )
    return model, X, y, weight


# The arguments that may be blamed, at the beginning of a message.
BLAMED = ("guard_fraction", "sample_weight", "cv", "estimator", "max_accuracy_drop")


@pytest.mark.parametrize("seed", SEEDS)
def test_8_fits(seed):
    rng = np.random.default_rng(seed)
    for _ in range(8):
        model, X, y, weight = fit_cases(rng)
        refusal = refusal_of_fit(model, X, y, weight)
        if refusal is not None:
            assert refusal.startswith(BLAMED)
            continue
        with np.errstate(all="ignore"):
            before, after = model.predict_before_after(X)
        assert_promises(before, after, model.max_adjustment)
        for values in [*model.history_.values(), *model.front_.values()]:
            assert np.isfinite(values).all()


def refusal_of_fit(model, X, y, weight):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(X, y, sample_weight=weight)
        except ValueError as error:
            return str(error)
    return None


# Files


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ["model.skops", "model.joblib"])
def test_60_damaged_files(seed, name, tmp_path):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 2))
    model = RLCalibratedClassifier(GaussianNB(), **TINY).fit(X, (X[:, 0] > 0) * 1)
    path = tmp_path / name
    dump_model(model, path)
    whole = path.read_bytes()
    for i in range(60):
        path.write_bytes(damaged(rng, whole, i % 3))
        assert is_refused_or_read(path)


def damaged(rng, whole, kind):
    """A file that is cut, has a few bytes overwritten, or a single bit."""
    where = int(rng.integers(len(whole)))
    if kind == 0:
        return whole[:where]
    data = bytearray(whole)
    if kind == 1:
        end = min(where + int(rng.integers(1, 50)), len(whole))
        data[where:end] = bytes([int(rng.integers(256))]) * (end - where)
    else:
        data[where] ^= 1 << int(rng.integers(8))
    return bytes(data)


def is_refused_or_read(path):
    """Damage to a number goes unnoticed in a joblib file, which has no checksums."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return isinstance(load_model(path), RLCalibratedClassifier)
        except ValueError as error:
            return str(path) in str(error)

"""What is proven on the guard rows: validity, by simulation, and that nothing leaks."""

import warnings
from functools import cache

import joblib
import numpy as np
import pytest
import sklearn
from scipy.stats import beta, binomtest, multinomial
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.datasets.chunks import write_corrections
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.guard import (
    SHRINKAGES,
    Limits,
    Rows,
    accuracy_p_value,
    decide,
    drop_bounds,
    guard,
    highest_threshold,
    lowest_threshold,
    rows_needed,
    split,
)
from sklearn_rlcorrect.persistence import dump_model, load_model
from sklearn_rlcorrect.plotting import ConfusionChangeDisplay, GuardDisplay
from sklearn_rlcorrect.rewards import brier

N_DRAWS = 1000


def limits(confidence=0.9, **given):
    nothing = {"max_accuracy_drop": None, "max_fpr": None, "min_recall": None}
    return Limits(**(nothing | given), confidence=confidence)


# The pieces: valid for every distribution, by enumeration


@pytest.mark.parametrize("tolerance", [-0.1, 0.0, 0.02, 0.1])
@pytest.mark.parametrize("risk", [0.05, 0.2])
def test_the_test_of_accuracy_is_valid(tolerance, risk):
    n = 20
    outcomes = np.array([(b, c) for b in range(n + 1) for c in range(n + 1 - b)])
    p_values = [accuracy_p_value(*each, n, tolerance, risk) for each in outcomes.tolist()]
    rejected = outcomes[np.array(p_values) <= risk]
    counts = np.column_stack([rejected, n - rejected.sum(axis=1)])
    sizes = []
    for b in np.linspace(max(tolerance, 0), 1, 30):
        for c in np.linspace(0, min(b - tolerance, 1 - b), 15):
            share = [b, c, max(1 - b - c, 0)]
            sizes.append(multinomial.pmf(counts, n, share).sum() if c >= 0 else 0)
    # Valid, and not by never rejecting.
    assert risk / 2 < max(sizes) <= risk


def test_the_test_of_accuracy_at_sizes_of_practice():
    # Nothing changes in n rows: the accuracy falls by less than 1 - risk ** (1 / n).
    assert accuracy_p_value(0, 0, 300, 0.01, 0.05) <= 0.05
    assert accuracy_p_value(0, 0, 297, 0.01, 0.05) > 0.05
    # At least as powerful as the conditional test of McNemar, and monotone.
    assert accuracy_p_value(2, 8, 500, 0.0, 0.05) < 0.0547
    p_values = [accuracy_p_value(b, 30, 10_000, 0.002, 0.05) for b in range(0, 60, 5)]
    assert sorted(p_values) == p_values
    assert p_values[0] < 0.001
    assert p_values[-1] > 0.5
    low, high = drop_bounds(30, 20, 10_000, 0.05)
    assert low < 0.001 < high
    assert accuracy_p_value(30, 20, 10_000, high, 0.05) <= 0.05


@pytest.mark.parametrize("n", [59, 100, 500])
@pytest.mark.parametrize("limit", [0.05, 0.2])
def test_the_cuts_are_valid_and_the_closest(n, limit):
    rng, risk, draws = np.random.default_rng(0), 0.05, 4000
    scores = rng.random((draws, n))
    # Of uniform scores, the cut itself tells the rate beyond it.
    false = [1 - lowest_threshold(each, limit, risk) > limit for each in scores]
    missed = [highest_threshold(each, 1 - limit, risk) > limit for each in scores]
    for violations in (false, missed):
        assert binomtest(sum(violations), draws, risk, "greater").pvalue > 0.001
    # One rank lower, the risk would be exceeded.
    rank = (scores[0] < lowest_threshold(scores[0], limit, risk)).sum()
    at, below = (beta.cdf(1 - limit, k, n - k + 1) for k in (rank, rank - 1))
    assert at <= risk < below


def test_ties_are_on_the_safe_side():
    # Three quarters of all rows have one score: none of them may be above the cut, nor,
    # for the recall, below it.
    scores = np.repeat([0.3, 0.6], [250, 750])
    cut = lowest_threshold(scores, 0.1, 0.05)
    assert cut > 0.6
    proba = np.array([[0.4, 0.6], [0.4 - 1e-12, 0.6 + 1e-12], [0.3, 0.7]])
    assert decide(proba, cut, 1).tolist() == [0, 0, 1]
    cut = highest_threshold(scores, 0.7, 0.05)
    assert decide(proba[::-1] * [1, 1], cut, 1).tolist() == [1, 1, 1]
    assert decide(np.array([[0.6, 0.4], [0.5, 0.5]]), 0.5, 0).tolist() == [0, 1]


def test_too_few_rows_give_no_cut():
    needed = rows_needed(limits(max_fpr=0.05, confidence=0.95))["max_fpr"]
    assert needed == 59
    assert lowest_threshold(np.zeros(needed), 0.05, 0.05) < 1
    assert lowest_threshold(np.zeros(needed - 1), 0.05, 0.05) == np.inf
    assert highest_threshold(np.zeros(needed - 1), 0.95, 0.05) == -np.inf


@pytest.mark.parametrize("n_classes", [2, 3])
def test_strength_zero_is_the_classifier(n_classes):
    rng = np.random.default_rng(0)
    proba = rng.dirichlet(np.full(n_classes, 0.3), 1000)
    actions = rng.uniform(-1, 1, size=proba.shape)
    np.testing.assert_array_equal(adjust(proba, actions, 0.0), proba)


# The whole: violations in 1,000 draws of populations whose rates are known

SIZE = 400


def population(kind):
    """Posterior, probability and action of rows that are drawn alike."""
    truth = np.linspace(-4, 4, SIZE)
    eta = 1 / (1 + np.exp(-truth))
    proba = 1 / (1 + np.exp(-0.5 * truth - np.sin(7 * truth)))
    actions = np.clip((eta - proba) / 0.6, -1, 1)
    if kind == "harmful":
        actions = -actions
    if kind == "trained to do harm":
        actions = harmful_actions(proba, eta)
    if kind in ("edge", "many edges"):
        # A fall of accuracy that is next to nothing, the hardest case, at the weakest
        # strength, or another one at each.
        last = 0.98 if kind == "many edges" else 0.08
        actions[:] = 0
        proba[150:250], actions[150:250] = 0.5 - 0.6 * np.linspace(0.03, last, 100), 1.0
        eta[150:250] = np.where(np.arange(100) % 2, 0.0, 0.999)
    return eta, np.column_stack([1 - proba, proba]), np.column_stack([-actions, actions])


def worse(y, proba, adjusted):
    """Reward of whatever makes the Brier score worse."""
    return -brier(y, proba, adjusted)


@cache
def trained_to_do_harm():
    """Actions of an agent that is paid for mistakes, and sees what tells the truth."""
    truth = np.linspace(-4, 4, SIZE)
    eta, proba, _ = population("useful")
    rows = np.column_stack([proba, truth]).repeat(5, axis=0)
    y = (np.random.default_rng(1).random(len(rows)) < eta.repeat(5)) * 1
    model = RLCalibratedClassifier(
        FrozenEstimator(PrecomputedProbaClassifier([0, 1]).fit(rows, y)),
        reward=worse,
        **(QUICK | {"total_timesteps": 20_000}),
    ).fit(rows, y)
    return model.predict_adjustment(rows[::5])[:, 1] / 0.6


def harmful_actions(proba, eta):
    """Actions of that agent, which do harm."""
    actions = trained_to_do_harm()
    after = proba + 0.6 * actions
    right = [np.where(p > 0.5, eta, 1 - eta).mean() for p in (proba, after)]
    assert right[1] < right[0] - 0.02
    return actions


def violations(kind, wanted, n_rows, n_draws=N_DRAWS):
    """In how many draws something false was proven, and in how many anything."""
    eta, proba, actions = population(kind)
    rng = np.random.default_rng(0)
    n_false = n_proven = 0
    for _ in range(n_draws):
        learn, rows = (
            Rows(
                proba[i],
                actions[i],
                (rng.random(n_rows) < eta[i]) * 1,
                np.ones(n_rows),
                0.6,
            )
            for i in rng.integers(SIZE, size=(2, n_rows))
        )
        report = guard(wanted, rows, learn, positive=1)
        after = decide(
            adjust(proba, actions, report["shrinkage"] * 0.6), report["threshold"], 1
        )
        right = [
            np.where(p == 1, eta, 1 - eta).mean() for p in (proba.argmax(axis=1), after)
        ]
        true = {
            "max_accuracy_drop": right[0] - right[1],
            "max_fpr": np.average(after, weights=1 - eta),
            "min_recall": -np.average(after, weights=eta),
        }
        signs = {"min_recall": -1}
        is_false = any(
            true[name] > signs.get(name, 1) * limit for name, limit in wanted.given.items()
        )
        n_proven += report["proven"]
        n_false += report["proven"] and is_false
    return n_false, n_proven


@pytest.mark.parametrize(
    ("kind", "given", "n_rows"),
    [
        ("edge", {"max_accuracy_drop": 0.0}, 200),
        ("many edges", {"max_accuracy_drop": 0.0}, 100),
        ("harmful", {"max_accuracy_drop": 0.02}, 100),
        ("trained to do harm", {"max_accuracy_drop": 0.0}, 100),
        ("trained to do harm", {"max_fpr": 0.1}, 150),
        ("useful", {"max_fpr": 0.1}, 150),
        ("harmful", {"max_fpr": 0.1}, 150),
        ("useful", {"min_recall": 0.85}, 150),
        ("useful", {"max_fpr": 0.2, "min_recall": 0.75}, 300),
        ("edge", {"max_accuracy_drop": 0.0, "max_fpr": 0.25}, 300),
    ],
)
def test_statements_are_seldom_false(kind, given, n_rows):
    wanted = limits(**given)
    n_false, _ = violations(kind, wanted, n_rows)
    share = 1 - wanted.confidence
    assert binomtest(n_false, N_DRAWS, share, "greater").pvalue > 0.001


def test_a_useful_correction_is_accepted():
    _, n_proven = violations("useful", limits(max_accuracy_drop=0.0), 300, n_draws=100)
    assert n_proven > 80


# The estimator


@pytest.fixture(scope="module")
def table():
    """Two classes that a plane does not part: X, X_test, y, y_test."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    log_odds = 2 * (X[:, 0] + X[:, 1] ** 2 - 1)
    y = (rng.random(len(X)) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return X[:1500], X[1500:], y[:1500], y[1500:]


def corrector(estimator=None, **kwargs):
    estimator = LogisticRegression() if estimator is None else estimator
    return RLCalibratedClassifier(
        estimator, **(QUICK | {"total_timesteps": 20_000} | kwargs)
    )


# Enough training to be worth proving.
USEFUL = {"total_timesteps": 100_000, "net_arch": (32,)}


@pytest.fixture(scope="module")
def guarded(table):
    X, _, y, _ = table
    return corrector(max_accuracy_drop=0.0, max_fpr=0.2, **USEFUL).fit(X, y)


SEEN = []


class Recorder(LogisticRegression):
    """Classifier that notes the first column of all rows it is fitted on."""

    def fit(self, X, y):
        SEEN.append(X[:, 0])
        return super().fit(X, y)


def test_nothing_is_learnt_from_the_guard(table):
    X, _, y, _ = table
    SEEN.clear()
    first = corrector(Recorder(), max_accuracy_drop=0.0, **USEFUL).fit(X, y)
    is_guard = ~np.isin(X[:, 0], np.concatenate(SEEN))
    assert is_guard.sum() == 300 == first.guard_report_["fp"]["n_rows"]
    # The rows of the guard with other labels: only what is proven changes.
    with pytest.warns(UserWarning, match="No correction .* on 300 guard rows"):
        second = corrector(Recorder(), max_accuracy_drop=0.0, **USEFUL).fit(
            X, np.where(is_guard, first.estimator_.predict(X), y)
        )
    for name, policies in first.policies_.items():
        for policy, other in zip(policies, second.policies_[name], strict=True):
            for array, same in zip(policy, other, strict=True):
                np.testing.assert_array_equal(array, same)
    for name, values in first.history_.items():
        np.testing.assert_array_equal(values, second.history_[name])
    for name, values in first.front_.items():
        np.testing.assert_array_equal(values, second.front_[name])
    # Where the classifier is always right, every change of a decision is for the worse.
    report = second.guard_report_["weighted"]
    assert report["shrinkage"] == 0 < first.guard_report_["weighted"]["shrinkage"]
    assert not report["fixed"].any()


def test_without_limits_nothing_is_set_aside(table):
    X, X_test, y, _ = table
    model, other = corrector().fit(X, y), corrector(confidence=0.5, guard_fraction=0.9)
    assert model.guard_report_ == {}
    np.testing.assert_array_equal(
        model.predict_proba(X_test), other.fit(X, y).predict_proba(X_test)
    )
    with pytest.raises(ValueError, match="check_guard tells of max_accuracy_drop, max_fpr"):
        model.check_guard(X, y)


def test_what_is_not_proven_is_the_classifier(table):
    X, X_test, y, _ = table
    with pytest.warns(
        UserWarning, match="max_accuracy_drop=0 at confidence=0.99"
    ) as caught:
        model = corrector(
            FrozenEstimator(LogisticRegression().fit(X, y)),
            max_accuracy_drop=0.0,
            confidence=0.99,
            guard_fraction=0.01,
        ).fit(X_test[:1000], table[3][:1000])
    assert len(caught) == 1
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(*model.predict_before_after(X_test))
    np.testing.assert_array_equal(model.predict_adjustment(X_test), 0)
    assert model.guard_report_["weighted"]["shrinkage"] == 0
    assert not model.guard_report_["weighted"]["proven"]


def test_the_report(guarded):
    assert set(guarded.guard_report_) == {"weighted", "fp", "accuracy"}
    for report in guarded.guard_report_.values():
        assert report["n_rows"] == 300
        assert report["n_tested"] == 150
        assert report["risk"] == pytest.approx(0.025)
        assert report["shrinkages"].tolist() == SHRINKAGES.tolist()
        strongest = report["shrinkages"][report["accepted"]][0]
        assert report["shrinkage"] == strongest
        assert (report["p_values"][report["accepted"]] <= 0.025).all()
        assert (report["broken"] + report["fixed"] <= 150).all()


def test_the_cut_is_what_predicts_everywhere(guarded, table, tmp_path):
    _, X_test, _, y_test = table
    proba, predicted = guarded.predict_proba(X_test), guarded.predict(X_test)
    cut = guarded.guard_report_["weighted"]["threshold"]
    assert cut > 0.5
    np.testing.assert_array_equal(predicted, proba[:, 1] > cut)
    after = evaluate_correction(guarded, X_test, y_test)["after"]
    assert after["accuracy"] == np.mean(predicted == y_test)
    assert after["false_positives"] == np.sum(predicted > y_test)
    write_corrections(guarded, [X_test], tmp_path / "all.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "all_predictions.npy"), predicted)
    display = ConfusionChangeDisplay.from_estimator(guarded, X_test, y_test)
    np.testing.assert_array_equal(display._predicted()[1], predicted)


def test_the_classifier_alone_needs_no_test(table):
    # With next to no training no correction is proven to keep the accuracy, but the
    # classifier itself is proven to keep the rate.
    model = corrector(max_accuracy_drop=0.0, max_fpr=0.5, total_timesteps=20)
    with pytest.warns(UserWarning, match="No correction by the policy of accuracy, fp, we"):
        model.fit(*table[::2])
    report = model.guard_report_["fp"]
    assert (report["shrinkage"], report["threshold"], report["proven"]) == (0.0, None, True)


def test_a_cut_beyond_all_scores_is_told(table):
    X, _, y, _ = table
    # Half of the negatives have the highest score there is.
    base = PrecomputedProbaClassifier([0])
    X = np.column_stack([np.where(np.arange(len(y)) % 2, 1.0, y), X])
    model = corrector(base, max_fpr=0.1, max_adjustment=1e-9, total_timesteps=20)
    with pytest.warns(
        UserWarning, match=r"only be kept by a cut of 1\.0.* predicted alike"
    ):
        model.fit(X, y)
    assert not model.predict(X).any()


@pytest.mark.parametrize("name", ["model.skops", "model.joblib"])
def test_files_keep_what_was_proven(guarded, table, name, tmp_path):
    dump_model(guarded, tmp_path / name)
    read = load_model(tmp_path / name)
    for priority in ("fp", "weighted"):
        for model in (read, guarded):
            model.set_params(priority=priority)
        np.testing.assert_array_equal(read.predict(table[1]), guarded.predict(table[1]))
    np.testing.assert_equal(read.guard_report_, guarded.guard_report_)


def test_onnx_keeps_what_was_proven(guarded, table):
    onnxruntime = pytest.importorskip("onnxruntime")
    from sklearn_rlcorrect.export import to_onnx

    X_test = table[1]
    for threshold, scale in [
        (guarded.guard_report_["weighted"]["threshold"], 1),
        (None, 0),
    ]:
        model = joblib.load(joblib_copy(guarded))
        model.guard_report_["weighted"] |= {"threshold": threshold, "shrinkage": scale}
        session = onnxruntime.InferenceSession(to_onnx(model, X_test).SerializeToString())
        label, proba = session.run(["label", "probabilities"], {"X": X_test})
        np.testing.assert_array_equal(label, model.predict(X_test))
        np.testing.assert_allclose(proba, model.predict_proba(X_test), atol=1e-9)


def joblib_copy(model):
    from io import BytesIO

    file = BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return file


def test_a_class_of_your_choice_is_positive(table):
    X, X_test, y, y_test = table
    words = np.array(["attack", "normal"])
    model = corrector(max_fpr=0.1, min_recall=0.2, pos_label="attack").fit(X, words[y])
    called = model.predict(X_test) == "attack"
    score, cut = (
        model.predict_proba(X_test)[:, 0],
        model.guard_report_["weighted"]["threshold"],
    )
    assert called[y_test == 1].mean() <= 0.1
    assert called[y_test == 0].mean() >= 0.2
    np.testing.assert_array_equal(called, score > (0.5 if cut is None else cut))


def test_pictures_keep_the_cut_to_its_class(table):
    X, X_test, y, y_test = table
    model = corrector(max_fpr=0.1, **USEFUL).fit(X, y)
    assert model.guard_report_["weighted"]["threshold"] is not None
    model.set_params(pos_label=0)
    display = ConfusionChangeDisplay.from_estimator(model, X_test, y_test)
    np.testing.assert_array_equal(display._predicted()[1], model.predict(X_test))


@pytest.mark.parametrize("rows", [slice(1), slice(-3)])
def test_check_guard_wants_a_label_of_each_row(guarded, table, rows):
    _, X_test, _, y_test = table
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        guarded.check_guard(X_test, y_test[rows])


def test_more_than_two_classes(wine):
    X, X_test, y, _ = wine
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model = corrector(max_accuracy_drop=0.1, guard_fraction=0.5).fit(X, y)
    bound = model.guard_report_["weighted"]["shrinkage"] * 0.6
    assert np.abs(model.predict_adjustment(X_test)).max() <= bound + 1e-9
    with pytest.raises(
        ValueError, match="max_fpr is for two classes, one of them positive"
    ):
        corrector(max_fpr=0.1).fit(X, y)


def test_check_guard(guarded, table):
    _, X_test, _, y_test = table
    checks = guarded.check_guard(X_test, y_test)
    assert {c["verdict"] for c in checks.values()} == {"supported"}
    predicted = guarded.predict(X_test)
    assert checks["max_fpr"]["observed"] == predicted[y_test == 0].mean()
    drop = np.mean(guarded.estimator_.predict(X_test) == y_test) - np.mean(
        predicted == y_test
    )
    assert checks["max_accuracy_drop"]["observed"] == pytest.approx(drop)
    # All negatives among those that are called positive: nothing holds.
    called = predicted == 1
    checks = guarded.check_guard(X_test[called], np.zeros(called.sum(), dtype=int))
    assert checks["max_fpr"]["verdict"] == "contradicted"
    assert checks["max_fpr"]["lower"] > 0.9
    few = guarded.check_guard(X_test[:3], y_test[:3])
    assert few["max_fpr"]["verdict"] == "undecided"
    with pytest.raises(ValueError, match=r"y holds \[7\]"):
        guarded.check_guard(X_test[:1], [7])
    ones = guarded.check_guard(X_test[y_test == 1], y_test[y_test == 1])
    assert ones["max_fpr"]["verdict"] == "undecided"
    assert np.isnan(ones["max_fpr"]["observed"])


def test_a_shift_contradicts(guarded, table):
    _, X_test, _, y_test = table
    checks = guarded.check_guard(X_test, 1 - y_test)
    assert checks["max_accuracy_drop"]["verdict"] == "contradicted"
    assert checks["max_accuracy_drop"]["lower"] > 0


def test_the_card_says_what_was_proven(guarded, table, tmp_path):
    pytest.importorskip("skops.card")
    from sklearn_rlcorrect.card import write_model_card

    text = write_model_card(guarded, *table[1::2], tmp_path / "card").read_text()
    assert "Proven on 300 rows that nothing was fitted on: max_accuracy_drop=0, m" in text


def test_the_picture(guarded, table):
    display = GuardDisplay.from_estimator(guarded)
    title = display.ax_[0].get_legend().get_title().get_text()
    report = guarded.guard_report_["weighted"]
    in_use, level = f"{report['shrinkage']:g}", f"{report['risk']:.3g}"
    assert title == f"dashed: strength in use, {in_use}; dotted: {level}"
    model = corrector(max_fpr=0.3).fit(*table[::2])
    with pytest.raises(ValueError, match="fitted without max_accuracy_drop"):
        GuardDisplay.from_estimator(model)


# What cannot be proven, before training


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_fpr": 0.0}, "max_fpr == 0.0, must be > 0"),
        ({"max_fpr": 1.5}, "max_fpr == 1.5, must be < 1"),
        ({"min_recall": 1.0}, "min_recall == 1.0, must be < 1"),
        ({"max_accuracy_drop": -0.1}, "max_accuracy_drop == -0.1, must be >= 0"),
        ({"max_fpr": np.nan}, "max_fpr=nan must be a number between 0 and 1"),
        ({"confidence": 1.0}, "confidence == 1.0, must be < 1"),
        ({"guard_fraction": 0.0}, "guard_fraction == 0.0, must be > 0"),
        (
            {"max_fpr": 0.001},
            r"max_fpr=0.001 at confidence=0.95 cannot be proven: max_fpr needs 2995 neg"
            r"ative rows that nothing is fitted on, and guard_fraction sets 1\d\d aside. "
            r"Fit on about \d{5} rows in place of 1500",
        ),
        ({"min_recall": 0.999}, "min_recall needs 2995 positive rows"),
        (
            {"max_accuracy_drop": 0.1, "guard_fraction": 0.001},
            "max_accuracy_drop needs 4 rows that nothing is fitted on, and .* sets 2 aside",
        ),
        ({"max_fpr": 0.1, "fp_weight": {0: 1.0, 1: 2.0}}, "2 of them counted as positive"),
        ({"max_fpr": 0.1, "cv": [(np.arange(9), np.arange(9))]}, "cv holds the numbers"),
    ],
)
def test_messages_before_training(table, params, message):
    SEEN.clear()
    with pytest.raises(ValueError, match=message):
        corrector(Recorder(), **params).fit(*table[::2])
    assert SEEN == []


def test_weights_and_limits_exclude_each_other(table):
    X, _, y, _ = table
    with pytest.raises(ValueError, match="and sample_weight says that they do not"):
        corrector(max_accuracy_drop=0.1).fit(X, y, sample_weight=np.ones(len(y)))


def test_a_class_that_only_the_guard_has_is_refused():
    y = np.repeat([0, 1, 2], [100, 100, 1])
    X = np.random.default_rng(0).normal(size=(len(y), 3))
    with pytest.raises(ValueError, match=r"no row to train on of 1 class\(es\)"):
        corrector(max_accuracy_drop=0.1, guard_fraction=0.99).fit(X, y)


def test_groups_stay_together():
    groups = np.random.default_rng(0).integers(100, size=1000)
    rest, guard_rows = split(1000, groups, 0.2, seed=0)
    assert len(guard_rows) == 20 == len(np.unique(groups[guard_rows]))
    assert not set(groups[rest]) & set(groups[guard_rows])
    assert len(rest) == np.isin(groups, groups[guard_rows], invert=True).sum()
    # Without groups every row is one.
    rest, guard_rows = split(1000, None, 0.2, seed=0)
    assert sorted([*rest, *guard_rows]) == list(range(1000))
    assert len(guard_rows) == 200


def test_large_groups_are_not_drawn_more_often():
    groups = np.concatenate([np.arange(50), np.repeat(np.arange(50, 100), 30)])
    drawn = [groups[split(len(groups), groups, 0.2, seed)[1]] for seed in range(200)]
    n_large = int((np.concatenate(drawn) >= 50).sum())
    assert binomtest(n_large, 200 * 20, 0.5).pvalue > 0.001


def test_a_random_row_stands_for_its_group():
    groups = np.zeros(10, dtype=int)
    drawn = {split(10, groups, 0.5, seed)[1][0] for seed in range(200)}
    assert drawn == set(range(10))


def test_groups_that_only_the_classifier_gets_are_refused(table):
    X, _, y, _ = table
    with sklearn.config_context(enable_metadata_routing=True):
        base = GroupReader().set_fit_request(groups=True)
        model = corrector(base, max_accuracy_drop=0.1)
        with pytest.raises(ValueError, match="groups go to the classifier alone"):
            model.fit(X, y, groups=np.arange(len(y)))


class GroupReader(LogisticRegression):
    def fit(self, X, y, groups=None):
        return super().fit(X, y)


def test_groups_reach_guard_and_splitter(table):
    X, _, y, _ = table
    with sklearn.config_context(enable_metadata_routing=True):
        model = corrector(cv=GroupKFold(3), max_accuracy_drop=0.3)
        model.fit(X, y, groups=np.arange(len(y)) // 3)
    assert model.guard_report_["fp"]["n_rows"] == 100


def test_probabilities_of_other_models(table):
    X, _, y, _ = table
    proba = LogisticRegression().fit(X[:, :2], y).predict_proba(X[:, :2])[:, [1]]
    model = corrector(PrecomputedProbaClassifier([0]), max_fpr=0.2)
    model.fit(np.hstack([proba, X]), y)
    assert model.guard_report_["weighted"]["proven"]

"""Corrector with limits: no leak from the calibration set, and one rule everywhere."""

import warnings

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from conftest import QUICK
from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.datasets.corrections import write_corrections
from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.guard import SHRINKAGES
from sklearn_rlcorrect.persistence import dump_model, load_model
from sklearn_rlcorrect.plotting import ConfusionChangeDisplay, GuardDisplay


@pytest.fixture(scope="module")
def table():
    """Two classes that a plane does not separate: X, X_test, y, y_test."""
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


# Enough training for a correction that can be proven.
USEFUL = {"total_timesteps": 100_000, "net_arch": (32,)}


@pytest.fixture(scope="module")
def guarded(table):
    X, _, y, _ = table
    return corrector(max_accuracy_drop=0.0, max_fpr=0.2, **USEFUL).fit(X, y)


FITTED_ON = []


class Recorder(LogisticRegression):
    """Classifier that records the first column of the rows it is fitted on."""

    def fit(self, X, y):
        FITTED_ON.append(X[:, 0])
        return super().fit(X, y)


def test_nothing_is_fitted_on_the_calibration_set(table):
    X, _, y, _ = table
    FITTED_ON.clear()
    first = corrector(Recorder(), max_accuracy_drop=0.0, **USEFUL).fit(X, y)
    is_calibration = ~np.isin(X[:, 0], np.concatenate(FITTED_ON))
    assert is_calibration.sum() == 300 == first.guard_report_["fp"]["n_rows"]
    # Other labels in the calibration set change nothing but the report.
    with pytest.warns(UserWarning, match="No correction .* a calibration set of 300 rows"):
        second = corrector(Recorder(), max_accuracy_drop=0.0, **USEFUL).fit(
            X, np.where(is_calibration, first.estimator_.predict(X), y)
        )
    for name, policies in first.policies_.items():
        for policy, other in zip(policies, second.policies_[name], strict=True):
            for array, same in zip(policy, other, strict=True):
                np.testing.assert_array_equal(array, same)
    for name, values in first.history_.items():
        np.testing.assert_array_equal(values, second.history_[name])
    for name, values in first.front_.items():
        np.testing.assert_array_equal(values, second.front_[name])
    # Where the classifier is always right, every changed decision is broken.
    report = second.guard_report_["weighted"]
    assert report["shrinkage"] == 0 < first.guard_report_["weighted"]["shrinkage"]
    assert not report["fixed"].any()


def test_without_limits_all_rows_are_fitted_on(table):
    X, X_test, y, _ = table
    model, other = corrector().fit(X, y), corrector(confidence=0.5, guard_fraction=0.9)
    assert model.guard_report_ == {}
    np.testing.assert_array_equal(
        model.predict_proba(X_test), other.fit(X, y).predict_proba(X_test)
    )
    with pytest.raises(ValueError, match="check_guard tests max_accuracy_drop, max_fpr"):
        model.check_guard(X, y)


def test_without_a_proof_the_classifier_alone_predicts(table):
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
        largest = report["shrinkages"][report["accepted"]][0]
        assert report["shrinkage"] == largest
        assert (report["p_values"][report["accepted"]] <= 0.025).all()
        assert (report["broken"] + report["fixed"] <= 150).all()


def test_the_threshold_predicts_everywhere(guarded, table, tmp_path):
    _, X_test, _, y_test = table
    proba, predicted = guarded.predict_proba(X_test), guarded.predict(X_test)
    threshold = guarded.guard_report_["weighted"]["threshold"]
    assert threshold > 0.5
    np.testing.assert_array_equal(predicted, proba[:, 1] > threshold)
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


def test_a_threshold_beyond_all_scores_warns(table):
    X, _, y, _ = table
    # Half of the negatives have the highest score there is.
    base = PrecomputedProbaClassifier([0])
    X = np.column_stack([np.where(np.arange(len(y)) % 2, 1.0, y), X])
    model = corrector(base, max_fpr=0.1, max_adjustment=1e-9, total_timesteps=20)
    with pytest.warns(
        UserWarning, match=r"takes a threshold of 1\.0.* the same prediction"
    ):
        model.fit(X, y)
    assert not model.predict(X).any()


@pytest.mark.parametrize("name", ["model.skops", "model.joblib"])
def test_files_keep_the_report(guarded, table, name, tmp_path):
    dump_model(guarded, tmp_path / name)
    read = load_model(tmp_path / name)
    for priority in ("fp", "weighted"):
        for model in (read, guarded):
            model.set_params(priority=priority)
        np.testing.assert_array_equal(read.predict(table[1]), guarded.predict(table[1]))
    np.testing.assert_equal(read.guard_report_, guarded.guard_report_)


def test_onnx_keeps_the_decision_rule(guarded, table):
    onnxruntime = pytest.importorskip("onnxruntime")
    from sklearn_rlcorrect.export import to_onnx

    X_test = table[1]
    for threshold, shrinkage in [
        (guarded.guard_report_["weighted"]["threshold"], 1),
        (None, 0),
    ]:
        model = joblib.load(joblib_copy(guarded))
        model.guard_report_["weighted"] |= {"threshold": threshold, "shrinkage": shrinkage}
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


def test_pos_label_is_the_positive_class(table):
    X, X_test, y, y_test = table
    words = np.array(["attack", "normal"])
    model = corrector(max_fpr=0.1, min_recall=0.2, pos_label="attack").fit(X, words[y])
    called = model.predict(X_test) == "attack"
    score, threshold = (
        model.predict_proba(X_test)[:, 0],
        model.guard_report_["weighted"]["threshold"],
    )
    assert called[y_test == 1].mean() <= 0.1
    assert called[y_test == 0].mean() >= 0.2
    np.testing.assert_array_equal(called, score > (0.5 if threshold is None else threshold))


def test_pictures_keep_the_threshold_to_its_class(table):
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
    # Only false positives: the limit cannot hold.
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


def test_the_card_says_which_limits_are_proven(guarded, table, tmp_path):
    pytest.importorskip("skops.card")
    from sklearn_rlcorrect.card import write_model_card

    text = write_model_card(guarded, *table[1::2], tmp_path / "card").read_text()
    assert "Proven on 300 rows that nothing was fitted on: max_accuracy_drop=0, m" in text


def test_the_picture(guarded, table):
    display = GuardDisplay.from_estimator(guarded)
    title = display.ax_[0].get_legend().get_title().get_text()
    report = guarded.guard_report_["weighted"]
    in_use, level = f"{report['shrinkage']:g}", f"{report['risk']:.3g}"
    assert title == f"dashed: shrinkage in use, {in_use}; dotted: {level}"
    model = corrector(max_fpr=0.3).fit(*table[::2])
    with pytest.raises(ValueError, match="fitted without max_accuracy_drop"):
        GuardDisplay.from_estimator(model)


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
def test_errors_before_training(table, params, message):
    FITTED_ON.clear()
    with pytest.raises(ValueError, match=message):
        corrector(Recorder(), **params).fit(*table[::2])
    assert FITTED_ON == []


def test_weights_and_limits_exclude_each_other(table):
    X, _, y, _ = table
    with pytest.raises(ValueError, match="and sample_weight says that they do not"):
        corrector(max_accuracy_drop=0.1).fit(X, y, sample_weight=np.ones(len(y)))


def test_a_class_that_only_the_calibration_set_has_is_refused():
    y = np.repeat([0, 1, 2], [100, 100, 1])
    X = np.random.default_rng(0).normal(size=(len(y), 3))
    with pytest.raises(ValueError, match=r"no row to train on of 1 class\(es\)"):
        corrector(max_accuracy_drop=0.1, guard_fraction=0.99).fit(X, y)


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

"""The model card: complete, true to its figures, and written whole or not at all."""

import copy

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.card import write_model_card
from sklearn_rlcorrect.evaluation import evaluate_correction


@pytest.mark.parametrize("fp_weight", [1, 2.5])
def test_model_card(cancer, fp_weight, tmp_path):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=fp_weight, **QUICK).fit(X, y)
    text = write_model_card(model, X_test, y_test, tmp_path / "card").read_text()
    assert (
        "All mistakes cost alike" if fp_weight == 1 else "A false positive costs 2.5"
    ) in text
    assert ("estimate probabilities" in text) == (fp_weight == 1)
    assert ("not calibrated probabilities" in text) == (fp_weight != 1)
    assert (
        "Classes: `0`, `1`. False positives and false negatives are those of `1`." in text
    )
    right = (model.predict(X_test) == y_test).mean()
    assert figure(right) in text
    for line in text.splitlines():
        if line.startswith("!["):
            assert (tmp_path / "card" / line.split("(")[1].rstrip(")")).exists()
    assert text.count("![") == 7
    with pytest.raises(FileExistsError, match="card exists"):
        write_model_card(model, X_test, y_test, tmp_path / "card")


def test_labels_stay_in_their_line_and_marks(tmp_path):
    y = np.where(np.arange(60) % 2, "b`\n# Heading", "a")
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    text = write_model_card(model, X, y, tmp_path / "card").read_text()
    assert "Classes: `a`, `b' # Heading`." in text
    assert "\n# Heading" not in text


def test_a_card_appears_whole_or_not_at_all(cancer, tmp_path):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        write_model_card(model, X_test, y_test[:-1], tmp_path / "card")
    with pytest.raises(ValueError, match="estimator holds a GaussianNB"):
        write_model_card(model.estimator_, X_test, y_test, tmp_path / "card")
    assert list(tmp_path.iterdir()) == []


def figure(value):
    return f"{round(value, 4):g}" if value < 1 else f"{value:.4f}".rstrip("0").rstrip(".")


def card_of(model, X, y, tmp_path):
    scores = evaluate_correction(model, X, y)
    text = write_model_card(model, X, y, tmp_path / "card").read_text()
    return scores["before"], scores["after"], text


@pytest.fixture(scope="module")
def overcautious(cancer):
    """Corrector whose policy takes as much as it may from the positive class."""
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(
        GaussianNB(), features=None, n_policies=1, total_timesteps=20, random_state=0
    ).fit(X, y)
    n_observed = model.policies_["weighted"][0][0].shape[0]
    steps = np.where(model.class_order_ == 1, -99.0, 99.0)
    policy = [np.zeros((n_observed, 2)), steps]
    model.policies_["weighted"] = [policy]
    model.max_adjustment_ = 1.0
    return model, X_test, y_test


def test_a_fall_of_accuracy_and_recall_is_said(overcautious, tmp_path):
    before, after, text = card_of(*overcautious, tmp_path)
    assert after["accuracy"] < before["accuracy"]
    assert after["recall"] < before["recall"] / 2
    falls = [
        f"{name} falls from {figure(before[name])} to {figure(after[name])}"
        for name in ("accuracy", "recall")
    ]
    fewer = f"{before['false_positives']:g} to {after['false_positives']:g}"
    dearer = f"cost rises from {figure(before['cost'])} to {figure(after['cost'])}"
    assert (
        f"On 143 rows, the correction changes {after['changed']:g} of the "
        f"decisions: {dearer}, false positives fall from {fewer}, {falls[0]}, "
        f"and {falls[1]}."
    ) in text
    assert (
        "**It costs more than the classifier alone**, on 143 rows: "
        f"{dearer}; {falls[0]}; {falls[1]}."
    ) in text
    assert "kept" not in text
    assert "is worse" not in text


def test_no_change_is_said(overcautious, tmp_path):
    model, X, y = overcautious
    model = copy.deepcopy(model)
    model.policies_["weighted"] = [
        [np.zeros_like(a) for a in model.policies_["weighted"][0]]
    ]
    before, after, text = card_of(model, X, y, tmp_path)
    assert before == after
    assert (
        "the correction changes 0 of the decisions: cost stays at "
        f"{figure(before['cost'])}, false positives stay at {before['false_positives']:g}, "
        f"accuracy stays at {figure(before['accuracy'])}, and recall stays at "
        f"{figure(before['recall'])}."
    ) in text
    assert "none of cost, false positives, accuracy and recall is worse" in text
    assert "No probability is moved by more than 1." in text


def test_values_are_probabilities_only_of_a_proper_score(overcautious, tmp_path):
    model = copy.deepcopy(overcautious[0]).set_params(fp_weight=1)
    before, after, text = card_of(model, *overcautious[1:], tmp_path)
    change = f"rises from {figure(before['brier'])} to {figure(after['brier'])}"
    assert f"estimate probabilities; the Brier score {change}." in text
    model.set_params(reward="accuracy")
    text = write_model_card(model, *overcautious[1:], tmp_path / "other").read_text()
    assert "decision scores, not calibrated probabilities: `reward` is no proper" in text


def test_limits_that_were_not_proven_are_said(overcautious, tmp_path):
    model, X, y = overcautious
    model = copy.deepcopy(model)
    report = {"proven": False, "shrinkage": 0.0, "threshold": None, "positive": 1}
    limits = {"max_accuracy_drop": 0.0, "max_fpr": None, "min_recall": None}
    model.guard_report_ = {"weighted": report | limits | {"confidence": 0.95, "n_rows": 80}}
    _, after, text = card_of(model, X, y, tmp_path)
    assert after["changed"] == 0
    assert (
        "Not proven on 80 rows that nothing was fitted on: max_accuracy_drop=0 at "
        "confidence=0.95."
    ) in text


@pytest.mark.filterwarnings("ignore:The correction did worse:UserWarning")
def test_limits_that_an_update_made_stale_are_said(cancer, tmp_path):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(
        GaussianNB(), max_accuracy_drop=0.3, memory_size=200, **QUICK
    )
    model.fit(X, y).partial_fit(X_test[:50], y_test[:50])
    text = write_model_card(model, X_test[50:], y_test[50:], tmp_path / "card").read_text()
    assert "was proven before the last update: test it on fresh rows by `check_" in text
    assert "Not proven" not in text

"""Guard reports: old names, and warnings."""

from sklearn_rlcorrect.guard import Limits, renamed_report, warnings_of


def test_old_names_become_those_of_today():
    old = {"scale": 0.5, "scales": [1.0], "lost": [1], "won": [2], "n_rows": 3}
    new = {"shrinkage": 0.5, "shrinkages": [1.0], "broken": [1], "fixed": [2], "n_rows": 3}
    assert renamed_report(old) == renamed_report(new) == new


def test_one_warning_for_all_priorities():
    alone = {"shrinkage": 0.0, "threshold": None, "n_rows": 80}
    kept = {"shrinkage": 0.3, "threshold": None, "n_rows": 80}
    limits = Limits(max_accuracy_drop=0.0)
    assert not list(warnings_of(limits, {"fp": kept}))
    (message,) = warnings_of(limits, {"fp": alone, "accuracy": alone, "weighted": kept})
    assert message.startswith("No correction by the policy of fp, accuracy is proven")
    assert "a calibration set of 80 rows" in message


def test_a_threshold_beyond_all_scores_warns():
    report = {"shrinkage": 1.0, "threshold": 1.000001, "n_rows": 80}
    (message,) = warnings_of(Limits(max_fpr=0.1), {"fp": report})
    assert message.startswith("max_fpr=0.1 at confidence=0.95 takes a threshold of 1.0000")

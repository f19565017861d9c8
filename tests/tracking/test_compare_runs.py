"""Runs side by side."""

import pytest

from sklearn_rlcorrect.tracking import compare_runs, log_run

pytest_plugins = ["tracking_fixtures"]
pytestmark = pytest.mark.usefixtures("in_store_folder")


def test_runs_side_by_side(fitted, logged):
    model, X, y = fitted
    first = logged[0].info.run_id
    second = log_run(model, X[:20], y[:20], run_name="fewer", params={"a": 2})
    table = {row[0]: row[1:] for row in compare_runs([first, second])}
    assert table["run"] == ["by hand", "fewer"]
    assert table["a"] == ["1", "2"]
    assert table["n_test"] == [str(len(y)), "20"]
    assert "fp_weight" not in table
    assert float(table["after/accuracy"][1]) == pytest.approx(
        (model.predict(X[:20]) == y[:20]).mean(), abs=1e-4
    )
    assert "threshold_alone/false_positives_at_recall" in table
    assert table["before/false_positives"][0].isdigit()
    # Always 0, and always the classifier's.
    assert not {"before/changed", "threshold_alone/brier"} & table.keys()
    newest = compare_runs(newest=1)
    assert newest[0] == ["run", "fewer"]

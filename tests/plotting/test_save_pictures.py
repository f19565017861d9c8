"""Files of all pictures."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.naive_bayes import GaussianNB

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.plotting import save_pictures


@pytest.mark.parametrize("data", ["cancer", "wine"])
def test_pictures_are_saved_and_figures_closed(data, request, tmp_path):
    X, X_test, y, y_test = request.getfixturevalue(data)
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    paths = save_pictures(model, X_test, y_test, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in paths
    )
    assert [path.stem for path in paths] == [
        "tradeoff",
        "confusion",
        "adjustments",
        "corrections",
        "false_positives",
        "reliability",
        "training",
    ]
    for path in paths:
        height, width, _ = plt.imread(path).shape
        assert width == (1360 if path.stem == "tradeoff" else 680)
        assert 300 < height < 900
    assert plt.get_fignums() == []


@pytest.mark.parametrize("data", ["cancer", "wine"])
def test_names_with_dollars(data, request, tmp_path):
    X, X_test, *labels = request.getfixturevalue(data)
    y, y_test = (np.array([r"$\frac$", "b$$", "c$_$"])[k] for k in labels)
    X = pd.DataFrame(X).add_prefix(r"$\column$ ")
    X_test = pd.DataFrame(X_test).add_prefix(r"$\column$ ")
    model = RLCalibratedClassifier(GaussianNB(), fp_weight={r"$\frac$": 2.0}, **QUICK)
    assert len(save_pictures(model.fit(X, y), X_test, y_test, tmp_path)) == 7


def test_bad_input(cancer, tmp_path):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    with pytest.raises(FileNotFoundError):
        save_pictures(model, X_test, y_test, tmp_path / "missing")
    with pytest.raises(ValueError, match="estimator holds a GaussianNB"):
        save_pictures(model.estimator_, X_test, y_test, tmp_path)
    assert list(tmp_path.iterdir()) == []

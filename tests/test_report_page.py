"""The report: complete, true to its figures, safe to open, and one file."""

import base64
import re
import shutil
import subprocess
from copy import copy
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.evaluation import (
    evaluate_correction,
    evaluate_priorities,
    saving_interval,
)
from sklearn_rlcorrect.report import write_report

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Cells, texts and sources of a page whose tags must match."""

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.links, self.texts = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag in ("td", "th"):
            self.cells.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data
        self.texts.append(data)


@pytest.fixture(scope="module")
def fitted(cancer):
    X, X_test, y, y_test = cancer
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=3, **QUICK).fit(X, y)
    return model, X_test, y_test


def figure(value):
    return f"{value:.4f}".rstrip("0").rstrip(".")


def test_it_holds_the_figures_and_pictures(fitted, tmp_path):
    model, X, y = fitted
    text = write_report(model, X, y, tmp_path / "r.html", source="cancer.csv").read_text()
    page = Page(text)
    for metrics in evaluate_correction(model, X, y).values():
        for value in metrics.values():
            assert figure(value) in page.cells
    saving = saving_interval(model, X, y)
    assert f"{saving['lower']:.1f} to {saving['upper']:.1f}" in text
    assert "cancer.csv" in text
    assert "<h1>Correction report: GaussianNB</h1>" in text
    assert len(page.links) == 5
    for link in page.links:
        kind, data = link.split(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data).startswith(b"\x89PNG")
    # Nothing is fetched by style sheets or scripts, either.
    assert not re.search(r"https?:|@import|url\(|<script|<link", text)


def test_examples_are_decisions_that_changed(fitted, tmp_path):
    model, X, y = fitted
    cells = Page(write_report(model, X, y, tmp_path / "r.html").read_text()).cells
    before, after = model.estimator_.predict(X), model.predict(X)
    for right, wrong in [(after, before), (before, after)]:
        changed = np.flatnonzero((right == y) & (wrong != y))
        shown = [row for row in changed if str(row) in cells]
        assert len(shown) >= min(len(changed), 6)


def test_each_priority_on_the_rows_of_the_report(fitted, tmp_path):
    model, X, y = fitted
    model = copy(model)
    model.selected_ = {"weighted": 1, "fp": 0, "accuracy": 1}
    cells = Page(write_report(model, X, y, tmp_path / "r.html").read_text()).cells
    begin = cells.index("note") + 1
    found = {row[0]: row[1:] for row in np.reshape(cells[begin : begin + 40], (5, 8))}
    scores = evaluate_priorities(model, X, y)
    expected = {name: of_priority["after"] for name, of_priority in scores.items()}
    expected["classifier"] = scores["fp"]["before"]
    expected["threshold alone"] = scores["fp"]["threshold_alone"]
    assert found.keys() == expected.keys()
    names = [name.replace(" ", "_") for name in cells[begin - 7 : begin - 1]]
    assert {"false_positives", "cost", "changed"} <= set(names)
    for name, metrics in expected.items():
        assert found[name][:-1].tolist() == [figure(metrics[m]) for m in names]
    notes = {name: row[-1] for name, row in found.items() if row[-1]}
    assert notes.pop("fp").startswith("does nothing: no policy beat the classifier")
    assert notes == {"weighted": "in use"}


def test_examples_have_their_numbers_beside_columns_of_the_same_name(cancer, tmp_path):
    X, X_test, y, y_test = cancer
    names = ["row", "after", "true class", "d"]
    X, X_test = (pd.DataFrame(x[:, :4], columns=names) for x in (X, X_test))
    model = RLCalibratedClassifier(GaussianNB(), fp_weight=3, **QUICK).fit(X, y)
    numbers = 1000 + np.arange(len(y_test))
    path = tmp_path / "r.html"
    page = Page(write_report(model, X_test, y_test, path, row_numbers=numbers).read_text())
    head = ["row", "true class", "its probability before", "after", *names]
    begin = next(i for i in range(len(page.cells)) if page.cells[i : i + len(head)] == head)
    row = page.cells[begin + len(head) : begin + 2 * len(head)]
    k = int(row[0]) - 1000
    before, after = model.predict_before_after(X_test)
    truth = y_test[k]
    assert row[1:4] == [str(truth), f"{before[k, truth]:.3f}", f"{after[k, truth]:.3f}"]
    assert row[4:] == [f"{value:.6g}" for value in X_test.iloc[k]]
    changed = (before.argmax(axis=1) == y_test) != (model.predict(X_test) == y_test)
    largest = np.abs(after - before).max(axis=1)
    fixed = changed & (model.predict(X_test) == y_test)
    first = fixed if fixed.any() else changed
    assert largest[k] == largest[first].max()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        write_report(model, X_test, y_test, path, row_numbers=numbers[1:])


def test_parameters_are_those_that_were_given_whole(cancer, tmp_path):
    X, X_test, y, y_test = cancer
    names = [f"a_name_of_a_feature_that_is_long_{k}" for k in range(40)]
    base = _FirstColumns(of=names)
    model = RLCalibratedClassifier(make_pipeline(base, GaussianNB()), **QUICK)
    model.fit(pd.DataFrame(X), y)
    text = write_report(model, pd.DataFrame(X_test), y_test, tmp_path / "r.html")
    page = Page(text.read_text())
    first = page.cells.index("parameter")
    given = set(QUICK) - {"learning_rate"}  # which is the default
    assert page.cells[first + 2 :: 2] == ["estimator", *sorted(given)]
    assert names[20] in page.cells[first + 3]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "Each positive class is drawn against the rest, at most five of them"),
        (
            {"pos_label": 2},
            "The positive class, <code>2</code>, is drawn against the rest.",
        ),
        ({"fp_weight": {0: 2, 1: 3}}, "Each positive class is drawn"),
    ],
)
def test_the_classes_that_are_drawn_of_several(wine, tmp_path, parameters, expected):
    X, X_test, y, y_test = wine
    model = RLCalibratedClassifier(GaussianNB(), **QUICK, **parameters).fit(X, y)
    text = write_report(model, X_test, y_test, tmp_path / "r.html").read_text()
    assert expected in text


def test_what_comes_from_data_is_escaped(cancer, tmp_path):
    X, X_test, y, y_test = cancer
    attack = "<script>alert(1)</script>"
    labels = np.array(["<b>ok</b>", "`**bad**`"])
    X, X_test = (pd.DataFrame(x[:, :4]) for x in (X, X_test))
    for x in (X, X_test):
        x.columns = [attack, '" onload="x', "c", "d"]
        x["d"] = attack
    model = RLCalibratedClassifier(
        make_pipeline(_FirstColumns(), GaussianNB()), **QUICK
    ).fit(X, labels[y])
    path = write_report(
        model, X_test, labels[y_test], tmp_path / "r.html", title=attack, source=attack
    )
    text = path.read_text()
    assert "<script" not in text
    assert "<b>ok" not in text
    assert attack in "".join(Page(text).texts)


class _FirstColumns(BaseEstimator):
    def __init__(self, of=()):
        self.of = of

    def fit(self, X, y=None):
        return self

    def fit_transform(self, X, y=None):
        return self.transform(X)

    def transform(self, X):
        return X.iloc[:, :3].to_numpy()


def test_texts_and_three_classes(tmp_path):
    X = ["red apple", "green pear", "yellow lemon"] * 20
    y = ["a", "b", "c"] * 20
    base = make_pipeline(CountVectorizer(), LogisticRegression())
    model = RLCalibratedClassifier(base, **QUICK).fit(X, y)
    text = write_report(model, X, y, tmp_path / "r.html").read_text()
    assert "threshold alone" not in text
    assert "at the classifier's recall" not in text
    Page(text)


def test_it_is_written_whole_or_not_at_all(fitted, tmp_path):
    model, X, y = fitted
    (tmp_path / "r.html").write_text("old")
    with pytest.raises(ValueError, match="inconsistent"):
        write_report(model, X, y[:-1], tmp_path / "r.html")
    with pytest.raises(ValueError, match="estimator holds a GaussianNB"):
        write_report(model.estimator_, X, y, tmp_path / "r.html")
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]
    assert (tmp_path / "r.html").read_text() == "old"


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no browser")
def test_a_browser_shows_it(fitted, tmp_path):
    model, X, y = fitted
    path = write_report(model, X, y, tmp_path / "r.html", title="Seen")
    options = ["--headless", "--no-sandbox", "--dump-dom", "--disable-gpu"]
    command = ["chromium", *options, f"--user-data-dir={tmp_path}/user", path.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "<h1>Seen: GaussianNB</h1>" in shown.stdout
    assert shown.stdout.count("<img") == 5

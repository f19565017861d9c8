"""Questions about data: reversed probabilities, a positive class that is the usual one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
QUICK = ["--no-mlflow", "--timesteps", "100", "--overwrite"]
QUESTION = "of the other class"


def write_rows(separation):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    p = np.clip(0.5 + separation * (y - 0.5) + rng.normal(0, 0.2, 400), 0.01, 0.99)
    Path("data").mkdir(exist_ok=True)
    np.save("data/baseline_probs.npy", p)
    np.save("data/true_labels.npy", y)


@pytest.mark.parametrize(
    ("separation", "is_asked"), [(-0.4, True), (0, False), (0.4, False)]
)
@pytest.mark.parametrize("option", ["--fp-weight=1.2", "--pos-label=0", "--fp-weight=1,2"])
def test_reversed_probabilities(separation, is_asked, option, capsys):
    write_rows(separation)
    assert main(["train", "--data-dir", "data", *QUICK, option]) == 0
    assert (QUESTION in capsys.readouterr().err) == is_asked
    if option == "--fp-weight=1,2":
        return
    assert main(["evaluate", "--no-mlflow", "--data-dir", "data"]) == 0
    assert (QUESTION in capsys.readouterr().err) == is_asked


def write_labels(labels, share):
    rng = np.random.default_rng(0)
    y = np.where(np.arange(400) < share * 400, labels[1], labels[0])
    table = pd.DataFrame({"a": rng.normal(size=400), "y": y})
    table.to_csv("table.csv", index=False)
    return ["train", "--data", "table.csv", "--target", "y", *QUICK]


@pytest.mark.parametrize(
    ("labels", "share", "given", "is_suggested"),
    [
        (("fraud", "legit"), 0.9, "", True),
        (("fraud", "legit"), 0.75, "", False),
        (("a legit one", "fraud"), 0.1, "", False),
        (("fraud", "legit"), 0.9, "--pos-label legit", False),
        (("fraud", "legit"), 0.9, "--pos-label fraud", False),
        (("fraud", "legit"), 0.9, "--quiet", False),
        ((0, 1), 0.9, "", True),
    ],
)
def test_a_positive_class_that_is_the_usual_one(labels, share, given, is_suggested, capsys):
    assert main([*write_labels(labels, share), *given.split()]) == 0
    error = capsys.readouterr().err
    assert (f"give --pos-label {labels[0]}\n" in error) == is_suggested
    assert (f"{share:.0%} of the rows have it" in error) == is_suggested


def test_a_label_with_a_blank_is_quoted(capsys):
    assert main(write_labels(("a fraud", "legit"), 0.9)) == 0
    assert "give --pos-label 'a fraud'\n" in capsys.readouterr().err

"""``rlcorrect infer --explain``: a file of the largest corrections, with reasons."""

import os

import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
INFER = ["infer", "--no-mlflow", "--model", "model.joblib"]
ROWS = [*INFER, "--data", "rows.csv"]
EXPLANATIONS = "corrected_probs_explanations.csv"


def test_the_largest_corrections_are_explained(quick, capsys):
    model, rows = quick
    before = set(os.listdir())
    assert main([*ROWS, "--explain", "7"]) == 0
    assert set(os.listdir()) - before == {"corrected_probs.csv", EXPLANATIONS}
    told = f"The 7 largest corrections, explained: {EXPLANATIONS}"
    assert told in capsys.readouterr().out
    why = pd.read_csv(EXPLANATIONS)
    moved = model.predict_adjustment(rows)[:, 1]
    assert why["row"].tolist() == np.argsort(-np.abs(moved), kind="stable")[:7].tolist()
    assert set(why["class"]) == {"malignant"}
    np.testing.assert_allclose(why["adjustment"], moved[why["row"]], atol=1e-6)
    written = pd.read_csv("corrected_probs.csv")["adjustment_malignant"]
    np.testing.assert_allclose(why["adjustment"], written[why["row"]], atol=1e-6)


def test_reasons_are_the_strongest_contributions(quick):
    _, rows = quick
    assert main([*ROWS, "--explain", "5"]) == 0
    why = pd.read_csv(EXPLANATIONS)
    contributions = why[[f"contribution_{j}" for j in (1, 2, 3)]].to_numpy()
    sums = contributions.sum(axis=1) + why["other_contributions"]
    moved = why["adjustment"] - why["mean_adjustment"]
    np.testing.assert_allclose(sums, moved, atol=5e-6)
    assert (np.diff(np.abs(contributions), axis=1) <= 0).all()
    for _, line in why.iterrows():
        names = [line[f"column_{j}"] for j in (1, 2, 3)]
        assert len(set(names)) == 3
        for j, name in enumerate(names, 1):
            value, given = line[f"value_{j}"], rows.iloc[line["row"]][name]
            assert str(value) == str(given) or float(value) == given


def test_rows_are_compared_with_a_sample_of_the_table(quick):
    model, rows = quick
    moved = model.predict_adjustment(rows)[:, 1]
    # The first hundred are no sample of this table.
    rows.iloc[np.argsort(moved)].to_csv("rows.csv", index=False)
    assert main([*ROWS, "--explain", "2"]) == 0
    (mean,) = set(pd.read_csv(EXPLANATIONS)["mean_adjustment"])
    error = moved.std() / np.sqrt(100)
    assert abs(mean - moved.mean()) < 4 * error
    assert abs(np.sort(moved)[:100].mean() - moved.mean()) > 8 * error


def test_pieces_of_a_table_make_no_difference(quick, monkeypatch):
    assert main([*ROWS, "--explain", "5"]) == 0
    whole = pd.read_csv(EXPLANATIONS)
    monkeypatch.setattr("sklearn_rlcorrect.cli.infer.table_chunks", in_pieces)
    assert main([*ROWS, "--explain", "5", "--overwrite"]) == 0
    pd.testing.assert_frame_equal(pd.read_csv(EXPLANATIONS), whole, atol=1e-12)


def in_pieces(model, path, **options):
    from sklearn_rlcorrect.datasets.chunks import table_chunks

    return table_chunks(model, path, chunk_size=37, **options)


def test_all_rows_of_a_short_table(quick, capsys):
    _, rows = quick
    rows[:4].to_csv("rows.csv", index=False)
    assert main([*ROWS, "--explain", "50", "--output", "out.parquet"]) == 0
    why = pd.read_csv("out_explanations.csv")
    assert sorted(why["row"]) == [0, 1, 2, 3]
    assert "The 4 largest corrections" in capsys.readouterr().out


def test_arrays_of_another_model(table, capsys):
    table.drop(columns=["size", "a"]).to_csv("table.csv", index=False)
    train = "train --no-mlflow --data table.csv --target label --save-data --timesteps 20"
    assert main(train.split()) == 0
    arrays = "train --no-mlflow --data-dir data --timesteps 200 --output arrays.joblib"
    assert main(arrays.split()) == 0
    infer = "infer --no-mlflow --model arrays.joblib --data-dir data --explain 3"
    assert main(infer.split()) == 0
    why = pd.read_csv(EXPLANATIONS)
    moved = np.load("corrected_probs_adjustments.npy")
    np.testing.assert_allclose(why["adjustment"], moved[why["row"], 1], atol=1e-6)
    # Two columns of probabilities are one reason, at the one of the class.
    names = why[["column_1", "column_2", "column_3"]].to_numpy()
    contributions = why[[f"contribution_{j}" for j in (1, 2, 3)]].to_numpy()
    assert not contributions[names == "x0"].any()


def test_few_columns_are_few_reasons(table):
    table[["b", "label"]].to_csv("table.csv", index=False)
    train = "train --no-mlflow --data table.csv --target label --timesteps 200"
    assert main([*train.split(), "--output", "model.joblib"]) == 0
    assert main([*INFER, "--data", "table.csv", "--explain", "2"]) == 0
    why = pd.read_csv(EXPLANATIONS)
    assert list(why.columns) == [
        *("row", "class", "adjustment", "mean_adjustment"),
        *("column_1", "value_1", "contribution_1", "other_contributions"),
    ]
    np.testing.assert_allclose(why["other_contributions"], 0, atol=1e-12)


@pytest.mark.parametrize("n", ["0", "-3"])
def test_a_number_of_rows_below_one_is_refused(quick, n, capsys):
    before = sorted(os.listdir())
    assert main([*ROWS, "--explain", n]) == 2
    error = capsys.readouterr().err
    assert error == (f"rlcorrect: error: --explain {n}: give a number of rows, 1 or more\n")
    assert sorted(os.listdir()) == before


def test_no_number_is_refused_in_one_line(quick, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([*ROWS, "--explain", "some"])
    error = capsys.readouterr().err
    assert "argument --explain: invalid int value: 'some'" in error
    assert error.count("\n") == 1


def test_files_are_kept(quick, capsys):
    with open(EXPLANATIONS, "w") as file:
        file.write("old")
    assert main([*ROWS, "--explain", "2"]) == 2
    assert f"{EXPLANATIONS} exists" in capsys.readouterr().err
    assert not os.path.exists("corrected_probs.csv")
    assert main([*ROWS, "--explain", "2", "--overwrite"]) == 0
    assert len(pd.read_csv(EXPLANATIONS)) == 2
    # Never those that the command reads.
    os.rename("rows.csv", EXPLANATIONS)
    os.remove("corrected_probs.csv")
    assert main([*INFER, "--data", EXPLANATIONS, "--explain", "2", "--overwrite"]) == 2
    assert "is an input of this command" in capsys.readouterr().err


def test_of_several_classes_the_positive_one_is_explained():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    largest = table.to_numpy().argmax(axis=1)
    table["kind"] = np.array(["one", "two", "three"])[largest]
    table.to_csv("table.csv", index=False)
    train = "train --no-mlflow --data table.csv --target kind --pos-label one"
    train += " --estimator sklearn.naive_bayes.GaussianNB --timesteps 400"
    assert main(train.split()) == 0
    infer = "infer --no-mlflow --data table.csv --explain 5"
    assert main(infer.split()) == 0
    moved = pd.read_csv("corrected_probs.csv")["adjustment_one"]
    why = pd.read_csv(EXPLANATIONS)
    assert set(why["class"]) == {"one"}
    strongest = np.argsort(-moved.abs().to_numpy(), kind="stable")[:5]
    assert why["row"].tolist() == strongest.tolist()
    other = pd.read_csv("corrected_probs.csv").filter(like="adjustment_").abs().max(axis=1)
    assert np.argsort(-other.to_numpy(), kind="stable")[:5].tolist() != strongest.tolist()

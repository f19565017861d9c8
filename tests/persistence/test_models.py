"""Files of models: read back equal, and nothing else is read."""

import copy
import pickle
import sys
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from conftest import QUICK
from sklearn_rlcorrect import (
    SKOPS_TRUSTED_TYPES,
    PrecomputedProbaClassifier,
    RLCalibratedClassifier,
)
from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.persistence import dump_model, load_model

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def fitted(cancer):
    X, X_test, y, _ = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK).fit(X, y)
    assert model.posterior_ is not None
    return model, X_test


@pytest.mark.parametrize("name", ["model.joblib", "model.skops", "model"])
def test_read_back_equal(fitted, name, tmp_path):
    model, X = fitted
    dump_model(model, tmp_path / name)
    read = load_model(tmp_path / name)
    for priority in ("accuracy", "fp", "weighted"):
        np.testing.assert_array_equal(
            read.set_params(priority=priority).predict_proba(X),
            model.set_params(priority=priority).predict_proba(X),
        )
    model.set_params(priority="weighted")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "base",
    [
        LogisticRegression(max_iter=5000),
        GaussianNB(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        PrecomputedProbaClassifier([0]),
    ],
)
@pytest.mark.parametrize("frozen", [True, False])
def test_our_types_are_all_that_is_not_trusted(cancer, base, frozen):
    X, _, y, _ = cancer
    X = np.column_stack([(X[:, 0] < 14) * 1.0, X])
    base = FrozenEstimator(base.fit(X, y)) if frozen else base
    model = RLCalibratedClassifier(base, **QUICK).fit(X, y)
    data = skops.io.dumps(model)
    assert {*skops.io.get_untrusted_types(data=data)} <= {*SKOPS_TRUSTED_TYPES}
    read = skops.io.loads(data, trusted=SKOPS_TRUSTED_TYPES)
    np.testing.assert_array_equal(read.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
@pytest.mark.parametrize("damage", ["empty", "junk", "cut", "flipped"])
def test_damaged_files(fitted, name, damage, tmp_path):
    path = tmp_path / name
    dump_model(fitted[0], path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "empty": b"",
            "junk": b"junk",
            "cut": whole[:middle],
            "flipped": bytes(255 - byte for byte in whole[:200]) + whole[200:],
        }[damage]
    )
    with pytest.raises(ValueError, match=f"cannot read .*{name} as a (joblib|skops) file"):
        load_model(path)


class Evil:
    """Leaves a trace when it is made."""

    def __reduce__(self):
        return Path.touch, (Path("trace"),)


def test_a_foreign_skops_file_runs_nothing(fitted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("evil.skops").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ValueError, match=r"cannot read evil\.skops as a skops file"):
        load_model("evil.skops")
    with zipfile.ZipFile("zip.skops", "w") as file:
        file.writestr("schema.json", "{}")
    with pytest.raises(ValueError, match=r"cannot read zip\.skops as a skops file"):
        load_model("zip.skops")
    assert not Path("trace").exists()


@pytest.fixture(scope="module")
def with_trees(cancer):
    base = DecisionTreeClassifier(max_depth=2, random_state=0)
    return RLCalibratedClassifier(base, **QUICK).fit(cancer[0], cancer[2])


def test_types_of_the_classifier_must_be_trusted(with_trees, cancer, tmp_path):
    path = tmp_path / "model.skops"
    dump_model(with_trees, path)
    with pytest.raises(ValueError, match=r"types that are not trusted: sklearn.tree._tr"):
        load_model(path)
    model = load_model(path, trusted=["sklearn.tree._tree.Tree"])
    np.testing.assert_array_equal(model.predict(cancer[1]), with_trees.predict(cancer[1]))


@pytest.mark.parametrize("trusted", [[], ["sklearn.tree._tree.Tree"]])
@pytest.mark.parametrize("name", ["RandomForestClassifier", "Pipeline", "dict"])
def test_nothing_is_to_be_trusted_for_what_is_no_corrector(
    with_trees, name, trusted, tmp_path
):
    content = {
        "RandomForestClassifier": RandomForestClassifier(2).fit([[0.0], [1.0]], [0, 1]),
        "Pipeline": make_pipeline(StandardScaler(), with_trees),
        "dict": {"model": with_trees},
    }[name]
    dump_model(content, tmp_path / "other.skops")
    with pytest.raises(ValueError, match=rf"skops holds a {name}, not an RLCalibrated"):
        load_model(tmp_path / "other.skops", trusted=trusted)


class OwnCorrector(RLCalibratedClassifier):
    """A type of a user."""


def test_types_of_a_user_may_be_correctors(with_trees, tmp_path):
    own = OwnCorrector()
    vars(own).update(vars(with_trees))
    dump_model(own, tmp_path / "own.skops")
    own_type = f"{__name__}.OwnCorrector"
    with pytest.raises(ValueError, match=rf"types that are not trusted: .*{own_type}"):
        load_model(tmp_path / "own.skops")
    with pytest.raises(ValueError, match=r"types that are not trusted: sklearn.tree._tr"):
        load_model(tmp_path / "own.skops", trusted=[own_type])
    types = [own_type, "sklearn.tree._tree.Tree"]
    assert type(load_model(tmp_path / "own.skops", trusted=types)) is OwnCorrector


def test_a_lambda_of_another_writer_cannot_be_read(with_trees, tmp_path):
    model = copy.copy(with_trees).set_params(reward=lambda y, p, q: np.zeros(len(y)))
    skops.io.dump(model, tmp_path / "other.skops")
    with pytest.raises(ValueError, match=r"<lambda>, which cannot be imported, so that"):
        load_model(tmp_path / "other.skops")


def test_what_a_file_cannot_hold_leaves_the_file_that_was_there(fitted, tmp_path):
    model = copy.copy(fitted[0]).set_params(reward=lambda y, p, q: np.zeros(len(y)))
    for name in ("model.skops", "model.joblib"):
        dump_model(fitted[0], tmp_path / name)
        with pytest.raises(ValueError, match=r"model\.reward holds a lambda, which no"):
            dump_model(model, tmp_path / name)
        load_model(tmp_path / name)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_missing_skops_is_no_bad_model(fitted, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(ImportError, match="skops"):
        dump_model(fitted[0], tmp_path / "model.skops")


def test_a_later_format_is_refused(fitted, tmp_path):
    later = pickle.loads(pickle.dumps(fitted[0]))
    later.format_version_ += 1
    dump_model(later, tmp_path / "later.skops")
    with pytest.raises(ValueError, match="written by a later sklearn-rlcorrect, in format"):
        load_model(tmp_path / "later.skops")


# A later scikit-learn warns that its own parts are of another version.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_a_file_of_a_release_is_read(cancer, version):
    """Written by ``tests/data/write.py``; to be read by every later release."""
    model = load_model(DATA / f"format_{version}.skops")
    expected = np.load(DATA / f"format_{version}.npy")
    # Releases before format 4 did not round observations to single precision.
    atol = 1e-6 if version < 4 else 1e-9
    proba = model.predict_proba(cancer[1])
    np.testing.assert_allclose(proba, expected, rtol=0, atol=atol)
    assert (getattr(model, "posterior_", None) is None) == (version < 4)
    # Parameters that are newer than the file have their defaults.
    assert clone(model).get_params()["max_accuracy_drop"] is None
    assert "RLCalibratedClassifier" in repr(model)


def test_command_line_reads_its_skops_files(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train = "train --no-mlflow --timesteps 20 --save-data --output m.skops"
    infer = "infer --no-mlflow --model m.skops --data-dir data"
    for command in (train, infer):
        assert main(command.split()) == 0
    assert np.load("corrected_probs.npy").shape == (450, 2)


def test_joblib_and_pickle(fitted, tmp_path):
    model, X = fitted
    joblib.dump(model, tmp_path / "model.joblib")
    for read in (pickle.loads(pickle.dumps(model)), load_model(tmp_path / "model.joblib")):
        np.testing.assert_array_equal(read.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
def test_a_flipped_bit_is_refused_or_without_effect(fitted, cancer, name, tmp_path):
    path, rng = tmp_path / name, np.random.default_rng(0)
    dump_model(fitted[0], path)
    whole, n_refused = path.read_bytes(), 0
    expected = fitted[0].predict_proba(cancer[1])
    for position in rng.integers(0, len(whole), 40):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            model = load_model(path)
        except ValueError:
            n_refused += 1
            continue
        np.testing.assert_array_equal(model.predict_proba(cancer[1]), expected)
    assert n_refused > 20


@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
@pytest.mark.parametrize("search", [GridSearchCV, HalvingGridSearchCV])
def test_a_search_is_refused_when_it_is_written(cancer, search, name, tmp_path):
    X, _, y, _ = cancer
    model = RLCalibratedClassifier(GaussianNB(), **QUICK)
    found = search(model, {"max_adjustment": [0.5]}, cv=2).fit(X, y)
    message = f"{search.__name__} is a search, .* dump its best_estimator_"
    with pytest.raises(ValueError, match=message):
        dump_model(found, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    dump_model(found.best_estimator_, tmp_path / name)
    best = load_model(tmp_path / name)
    np.testing.assert_array_equal(best.predict_proba(X), found.predict_proba(X))


def test_a_search_that_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(ValueError, match="dump its best_estimator_"):
        dump_model(GridSearchCV(RLCalibratedClassifier(), {}), tmp_path / "model")


def other_first_layer(network):
    network[0] = network[0][1:]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda m: m.policies_["fp"][0][0].fill(np.nan), "arrays hold NaN or infinity"),
        (lambda m: m.policies_["fp"][0].pop(), "policies_ have other shapes|zip"),
        (lambda m: other_first_layer(m.policies_["fp"][0]), "policies_ have other shapes"),
        (lambda m: m.policies_.pop("fp"), "policies_ lack a priority"),
        (lambda m: setattr(m, "max_adjustment_", 7.0), "max_adjustment_ is out of range"),
        (lambda m: setattr(m, "classes_", m.classes_[::-1]), "classes_ are not sorted"),
        (lambda m: setattr(m, "estimator_", "text"), "estimator_ is no classifier"),
        (lambda m: setattr(m, "score_scale_", 0.0), "score_scale_ is out of range"),
        (lambda m: setattr(m, "score_scale_", np.nan), "score_scale_ is out of range"),
        (lambda m: setattr(m, "class_order_", np.array([0, 0])), "class_order_ is none"),
        (lambda m: setattr(m, "format_version_", "5"), "format_version_ is none"),
        (lambda m: setattr(m, "format_version_", -1), "format_version_ is none"),
        (lambda m: delattr(m, "class_order_"), "class_order_ is missing"),
        (lambda m: delattr(m, "feature_transformer_"), "AttributeError"),
        (lambda m: setattr(m, "feature_transformer_", "x"), "feature_transformer_ is"),
        (lambda m: setattr(m, "feature_names_in_", "x"), "feature_names_in_ are not"),
        (lambda m: setattr(m, "format_version_", None), "format_version_ is none"),
        (lambda m: m.posterior_["feature"].fill(31), "posterior_ has other trees"),
        (lambda m: m.posterior_["feature"].fill(-1), "posterior_ has other trees"),
        (lambda m: m.posterior_["threshold"].fill(np.nan), "posterior_ has other trees"),
        (lambda m: m.posterior_.update(n_classes=3), "posterior_ has other trees"),
        (
            lambda m: setattr(m, "guard_report_", {"fp": {"shrinkage": 7.0}}),
            "a shrinkage is out of range",
        ),
    ],
)
@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
def test_a_corrector_that_no_fit_makes_is_refused(fitted, change, problem, name, tmp_path):
    model = copy.deepcopy(fitted[0])
    change(model)
    dump_model(model, tmp_path / name)
    with pytest.raises(ValueError, match=f"no fit makes: ({problem})"):
        load_model(tmp_path / name)


@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
def test_what_is_appended_to_a_file_is_refused(fitted, name, tmp_path):
    dump_model(fitted[0], tmp_path / name)
    with open(tmp_path / name, "ab") as file:
        file.write(b"junk")
    if name == "model.skops":
        load_model(tmp_path / name)
        return
    with pytest.raises(ValueError, match=r"cannot read .*joblib as a joblib file: BadGzip"):
        load_model(tmp_path / name)


@pytest.mark.parametrize("name", ["model.joblib", "model.skops"])
def test_a_column_without_values_is_read_back(cancer, name, tmp_path):
    X, _, y, _ = cancer
    X = np.column_stack([X, np.full(len(X), np.nan)])
    base = make_pipeline(SimpleImputer(keep_empty_features=True), GaussianNB())
    model = RLCalibratedClassifier(base, **QUICK).fit(X, y)
    dump_model(model, tmp_path / name)
    same = load_model(tmp_path / name, trusted=["numpy.dtype"])
    np.testing.assert_array_equal(same.predict_proba(X), model.predict_proba(X))

"""Which module may import which, and what an import or a prediction may load."""

import ast
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import sklearn_rlcorrect
from conftest import QUICK
from sklearn_rlcorrect import RLCalibratedClassifier

PACKAGE = Path(sklearn_rlcorrect.__file__).parent

# Module: those of ours that it may import. No arrow goes back.
ARROWS = {
    "__init__": {"classifier", "persistence", "precomputed"},
    "__main__": {"cli"},
    "_adjustment": set(),
    "_callbacks": set(),
    "_guard": {"_adjustment"},
    "_links": set(),
    "_metadata": set(),
    "_observation": set(),
    "_onnx": {"_guard", "_observation", "_policy", "_posterior"},
    "_policy": set(),
    "_posterior": set(),
    "_problem": {"_adjustment", "rewards"},
    "_selection": {"_policy", "metrics"},
    "_td3": {"_adjustment", "_callbacks", "_policy", "_selection", "envs"},
    "_validation": {"_guard", "_selection", "rewards"},
    "features": {"_links"},
    "card": {"_guard", "evaluation", "metrics", "persistence", "plotting", "rewards"},
    "classifier": {
        "_adjustment",
        "_callbacks",
        "_guard",
        "_links",
        "_metadata",
        "_observation",
        "_policy",
        "_posterior",
        "_problem",
        "_selection",
        "_td3",
        "_validation",
        "features",
        "metrics",
        "rewards",
    },
    "_commands": {
        "sklearn_rlcorrect",
        "_guard",
        "_selection",
        "_validation",
        "datasets",
        "evaluation",
        "features",
        "inference",
        "persistence",
        "plotting",
        "rewards",
        "tracking",
    },
    "cli": {"sklearn_rlcorrect", "_commands", "_selection"},
    "datasets": {"persistence"},
    "envs": {"_observation"},
    "evaluation": {"_guard", "metrics", "rewards"},
    "export": {"_onnx", "features", "persistence", "precomputed"},
    "inference": {"_guard", "datasets", "features", "persistence", "precomputed"},
    "metrics": set(),
    "persistence": {"classifier"},
    "plotting": {"_guard", "_selection", "metrics", "persistence", "rewards"},
    "precomputed": {"_links"},
    "rewards": {"metrics"},
    "tracking": {"_selection", "evaluation", "persistence", "plotting"},
}

TRAINING_ONLY = ("torch", "stable_baselines3", "gymnasium")
ONNX = ("onnx", "onnxruntime", "skl2onnx")
HEAVY = (*TRAINING_ONLY, *ONNX, "mlflow", "matplotlib", "skops", "tqdm")


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module
            names = [alias.name for alias in node.names]
            yield from (
                f"{node.module}.{n}" for n in names if (PACKAGE / f"{n}.py").exists()
            )


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda p: p.stem)
def test_arrows(path):
    ours = {
        name.rpartition(".")[2]
        for name in imported_modules(path)
        if name.startswith("sklearn_rlcorrect")
    }
    assert ours <= ARROWS[path.stem]


def test_torch_has_one_door():
    users = {
        path.stem
        for path in PACKAGE.glob("*.py")
        if any(name.split(".")[0] in TRAINING_ONLY for name in imported_modules(path))
    }
    assert users == {"_td3", "envs"}


BLOCK = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY}:
            raise ModuleNotFoundError(f"{{name}} is blocked")

sys.meta_path.insert(0, Blocker())
"""


def run_python(code):
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_import_takes_nothing_heavy():
    code = f"import sys, sklearn_rlcorrect; print({HEAVY} & sys.modules.keys())"
    loaded = run_python(code.replace(str(HEAVY), f"set({HEAVY})"))
    assert loaded.strip() == "set()"


def test_predicting_needs_no_training_package(cancer, tmp_path):
    X, X_test, y, _ = cancer
    base = LogisticRegression(max_iter=5000)
    model = RLCalibratedClassifier(base, **QUICK).fit(X, y)
    joblib.dump((model, X_test), tmp_path / "model.joblib")
    run_python(
        BLOCK
        + f"""
import joblib
import numpy as np

folder = {str(tmp_path)!r}
model, X = joblib.load(folder + "/model.joblib")
np.save(folder + "/proba.npy", model.predict_proba(X))
try:
    model.fit(X, np.arange(len(X)) % 2)
except ModuleNotFoundError as error:
    assert "is blocked" in str(error)
else:
    raise SystemExit("the blocker does not block")
"""
    )
    proba = np.load(tmp_path / "proba.npy")
    np.testing.assert_array_equal(proba, model.predict_proba(X_test))


def test_fitted_corrector_holds_plain_data(cancer):
    X, _, y, _ = cancer
    model = RLCalibratedClassifier(LogisticRegression(max_iter=5000), **QUICK).fit(X, y)
    plain = (np.ndarray, list, dict, str, int, float, tuple, type(None))
    composed = {"estimator", "estimator_", "feature_transformer_", "observation_scaler_"}
    for name, value in vars(model).items():
        assert name in composed or isinstance(value, plain), name
    for policies in model.policies_.values():
        assert {type(array) for policy in policies for array in policy} == {np.ndarray}

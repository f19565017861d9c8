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

# From the top down. A part of the package, a folder or a module, imports from itself and
# from those below it: the agent and the guard know no files, nothing below knows MLflow.
LAYERS = (
    {"__main__"},
    {"cli"},
    {"tracking", "card", "comparison", "report"},
    {"datasets", "evaluation", "explanation", "export", "plotting"},
    {"persistence", "_statements"},
    {"classifier", "envs"},
    {"_fitting", "_learning", "decisions"},
    {"_updating"},
    {"_crossfit"},
    {"_routing", "_validation"},
    {"guard"},
    {"agent"},
    {"rewards", "features", "precomputed"},
    {"metrics", "threshold", "_autolog", "_callbacks", "_doc_link", "_parts", "_reversed"},
)
FACE = "__init__"

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
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path):
    for name in imported_modules(path):
        package, *inner = name.split(".")
        if package == PACKAGE.name and inner:
            yield from {inner[0], HOMES.get(inner[0])} & PARTS


PATHS = sorted(PACKAGE.rglob("*.py"))
PARTS = {part(path) for path in PATHS} - {FACE}
# Where that is from which the package itself offers.
HOMES = {
    alias.name: node.module.split(".")[1]
    for node in ast.parse((PACKAGE / "__init__.py").read_text()).body
    if isinstance(node, ast.ImportFrom)
    for alias in node.names
}


def test_every_part_has_a_layer():
    assert set().union(*LAYERS) == PARTS


@pytest.mark.parametrize("path", PATHS, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_go_down(path):
    level = {name: i for i, layer in enumerate(LAYERS) for name in layer}
    own = part(path)
    if own != FACE:
        up = [name for name in imported_parts(path) if level[name] <= level[own]]
        assert set(up) <= {own}


def test_only_the_training_needs_torch():
    users = {
        path.stem
        for path in PATHS
        if any(name.split(".")[0] in TRAINING_ONLY for name in imported_modules(path))
    }
    assert users == {"td3", "networks", "replay", "envs"}


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


def test_a_training_imports_neither_the_compiler_of_torch_nor_sympy():
    """They take as long as a small training."""
    code = f"""
import sys
import numpy as np
from sklearn.naive_bayes import GaussianNB
from sklearn_rlcorrect import RLCalibratedClassifier

X = np.random.default_rng(0).normal(size=(200, 2))
RLCalibratedClassifier(GaussianNB(), **{QUICK}).fit(X, X.sum(axis=1) > 0)
print({{"torch", "torch._dynamo", "sympy"}} & sys.modules.keys())
"""
    assert run_python(code).strip() == "{'torch'}"


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

#!/usr/bin/env bash
# Prediction without torch and stable-baselines3: only the packages of requirements-predict.txt
# in a new environment, a saved model of tests/data, and the probabilities that it must give.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet -c constraints.txt -r requirements-predict.txt
"$folder/venv/bin/pip" install --quiet --no-deps .
model=$(ls tests/data/format_*.skops | sort -V | tail -1)
cp "$model" "$folder/model.skops"
cp "${model%.skops}.npy" "$folder/expected.npy"
cd "$folder" && venv/bin/python - <<'PYTHON'
from importlib.util import find_spec

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from sklearn_rlcorrect.persistence import load_model

absent = ["torch", "stable_baselines3", "gymnasium", "mlflow", "matplotlib", "pandas"]
assert not any(map(find_spec, absent)), "this environment has packages of the training"
X, y = load_breast_cancer(return_X_y=True)
X_test = train_test_split(X, y, random_state=0, stratify=y)[1]
proba = load_model("model.skops").predict_proba(X_test)
np.testing.assert_allclose(proba, np.load("expected.npy"), atol=1e-12)
print("predicts without torch")
PYTHON

"""Write the files that every later release must read.

python tests/data/write.py

To be run once per ``FORMAT_VERSION``, by the first release that has it.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.classifier import FORMAT_VERSION
from sklearn_rlcorrect.persistence import dump_model

if __name__ == "__main__":
    X, y = load_breast_cancer(return_X_y=True)
    X, X_test, y, _ = train_test_split(X, y, random_state=0, stratify=y)
    model = RLCalibratedClassifier(
        GaussianNB(),
        total_timesteps=4000,
        n_policies=2,
        net_arch=(16,),
        fp_weight={0: 1.5},
        max_fpr=0.05,
        priority="weighted",
        guard_fraction=0.5,
        random_state=0,
    ).fit(X, y)
    name = Path(__file__).parent / f"format_{FORMAT_VERSION}"
    dump_model(model, name.with_suffix(".skops"))
    np.save(name.with_suffix(".npy"), model.predict_proba(X_test))

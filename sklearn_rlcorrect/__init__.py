"""Fewer false positives from any classifier, by reinforcement learning."""

from sklearn_rlcorrect.classifier import RLCalibratedClassifier
from sklearn_rlcorrect.persistence import SKOPS_TRUSTED_TYPES
from sklearn_rlcorrect.precomputed import PrecomputedProbaClassifier

__version__ = "0.1.0"

__all__ = [
    "SKOPS_TRUSTED_TYPES",
    "PrecomputedProbaClassifier",
    "RLCalibratedClassifier",
    "__version__",
]

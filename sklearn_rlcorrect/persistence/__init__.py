"""Files of models, and files that are written whole or not at all."""

from sklearn_rlcorrect.persistence.files import check_output, replacing
from sklearn_rlcorrect.persistence.models import (
    SKOPS_TRUSTED_TYPES,
    check_corrector,
    dump_model,
    load_model,
)

__all__ = [
    "SKOPS_TRUSTED_TYPES",
    "check_corrector",
    "check_output",
    "dump_model",
    "load_model",
    "replacing",
]

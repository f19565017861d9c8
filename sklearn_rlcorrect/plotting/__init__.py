"""Pictures of a correction, as scikit-learn's displays; matplotlib is imported to draw."""

from sklearn_rlcorrect.plotting.adjustment import AdjustmentDisplay
from sklearn_rlcorrect.plotting.confusion import ConfusionChangeDisplay
from sklearn_rlcorrect.plotting.correction import CorrectionDisplay
from sklearn_rlcorrect.plotting.false_positives import FalsePositiveDisplay
from sklearn_rlcorrect.plotting.guard import GuardDisplay
from sklearn_rlcorrect.plotting.off_policy import OffPolicyValueDisplay
from sklearn_rlcorrect.plotting.operating_points import OperatingPointDisplay
from sklearn_rlcorrect.plotting.reliability import ReliabilityDisplay
from sklearn_rlcorrect.plotting.save import save_pictures
from sklearn_rlcorrect.plotting.tradeoff import TradeoffDisplay
from sklearn_rlcorrect.plotting.training import TrainingCurveDisplay

__all__ = [
    "AdjustmentDisplay",
    "ConfusionChangeDisplay",
    "CorrectionDisplay",
    "FalsePositiveDisplay",
    "GuardDisplay",
    "OffPolicyValueDisplay",
    "OperatingPointDisplay",
    "ReliabilityDisplay",
    "TradeoffDisplay",
    "TrainingCurveDisplay",
    "save_pictures",
]

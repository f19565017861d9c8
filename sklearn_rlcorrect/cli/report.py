"""Print what was measured and proven."""

from sklearn_rlcorrect.guard import Limits, describe
from sklearn_rlcorrect.rewards import positive_labels

_DIGITS = {"cost": 1, "changed": 0, "false_positives": 0, "false_negatives": 0}
_NO_POLICY = """
No policy beat the classifier on the rows that judge the candidates, so its probabilities
stay as they are. More rows or another --fp-weight may help."""
_NOT_PROVEN = """
Not proven: {limits}
(the classifier is left as it is, and may break the limits: use more rows, a larger
--guard-fraction, or fewer or weaker limits)"""
_PROVEN = """
Proven on a calibration set of {n_rows} rows: {limits}
(shrinkage {shrinkage:g}{threshold})"""


def print_scores(model, scores):
    """Print a table of the metrics before and after the correction.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    scores : dict of str to dict
        From :func:`~sklearn_rlcorrect.evaluation.evaluate_correction`.
    """
    positive = _positive(model)
    if positive is not None:
        print(f"\npositive: {positive}", end="")
    print(f"\n{'on these rows':18}{'before':>10}{'after':>10}")
    for name, before in scores["before"].items():
        digits, after = _DIGITS.get(name, 4), scores["after"][name]
        label = _label(model, name)
        print(f"{label:18}{before:10.{digits}f}{after:10.{digits}f}")
    if model.selected_[model.priority] == 0:
        print(_NO_POLICY)


def print_proven(model):
    """Print which limits are proven, if there are any.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.
    """
    report = model.guard_report_.get(model.priority)
    if report is None:
        return
    limits = describe(Limits.of_report(report))
    if not report["proven"]:
        print(_NOT_PROVEN.format(limits=limits))
        return
    threshold = report["threshold"]
    numbers = {
        "n_rows": report["n_rows"],
        "shrinkage": report["shrinkage"],
        "threshold": "" if threshold is None else f", threshold {threshold:.4f}",
    }
    print(_PROVEN.format(limits=limits, **numbers))


def _positive(model):
    positive = positive_labels(model.fp_weight, model.pos_label)
    if positive is None and len(model.classes_) == 2:
        return model.classes_[1]
    return positive


def _label(model, name):
    if name == "cost" and not isinstance(model.fp_weight, dict):
        return f"cost ({model.fp_weight:g} per FP)"
    return name.replace("_", " ")

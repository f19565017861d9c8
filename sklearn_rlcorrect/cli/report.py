"""Print what was measured and proven."""

import re
from copy import copy
from textwrap import fill

from sklearn_rlcorrect._statements import idle_reason, meaning, verdict
from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.guard import Limits, describe
from sklearn_rlcorrect.rewards import positive_labels

_WIDTH = 79
_COUNTS = ("false_positives", "false_negatives", "changed", "fixed", "broken")
_DIGITS = {"cost": 1} | dict.fromkeys((*_COUNTS, "false_positives_at_recall"), 0)
_OF_PRIORITY = {"false_positives": 0, "recall": 3, "cost": 1}
_COLUMNS = {"before": "before", "threshold_alone": "threshold", "after": "after"}
_NO_POLICY = """
No policy beat the classifier on the validation rows, so its probabilities stay as
they are. More rows or another --fp-weight may help{threshold}."""
_OR_THRESHOLD = """, or the threshold {threshold:.3f}
of the classifier alone"""
_CLASSIFIER = """
positive: {positive}
classifier: {before_false_positives:.0f} false positives, recall {before_recall:.4f}, \
accuracy {before_accuracy:.4f}

             of the correction:               cost of the:                saved beyond
fp_weight     FP  recall  accuracy  classifier  threshold  correction    the threshold"""
_OF_COST = (
    "{fp_weight:9g}{after_false_positives:7.0f}{after_recall:8.4f}{after_accuracy:10.4f}"
    "{before_cost:12.1f}{threshold_alone_cost:11.1f}{after_cost:12.1f}"
    "{saving:10.1f} ({saving_lower:.1f} to {saving_upper:.1f})"
)
_ABOUT_COSTS = """
(FP: false positives; threshold: the classifier with the threshold that cost least out of
fold in training; in brackets the 95 % interval of what is saved)"""
_NO_POLICY_AT = """
At fp_weight {:g} no policy beat the classifier on the validation rows, and it is left as
it is."""
_NOT_PROVEN = """
Not proven: {limits}
(the classifier is left as it is, and may break the limits: use more rows, a larger
--guard-fraction, or fewer or weaker limits)"""
_PROVEN = """
Proven on a calibration set of {n_rows} rows: {limits}
(shrinkage {shrinkage:g}{threshold})"""


def print_scores(model, scores, saving):
    """Print a table of the metrics before and after the correction, and what it saves.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    scores : dict of str to dict
        From :func:`~sklearn_rlcorrect.evaluation.evaluate_correction`.

    saving : dict or None
        From :func:`~sklearn_rlcorrect.evaluation.saving_interval`.
    """
    positive = _positive(model)
    if positive is not None:
        print(f"\npositive: {positive}", end="")
    print(f"\n{'on these rows':20}" + "".join(f"{_COLUMNS[name]:>10}" for name in scores))
    if "threshold_alone" in scores:
        print(f"{'':30}{'alone':>10}")
    for name in scores["before"]:
        digits = _DIGITS.get(name, 4)
        values = [f"{metrics[name]:10.{digits}f}" for metrics in scores.values()]
        print(f"{_label(model, name):20}" + "".join(values))
    if scores["after"]["brier"] > scores["before"]["brier"]:
        _print_sentence(meaning(model, scores))
    if model.selected_[model.priority] == 0:
        print(_no_policy(model))
    if saving is not None:
        _print_sentence(verdict(model, scores, saving))


def _print_sentence(markdown):
    print("\n" + fill(re.sub(r"[`*]", "", markdown), _WIDTH))


def _no_policy(model):
    threshold = model.base_threshold_
    alone = "" if threshold in (None, 0.5) else _OR_THRESHOLD.format(threshold=threshold)
    return _NO_POLICY.format(threshold=alone)


def print_priorities(model, scores):
    """Print a line for each priority: what it does, or why it does nothing.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    scores : dict of str to dict
        From :func:`~sklearn_rlcorrect.evaluation.evaluate_priorities`.
    """
    print("\nWhat each priority does on these rows:")
    for priority, of_priority in scores.items():
        name = f"{priority} (in use)" if priority == model.priority else priority
        reason = idle_reason(_variant(model, priority))
        what = f"nothing: {reason}" if reason else _effect(of_priority)
        print(f"  {name:18}{what}")


def active_priorities(model):
    """List the priorities that correct anything, the one in use first.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    Returns
    -------
    priorities : list of str
        Empty if none does.
    """
    others = [priority for priority in PRIORITIES if priority != model.priority]
    names = [model.priority, *others]
    return [name for name in names if not idle_reason(_variant(model, name))]


def print_idle(model):
    """Print that a model changes nothing, why, and which priority would; else nothing.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.
    """
    reason, active = idle_reason(model), active_priorities(model)
    if reason:
        hint = f" --model-priority {active[0]} corrects." if active else ""
        print(f"The model leaves all rows as they are: {reason}.{hint}")


def _variant(model, priority):
    return copy(model).set_params(priority=priority)


def _effect(scores):
    before, after = scores["before"], scores["after"]
    changes = [
        f"{name.replace('_', ' ')} {before[name]:.{digits}f} to {after[name]:.{digits}f}"
        for name, digits in _OF_PRIORITY.items()
    ]
    return f"{', '.join(changes)}; {after['changed']:.0f} decisions changed"


def print_fp_weights(correctors, table):
    """Print what several costs of a false positive come to, one per line.

    Parameters
    ----------
    correctors : dict of float to RLCalibratedClassifier
        Fitted.

    table : list of dict of str to float
        From :func:`~sklearn_rlcorrect.comparison.compare_fp_weights`.
    """
    positive = _positive(next(iter(correctors.values())))
    print(_CLASSIFIER.format(positive=positive, **table[0]))
    for row in table:
        print(_OF_COST.format(**row))
    print(_ABOUT_COSTS)
    for weight, model in correctors.items():
        if model.selected_[model.priority] == 0:
            print(_NO_POLICY_AT.format(weight))
        if model.guard_report_:
            print(f"\nfp_weight {weight:g}:", end="")
            print_proven(model)


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
    if name == "false_positives_at_recall":
        return "FP at recall before"
    if name == "cost" and not isinstance(model.fp_weight, dict):
        return f"cost ({model.fp_weight:g} per FP)"
    return name.replace("_", " ")

"""Sentences about a corrector, derived from its figures: of model cards, reports, commands.

They are Markdown, with backticks around labels and parameters.
"""

import numpy as np

from sklearn_rlcorrect._updating import costs_of
from sklearn_rlcorrect.guard import Limits, decision_rule, describe
from sklearn_rlcorrect.rewards import class_weights

_PURPOSE = (
    "A classifier whose probabilities are corrected by a policy trained with "
    "reinforcement learning. No probability is moved by more than {bound:g}. {costs}; the "
    "policy in use is the one for the priority “{priority}”."
)
_COSTS = "A false positive costs {fp_weight}, a false negative 1"
_COSTS_OF_CLASSES = "A false positive costs what its class does: {fp_weight}"
_COSTS_ALIKE = "All mistakes cost alike"
_OTHER_CAVEATS = (
    "The correction is as good as the rows it was learnt from: under drift it can harm. "
    "Compare before and after again on fresh labelled rows.",
    "Reading a model from a joblib or pickle file runs code. Read such files from people "
    "you trust, or use skops.",
)
_MEASURED = (
    "These changes were measured, and nothing is proven: other rows can show others."
)
_PROVEN = (
    "Proven on {n_rows} rows that nothing was fitted on: {limits}. That is about rows like "
    "those."
)
_NOT_PROVEN = (
    "Not proven on {n_rows} rows that nothing was fitted on: {limits}. The probabilities "
    "are therefore left as they are."
)
_STALE = (
    "What was proven on {n_rows} rows, {limits}, was proven before the last update: test "
    "it on fresh rows by `check_guard`."
)
_SCORES = (
    "The corrected values are decision scores, not calibrated probabilities: {reason}."
)
_PROBABILITIES = "The corrected values estimate probabilities; the Brier score {change}."

_NAMES = {"false_positives_at_recall": "false positives at the classifier's recall"}

# The optimum of these rewards is the probability.
_PROPER = ("brier", "log_loss")

# Two classes are decided at this threshold.
_DEFAULT_THRESHOLD = 0.5

# Metrics that are put in words, and whether more of them is worse.
_WORSE_IF_MORE = {"cost": True, "false_positives": True, "accuracy": False, "recall": False}


def purpose(estimator):
    """Describe what a corrector is, and its parameters."""
    return _PURPOSE.format(
        bound=estimator.max_adjustment_ * decision_rule(estimator)["shrinkage"],
        costs=_costs(estimator),
        priority=estimator.priority,
    )


def _costs(estimator):
    if not _weighs(estimator):
        return _COSTS_ALIKE
    is_dict = isinstance(estimator.fp_weight, dict)
    text = _COSTS_OF_CLASSES if is_dict else _COSTS
    return text.format(fp_weight=estimator.fp_weight)


def _weighs(estimator):
    """Return whether some mistakes cost more than others."""
    costs, _ = costs_of(estimator)
    return np.ptp(class_weights(costs)) > 0


def idle_reason(estimator):
    """Say why a corrector leaves all rows as they are; empty if it does not."""
    rule = decision_rule(estimator)
    if getattr(estimator, "update_history_", {}).get("base_decides", [False])[-1]:
        return "it did worse than the classifier on the newest rows"
    if rule["threshold"] is not None:
        return ""
    if estimator.selected_[estimator.priority] == 0:
        return "no policy beat the classifier on the validation rows"
    if rule["shrinkage"] == 0:
        return f"no correction is proven to keep {describe(Limits.of_report(rule))}"
    return ""


def effect(scores, n_rows, rows="rows"):
    """Describe what changes on the rows, for better or worse."""
    changes = [_change(name, scores) for name in _WORSE_IF_MORE]
    text = (
        f"On {n_rows} {rows}, the correction changes {scores['after']['changed']:g} "
        f"of the decisions: {', '.join(changes[:-1])}, and {changes[-1]}."
    )
    if "threshold_alone" not in scores:
        return text
    alone = {name: _figure(value) for name, value in scores["threshold_alone"].items()}
    return (
        f"{text} With the threshold alone, cost is {alone['cost']}, false positives "
        f"{alone['false_positives']}, accuracy {alone['accuracy']}, and recall "
        f"{alone['recall']}."
    )


def verdict(estimator, scores, saving):
    """Say which to use: the classifier as it is, another threshold, or the correction."""
    names = ("before", "threshold_alone", "after")
    before, alone, after = (scores[name]["cost"] for name in names)
    value, other = saving["value"], _threshold_alone(estimator)
    interval = f"95 % interval {saving['lower']:.1f} to {saving['upper']:.1f}"
    if before <= min(alone, after):
        found = (
            f"On these rows nothing costs less than the classifier as it is ({before:.1f}; "
            f"threshold alone {alone:.1f}, correction {after:.1f}; what that saves beyond "
            f"the threshold has the {interval})"
        )
        return _advised(estimator, found, ": **leave it as it is.**")
    beyond = ""
    if alone > before:
        beyond = f" It saves {before - after:.1f} beyond the classifier as it is."
    if saving["lower"] > 0:
        return (
            f"Beyond {other}, the correction saves {value:.1f} of the cost ({interval})."
            f"{beyond}"
        )
    if saving["upper"] < 0:
        found = f"The correction costs {-value:.1f} more than {other} ({interval} saved)"
        return _advised(estimator, found, ": **use that instead.**")
    change = f"saves {value:.1f} of the cost" if value >= 0 else f"costs {-value:.1f} more"
    found = (
        f"Whether the correction is better than {other} is not decided: it {change} "
        f"({interval} saved)"
    )
    if beyond:
        return f"{found}.{beyond}"
    is_default = estimator.base_threshold_ == _DEFAULT_THRESHOLD
    simpler = "classifier alone" if is_default else "threshold alone"
    return _advised(estimator, found, f". The {simpler} is simpler.")


def _advised(estimator, found, advice):
    """Add advice against the correction, unless that alone is proven to keep limits."""
    rule = decision_rule(estimator)
    is_proven = rule.get("proven", False) and not rule.get("stale", False)
    return found + (", but no limit is proven of that." if is_proven else advice)


def _threshold_alone(estimator):
    threshold = estimator.base_threshold_
    if threshold == _DEFAULT_THRESHOLD:
        return "the classifier as it is"
    # No probability is above 1.
    note = ", which predicts no row as positive" if threshold >= 1 else ""
    return f"the classifier with threshold {threshold:.3f}{note}"


def _change(name, scores):
    """Describe the change of a metric, such as "accuracy falls from 0.9 to 0.8"."""
    before, after = scores["before"][name], scores["after"][name]
    subject, s = name.replace("_", " "), "" if name.endswith("s") else "s"
    if _figure(before) == _figure(after):
        return f"{subject} stay{s} at {_figure(before)}"
    verb = "fall" if after < before else "rise"
    return f"{subject} {verb}{s} from {_figure(before)} to {_figure(after)}"


def _price(scores, n_rows):
    """Name the metrics that get worse."""
    gains = {
        name: scores["after"][name] - scores["before"][name] for name in _WORSE_IF_MORE
    }
    worse = [
        _change(name, scores)
        for name, is_cost in _WORSE_IF_MORE.items()
        if (gains[name] > 0 if is_cost else gains[name] < 0)
    ]
    if gains["cost"] > 0:
        head = "**It costs more than the classifier alone**"
    elif worse:
        head = "The price of a lower cost" if gains["cost"] < 0 else "At the same cost"
    else:
        return (
            f"On {n_rows} rows, none of cost, false positives, accuracy and "
            "recall is worse than the classifier's."
        )
    return f"{head}, on {n_rows} rows: {'; '.join(worse)}."


def classes(estimator):
    """Name the classes, and which are positive."""
    _, positives = costs_of(estimator)
    return (
        f"Classes: {_listed(estimator.classes_)}. False positives and false negatives are "
        f"those of {_listed(estimator.classes_[positives])}."
    )


def caveats(estimator, scores, n_rows):
    """Describe, in a list, what a user must know before relying on a corrector."""
    found = [_price(scores, n_rows), _evidence(estimator), meaning(estimator, scores)]
    return [*found, *_OTHER_CAVEATS]


def _evidence(estimator):
    report = decision_rule(estimator)
    if "proven" not in report:
        return _MEASURED
    text = _PROVEN if report["proven"] else _NOT_PROVEN
    text = _STALE if report.get("stale") else text
    return text.format(n_rows=report["n_rows"], limits=describe(Limits.of_report(report)))


def meaning(estimator, scores):
    """Describe whether the corrected values are probabilities."""
    if _weighs(estimator):
        return _SCORES.format(reason="`fp_weight` is not 1")
    if estimator.reward not in _PROPER:
        return _SCORES.format(reason="`reward` is no proper score")
    return _PROBABILITIES.format(change=_change("brier", scores).removeprefix("brier "))


def score_table(scores):
    """Return the metrics as columns of texts, the first with their names."""
    return {"": [_NAMES.get(n, n.replace("_", " ")) for n in scores["before"]]} | {
        when.replace("_", " "): [_figure(value) for value in values.values()]
        for when, values in scores.items()
    }


def _figure(value):
    """A count whole, anything else with four decimals."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _listed(labels):
    return ", ".join(f"`{_inline(label)}`" for label in labels.tolist())


def _inline(label):
    """Keep a label on its line, and within its backticks."""
    return " ".join(str(label).replace("`", "'").split())

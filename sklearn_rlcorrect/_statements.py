"""Sentences about a corrector, derived from its figures: of model cards and reports.

They are Markdown, with backticks around labels and parameters.
"""

from sklearn_rlcorrect._updating import costs_of
from sklearn_rlcorrect.guard import Limits, decision_rule, describe

_PURPOSE = (
    "A classifier whose probabilities are corrected by a policy trained with "
    "reinforcement learning. No probability is moved by more than {bound:g}. A false "
    "positive weighs {fp_weight}, a false negative 1; the policy in use is the one for the "
    "priority “{priority}”."
)
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

# The optimum of these rewards is the probability.
_PROPER = ("brier", "log_loss")

# Metrics that the card puts in words, and whether more of them is worse.
_WORSE_IF_MORE = {"false_positives": True, "accuracy": False, "recall": False}


def purpose(estimator):
    """Describe what a corrector is, and its parameters."""
    return _PURPOSE.format(
        bound=estimator.max_adjustment_ * decision_rule(estimator)["shrinkage"],
        fp_weight=estimator.fp_weight,
        priority=estimator.priority,
    )


def idle_reason(estimator):
    """Say why a corrector leaves all rows as they are; empty if it does not."""
    rule = decision_rule(estimator)
    if getattr(estimator, "update_history_", {}).get("base_decides", [False])[-1]:
        return "it did worse than the classifier on the newest rows"
    if rule["threshold"] is not None:
        return ""
    if estimator.selected_[estimator.priority] == 0:
        return "no candidate beat the classifier on the rows that judge them"
    if rule["shrinkage"] == 0:
        return f"no correction is proven to keep {describe(Limits.of_report(rule))}"
    return ""


def effect(scores, n_rows, rows="held-out rows"):
    """Describe what changes on the rows, for better or worse."""
    changes = [_change(name, scores) for name in _WORSE_IF_MORE]
    return (
        f"On {n_rows} {rows}, the correction changes {scores['after']['changed']:g} "
        f"of the decisions: {', '.join(changes[:-1])}, and {changes[-1]}."
    )


def beyond_threshold(estimator, saving):
    """Describe what the correction is worth beyond another threshold."""
    interval = f"95 % interval {saving['lower']:.4g} to {saving['upper']:.4g}"
    text = (
        f"The classifier alone with the threshold {estimator.base_threshold_:.4g}, which "
        f"cost least in training, costs {abs(saving['value']):.4g} "
        f"{'more' if saving['value'] >= 0 else 'less'} than the correction on these rows "
        f"({interval})"
    )
    if saving["lower"] > 0:
        return f"{text}."
    if saving["upper"] < 0:
        return f"{text}: **use that threshold instead.**"
    return f"{text}: which is better is not decided, and a threshold is simpler."


def _change(name, scores):
    """Describe the change of a metric, such as "accuracy falls from 0.9 to 0.8"."""
    before, after = scores["before"][name], scores["after"][name]
    subject, s = name.replace("_", " "), "" if name.endswith("s") else "s"
    if _figure(before) == _figure(after):
        return f"{subject} stay{s} at {_figure(before)}"
    verb = "fall" if after < before else "rise"
    return f"{subject} {verb}{s} from {_figure(before)} to {_figure(after)}"


def _verdict(scores, n_rows):
    """Name the metrics that get worse on the held-out rows."""
    gains = {
        name: scores["after"][name] - scores["before"][name] for name in _WORSE_IF_MORE
    }
    worse = [
        _change(name, scores)
        for name, is_cost in _WORSE_IF_MORE.items()
        if (gains[name] > 0 if is_cost else gains[name] < 0)
    ]
    if worse:
        return f"**Worse than the classifier alone** on {n_rows} held-out rows: " + (
            "; ".join(worse) + "."
        )
    return (
        f"On {n_rows} held-out rows, none of false positives, accuracy and recall is worse "
        "than the classifier's."
    )


def classes(estimator):
    """Name the classes, and which are positive."""
    _, positives = costs_of(estimator)
    return (
        f"Classes: {_listed(estimator.classes_)}. False positives and false negatives are "
        f"those of {_listed(estimator.classes_[positives])}."
    )


def caveats(estimator, scores, n_rows):
    """Describe, in a list, what a user must know before relying on a corrector."""
    found = [_verdict(scores, n_rows), _evidence(estimator), _meaning(estimator, scores)]
    return [*found, *_OTHER_CAVEATS]


def _evidence(estimator):
    report = decision_rule(estimator)
    if "proven" not in report:
        return _MEASURED
    text = _PROVEN if report["proven"] else _NOT_PROVEN
    text = _STALE if report.get("stale") else text
    return text.format(n_rows=report["n_rows"], limits=describe(Limits.of_report(report)))


def _meaning(estimator, scores):
    """Describe whether the corrected values are probabilities."""
    if estimator.fp_weight != 1:
        return _SCORES.format(reason="`fp_weight` is not 1")
    if estimator.reward not in _PROPER:
        return _SCORES.format(reason="`reward` is no proper score")
    return _PROBABILITIES.format(change=_change("brier", scores).removeprefix("brier "))


def score_table(scores):
    """Return the metrics as columns of texts, the first with their names."""
    return {"": [name.replace("_", " ") for name in scores["before"]]} | {
        when.replace("_", " "): [_figure(value) for value in values.values()]
        for when, values in scores.items()
    }


def _figure(value):
    return f"{value:.6g}"


def _listed(labels):
    return ", ".join(f"`{label}`" for label in labels.tolist())

"""What the trade-off draws, from a fitted corrector or from probabilities."""

from copy import copy
from numbers import Real

import numpy as np
from sklearn.utils import check_scalar, indexable

from sklearn_rlcorrect.agent.prediction import correct
from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.guard import LIMIT_NAMES, Limits, decision_rule
from sklearn_rlcorrect.metrics import false_positive_costs, positive_classes
from sklearn_rlcorrect.plotting._base import arguments_of_predictions, model_name
from sklearn_rlcorrect.plotting.class_tradeoff import MOST_CLASSES, ClassTradeoffs
from sklearn_rlcorrect.plotting.flagged import (
    flagged_at_thresholds,
    flagged_by_decision,
    wrongly_predicted,
)
from sklearn_rlcorrect.rewards import class_weights, positive_labels


def tradeoff_of_estimator(estimator, X, y, before, pos_label=None):
    """Compute the arguments of the display from a fitted corrector and labelled rows.

    `before` holds the probabilities of its classifier.
    """
    own = positive_labels(estimator.fp_weight, estimator.pos_label)
    pos_label = own if pos_label is None else pos_label
    classes = estimator.classes_
    arguments = arguments_of_predictions(y, before, before, classes, pos_label, None)
    costs = false_positive_costs(estimator.fp_weight, classes, estimator.pos_label)
    after, thresholds = _of_priorities(estimator, X, before)
    common = {
        "classes": classes,
        "priority": estimator.priority,
        "caption": f"{model_name(estimator)}, priority “{estimator.priority}”",
    }
    k, *others = _shown_classes(arguments)
    if others:
        weights = dict(zip(classes.tolist(), costs.tolist(), strict=True))
        common |= {"pos_label": pos_label, "fp_weight": weights}
        return tradeoff_of_predictions(y, before, after, **common)
    is_own = positive_classes(classes, own).tolist() == [k]
    return tradeoff_of_predictions(
        y,
        before,
        after,
        pos_label=classes[k],
        fp_weight=_relative_weight(costs, k),
        threshold=_threshold_of(estimator.base_threshold_, is_own, len(costs)),
        corrected_threshold={
            p: _threshold_of(t, is_own, len(costs)) for p, t in thresholds.items()
        },
        limits=_limits_of(estimator) if is_own and len(costs) == 2 else None,
        **common,
    )


def tradeoff_of_predictions(
    y_true,
    before,
    after,
    *,
    classes=None,
    pos_label=None,
    fp_weight=1.0,
    priority=None,
    threshold=None,
    corrected_threshold=None,
    caption="",
    limits=None,
):
    """Compute the arguments of the display from probabilities.

    See :meth:`TradeoffDisplay.from_predictions`.
    """
    after = after if isinstance(after, dict) else {"corrected": after}
    priority = _check_priority(priority, after)
    cuts = corrected_threshold
    cuts = cuts if isinstance(cuts, dict) else dict.fromkeys(after, cuts)
    checked = {
        name: arguments_of_predictions(
            y_true, before, proba, classes, pos_label, cuts.get(name)
        )
        for name, proba in after.items()
    }
    drawn = checked[priority]
    shown = _shown_classes(drawn)
    _check_numbers(threshold, limits or {}, len(drawn["classes"]))
    against_rest = [_against_the_rest(checked, drawn, threshold, k) for k in shown]
    curves, points = against_rest[0]
    if len(shown) == 1:
        check_scalar(fp_weight, "fp_weight", Real, min_val=0)
        of_classes = {"fp_weight": fp_weight}
    else:
        _check_no_threshold(threshold, cuts, len(shown))
        of_classes = _of_several_classes(checked, drawn, shown, against_rest, fp_weight)
    return of_classes | {
        "curves": curves,
        "points": points,
        "label": drawn["classes"][shown[0]],
        "caption": caption,
        "limits": limits,
        "n_classes": len(drawn["classes"]),
    }


def _of_several_classes(checked, drawn, shown, against_rest, fp_weight):
    """Return the classes, each against the rest, and the relative weight of the first."""
    costs = _costs(fp_weight, drawn)
    per_class = ClassTradeoffs(
        classes=drawn["classes"],
        drawn=shown,
        n_positive=len(drawn["positives"]),
        curves=[curves for curves, _ in against_rest],
        points=[points for _, points in against_rest],
        mistakes=_mistakes(checked, drawn),
        costs=costs,
    )
    return {"per_class": per_class, "fp_weight": _relative_weight(costs, shown[0])}


def _against_the_rest(checked, drawn, threshold, k):
    """Return the curves and the points of a class."""
    is_positive = drawn["y_true"] == k
    points = {"classifier": flagged_by_decision(is_positive, drawn["before"], None, k)}
    if threshold is not None:
        points["threshold alone"] = flagged_by_decision(
            is_positive, drawn["before"], threshold, k
        )
    for name, one in checked.items():
        points[name] = flagged_by_decision(is_positive, one["after"], one["threshold"], k)
    curves = {
        "classifier": flagged_at_thresholds(is_positive, drawn["before"][:, k]),
        "corrected": flagged_at_thresholds(is_positive, drawn["after"][:, k]),
    }
    return curves, points


def _mistakes(checked, drawn):
    """Count the rows that each decision wrongly predicts to be each class."""
    decisions = {"classifier": drawn["before"]}
    decisions |= {name: one["after"] for name, one in checked.items()}
    return {
        name: wrongly_predicted(drawn["y_true"], proba.argmax(axis=1), proba.shape[1])
        for name, proba in decisions.items()
    }


def _costs(fp_weight, drawn):
    """Return the cost of a false positive of each class, after a check."""
    weights = fp_weight if isinstance(fp_weight, dict) else {None: fp_weight}
    for label, weight in weights.items():
        name = "fp_weight" if label is None else f"fp_weight[{label!r}]"
        check_scalar(weight, name, Real, min_val=0)
    labels = drawn["classes"][drawn["positives"]].tolist()
    weights = fp_weight if isinstance(fp_weight, dict) else dict.fromkeys(labels, fp_weight)
    return false_positive_costs(weights, drawn["classes"])


def _relative_weight(costs, k):
    """Weigh a class against false negatives, which cost what those of others do."""
    others = class_weights(costs)[k]
    return float(costs[k] / others) if others else float("inf")


def _limits_of(estimator):
    """Return the limits that a corrector was fitted with; none, if there is no guard."""
    rule = decision_rule(estimator)
    return Limits.of_report(rule).given if "confidence" in rule else {}


def _of_priorities(estimator, X, before):
    """Return the corrected probabilities and the threshold of each priority."""
    (X,), after, thresholds = indexable(X), {}, {}
    for priority in PRIORITIES:
        variant = copy(estimator)
        variant.priority = priority
        rule = decision_rule(variant)
        bound = rule["shrinkage"] * estimator.max_adjustment_
        after[priority] = correct(estimator, X, before, priority, bound)
        thresholds[priority] = rule["threshold"]
    return after, thresholds


def _threshold_of(threshold, is_own, n_classes):
    """Turn a threshold of the positive class into one of the class that is drawn."""
    if threshold is None or is_own:
        return threshold
    # Of several positive classes together, it says nothing of one of them.
    return 1 - threshold if n_classes == 2 else None


def _check_numbers(threshold, limits, n_classes):
    if threshold is not None:
        check_scalar(threshold, "threshold", Real, min_val=0, max_val=1)
    for name, limit in limits.items():
        if name not in LIMIT_NAMES:
            raise ValueError(f"limits holds {name!r}: use some of {list(LIMIT_NAMES)}.")
        check_scalar(limit, name, Real, min_val=0, max_val=1)
    if limits and n_classes > 2:
        raise ValueError(f"limits={limits} are of two classes, but there are {n_classes}.")


def _check_no_threshold(threshold, cuts, n_shown):
    """Check that no threshold is given of classes of which the most probable is taken."""
    cut = next((cut for cut in cuts.values() if cut is not None), None)
    given = {"threshold": threshold, "corrected_threshold": cut}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{name}={value} is of one class, but {n_shown} are drawn: leave it out, "
                "or name one by pos_label."
            )


def _check_priority(priority, after):
    """Return the key of the corrected curve."""
    known = {"corrected", *PRIORITIES}
    if not after or not known.issuperset(after):
        raise ValueError(
            f"after holds the keys {list(after)}: use one array, or a dict of arrays for "
            f"some of {list(PRIORITIES)}."
        )
    priority = next(iter(after)) if priority is None else priority
    if priority not in after:
        raise ValueError(f"priority={priority!r} must be a key of after: {list(after)}.")
    return priority


def _shown_classes(arguments):
    """Return the positive classes, those of most false positives of the classifier first.

    One of two classes, since the other has the same mistakes; few of many.
    """
    positives, n_classes = arguments["positives"], len(arguments["classes"])
    predicted = arguments["before"].argmax(axis=1)
    counts = wrongly_predicted(arguments["y_true"], predicted, n_classes)
    order = np.argsort(-counts[positives], kind="stable")
    return positives[order][: MOST_CLASSES if n_classes > 2 else 1].tolist()

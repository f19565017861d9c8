"""What a corrector does to the output of its classifier, as graphs of ONNX.

Written in the textual syntax of ONNX, with the names of the functions in numpy that each
graph repeats in double precision.
"""

import numpy as np

from sklearn_rlcorrect.agent.observation import LOG_ODDS_EPSILON, OBSERVATION_BOUND
from sklearn_rlcorrect.agent.policy import LARGEST_STEP, SMALLEST_TARGET, bound_of_steps
from sklearn_rlcorrect.agent.posterior import SMALLEST_PROBA
from sklearn_rlcorrect.agent.prediction import observed_order
from sklearn_rlcorrect.guard import decision_rule

# How the scores of a classifier become probabilities: `_crossfit`, and the
# single column of a `PrecomputedProbaClassifier`.
PROBA_FROM = {
    "probabilities": "raw = Identity(scores)",
    "two scores": "scaled_down = Div(scores, score_scale)  raw = Sigmoid(scaled_down)",
    "scores": "scaled_down = Div(scores, score_scale)  raw = Softmax<axis=1>(scaled_down)",
    "one probability": "other = Sub(one, scores)  raw = Concat<axis=1>(other, scores)",
}

# `check_proba` in `_validation`.
_NORMALISE = """
    clipped = Clip(raw, zero, one)
    sums = ReduceSum<keepdims=1>(clipped, axis_1)
    proba = Div(clipped, sums)
"""

# `observe` in `agent.observation`. NaN minus the mean is NaN: what is missing becomes zero.
# Observations are rounded to single precision, what follows is computed in double again.
_OBSERVE = """
    inner = Clip(proba, epsilon, one_minus_epsilon)
    outer = Sub(one, inner)
    log_inner = Log(inner)
    log_outer = Log(outer)
    log_odds = Sub(log_inner, log_outer)
    columns = Concat<axis=1>({columns})
    centred = Sub(columns, mean)
    scaled = Div(centred, scale)
    is_nan = IsNaN(scaled)
    is_infinite = IsInf(scaled)
    is_missing = Or(is_nan, is_infinite)
    known = Where(is_missing, zero, scaled)
    bounded = Clip(known, lowest, highest)
    in_order_of_classes = Concat<axis=1>(proba, bounded)
    unrounded = Gather<axis=1>(in_order_of_classes, observed_order)
    rounded = Cast<to=1>(unrounded)
    observations = Cast<to=11>(rounded)
    seen_proba = Gather<axis=1>(proba, class_order)
"""

# `raw_scores` in `agent.posterior`: the roots of all trees, one level of them, their
# leaves. The output of TreeEnsembleRegressor is single, even of doubles.
_ROOTS = """
    n_rows = Shape<end=1>(observations)
    n_rows_and_trees = Concat<axis=0>(n_rows, n_trees)
    node_0 = Expand(root, n_rows_and_trees)
"""
_LEVEL = """
    split_{i} = Add(node_{i}, first_split)
    column_{i} = Gather(split_columns, split_{i})
    entry_{i} = GatherElements<axis=1>(observations, column_{i})
    threshold_{i} = Gather(split_thresholds, split_{i})
    is_above_{i} = Greater(entry_{i}, threshold_{i})
    goes_right_{i} = Cast<to=7>(is_above_{i})
    twice_{i} = Add(node_{i}, node_{i})
    left_{i} = Add(twice_{i}, one_node)
    node_{next} = Add(left_{i}, goes_right_{i})
"""
_LEAVES = """
    leaf = Add({nodes}, first_leaf)
    values = Gather(leaf_values, leaf)
    sums_of_values = MatMul(values, score_of_tree)
    raw_scores = Add(sums_of_values, baseline)
"""

# `posterior_log_odds` in `agent.posterior`, then `with_posterior` in `agent.observation`.
_WITH_POSTERIOR = """
    log_proba = LogSoftmax<axis=1>(raw_scores)
    floored = Max(log_proba, log_smallest_proba)
    mean_log_proba = ReduceMean<keepdims=1>(floored, axis_1)
    posterior = Sub(floored, mean_log_proba)
    bounded_posterior = Clip(posterior, lowest, highest)
    rounded_posterior = Cast<to=1>(bounded_posterior)
    seen_posterior = Cast<to=11>(rounded_posterior)
    hidden_0 = Concat<axis=1>(observations, seen_posterior)
"""
_WITHOUT_POSTERIOR = """
    hidden_0 = Identity(observations)
"""

# `policy_actions` in `agent.policy`, for all policies at once: their axis is the first.
_LAYER = """
    product_{i} = MatMul(hidden_{i}, weights_{i})
    sum_{i} = Add(product_{i}, intercepts_{i})
    hidden_{next} = {activation}(sum_{i})
"""
# `step_actions` in `agent.policy`.
# Both sums are of arrays of one shape, so that onnxruntime adds in the same order: steps of
# zero are actions of exactly zero.
_ACTIONS_OF_STEPS = """
    steps = Clip({outputs}, smallest_step, largest_step)
    factor = Exp(steps)
    multiplied = Mul(seen_proba, factor)
    factor_less_one = Sub(factor, one)
    raise = Max(factor_less_one, zero)
    lifted = Mul(raise, smallest_target)
    unscaled_target = Add(multiplied, lifted)
    target_sum = ReduceSum<keepdims=1>(unscaled_target, last_axes)
    scaled_target = Div(unscaled_target, target_sum)
    ones = Div(factor, factor)
    proba_each = Mul(seen_proba, ones)
    proba_sum = ReduceSum<keepdims=1>(proba_each, last_axes)
    start = Div(proba_each, proba_sum)
    change = Sub(scaled_target, start)
    unbounded = Div(change, bound_of_steps)
    each_action = Clip(unbounded, minus_one, one)
"""
_TANH = """
    each_action = Tanh({outputs})
"""
# Their mean, then `act` in `agent.prediction`.
_MEAN = """
    mean_action = ReduceMean<keepdims=0>(each_action, axis_0)
    actions = Gather<axis=1>(mean_action, place_in_order)
"""

# `adjust` in `agent.adjustment`.
_ADJUST = """
    down = Sub(proba, max_adjustment)
    lower = Max(down, zero)
    up = Add(proba, max_adjustment)
    upper = Min(up, one)
    move = Mul(actions, max_adjustment)
    target = Add(proba, move)

    frees = Sub(target, upper)
    fixes = Sub(target, lower)
    unsorted = Concat<axis=1>(frees, fixes)
    breakpoints, order = TopK<axis=1, largest=0, sorted=1>(unsorted, n_breakpoints)
    changes = Gather(slope_changes, order)
    all_slopes = CumSum(changes, last_axis)
    slopes = Slice(all_slopes, first, last, axis_1)
    starts = Slice(breakpoints, first, last, axis_1)
    ends = Slice(breakpoints, second, beyond, axis_1)
    widths = Sub(ends, starts)
    falls = Mul(slopes, widths)
    fallen = CumSum(falls, last_axis)
    start_sum = ReduceSum<keepdims=1>(upper, axis_1)
    segment_sums = Add(start_sum, fallen)
    is_above = Greater(segment_sums, one)
    above = Cast<to=7>(is_above)
    n_above = ReduceSum<keepdims=1>(above, axis_1)
    segment = Min(n_above, last_segment)
    end = GatherElements<axis=1>(ends, segment)
    end_sum = GatherElements<axis=1>(segment_sums, segment)
    slope = GatherElements<axis=1>(slopes, segment)
    surplus = Sub(end_sum, one)
    steep_step = Div(surplus, slope)
    is_flat = Equal(slope, zero)
    step = Where(is_flat, zero, steep_step)
    shift = Sub(end, step)

    shifted = Sub(target, shift)
    raised = Max(shifted, lower)
    projected = Min(raised, upper)
    largest = ReduceMax<keepdims=1>(actions, axis_1)
    smallest = ReduceMin<keepdims=1>(actions, axis_1)
    unchanged = Equal(largest, smallest)
    probabilities = Where(unchanged, proba, projected)
"""

# The same for two classes, `_adjust_two` in `agent.adjustment`.
_ADJUST_TWO = """
    of_first, of_second = Split<axis=1, num_outputs=2>(actions)
    difference = Sub(of_second, of_first)
    scaled_difference = Mul(difference, max_adjustment)
    move = Div(scaled_difference, two)
    said_first, said_second = Split<axis=1, num_outputs=2>(proba)
    target = Add(said_second, move)
    second = Clip(target, zero, one)
    first = Sub(one, second)
    projected = Concat<axis=1>(first, second)
    unchanged = Equal(move, zero)
    probabilities = Where(unchanged, proba, projected)
"""

# `decide` in `guard.decision`.
_MOST_PROBABLE = """
    best = ArgMax<axis=1, keepdims=0>(probabilities)
    label = Gather(classes, best)
"""
_ABOVE_THRESHOLD = """
    of_positive = Gather<axis=1>(probabilities, positive)
    is_positive = Greater(of_positive, threshold)
    best = Where(is_positive, positive, negative)
    label = Gather(classes, best)
"""

_LABEL_TYPES = {"b": "bool", "i": "int64", "u": "uint64", "f": "double", "U": "string"}


def policy_graph(model, proba_from):
    """Corrected probabilities and labels from the output of the classifier.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted. The policy is that of its `priority`.

    proba_from : str
        Key of `PROBA_FROM`: what the output of the classifier is.

    Returns
    -------
    graph : onnx.GraphProto
        From `scores`, and `features` if the policy observes any, both double, to `label`
        and `probabilities`.
    """
    # As a list first: labels may be Python's own in an array of objects.
    classes = np.array(model.classes_.tolist())
    n_classes, n_columns = len(classes), len(model.observation_scaler_.mean_)
    has_features = n_columns > n_classes
    policies = model.policies_[model.priority]
    layers = [np.stack(arrays, dtype=np.float64) for arrays in zip(*policies, strict=True)]
    # Files of earlier releases hold no posterior.
    posterior_body, posterior_constants = _posterior(getattr(model, "posterior_", None))
    body = [
        PROBA_FROM[proba_from],
        _NORMALISE,
        _OBSERVE.format(columns="log_odds, features" if has_features else "log_odds"),
        *posterior_body,
        *_forward(len(layers) // 2),
        *_decide(model, f"hidden_{len(layers) // 2}"),
    ]
    constants = _shape_constants(n_classes) | posterior_constants
    constants |= _order_constants(observed_order(model), n_columns)
    constants |= _network_constants(layers) | _model_constants(model)
    constants["classes"] = classes
    if "score_scale" in PROBA_FROM[proba_from]:
        # Files of earlier releases hold no scale of scores.
        constants["score_scale"] = float(model.score_scale_)
    inputs = ["double[N, S] scores"] + ["double[N, F] features"] * has_features
    outputs = [
        f"{_LABEL_TYPES[classes.dtype.kind]}[N] label",
        f"double[N, {n_classes}] probabilities",
    ]
    return _graph("policy", inputs, outputs, body, constants)


def _forward(n_layers):
    """Layers of the networks: `forward` in `policy`."""
    last = n_layers - 1
    return [
        _LAYER.format(i=i, next=i + 1, activation="Relu" if i < last else "Identity")
        for i in range(n_layers)
    ]


def _decide(model, outputs):
    """Actions, adjustment and label: `step_actions`, `adjust` and `decide`."""
    actions = _TANH if bound_of_steps(model) is None else _ACTIONS_OF_STEPS
    has_threshold = decision_rule(model)["threshold"] is not None
    return [
        actions.format(outputs=outputs),
        _MEAN,
        _ADJUST_TWO if len(model.classes_) == 2 else _ADJUST,
        _ABOVE_THRESHOLD if has_threshold else _MOST_PROBABLE,
    ]


def _network_constants(layers):
    weights = {f"weights_{i}": array for i, array in enumerate(layers[::2])}
    intercepts = {f"intercepts_{i}": array[:, None] for i, array in enumerate(layers[1::2])}
    return weights | intercepts


def _model_constants(model):
    rule, bound = decision_rule(model), bound_of_steps(model)
    constants = {
        "mean": model.observation_scaler_.mean_,
        "scale": model.observation_scaler_.scale_,
        "epsilon": LOG_ODDS_EPSILON,
        "one_minus_epsilon": 1 - LOG_ODDS_EPSILON,
        "lowest": -OBSERVATION_BOUND,
        "highest": OBSERVATION_BOUND,
        "max_adjustment": float(rule["shrinkage"] * model.max_adjustment_),
    }
    if bound is not None:
        constants |= {
            "bound_of_steps": bound,
            "smallest_step": -LARGEST_STEP,
            "largest_step": LARGEST_STEP,
            "smallest_target": SMALLEST_TARGET,
            "minus_one": -1.0,
            "last_axes": [-1],
        }
    if rule["threshold"] is not None:
        constants |= {"threshold": rule["threshold"], "positive": rule["positive"]}
        constants["negative"] = 1 - rule["positive"]
    return constants


def _posterior(posterior):
    """Body and constants that put the log-odds of a posterior behind the observations."""
    if posterior is None:
        return [_WITHOUT_POSTERIOR], {}
    n_trees, n_splits = posterior["threshold"].shape
    depth, n_classes = n_splits.bit_length(), posterior["n_classes"]
    levels = [_LEVEL.format(i=i, next=i + 1) for i in range(depth)]
    body = [_ROOTS, *levels, _LEAVES.format(nodes=f"node_{depth}"), _WITH_POSTERIOR]
    # The trees have neither the probabilities nor the first log-odds: `_columns`
    # in `agent.posterior`.
    split_columns = posterior["feature"].ravel() + n_classes + 1
    tree, known = np.arange(n_trees), posterior["classes"]
    # Of two classes, the first has a score of zero. One that is not known has none.
    n_scores = len(posterior["baseline"])
    baseline, scored = np.full(n_classes, -np.inf), known[-n_scores:]
    baseline[known] = 0.0
    baseline[scored] = posterior["baseline"]
    return body, {
        "n_trees": [n_trees],
        "root": [0],
        "one_node": 1,
        "first_split": tree * n_splits,
        "split_columns": split_columns,
        "split_thresholds": posterior["threshold"].ravel(),
        "first_leaf": tree * (n_splits + 1) - n_splits,
        "leaf_values": posterior["value"].ravel(),
        "score_of_tree": np.eye(n_classes)[scored[tree % n_scores]],
        "baseline": baseline,
        "log_smallest_proba": np.log(SMALLEST_PROBA),
    }


def _order_constants(order, n_columns):
    """Order of the observations, of the probabilities, and that of the actions back."""
    n_classes = len(order)
    features = np.arange(2 * n_classes, n_classes + n_columns)
    return {
        "class_order": order,
        "observed_order": np.concatenate([order, n_classes + order, features]),
        "place_in_order": np.argsort(order),
    }


def _shape_constants(n_classes):
    common = {"zero": 0.0, "one": 1.0, "axis_0": [0], "axis_1": [1]}
    if n_classes == 2:
        return common | {"two": 2.0}
    return common | {
        "last_axis": 1,
        "first": [0],
        "second": [1],
        "last": [-1],
        "beyond": [2 * n_classes],
        "n_breakpoints": [2 * n_classes],
        "last_segment": [2 * n_classes - 2],
        "slope_changes": np.repeat([-1.0, 1.0], n_classes),
    }


def table_graph(table):
    """Features of a fitted :class:`~sklearn_rlcorrect.features.TableFeatures`.

    Parameters
    ----------
    table : TableFeatures
        Fitted.

    Returns
    -------
    graph : onnx.GraphProto
        From `numbers`, if there are numeric columns, and `text_0`, `text_1`, ..., one per
        column of categories, to `features`.
    """
    inputs, body, parts, constants = [], [], [], {}
    if table.numeric_:
        inputs.append(f"double[N, {len(table.numeric_)}] numbers")
        parts.append("numbers")
        if len(table.missing_.features_):
            constants["marked"] = table.missing_.features_
            body.append(_MARKS)
            parts.append("marks")
    if table.categorical_:
        constants |= {"one": 1.0, "axis_1": [1]}
    for i in range(len(table.categorical_)):
        inputs.append(f"string[N, 1] text_{i}")
        constants[f"categories_{i}"] = _frequent(table.one_hot_, i)
        body.append(_ONE_HOT.format(i=i))
        has_rare = table.one_hot_.infrequent_categories_[i] is not None
        parts += [f"hot_{i}"] + [f"rest_{i}"] * has_rare
    body.append(f"features = Concat<axis=1>({', '.join(parts)})")
    return _graph("table", inputs, ["double[N, F] features"], body, constants)


_MARKS = """
    may_miss = Gather<axis=1>(numbers, marked)
    lacks = IsNaN(may_miss)
    overflows = IsInf(may_miss)
    misses = Or(lacks, overflows)
    marks = Cast<to=11>(misses)
"""

# The rare ones share a column with those never seen.
_ONE_HOT = """
    is_{i} = Equal(text_{i}, categories_{i})
    hot_{i} = Cast<to=11>(is_{i})
    any_{i} = ReduceSum<keepdims=1>(hot_{i}, axis_1)
    rest_{i} = Sub(one, any_{i})
"""


def _frequent(encoder, i):
    """Categories that have a column of their own."""
    rare = encoder.infrequent_categories_[i]
    categories = [c for c in encoder.categories_[i] if rare is None or c not in rare]
    if None in encoder.categories_[i]:
        raise ValueError(
            "features='auto' learnt from texts with gaps, which texts in ONNX cannot "
            "have: fit with the gaps filled, or with features=None."
        )
    return np.array([categories])


def _graph(name, inputs, outputs, body, constants):
    from onnx import numpy_helper, parser

    head = f"{name} ({', '.join(inputs)}) => ({', '.join(outputs)})"
    graph = parser.parse_graph("\n".join([head, "{", *body, "}"]))
    graph.initializer.extend(
        numpy_helper.from_array(_plain(value), key) for key, value in constants.items()
    )
    return graph


def _plain(value):
    """Array of a type that ONNX has: texts as objects."""
    array = np.asarray(value)
    return array.astype(object if array.dtype.kind == "U" else array.dtype)

"""Candidates, their scores on held-out rows, and the best for each priority.

A candidate is a checkpoint of the training, shrunk, with a shift of the decision in
log-odds. Both are linear in the outputs of the last layer, so a candidate is a policy, too:
whatever is selected is one bounded correction for which 0.5 stays the threshold.
"""

from itertools import product

import numpy as np

from sklearn_rlcorrect.agent.policy import forward, step_actions
from sklearn_rlcorrect.metrics import classification_metrics

# Parts of a checkpoint's steps, and falls of the log-odds of the positive classes. The
# first of each changes nothing.
SHRINKAGES = (1.0, 0.5)
SHIFTS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0)

# Rows that candidates are judged on, at most.
_MAX_JUDGED = 20_000


def _exactly(values):
    """Round off the errors of sums of weights, which would decide between equals."""
    return np.round(values, 12)


def _accuracy(front):
    return [_exactly(front["accuracy"]), front["reward"]]


def _fp(front):
    # The best of several looks better than it is: hence the standard error.
    gain = _exactly(front["accuracy"]) - _exactly(front["accuracy"][0])
    keeps = gain >= front["accuracy_gain_error"]
    keeps[0] = True
    return [keeps, -_exactly(front["false_positive_cost"]), front["reward"]]


def _weighted(front):
    return [front["reward"]]


# What candidates are judged by: the larger wins, of equals the earlier. The classifier
# itself is candidate 0, so nothing is selected that does not beat it.
PRIORITIES = {"accuracy": _accuracy, "fp": _fp, "weighted": _weighted}


def select_policies(problem, splits, checkpoints, fp_costs, positives):
    """Score all candidates, and keep the best for each priority.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    splits : list of tuple of ndarray of int
        Per policy, its training rows and its held-out rows.

    checkpoints : list of tuple
        From :func:`~sklearn_rlcorrect.agent.td3.train_policies`.

    fp_costs : ndarray of shape (n_classes,)
        Cost of a false positive of each class, as `classes_` is sorted.

    positives : ndarray of int
        Indices of the positive classes in `classes_`.

    Returns
    -------
    history, front, selected, policies : dict
        The fitted attributes of these names.
    """
    timesteps, policies, shares = zip(*checkpoints, strict=True)
    held_out = [rows for _, rows in splits]
    order = problem.class_order
    own = {"positives": np.flatnonzero(np.isin(order, positives))}
    history = {
        "timesteps": np.array(timesteps),
        "critic_share": np.array(shares),
        **score_checkpoints(problem, held_out, policies, **own),
    }
    front = score_candidates(problem, held_out, policies, fp_costs=fp_costs[order], **own)
    selected = {name: best_candidate(front, name) for name in PRIORITIES}
    kept = {
        name: candidate_policies(
            policies[front["checkpoint"][i]],
            float(front["shrinkage"][i]),
            float(front["shift"][i]),
            **own,
        )
        for name, i in selected.items()
    }
    return history, front, selected, kept


def best_candidate(front, priority):
    """Return the index of the candidate that a priority prefers.

    Parameters
    ----------
    front : dict of str to ndarray
        From :func:`score_candidates`; the first entries are the classifier's own.

    priority : {"accuracy", "fp", "weighted"}
        Criterion.

    Returns
    -------
    index : int
        Zero where nothing beats the classifier.
    """
    keys = PRIORITIES[priority](front)
    order = np.lexsort([-np.arange(len(keys[0])), *keys[::-1]])
    return int(order[-1])


def selected_checkpoints(model):
    """Return the checkpoint that the policy of each priority was made of.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted; of earlier releases, which chose among checkpoints, too.

    Returns
    -------
    checkpoints : dict of str to int
        Indices into `history_`.
    """
    front = getattr(model, "front_", None)
    if front is None:
        return model.selected_
    return {name: int(front["checkpoint"][i]) for name, i in model.selected_.items()}


def candidates(n_checkpoints, has_shifts):
    """List the checkpoint, shrinkage and shift of every candidate, the classifier first.

    Parameters
    ----------
    n_checkpoints : int
        Including the untrained first.

    has_shifts : bool
        Whether a shift has a meaning: not all classes are positive.

    Returns
    -------
    candidates : list of tuple of (int, float, float)
        Of the untrained checkpoint there are shifts alone.
    """
    shifts = SHIFTS if has_shifts else SHIFTS[:1]
    trained = product(range(1, n_checkpoints), SHRINKAGES, shifts)
    return [(0, 1.0, shift) for shift in shifts] + list(trained)


def candidate_policies(policies, shrinkage, shift, positives):
    """Fold shrinkage and shift into the last layers of policies.

    Parameters
    ----------
    policies : list of list of ndarray
        One checkpoint.

    shrinkage, shift : float
        Of the candidate.

    positives : ndarray of int
        Positive classes: their log-odds fall by the shift.

    Returns
    -------
    policies : list of list of ndarray
        Policies of the candidate.
    """
    folded = []
    for *hidden, weights, intercepts in policies:
        intercepts = shrinkage * intercepts
        intercepts[positives] -= shift
        folded.append([*hidden, shrinkage * weights, intercepts])
    return folded


def score_checkpoints(problem, held_out, checkpoints, *, positives):
    """Score every checkpoint on rows that its policies were not trained on.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    held_out : list of ndarray of int
        Per policy, the rows it was not trained on.

    checkpoints : list of list
        Per checkpoint, the policies at that time.

    positives : ndarray of int
        Positive classes.

    Returns
    -------
    history : dict of str to ndarray
        The metrics of :func:`~sklearn_rlcorrect.metrics.classification_metrics` and the
        mean ``reward``; rows count by their weights.
    """
    part = problem.take(np.concatenate(held_out))
    scores = []
    for policies in checkpoints:
        adjusted = part.adjusted(held_out_actions(problem, held_out, policies))
        # Ties, too, are decided as `predict` decides them.
        metrics = classification_metrics(
            part.y,
            adjusted,
            classes=np.arange(adjusted.shape[1]),
            pos_label=positives.tolist(),
            sample_weight=part.sample_weight,
            predicted=part.decisions(adjusted),
        )
        rewards = part.rewards_of_adjusted(adjusted)
        metrics["reward"] = float(np.average(rewards, weights=part.sample_weight))
        scores.append(metrics)
    return {name: np.array([score[name] for score in scores]) for name in scores[0]}


def score_candidates(problem, held_out, checkpoints, *, fp_costs, positives):
    """Score every candidate on rows that its policies were not trained on.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    held_out : list of ndarray of int
        Per policy, the rows it was not trained on.

    checkpoints : list of list
        Per checkpoint, the policies at that time.

    fp_costs : ndarray of shape (n_classes,)
        Cost of a false positive of each class.

    positives : ndarray of int
        Positive classes.

    Returns
    -------
    front : dict of str to ndarray
        One entry per candidate: "checkpoint", "shrinkage", "shift"; mean "reward",
        "cost", "accuracy", "false_positives", "false_negatives" and
        "false_positive_cost" per row; "accuracy_gain_error", the standard error of the
        gain in accuracy over the classifier. Rows count by their weights.
    """
    held_out = _at_most(held_out, _MAX_JUDGED)
    rows = np.concatenate(held_out)
    units = rows if problem.row_groups is None else problem.groups()[0][rows]
    judge = _Judge(problem.take(rows), units, fp_costs, positives)
    all_candidates = candidates(len(checkpoints), len(positives) < len(fp_costs))
    scores, steps = [], {}
    for checkpoint, shrinkage, shift in all_candidates:
        if checkpoint not in steps:
            steps = {checkpoint: held_out_steps(problem, held_out, checkpoints[checkpoint])}
        moved = shrinkage * steps[checkpoint]
        moved[:, positives] -= shift
        scores.append(judge(moved))
    columns = zip(*all_candidates, strict=True)
    front = dict(zip(["checkpoint", "shrinkage", "shift"], columns, strict=True))
    front |= {name: [score[name] for score in scores] for name in scores[0]}
    return {name: np.array(values) for name, values in front.items()}


def held_out_steps(problem, held_out, policies):
    """Compute the steps of each policy on its own held-out rows, one after another."""
    return np.concatenate(
        [
            forward(policy, problem.observations[rows])
            for policy, rows in zip(policies, held_out, strict=True)
        ]
    )


def held_out_actions(problem, held_out, policies):
    """Compute the actions of each policy on its own held-out rows, one after another.

    Parameters
    ----------
    problem : CorrectionProblem
        All rows.

    held_out : list of ndarray of int
        Per policy, the rows it was not trained on.

    policies : list
        One per entry of `held_out`.

    Returns
    -------
    actions : ndarray of shape (n_held_out, n_classes)
        In [-1, 1].
    """
    steps = held_out_steps(problem, held_out, policies)
    proba = problem.proba[np.concatenate(held_out)]
    return step_actions(steps, proba, problem.max_adjustment)


class _Judge:
    """Scorer of candidates on fixed rows."""

    def __init__(self, problem, units, fp_costs, positives):
        self._problem, self._fp_costs = problem, fp_costs
        self._is_positive = np.isin(np.arange(len(fp_costs)), positives)
        _, self._unit = np.unique(units, return_inverse=True)
        self._was_right = problem.decisions(problem.proba) == problem.y
        self._weight = problem.sample_weight / problem.sample_weight.sum()

    def __call__(self, steps):
        problem = self._problem
        actions = step_actions(steps, problem.proba, problem.max_adjustment)
        adjusted = problem.adjusted(actions)
        predicted = problem.decisions(adjusted)
        is_right = predicted == problem.y
        weight = self._weight
        wrong = np.where(is_right, 0.0, weight)
        positives = self._is_positive
        costs = self._fp_costs[predicted]
        return {
            "reward": problem.rewards_of_adjusted(adjusted) @ weight,
            "cost": wrong @ costs,
            "accuracy": weight[is_right].sum(),
            "accuracy_gain_error": self._standard_error(is_right),
            "false_positives": wrong @ positives[predicted],
            "false_negatives": wrong @ positives[problem.y],
            "false_positive_cost": wrong @ (costs * positives[predicted]),
        }

    def _standard_error(self, is_right):
        """Of the gain; a group counts as one, and so does a row that is judged twice."""
        gain = is_right.astype(np.float64) - self._was_right
        deviation = np.bincount(self._unit, self._weight * (gain - gain @ self._weight))
        return np.sqrt(deviation @ deviation)


def _at_most(held_out, n_rows):
    """Rows of each part at equal distances, so that all parts hold `n_rows` together.

    Rows are in an order of their content, of which the first are not like the others.
    """
    share = -(-n_rows // len(held_out))
    return [
        rows[np.linspace(0, len(rows) - 1, min(share, len(rows))).astype(int)]
        for rows in held_out
    ]

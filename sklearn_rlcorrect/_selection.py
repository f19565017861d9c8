"""Which checkpoint of a training becomes the policy of each priority."""

import numpy as np

from sklearn_rlcorrect._policy import policy_actions
from sklearn_rlcorrect.metrics import classification_metrics


def _exactly(score, name):
    """Score without the rounding of sums of weights, which would decide between equals."""
    return round(score[name], 12)


# What a checkpoint is judged by: the larger tuple wins, of equals the earlier. The
# classifier itself is checkpoint 0, so no policy is kept that does not beat it.
PRIORITIES = {
    "accuracy": lambda score, base: (_exactly(score, "accuracy"), score["reward"]),
    # The best of several is judged too well: accuracy has to be kept by a standard error.
    "fp": lambda score, base: (
        _exactly(score, "accuracy") - score["accuracy_gain_error"]
        >= _exactly(base, "accuracy"),
        -_exactly(score, "false_positive_cost"),
        score["reward"],
    ),
    "weighted": lambda score, base: (score["reward"],),
}


def best_checkpoint(scores, priority):
    """Index of the checkpoint that a priority prefers.

    Parameters
    ----------
    scores : list of dict
        From :func:`score_checkpoints`; the first is the classifier's own.

    priority : {"accuracy", "fp", "weighted"}
        What counts.

    Returns
    -------
    index : int
        Zero where nothing beats the classifier.
    """
    key = PRIORITIES[priority]
    return max(range(len(scores)), key=lambda i: key(scores[i], scores[0]))


def score_checkpoints(problem, held_out, checkpoints, *, fp_costs, counted):
    """Score every checkpoint on rows that its policies were not trained on.

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

    counted : ndarray of int
        Classes whose false positives count.

    Returns
    -------
    scores : list of dict of str to float
        The metrics of :func:`~sklearn_rlcorrect.metrics.classification_metrics`, the
        mean ``reward``, the mean ``false_positive_cost``, and ``accuracy_gain_error``,
        the standard error of the gain in accuracy over the classifier; rows count by
        their weights everywhere.
    """
    rows = np.concatenate(held_out)
    part = problem.take(rows)
    _, row = np.unique(rows, return_inverse=True)
    return [
        _score(part, row, held_out_actions(problem, held_out, policies), fp_costs, counted)
        for policies in checkpoints
    ]


def held_out_actions(problem, held_out, policies):
    """Action of each policy on its own held-out rows, one after another.

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
    return np.concatenate(
        [
            policy_actions([policy], problem.observations[rows], problem.max_adjustment)
            for policy, rows in zip(policies, held_out, strict=True)
        ]
    )


def _score(problem, row, actions, fp_costs, counted):
    adjusted = problem.adjusted(actions)
    predicted, weight = adjusted.argmax(axis=1), problem.sample_weight
    wrong = predicted != problem.y
    right_now = (~wrong).astype(float)
    right_before = (problem.proba.argmax(axis=1) == problem.y).astype(float)
    mistaken_for = np.bincount(predicted[wrong], weight[wrong], minlength=len(fp_costs))
    rewards = problem.rewards_of_adjusted(adjusted)
    metrics = classification_metrics(
        problem.y,
        adjusted,
        classes=np.arange(len(fp_costs)),
        pos_label=counted.tolist(),
        sample_weight=weight,
    )
    return metrics | {
        "reward": float(np.average(rewards, weights=weight)),
        "accuracy_gain_error": _standard_error(right_now - right_before, weight, row),
        "false_positive_cost": float(
            (fp_costs * mistaken_for)[counted].sum() / weight.sum()
        ),
    }


def _standard_error(values, weight, row):
    """Of a mean over rows that several policies were judged on: they count as one.

    A weight says how many rows a row stands for.
    """
    deviation = np.bincount(row, values - np.average(values, weights=weight))
    row_weight = np.bincount(row, weight) / np.bincount(row)
    return float(np.sqrt(row_weight @ deviation**2) / weight.sum())

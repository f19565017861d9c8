"""The correction problem: labelled rows, and the reward of an adjustment of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.rewards import brier, class_rewards, log_loss

# At most so many duplicate groups are few.
_FEW_GROUPS = 50
# Of the hash of equal rows: an odd number without a pattern (2 ** 64 / golden ratio).
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class CorrectionProblem:
    """Rows to correct and the reward of their correction.

    Parameters
    ----------
    observations : ndarray of shape (n_samples, n_observed)
        Observations of the agent; the first `n_classes` columns are the probabilities.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classifier, from rows it was not fitted on.

    y : ndarray of shape (n_samples,)
        Index of the true class. It enters the reward, never what a policy observes.

    reward : callable
        ``(y_true, proba, adjusted) -> ndarray of shape (n_samples,)``, see
        :mod:`sklearn_rlcorrect.rewards`.

    class_weights : ndarray of shape (n_classes,)
        Factor on the reward of a row, by its true class.

    max_adjustment : float
        Bound on every change of a probability.

    sample_weight : ndarray of shape (n_samples,)
        How often a row counts: drawing and scoring go by it, rewards do not.

    class_order : ndarray of int of shape (n_classes,), default=None
        Position in `classes_` of each class, where the agent observes them in another
        order: rewards get them as the user has them, and ties go to the first of these.

    row_groups : ndarray of int of shape (n_samples,), default=None
        Group of each row, such as its patient, numbered from 0, where rows of a group
        resemble each other. None: only duplicates do.
    """

    observations: np.ndarray
    proba: np.ndarray
    y: np.ndarray
    reward: Callable
    class_weights: np.ndarray
    max_adjustment: float
    sample_weight: np.ndarray
    class_order: np.ndarray | None = None
    row_groups: np.ndarray | None = None

    @cached_property
    def _cumulative_weight(self):
        return np.cumsum(self.sample_weight)

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """Return the problem of some of the rows."""
        return replace(
            self,
            observations=self.observations[rows],
            proba=self.proba[rows],
            y=self.y[rows],
            sample_weight=self.sample_weight[rows],
            row_groups=None if self.row_groups is None else self.row_groups[rows],
        )

    def merged(self):
        """Return the problem with duplicates as one row of their total weight.

        A weight of two is then the same as the row twice, a weight of zero the same as
        no row, and the order of the rows does not matter. Rows are compared in single
        precision: the same row predicted twice may differ in the last bits of double
        precision. Only ratios of weights matter: they are scaled to a mean of one.
        """
        kept = np.flatnonzero(self.sample_weight)
        rows = self.take(kept)
        first, group = _equal_rows(rows.observations, rows._features, rows.y)
        if rows.row_groups is not None:
            # Equal rows of two groups are two.
            groups = np.unique(rows.row_groups, return_inverse=True)[1]
            groups = _canonical(groups, group)
            rows = replace(rows, row_groups=groups)
            pairs = group * (groups.max() + 1) + groups
            _, first, group = np.unique(pairs, return_index=True, return_inverse=True)
        total = np.bincount(group, weights=rows.sample_weight)
        return replace(rows.take(first), sample_weight=total * (len(total) / total.sum()))

    @property
    def _features(self):
        return self.observations[:, 2 * self.proba.shape[1] :]

    @cached_property
    def _groups(self):
        group = self.row_groups
        if group is None:
            group = _equal_rows(self.observations, self._features)[1]
        by_weight = np.lexsort([-self.sample_weight, group])
        _, first = np.unique(group[by_weight], return_index=True)
        return group, self.y[by_weight[first]]

    def places(self):
        """Return a number in [0, 1) per row that depends on its features alone.

        It is the same wherever else the row is: in another memory, or beside others.
        """
        has_features = self._features.shape[1] > 0
        content = self._features if has_features else self.observations
        return (_hash(content.astype(np.float32)) >> np.uint64(11)) / 2.0**53

    def groups(self):
        """Return the group of each row, and a label of each group.

        Without `row_groups`, rows of one group have equal observations, whatever their
        labels: what is learnt of one is known of the others. The row of the largest weight
        gives the group its label.
        """
        return self._groups

    def has_few_groups(self):
        """Return whether there are few groups of duplicates, most of several classes.

        None can then be memorised, and one that is held out would never be learnt at all.
        """
        group, label = self.groups()
        n_groups = len(label)
        if self.row_groups is not None:
            return False
        n_labels = len(np.unique(group * self.proba.shape[1] + self.y))
        return n_groups == 1 or (
            n_groups <= _FEW_GROUPS and n_labels - n_groups >= n_groups / 2
        )

    def draw(self, rng, size):
        """Draw rows with replacement, in proportion to their weights."""
        position = rng.random(size) * self._cumulative_weight[-1]
        rows = np.searchsorted(self._cumulative_weight, position, side="right")
        # Rounding may put a position at the very end.
        return np.minimum(rows, len(self) - 1)

    def adjusted(self, actions):
        """Compute the probabilities of all rows after the given actions."""
        return adjust(self.proba, np.asarray(actions, np.float64), self.max_adjustment)

    def rewards(self, actions):
        """Compute the weighted reward of the given actions, one number per row."""
        return self.rewards_of_adjusted(self.adjusted(actions))

    def rewards_of_adjusted(self, adjusted):
        """Compute the weighted reward of adjusted probabilities, one number per row."""
        rewards = self._reward(self.y, self.proba, adjusted)
        return self.class_weights[self.y] * self._finite(rewards)

    def decisions(self, proba):
        """Return the most probable class, of equals the first in `classes_`."""
        if self.class_order is None:
            return proba.argmax(axis=1)
        columns = np.argsort(self.class_order)
        return columns[proba[:, columns].argmax(axis=1)]

    @property
    def _reward(self):
        """The reward, as a function of classes in the agent's order."""
        if self.class_order is None or self.reward in (brier, log_loss):
            return self.reward
        columns = np.argsort(self.class_order)

        def reward(y, proba, adjusted):
            return self.reward(self.class_order[y], proba[:, columns], adjusted[:, columns])

        return reward

    def _finite(self, rewards):
        rewards = np.asarray(rewards, dtype=np.float64)
        if not np.isfinite(rewards).all():
            name = getattr(self.reward, "__name__", repr(self.reward))
            raise ValueError(
                f"reward={name} returned NaN or infinity during training: clip "
                "probabilities where it has no finite value, as rewards.log_loss does."
            )
        return rewards

    def rewards_of_classes(self, proba, adjusted):
        """Compute the weighted rewards of any rows for every class that they could have.

        Parameters
        ----------
        proba : ndarray of shape (n_rows, n_classes)
            Probabilities before the adjustment.

        adjusted : ndarray of shape (n_rows, n_classes)
            Probabilities after it.

        Returns
        -------
        rewards : ndarray of shape (n_rows, n_classes)
            Column k holds the reward if class k is the true one.
        """
        rewards = class_rewards(self._reward, proba, adjusted)
        return self.class_weights * self._finite(rewards)


def _canonical(row_groups, content):
    """Number groups by what they hold, so that neither names nor the order of rows matter.

    Groups of the same content are interchangeable.
    """
    marks = np.random.default_rng(0).integers(2**63, size=content.max() + 1)
    signature = np.zeros(row_groups.max() + 1, dtype=np.uint64)
    np.add.at(signature, row_groups, marks.astype(np.uint64)[content])
    return np.argsort(np.argsort(signature, kind="stable"))[row_groups]


def _equal_rows(observations, features, y=None):
    """Find the first of each group of equal rows, and the group of each row.

    Groups are in an order that depends on their content alone: by a hash of the features
    and the label, which are exact, and only then by the probabilities, whose last bits
    another fit of the classifier may change.
    """
    exact = _hash(features.astype(np.float32, copy=False))
    if y is not None:
        exact = _hash(y.astype(np.float32)[:, np.newaxis], exact)
    by_proba = observations[:, : observations.shape[1] - features.shape[1]]
    everything = _hash(by_proba.astype(np.float32), exact)
    _, first, group = np.unique(everything, return_index=True, return_inverse=True)
    order = np.lexsort([*by_proba[first].T, exact[first]])
    return first[order], np.argsort(order)[group]


def _hash(array, start=0):
    """Hash the rows of an array of single precision to 64 bits."""
    hashed = np.zeros(len(array), np.uint64) + np.asarray(start, np.uint64)
    for column in array.T:
        # Minus zero is zero.
        words = (column + np.float32(0)).view(np.uint32).astype(np.uint64)
        hashed = (hashed ^ words) * _MULTIPLIER
        hashed ^= hashed >> np.uint64(29)
    return hashed

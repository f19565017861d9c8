"""The correction problem: labelled rows, and what an adjustment of each is worth."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sklearn_rlcorrect._adjustment import adjust

# Kinds of rows that are few, and rows of one kind that are many.
_FEW_KINDS = 50
_MANY_ROWS = 20


@dataclass(frozen=True)
class CorrectionProblem:
    """Rows to correct and the reward of their correction.

    Parameters
    ----------
    observations : ndarray of shape (n_samples, n_observed)
        What the agent sees; the first `n_classes` columns are the probabilities.

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
    """

    observations: np.ndarray
    proba: np.ndarray
    y: np.ndarray
    reward: Callable
    class_weights: np.ndarray
    max_adjustment: float
    sample_weight: np.ndarray

    @cached_property
    def _cumulative_weight(self):
        return np.cumsum(self.sample_weight)

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """Problem of the given rows alone."""
        return replace(
            self,
            observations=self.observations[rows],
            proba=self.proba[rows],
            y=self.y[rows],
            sample_weight=self.sample_weight[rows],
        )

    def merged(self):
        """Problem with equal rows as one, of the sum of their weights, in sorted order.

        A weight of two is then the same as the row twice, a weight of zero the same as
        no row, and the order of the rows does not matter. Rows are compared in single
        precision, which is what the agent sees: the same row predicted twice may differ
        in the last bits of double precision.
        """
        kept = np.flatnonzero(self.sample_weight)
        seen_with_label = np.column_stack([self.observations[kept], self.y[kept]])
        first, group = _equal_rows(seen_with_label)
        total = np.bincount(group, weights=self.sample_weight[kept])
        return replace(self.take(kept[first]), sample_weight=total)

    def kinds(self):
        """Kind of each row, and a label of each kind.

        Rows of one kind look the same, whatever their labels: to know one is to know the
        others. The heaviest of them stands for the kind.
        """
        _, kind = _equal_rows(self.observations)
        by_weight = np.lexsort([-self.sample_weight, kind])
        _, first = np.unique(kind[by_weight], return_index=True)
        return kind, self.y[by_weight[first]]

    def has_few_kinds(self, n_kinds):
        """Whether kinds of rows are few, with many rows of each.

        None can then be learnt by heart, and a kind that is held out would never be
        learnt at all.
        """
        rows_per_kind = self.sample_weight.sum() / n_kinds
        return n_kinds == 1 or (n_kinds <= _FEW_KINDS and rows_per_kind >= _MANY_ROWS)

    def draw(self, rng, size):
        """Rows drawn with replacement, in proportion to their weights."""
        position = rng.random(size) * self._cumulative_weight[-1]
        rows = np.searchsorted(self._cumulative_weight, position, side="right")
        # Rounding may put a position at the very end.
        return np.minimum(rows, len(self) - 1)

    def adjusted(self, actions):
        """Probabilities of all rows after the given actions."""
        return adjust(self.proba, np.asarray(actions, np.float64), self.max_adjustment)

    def rewards(self, actions):
        """Weighted reward of the given actions, one number per row."""
        return self.rewards_of_adjusted(self.adjusted(actions))

    def rewards_of_adjusted(self, adjusted):
        """Weighted reward of probabilities after the adjustment, one number per row."""
        rewards = np.asarray(self.reward(self.y, self.proba, adjusted), dtype=np.float64)
        return self.class_weights[self.y] * rewards

    def rewards_of_classes(self, proba, adjusted):
        """Weighted rewards of any rows, were their class k, for every k.

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
        n_rows, n_classes = proba.shape
        classes = np.repeat(np.arange(n_classes), n_rows)
        before, after = (
            np.tile(proba, (n_classes, 1)),
            np.tile(adjusted, (n_classes, 1)),
        )
        rewards = np.asarray(self.reward(classes, before, after), dtype=np.float64)
        return self.class_weights * rewards.reshape(n_classes, n_rows).T


def _equal_rows(array):
    """First of each group of rows that are equal in single precision, group of each."""
    # Groups are sorted by the last column first: features and labels are exact, while
    # rounding in the fit of a classifier may tell apart, and so sort, its probabilities.
    single = array[:, ::-1].astype(np.float32)
    _, first, group = np.unique(single, axis=0, return_index=True, return_inverse=True)
    return first, group

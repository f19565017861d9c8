"""Labelled rows with the actions of one policy."""

from dataclasses import dataclass

import numpy as np

from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.guard.decision import decide


@dataclass(frozen=True)
class Rows:
    """Labelled rows, and what one policy does to them.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classifier.

    actions : ndarray of shape (n_samples, n_classes)
        Actions of the policy, in [-1, 1].

    y : ndarray of int of shape (n_samples,)
        Index of the true class.

    weight : ndarray of shape (n_samples,)
        Sample weights.

    bound : float
        Largest change of a probability at shrinkage 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard import Rows
    >>> proba, actions = np.array([[0.4, 0.6], [0.1, 0.9]]), np.array([[1, -1], [0, 0]])
    >>> rows = Rows(proba, actions, y=np.array([0, 1]), weight=np.ones(2), bound=0.2)
    >>> rows.corrected(1.0).round(2)
    array([[0.6, 0.4],
           [0.1, 0.9]])
    >>> rows.broken_and_fixed(1.0, threshold=None, positive=1)
    array([0., 1.])
    """

    proba: np.ndarray
    actions: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    bound: float

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """Return some of the rows.

        Parameters
        ----------
        rows : slice or ndarray
            Index of the rows.

        Returns
        -------
        taken : Rows
            Of the same policy.
        """
        parts = (self.proba, self.actions, self.y, self.weight)
        return Rows(*(part[rows] for part in parts), self.bound)

    def corrected(self, shrinkage):
        """Correct the probabilities.

        Parameters
        ----------
        shrinkage : float
            Factor of the bound: 1 is the full correction, 0 the classifier alone.

        Returns
        -------
        corrected : ndarray of shape (n_samples, n_classes)
            Rows sum to one.
        """
        return adjust(self.proba, self.actions, shrinkage * self.bound)

    def broken_and_fixed(self, shrinkage, threshold, positive):
        """Count the decisions that the correction breaks, and those that it fixes.

        Parameters
        ----------
        shrinkage, threshold, positive : float, float or None, int
            Rule of the corrected decisions; the classifier's are for the most probable
            class.

        Returns
        -------
        counts : ndarray of shape (2,)
            Weight of the rows that only the classifier has right, and of those that only
            the correction has right.
        """
        was_right = self.proba.argmax(axis=1) == self.y
        is_right = decide(self.corrected(shrinkage), threshold, positive) == self.y
        changes = (was_right > is_right, is_right > was_right)
        return np.array([self.weight[changed].sum() for changed in changes])

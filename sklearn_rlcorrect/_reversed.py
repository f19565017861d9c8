"""Whether the probabilities of two classes are probably swapped."""

import numpy as np
from scipy.stats import mannwhitneyu

# Of a test that the AUC is 0.5 or more: the upper bound of a two-sided 95 % interval.
_LEVEL = 0.025


def reversed_auc(score, is_positive):
    """Compute the AUC of a score, if it orders the rows worse than chance does.

    Parameters
    ----------
    score : ndarray of shape (n_samples,)
        Probability of the positive class.

    is_positive : ndarray of bool of shape (n_samples,)
        Whether each row is of that class.

    Returns
    -------
    auc : float or None
        None if it is not below 0.5 by a rank test, or there are rows of one class alone.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect._reversed import reversed_auc
    >>> score = np.linspace(0, 1, 20)
    >>> reversed_auc(score, score < 0.5)
    0.0
    >>> reversed_auc(score, score > 0.5) is None
    True
    """
    n_positives = np.count_nonzero(is_positive)
    n_pairs = n_positives * (len(score) - n_positives)
    if n_pairs == 0:
        return None
    test = mannwhitneyu(score[is_positive], score[~is_positive], alternative="less")
    return float(test.statistic / n_pairs) if test.pvalue < _LEVEL else None

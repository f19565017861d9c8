"""Prequential guard of updates: each row is scored before it is learnt from."""

import numpy as np


def prequential_gain(gain, weight):
    """Estimate what a correction saves per row, on rows scored before they were learnt.

    The standard error is that of the rows with two more, of mean weight: one that saves the
    most that any row did, and one that loses it. So a few bad rows do not look like
    certainty (as Agresti and Min, Statistics in Medicine 24, 2005, add to matched pairs).

    Parameters
    ----------
    gain : ndarray of shape (n_samples,)
        Cost of the classifier's decision less that of the corrected one. NaN is left out.

    weight : ndarray of shape (n_samples,)
        How many rows each stands for: one over its propensity.

    Returns
    -------
    report : dict
        "gain", the weighted mean (that of Hájek), 0 without any row; "gain_error", its
        standard error; "effective_sample_size" of Kish, ``sum(w)**2 / sum(w**2)``; and
        "base_decides": whether the gain is below minus one standard error.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard.prequential import prequential_gain
    >>> for n_rows in (4, 16):
    ...     gain = np.tile([1.0, -1.0, -1.0, -1.0], n_rows // 4)
    ...     report = prequential_gain(gain, np.ones(n_rows))
    ...     print(report["gain"], report["base_decides"])
    -0.5 False
    -0.5 True
    """
    is_scored = np.isfinite(gain) & (weight > 0)
    gain, weight = gain[is_scored], weight[is_scored]
    if not len(gain):
        return {
            "gain": 0.0,
            "gain_error": 0.0,
            "effective_sample_size": 0.0,
            "base_decides": False,
        }
    share = weight / weight.sum()
    mean = gain @ share
    two_more = 2 * (np.abs(gain).max() / len(gain)) ** 2
    error = np.sqrt(np.sum((share * (gain - mean)) ** 2) + two_more)
    return {
        "gain": float(mean),
        "gain_error": float(error),
        "effective_sample_size": float(1 / np.sum(share**2)),
        "base_decides": bool(mean < -error),
    }

"""Prequential guard of updates: each row is scored before it is learnt from."""

import numpy as np


def prequential_gain(gain, weight):
    """Estimate what a correction saves per row, on rows scored before they were learnt.

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
    >>> report = prequential_gain(np.array([1.0, -1.0, -1.0, -1.0]), np.ones(4))
    >>> report["gain"], report["base_decides"]
    (-0.5, True)
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
    error = np.sqrt(np.sum((share * (gain - mean)) ** 2))
    return {
        "gain": float(mean),
        "gain_error": float(error),
        "effective_sample_size": float(1 / np.sum(share**2)),
        "base_decides": bool(mean < -error),
    }

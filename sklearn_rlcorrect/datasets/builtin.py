"""Data sets that are at hand, without a download."""

import numpy as np
from sklearn.datasets import load_digits


def load_eights():
    """Load scikit-learn's handwritten digits with the question "is it an 8?".

    Returns
    -------
    X : ndarray of shape (1797, 64)
        Grey values of 8 x 8 pixels.

    y : ndarray of shape (1797,)
        "eight" or "other"; about one in ten is an eight.

    References
    ----------
    .. [1] E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI
       Machine Learning Repository, 1998.

    Examples
    --------
    >>> from sklearn_rlcorrect.datasets import load_eights
    >>> X, y = load_eights()
    >>> X.shape, (y == "eight").sum().item()
    ((1797, 64), 174)
    """
    X, digit = load_digits(return_X_y=True)
    return X, np.where(digit == 8, "eight", "other")

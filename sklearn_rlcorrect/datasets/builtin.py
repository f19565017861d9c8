"""Data sets that are at hand, without a download."""

import numpy as np
from sklearn.datasets import load_digits

_N_ALERTS, _SEED = 6000, 0
_MERCHANTS = ["groceries", "fuel", "clothes", "electronics", "travel", "vouchers"]
_COUNTRIES = ["home", "A", "B", "C"]


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


def load_alerts():
    """Generate a table of alerts about transactions, with the question "is it fraud?".

    No row is real. Three habits give fraud away: large amounts from new accounts at night,
    many payments and a small one in one day, and cash for new accounts far from home. Each
    of these values alone is mostly harmless, so that a linear model misses most of it.

    Returns
    -------
    X : pandas.DataFrame of shape (6000, 9)
        Numbers and texts; where the distance or the score of the device is not known,
        there is no value.

    y : ndarray of shape (6000,)
        "fraud" or "genuine"; about one in twenty is fraud.

    Examples
    --------
    >>> from sklearn_rlcorrect.datasets import load_alerts
    >>> X, y = load_alerts()
    >>> X.shape, (y == "fraud").sum().item()
    ((6000, 9), 294)
    """
    import pandas as pd

    rng = np.random.default_rng(_SEED)
    channel = rng.choice(["card", "online", "cash"], _N_ALERTS, p=[0.45, 0.4, 0.15])
    distance = rng.gamma(0.6, 60, _N_ALERTS)
    score = rng.normal(50, 12, _N_ALERTS)
    X = pd.DataFrame(
        {
            "amount": rng.lognormal(4, 1.1, _N_ALERTS).round(2),
            "hour": rng.integers(0, 24, _N_ALERTS),
            "account_days": rng.gamma(1.1, 500, _N_ALERTS).round(),
            "payments_today": 1 + rng.negative_binomial(1, 0.3, _N_ALERTS),
            "distance_km": distance.round(1),
            "device_score": score.round(),
            "channel": channel,
            "merchant": rng.choice(_MERCHANTS, _N_ALERTS),
            "country": rng.choice(_COUNTRIES, _N_ALERTS, p=[0.7, 0.1, 0.1, 0.1]),
        }
    )
    log_odds = _alert_log_odds(X)
    y = np.where(rng.random(_N_ALERTS) < 1 / (1 + np.exp(-log_odds)), "fraud", "genuine")
    X.loc[X["channel"] == "online", "distance_km"] = np.nan
    X.loc[rng.random(_N_ALERTS) < 0.2, "device_score"] = np.nan
    return X, y


def _alert_log_odds(X):
    """Log-odds of fraud: a linear part, and habits that take several columns to see."""
    is_night = X["hour"] < 6
    is_new = X["account_days"] < 300
    habits = [
        is_night & is_new & (X["amount"] > 130),
        (X["payments_today"] > 8) & (X["amount"] < 60) & (X["channel"] != "cash"),
        (X["channel"] == "cash") & (X["distance_km"] > 110) & is_new,
    ]
    linear = 0.5 * (X["country"] != "home") - 0.02 * (X["device_score"] - 50)
    linear += 0.3 * (X["merchant"] == "vouchers")
    return (-6.0 + linear + 7.5 * np.any(habits, axis=0)).to_numpy()

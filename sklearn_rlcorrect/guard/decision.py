"""Decisions: which class a corrected probability predicts."""

import numpy as np

# The rule of a corrector without a guard.
_UNGUARDED = {"shrinkage": 1.0, "threshold": None, "positive": None}


def decide(proba, threshold, positive):
    """Predict the index of a class.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.

    threshold : float or None
        Predict the positive one of two classes if its probability is above it. None
        predicts the most probable class.

    positive : int
        Index of the positive class.

    Returns
    -------
    predicted : ndarray of int of shape (n_samples,)
        Index of the predicted class.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard import decide
    >>> proba = np.array([[0.4, 0.6], [0.1, 0.9]])
    >>> decide(proba, None, 1)
    array([1, 1])
    >>> decide(proba, 0.8, 1)
    array([0, 1])
    """
    if threshold is None:
        return proba.argmax(axis=1)
    return np.where(proba[:, positive] > threshold, positive, 1 - positive)


def decision_rule(model):
    """Return the shrinkage, threshold and positive class that a corrector predicts with.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted, by this or an earlier release (which had no guard).

    Returns
    -------
    decision_rule : dict
        "shrinkage", "threshold" and "positive"; with a guard, the whole report of the
        priority in use. The shrinkage is 0 while the classifier decides, after updates
        that did harm.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.guard import decision_rule
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> model = RLCalibratedClassifier(total_timesteps=20).fit(X, X[:, 0] > 0)
    >>> decision_rule(model)
    {'shrinkage': 1.0, 'threshold': None, 'positive': None}
    """
    rule = correction_rule(model)
    has_failed = getattr(model, "update_history_", {}).get("base_decides", [False])[-1]
    return rule | {"shrinkage": 0.0, "threshold": None} if has_failed else rule


def correction_rule(model):
    """Return the same for the correction itself, also while the classifier decides.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    Returns
    -------
    correction_rule : dict
        As of :func:`decision_rule`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from sklearn_rlcorrect.guard.decision import correction_rule
    >>> correction_rule(SimpleNamespace(priority="fp"))["shrinkage"]
    1.0
    """
    return getattr(model, "guard_report_", {}).get(model.priority, _UNGUARDED)


def decisions(model, proba):
    """Predict the index of a class, as a fitted corrector does.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    proba : ndarray of shape (n_samples, n_classes)
        Corrected probabilities.

    Returns
    -------
    predicted : ndarray of int of shape (n_samples,)
        Index into `classes_`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.guard import decisions
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> model = RLCalibratedClassifier(total_timesteps=20).fit(X, X[:, 0] > 0)
    >>> predicted = model.classes_[decisions(model, model.predict_proba(X))]
    >>> bool((predicted == model.predict(X)).all())
    True
    """
    rule = decision_rule(model)
    return decide(proba, rule["threshold"], rule["positive"])

"""Suspend MLflow's autologging."""

import contextlib
import sys


@contextlib.contextmanager
def without_autolog():
    """Suspend ``mlflow.autolog()`` for whatever is fitted in this block.

    A corrector fits its classifier once per fold and once on all rows. With autologging
    on, each of these fits would be a run, or a model, of its own.

    Yields
    ------
    None
        Nothing.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect.tracking import without_autolog
    >>> X, y = load_iris(return_X_y=True)
    >>> with without_autolog():
    ...     model = GaussianNB().fit(X, y)
    """
    if "mlflow" not in sys.modules:
        yield
        return
    # Not in MLflow's documentation; autolog(disable=True) is, but forgets what was set.
    from mlflow.utils import autologging_utils

    # On leaving, MLflow's context turns autologging on, whatever it was before.
    if autologging_utils._AUTOLOGGING_GLOBALLY_DISABLED:
        yield
        return
    with autologging_utils.disable_autologging():
        yield

"""Files of all pictures of a fitted corrector."""

from pathlib import Path

from sklearn_rlcorrect.plotting._base import STYLE, arguments_of_estimator
from sklearn_rlcorrect.plotting.adjustment import AdjustmentDisplay
from sklearn_rlcorrect.plotting.confusion import ConfusionChangeDisplay
from sklearn_rlcorrect.plotting.correction import CorrectionDisplay
from sklearn_rlcorrect.plotting.false_positives import FalsePositiveDisplay
from sklearn_rlcorrect.plotting.reliability import ReliabilityDisplay
from sklearn_rlcorrect.plotting.tradeoff import TradeoffDisplay
from sklearn_rlcorrect.plotting.tradeoff_arguments import tradeoff_of_estimator
from sklearn_rlcorrect.plotting.training import (
    TrainingCurveDisplay,
    training_of_estimator,
)

_BEFORE_AFTER = {
    "confusion": ConfusionChangeDisplay,
    "adjustments": AdjustmentDisplay,
    "corrections": CorrectionDisplay,
    "false_positives": FalsePositiveDisplay,
    "reliability": ReliabilityDisplay,
}


def save_pictures(estimator, X, y, folder, **predict_params):
    """Write the seven pictures of a fitted corrector as PNG.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    folder : str or path-like
        Folder that exists.

    **predict_params : dict
        Metadata for the classifier's `predict_proba`, by metadata routing.

    Returns
    -------
    paths : list of pathlib.Path
        Files written: ``tradeoff.png`` first, five other displays of the rows, and
        ``training.png``.

    Raises
    ------
    ValueError
        If `estimator` is no fitted corrector, or if `y` holds a label that it does not
        know.

    FileNotFoundError
        If `folder` does not exist.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.plotting import save_pictures
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> model = model.fit(X[:400], y[:400])
    >>> with TemporaryDirectory() as folder:
    ...     paths = save_pictures(model, X[400:], y[400:], folder)
    >>> len(paths), paths[0].name
    (7, 'tradeoff.png')
    """
    displays = _displays(estimator, X, y, predict_params)
    paths = [Path(folder) / f"{name}.png" for name in displays]
    for path, display in zip(paths, displays.values(), strict=True):
        save_display(display, path)
    return paths


def save_display(display, path):
    """Write a display as PNG.

    Parameters
    ----------
    display : display
        Any of :mod:`sklearn_rlcorrect.plotting`.

    path : str or path-like
        File.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn_rlcorrect.plotting import CorrectionDisplay
    >>> from sklearn_rlcorrect.plotting.save import save_display
    >>> display = CorrectionDisplay.from_predictions(
    ...     ["no", "no", "yes"], [0.7, 0.1, 0.8], [0.3, 0.1, 0.9])
    >>> with TemporaryDirectory() as folder:
    ...     save_display(display, Path(folder) / "corrections.png")
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        # Not by pyplot, which would open a window, and keep the figure.
        figure = display.plot(ax=display._subplots(Figure)).figure_
        figure.savefig(path, dpi=200, format="png")


def _displays(estimator, X, y, predict_params):
    """Make the displays by name, from one prediction of the rows."""
    arguments = arguments_of_estimator(estimator, X, y, predict_params)
    tradeoff = TradeoffDisplay(
        **tradeoff_of_estimator(estimator, X, y, arguments["before"])
    )
    displays = {name: display(**arguments) for name, display in _BEFORE_AFTER.items()}
    training = TrainingCurveDisplay(**training_of_estimator(estimator))
    return {"tradeoff": tradeoff} | displays | {"training": training}

"""Model card of a corrector: its effect on held-out rows, and its limits of use."""

import os
import tempfile
from pathlib import Path

from sklearn_rlcorrect._statements import (
    caveats,
    classes,
    effect,
    purpose,
    score_table,
    verdict,
)
from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.plotting import save_pictures


def write_model_card(estimator, X, y, folder):
    """Write a model card with its pictures, by skops.

    Its sentences are derived from the figures: the card says that accuracy is kept only
    where it is, on these rows or by a proven limit.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    folder : str or path-like
        Folder to make: ``README.md`` and seven pictures. It is complete, or not made.

    Returns
    -------
    path : pathlib.Path
        The card.

    Raises
    ------
    FileExistsError
        If the folder exists.

    ValueError
        If `estimator` is no fitted corrector, or does not know a label.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.card import write_model_card
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> model = model.fit(X[:400], y[:400])
    >>> with TemporaryDirectory() as folder:
    ...     card = write_model_card(model, X[400:], y[400:], f"{folder}/card").read_text()
    >>> "On 169 rows" in card
    True
    """
    folder = Path(folder)
    if folder.exists():
        raise FileExistsError(f"{folder} exists: choose another folder")
    check_corrector(estimator, "estimator")
    with tempfile.TemporaryDirectory(dir=folder.resolve().parent) as made:
        inner = Path(made) / folder.name
        inner.mkdir()
        pictures = save_pictures(estimator, X, y, inner)
        scores = evaluate_correction(estimator, X, y)
        card = _card(estimator, scores, saving_interval(estimator, X, y), len(y))
        for picture in pictures:
            title = picture.stem.replace("_", " ").capitalize()
            card.add_plot(**{f"Pictures/{title}": picture.name})
        card.add_hyperparams("Parameters")
        (inner / "README.md").write_text(card.render(), encoding="utf-8")
        os.replace(inner, folder)
    return folder / "README.md"


def _card(estimator, scores, saving, n_rows):
    from skops.card import Card

    card = Card(estimator, template=None)
    paragraphs = [
        purpose(estimator),
        effect(scores, n_rows),
        *([] if saving is None else [verdict(estimator, scores, saving)]),
        classes(estimator),
    ]
    card.add(**{"Corrected classifier": "\n\n".join(paragraphs)})
    card.add_table(**{f"Before and after, on {n_rows} rows": score_table(scores)})
    limits = "\n".join(f"- {caveat}" for caveat in caveats(estimator, scores, n_rows))
    card.add(**{"Limits of use": limits})
    return card

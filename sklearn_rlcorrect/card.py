"""A model card: what a corrector brings, and where it must not be used."""

import os
import tempfile
from pathlib import Path

from sklearn_rlcorrect.evaluation import evaluate_correction
from sklearn_rlcorrect.guard import Limits, decision_rule, describe
from sklearn_rlcorrect.metrics import positive_classes
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.plotting import save_pictures
from sklearn_rlcorrect.rewards import positive_labels

_PURPOSE = (
    "A classifier whose probabilities are corrected by a policy trained with "
    "reinforcement learning, so that false positives fall while accuracy is kept. No "
    "probability is moved by more than {max_adjustment:g}. A false positive weighs "
    "{fp_weight}, a false negative 1; the policy in use is the one for the priority "
    "“{priority}”."
)
_LIMITS = """\
- The correction is as good as the rows it was learnt from: under drift it can harm. \
Compare before and after again on fresh labelled rows.
- {evidence}
- {meaning}
- Reading a model from a joblib or pickle file runs code. Read such files from people you \
trust, or use skops."""
_MEASURED = (
    "Fewer false positives at kept accuracy were measured on held-out rows. That is no "
    "guarantee."
)
_PROVEN = (
    "Proven on {n_rows} rows that nothing was fitted on: {limits}. That is about rows like "
    "those."
)
_SCORES = (
    "The corrected values are decision scores for a cut at 0.5, not calibrated "
    "probabilities, for `fp_weight` is not 1."
)
_PROBABILITIES = "The corrected values estimate probabilities, for `fp_weight` is 1."


def write_model_card(estimator, X, y, folder):
    """Write a model card with its pictures, by skops.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on.

    y : array-like of shape (n_samples,)
        Labels.

    folder : str or path-like
        Folder to make: ``README.md`` and six pictures. It appears whole or not at all.

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
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.card import write_model_card
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> folder = getfixture("tmp_path") / "model"
    >>> write_model_card(model.fit(X[:400], y[:400]), X[400:], y[400:], folder).name
    'README.md'
    """
    folder = Path(folder)
    if folder.exists():
        raise FileExistsError(f"{folder} exists: choose another folder")
    check_corrector(estimator, "estimator")
    with tempfile.TemporaryDirectory(dir=folder.resolve().parent) as made:
        inner = Path(made) / folder.name
        inner.mkdir()
        pictures = save_pictures(estimator, X, y, inner)
        card = _card(estimator, evaluate_correction(estimator, X, y), len(y))
        for picture in pictures:
            title = picture.stem.replace("_", " ").capitalize()
            card.add_plot(**{f"Pictures/{title}": picture.name})
        card.add_hyperparams("Parameters")
        (inner / "README.md").write_text(card.render(), encoding="utf-8")
        os.replace(inner, folder)
    return folder / "README.md"


def _card(estimator, scores, n_rows):
    from skops.card import Card

    purpose = _PURPOSE.format(**estimator.get_params(deep=False))
    meaning = _PROBABILITIES if estimator.fp_weight == 1 else _SCORES
    table = {"": [name.replace("_", " ") for name in scores["before"]]} | {
        when: [f"{value:.6g}" for value in values.values()]
        for when, values in scores.items()
    }
    positives = positive_classes(
        estimator.classes_, positive_labels(estimator.fp_weight, estimator.pos_label)
    )
    classes = (
        f"Classes: {_listed(estimator.classes_)}. False positives and false negatives are "
        f"those of {_listed(estimator.classes_[positives])}."
    )
    card = Card(estimator, template=None)
    card.add(**{"Corrected classifier": f"{purpose}\n\n{classes}"})
    card.add_table(**{f"Before and after, on {n_rows} held-out rows": table})
    card.add(
        **{"Limits of use": _LIMITS.format(meaning=meaning, evidence=_evidence(estimator))}
    )
    return card


def _evidence(estimator):
    report = decision_rule(estimator)
    if not report.get("proven"):
        return _MEASURED
    limits = describe(Limits.of_report(report))
    return _PROVEN.format(n_rows=report["n_rows"], limits=limits)


def _listed(labels):
    return ", ".join(f"`{label}`" for label in labels.tolist())

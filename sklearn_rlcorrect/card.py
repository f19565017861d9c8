"""Model card of a corrector: its effect on held-out rows, and its limits of use."""

import os
import tempfile
from pathlib import Path

from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval
from sklearn_rlcorrect.guard import Limits, decision_rule, describe
from sklearn_rlcorrect.metrics import positive_classes
from sklearn_rlcorrect.persistence import check_corrector
from sklearn_rlcorrect.plotting import save_pictures
from sklearn_rlcorrect.rewards import positive_labels

_PURPOSE = (
    "A classifier whose probabilities are corrected by a policy trained with "
    "reinforcement learning. No probability is moved by more than {bound:g}. A false "
    "positive weighs {fp_weight}, a false negative 1; the policy in use is the one for the "
    "priority “{priority}”."
)
_LIMITS = """\
- {verdict}
- {evidence}
- {meaning}
- The correction is as good as the rows it was learnt from: under drift it can harm. \
Compare before and after again on fresh labelled rows.
- Reading a model from a joblib or pickle file runs code. Read such files from people you \
trust, or use skops."""
_MEASURED = (
    "These changes were measured, and nothing is proven: other rows can show others."
)
_PROVEN = (
    "Proven on {n_rows} rows that nothing was fitted on: {limits}. That is about rows like "
    "those."
)
_NOT_PROVEN = (
    "Not proven on {n_rows} rows that nothing was fitted on: {limits}. The probabilities "
    "are therefore left as they are."
)
_STALE = (
    "What was proven on {n_rows} rows, {limits}, was proven before the last update: test "
    "it on fresh rows by `check_guard`."
)
_SCORES = (
    "The corrected values are decision scores, not calibrated probabilities: {reason}."
)
_PROBABILITIES = "The corrected values estimate probabilities; the Brier score {change}."

# The optimum of these rewards is the probability.
_PROPER = ("brier", "log_loss")

# Metrics that the card puts in words, and whether more of them is worse.
_WORSE_IF_MORE = {"false_positives": True, "accuracy": False, "recall": False}


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
        Folder to make: ``README.md`` and six pictures. It is complete, or not made.

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
    >>> "On 169 held-out rows" in card
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
        _purpose(estimator),
        _effect(scores, n_rows),
        *([] if saving is None else [_beyond_threshold(estimator, saving)]),
        _classes(estimator),
    ]
    card.add(**{"Corrected classifier": "\n\n".join(paragraphs)})
    card.add_table(**{f"Before and after, on {n_rows} held-out rows": _table(scores)})
    limits = _LIMITS.format(
        verdict=_verdict(scores, n_rows),
        evidence=_evidence(estimator),
        meaning=_meaning(estimator, scores),
    )
    card.add(**{"Limits of use": limits})
    return card


def _purpose(estimator):
    return _PURPOSE.format(
        bound=estimator.max_adjustment_ * decision_rule(estimator)["shrinkage"],
        fp_weight=estimator.fp_weight,
        priority=estimator.priority,
    )


def _effect(scores, n_rows):
    """Describe what changes on the held-out rows, for better or worse."""
    changes = [_change(name, scores) for name in _WORSE_IF_MORE]
    return (
        f"On {n_rows} held-out rows, the correction changes {scores['after']['changed']:g} "
        f"of the decisions: {', '.join(changes[:-1])}, and {changes[-1]}."
    )


def _beyond_threshold(estimator, saving):
    """Describe what the correction is worth beyond another threshold."""
    interval = f"95 % interval {saving['lower']:.4g} to {saving['upper']:.4g}"
    text = (
        f"The classifier alone with the threshold {estimator.base_threshold_:.4g}, which "
        f"cost least in training, costs {abs(saving['value']):.4g} "
        f"{'more' if saving['value'] >= 0 else 'less'} than the correction on these rows "
        f"({interval})"
    )
    if saving["lower"] > 0:
        return f"{text}."
    if saving["upper"] < 0:
        return f"{text}: **use that threshold instead.**"
    return f"{text}: which is better is not decided, and a threshold is simpler."


def _change(name, scores):
    """Describe the change of a metric, such as "accuracy falls from 0.9 to 0.8"."""
    before, after = scores["before"][name], scores["after"][name]
    subject, s = name.replace("_", " "), "" if name.endswith("s") else "s"
    if _figure(before) == _figure(after):
        return f"{subject} stay{s} at {_figure(before)}"
    verb = "fall" if after < before else "rise"
    return f"{subject} {verb}{s} from {_figure(before)} to {_figure(after)}"


def _verdict(scores, n_rows):
    """Name the metrics that get worse on the held-out rows."""
    gains = {
        name: scores["after"][name] - scores["before"][name] for name in _WORSE_IF_MORE
    }
    worse = [
        _change(name, scores)
        for name, is_cost in _WORSE_IF_MORE.items()
        if (gains[name] > 0 if is_cost else gains[name] < 0)
    ]
    if worse:
        return f"**Worse than the classifier alone** on {n_rows} held-out rows: " + (
            "; ".join(worse) + "."
        )
    return (
        f"On {n_rows} held-out rows, none of false positives, accuracy and recall is worse "
        "than the classifier's."
    )


def _classes(estimator):
    positives = positive_classes(
        estimator.classes_, positive_labels(estimator.fp_weight, estimator.pos_label)
    )
    return (
        f"Classes: {_listed(estimator.classes_)}. False positives and false negatives are "
        f"those of {_listed(estimator.classes_[positives])}."
    )


def _table(scores):
    return {"": [name.replace("_", " ") for name in scores["before"]]} | {
        when.replace("_", " "): [_figure(value) for value in values.values()]
        for when, values in scores.items()
    }


def _evidence(estimator):
    report = decision_rule(estimator)
    if "proven" not in report:
        return _MEASURED
    text = _PROVEN if report["proven"] else _NOT_PROVEN
    text = _STALE if report.get("stale") else text
    return text.format(n_rows=report["n_rows"], limits=describe(Limits.of_report(report)))


def _meaning(estimator, scores):
    """Describe whether the corrected values are probabilities."""
    if estimator.fp_weight != 1:
        return _SCORES.format(reason="`fp_weight` is not 1")
    if estimator.reward not in _PROPER:
        return _SCORES.format(reason="`reward` is no proper score")
    return _PROBABILITIES.format(change=_change("brier", scores).removeprefix("brier "))


def _figure(value):
    return f"{value:.6g}"


def _listed(labels):
    return ", ".join(f"`{label}`" for label in labels.tolist())

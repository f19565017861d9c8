"""Report on a corrector: one HTML page to decide from, which needs no other file."""

import base64
import inspect
import math
import re
import tempfile
from copy import copy
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, indexable

from sklearn_rlcorrect import __version__
from sklearn_rlcorrect._statements import (
    caveats,
    classes,
    effect,
    idle_reason,
    purpose,
    score_table,
    verdict,
)
from sklearn_rlcorrect._updating import costs_of
from sklearn_rlcorrect.evaluation import evaluate_priorities, saving_interval
from sklearn_rlcorrect.guard import decisions
from sklearn_rlcorrect.metrics import label_indices
from sklearn_rlcorrect.persistence import check_corrector, check_output, replacing
from sklearn_rlcorrect.plotting import save_pictures
from sklearn_rlcorrect.plotting._base import model_name

_TEMPLATE = "report.html"
_CAPTIONS = {
    "tradeoff": "Left: false positives against recall; lower and further to the right is "
    "better. Right: what the mistakes cost; lower is better. Marks are decisions.",
    "confusion": "Decisions before and after.",
    "corrections": "Each row by its probability before and after.",
    "reliability": "Observed frequency against predicted probability, in bins of equal "
    "counts.",
    "adjustments": "How far probabilities are moved, where the classifier is right and "
    "where it is wrong.",
}
# Of rows and of their columns, in a table of examples.
_N_EXAMPLES, _N_COLUMNS, _LONGEST = 6, 8, 40
# Of each priority.
_METRICS = (
    *("false_positives", "false_negatives", "recall", "accuracy", "cost", "changed"),
)


def write_report(
    estimator,
    X,
    y,
    path,
    *,
    title="Correction report",
    source="",
    caution="",
    row_numbers=None,
):
    """Write a report on held-out rows as one HTML page.

    It holds the scores beside those of another threshold alone, the trade-off, what each
    priority does, pictures, rows whose decisions were fixed and broken, what is proven, and
    when not to use the correction.

    Parameters
    ----------
    estimator : RLCalibratedClassifier
        Fitted.

    X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
        Rows that the corrector was not fitted on. Values of some of them are shown.

    y : array-like of shape (n_samples,)
        Labels.

    path : str or path-like
        File to write, replaced if it exists. It is complete, or not made.

    title : str, default="Correction report"
        Head of the page, before the name of the classifier.

    source : str, default=""
        Where the rows are from.

    caution : str, default=""
        What a reader must know of these rows, such as that some may have been trained on.

    row_numbers : array-like of int of shape (n_samples,), default=None
        Number of each row in the table that it is from, to be shown with examples. None
        counts from 0.

    Returns
    -------
    path : pathlib.Path
        The file.

    Raises
    ------
    ValueError
        If `estimator` is no fitted corrector, or does not know a label.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> from sklearn_rlcorrect.report import write_report
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = RLCalibratedClassifier(GaussianNB(), total_timesteps=2_000)
    >>> model = model.fit(X[:400], y[:400])
    >>> with TemporaryDirectory() as folder:
    ...     page = write_report(model, X[400:], y[400:], f"{folder}/report.html")
    ...     "Scores on 169 rows" in page.read_text()
    True
    """
    check_corrector(estimator, "estimator")
    of_priorities = evaluate_priorities(estimator, X, y)
    scores = of_priorities[estimator.priority]
    saving = saving_interval(estimator, X, y)
    before, after = estimator.predict_before_after(X)
    numbers = np.arange(len(y)) if row_numbers is None else np.asarray(row_numbers)
    check_consistent_length(y, numbers)
    page = _template().render(
        title=f"{title}: {model_name(estimator)}",
        caution=caution,
        has_numbers=row_numbers is not None,
        subtitle=" · ".join(filter(None, [source, f"sklearn-rlcorrect {__version__}"])),
        summary=_summary(estimator, scores, saving, len(y)),
        n_rows=len(y),
        has_positives="false_positives_at_recall" in scores["before"],
        scores=score_table(scores),
        pictures=_pictures(estimator, X, y),
        class_drawn=_class_drawn(estimator),
        priorities=_priorities(estimator, of_priorities),
        examples=_examples(estimator, X, y, before, after, numbers),
        caveats=caveats(estimator, scores, len(y)),
        parameters=_parameters(estimator),
    )
    with replacing(check_output(path, overwrite=True)) as temporary:
        Path(temporary).write_text(page, encoding="utf-8")
    return Path(path)


def _template():
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sklearn_rlcorrect", ""),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.filters["inline"] = _inline
    environment.globals["zip"] = zip
    return environment.get_template(_TEMPLATE)


def _inline(sentence):
    """Turn the Markdown of a sentence, code and bold, into HTML."""
    from markupsafe import Markup, escape

    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(sentence)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text))


def _summary(estimator, scores, saving, n_rows):
    """Say what matters most first."""
    found = [] if saving is None else [verdict(estimator, scores, saving)]
    return [*found, effect(scores, n_rows), purpose(estimator), classes(estimator)]


def _pictures(estimator, X, y):
    with tempfile.TemporaryDirectory() as folder:
        files = {path.stem: path for path in save_pictures(estimator, X, y, folder)}
        return [
            {
                "caption": caption,
                "data": base64.b64encode(files[name].read_bytes()).decode(),
            }
            for name, caption in _CAPTIONS.items()
        ]


def _class_drawn(estimator):
    """Say which classes are drawn against the rest, if there are more than two."""
    _, positives = costs_of(estimator)
    if len(estimator.classes_) == 2:
        return ""
    if len(positives) == 1:
        label = estimator.classes_[positives[0]]
        return f"The positive class, `{label}`, is drawn against the rest."
    return (
        "Each positive class is drawn against the rest, at most five of them: those with "
        "most false positives of the classifier. The bars are of all classes together."
    )


def _priorities(estimator, of_priorities):
    """Per priority what it does on the rows, beside the classifier and its threshold."""
    any_scores = of_priorities[estimator.priority]
    alone = {name: scores for name, scores in any_scores.items() if name != "after"}
    shown = alone | {name: scores["after"] for name, scores in of_priorities.items()}
    notes = [""] * len(alone) + [_note(estimator, priority) for priority in of_priorities]
    table = score_table(
        {name: {key: scores[key] for key in _METRICS} for name, scores in shown.items()}
    )
    names = table.pop("")
    rows = zip(*table.values(), strict=True)
    columns = dict(zip(names, rows, strict=True))
    labels = ["classifier" if name == "before" else name for name in table]
    return {"": labels} | columns | {"note": notes}


def _note(estimator, priority):
    """Say whether a priority is in use, and why it does nothing, if that is so."""
    reason = idle_reason(copy(estimator).set_params(priority=priority))
    does = f"does nothing: {reason}" if reason else ""
    return "; ".join(filter(None, ["in use" * (priority == estimator.priority), does]))


def _examples(estimator, X, y, before, after, numbers):
    """Rows whose decisions were fixed and broken, the largest adjustments first."""
    first, last = before.argmax(axis=1), decisions(estimator, after)
    truth = label_indices(y, estimator.classes_)
    size = np.abs(after - before).max(axis=1)
    kinds = {
        "Decisions fixed": (first != truth) & (last == truth),
        "Decisions broken": (first == truth) & (last != truth),
    }
    return {
        f"{kind}: {is_kind.sum()} of {len(truth)} rows": _rows(
            estimator, X, truth, before, after, numbers, _largest(size, is_kind)
        )
        for kind, is_kind in kinds.items()
    }


def _largest(size, is_kind):
    rows = np.flatnonzero(is_kind)
    return rows[np.argsort(-size[rows], kind="stable")[:_N_EXAMPLES]]


def _rows(estimator, X, truth, before, after, numbers, rows):
    """Heads of columns and their cells: two columns may have one name."""
    label = truth[rows]
    return [
        ("row", numbers[rows].tolist()),
        ("true class", estimator.classes_[label].tolist()),
        ("its probability before", [f"{p:.3f}" for p in before[rows, label]]),
        ("after", [f"{p:.3f}" for p in after[rows, label]]),
        *_values(X, rows).items(),
    ]


def _values(X, rows):
    """Return the first columns of some rows, as texts."""
    (X,) = indexable(X)
    if hasattr(X, "columns"):
        names = list(X.columns)[:_N_COLUMNS]
        columns = {str(name): np.asarray(X[name])[rows] for name in names}
    elif hasattr(X, "shape"):
        part = X[rows][:, :_N_COLUMNS]
        part = part.toarray() if hasattr(part, "toarray") else part
        columns = {f"x{k}": part[:, k] for k in range(part.shape[1])}
    else:
        columns = {"X": [X[row] for row in rows]}
    return {name: [_short(value) for value in values] for name, values in columns.items()}


def _short(value):
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _parameters(estimator):
    """List the parameters that are not the defaults."""
    defaults = inspect.signature(type(estimator)).parameters
    given = {
        name: value
        for name, value in estimator.get_params(deep=False).items()
        if repr(value) != repr(defaults[name].default)
    }
    return {"parameter": list(given), "value": [_whole(value) for value in given.values()]}


def _whole(value):
    # An estimator leaves out the middle of what is longer than 700 characters.
    is_estimator = isinstance(value, BaseEstimator)
    return value.__repr__(N_CHAR_MAX=math.inf) if is_estimator else repr(value)

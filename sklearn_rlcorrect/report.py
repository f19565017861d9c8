"""Report on a corrector: one HTML page to decide from, which needs no other file."""

import base64
import re
import tempfile
from pathlib import Path

import numpy as np
from sklearn.utils import indexable

from sklearn_rlcorrect import __version__
from sklearn_rlcorrect._statements import (
    caveats,
    classes,
    effect,
    purpose,
    score_table,
    verdict,
)
from sklearn_rlcorrect.evaluation import evaluate_correction, saving_interval
from sklearn_rlcorrect.guard import decisions
from sklearn_rlcorrect.metrics import label_indices
from sklearn_rlcorrect.persistence import check_corrector, check_output, replacing
from sklearn_rlcorrect.plotting import save_pictures

_TEMPLATE = "report.html"
_CAPTIONS = {
    "tradeoff": "False positives against recall, and the cost against the threshold. Below "
    "and to the right is better; marks are decisions.",
    "confusion": "Decisions before and after.",
    "corrections": "Each row by its probability before and after.",
    "reliability": "Observed frequency against predicted probability, in bins of equal "
    "counts.",
    "adjustments": "How far probabilities are moved, where the classifier is right and "
    "where it is wrong.",
}
# Of rows and of their columns, in a table of examples.
_N_EXAMPLES, _N_COLUMNS, _LONGEST = 6, 8, 40
_PER_ROW = ("accuracy", "false_positives", "false_negatives", "cost")


def write_report(
    estimator, X, y, path, *, title="Correction report", source="", caution=""
):
    """Write a report on held-out rows as one HTML page.

    It holds the scores beside those of another threshold alone, the trade-off, the
    priorities, pictures, rows whose decisions were fixed and broken, what is proven, and
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
        Head of the page.

    source : str, default=""
        Where the rows are from.

    caution : str, default=""
        What a reader must know of these rows, such as that some may have been trained on.

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
    scores = evaluate_correction(estimator, X, y)
    saving = saving_interval(estimator, X, y)
    page = _template().render(
        title=title,
        caution=caution,
        subtitle=" · ".join(filter(None, [source, f"sklearn-rlcorrect {__version__}"])),
        summary=_summary(estimator, scores, saving, len(y)),
        n_rows=len(y),
        scores=score_table(scores),
        pictures=_pictures(estimator, X, y),
        priorities=_priorities(estimator),
        examples=_examples(estimator, X, y),
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


def _priorities(estimator):
    """Per priority what it does, on the rows that judged the candidates."""
    front = estimator.front_
    chosen = {"classifier": 0} | estimator.selected_
    columns = {"": list(chosen)} | {
        name.replace("_", " "): [f"{100 * front[name][at]:.2f}" for at in chosen.values()]
        for name in _PER_ROW
    }
    in_use = [name == estimator.priority for name in chosen]
    return columns | {"in use": ["yes" if used else "" for used in in_use]}


def _examples(estimator, X, y):
    """Rows whose decisions were fixed and broken, the largest adjustments first."""
    before, after = estimator.predict_before_after(X)
    first, last = before.argmax(axis=1), decisions(estimator, after)
    truth = label_indices(y, estimator.classes_)
    size = np.abs(after - before).max(axis=1)
    kinds = {
        "Decisions fixed": (first != truth) & (last == truth),
        "Decisions broken": (first == truth) & (last != truth),
    }
    return {
        f"{kind}: {is_kind.sum()} of {len(truth)} rows": _rows(
            estimator, X, truth, before, after, _largest(size, is_kind)
        )
        for kind, is_kind in kinds.items()
    }


def _largest(size, is_kind):
    rows = np.flatnonzero(is_kind)
    return rows[np.argsort(-size[rows], kind="stable")[:_N_EXAMPLES]]


def _rows(estimator, X, truth, before, after, rows):
    if not len(rows):
        return {}
    label = truth[rows]
    return {
        "row": rows.tolist(),
        "true class": estimator.classes_[label].tolist(),
        "its probability before": [f"{p:.3f}" for p in before[rows, label]],
        "after": [f"{p:.3f}" for p in after[rows, label]],
        **_values(X, rows),
    }


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
    parameters = estimator.get_params(deep=False)
    return {
        "parameter": list(parameters),
        "value": [_short(repr(value)) for value in parameters.values()],
    }

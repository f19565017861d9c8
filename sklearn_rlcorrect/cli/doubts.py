"""Questions about data that are probably not what they were taken for."""

import shlex
import sys

import numpy as np
from scipy.stats import mannwhitneyu

from sklearn_rlcorrect.cli.messages import tell

# Of a test that the AUC is 0.5 or more: the upper bound of a two-sided 95 % interval.
_LEVEL = 0.025
_FREQUENT = 0.8


def ask_whether_reversed(model, X, y):
    """Warn if a classifier orders two classes worse than chance does.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted.

    X : {ndarray, pandas.DataFrame} of shape (n_samples, n_features)
        Rows that it was not fitted on.

    y : ndarray of shape (n_samples,)
        Labels.
    """
    if len(model.classes_) != 2 or len(np.unique(y)) != 2:
        return
    before, _ = model.predict_before_after(X)
    is_second = y == model.classes_[1]
    auc, is_below_chance = _auc(before[is_second, 1], before[~is_second, 1])
    if is_below_chance:
        print(
            f"warning: the AUC of the classifier on these rows is {auc:.3f}, below that of "
            "chance: is this the probability of the other class?",
            file=sys.stderr,
        )


def ask_for_pos_label(args, data):
    """Suggest ``--pos-label`` if most rows are positive only because nothing was said.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    data : LabelledRows
        All rows.
    """
    labels, counts = np.unique(data.y, return_counts=True)
    is_said = args.pos_label is not None or data.default_pos_label is not None
    if is_said or len(labels) != 2 or counts[1] <= _FREQUENT * counts.sum():
        return
    other, positive = labels.tolist()
    tell(
        args,
        f"{positive!r}, the second of two labels, counts as positive, and "
        f"{counts[1] / counts.sum():.0%} of the rows have it: if {other!r} is to be found, "
        f"give --pos-label {shlex.quote(str(other))}",
    )


def _auc(of_second, of_first):
    """AUC, and whether it is below 0.5 by a rank test."""
    test = mannwhitneyu(of_second, of_first, alternative="less")
    auc = test.statistic / (len(of_second) * len(of_first))
    return auc, test.pvalue < _LEVEL

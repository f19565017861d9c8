"""Questions about data that are probably not what they were taken for."""

import shlex

import numpy as np

from sklearn_rlcorrect._reversed import reversed_auc
from sklearn_rlcorrect.cli.messages import tell, warn

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
    if len(model.classes_) != 2:
        return
    before, _ = model.predict_before_after(X)
    auc = reversed_auc(before[:, 1], y == model.classes_[1])
    if auc is not None:
        warn(
            f"the AUC of the classifier on these rows is {auc:.3f}, below that of chance: "
            "is this the probability of the other class?"
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

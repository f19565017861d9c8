"""The corrector that the options of ``rlcorrect train`` describe."""

import importlib

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from sklearn.utils import get_tags

from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.features import auto_features

_MOST_FOLDS = 5


def make_corrector(args, data, baseline, X, groups=None):
    """Make the corrector that options describe.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    data : LabelledRows
        All rows.

    baseline : estimator or None
        Fitted classifier to correct; None fits one.

    X : {ndarray, pandas.DataFrame} of shape (n_samples, n_features)
        Rows to train on.

    groups : ndarray of int of shape (n_samples,), default=None
        Groups of these rows, which its `fit` is to be given.

    Returns
    -------
    corrector : RLCalibratedClassifier
        Not fitted.

    Raises
    ------
    ValueError
        If there is no such estimator or positive class.
    """
    return RLCalibratedClassifier(
        _classifier(args, data, baseline, X),
        features=_features(args, X),
        cv=None if groups is None else _group_folds(groups),
        fp_weight=args.fp_weight,
        max_adjustment=args.max_adjustment,
        priority=args.priority,
        pos_label=_pos_label(args, data),
        max_accuracy_drop=args.max_accuracy_drop,
        max_fpr=args.max_fpr,
        min_recall=args.min_recall,
        confidence=args.confidence,
        guard_fraction=args.guard_fraction,
        total_timesteps=args.timesteps,
        memory_size=args.memory_size,
        learning_rate=args.learning_rate,
        random_state=args.seed,
        n_jobs=args.n_jobs,
    )


def classifier_name(args):
    """Return the name of the classifier to correct.

    Parameters
    ----------
    args : argparse.Namespace
        Options of ``rlcorrect train``.

    Returns
    -------
    name : str
        Run, ``precomputed``, or dotted path of a class.
    """
    if args.baseline_run_id:
        return f"run {args.baseline_run_id}"
    if args.data_dir:
        return "precomputed"
    return args.estimator or "sklearn.linear_model.LogisticRegression"


def _classifier(args, data, baseline, X):
    if baseline is not None:
        is_frozen = isinstance(baseline, FrozenEstimator)
        return baseline if is_frozen else FrozenEstimator(baseline)
    if data.n_proba:
        given = PrecomputedProbaClassifier(list(range(data.n_proba)))
        return FrozenEstimator(given.fit(data.X, data.y))
    classifier = LogisticRegression(max_iter=1000)
    if args.estimator:
        classifier = _estimator(args.estimator, args.seed)
    _set_params(classifier, args.estimator_param or [])
    return make_pipeline(
        auto_features(X, args.seed),
        SimpleImputer(keep_empty_features=True),
        StandardScaler(),
        classifier,
    )


def _estimator(path, seed):
    """Return an instance of a class of classifiers, by its dotted path."""
    module, _, name = path.rpartition(".")
    try:
        factory = getattr(importlib.import_module(module), name)
        # Anything else that can be called would be run here.
        if not (isinstance(factory, type) and hasattr(factory, "fit")):
            raise TypeError("it has no fit")
        estimator = factory()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(
            f"--estimator {path} is not a class that can be made without arguments, such "
            f"as sklearn.ensemble.RandomForestClassifier: {error}"
        ) from error
    if not any(hasattr(estimator, name) for name in ("predict_proba", "decision_function")):
        raise ValueError(
            f"--estimator {path} has neither predict_proba nor decision_function, so that "
            "there are no probabilities to correct: give a classifier that has one"
        )
    kind = get_tags(estimator).estimator_type
    if kind not in (None, "classifier"):
        raise ValueError(f"--estimator {path} is no classifier, its tags say {kind!r}")
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=seed)
    return estimator


def _set_params(estimator, params):
    """Set the parameters that --estimator-param names."""
    known = estimator.get_params()
    for name, value in params:
        if name not in known:
            raise ValueError(
                f"--estimator-param {name}: {type(estimator).__name__} has no such "
                f"parameter, it has {', '.join(sorted(known))}"
            )
        estimator.set_params(**{name: value})


def _group_folds(groups):
    return StratifiedGroupKFold(min(_MOST_FOLDS, len(np.unique(groups))))


def _features(args, X):
    if not args.use_input_features:
        return None
    if not args.normalize_features:
        return "auto"
    return make_pipeline(
        auto_features(X, args.seed),
        QuantileTransformer(
            n_quantiles=min(1000, len(X)),
            output_distribution="normal",
            random_state=args.seed,
        ),
    )


def _pos_label(args, data):
    """Return the positive label in the type of the labels."""
    if args.pos_label is None:
        return data.default_pos_label
    labels = {str(label): label for label in data.y.tolist()}
    if args.pos_label not in labels:
        raise ValueError(
            f"--pos-label {args.pos_label} is not among the labels of {data.name}: they "
            f"are {', '.join(sorted(labels)[:10])}"
        )
    return labels[args.pos_label]

"""The estimator: a classifier whose probabilities are corrected by a trained policy."""

import itertools
import warnings
from dataclasses import replace
from inspect import signature

import numpy as np
from scipy.special import expit, softmax
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import check_cv

# _safe_indexing is private, but the only way to take rows of arrays, frames, sparse
# matrices and lists as scikit-learn does. The public cross_val_predict hands encoded labels
# to the folds, where a class_weight or pos_label of the wrapped classifier names real ones.
from sklearn.utils import (
    _safe_indexing,
    check_random_state,
    gen_batches,
    get_tags,
    indexable,
)
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from sklearn_rlcorrect._callbacks import CallbackSupportMixin, fit_task, with_callbacks
from sklearn_rlcorrect._doc_link import DocLinkMixin
from sklearn_rlcorrect._routing import (
    check_groups,
    check_groups_reach_the_guard,
    params_of_rows,
    route,
)
from sklearn_rlcorrect._validation import (
    check_base,
    check_can_guard,
    check_choice,
    check_folds,
    check_guard_rows,
    check_known_labels,
    check_parameters,
    check_proba,
    check_reward,
    check_sample_weight,
    check_splits,
    check_target,
    label_indices,
)
from sklearn_rlcorrect.agent.adjustment import adjust
from sklearn_rlcorrect.agent.observation import (
    dense_features,
    fit_scaler,
    observe,
    with_posterior,
)
from sklearn_rlcorrect.agent.policy import bound_of_steps, policy_actions
from sklearn_rlcorrect.agent.posterior import cross_fit, fit_posterior, posterior_log_odds
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.agent.selection import (
    PRIORITIES,
    best_candidate,
    candidate_policies,
    held_out_actions,
    score_candidates,
    score_checkpoints,
)
from sklearn_rlcorrect.features import auto_features
from sklearn_rlcorrect.guard import (
    Limits,
    Rows,
    check,
    decision_rule,
    decisions,
    guard,
    renamed_report,
    split,
    warnings_of,
)
from sklearn_rlcorrect.metrics import positive_classes
from sklearn_rlcorrect.rewards import (
    REWARDS,
    class_weights,
    false_positive_costs,
    positive_labels,
)

# Rows corrected at a time: bounds the memory of predicting, not its result.
_CHUNK = 4096

# Rows that the scale of columns is taken from, at most.
_MAX_SCALED = 20_000

# To be raised when fitted attributes change so that older code misreads them.
FORMAT_VERSION = 5


class RLCalibratedClassifier(
    CallbackSupportMixin, DocLinkMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Classifier with probabilities corrected by reinforcement learning.

    Wraps a classifier as :class:`~sklearn.calibration.CalibratedClassifierCV` does. A
    policy looks at the probabilities of the wrapped classifier, at the features and at a
    posterior of the classes from boosted trees, and moves each probability by at most
    `max_adjustment`, so that false positives fall while accuracy is kept. It is trained
    with TD3 [1]_ as a one-step contextual bandit: twin critics learn what explored
    adjustments are worth, starting from that posterior, and the actor follows them.

    With `fp_weight` above 1 the corrected values are decision scores for which 0.5 is
    the right threshold at that cost ratio, not calibrated probabilities: their optimum
    is the cost-shifted posterior ``eta / (eta + fp_weight * (1 - eta))`` [2]_. With
    ``fp_weight=1`` the optimum is the posterior ``eta`` itself.

    Parameters
    ----------
    estimator : estimator instance, default=None
        Classifier to correct, with `predict_proba` or `decision_function`. None is
        :class:`~sklearn.linear_model.LogisticRegression`. A fitted model that must not
        be refitted goes in a :class:`~sklearn.frozen.FrozenEstimator`; fit the corrector
        then on rows that the model was not fitted on.

    cv : int, cross-validation generator or iterable, default=None
        How the out-of-fold probabilities are made that the policy is trained on: each
        row in exactly one test fold. None is 5 folds, or as many as the rarest class has
        members if those are fewer; an integer is a number of folds. Both are stratified
        and not shuffled. Unused for a :class:`~sklearn.frozen.FrozenEstimator`.

    max_adjustment : float, default=0.8
        Largest change of any probability, in (0, 1]. At 0.5 or less, a two-class
        probability of 0 or 1 never changes sides. To change it is to fit again.

    fp_weight : float or dict, default=1.2
        Cost of a false positive, where a false negative costs 1. A dict gives the cost
        of a false positive per label (1 for those that it lacks), whatever `pos_label`
        is. With more than two
        classes and no `pos_label`, each mistake is one false positive and one false
        negative, so that a single number weighs all rows alike: give a dict.

    pos_label : int, float, bool or str, default=None
        Class whose false positives count. None is the labels that a dict `fp_weight`
        names; else the second of two classes in sorted order (``classes_[1]``), and
        every class of more.

    priority : {"weighted", "fp", "accuracy"}, default="weighted"
        Which policy predicts. Each is the candidate of `front_` that is best on rows the
        policies were not trained on; to leave the probabilities alone is always one.

        - "weighted": largest mean reward, false positives weighted.
        - "fp": fewest false positives (or lowest cost of them, if several classes
          count) among the candidates whose accuracy is above the classifier's by a
          standard error, or whose decisions are right where the classifier's are.
        - "accuracy": highest accuracy.

        It may be changed after `fit`, without training again.

    reward : {"brier", "log_loss", "accuracy"} or callable, default="brier"
        What an adjustment is worth: the improvement of that score, or a function
        ``(y_true, proba, adjusted) -> ndarray of shape (n_samples,)``, see
        :mod:`sklearn_rlcorrect.rewards`. It is multiplied by the weight that
        `fp_weight` gives the row.

    features : {"auto"}, transformer or None, default="auto"
        What the policy sees besides the probabilities. "auto" scales numeric columns
        (what is missing counts as the mean, and is marked) and one-hot encodes text,
        category columns (at most 20 categories each); other columns are left
        out, and X that is no table, such as a list of texts, gives no features. A
        transformer is cloned and fitted without y, so that no label can reach the policy
        through it. None shows probabilities only.

    total_timesteps : int, default=50_000
        Environment steps of the training. One step adjusts one row; there is a gradient
        step for every 128 of them.

    n_policies : int, default=3
        Policies to train at once, each on another part of the rows. Their actions are
        averaged.

    net_arch : sequence of int, default=(32, 32)
        Hidden layers of each network.

    learning_rate : float, default=1e-2
        Initial step size of the optimizer; falls linearly to zero.

    batch_size : int, default=256
        Rows per gradient step.

    validation_fraction : float, default=0.2
        Part of the rows that each policy is not trained on, but judged by. The parts
        are disjoint where that is possible.

    max_accuracy_drop : float, default=None
        Largest fall of the accuracy, in [0, 1), below that of the wrapped classifier.
        `guard_fraction` of the rows is then set aside, nothing is fitted on it, and the
        correction is made as weak as it must be for this to be proven on these rows; if
        that cannot be done, the probabilities are left as they are, with a warning.
        None proves nothing, and sets no rows aside. Steps of a Pipeline before the
        corrector are fitted on the guard rows, too: what learns from labels there
        belongs inside `estimator`.

    max_fpr : float, default=None
        Largest false positive rate, in (0, 1), proven in the same way: `predict` then
        takes the cut next to 0.5 that keeps it. For two classes.

    min_recall : float, default=None
        Smallest recall, in (0, 1), proven in the same way. For two classes.

    confidence : float, default=0.95
        Probability, over the draw of the guard rows, with which all limits that are given
        hold together.

    guard_fraction : float, default=0.2
        Part of the rows that is set aside if there is a limit; of the groups, if `fit`
        is given groups: one row of each is a guard row.

    n_jobs : int, default=None
        Jobs for the folds of the classifier. None is 1 unless in a
        :obj:`joblib.parallel_config` context; -1 uses all processors.

    random_state : int, RandomState instance or None, default=None
        Seed of the training. Global random states are left alone; None is another seed
        at each call. The wrapped classifier has its own.

    verbose : int, default=0
        Above 0 shows a progress bar.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    estimator_ : estimator instance
        Wrapped classifier, fitted on all rows but those set aside for limits.

    feature_transformer_ : transformer or None
        Makes the features.

    observation_scaler_ : StandardScaler
        Scales log-odds and features.

    posterior_ : dict or None
        Boosted trees as arrays, fitted on the rows that the policies were trained and
        judged on: the policy sees their log-odds. None without features, and where there
        are too few rows.

    class_order_ : ndarray of shape (n_classes,)
        Order in which the policies see the classes, the most frequent first: what the
        classes are called makes no difference.

    policies_ : dict of str to list
        Per priority the `n_policies` policies, each a list ``[weights, intercepts,
        weights, intercepts, ...]`` of arrays.

    history_ : dict of str to ndarray
        Per metric one value per checkpoint, on the rows that the policies were not
        trained on: "timesteps", "critic_share" (how much of what the critics learnt
        counted), "reward", "accuracy", "false_positives", "false_negatives",
        "precision", "recall", "f1", "brier", "log_loss". Rows count by their weights.
        Entry 0 is the wrapped classifier alone.

    front_ : dict of str to ndarray
        One value per candidate, on the same rows: "checkpoint", "shrinkage" (part of the
        steps in log-odds that is taken) and "shift" (fall of the log-odds of the classes
        whose false positives count) say what it is; "reward", "cost", "accuracy",
        "accuracy_gain_error" (standard error of the gain over entry 0),
        "false_positives", "false_negatives" and "false_positive_cost" are means per
        row. Entry 0 is the wrapped classifier alone.

    selected_ : dict of str to int
        Per priority the index into `front_`. Zero means that nothing beat the wrapped
        classifier and its probabilities stay as they are.

    max_adjustment_ : float
        Bound that the policies were trained with.

    guard_report_ : dict of str to dict
        Per priority what was proven; empty without limits.

        - "proven": whether all limits are.
        - "shrinkage": the part of `max_adjustment_` in force; 0 if nothing was proven.
        - "threshold": probability above which `predict` says "positive" (the index of a
          class); None for the most probable class.
        - "n_rows", "n_positives": guard rows; "n_tested" of them for accuracy.
        - The limits, "confidence", and "risk", the part of ``1 - confidence`` of each.
        - With an entry per candidate: "shrinkages"; "thresholds" (NaN for the most probable
          class); "broken" and "fixed", the rows that only the classifier, or only the
          correction, has right; "p_values" (NaN without `max_accuracy_drop`);
          "accepted".

    format_version_ : int
        Version of the set of fitted attributes, for files of models.

    n_features_in_ : int
        Number of columns of X, where X is a table.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X has any.

    See Also
    --------
    PrecomputedProbaClassifier : Brings the probabilities of any other model.
    sklearn.calibration.CalibratedClassifierCV : Calibrates by a function of the
        probability alone.
    sklearn.model_selection.TunedThresholdClassifierCV : Moves the threshold instead of
        the probabilities.

    Notes
    -----
    The policy is trained on out-of-fold probabilities, never on those of rows that the
    classifier was fitted on, and never sees a label. Labels are in the rewards; and the
    trees whose posterior it sees of a row in training were fitted on other rows.

    Training needs torch, stable-baselines3 and gymnasium; predicting needs none of them.

    References
    ----------
    .. [1] S. Fujimoto, H. van Hoof and D. Meger, "Addressing Function Approximation
       Error in Actor-Critic Methods", ICML 2018.
    .. [2] C. Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn_rlcorrect import RLCalibratedClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = RLCalibratedClassifier(
    ...     GaussianNB(), total_timesteps=20_000, random_state=0)
    >>> model.fit(X_train, y_train).predict_proba(X_test).shape
    (143, 2)
    >>> model.set_params(priority="fp").predict(X_test).shape
    (143,)
    """

    def __init__(
        self,
        estimator=None,
        *,
        cv=None,
        max_adjustment=0.8,
        fp_weight=1.2,
        pos_label=None,
        priority="weighted",
        reward="brier",
        features="auto",
        total_timesteps=50_000,
        n_policies=3,
        net_arch=(32, 32),
        learning_rate=1e-2,
        batch_size=256,
        validation_fraction=0.2,
        max_accuracy_drop=None,
        max_fpr=None,
        min_recall=None,
        confidence=0.95,
        guard_fraction=0.2,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.cv = cv
        self.max_adjustment = max_adjustment
        self.fp_weight = fp_weight
        self.pos_label = pos_label
        self.priority = priority
        self.reward = reward
        self.features = features
        self.total_timesteps = total_timesteps
        self.n_policies = n_policies
        self.net_arch = net_arch
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.max_accuracy_drop = max_accuracy_drop
        self.max_fpr = max_fpr
        self.min_recall = min_recall
        self.confidence = confidence
        self.guard_fraction = guard_fraction
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    def fit(self, X, y, sample_weight=None, **fit_params):
        """Fit the classifier and train the policies that correct it.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Training rows, passed to the classifier as they are.

        y : array-like of shape (n_samples,)
            Labels.

        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts, 0 or more: for the classifier (if its `fit` takes
            weights), for the training of the policies and for the choice among them. A
            row of weight 2 is the same as the row twice, given the same folds; apart
            from the classifier, only ratios of weights matter. Nothing is learnt from a
            row of weight 0, but it counts for `classes_` and folds. None is 1.

        **fit_params : dict
            Metadata for the classifier and the splitter, such as ``groups``. It takes
            metadata routing: ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : RLCalibratedClassifier
            Fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If an argument, the data or the classifier's probabilities cannot be used;
            the message names the argument and the remedy. Nothing is trained then.
        """
        check_parameters(self)
        estimator = check_base(self._base_estimator())
        y = check_target(y)
        X, y = indexable(X, y)
        weight = check_sample_weight(sample_weight, y)
        given_weight = None if sample_weight is None else weight
        base_params, split_params = route(self, estimator, given_weight, fit_params)
        validate_data(self, X, skip_check_array=True)
        self.classes_ = _labels(estimator, y)
        self.max_adjustment_ = self.max_adjustment
        self.format_version_ = FORMAT_VERSION
        # That of an earlier fit would be in force at checkpoints.
        self.guard_report_ = {}
        fp_costs = false_positive_costs(self.fp_weight, self.classes_, self.pos_label)
        reward = check_reward(self._reward_function(), len(self.classes_))
        seeds = _seeds(self.random_state)
        guard_rows = None
        if Limits.of(self).given:
            check_groups_reach_the_guard(base_params, split_params)
            rest, guard_rows = self._set_aside(
                X, y, given_weight, split_params.get("groups"), next(seeds)
            )
            base_params, split_params = (
                params_of_rows(params, rest, len(y))
                for params in (base_params, split_params)
            )
            X, y, weight = _safe_indexing(X, rest), y[rest], weight[rest]
        metadata = {} if given_weight is None else {"sample_weight": weight}
        task = fit_task(self, 2, X=X, y=y, metadata=metadata).begin()

        self._fit_features(X, weight, next(seeds))
        base_task = task.subtask("out-of-fold probabilities").begin()
        proba = self._fit_base(estimator, X, y, base_params, split_params)
        base_task.end()
        self.class_order_ = _class_order(proba, label_indices(y, self.classes_), weight)
        problem = CorrectionProblem(
            observations=self._fit_observations(X, proba, weight),
            proba=proba[:, self.class_order_],
            y=label_indices(y, self.classes_[self.class_order_]),
            reward=reward,
            class_weights=class_weights(fp_costs[self.class_order_]),
            max_adjustment=self.max_adjustment,
            sample_weight=weight,
            class_order=self.class_order_,
        ).merged()
        splits = self._held_out_splits(problem, next(seeds))
        problem, log_odds = self._fit_posterior(problem, next(seeds))
        checkpoints = self._train_policies(problem, log_odds, splits, next(seeds), task)
        self._select_policies(problem, splits, checkpoints, fp_costs[self.class_order_])
        if guard_rows is not None:
            self.guard_report_ = self._guard_reports(problem, splits, *guard_rows)
        task.end(attributes={})
        return self

    def predict_proba(self, X):
        """Probabilities of the wrapped classifier, corrected.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Within `max_adjustment` of the classifier's; rows sum to one.
        """
        return self.predict_before_after(X)[1]

    def predict(self, X):
        """Most probable class after the correction.

        With `max_fpr` or `min_recall` it may take a cut other than 0.5, see
        `guard_report_`.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        proba = self.predict_proba(X)
        return self.classes_[decisions(self, proba)]

    def predict_adjustment(self, X):
        """What the correction adds to each probability.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        adjustment : ndarray of shape (n_samples, n_classes)
            Corrected minus original probabilities, in [-`max_adjustment`,
            `max_adjustment`]; rows sum to zero.
        """
        before, after = self.predict_before_after(X)
        return after - before

    def predict_before_after(self, X):
        """Probabilities of the wrapped classifier, and the same corrected.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        before : ndarray of shape (n_samples, n_classes)
            Probabilities of the wrapped classifier, columns as in `classes_`.

        after : ndarray of shape (n_samples, n_classes)
            What `predict_proba` returns.
        """
        check_is_fitted(self)
        check_choice("priority", self.priority, PRIORITIES)
        # The wrapped classifier first: it knows best what is wrong with an X.
        proba = _base_proba(self.estimator_, X, self.classes_)
        validate_data(self, X, skip_check_array=True, reset=False)
        (X,) = indexable(X)
        if not len(proba):
            raise ValueError("X has no rows: there is nothing to predict.")
        adjusted = np.empty_like(proba)
        for rows in gen_batches(len(proba), _CHUNK):
            adjusted[rows] = self._correct(_safe_indexing(X, rows), proba[rows])
        return proba, adjusted

    def check_guard(self, X, y):
        """Tell whether what was proven at `fit` still holds on fresh labelled rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows that nothing was fitted on, and independent of one another: one of each
            group, where `fit` was given groups.

        y : array-like of shape (n_samples,)
            Labels.

        Returns
        -------
        checks : dict of str to dict
            Per limit that was given: "limit"; "observed", the fall of accuracy, false
            positive rate or recall on these rows; "lower" and "upper", its confidence
            bounds, each at `confidence` (exact: by the guard's own test for the fall of
            accuracy, of Clopper and Pearson for rates); "n_rows" that it is of; and
            "verdict": "supported" if the bounds put it within the limit, "contradicted"
            if beyond it, else "undecided".

        Raises
        ------
        ValueError
            If the corrector was fitted without a limit, there is no row, X and y differ in
            length, or y holds an unknown label.
        """
        check_is_fitted(self)
        check_choice("priority", self.priority, PRIORITIES)
        report = decision_rule(self)
        if "proven" not in report:
            raise ValueError(
                "check_guard tells of max_accuracy_drop, max_fpr or min_recall: fit with "
                "one of them."
            )
        y = column_or_1d(y)
        (checked,) = indexable(X)
        check_consistent_length(checked, y)
        if not len(y):
            raise ValueError("X has no rows: there is nothing to check.")
        known = label_indices(y, check_known_labels(y, self.classes_))
        limits = Limits.of_report(report)
        rows = self._labelled(X, known)[self.priority]
        return check(
            limits, rows, report["shrinkage"], report["threshold"], report["positive"]
        )

    def _correct(self, X, proba):
        actions = self._actions(self._seen(X, proba), proba, self.priority)
        return adjust(
            proba, actions, decision_rule(self)["shrinkage"] * self.max_adjustment_
        )

    def _seen(self, X, proba):
        """What the agent sees of new rows."""
        observations = self._observe(X, proba)
        # Files of earlier releases hold no posterior.
        posterior = getattr(self, "posterior_", None)
        log_odds = posterior and posterior_log_odds(posterior, observations)
        return with_posterior(observations, log_odds)

    def _observe(self, X, proba):
        features = dense_features(self.feature_transformer_, X)
        return observe(proba, features, self.observation_scaler_, self._agent_order())

    def _agent_order(self):
        # Files of earlier releases are of agents that saw the classes in sorted order.
        return getattr(self, "class_order_", np.arange(len(self.classes_)))

    def _actions(self, observations, proba, priority):
        """Actions of a policy on rows, columns as in `classes_`."""
        order = self._agent_order()
        actions = np.empty_like(proba)
        actions[:, order] = policy_actions(
            self.policies_[priority], observations, proba[:, order], bound_of_steps(self)
        )
        return actions

    def _labelled(self, X, y):
        """Per priority, what its policy does to labelled rows."""
        proba = _base_proba(self.estimator_, X, self.classes_)
        (X,) = indexable(X)
        seen, weight = self._seen(X, proba), np.ones(len(y))
        return {
            name: Rows(
                proba, self._actions(seen, proba, name), y, weight, self.max_adjustment_
            )
            for name in self.policies_
        }

    def _set_aside(self, X, y, sample_weight, groups, seed):
        """Numbers of the rows to fit on, and the rows of the guard."""
        positives = self._counted()
        check_can_guard(self, len(self.classes_), positives, sample_weight)
        rest, guarded = split(len(y), groups, self.guard_fraction, seed)
        y = label_indices(y, self.classes_)
        check_guard_rows(Limits.of(self), y[guarded], y[rest], positives[0])
        return rest, (_safe_indexing(X, guarded), y[guarded], positives[0])

    def _guard_reports(self, problem, splits, X, y, positive):
        """Open the guard: what can be proven of the policy of each priority."""
        limits, held_out = Limits.of(self), [rows for _, rows in splits]
        part = problem.take(np.concatenate(held_out))
        guard_rows, reports = self._labelled(X, y), {}
        columns, y_part = np.argsort(self.class_order_), self.class_order_[part.y]
        for name, policies in self.policies_.items():
            actions = held_out_actions(problem, held_out, policies)
            learn = Rows(
                part.proba[:, columns],
                actions[:, columns],
                y_part,
                part.sample_weight,
                self.max_adjustment_,
            )
            reports[name] = guard(limits, guard_rows[name], learn, positive)
        for message in warnings_of(limits, reports):
            warnings.warn(message, stacklevel=4)  # the caller of fit
        return reports

    def _counted(self):
        """Indices of the classes whose false positives count."""
        labels = positive_labels(self.fp_weight, self.pos_label)
        return positive_classes(self.classes_, labels)

    def get_metadata_routing(self):
        """Say who asks for which metadata.

        Returns
        -------
        routing : MetadataRouter
            `fit` passes metadata to the classifier's `fit` and to the `split` of `cv`,
            and uses `sample_weight` itself.
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        to_split = MethodMapping().add(caller="fit", callee="split")
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(estimator=self._base_estimator(), method_mapping=to_fit)
            .add(splitter=self.cv, method_mapping=to_split)
        )

    def _base_estimator(self):
        if self.estimator is not None:
            return self.estimator
        estimator = LogisticRegression()
        routing = get_config()["enable_metadata_routing"]
        return estimator.set_fit_request(sample_weight=True) if routing else estimator

    def _reward_function(self):
        return self.reward if callable(self.reward) else REWARDS[self.reward]

    def _fit_base(self, estimator, X, y, fit_params, split_params):
        """Fit the classifier on all rows; return probabilities of rows it did not see."""
        if isinstance(estimator, FrozenEstimator):
            self.estimator_ = estimator
            return _base_proba(estimator, X, self.classes_)
        cv = _default_folds(y) if self.cv is None else self.cv
        splitter = check_groups(check_cv(cv, y, classifier=True), split_params)
        splitter = check_folds(splitter, y)
        splits = check_splits(splitter.split(X, y, **split_params), len(y))
        parts = Parallel(n_jobs=self.n_jobs)(
            delayed(_fold_proba)(
                clone(estimator), X, y, train, test, self.classes_, fit_params
            )
            for train, test in splits
        )
        proba = np.empty((len(y), len(self.classes_)))
        proba[np.concatenate([test for _, test in splits])] = np.concatenate(parts)
        self.estimator_ = clone(estimator).fit(X, y, **fit_params)
        return proba

    def _fit_features(self, X, weight, seed):
        transformer = self.features
        weighted_rows = X if weight.all() else _safe_indexing(X, np.flatnonzero(weight))
        if isinstance(transformer, str):
            transformer = auto_features(weighted_rows, seed)
        try:
            if transformer is not None:
                transformer = clone(transformer).fit(weighted_rows)
            self.feature_transformer_ = transformer
            dense_features(transformer, _safe_indexing(X, slice(0, 1)))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"features={self.features!r} cannot make numbers of X (it is fitted "
                f"without y): {error}"
            ) from error

    def _fit_observations(self, X, proba, weight):
        """Fit the scaler, and observe all rows in pieces: features need no room."""
        rows = np.flatnonzero(weight)
        # So many tell the scale of a column.
        rows = rows[:: -(-len(rows) // _MAX_SCALED)]
        features = dense_features(self.feature_transformer_, _safe_indexing(X, rows))
        self.observation_scaler_ = fit_scaler(proba[rows], features, weight[rows])
        return np.concatenate(
            [
                self._observe(_safe_indexing(X, chunk), proba[chunk])
                for chunk in gen_batches(len(proba), _CHUNK)
            ]
        )

    def _held_out_splits(self, problem, seed):
        """Per policy the rows that it is trained on, and those that it is judged by.

        Equal observations stay together; of few groups of them, all are in both parts.
        """
        group, label = problem.groups()
        if problem.has_few_groups():
            return [(np.arange(len(problem)),) * 2] * self.n_policies
        parts = _stratified_windows(label, self.n_policies, self.validation_fraction, seed)
        held_out = [np.isin(group, part) for part in parts]
        return [(np.flatnonzero(~rows), np.flatnonzero(rows)) for rows in held_out]

    def _fit_posterior(self, problem, seed):
        """Show the agent a posterior: out of fold here, of all rows when it predicts."""
        log_odds = cross_fit(problem, seed)
        self.posterior_ = None if log_odds is None else fit_posterior(problem, seed)
        seen = with_posterior(problem.observations, log_odds)
        return replace(problem, observations=seen), log_odds

    def _train_policies(self, problem, log_odds, splits, seed, task):
        # Here, because predicting must not need torch.
        from sklearn_rlcorrect.agent.td3 import N_CHECKPOINTS, train_policies

        return train_policies(
            problem,
            log_odds,
            splits,
            seed=seed,
            total_timesteps=self.total_timesteps,
            net_arch=self.net_arch,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            progress_bar=self.verbose > 0,
            task=task.subtask("train policies", N_CHECKPOINTS),
        )

    def _select_policies(self, problem, splits, checkpoints, fp_costs):
        """Keep the best candidate for each priority, and the scores of all."""
        timesteps, policies, shares = zip(*checkpoints, strict=True)
        held_out = [rows for _, rows in splits]
        positives = np.flatnonzero(np.isin(self.class_order_, self._counted()))
        self.history_ = {
            "timesteps": np.array(timesteps),
            "critic_share": np.array(shares),
            **score_checkpoints(problem, held_out, policies, positives=positives),
        }
        self.front_ = front = score_candidates(
            problem, held_out, policies, fp_costs=fp_costs, positives=positives
        )
        self.selected_ = {name: best_candidate(front, name) for name in PRIORITIES}
        self.policies_ = {
            name: candidate_policies(
                policies[front["checkpoint"][i]],
                float(front["shrinkage"][i]),
                float(front["shift"][i]),
                positives,
            )
            for name, i in self.selected_.items()
        }

    def __setstate__(self, state):
        # Files of earlier releases lack the parameters that came later.
        parameters = signature(type(self)).parameters.values()
        reports = state.get("guard_report_", {})
        reports = {name: renamed_report(report) for name, report in reports.items()}
        renamed = {"guard_report_": reports} if reports else {}
        super().__setstate__({p.name: p.default for p in parameters} | state | renamed)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        base = get_tags(self._base_estimator())
        # X goes to the classifier and to a transformer of the user; "auto" takes all.
        readers = [base]
        if hasattr(self.features, "transform"):
            readers.append(get_tags(self.features))
        tags.input_tags.sparse = all(reader.input_tags.sparse for reader in readers)
        tags.input_tags.allow_nan = all(reader.input_tags.allow_nan for reader in readers)
        if base.classifier_tags is not None:
            tags.classifier_tags.multi_class = base.classifier_tags.multi_class
        return tags


def _seeds(random_state):
    """Endless independent seeds, drawn without touching a global generator."""
    entropy = None
    if random_state is not None:
        entropy = check_random_state(random_state).randint(2**31 - 1)
    sequence = np.random.SeedSequence(entropy)
    return (int(sequence.spawn(1)[0].generate_state(1)[0]) for _ in itertools.count())


def _labels(estimator, y):
    """Classes that the probabilities have columns for."""
    if isinstance(estimator, FrozenEstimator):
        check_is_fitted(estimator)
        return check_known_labels(y, estimator.classes_)
    return np.unique(y)


def _default_folds(y):
    """Five, or as many as the rarest class has members, but at least two."""
    rarest = np.unique(y, return_counts=True)[1].min()
    return min(5, max(2, int(rarest)))


def _class_order(proba, y, weight):
    """Order in which the agent sees the classes: the most frequent first.

    Whatever the labels are called then, the agent solves the same problem. Of classes that
    are as frequent, the one that is predicted with more probability comes first.
    """
    frequency = np.bincount(y, weight, minlength=proba.shape[1]) / weight.sum()
    predicted = np.average(proba, axis=0, weights=weight)
    return np.lexsort([-predicted.round(9), -frequency.round(9)])


def _stratified_windows(label, n_windows, size, seed):
    """Draw parts of rows of a relative size, disjoint if they are few.

    Rows are put in a random order in which the classes are evenly spread; the windows
    follow one another in it, from the end to the start again.
    """
    rng, n_rows = np.random.default_rng(seed), len(label)
    place = np.empty(n_rows)
    for k in np.unique(label):
        rows = rng.permutation(np.flatnonzero(label == k))
        place[rows] = (np.arange(len(rows)) + rng.random()) / len(rows)
    order, n_window = np.argsort(place), int(np.clip(np.ceil(size * n_rows), 1, n_rows - 1))
    starts = n_window * np.arange(n_windows)
    return [order[(start + np.arange(n_window)) % n_rows] for start in starts]


def _fold_proba(estimator, X, y, train, test, classes, fit_params):
    """Probabilities of the test rows by a classifier fitted on the training rows."""
    fit_params = params_of_rows(fit_params, train, len(y))
    estimator.fit(_safe_indexing(X, train), _safe_indexing(y, train), **fit_params)
    return _base_proba(estimator, _safe_indexing(X, test), classes)


def _base_proba(estimator, X, classes):
    """Probabilities with a column for each of `classes`, from any response method."""
    if hasattr(estimator, "predict_proba"):
        proba = estimator.predict_proba(X)
    else:
        proba = _squash(estimator.decision_function(X))
    known = np.asarray(getattr(estimator, "classes_", classes))
    aligned = np.zeros((len(proba), len(classes)))
    aligned[:, label_indices(known, classes)] = check_proba(proba, len(known))
    return aligned


def _squash(scores):
    """Turn decision scores into probabilities that keep their order."""
    if scores.ndim == 1:
        return np.column_stack([expit(-scores), expit(scores)])
    return softmax(scores, axis=1)

"""The estimator: a classifier whose probabilities are corrected by a trained policy."""

from inspect import signature

from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_rlcorrect._autolog import autologged_as_one, without_autolog
from sklearn_rlcorrect._callbacks import CallbackSupportMixin, with_callbacks
from sklearn_rlcorrect._crossfit import predict_classes_proba
from sklearn_rlcorrect._doc_link import DocLinkMixin
from sklearn_rlcorrect._fitting import fit_corrector, restored_on_error
from sklearn_rlcorrect._learning import learn_from_rewards
from sklearn_rlcorrect._routing import route_prediction
from sklearn_rlcorrect._updating import update_corrector
from sklearn_rlcorrect._validation import (
    check_choice,
    check_first_classes,
    check_fresh_rows,
    check_same_classes,
    combined_weight,
)
from sklearn_rlcorrect.agent.prediction import correct
from sklearn_rlcorrect.agent.selection import PRIORITIES
from sklearn_rlcorrect.decisions import decide
from sklearn_rlcorrect.guard import Limits, check, decision_rule, decisions, renamed_report
from sklearn_rlcorrect.guard.proof import policy_rows

# To be raised when fitted attributes change so that older code misreads them.
FORMAT_VERSION = 5


def _has_memory(model):
    if model.memory_size is None:
        raise AttributeError("updates need a memory: set memory_size before fit")
    return True


class RLCalibratedClassifier(
    CallbackSupportMixin, DocLinkMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Classifier with probabilities corrected by reinforcement learning.

    Wraps a classifier as :class:`~sklearn.calibration.CalibratedClassifierCV` does. A
    policy observes the probabilities of the wrapped classifier, the features and a
    posterior of the classes from boosted trees, and moves each probability by at most
    `max_adjustment`, so that false positives fall while accuracy is kept. It is trained
    with TD3 [1]_ as a one-step contextual bandit.

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
        Folds of the out-of-fold probabilities that the policy is trained on. A row in
        several test folds gets the mean; one in none, as the first of a
        :class:`~sklearn.model_selection.TimeSeriesSplit`, trains the classifier alone.
        None is 5 folds, or as many as the rarest class has members if those are fewer;
        an integer is a number of folds. Both are stratified and not shuffled. Unused for
        a :class:`~sklearn.frozen.FrozenEstimator`.

    max_adjustment : float, default=0.8
        Largest change of any probability, in (0, 1]. Below 0.5, a two-class
        probability of 0 or 1 never changes sides. A change takes effect at the next `fit`.

    fp_weight : float or dict, default=1.2
        Cost of a false positive, where a false negative costs 1. A dict gives the cost
        of a false positive per label (1 for those that it lacks), whatever `pos_label`
        is. With more than two classes and no `pos_label`, each mistake is one false
        positive and one false negative, so that a single number weighs all rows alike:
        use a dict.

    pos_label : int, float, bool or str, default=None
        Positive class: the one whose false positives cost `fp_weight`. None is the
        labels that a dict `fp_weight` names; else the second of two classes in sorted
        order (``classes_[1]``), and every class of more.

    priority : {"weighted", "fp", "accuracy"}, default="weighted"
        Policy that predicts. Each is the candidate of `front_` that is best on rows the
        policies were not trained on; leaving the probabilities alone is always one. It
        may be changed after `fit`, without training again.

        - "weighted": largest mean reward, false positives weighted.
        - "fp": fewest false positives (or their lowest cost, if there are several
          positive classes) among the candidates whose accuracy is above the
          classifier's by a standard error, or whose decisions are right where the
          classifier's are.
        - "accuracy": highest accuracy.

    reward : {"brier", "log_loss", "accuracy"} or callable, default="brier"
        Value of an adjustment: the improvement of that score, or a function
        ``(y_true, proba, adjusted) -> ndarray of shape (n_samples,)``, see
        :mod:`sklearn_rlcorrect.rewards`. It is multiplied by the weight that
        `fp_weight` gives the row.

    features : {"auto"}, transformer or None, default="auto"
        What the policy observes besides the probabilities. "auto" scales numeric columns
        (a missing value counts as the mean, and is marked) and one-hot encodes text and
        category columns (at most 20 categories each); other columns are left out, and
        X that is no table, such as a list of texts, gives no features. A transformer is
        cloned and fitted without y, so that no label can reach the policy through it.
        None is probabilities only.

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
        Part of the rows that each policy is judged by instead of being trained on. The
        parts are disjoint where that is possible.

    max_accuracy_drop, max_fpr, min_recall : float, default=None
        Limits to be proven on `guard_fraction` of the rows, which nothing is fitted on:
        largest fall of accuracy below the wrapped classifier's, in [0, 1); largest false
        positive rate and smallest recall, in (0, 1), for two classes. The correction is
        made as weak as it must be, and `predict` uses the threshold next to 0.5 that
        keeps the rates. If nothing can be proven, the probabilities are left as they
        are, with a warning. Steps of a Pipeline before the corrector are fitted on those
        rows, too: what learns from labels there belongs inside `estimator`.

    confidence : float, default=0.95
        Probability, over the draw of the held-out rows, with which all given limits hold
        together.

    guard_fraction : float, default=0.2
        Part of the rows that is held out if there is a limit; of the groups, if `fit`
        is given groups, of which one row each is used.

    memory_size : int, default=None
        Rows that are kept for :meth:`partial_fit`, at most: observations, probabilities,
        labels and weights, about 4 bytes for each feature and row. They are part of the
        estimator and of its files. None keeps none, and there is no `partial_fit`.

    recent_fraction : float, default=0.5
        Part of the memory for the newest rows, in [0, 1]; the rest is a uniform sample of
        all rows that came before them.

    exploration : float, default=0.0
        Probability in [0, 1) with which :meth:`decide` has a row looked at that is not
        flagged; with a budget, the part of it for such rows. It is what lets the corrector
        find out about the rows that it is wrong not to flag.

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
        Wrapped classifier, fitted on all rows but the held-out ones of limits.

    score_scale_ : float
        Divisor of decision scores before they become probabilities: 1 unless they are
        large, or where the classifier has `predict_proba`.

    base_threshold_ : float or None
        Threshold of the wrapped classifier's probability of the positive classes that
        costs least on the rows of `fit`, out of fold: what could be had without any
        correction. None if all classes are positive.

    feature_transformer_ : transformer or None
        Makes the features.

    observation_scaler_ : StandardScaler
        Scales log-odds and features.

    posterior_ : dict or None
        Boosted trees as arrays. None without features, or with too few rows.

    class_order_ : ndarray of shape (n_classes,)
        Order in which the policies observe the classes, the most frequent first.

    policies_ : dict of str to list
        Per priority the `n_policies` policies, each a list ``[weights, intercepts,
        weights, intercepts, ...]`` of arrays.

    history_ : dict of str to ndarray
        Per metric one value per checkpoint, on held-out rows: "timesteps",
        "critic_share" (part of the critics' correction in use), "reward" and those of
        :func:`~sklearn_rlcorrect.metrics.classification_metrics`. Entry 0 is the wrapped
        classifier alone.

    front_ : dict of str to ndarray
        One value per candidate, on the same rows: "checkpoint", "shrinkage" (part of the
        steps in log-odds that is taken) and "shift" (fall of the log-odds of the
        positive classes) define it; "reward", "cost", "accuracy",
        "accuracy_gain_error" (standard error of the gain over entry 0),
        "false_positives", "false_negatives" and "false_positive_cost" are means per
        row. Entry 0 is the wrapped classifier alone.

    selected_ : dict of str to int
        Per priority the index into `front_`. Zero: no policy beat the wrapped
        classifier, and its probabilities stay as they are.

    max_adjustment_ : float
        Bound that the policies were trained with.

    guard_report_ : dict of str to dict
        Per priority what was proven; empty without limits. "proven", "shrinkage" (part
        of `max_adjustment_` in use; 0 is the classifier alone), "threshold" (None is the
        most probable class) of the class "positive", "n_rows", "n_positives", "n_tested",
        the limits, "confidence" and "risk"; and per candidate "shrinkages",
        "thresholds", "broken" and "fixed" decisions, "p_values" and "accepted". After an
        update "stale" is True: what was proven was of another correction.

    memory_ : dict
        Rows that :meth:`partial_fit` learns from again, oldest first: "observations",
        "proba", "y", "weight", "gain" and "key"; "policies", those that the next update
        starts from; and "seed". Only with `memory_size`.

    reward_memory_ : dict
        The same for :meth:`learn`, with "flagged", "reward" and "propensity" in place of
        "y".

    update_history_ : dict of str to ndarray
        One value per update: "n_rows"; "base_cost" and "corrected_cost" per row of the
        classifier's and of the corrected decisions, on rows that were not learnt from yet;
        "gain", their difference over the newest remembered rows, with "gain_error" and
        "effective_sample_size", rows weighted by one over their propensity;
        "base_decides", whether the classifier decides alone since; and "by_rewards",
        whether it was an update by :meth:`learn`. Only with `memory_size`; empty before
        the first update.

    format_version_ : int
        Version of the set of fitted attributes, for files of models.

    n_features_in_ : int
        Number of columns of X, where X is a table.

    feature_names_in_ : ndarray of shape (n_features,)
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
    Policies never observe a label: labels are in the rewards. The probabilities and the
    posterior of a row in training are from models that were fitted on other rows.

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
        memory_size=None,
        recent_fraction=0.5,
        exploration=0.0,
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
        self.memory_size = memory_size
        self.recent_fraction = recent_fraction
        self.exploration = exploration
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

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
            row of weight 2 equals the row twice, given the same folds; apart from the
            classifier, only ratios of weights matter. Nothing is learnt from a row of
            weight 0, but it counts for `classes_` and folds. None is 1.

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
        self._fit(X, y, sample_weight, fit_params)
        return self

    @with_callbacks
    def _fit(self, X, y, sample_weight, metadata, **known):
        """Fit, and return the classifier with its out-of-fold probabilities."""
        with restored_on_error(self), autologged_as_one(self, X):
            self.format_version_ = FORMAT_VERSION
            estimator = self._base_estimator()
            return fit_corrector(self, estimator, X, y, sample_weight, metadata, **known)

    @available_if(_has_memory)
    def partial_fit(
        self,
        X,
        y,
        classes=None,
        *,
        sample_weight=None,
        propensity=None,
        **predict_params,
    ):
        """Learn from rows whose labels came later, such as those that were looked at.

        The wrapped classifier, the features and their scale stay as they are. The new rows
        are scored first, then remembered (see `memory_size`); the posterior is fitted anew
        to the memory, and the policies are trained further from where they were. While the
        correction did worse than the classifier on the newest rows, by more than a standard
        error, the classifier decides alone (see `update_history_`).

        A corrector that is not fitted yet is fitted to these rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows, in the order of time.

        y : array-like of shape (n_samples,)
            Labels.

        classes : array-like of shape (n_classes,), default=None
            All labels that there will be. It is needed for the first call of a corrector
            that is not fitted, unless the classifier is a
            :class:`~sklearn.frozen.FrozenEstimator`.

        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts, 0 or more. None is 1.

        propensity : array-like of shape (n_samples,), default=None
            Probability, in (0, 1], with which each row was looked at, as :meth:`decide`
            returns it. A row counts for one over it: rows that few are looked at of stand
            for the others. None is 1.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        self : RLCalibratedClassifier
            Updated estimator.

        Raises
        ------
        ValueError
            If an argument or the data cannot be used; the estimator is left as it was.
        """
        if hasattr(self, "classes_"):
            with restored_on_error(self), without_autolog():
                check_same_classes(classes, self.classes_)
                params = route_prediction(self, predict_params)
                update_corrector(self, X, y, sample_weight, propensity, params)
            return self
        check_first_classes(self._base_estimator(), classes)
        weight = combined_weight(y, sample_weight, propensity)
        self._fit(X, y, weight, predict_params, classes=classes)
        return self

    @available_if(_has_memory)
    def learn(self, X, decision, reward, *, propensity=None, **predict_params):
        """Learn from what decisions brought, without any label.

        Critics estimate the reward of flagging each row and of not flagging it, out of
        fold; the policies learn to take the better decision, within `max_adjustment`.
        ``predict`` is then that decision. It needs rows of either decision: explore (see
        :meth:`decide`). Afterwards the policies know the rewards alone, whatever was learnt
        of labels before; so do those after the next `partial_fit` of labels alone.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows that were decided about, in the order of time. Two classes only.

        decision : array-like of bool of shape (n_samples,)
            Whether each row was flagged as positive.

        reward : array-like of shape (n_samples,)
            What the decision brought, in any unit; costs are negative.

        propensity : array-like of shape (n_samples,), default=None
            Probability in (0, 1] of the decision that was taken, given the row: where it
            was to look at a row or not, "decision_propensity" of :meth:`decide`. Policies
            are selected by what critics say (the direct method); with it, one that does
            worse than the classifier by a doubly robust estimate is not used, and what
            the correction saves is known.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        self : RLCalibratedClassifier
            Updated estimator. One that was not fitted is fitted, if its classifier is a
            :class:`~sklearn.frozen.FrozenEstimator`.

        Raises
        ------
        ValueError
            If an argument or the data cannot be used, fewer than 20 rows of either
            decision are known, or `propensity` cannot be that of the decisions (see
            :func:`~sklearn_rlcorrect.decisions.off_policy_value`); the estimator is left
            as it was.
        """
        with restored_on_error(self), without_autolog():
            self.format_version_ = FORMAT_VERSION
            params = route_prediction(self, predict_params)
            learn_from_rewards(self, X, decision, reward, propensity, params)
        return self

    def predict_proba(self, X, **predict_params):
        """Predict the corrected probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Within `max_adjustment` of the classifier's; rows sum to one.
        """
        return self.predict_before_after(X, **predict_params)[1]

    def predict(self, X, **predict_params):
        """Predict the most probable class after the correction.

        With `max_fpr` or `min_recall` the threshold may differ from 0.5, see
        `guard_report_`.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        proba = self.predict_proba(X, **predict_params)
        return self.classes_[decisions(self, proba)]

    def predict_adjustment(self, X, **predict_params):
        """Predict what the correction adds to each probability.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        adjustment : ndarray of shape (n_samples, n_classes)
            Corrected minus original probabilities, in [-`max_adjustment`,
            `max_adjustment`]; rows sum to zero.
        """
        before, after = self.predict_before_after(X, **predict_params)
        return after - before

    def predict_before_after(self, X, **predict_params):
        """Predict the probabilities of the wrapped classifier, and the corrected ones.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        before : ndarray of shape (n_samples, n_classes)
            Probabilities of the wrapped classifier, columns as in `classes_`.

        after : ndarray of shape (n_samples, n_classes)
            Those that `predict_proba` returns.
        """
        check_is_fitted(self)
        check_choice("priority", self.priority, PRIORITIES)
        # The wrapped classifier first: it knows best what is wrong with an X.
        proba = self._base_proba(X, route_prediction(self, predict_params))
        validate_data(self, X, skip_check_array=True, reset=False)
        (X,) = indexable(X)
        if not len(proba):
            raise ValueError("X has no rows: there is nothing to predict.")
        bound = decision_rule(self)["shrinkage"] * self.max_adjustment_
        return proba, correct(self, X, proba, self.priority, bound)

    def decide(
        self,
        X,
        *,
        fp_cost=None,
        fn_cost=None,
        budget=None,
        random_state=None,
        **predict_params,
    ):
        """Decide which rows to flag as positive, and which to look at.

        A row is flagged if that is expected to save: at the posterior ``eta`` of the
        positive classes, if ``eta * fn_cost > (1 - eta) * fp_cost`` (Elkan, "The
        Foundations of Cost-Sensitive Learning", IJCAI 2001). The posterior is what was
        corrected, without the shift by `fp_weight`; that holds for the rewards "brier" and
        "log_loss", for ``priority="weighted"``, and where `max_adjustment` leaves room for
        that shift. Fit with ``fp_weight=1`` to weigh costs that differ from it.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows.

        fp_cost, fn_cost : float or array-like of shape (n_samples,), default=None
            Cost of flagging a negative row, and of not flagging a positive one, such as
            its amount. None is `fp_weight`, and 1.

        budget : int, default=None
            Rows that may be looked at, at most: the most valuable by expected gain, and
            the part `exploration` of it for others. None is no limit.

        random_state : int, RandomState instance or None, default=None
            Draws the explored rows. None is another draw at each call; global random
            states are left alone.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

        Returns
        -------
        decisions : Decisions
            Of :mod:`sklearn_rlcorrect.decisions`: "flagged", "inspected", "propensity",
            "gain" and "exploration_cost". The labels of the rows that were looked at go
            to :meth:`partial_fit`, with their propensities; what looking brought goes to
            :meth:`learn`, with "inspected" and "decision_propensity".

        Raises
        ------
        ValueError
            If there is no positive class, a cost or the budget is not usable, or costs
            are given after :meth:`learn`, which learns decisions and no probabilities.
        """
        proba = self.predict_proba(X, **predict_params)
        return decide(self, proba, fp_cost, fn_cost, budget, random_state)

    def check_guard(self, X, y, **predict_params):
        """Check on fresh labelled rows whether what was proven at `fit` still holds.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            Rows that nothing was fitted on, and independent of one another: one of each
            group, where `fit` was given groups.

        y : array-like of shape (n_samples,)
            Labels.

        **predict_params : dict
            Metadata for the classifier's `predict_proba`, by metadata routing.

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
            If the corrector was fitted without a limit, there is no row, X has other
            columns than in `fit`, X and y differ in length, or y holds an unknown label.
        """
        check_is_fitted(self)
        check_choice("priority", self.priority, PRIORITIES)
        rule = decision_rule(self)
        if "proven" not in rule:
            raise ValueError(
                "check_guard tests max_accuracy_drop, max_fpr or min_recall: fit with one "
                "of them."
            )
        X, y = check_fresh_rows(X, y, self.classes_)
        proba = self._base_proba(X, route_prediction(self, predict_params))
        validate_data(self, X, skip_check_array=True, reset=False)
        rows = policy_rows(self, X, y, proba)[self.priority]
        limits = Limits.of_report(rule)
        return check(limits, rows, rule["shrinkage"], rule["threshold"], rule["positive"])

    def get_metadata_routing(self):
        """Return the requests for metadata.

        Returns
        -------
        routing : MetadataRouter
            `fit` passes metadata to the classifier's `fit` and `predict_proba` and to the
            `split` of `cv`, and uses `sample_weight` itself. `predict` and `predict_proba`
            pass it to the classifier's `predict_proba`.
        """
        to_classifier = MethodMapping().add(caller="fit", callee="fit")
        for caller in ("fit", "predict", "predict_proba"):
            to_classifier.add(caller=caller, callee="predict_proba")
        to_split = MethodMapping().add(caller="fit", callee="split")
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(estimator=self._base_estimator(), method_mapping=to_classifier)
            .add(splitter=self.cv, method_mapping=to_split)
        )

    def _base_proba(self, X, predict_params=None):
        return predict_classes_proba(
            self.estimator_, X, self.classes_, self.score_scale_, predict_params
        )

    def _base_estimator(self):
        if self.estimator is not None:
            return self.estimator
        estimator = LogisticRegression()
        routing = get_config()["enable_metadata_routing"]
        return estimator.set_fit_request(sample_weight=True) if routing else estimator

    def __setstate__(self, state):
        # Files of earlier releases lack what came later.
        parameters = signature(type(self)).parameters.values()
        state = {parameter.name: parameter.default for parameter in parameters} | state
        if "estimator_" in state:
            state.setdefault("score_scale_", 1.0)
            state.setdefault("base_threshold_", None)
        reports = state.get("guard_report_", {}).items()
        renamed = {name: renamed_report(report) for name, report in reports}
        super().__setstate__(state | ({"guard_report_": renamed} if renamed else {}))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        base = get_tags(self._base_estimator())
        # X goes to the classifier and to a transformer of the user; "auto" takes all.
        readers = [base]
        if hasattr(self.features, "transform"):
            readers.append(get_tags(self.features))
        for name in ("sparse", "allow_nan"):
            taken = all(getattr(reader.input_tags, name) for reader in readers)
            setattr(tags.input_tags, name, taken)
        for name in ("positive_only", "pairwise"):
            setattr(tags.input_tags, name, getattr(base.input_tags, name))
        tags.no_validation = base.no_validation
        if base.classifier_tags is not None:
            for name in ("multi_class", "poor_score"):
                setattr(tags.classifier_tags, name, getattr(base.classifier_tags, name))
        if not (self.max_fpr is None and self.min_recall is None):
            tags.classifier_tags.multi_class = False
        return tags

"""The benchmark's methods: what each makes of a task, every one from the same rows.

A method is a function of a task, the name of its classifier and a seed that yields
outcomes. Methods that give probabilities are fitted once; their threshold for a cost is
``c / (1 + c)`` (Elkan, IJCAI 2001), 0.5 for the scores of ours.
"""

import importlib.util
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import softmax
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import confusion_matrix, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    ParameterSampler,
    StratifiedShuffleSplit,
    TunedThresholdClassifierCV,
)
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tasks import BASES, tabular

from sklearn_rlcorrect import PrecomputedProbaClassifier, RLCalibratedClassifier
from sklearn_rlcorrect.agent.observation import fit_scaler, observe, with_posterior
from sklearn_rlcorrect.agent.policy import FOOTHOLD, policy_actions
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.features import TableFeatures
from sklearn_rlcorrect.rewards import brier, class_weights

COSTS = (1.2, 2.0, 5.0)
# Of the costs besides 1 and 2 only these repeats: each is another training of ours.
REPEATS_OF_ALL_COSTS = 2
# Classifiers whose decision_function is what CalibratedClassifierCV calibrates.
WITH_LOGITS = ("logistic regression", "gradient boosting", "given probabilities")
OPTIONAL = {
    "Venn-Abers": ["venn_abers"],
    "quadratic": ["probmetrics", "numba"],
    "MCGrad": ["mcgrad"],
    "MAPIE": ["mapie"],
}

# Of the tuned stack: what is drawn from, and how many settings besides the default.
BOOSTING_GRID = {
    "learning_rate": [0.03, 0.1, 0.3],
    "max_leaf_nodes": [7, 15, 31],
    "max_iter": [50, 100, 200],
    "max_features": [0.3, 1.0],
    "min_samples_leaf": [5, 20, 50],
    "l2_regularization": [0.0, 1.0],
}
N_DRAWN = 7

MAX_ADJUSTMENT = 0.8
# Of the ablation: what training is by default, and the part of the row's own class.
N_NETWORKS, N_STEPS, BATCH_SIZE, N_CHECKPOINTS = 3, 390, 256, 10
LEARNING_RATE, WEIGHT_DECAY, OUTCOME = 1e-2, 1e-4, 0.2


@dataclass(frozen=True)
class Outcome:
    """What a method says of the test rows.

    Parameters
    ----------
    method : str
        Name in the table.

    fp_weight : float
        Cost of a false positive that the decisions are for.

    proba : ndarray of shape (n_samples, n_classes)
        Probabilities or scores.

    decisions : ndarray of shape (n_samples,)
        Classes.

    fit_seconds, predict_seconds : float
        What the method adds to the classifier.
    """

    method: str
    fp_weight: float
    proba: np.ndarray
    decisions: np.ndarray
    fit_seconds: float = 0.0
    predict_seconds: float = 0.0


def names_of(kind):
    """Names of the methods for two classes, more, or probabilities alone.

    Parameters
    ----------
    kind : {"binary", "multiclass", "logits"}
        Kind of task.

    Returns
    -------
    names : list of str
        Keys of METHODS, without optional ones that are not installed.
    """
    if kind == "binary":
        return [name for name in METHODS if not missing_packages(name)]
    calibrators = ["base", "sigmoid", "isotonic", "temperature"]
    stacks = ["HGB stack", "tuned HGB stack", "own family stack", "MLP stack"]
    stacks += ["trees", "direct gradient"]
    return [*calibrators, *(stacks if kind == "multiclass" else []), "ours"]


def missing_packages(name):
    """Packages that a method needs and that are not installed.

    Parameters
    ----------
    name : str
        Key of METHODS.

    Returns
    -------
    packages : list of str
        Names to import.
    """
    return [p for p in OPTIONAL.get(name, []) if importlib.util.find_spec(p) is None]


def run(name, task, base, repeat):
    """Apply a method.

    Parameters
    ----------
    name : str
        Key of METHODS.

    task : tasks.Task
        Rows and probabilities.

    base : str
        Name of the classifier.

    repeat : int
        Number of the split, and seed of the method.

    Returns
    -------
    outcomes : list of Outcome
        One per cost and variant.
    """
    return list(METHODS[name](name, task, base, repeat))


def costs_of(task, *, with_one=True):
    """Costs of a false positive; with more than two classes one, which is all of them."""
    if task.proba.shape[1] > 2:
        return (1.0,)
    return (1.0, *COSTS) if with_one else COSTS


def decide(proba, threshold=0.5):
    """Classes: above the threshold with two classes, else the most probable."""
    return (
        (proba[:, 1] > threshold).astype(int)
        if proba.shape[1] == 2
        else proba.argmax(axis=1)
    )


def base_alone(name, task, base, repeat):
    """Leave the classifier alone."""
    for c in costs_of(task):
        yield Outcome(name, c, task.proba_test, decide(task.proba_test))


def raised_threshold(name, task, base, repeat):
    """Raise the threshold as far as the accuracy out of fold is not below that at 0.5."""
    start = time.perf_counter()
    scores, y = task.proba[:, 1], task.y
    thresholds = np.unique(np.concatenate([[0.5], scores[scores >= 0.5]]))
    accuracy = np.array([np.mean((scores > threshold) == y) for threshold in thresholds])
    threshold = thresholds[accuracy >= accuracy[0]][-1]
    seconds = time.perf_counter() - start
    for c in COSTS:
        yield Outcome(name, c, task.proba_test, decide(task.proba_test, threshold), seconds)


def tuned_threshold(name, task, base, repeat):
    """Tune the threshold for the cost, out of fold."""
    for c in COSTS:
        start = time.perf_counter()
        scorer = make_scorer(_cost, greater_is_better=False, fp_weight=c)
        tuned = TunedThresholdClassifierCV(
            FrozenEstimator(_given(task, base)), scoring=scorer, cv="prefit", refit=False
        ).fit(task.proba, task.y)
        seconds = time.perf_counter() - start
        decisions = tuned.predict(task.proba_test)
        yield Outcome(name, c, task.proba_test, decisions, seconds)


def controlled_risk(name, task, base, repeat):
    """Control the false positive rate at that of the classifier, with 90 % confidence."""
    from mapie.risk_control import BinaryClassificationController

    start = time.perf_counter()
    level = float(np.mean(task.proba[task.y == 0, 1] > 0.5))
    decisions = decide(task.proba_test)
    if 0 < level < 1:
        controller = BinaryClassificationController(
            lambda proba: proba, "fpr", target_level=level, confidence_level=0.9
        ).calibrate(task.proba, task.y)
        # Where no threshold is certain enough, the classifier is left alone.
        if controller.best_predict_param is not None:
            decisions = np.asarray(controller.predict(task.proba_test)).astype(int)
    seconds = time.perf_counter() - start
    for c in COSTS:
        yield Outcome(name, c, task.proba_test, decisions, seconds)


def probabilities(fit):
    """Make a method of a function that fits and returns one that predicts.

    Parameters
    ----------
    fit : callable
        ``(task, base, seed)`` to a function without arguments that gives probabilities
        of the test rows.

    Returns
    -------
    method : callable
        Yields the probabilities with the thresholds 0.5 and, at costs above 1,
        ``c / (1 + c)``.
    """

    def method(name, task, base, repeat):
        start = time.perf_counter()
        predict = fit(task, base, repeat)
        fitted = time.perf_counter()
        proba = predict()
        seconds = fitted - start, time.perf_counter() - fitted
        for c in costs_of(task):
            yield Outcome(name, c, proba, decide(proba), *seconds)
            if c > 1:
                decisions = decide(proba, c / (1 + c))
                yield Outcome(f"{name} + threshold", c, proba, decisions, *seconds)

    return method


def calibrator(method):
    """Calibrate with scikit-learn.

    Parameters
    ----------
    method : {"sigmoid", "isotonic", "temperature"}
        As in CalibratedClassifierCV.

    Returns
    -------
    fit : callable
        For :func:`probabilities`.
    """

    def fit(task, base, repeat):
        frozen = FrozenEstimator(_given(task, base))
        model = CalibratedClassifierCV(frozen, method=method).fit(task.proba, task.y)
        return lambda: model.predict_proba(task.proba_test)

    return fit


def venn_abers(task, base, repeat):
    """Calibrate with Venn-Abers predictors."""
    from venn_abers import VennAbers

    model = VennAbers()
    model.fit(task.proba, task.y)
    return lambda: model.predict_proba(task.proba_test)[0]


def quadratic(task, base, repeat):
    """Calibrate with a quadratic of the log-odds."""
    from probmetrics.calibrators import BinaryLogisticCalibrator

    model = BinaryLogisticCalibrator(type="quadratic").fit(task.proba, task.y)
    return lambda: np.asarray(model.predict_proba(task.proba_test))


def mcgrad(task, base, repeat):
    """Calibrate with gradient boosting on features and log-odds (multicalibration)."""
    from mcgrad.methods import MCGrad

    numeric = list(task.X.select_dtypes("number").columns)
    columns = {
        "prediction_column_name": "_prediction",
        "numerical_feature_column_names": numeric,
        "categorical_feature_column_names": [c for c in task.X if c not in numeric],
    }
    model = MCGrad(random_state=repeat).fit(
        _mcgrad_frame(task.X, task.proba, numeric).assign(_label=task.y),
        label_column_name="_label",
        **columns,
    )
    frame = _mcgrad_frame(task.X_test, task.proba_test, numeric)

    def predict():
        positive = model.predict(frame, **columns)
        return np.column_stack([1 - positive, positive])

    return predict


def stack(make):
    """Train another classifier on the features and the log-odds.

    Parameters
    ----------
    make : callable
        ``(base, seed)`` to unfitted classifier.

    Returns
    -------
    fit : callable
        For :func:`probabilities`.
    """

    def fit(task, base, repeat):
        encoder = tabular().fit(task.X)
        columns = np.column_stack([encoder.transform(task.X), _logits(task.proba)])
        model = make(base, repeat).fit(columns, task.y)
        return lambda: model.predict_proba(
            np.column_stack([encoder.transform(task.X_test), _logits(task.proba_test)])
        )

    return fit


def boosting(base, seed):
    """Make the gradient boosting of the stack."""
    return HistGradientBoostingClassifier(random_state=seed)


def tuned_boosting(base, seed):
    """Make gradient boosting whose settings are chosen by log loss on held-out rows.

    Parameters
    ----------
    base : str
        Not used.

    seed : int
        Seed of the trees, of the settings drawn and of the held-out rows.

    Returns
    -------
    search : GridSearchCV
        Tries the default and the drawn settings on one split, and fits the best one on
        all rows.
    """
    drawn = ParameterSampler(BOOSTING_GRID, N_DRAWN, random_state=seed)
    candidates = [{}, *({key: [value] for key, value in s.items()} for s in drawn)]
    held_out = StratifiedShuffleSplit(1, test_size=0.25, random_state=seed)
    return GridSearchCV(
        boosting(base, seed), candidates, scoring="neg_log_loss", cv=held_out, n_jobs=1
    )


def own_family(base, seed):
    """Make another classifier of the base's kind, with the base's settings."""
    return clone(BASES[base])


def perceptron(base, seed):
    """Make the neural network of the stack."""
    network = MLPClassifier(early_stopping=True, max_iter=100, random_state=seed)
    return make_pipeline(StandardScaler(), network)


def trees(task, base, repeat):
    """Fit the posterior that the agent of ours is shown, and use it alone."""
    from sklearn_rlcorrect.agent.posterior import fit_posterior, posterior_log_odds

    transformer = TableFeatures().fit(task.X)
    problem, scaler = _problem(task, transformer, 1.0)
    posterior = fit_posterior(problem, repeat)

    def predict():
        observed = observe(task.proba_test, transformer.transform(task.X_test), scaler)
        return softmax(posterior_log_odds(posterior, observed), axis=1)

    return predict


def ours(name, task, base, repeat):
    """Correct the probabilities: the weighted and the fp priority of the same fit."""
    binary = task.proba.shape[1] == 2
    test_rows = beside(task.X_test, task.proba_test)
    for c in costs_of(task) if repeat < REPEATS_OF_ALL_COSTS or not binary else (1.0, 2.0):
        start = time.perf_counter()
        model = corrector(task, fp_weight=c, random_state=repeat)
        seconds = time.perf_counter() - start
        for priority in ("weighted", "fp") if binary else ("weighted",):
            method = name if priority == "weighted" else f"{name}, {priority}"
            start = time.perf_counter()
            proba = model.set_params(priority=priority).predict_proba(test_rows)
            predicted = time.perf_counter() - start
            yield Outcome(method, c, proba, decide(proba), seconds, predicted)


def corrector(task, **parameters):
    """Fit ours on the rows of a task.

    Parameters
    ----------
    task : tasks.Task
        Rows and probabilities.

    **parameters : dict
        Of RLCalibratedClassifier.

    Returns
    -------
    model : RLCalibratedClassifier
        Takes rows as :func:`beside` makes them.
    """
    rows = beside(task.X, task.proba)
    columns = list(rows.columns[: task.proba.shape[1]])
    given = FrozenEstimator(PrecomputedProbaClassifier(columns).fit(rows, task.y))
    model = RLCalibratedClassifier(given, features=features_of(task.X), **parameters)
    return model.fit(rows, task.y)


def direct(name, task, base, repeat):
    """Train our policy network to the posterior by backpropagation: the ablation."""
    c = 2.0 if task.proba.shape[1] == 2 else 1.0
    start = time.perf_counter()
    transformer = TableFeatures().fit(task.X)
    problem, scaler = _problem(task, transformer, c)
    problem, target, extended = _with_posterior(problem, repeat)
    parts = StratifiedShuffleSplit(N_NETWORKS, test_size=0.2, random_state=repeat)
    policies = [
        _train(problem.take(rows), target[rows], problem.take(held_out), 100 * repeat + i)
        for i, (rows, held_out) in enumerate(parts.split(problem.y, problem.y))
    ]
    fitted = time.perf_counter()
    observed = observe(task.proba_test, transformer.transform(task.X_test), scaler)
    observed = extended(observed)
    actions = policy_actions(policies, observed, task.proba_test, MAX_ADJUSTMENT)
    test_rows = CorrectionProblem(
        observed, task.proba_test, task.y_test, brier, None, MAX_ADJUSTMENT, None
    )
    proba = test_rows.adjusted(actions)
    predicted = time.perf_counter() - fitted
    yield Outcome(name, c, proba, decide(proba), fitted - start, predicted)


def _problem(task, transformer, fp_weight):
    """Observations and rewards of our agent, and the scaler."""
    features = transformer.transform(task.X)
    scaler = fit_scaler(task.proba, features)
    costs = np.ones(task.proba.shape[1])
    costs[-1] = fp_weight
    problem = CorrectionProblem(
        observe(task.proba, features, scaler),
        task.proba,
        task.y,
        brier,
        class_weights(costs),
        MAX_ADJUSTMENT,
        np.ones(len(task.y)),
    )
    return problem, scaler


def _with_posterior(problem, seed):
    """Let the networks of the ablation see the posterior of trees.

    Parameters
    ----------
    problem : CorrectionProblem
        All training rows.

    seed : int
        Seed of the trees.

    Returns
    -------
    problem : CorrectionProblem
        With out-of-fold log-odds behind the observations, where there is a posterior.

    target : ndarray of shape (n_samples, n_classes)
        What the networks learn: mostly the posterior, else the classes of the rows.

    extended : callable
        Observations of other rows to the same with the log-odds behind them.
    """
    from sklearn_rlcorrect.agent.posterior import (
        cross_fit,
        fit_posterior,
        posterior_log_odds,
    )

    outcome = np.eye(problem.proba.shape[1])[problem.y]
    log_odds = cross_fit(problem, seed)
    if log_odds is None:
        return problem, outcome, lambda observations: observations
    target = (1 - OUTCOME) * softmax(log_odds, axis=1) + OUTCOME * outcome
    posterior = fit_posterior(problem, seed)

    def extended(observations):
        return with_posterior(observations, posterior_log_odds(posterior, observations))

    seen = with_posterior(problem.observations, log_odds)
    return replace(problem, observations=seen), target, extended


def _train(problem, target, held_out, seed):
    """Train one network; return its best checkpoint as a policy of ours."""
    import torch

    n_classes = problem.proba.shape[1]
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    network = _network(problem.observations.shape[1], n_classes, generator)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 1e-3, N_STEPS)
    best, kept = 0.0, _as_policy(network)
    marks = np.linspace(0, N_STEPS, N_CHECKPOINTS + 1).round()[1:]
    for step in range(1, N_STEPS + 1):
        rows = rng.integers(len(problem), size=BATCH_SIZE)
        loss = -_expected_reward(network, problem, target, rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step in marks:
            policy = _as_policy(network)
            actions = policy_actions(
                [policy], held_out.observations, held_out.proba, MAX_ADJUSTMENT
            )
            if (reward := held_out.rewards(actions).mean()) > best:
                best, kept = reward, policy
    return kept


def _network(n_observed, n_classes, generator):
    """Two hidden layers of 32; at the start all steps are zero."""
    import torch
    from torch import nn

    layers = []
    for n_in, n_out in [(n_observed, 32), (32, 32)]:
        layer = nn.Linear(n_in, n_out)
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=generator)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    last = nn.Linear(32, n_classes)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(*layers, last).to(torch.float32)


def _as_policy(network):
    """Weights and intercepts, layer by layer, as :func:`policy_actions` takes them."""
    return [
        array.detach().numpy().astype(np.float64)
        for layer in network[::2]
        for array in (layer.weight.T, layer.bias)
    ]


def _expected_reward(network, problem, target, rows):
    """Mean weighted Brier improvement, each class counting by its target."""
    import torch

    def tensor(array):
        return torch.as_tensor(array, dtype=torch.float32)

    proba, weights = tensor(problem.proba[rows]), tensor(problem.class_weights)
    factor = network(tensor(problem.observations[rows])).clamp(-20, 20).exp()
    adjusted = proba * factor + FOOTHOLD * (factor - 1).clamp(min=0)
    adjusted = adjusted / adjusted.sum(1, keepdim=True)
    # |p - e_k|^2 - |p' - e_k|^2 for each class k.
    gain = (proba**2 - adjusted**2).sum(1, keepdim=True) - 2 * (proba - adjusted)
    return (tensor(target[rows]) * weights * gain).sum(1).mean()


class _LogOdds(PrecomputedProbaClassifier):
    """Given probabilities of a classifier that has a decision_function."""

    def decision_function(self, X):
        """Log-odds, or centred logarithms of the probabilities."""
        logits = _logits(self.predict_proba(X), epsilon=1e-15)
        return logits[:, 0] if logits.shape[1] == 1 else logits


def _given(task, base):
    kind = _LogOdds if base in WITH_LOGITS else PrecomputedProbaClassifier
    return kind(list(range(task.proba.shape[1]))).fit(task.proba, task.y)


def _logits(proba, epsilon=1e-6):
    """Log-odds in one column with two classes, else centred logarithms."""
    log = np.log(np.clip(proba, epsilon, 1))
    if proba.shape[1] == 2:
        return log[:, 1:] - log[:, :1]
    return log - log.mean(axis=1, keepdims=True)


def beside(X, proba):
    """Probabilities and, beside them, the features."""
    names = [f"_proba_{k}" for k in range(proba.shape[1])]
    columns = pd.DataFrame(proba, columns=names)
    return columns if X is None else pd.concat([columns, X.reset_index(drop=True)], axis=1)


def features_of(X):
    """Transformer that gets the features, not the probabilities."""
    if X is None:
        return None
    return make_column_transformer((TableFeatures(), list(X.columns)))


def _mcgrad_frame(X, proba, numeric):
    categories = [column for column in X if column not in numeric]
    texts = X.astype(dict.fromkeys(categories, str)).reset_index(drop=True)
    return texts.assign(_prediction=proba[:, 1].clip(1e-6, 1 - 1e-6))


def _cost(y, decisions, fp_weight):
    _, fp, fn, _ = confusion_matrix(y, decisions, labels=[0, 1]).ravel()
    return fp_weight * fp + fn


METHODS = {
    "base": base_alone,
    "raised threshold": raised_threshold,
    "tuned threshold": tuned_threshold,
    "sigmoid": probabilities(calibrator("sigmoid")),
    "isotonic": probabilities(calibrator("isotonic")),
    "temperature": probabilities(calibrator("temperature")),
    "Venn-Abers": probabilities(venn_abers),
    "quadratic": probabilities(quadratic),
    "MCGrad": probabilities(mcgrad),
    "MAPIE": controlled_risk,
    "HGB stack": probabilities(stack(boosting)),
    "tuned HGB stack": probabilities(stack(tuned_boosting)),
    "own family stack": probabilities(stack(own_family)),
    "MLP stack": probabilities(stack(perceptron)),
    "trees": probabilities(trees),
    "direct gradient": direct,
    "ours": ours,
}

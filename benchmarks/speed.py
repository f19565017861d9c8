"""Training time against the recipe that the idea comes from, in one run.

The recipe: stock TD3, one environment, one gradient step per environment step, hidden
layers 256-256-128, batches of 256. Both correct the same frozen logistic regression on the
same 20,000 rows of 20 features and are judged by the mean weighted Brier improvement on
20,000 other rows. Each has one torch thread; ours has one process, or `--n-jobs`.

    python benchmarks/speed.py                        # a minute; the recipe extrapolated
    python benchmarks/speed.py --recipe-steps 200000  # the recipe to its end: half an hour
"""

import argparse
import time

import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from stable_baselines3 import TD3
from stable_baselines3.common.noise import NormalActionNoise

from sklearn_rlcorrect import RLCalibratedClassifier
from sklearn_rlcorrect.agent.observation import dense_features, observe
from sklearn_rlcorrect.agent.problem import CorrectionProblem
from sklearn_rlcorrect.envs import CorrectionEnv
from sklearn_rlcorrect.metrics import false_positive_costs
from sklearn_rlcorrect.rewards import brier, class_weights

TIMESTEPS = 200_000
N_ROWS, N_FEATURES = 20_000, 20


def main():
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--recipe-steps", type=int, default=3000, help="of 200,000 (default: 3000)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="runs (default: 3)")
    parser.add_argument("--n-jobs", type=int, default=1, help="of ours (default: 1)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    results = [measure(seed, args.recipe_steps, args.n_jobs) for seed in range(args.seeds)]
    ours, recipe, reward, recipe_reward = np.array(results).T
    print(f"{'':34}{'mean':>10}{'sd':>10}   ({args.seeds} seeds)")
    for name, values, digits in [
        ("ours, 50,000 steps x 3 policies, s", ours, 1),
        ("recipe, 200,000 steps, s", recipe, 0),
        ("speed-up of the ensemble", recipe / ours, 0),
        ("held-out reward, ours", reward, 4),
        (f"held-out reward, recipe at {args.recipe_steps}", recipe_reward, 4),
    ]:
        print(f"{name:34}{values.mean():10.{digits}f}{values.std():10.{digits}f}")


def measure(seed, recipe_steps, n_jobs):
    """Seconds and held-out rewards of both, for one seed."""
    X, y = make_classification(
        2 * N_ROWS + 5000,
        N_FEATURES,
        n_informative=10,
        n_clusters_per_class=4,
        flip_y=0.05,
        random_state=seed,
    )
    base, train, test = np.split(np.arange(len(X)), [5000, 5000 + N_ROWS])
    frozen = FrozenEstimator(LogisticRegression().fit(X[base], y[base]))
    model = RLCalibratedClassifier(frozen, random_state=seed, n_jobs=n_jobs)
    start = time.perf_counter()
    model.fit(X[train], y[train])
    seconds = time.perf_counter() - start

    held_out = problem_of(model, X[test], y[test])
    _, after = model.predict_before_after(X[test])
    order = model.class_order_
    reward = held_out.rewards_of_adjusted(after[:, order]).mean()
    start = time.perf_counter()
    agent = recipe(problem_of(model, X[train], y[train]), recipe_steps, seed)
    recipe_seconds = (time.perf_counter() - start) * TIMESTEPS / recipe_steps
    actions, _ = agent.predict(held_out.observations)
    rewards = reward, held_out.rewards(actions).mean()
    print(f"seed {seed}: {seconds:.1f} s, {recipe_seconds:.0f} s, rewards {rewards}")
    return seconds, recipe_seconds, *rewards


def problem_of(model, X, y):
    """The problem that the model solves, on other rows, without the posterior."""
    proba = model.estimator_.predict_proba(X)
    features = dense_features(model.feature_transformer_, X)
    order = model.class_order_
    costs = false_positive_costs(model.fp_weight, model.classes_)
    return CorrectionProblem(
        observe(proba, features, model.observation_scaler_, order),
        proba[:, order],
        np.argsort(order)[y],
        brier,
        class_weights(costs[order]),
        model.max_adjustment,
        np.ones(len(y)),
    )


def recipe(problem, steps, seed):
    """Train stock TD3, one sample and one gradient step at a time."""
    agent = TD3(
        "MlpPolicy",
        CorrectionEnv(problem),
        policy_kwargs={"net_arch": [256, 256, 128]},
        action_noise=NormalActionNoise(np.zeros(2), np.full(2, 0.1)),
        buffer_size=TIMESTEPS,
        batch_size=256,
        seed=seed,
        device="cpu",
    )
    return agent.learn(steps)


if __name__ == "__main__":
    main()

"""What each choice in the training is worth, on splits that no result is reported on.

    python benchmarks/lab.py                                # every variant of VARIANTS
    python benchmarks/lab.py "one policy" "one critic"      # the default and these

Cost of ``2 FP + FN`` relative to the classifier's on held-out rows, mean over eight data
sets and four classifiers, and the paired difference from the default. The splits are
other ones than those of `compare.py`: settings may be chosen by what this prints.
"""

import argparse
import contextlib
import warnings
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import rivals
import tasks
import torch
from joblib import Parallel, delayed, parallel_config

from sklearn_rlcorrect.agent import networks, posterior, replay, selection, td3, training
from sklearn_rlcorrect.agent.networks import target_proba

SETS = [
    *("german credit", "phoneme", "pima", "spambase"),
    *("magic", "electricity", "bank", "credit default"),
]
# The first number of a split that `compare.py` does not report.
FIRST_SPLIT = 5
FP_WEIGHT = 2.0


def no_posterior(problem, seed):
    """Show the agent no posterior; the critics start from the classifier."""
    return None


def scrambled(buffer, rows, actions, rewards):
    """Store each transition with the reward of another."""
    add(buffer, rows, actions, np.random.default_rng(0).permutation(rewards))


def of_twins(choose):
    """Have the actors follow, row by row, the critic with the lower or higher value.

    Parameters
    ----------
    choose : {torch.argmin, torch.argmax}
        Which one.

    Returns
    -------
    expected : callable
        In place of the mean of the twins.
    """

    def expected(self, rows, correction):
        posterior = self._posterior(rows, self.share * correction).double()
        proba = torch.from_numpy(self.rows.problem.proba[rows])
        steps = self.actor.steps(self.rows.observations[rows]).detach()
        rewards = self._class_rewards(rows, target_proba(steps, proba))
        chosen = choose((posterior * rewards).sum(dim=3), dim=0)
        index = chosen[None, :, :, None].expand(1, -1, -1, posterior.shape[3])
        outcome = np.eye(posterior.shape[3])[self.rows.problem.y[rows]]
        part = td3._LABEL_SHARE
        return (1 - part) * posterior.gather(0, index)[0] + part * torch.from_numpy(outcome)

    return expected


add = td3.TransitionBuffer.add

# Parameters of the estimator by their names, settings of modules and classes by theirs.
VARIANTS = {
    "default": {},
    "another seed": {"random_state": 100},
    "no posterior": {(training, "cross_fit_posterior"): no_posterior},
    "critics count for nothing": {(td3, "_SHARES"): (0.0,)},
    "critics count in full": {(td3, "_SHARES"): (1.0,)},
    "rewards scrambled": {(td3.TransitionBuffer, "add"): scrambled},
    "no exploration noise": {(replay, "_EXPLORATION_STD"): 0.0},
    "exploration noise of 1": {(replay, "_EXPLORATION_STD"): 1.0},
    "one critic": {(networks, "_N_CRITICS"): 1},
    "minimum of the twins": {(td3.OneStepTD3, "_expected"): of_twins(torch.argmin)},
    "maximum of the twins": {(td3.OneStepTD3, "_expected"): of_twins(torch.argmax)},
    "own class 0": {(td3, "_LABEL_SHARE"): 0.0},
    "own class 0.5": {(td3, "_LABEL_SHARE"): 0.5},
    "checkpoints alone": {
        (selection, "SHRINKAGES"): (1.0,),
        (selection, "SHIFTS"): (0.0,),
    },
    "posterior of two folds": {(posterior, "_N_FOLDS"): 2},
    "one policy": {"n_policies": 1},
    "five policies": {"n_policies": 5},
    "25,000 steps": {"total_timesteps": 25_000},
    "100,000 steps": {"total_timesteps": 100_000},
    "hidden layers 64-64": {"net_arch": (64, 64)},
    "max_adjustment 0.6": {"max_adjustment": 0.6},
    "max_adjustment 1": {"max_adjustment": 1.0},
}
RIVALS = ["trees", "direct gradient", "HGB stack", "MLP stack", "isotonic", "sigmoid"]


def main():
    """Run the variants and the rivals, and print a table."""
    args = parse()
    jobs = [
        (args.data_dir, name, base, split)
        for name in args.data
        for base in tasks.BASES
        for split in range(FIRST_SPLIT, FIRST_SPLIT + args.splits)
    ]
    with parallel_config("loky", n_jobs=args.n_jobs, inner_max_num_threads=1):
        rows = Parallel()(delayed(run)(*job, args.variants) for job in jobs)
    costs = pd.DataFrame(chain(*rows)).pivot_table(
        index=["data", "base", "split"], columns="variant", values="cost", sort=False
    )
    print(f"{len(costs)} tasks\n\n{summary(costs).to_string()}")


def parse():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("variants", nargs="*", help=f"of: {'; '.join([*VARIANTS, *RIVALS])}")
    add("--data-dir", type=Path, default=Path("../shared/data"), help="the tables")
    add("--data", default=";".join(SETS), help="data sets, separated by ;")
    add("--splits", type=int, default=1, help="splits per set (default: 1)")
    add("--n-jobs", type=int, default=-1, help="processes (default: all processors)")
    args = parser.parse_args()
    args.data = args.data.split(";")
    chosen = args.variants or [*VARIANTS, *RIVALS]
    args.variants = list(dict.fromkeys(["default", *chosen]))
    if unknown := set(args.variants) - set(VARIANTS) - set(RIVALS):
        parser.error(f"no variant is named {', '.join(unknown)}")
    return args


def run(folder, name, base, split, variants):
    """Relative costs of the variants on one task."""
    warnings.simplefilter("ignore")
    task = tasks.make_task(folder, name, base, split)
    before = cost(task, rivals.decide(task.proba_test))
    return [
        {
            **{"data": name, "base": base, "split": split, "variant": variant},
            "cost": cost(task, decisions(variant, task, base, split)) / before,
        }
        for variant in variants
    ]


def decisions(variant, task, base, split):
    """Classes that a variant or a rival decides for at twice the cost."""
    if variant in RIVALS:
        outcomes = rivals.run(variant, task, base, split)
        # Of a calibrator and of a stack, the last one is with the threshold for the cost.
        return [o.decisions for o in outcomes if o.fp_weight == FP_WEIGHT][-1]
    parameters, settings = split_variant(VARIANTS[variant])
    with changed(settings):
        parameters = {"random_state": split, "fp_weight": FP_WEIGHT} | parameters
        model = rivals.corrector(task, **parameters)
    return model.predict(rivals.beside(task.X_test, task.proba_test))


def split_variant(variant):
    """Parameters of the estimator, and settings of modules."""
    parameters = {key: value for key, value in variant.items() if isinstance(key, str)}
    return parameters, {k: v for k, v in variant.items() if k not in parameters}


@contextlib.contextmanager
def changed(settings):
    """Have modules use other settings for a while."""
    before = {(module, name): getattr(module, name) for module, name in settings}
    try:
        for (module, name), value in settings.items():
            setattr(module, name, value)
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def cost(task, decided):
    """Cost of decisions on the test rows; at least that of one false negative."""
    y = task.y_test
    fp, fn = np.sum((decided == 1) & (y == 0)), np.sum((decided == 0) & (y == 1))
    return max(FP_WEIGHT * fp + fn, 1.0)


def summary(costs):
    """Mean per variant, per classifier too, and the paired difference from the default."""
    difference = costs.sub(costs["default"], axis=0)
    columns = {"cost": costs.mean(), "difference": difference.mean()}
    columns["standard error"] = difference.std() / np.sqrt(len(costs))
    columns |= {base: rows.mean() for base, rows in costs.groupby(level="base", sort=False)}
    return pd.DataFrame(columns).loc[list(costs)].round(3)


if __name__ == "__main__":
    main()

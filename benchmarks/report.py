"""Write the page of the benchmark from the table of results, and draw its picture.

python benchmarks/report.py --results results.csv --page docs/benchmark.md
"""

import argparse
import os
import textwrap
from itertools import combinations
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, wilcoxon

# Settings of the algorithm were chosen on other splits of these.
DEVELOPMENT = [
    *("german credit", "phoneme", "pima", "spambase"),
    *("magic", "electricity", "bank", "credit default"),
]
WEAK, STRONG = (
    ["logistic regression", "naive Bayes"],
    ["random forest", "gradient boosting"],
)
# Parts of ours, each without the agent.
ABLATIONS = ["trees", "trees + threshold", "direct gradient"]
CALIBRATORS = ["sigmoid", "isotonic", "temperature", "Venn-Abers", "quadratic", "MCGrad"]
STACK = "HGB stack"
STACKS = [STACK, "tuned HGB stack", "own family stack", "MLP stack"]
ORDER = [
    *("base", "raised threshold", "tuned threshold", "MAPIE"),
    *("sigmoid", "sigmoid + threshold", "isotonic", "isotonic + threshold"),
    *("temperature", "temperature + threshold", "Venn-Abers", "Venn-Abers + threshold"),
    *("quadratic", "quadratic + threshold", "MCGrad", "MCGrad + threshold"),
    *(f"{name}{threshold}" for name in STACKS for threshold in ("", " + threshold")),
    *(*ABLATIONS, "ours", "ours, fp"),
]
# Of a method with and without the threshold that the cost asks for, the one with it is
# ranked; of the policies of one training, the first. The ablations are no rivals.
RANKED = [
    *("base", "raised threshold", "tuned threshold", "MAPIE"),
    *(name for name in ORDER if name.endswith("+ threshold") and name not in ABLATIONS),
    "ours",
]
N_BOOTSTRAP = 10_000
# A method that lacks more pairs than this is not ranked, so that the others can be.
MOST_MISSING = 0.1


def main():
    """Write the page and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--results", type=Path, default=Path("results.csv"), help="of compare.py")
    add("--page", type=Path, default=Path("docs/benchmark.md"), help="to write")
    add(
        "--picture", type=Path, default=Path("docs/critical_difference.png"), help="to draw"
    )
    add("--speed", type=Path, help="output of scale.py, to be included")
    args = parser.parse_args()
    table = load(args.results)
    versions = args.results.with_name("versions.txt").read_text().strip()
    versions = versions.replace("\n", ", ")
    binary = relative(table[table["kind"] == "binary"])
    ranking = Ranking(binary)
    draw(ranking, args.picture)
    parts = [
        introduction(table, versions),
        targets(table, binary, ranking, args.speed),
        cost_tables(binary),
        other_costs(binary),
        probability_tables(binary),
        rank_section(ranking, os.path.relpath(args.picture, args.page.parent)),
        multiclass_section(table),
        logits_section(table),
        time_section(table),
    ]
    args.page.parent.mkdir(parents=True, exist_ok=True)
    args.page.write_text(filled("\n\n".join(part for part in parts if part)) + "\n")


def filled(text):
    """Break the lines of the prose, and leave headings, tables and the like alone."""
    apart = ("#", "|", "!", "- ", "```")
    return "\n\n".join(
        part if part.startswith(apart) else textwrap.fill(part, 92, break_on_hyphens=False)
        for part in text.split("\n\n")
    )


def load(path):
    """Read the results; of a row that is there twice, the last counts.

    Parameters
    ----------
    path : Path
        CSV file.

    Returns
    -------
    table : DataFrame
        Results of tasks and costs for which there are those of ours.
    """
    keys = ["data", "base", "repeat", "method", "fp_weight"]
    table = pd.read_csv(path).drop_duplicates(keys, keep="last")
    # Tables of an earlier version lack a column.
    table = table.reindex(columns=table.columns.union(["raised_fp"], sort=False))
    keys.remove("method")
    done = table.loc[table["method"] == "ours", keys].drop_duplicates()
    return table.merge(done, on=keys)


def relative(table):
    """Add what compares each method with its classifier on the same split.

    Parameters
    ----------
    table : DataFrame
        Results on two classes.

    Returns
    -------
    table : DataFrame
        With columns that are ratios (at least one mistake is counted of the classifier)
        and differences in points.
    """
    keys = ["data", "base", "repeat", "fp_weight"]
    base = table[table["method"] == "base"].set_index(keys)
    base = base.loc[pd.MultiIndex.from_frame(table[keys])].reset_index()
    table, n = table.reset_index(drop=True), base["n_test"]
    return table.assign(
        relative_cost=table["cost"] / base["cost"].clip(lower=1 / n),
        fp_ratio=table["fp"] / base["fp"].clip(lower=1),
        fp_at_recall_ratio=table["fp_at_recall"] / base["fp_at_recall"].clip(lower=1),
        accuracy_gain=100 * (table["accuracy"] - base["accuracy"]),
        recall_gain=100 * (table["recall"] - base["recall"]),
    )


def per_pair(table, column, fp_weight=2.0):
    """Mean over the repeats: a row per data set and classifier, a column per method."""
    part = table[table["fp_weight"] == fp_weight]
    means = part.pivot_table(index=["data", "base"], columns="method", values=column)
    return means[[name for name in ORDER if name in means]]


def per_set(table, column, fp_weight=2.0):
    """Mean over repeats, then classifiers: a row per data set, a column per method."""
    return per_pair(table, column, fp_weight).groupby("data").mean()


def complete(pairs):
    """Pairs on which all methods have a result, but for methods that lack many."""
    return pairs.loc[:, pairs.isna().mean() <= MOST_MISSING].dropna()


def over_sets(frame, label):
    """Mean over all data sets, over the development sets and over the report sets."""
    report = of_report(frame)
    return pd.DataFrame(
        {
            label: frame.mean(),
            f"{label}, development": frame.drop(report.index).mean(),
            f"{label}, report": report.mean(),
        }
    )


def of_report(frame):
    """Rows of the report sets."""
    return frame[~frame.index.get_level_values("data").isin(DEVELOPMENT)]


def markdown(frame, digits=3):
    """Make a table; numbers that are missing are left empty."""
    frame = frame.reset_index()
    lines = [" | ".join(map(str, frame.columns)), " | ".join(["---"] * frame.shape[1])]
    for values in frame.itertuples(index=False):
        lines.append(" | ".join(cell(value, digits) for value in values))
    return "\n".join(f"| {line} |" for line in lines)


def cell(value, digits):
    """Make the text of a number; small p-values keep their size."""
    if not isinstance(value, float):
        return str(value)
    if np.isnan(value):
        return ""
    small = 0 < abs(value) < 0.5 * 10**-digits
    return f"{value:.1e}" if small else f"{value:.{digits}f}"


def introduction(table, versions):
    """Say what was measured, with what."""
    binary = table[table["kind"] == "binary"]
    sets = sorted(binary["data"].unique())
    report = [name for name in sets if name not in DEVELOPMENT]
    n_tasks = len(table[["data", "base", "repeat"]].drop_duplicates())
    repeats = table["repeat"].max() + 1
    return f"""# Benchmark

Written by `python benchmarks/report.py` from the table that `python benchmarks/compare.py`
wrote. {table["data"].nunique()} data sets: {len(sets)} of two classes
({", ".join(sets)}), {count(table, "multiclass")} of more, and the probabilities of
{count(table, "logits")} neural networks. {n_tasks} tasks (data set, classifier and split)
in
{repeats} repeats; the number of the repeat is the seed of the split and of every method.
Costs of 1.2 and 5 were measured on the repeats 0 and 1 only. Every method gets the same
training rows (at most 5,000), the same out-of-fold probabilities of them, and the same test
rows (at most 10,000). Where a method has no result on a task, its means are over the
others.

Versions: {versions}.

Settings of the algorithm were chosen on the development sets
({", ".join(DEVELOPMENT)}), on their splits 5 and later, which are not reported; those
splits share rows with the reported ones, so that figures of these sets may flatter ours.
The report sets are all others (of two classes {", ".join(report)}): no setting was chosen
by them, and ours was not run on them until its settings were final. An earlier version was
published with figures of all sets, and was judged by the tumours, too. Columns named
"development" and "report" are means over either.

Rivals run at their defaults, or as their documentation says. The stacks are classifiers
trained on the features and the log-odds of the base: gradient boosting (HGB) and a neural
network (MLP) at their defaults; gradient boosting with settings chosen by log loss on a
quarter of the training rows, among the default and seven drawn from a grid ("tuned HGB
stack"); and the base's own family with the base's settings ("own family stack", which is
the HGB stack where the base is gradient boosting).

"+ threshold" decides at the probability `c / (1 + c)`, where a false positive costs `c`
and a false negative 1; without it the threshold is 0.5. Ours is trained with `fp_weight=c`
and has the threshold 0.5; "ours, fp" is the same training with `priority="fp"`. Two methods
are parts of ours without the agent, which are not ranked as rivals: "trees" is the
posterior of boosted trees alone, and "direct gradient" the same policy network trained by
backpropagation to that posterior and the labels. MAPIE controls the false positive
rate at the base's own with 90 % confidence."""


def count(table, kind):
    """Count the data sets of a kind."""
    return table.loc[table["kind"] == kind, "data"].nunique()


def cost_tables(binary):
    """Tables per classifier at a cost of 2."""
    columns = {
        "accuracy, points": "accuracy_gain",
        "FP": "fp_ratio",
        "FP at recall": "fp_at_recall_ratio",
        "recall, points": "recall_gain",
    }
    parts = [
        "## Cost where a false positive costs two\n\nCost is `(c FP + FN)` per row. Cost "
        "and false positives (FP) are relative to the classifier's own on the same split, "
        "accuracy and recall are differences to it. FP at recall are the false positives "
        "when every method's threshold is set on the test rows so that it finds as many "
        "positives as the classifier does at 0.5. Means over the repeats, then over the "
        "data sets; of FP the median, too, because a few more are many times the false "
        "positives of a classifier that has next to none."
    ]
    for base in [*WEAK, *STRONG]:
        part = binary[binary["base"] == base]
        if len(part):
            frame = over_sets(per_pair(part, "relative_cost"), "cost")
            for label, column in columns.items():
                frame[label] = per_pair(part, column).mean()
            frame["FP, median"] = per_pair(part, "fp_ratio").median()
            parts.append(f"### {base[0].upper()}{base[1:]}\n\n{markdown(frame)}")
    return "\n\n".join(parts)


def other_costs(binary):
    """Tables at the other costs, over all classifiers and for each."""
    parts = [
        "## Cost where a false positive costs 1.2 or 5\n\nRelative to the classifier's."
    ]
    for c in (1.2, 5.0):
        pairs = per_pair(binary, "relative_cost", c)
        if len(pairs):
            frame = over_sets(pairs.groupby("data").mean(), "cost")
            for base, part in pairs.groupby(level="base"):
                frame[base] = part.mean()
            frame["accuracy, points"] = per_set(binary, "accuracy_gain", c).mean()
            frame["FP"] = per_set(binary, "fp_ratio", c).mean()
            frame["FP, median"] = per_set(binary, "fp_ratio", c).median()
            parts.append(f"### Cost {c:g}\n\n{markdown(frame)}")
    return "\n\n".join(parts)


def probability_tables(binary):
    """Table of the measures of probabilities at equal costs."""
    frames = [
        over_sets(per_set(binary, "brier", 1.0), "Brier"),
        over_sets(per_set(binary, "log_loss", 1.0), "log loss"),
        over_sets(per_set(binary, "ece", 1.0), "ECE"),
        per_set(binary, "auc", 1.0).mean().rename("AUC"),
    ]
    return (
        "## Probabilities\n\nOurs is trained with `fp_weight=1`. Means over repeats, "
        "classifiers and data sets. The log loss is of probabilities clipped to "
        "[1e-6, 1 - 1e-6]; ECE is the expected calibration error in 15 bins of equal "
        f"width.\n\n{markdown(pd.concat(frames, axis=1).rename_axis('method'), 4)}"
    )


class Ranking:
    """Ranks and tests of the relative cost at a cost of 2.

    Parameters
    ----------
    binary : DataFrame
        From :func:`relative`.
    """

    def __init__(self, binary):
        pairs = per_pair(binary, "relative_cost")
        pairs = pairs[[name for name in RANKED if name in pairs]]
        self.all_pairs = len(pairs)
        self.pairs = complete(pairs)
        self.dropped = [name for name in pairs if name not in self.pairs]
        self.sets = self.pairs.groupby("data").mean()
        self.rivals = [name for name in self.pairs if name != "ours"]
        self.ranks = self.pairs.rank(axis=1).mean().sort_values()
        self.p_sets = self._tests(self.sets)
        self.p_pairs = self._tests(self.pairs)

    def _tests(self, frame):
        p_values = [p_value(frame["ours"] - frame[name]) for name in self.rivals]
        return pd.Series(holm(p_values), index=self.rivals)

    def friedman(self):
        """Statistic and p-value over the pairs.

        Returns
        -------
        result : tuple of float
            NaN where there is too little to test.
        """
        if len(self.pairs) < 2 or self.pairs.shape[1] < 3:
            return np.nan, np.nan
        return tuple(friedmanchisquare(*self.pairs.to_numpy().T))

    def alike(self):
        """Pairs of methods whose costs over data sets do not differ significantly.

        Returns
        -------
        alike : set of frozenset
            After Holm's correction for all pairs of methods, at 0.05.
        """
        both = list(combinations(self.ranks.index, 2))
        p_values = holm([p_value(self.sets[a] - self.sets[b]) for a, b in both])
        return {
            frozenset(pair) for pair, p in zip(both, p_values, strict=True) if p >= 0.05
        }


def p_value(differences):
    """Wilcoxon signed-rank test; 1 where nothing differs."""
    differences = np.asarray(differences)
    if not np.any(differences):
        return 1.0
    return float(wilcoxon(differences).pvalue)


def holm(p_values):
    """Correct p-values for their number, by Holm's step-down procedure.

    Parameters
    ----------
    p_values : list of float
        Of single tests.

    Returns
    -------
    corrected : ndarray
        In the same order.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    corrected = np.empty_like(p_values)
    factors = np.arange(len(p_values), 0, -1)
    corrected[order] = np.maximum.accumulate(p_values[order] * factors).clip(max=1)
    return corrected


def interval(values):
    """Bootstrap 95 % interval of a mean over data sets."""
    low, high = np.quantile(bootstrap_means(values), [0.025, 0.975])
    return f"{low:.3f} to {high:.3f}"


def bootstrap_means(values):
    """Means of samples of the data sets."""
    values = np.asarray(values)
    drawn = np.random.default_rng(0).integers(len(values), size=(N_BOOTSTRAP, len(values)))
    return values[drawn].mean(axis=1)


def rank_section(ranking, picture):
    """Ranks, tests, intervals and the picture."""
    means = over_sets(ranking.sets, "cost")
    frame = pd.DataFrame({"mean rank": ranking.ranks}).rename_axis("method")
    frame = frame.join(means)
    frame["95 % interval"] = [interval(ranking.sets[name]) for name in frame.index]
    frame["p, data sets"], frame["p, pairs"] = ranking.p_sets, ranking.p_pairs
    statistic, p = ranking.friedman()
    left_out = ", ".join(ranking.dropped)
    note = f"Not ranked, because of pairs without a result: {left_out}." if left_out else ""
    return f"""## Ranks

Relative cost where a false positive costs two, over {len(ranking.sets)} data sets and
{len(ranking.pairs)} of {
        ranking.all_pairs
    } pairs of data set and classifier, each the mean over
its repeats. Ranks are over pairs (Friedman test: chi-square {statistic:.1f}, p =
{
        cell(float(p), 4)
    }). The p-values are of Wilcoxon's signed-rank test of ours against each rival,
corrected by Holm's procedure: over data sets (means over classifiers), which is the primary
test, and over pairs, which are not independent of each other. Intervals are of the mean
cost,
by {N_BOOTSTRAP:,} bootstrap samples of the data sets. {note}

{markdown(frame)}

![Mean ranks]({picture})

*Mean ranks over pairs, the lowest cost on the left. A bar joins methods of which no two
differ significantly over data sets (Wilcoxon's test, corrected by Holm's procedure for all
pairs of methods).*"""


def draw(ranking, path):
    """Draw the critical-difference diagram.

    Parameters
    ----------
    ranking : Ranking
        Mean ranks and tests.

    path : Path
        Picture to write.
    """
    names, ranks = list(ranking.ranks.index), ranking.ranks.to_numpy()
    half = (len(names) + 1) // 2
    bars = cliques(names, ranking.alike())
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.24 * (half + len(bars))))
    low, high = 1, len(names)
    first = 0.4 + 0.5 * len(bars)
    axes.plot([low, high], [0, 0], color="black", lw=1)
    for tick in range(low, high + 1):
        axes.plot([tick, tick], [0, -0.2], color="black", lw=1)
        axes.text(tick, -0.3, tick, ha="center", va="bottom", fontsize=8)
    for i, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        left = i < half
        depth = first + (i if left else len(names) - 1 - i)
        end, align = (low - 0.2, "right") if left else (high + 0.2, "left")
        color = "tab:red" if name == "ours" else "black"
        axes.plot([rank, rank, end], [0, depth, depth], color=color, lw=0.8)
        axes.text(end, depth, f" {name} ({rank:.2f}) ", ha=align, va="center", color=color)
    for i, (start, stop) in enumerate(bars):
        height = 0.3 + 0.5 * i
        axes.plot([ranks[start] - 0.05, ranks[stop] + 0.05], [height] * 2, "k", lw=3)
    axes.invert_yaxis()
    axes.axis("off")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plt.close(figure)


def cliques(names, alike):
    """Longest runs of neighbours in rank of which all are alike.

    Parameters
    ----------
    names : list of str
        By rank.

    alike : set of frozenset
        Pairs that do not differ.

    Returns
    -------
    runs : list of tuple
        First and last position of runs of at least two.
    """
    runs = []
    for start in range(len(names)):
        stop = start
        while stop + 1 < len(names) and all(
            frozenset((name, names[stop + 1])) in alike for name in names[start : stop + 1]
        ):
            stop += 1
        if stop > start and (not runs or stop > runs[-1][1]):
            runs.append((start, stop))
    return runs


def multiclass_frame(table):
    """Costs relative to the classifier and mean ranks, with more than two classes."""
    part = table[table["kind"] == "multiclass"]
    if part.empty:
        return None
    cost = complete(per_pair(part, "cost", 1.0))
    ratio = cost.div(cost["base"], axis=0)
    rivals = cost.drop(columns=ABLATIONS, errors="ignore")
    frame = pd.DataFrame({"cost": ratio.groupby("data").mean().mean()})
    frame["mean rank"] = rivals.rank(axis=1).mean()
    for base, rows in ratio.groupby(level="base"):
        frame[base] = rows.mean()
    return frame.assign(
        **{
            "accuracy": per_set(part, "accuracy", 1.0).mean(),
            "Brier": per_set(part, "brier", 1.0).mean(),
            "log loss": per_set(part, "log_loss", 1.0).mean(),
            "ECE": per_set(part, "ece", 1.0).mean(),
        }
    )


def multiclass_section(table):
    """Table of the tasks of more than two classes."""
    frame = multiclass_frame(table)
    if frame is None:
        return ""
    names = sorted(table.loc[table["kind"] == "multiclass", "data"].unique())
    return (
        f"## More than two classes\n\n{', '.join(names)}. The macro cost is "
        "`(c FP + FN) / K` summed over the K classes: as each mistake is a false positive "
        "of one class and a false negative of another, it is proportional to the error "
        "rate, whatever `c` is. Cost is relative to the classifier's, overall and per "
        "classifier; ranks are over pairs of data set and classifier, without the "
        f"ablations. ECE is of the most probable class.\n\n{markdown(frame)}"
    )


def logits_frame(table, column="ece"):
    """Means over repeats: a row per method, a column per network."""
    part = table[table["kind"] == "logits"]
    return per_pair(part, column, 1.0).droplevel("base").T if len(part) else None


def logits_section(table):
    """Tables of the probabilities of neural networks."""
    ece, loss = logits_frame(table), logits_frame(table, "log_loss")
    if ece is None:
        return ""
    return (
        "## Probabilities of neural networks\n\nOurs observes the probabilities alone "
        "(`features=None`). Expected calibration error of the most probable class in 15 "
        f"bins of equal width:\n\n{markdown(ece, 4)}\n\nLog loss:\n\n{markdown(loss, 4)}"
    )


def time_section(table):
    """Times as ratios to the classifier's and to sigmoid calibration."""
    part = table[(table["fp_weight"] == 2) & (table["kind"] == "binary")]
    keys = ["data", "base", "repeat"]
    # Five folds and one fit on all rows, whatever then corrects the probabilities.
    part = part.assign(
        fit=6 * part["base_fit_seconds"] + part["fit_seconds"],
        predict=part["base_predict_seconds"] + part["predict_seconds"],
    ).set_index([*keys, "method"])
    sigmoid = part.xs("sigmoid", level="method")[["fit", "predict"]]
    part = part.reset_index("method").join(sigmoid.add_suffix("_sigmoid"))
    ratios = pd.DataFrame(
        {
            "method": part["method"],
            "fit / base": part["fit"] / part["base_fit_seconds"],
            "fit / sigmoid": part["fit"] / part["fit_sigmoid"],
            "predict / base": part["predict"] / part["base_predict_seconds"],
            "predict / sigmoid": part["predict"] / part["predict_sigmoid"],
            "seconds beyond the folds": part["fit_seconds"],
        }
    )
    medians = ratios[ratios["method"] != "base"].groupby("method").median()
    medians = medians.loc[[name for name in ORDER if name in medians.index]]
    return (
        "## Time\n\nMedians over the tasks of two classes, one thread each. The fit is six "
        "fits of the classifier (five folds, and all rows) and what comes then; sigmoid is "
        "`CalibratedClassifierCV(ensemble=False)`. Ours and ours, fp are one training.\n\n"
        f"{markdown(medians, 2)}"
    )


def targets(table, binary, ranking, speed):
    """Say which targets are met, each from the tables."""
    found = [
        ("G1, ranks", *first_by_rank(ranking)),
        ("G2, cost", *cost_below_stack(binary)),
        ("G3, false positives at the base's recall", *fewer_at_recall(binary)),
        ("G4, probabilities", *calibrated(binary)),
        ("G5, false positives of ours, fp", *fewer_false_positives(binary)),
        ("G5, accuracy of ours, fp", *accuracy_kept(binary)),
        ("G5, false positives at the same accuracy", *fewer_at_accuracy(binary)),
        ("G6, more than two classes", *many_classes(table)),
        ("G7, worst pair", *worst_pair(binary)),
    ]
    lines = [
        f"- **{name}: {'met' if met and all(met) else 'not met'}.** {text}"
        for name, met, text in found
    ]
    if speed:
        lines.append(f"- **Speed**:\n\n```\n{speed.read_text().strip()}\n```")
    else:
        lines.append("- **Speed** is measured by `python benchmarks/scale.py`.")
    return "## The targets\n\n" + "\n".join(lines)


def first_by_rank(ranking):
    """G1: first by mean rank, over all pairs and over those of the report sets.

    Parameters
    ----------
    ranking : Ranking
        Mean ranks.

    Returns
    -------
    met : list of bool
        Conditions; no stack may be without results.

    text : str
        Figures.
    """
    met, texts = [], []
    for label, pairs in [
        (f"all {len(ranking.pairs)} pairs", ranking.pairs),
        ("the pairs of the report sets", of_report(ranking.pairs)),
    ]:
        ranks = pairs.rank(axis=1).mean().sort_values()
        met.append(ranks["ours"] < ranks.drop("ours").min())
        texts.append(f"Lowest mean ranks over {label}: {listed(ranks[:3])}.")
    if missing := [name for name in RANKED if name not in ranking.pairs]:
        texts.append(f"Without (enough) results: {', '.join(missing)}.")
    met += [f"{name} + threshold" not in missing for name in STACKS]
    return met, " ".join(texts)


def listed(values):
    """Names with their numbers."""
    return ", ".join(f"{name} {cell(float(value), 3)}" for name, value in values.items())


def beside_ours(table, column, rival, fp_weight=2.0):
    """Ours and a rival on the pairs where both have a result: no row without the rival."""
    pairs = per_pair(table, column, fp_weight)
    return pairs.reindex(columns=["ours", rival]).dropna()


def cost_below_stack(binary):
    """G2: mean relative cost below the stack's, for every base."""
    met, texts = [], []
    for rival in [f"{name} + threshold" for name in STACKS]:
        pairs = beside_ours(binary, "relative_cost", rival)
        if pairs.empty:
            texts.append(f"{rival}: not measured.")
            continue
        sets, bases = pairs.groupby("data").mean(), pairs.groupby(level="base").mean()
        means, p = sets.mean(), p_value(sets["ours"] - sets[rival])
        above = bases.index[bases["ours"] > bases[rival]]
        if rival == f"{STACK} + threshold":
            met = [means["ours"] < means[rival] and p < 0.05, above.empty]
        texts.append(
            f"{rival}: mean relative cost of ours {means['ours']:.3f}, its "
            f"{means[rival]:.3f} (Wilcoxon over {len(sets)} data sets: p = {cell(p, 4)}); "
            f"ours is above it on {', '.join(above) or 'no base'}."
        )
    return met, f"The target is the {STACK} + threshold. {' '.join(texts)}"


def fewer_at_recall(binary):
    """G3: false positives at the base's recall."""
    met, texts = [], []
    for rival in STACKS:
        pairs = beside_ours(binary, "fp_at_recall_ratio", rival)
        if pairs.empty:
            texts.append(f"{rival}: not measured.")
            continue
        means = pairs.groupby("data").mean().mean()
        if rival == STACK:
            met = [means["ours"] < means[rival]]
        texts.append(f"{rival}: {means[rival]:.3f}, ours {means['ours']:.3f}.")
    return met, f"Relative to the base's; the target is the {STACK}. {' '.join(texts)}"


def calibrated(binary):
    """G4: probabilities at equal costs."""
    met, texts = [], []
    for label, column, rival in [
        ("Brier score", "brier", STACK),
        ("ECE", "ece", "isotonic"),
    ]:
        means = beside_ours(binary, column, rival, 1.0).groupby("data").mean().mean()
        met.append(means["ours"] <= means[rival])
        texts.append(f"Mean {label} {means['ours']:.4f}, {rival} {means[rival]:.4f}.")
    losses = complete(per_pair(binary, "log_loss", 1.0)).groupby("data").mean().mean()
    best = losses[[name for name in CALIBRATORS if name in losses]]
    texts.append(
        f"Mean log loss {losses['ours']:.4f}, the best calibrator's {best.min():.4f} "
        f"({best.idxmin()})."
    )
    return met, " ".join(texts)


def fewer_false_positives(binary):
    """G5: false positives of the fp priority beside the base's."""
    met, texts = [], []
    for label, bases, most in [("weak", WEAK, 0.5), ("strong", STRONG, 0.75)]:
        ratios = per_set(binary[binary["base"].isin(bases)], "fp_ratio")["ours, fp"]
        met.append(ratios.mean() <= most)
        texts.append(
            f"{ratios.mean():.3f} of the base's on {label} bases (at most {most} is asked "
            f"for; median {ratios.median():.3f})."
        )
    return met, " ".join(texts)


def accuracy_kept(binary):
    """G5: accuracy of the fp priority."""
    part = binary[binary["fp_weight"] == 2]
    accuracy = per_pair(part, "accuracy")
    n_test = per_pair(part, "n_test")["base"]
    error = np.sqrt(accuracy["base"] * (1 - accuracy["base"]) / n_test)
    short = (accuracy["base"] - accuracy["ours, fp"]) / error
    kept = (short <= 0.5).mean()
    below = ", ".join(
        f"{data} / {base} {v:.2f}" for (data, base), v in short[short > 0.5].items()
    )
    text = (
        f"Not below the base's minus half a standard error (binomial, of one test split) "
        f"on {100 * kept:.1f} % of {len(short)} pairs (at least 95 % is asked for). "
        f"Standard errors below, of the others: {below or 'none'}."
    )
    return [kept >= 0.95], text


def fewer_at_accuracy(binary):
    """G5: false positives beside those of the base's raised threshold, as accurate."""
    trade = (
        f"Positives missed per false positive avoided: ours, fp "
        f"{missed_per_avoided(binary, 'ours, fp'):.3f}, raised threshold "
        f"{missed_per_avoided(binary, 'raised threshold'):.3f}."
    )
    part = binary[(binary["fp_weight"] == 2) & (binary["method"] == "ours, fp")]
    # Infinite where no threshold is as accurate, empty where it was not measured.
    part = part.dropna(subset=["raised_fp"])
    if part.empty:
        return [], f"Not measured. {trade}"
    won = (part["fp"] < part["raised_fp"]).groupby([part["data"], part["base"]]).mean()
    fewer, beyond = (won > 0.5).mean(), np.isinf(part["raised_fp"]).mean()
    text = (
        f"Fewer than with the base's threshold raised, in hindsight, as far as the "
        f"accuracy allows, on {100 * fewer:.0f} % of {len(won)} pairs, that is on most of "
        f"their splits (at least 80 % is asked for). On {100 * beyond:.0f} % of the splits "
        f"no raised threshold is as accurate, which counts as fewer. {trade}"
    )
    return [fewer >= 0.8], text


def missed_per_avoided(binary, name):
    """Positives that a method misses and the base finds, per false positive avoided.

    Parameters
    ----------
    binary : DataFrame
        From :func:`relative`.

    name : str
        Method.

    Returns
    -------
    ratio : float
        Of means over pairs of the differences per test row.
    """
    part = binary.assign(fp=binary["fp"] / binary["n_test"])
    part = part.assign(fn=binary["fn"] / binary["n_test"])
    fp, fn = (per_pair(part, column)[["base", name]] for column in ("fp", "fn"))
    avoided, missed = fp["base"] - fp[name], fn[name] - fn["base"]
    return float(missed.mean() / avoided.mean())


def many_classes(table):
    """G6: more than two classes."""
    frame = multiclass_frame(table)
    if frame is None:
        return [], "Not measured."
    costs = frame["cost"].reindex([*STACKS, *ABLATIONS, "ours"]).dropna()
    met = [STACK in costs and costs["ours"] <= costs[STACK]]
    return met, f"Mean relative cost, not to be above the {STACK}'s: {listed(costs)}."


def worst_pair(binary):
    """G7: no pair costs noticeably more than the base."""
    costs = per_pair(binary, "relative_cost")["ours"].sort_values(ascending=False)
    above = costs[costs > 1.02]
    worst = listed({f"{data} / {base}": v for (data, base), v in above.items()})
    text = (
        f"The largest mean relative cost is {costs.iloc[0]:.3f} (at most 1.02 is asked "
        f"for), on {' / '.join(costs.index[0])}. Above 1.02: {worst or 'no pair'}."
    )
    return [costs.iloc[0] <= 1.02], text


if __name__ == "__main__":
    main()

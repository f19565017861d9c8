"""What can be proven about a correction on rows that nothing was learnt from.

Learn then test (Angelopoulos et al., 2021): candidates, here strengths of the correction
and cuts, come from other rows; each is tested on the guard rows, in an order that does not
depend on their labels, up to the first that fails (fixed-sequence testing).
"""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
from scipy import special
from scipy.stats import beta, binom

from sklearn_rlcorrect.agent.adjustment import adjust

# Strengths to be tried, the strongest first; the last is the classifier alone.
SHRINKAGES = np.arange(10, -1, -1) / 10

# Cuts keep this distance from the scores that they are made of: rounding, in another batch
# or in ONNX, must not carry rows of equal scores across.
_ROUNDING = 1e-6

# Intervals that the unknown share of spoilt rows is searched in, and the part of the risk
# of error that is spent on it lying outside of them, and on outcomes left out of a sum.
_CELLS = 100
_NEGLECTED = 1e-3

# What is in force without a guard.
_UNGUARDED = {"shrinkage": 1.0, "threshold": None, "positive": None}

# Entries of reports up to format 4 that have another name since.
_OLD_NAMES = {
    "scale": "shrinkage",
    "scales": "shrinkages",
    "lost": "broken",
    "won": "fixed",
}


@dataclass(frozen=True)
class Limits:
    """What is to be proven, and how surely.

    Parameters
    ----------
    max_accuracy_drop, max_fpr, min_recall : float or None
        Limits; None is no limit.

    confidence : float
        Probability that all of them hold.
    """

    max_accuracy_drop: float | None
    max_fpr: float | None
    min_recall: float | None
    confidence: float

    @classmethod
    def of(cls, estimator):
        """Limits among the parameters of a corrector."""
        given = {name: getattr(estimator, name) for name in cls.__dataclass_fields__}
        # Of types that files hold: a search draws numbers of numpy.
        return cls(**{name: v if v is None else float(v) for name, v in given.items()})

    @classmethod
    def of_report(cls, report):
        """Limits of a guard report: parameters may have been changed since."""
        return cls(**{name: report[name] for name in cls.__dataclass_fields__})

    @property
    def given(self):
        """Limits that are not None, by name."""
        names = ("max_accuracy_drop", "max_fpr", "min_recall")
        limits = {name: getattr(self, name) for name in names}
        return {name: value for name, value in limits.items() if value is not None}

    @property
    def bounds_accuracy(self):
        """Whether accuracy is tested."""
        return self.max_accuracy_drop is not None

    @property
    def bounds_rates(self):
        """Whether a cut is needed."""
        return self.max_fpr is not None or self.min_recall is not None

    @property
    def shrinkages(self):
        """Strengths to be tried."""
        if not self.bounds_accuracy:
            return SHRINKAGES[:1]
        # Without a cut, the classifier alone needs no test.
        return SHRINKAGES if self.bounds_rates else SHRINKAGES[:-1]

    @property
    def risk(self):
        """Probability that a statement may be wrong: each gets an equal part."""
        return (1 - self.confidence) / len(self.given)

    @property
    def risk_of_threshold(self):
        """That of one limit on a rate: only one of the strengths will be used."""
        return self.risk / len(self.shrinkages)


@dataclass(frozen=True)
class Rows:
    """Labelled rows, and what one policy does to them.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the classifier.

    actions : ndarray of shape (n_samples, n_classes)
        Actions of the policy.

    y : ndarray of shape (n_samples,)
        Index of the true class.

    weight : ndarray of shape (n_samples,)
        How often a row counts.

    bound : float
        Largest adjustment at full strength.
    """

    proba: np.ndarray
    actions: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    bound: float

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """Some of the rows."""
        parts = (self.proba, self.actions, self.y, self.weight)
        return Rows(*(part[rows] for part in parts), self.bound)

    def corrected(self, scale):
        """Probabilities after the correction at a strength."""
        return adjust(self.proba, self.actions, scale * self.bound)

    def broken_and_fixed(self, scale, threshold, positive):
        """Weight of the rows that the correction spoils, and of those that it mends."""
        was_right = self.proba.argmax(axis=1) == self.y
        is_right = decide(self.corrected(scale), threshold, positive) == self.y
        changes = (was_right > is_right, is_right > was_right)
        return np.array([self.weight[changed].sum() for changed in changes])


def decide(proba, threshold, positive):
    """Index of the predicted class.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities.

    threshold : float or None
        The positive one of two classes is predicted above it. None predicts the most
        probable class.

    positive : int
        Index of the positive class.

    Returns
    -------
    predicted : ndarray of int
        One per row.
    """
    if threshold is None:
        return proba.argmax(axis=1)
    return np.where(proba[:, positive] > threshold, positive, 1 - positive)


def decision_rule(model):
    """Strength, cut and positive class that a fitted corrector predicts with.

    Parameters
    ----------
    model : RLCalibratedClassifier
        Fitted; by this or an earlier release, which had no guard.

    Returns
    -------
    decision_rule : dict
        With "shrinkage", "threshold" and "positive".
    """
    return getattr(model, "guard_report_", {}).get(model.priority, _UNGUARDED)


def renamed_report(report):
    """Guard report of a file of format 3 or 4, under today's names.

    Parameters
    ----------
    report : dict
        Of one priority.

    Returns
    -------
    report : dict
        See `guard_report_` of the corrector.
    """
    return {_OLD_NAMES.get(name, name): value for name, value in report.items()}


def decisions(model, proba):
    """Index of the class that a fitted corrector predicts at corrected probabilities."""
    cut = decision_rule(model)
    return decide(proba, cut["threshold"], cut["positive"])


def split(n_rows, groups, fraction, seed):
    """Draw rows that nothing is fitted on.

    Drawn at random, not stratified: a random part of independent rows, or groups, is
    independent, which is what the tests are exact for.

    Parameters
    ----------
    n_rows : int
        All rows.

    groups : array-like of shape (n_rows,) or None
        Rows of one group stay together. They are not independent, so that only one of
        each is a guard row, and the others of its group are not used at all.

    fraction : float
        Part of the rows, or groups, to be drawn.

    seed : int
        Seed of the draw.

    Returns
    -------
    rest, guard : ndarray of int
        Rows; those of the guard in random order.
    """
    rng = np.random.default_rng(seed)
    rows = unit = rng.permutation(n_rows)
    first = np.arange(n_rows)
    if groups is not None:
        # One random row stands for each group, and each group is as likely as another.
        unit = np.unique(groups, return_inverse=True)[1][rows]
        first = rng.permutation(np.unique(unit, return_index=True)[1])
    drawn = first[: math.ceil(fraction * len(first))]
    is_rest = np.isin(unit, unit[drawn], invert=True)
    return np.sort(rows[is_rest]), rows[drawn]


# Many strengths spoil and mend the same rows.
@lru_cache(maxsize=4096)
def accuracy_p_value(lost, won, n_rows, tolerance, risk):
    """Evidence against "accuracy falls by `tolerance` or more".

    An exact unconditional test of paired proportions: rows are ordered by the score
    statistic [1]_, and the probability of what was seen, or less, is maximised over the
    share of spoilt rows, within a confidence interval for it [2]_.

    Parameters
    ----------
    lost, won : int
        Rows that the classifier has right and the correction wrong, and the reverse.

    n_rows : int
        All rows.

    tolerance : float
        In (-1, 1).

    risk : float
        Level that the result is to be compared with; it is at most wrong by chance so
        often.

    Returns
    -------
    p_value : float
        At most `risk` with a probability of at most `risk`, if accuracy does fall by
        `tolerance` or more.

    Notes
    -----
    Let ``b`` be the probability of a spoilt and ``c`` of a mended row. The outcomes that
    count as "or less" contain with each one all with fewer spoilt, or more mended, rows.
    So their probability grows when ``b`` falls or ``c`` rises: for all ``b`` in
    ``[low, high]`` and ``c <= b - tolerance`` it is at most that at ``b = low`` and
    ``c = high - tolerance``. The largest of these over the cells of a grid is a bound,
    not an approximation.

    References
    ----------
    .. [1] T. Tango, "Equivalence test and confidence interval for the difference in
       proportions for the paired-sample design", Statistics in Medicine 17, 1998.
    .. [2] R. L. Berger and D. D. Boos, "P values maximized over a confidence set for the
       nuisance parameter", JASA 89, 1994.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import accuracy_p_value
    >>> round(accuracy_p_value(2, 12, 400, 0.0, 0.05), 3)
    0.004
    """
    neglected = _NEGLECTED * risk
    low = max(beta.ppf(neglected / 2, lost, n_rows - lost + 1) if lost else 0.0, tolerance)
    high = beta.isf(neglected / 2, lost + 1, n_rows - lost) if lost < n_rows else 1.0
    if high <= low:
        return neglected
    edges = np.linspace(math.sqrt(low), math.sqrt(high), _CELLS + 1) ** 2
    b = edges[:-1]
    c = np.clip(edges[1:] - tolerance, 0.0, 1.0 - b)
    fewest = binom.ppf(neglected, n_rows, c.min())
    count = np.arange(max(fewest, 0), binom.isf(neglected, n_rows, c.max()) + 1)
    most = _most_spoilt(count, score(lost, won, n_rows, tolerance), n_rows, tolerance)
    probability = _probability(count, most, n_rows, b[:, None], c[:, None])
    return float(min(1.0, probability.max() + 3 * neglected))


def score(lost, won, n_rows, tolerance):
    """Tango's score statistic: the smaller, the more is the correction worth."""
    linear = (2 * n_rows - lost + won) * tolerance - (lost + won)
    constant = -won * tolerance * (1 - tolerance)
    root = np.sqrt(np.maximum(linear**2 - 8 * n_rows * constant, 0.0))
    # Most likely share of mended rows if accuracy falls by just the tolerance.
    mended = (root - linear) / (4 * n_rows)
    variance = n_rows * (2 * mended + tolerance - tolerance**2)
    excess = lost - won - n_rows * tolerance
    return excess / np.sqrt(np.maximum(variance, np.finfo(float).tiny))


def _most_spoilt(won, largest, n_rows, tolerance):
    """Most spoilt rows per number of mended ones whose score is not above `largest`."""
    low, high = np.full(len(won), -1.0), n_rows - won
    while (low < high).any():
        middle = np.ceil((low + high) / 2)
        is_low = score(middle, won, n_rows, tolerance) <= largest + 1e-9
        low = np.where(is_low, middle, low)
        high = np.where(is_low, high, middle - 1)
    return np.minimum(np.maximum.accumulate(low), n_rows - won)


def _probability(won, most, n_rows, b, c):
    """Probability of at most `most` spoilt rows, summed over the numbers of mended ones."""
    log_ways = special.gammaln(n_rows + 1) - (
        special.gammaln(won + 1) + special.gammaln(n_rows - won + 1)
    )
    others = n_rows - won
    mended = np.exp(log_ways + special.xlogy(won, c) + special.xlog1py(others, -c))
    spoilt = np.minimum(b / np.maximum(1 - c, np.finfo(float).tiny), 1.0)
    # Where hardly anything is to be added, all of it is, which takes no time.
    matters = (mended > 1e-12) & (most >= 0) & (most < others)
    at_most = np.where(most < 0, 0.0, np.ones_like(mended))
    special.bdtr(
        np.maximum(most, 0.0), others.astype(int), spoilt, out=at_most, where=matters
    )
    return (mended * at_most).sum(axis=1)


def lowest_threshold(scores, max_fpr, risk):
    """Lowest cut above which at most `max_fpr` of the negatives are, but for the risk.

    The order statistic of the Neyman-Pearson umbrella algorithm [1]_. Rows are positive
    if their score is *above* the cut, so that ties are on the safe side.

    Parameters
    ----------
    scores : ndarray of shape (n_negatives,)
        Scores of negative rows.

    max_fpr : float
        Limit of the false positive rate.

    risk : float
        Probability that it may be exceeded.

    Returns
    -------
    cut : float
        Infinite if there are too few rows.

    References
    ----------
    .. [1] X. Tong, Y. Feng and J. J. Li, "Neyman-Pearson classification algorithms and
       NP receiver operating characteristics", Science Advances 4, 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard import lowest_threshold
    >>> round(lowest_threshold(np.arange(100) / 100, 0.1, 0.05), 3)
    0.95
    """
    n = len(scores)
    # The k-th smallest fails if k scores or more are below the quantile it should exceed.
    ranks = np.arange(1, n + 1)
    safe = ranks[binom.sf(ranks - 1, n, 1 - max_fpr) <= risk]
    return float(np.sort(scores)[safe[0] - 1] + _ROUNDING) if len(safe) else math.inf


def highest_threshold(scores, min_recall, risk):
    """Highest cut above which at least `min_recall` of the positives are, but for the risk.

    Parameters
    ----------
    scores : ndarray of shape (n_positives,)
        Scores of positive rows.

    min_recall : float
        Limit of the recall.

    risk : float
        Probability that it may be missed.

    Returns
    -------
    cut : float
        Minus infinity if there are too few rows.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_rlcorrect.guard import highest_threshold
    >>> round(highest_threshold(np.arange(100) / 100, 0.9, 0.05), 3)
    0.04
    """
    # Turned around, recall is one minus a false positive rate.
    return -lowest_threshold(-np.asarray(scores), 1 - min_recall, risk)


def rows_needed(limits):
    """Fewest rows that could prove each limit.

    Parameters
    ----------
    limits : Limits
        What is to be proven.

    Returns
    -------
    needed : dict of str to int
        Per limit: rows, negative rows for `max_fpr`, positive ones for `min_recall`.
    """
    shares = {
        # Every row mended: the most that may be if accuracy falls by the tolerance.
        "max_accuracy_drop": (limits.risk, (1 - (limits.max_accuracy_drop or 0)) / 2),
        "max_fpr": (limits.risk_of_threshold, 1 - (limits.max_fpr or 0)),
        "min_recall": (limits.risk_of_threshold, limits.min_recall),
    }
    return {
        name: math.ceil(math.log(risk) / math.log(share))
        for name, (risk, share) in shares.items()
        if name in limits.given
    }


def parts(limits, n_rows):
    """Rows that cuts are made of, and rows that accuracy is tested on.

    A cut made of the rows that it is tested on would be no independent candidate: where
    both are asked for, each gets half of the rows.
    """
    half = n_rows // 2 if limits.bounds_rates and limits.bounds_accuracy else 0
    return slice(half or None), slice(half, None)


def guard(limits, rows, learn, positive):
    """Find the strongest correction by one policy that keeps all limits.

    Parameters
    ----------
    limits : Limits
        What is to be proven.

    rows : Rows
        Guard rows, in random order, of weight one.

    learn : Rows
        Other rows, that the order of the tests is learnt from.

    positive : int
        Index of the positive class.

    Returns
    -------
    report : dict
        See `guard_report_` of the corrector.
    """
    cut_part, test_part = parts(limits, len(rows))
    candidates = [
        (scale, threshold)
        for scale in limits.shrinkages
        for threshold in _cuts(limits, rows.take(cut_part), scale, positive)
    ]
    tests = _tests(limits, rows.take(test_part), learn, candidates, positive)
    # The strongest comes first.
    accepted = np.flatnonzero(tests["accepted"])
    scale, threshold = candidates[accepted[0]] if len(accepted) else (0.0, None)
    return {
        "shrinkage": float(scale),
        "threshold": None if threshold is None else float(threshold),
        "proven": bool(len(accepted)),
        "positive": int(positive),
        "n_rows": len(rows),
        "n_positives": int(np.sum(rows.y == positive)),
        "risk": limits.risk,
        **asdict(limits),
        "shrinkages": np.array([scale for scale, _ in candidates]),
        "thresholds": np.array([np.nan if t is None else t for _, t in candidates]),
        **tests,
    }


def _cuts(limits, rows, scale, positive):
    """The cut next to 0.5 that keeps the limits on rates; none if there is no such cut.

    None in the list is the most probable class, which is a cut at 0.5.
    """
    scores = rows.corrected(scale)[:, positive] if limits.bounds_rates else None
    low, high, risk = -math.inf, math.inf, limits.risk_of_threshold
    if limits.max_fpr is not None:
        low = lowest_threshold(scores[rows.y != positive], limits.max_fpr, risk)
    if limits.min_recall is not None:
        high = highest_threshold(scores[rows.y == positive], limits.min_recall, risk)
    if low <= 0.5 <= high:
        return [None]
    return [float(np.clip(0.5, low, high))] if low <= high and low < math.inf else []


def _tests(limits, rows, learn, candidates, positive):
    """Counts, p-values and verdicts of the candidates, one entry each."""
    lost, won = _counts(rows, candidates, positive).astype(int)
    p_values = np.full(len(candidates), np.nan)
    accepted = np.ones(len(candidates), dtype=bool)
    if limits.bounds_accuracy:
        bound = (len(rows), limits.max_accuracy_drop, limits.risk)
        counts = zip(lost.tolist(), won.tolist(), strict=True)
        p_values = np.array([accuracy_p_value(*each, *bound) for each in counts])
        order = _learnt_order(limits, learn, candidates, positive)
        # The classifier alone needs no test.
        order = order[[candidates[i] != (0.0, None) for i in order]]
        accepted[order] = np.logical_and.accumulate(p_values[order] <= limits.risk)
    return {
        "n_tested": len(rows),
        "broken": lost,
        "fixed": won,
        "p_values": p_values,
        "accepted": accepted,
    }


def _learnt_order(limits, learn, candidates, positive):
    """First what is most likely to pass, as other rows have it; of equals the strongest."""
    lost, won = _counts(learn, candidates, positive)
    learnt = score(lost, won, learn.weight.sum(), limits.max_accuracy_drop)
    return np.argsort(learnt, kind="stable")


def _counts(rows, candidates, positive):
    counts = [rows.broken_and_fixed(*candidate, positive) for candidate in candidates]
    return np.array(counts, dtype=float).reshape(-1, 2).T


def drop_bounds(lost, won, n_rows, risk):
    """Confidence bounds of the fall of accuracy: those that the exact test rejects beyond.

    Parameters
    ----------
    lost, won : int
        Rows that the classifier has right and the correction wrong, and the reverse.

    n_rows : int
        All rows.

    risk : float
        Probability that one of the bounds may be wrong.

    Returns
    -------
    lower, upper : float
        In [-1, 1].
    """
    return -_largest_drop(won, lost, n_rows, risk), _largest_drop(lost, won, n_rows, risk)


def _largest_drop(lost, won, n_rows, risk):
    low, high = -1.0, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        is_rejected = accuracy_p_value(lost, won, n_rows, middle, risk) <= risk
        low, high = (low, middle) if is_rejected else (middle, high)
    return high


def rate_bounds(count, n_rows, risk):
    """Confidence bounds of a rate, each wrong with a probability of at most `risk`.

    Parameters
    ----------
    count, n_rows : int
        Rows that count, and all.

    risk : float
        Probability that one of the bounds may be wrong.

    Returns
    -------
    lower, upper : float
        Those of Clopper and Pearson.
    """
    lower = beta.ppf(risk, count, n_rows - count + 1) if count else 0.0
    upper = beta.isf(risk, count + 1, n_rows - count) if count < n_rows else 1.0
    return float(lower), float(upper)


def check(limits, rows, scale, threshold, positive):
    """Whether the statements hold on other rows.

    Parameters
    ----------
    limits : Limits
        What is to hold.

    rows : Rows
        Labelled rows.

    scale, threshold : float, float or None
        Strength and cut in use.

    positive : int
        Index of the positive class.

    Returns
    -------
    checks : dict of str to dict
        See `check_guard` of the corrector.
    """
    risk, n = 1 - limits.confidence, len(rows)
    is_positive = rows.y == positive
    called = decide(rows.corrected(scale), threshold, positive) == positive
    lost, won = rows.broken_and_fixed(scale, threshold, positive).astype(int)
    n_positives = int(is_positive.sum())
    # Per limit: what it is a limit of, how that was positives, and its bounds.
    positives = {
        "max_accuracy_drop": (lost - won, n, lambda: drop_bounds(lost, won, n, risk)),
        "max_fpr": _rate(int((called & ~is_positive).sum()), n - n_positives, risk),
        "min_recall": _rate(int((called & is_positive).sum()), n_positives, risk),
    }
    return {
        name: _checked(limit, *positives[name], is_least=name == "min_recall")
        for name, limit in limits.given.items()
    }


def _rate(count, n_rows, risk):
    return count, n_rows, lambda: rate_bounds(count, n_rows, risk)


def _checked(limit, count, n_rows, bounds, *, is_least):
    lower, upper = bounds() if n_rows else (-math.inf, math.inf)
    holds, fails = upper <= limit, lower > limit
    if is_least:
        holds, fails = lower >= limit, upper < limit
    return {
        "limit": limit,
        "observed": float(count / n_rows) if n_rows else math.nan,
        "lower": lower,
        "upper": upper,
        "n_rows": n_rows,
        "verdict": "supported" if holds else "contradicted" if fails else "undecided",
    }


def warnings_of(limits, reports):
    """What a user must be told of the guard of each priority.

    Parameters
    ----------
    limits : Limits
        What was to be proven.

    reports : dict of str to dict
        From :func:`guard`, per priority.

    Yields
    ------
    message : str
        At most one on corrections that are not proven, and one on extreme cuts.
    """
    cuts = {name: report["threshold"] for name, report in reports.items()}
    same = [name for name in cuts if cuts[name] is None and reports[name]["shrinkage"] == 0]
    extreme = [name for name, cut in cuts.items() if cut is not None and not 0 < cut < 1]
    if same:
        yield (
            f"No correction by the policy of {', '.join(same)} is proven to keep "
            f"{describe(limits)} on {reports[same[0]]['n_rows']} guard rows: with that "
            "priority the classifier is left as it is, see guard_report_. More rows, a "
            "larger guard_fraction or weaker limits may help."
        )
    if extreme:
        yield (
            f"{describe(limits)} can only be kept by a cut of {cuts[extreme[0]]:.6f} with "
            f"the policy of {', '.join(extreme)}, beyond all scores: every row is "
            "predicted alike. Weaker limits, or more rows, may help."
        )


def describe(limits):
    """Limits in words, such as "max_fpr=0.05 at confidence=0.95"."""
    given = ", ".join(f"{name}={value:g}" for name, value in limits.given.items())
    return f"{given} at confidence={limits.confidence:g}"

"""Guard reports: entries of earlier releases, and warnings on what is not proven."""

from sklearn_rlcorrect.guard.limits import describe

# Entries of reports up to format 4 that have another name since.
_OLD_NAMES = {
    "scale": "shrinkage",
    "scales": "shrinkages",
    "lost": "broken",
    "won": "fixed",
}


def renamed_report(report):
    """Rename the entries of a guard report of an earlier format.

    Parameters
    ----------
    report : dict
        Of one priority, from a file of format 3 or later.

    Returns
    -------
    report : dict
        See `guard_report_` of the corrector.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import renamed_report
    >>> renamed_report({"scale": 0.5, "threshold": None})
    {'shrinkage': 0.5, 'threshold': None}
    """
    return {_OLD_NAMES.get(name, name): value for name, value in report.items()}


def warnings_of(limits, reports):
    """Yield warnings on the guard reports of a fit.

    Parameters
    ----------
    limits : Limits
        Limits that were to be proven.

    reports : dict of str to dict
        From :func:`~sklearn_rlcorrect.guard.guard`, per priority.

    Yields
    ------
    message : str
        At most one on priorities without a correction, and one on thresholds beyond all
        scores.

    Examples
    --------
    >>> from sklearn_rlcorrect.guard import Limits, warnings_of
    >>> reports = {"fp": {"shrinkage": 0.0, "threshold": None, "n_rows": 100}}
    >>> for message in warnings_of(Limits(max_accuracy_drop=0.0), reports):
    ...     print(message[:54])
    No correction by the policy of fp is proven to keep ma
    """
    thresholds = {name: report["threshold"] for name, report in reports.items()}
    alone = [
        name
        for name, report in reports.items()
        if report["threshold"] is None and report["shrinkage"] == 0
    ]
    extreme = [name for name, t in thresholds.items() if t is not None and not 0 < t < 1]
    if alone:
        yield (
            f"No correction by the policy of {', '.join(alone)} is proven to keep "
            f"{describe(limits)} on a calibration set of {reports[alone[0]]['n_rows']} "
            "rows: with that priority the classifier alone predicts, see guard_report_. "
            "More rows, a larger guard_fraction or looser limits may help."
        )
    if extreme:
        yield (
            f"{describe(limits)} takes a threshold of {thresholds[extreme[0]]:.6f} with "
            f"the policy of {', '.join(extreme)}, beyond all scores: every row gets the "
            "same prediction. Looser limits, or more rows, may help."
        )

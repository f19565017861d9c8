"""Where the HTML representation of an estimator finds its documentation."""


class DocLinkMixin:
    """Link from the HTML representation to the user guide."""

    # The names are scikit-learn's, for estimators of other packages.
    _doc_link_module = "sklearn_rlcorrect"
    _doc_link_template = "https://sklearn-rlcorrect.readthedocs.io/en/stable/guide.html"

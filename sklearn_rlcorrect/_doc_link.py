"""Link from the HTML representation of an estimator to its documentation."""

import sys


class DocLinkMixin:
    """Link to the class's page in the API reference.

    The names are those that scikit-learn reads from estimators of other packages.
    """

    _doc_link_module = "sklearn_rlcorrect"
    _doc_link_template = (
        "https://sklearn-rlcorrect.readthedocs.io/en/stable/generated/"
        "{estimator_module}.{estimator_name}.html"
    )

    def _doc_link_url_param_generator(self):
        module, name = type(self).__module__, type(self).__name__
        package = sys.modules[self._doc_link_module]
        if name in package.__all__:  # that is where users import it from
            module = self._doc_link_module
        return {"estimator_module": module, "estimator_name": name}

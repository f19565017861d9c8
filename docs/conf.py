"""Configuration of the documentation site; `.ci/docs` builds it."""

from docutils import nodes
from sphinx_gallery.sorting import ExplicitOrder

import sklearn_rlcorrect

project = "sklearn-rlcorrect"
author = "The sklearn-rlcorrect developers"
copyright = author
version = release = sklearn_rlcorrect.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples"]
templates_path = ["_templates"]
default_role = "literal"
nitpicky = True

# API reference: a page for each object of api.rst, from its docstring.
autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False  # autodoc shows them
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

# User guide: Markdown, whose examples pytest runs.
myst_enable_extensions = ["attrs_block", "colon_fence", "deflist"]
myst_heading_anchors = 3
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

# Gallery: every example is run, and an error in one ends the build.
sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": ExplicitOrder(
        [
            "plot_quick_start.py",
            "plot_trade_off.py",
            "plot_costs.py",
            "plot_limits.py",
            "plot_frozen_model.py",
            "plot_multiclass.py",
            "plot_multilabel.py",
            "plot_drift.py",
            "plot_budget.py",
            "plot_text.py",
            "plot_own_reward.py",
            "plot_mlflow.py",
            "*",
        ]
    ),
    "doc_module": ("sklearn_rlcorrect",),
    "backreferences_dir": "generated/backreferences",
    "image_scrapers": ("matplotlib",),
    "image_srcset": ["2x"],
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1e6,  # seconds: a time would change every page in every build
}

html_theme = "pydata_sphinx_theme"
html_title = "sklearn-rlcorrect"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": [], "changelog": []}
html_theme_options = {
    "logo": {"text": "sklearn-rlcorrect"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

# Other projects' pages for what docstrings refer to. Their inventories would say the same,
# but to fetch them the build would need a network.
OTHER_PAGES = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "joblib": "https://joblib.readthedocs.io/en/stable/generated/{}.html",
    "numpy": "https://numpy.org/doc/stable/reference/generated/{}.html",
}


def link_to_other_project(app, env, node, content):
    """Resolve a reference to a Python object of another project."""
    target = node.get("reftarget", "")
    page = OTHER_PAGES.get(target.partition(".")[0])
    if node.get("refdomain") != "py" or page is None:
        return None
    return nodes.reference("", "", content, internal=False, refuri=page.format(target))


def drop_last_blank_line(app, docname, source):
    """Drop the blank line that ends the output of an example for doctest."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def skip_members_of_others(app, what, name, obj, skip, options):
    """Leave out methods that a class inherits from scikit-learn or gymnasium."""
    module = getattr(getattr(obj, "fget", obj), "__module__", None)
    return skip or not (module or "sklearn_rlcorrect").startswith("sklearn_rlcorrect")


def setup(app):
    """Register what this file adds to Sphinx."""
    app.connect("source-read", drop_last_blank_line)
    app.connect("autodoc-skip-member", skip_members_of_others)
    app.connect("missing-reference", link_to_other_project)

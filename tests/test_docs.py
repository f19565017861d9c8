"""The pages of the site that have to list everything, do."""

import importlib
import pkgutil
import pydoc
import re
from pathlib import Path

import pytest

import sklearn_rlcorrect

DOCS = Path(__file__).parents[1] / "docs"
# Parts that may change without notice, as the page says.
INTERNAL = {"agent", "cli", "guard"}


PUBLIC_MODULES = [
    importlib.import_module(f"sklearn_rlcorrect.{module.name}")
    for module in pkgutil.iter_modules(sklearn_rlcorrect.__path__)
    if not module.name.startswith("_") and module.name not in INTERNAL
]


def public_names(module):
    """Names in `__all__`; without one, what is defined in the module."""
    defined = [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and name[0] != "_"
    ]
    return getattr(module, "__all__", defined)


def listed_names():
    module = None
    for line in (DOCS / "api.rst").read_text().splitlines():
        if found := re.match(r"\.\. (?:current|auto)module:: (\S+)", line):
            module = found[1]
        elif found := re.match(r"   (\w+)$", line):
            yield f"{module}.{found[1]}"


LISTED = list(listed_names())


@pytest.mark.parametrize("module", PUBLIC_MODULES, ids=lambda module: module.__name__)
def test_reference_lists_what_is_public(module):
    # An object that several modules offer is listed once.
    objects = [pydoc.locate(name) for name in LISTED]
    missing = [
        name
        for name in public_names(module)
        if not any(getattr(module, name) is value for value in objects)
    ]
    assert missing == []


def test_reference_lists_the_names_of_the_package():
    names = set(sklearn_rlcorrect.__all__) - {"__version__", "SKOPS_TRUSTED_TYPES"}
    assert {f"sklearn_rlcorrect.{name}" for name in names} <= set(LISTED)


def test_what_the_reference_lists_is_there_once():
    assert [name for name in LISTED if pydoc.locate(name) is None] == []
    assert len(LISTED) == len(set(LISTED))


def test_gallery_has_an_order_for_each_example():
    examples = {path.name for path in (DOCS / "examples").glob("plot_*.py")}
    listed = re.findall(r'"(plot_\w+\.py)"', (DOCS / "conf.py").read_text())
    assert sorted(listed) == sorted(examples)

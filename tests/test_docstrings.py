"""Every public object is documented as numpydoc has it."""

import importlib
import inspect
import pkgutil
import pydoc

import pytest
from numpydoc.validate import validate

import sklearn_rlcorrect

# Style choices of numpydoc that we do not share: periods after types, a mandatory
# extended summary, See Also or Examples for every object; SS05 takes every plural for a
# third person.
IGNORED = {
    "GL01",
    "GL02",
    "GL08",
    "SS06",
    "ES01",
    "SA01",
    "SA04",
    "EX01",
    "RT02",
    "RT03",
    "SS05",
}


# Parts that are not public: their docstrings are shorter.
INTERNAL = {"agent", "cli", "guard"}
MODULES = [
    importlib.import_module(f"sklearn_rlcorrect.{module.name}")
    for module in pkgutil.iter_modules(sklearn_rlcorrect.__path__)
    if module.name[0] != "_" and module.name not in INTERNAL | {"classifier", "precomputed"}
]


def public_objects():
    for name in sklearn_rlcorrect.__all__:
        if inspect.isclass(getattr(sklearn_rlcorrect, name)):
            yield f"sklearn_rlcorrect.{name}"
            for method, _ in inspect.getmembers(
                getattr(sklearn_rlcorrect, name), inspect.isfunction
            ):
                if method == "fit" or method.startswith("predict"):
                    yield f"sklearn_rlcorrect.{name}.{method}"
    for module in MODULES:
        # A folder lists what is public in its modules.
        listed = getattr(module, "__all__", vars(module))
        for name in listed:
            value = getattr(module, name)
            home = getattr(value, "__module__", None) or ""
            if home.startswith(module.__name__) and name[0] != "_":
                yield f"{module.__name__}.{name}"


def inherits_constructor(name):
    value = pydoc.locate(name)
    return inspect.isclass(value) and "__init__" not in vars(value)


@pytest.mark.parametrize("name", list(public_objects()))
def test_numpydoc(name):
    # A constructor that is inherited is documented where it stands.
    ignored = IGNORED | ({"PR01"} if inherits_constructor(name) else set())
    errors = [e for e in validate(name)["errors"] if e[0] not in ignored]
    assert errors == []

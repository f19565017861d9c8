"""The versions that are allowed are those that were tested."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# The site is built with the pinned versions only.
TESTED = [names for extra, names in EXTRAS.items() if extra != "docs"]


def requirements(names):
    found = map(Requirement, names)
    return [requirement for requirement in found if requirement.name != PROJECT["name"]]


def pins(file):
    lines = (ROOT / file).read_text().splitlines()
    parts = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in parts}


ALL = requirements(sum(EXTRAS.values(), PROJECT["dependencies"]))


@pytest.mark.parametrize("requirement", ALL, ids=lambda r: r.name)
def test_pinned_versions_are_allowed(requirement):
    version = pins("constraints.txt")[canonicalize_name(requirement.name)]
    assert version in requirement.specifier


@pytest.mark.parametrize(
    "requirement",
    requirements(sum(TESTED, PROJECT["dependencies"])),
    ids=lambda r: r.name,
)
def test_lowest_allowed_versions_are_pinned(requirement):
    (lowest,) = {Version(s.version) for s in requirement.specifier if s.operator != "<"}
    pinned = pins("constraints-lowest.txt")[canonicalize_name(requirement.name)]
    assert pinned == lowest

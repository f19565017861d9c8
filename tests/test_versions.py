"""The versions that are allowed are those that were tested."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"].values()
REQUIREMENTS = [
    requirement
    for requirement in map(Requirement, sum(EXTRAS, PROJECT["dependencies"]))
    if requirement.name != PROJECT["name"]
]


def pins(file):
    lines = (ROOT / file).read_text().splitlines()
    parts = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in parts}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: r.name)
def test_allowed_versions_were_tested(requirement):
    name = canonicalize_name(requirement.name)
    (lowest,) = {Version(s.version) for s in requirement.specifier if s.operator != "<"}
    assert pins("constraints-lowest.txt")[name] == lowest
    assert pins("constraints.txt")[name] in requirement.specifier

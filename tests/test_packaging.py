"""Files beside the modules that a wheel and a source distribution have to hold."""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]


@pytest.mark.parametrize("name", ["report.html", "py.typed"])
def test_package_data(name):
    assert files("sklearn_rlcorrect").joinpath(name).is_file()
    # A wheel leaves out what Git ignores.
    patterns = (ROOT / ".gitignore").read_text().split()
    assert not any(Path(name).match(pattern) for pattern in patterns)


def test_the_template_is_that_of_the_report():
    text = files("sklearn_rlcorrect").joinpath("report.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "{{ title }}" in text


def test_a_source_distribution_holds_what_its_tests_read():
    included = set(BUILD["targets"]["sdist"]["include"])
    assert included >= {"sklearn_rlcorrect", "tests", "docs", "conftest.py"}
    assert all(list(ROOT.glob(pattern)) for pattern in included)

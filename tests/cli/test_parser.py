"""Arguments: what is accepted, documented and rejected."""

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.cli.parser import parse

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("train --priority recall", "invalid choice: 'recall'"),
        ("train --timesteps many", "invalid int value: 'many'"),
        ("train --fp-weight 1,", "'1,' is no number, nor several with ','"),
        ("train --fp-weight 1,2,1.0", "'1,2,1.0' holds a number twice"),
        ("train --estimator-param C", "'C' is not NAME=VALUE, such as C=0.1"),
        ("train --estimator-param =1", "'=1' is not NAME=VALUE, such as C=0.1"),
        ("trian", "invalid choice: 'trian'"),
        ("", "the following arguments are required: COMMAND"),
    ],
)
def test_bad_arguments_are_one_line(capsys, command, message):
    with pytest.raises(SystemExit, match="2"):
        main(command.split())
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_options_with_underscores_and_mode(quick, capsys):
    command = "--mode infer --no_mlflow --model model.joblib --data rows.csv --output"
    assert main([*command.split(), "a_b.csv"]) == 0
    command = (
        "infer --no-mlflow --model=model.joblib --model_priority=weighted --data=rows.csv"
    )
    assert main([*command.split(), "--output=c_d.csv", "--mode=infer"][1:]) == 0
    np.testing.assert_array_equal(pd.read_csv("a_b.csv"), pd.read_csv("c_d.csv"))


def documented_commands():
    starts = ("rlcorrect ", "python -m sklearn_rlcorrect ")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for line in path.read_text().splitlines():
            for start in starts:
                if line.startswith(start):
                    yield shlex.split(line.removeprefix(start), comments=True)


def test_documented_commands_are_understood():
    commands = list(documented_commands())
    assert len(commands) > 5
    for command in commands:
        assert parse(command).command in command


def test_help_takes_nothing_heavy():
    heavy = {"torch", "mlflow", "matplotlib", "skops", "onnx", "tqdm"}
    code = f"""
import sys
from sklearn_rlcorrect.cli import main

try:
    main(["train", "--help"])
except SystemExit as end:
    assert end.code == 0
print(sorted({heavy} & sys.modules.keys()))
"""
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert output.splitlines()[-1] == "[]"


def test_stores_are_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = parse(["compare", "--tracking-uri", "sqlite:///a.db"])
    assert given.tracking_uri == f"sqlite:///{tmp_path}/a.db"
    assert parse(["compare"]).tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert parse(["compare", "--tracking-uri=http://a"]).tracking_uri == "http://a"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("3", 3),
        ("None", None),
        ("False", False),
        ("(8, 8)", (8, 8)),
        ("{'a': 2}", {"a": 2}),
        ("balanced", "balanced"),
        ("a=b", "a=b"),
        ("", ""),
        ("__import__('os')", "__import__('os')"),
        ("{[]: 1}", "{[]: 1}"),
        ("(" * 500, "(" * 500),
    ],
)
def test_values_of_parameters(text, value):
    (named,) = parse(["train", "--estimator-param", f"x_y={text}"]).estimator_param
    assert named == ("x_y", value)
    assert type(named[1]) is type(value)

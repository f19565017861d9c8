"""Options in a file: those of the command line win, and what is unknown is refused."""

from pathlib import Path

import joblib
import pytest

from sklearn_rlcorrect.cli import main
from sklearn_rlcorrect.cli.parser import parse

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")


def parsed(text, *given, command="train"):
    Path("options.toml").write_text(text)
    return parse([command, "--config", "options.toml", *given])


def test_options_of_a_file_are_as_if_given():
    text = """
    data = "table.csv"
    fp-weight = 2
    timesteps = 300
    max_adjustment = 0.5
    priority = "fp"
    drop = ["id", "day"]
    estimator-param = ["C=0.1", "tol=1"]
    use-input-features = false
    no-mlflow = true
    overwrite = false
    verbose = true
    """
    given = [
        *("--data", "table.csv", "--fp-weight", "2", "--timesteps", "300"),
        *("--max-adjustment", "0.5", "--priority", "fp", "--drop", "id", "--drop", "day"),
        *("--estimator-param", "C=0.1", "--estimator-param", "tol=1"),
        *("--no-use-input-features", "--no-mlflow", "-v"),
    ]
    expected = vars(parse(["train", *given])) | {"config": "options.toml"}
    assert vars(parsed(text)) == expected
    types = [type(value) for value in vars(parsed(text)).values()]
    assert types == [type(vars(parsed(text))[name]) for name in expected]


@pytest.mark.parametrize(
    ("text", "given", "name", "expected"),
    [
        ("timesteps = 300", "--timesteps 50000", "timesteps", 50_000),
        ("timesteps = 300", "--timesteps=7", "timesteps", 7),
        ("timesteps = 300", "--seed 1", "timesteps", 300),
        ("priority = 'fp'", "--model-priority accuracy", "priority", "accuracy"),
        ("drop = ['a', 'b']", "--drop c", "drop", ["c"]),
        ("quiet = true", "-v", "verbosity", 1),
        ("use_input_features = false", "--use-input-features", "use_input_features", True),
        ("no-mlflow = true", "--no-mlflow", "no_mlflow", True),
        ("", "", "timesteps", 50_000),
    ],
)
def test_the_command_line_wins(text, given, name, expected):
    assert vars(parsed(text, *given.split()))[name] == expected


@pytest.mark.parametrize("command", ["evaluate", "infer"])
def test_each_command_has_its_options(command, capsys):
    args = parsed("data = 'x.csv'\nno-mlflow = true", command=command)
    assert (args.command, args.data, args.no_mlflow) == (command, "x.csv", True)
    with pytest.raises(SystemExit, match="2"):
        parsed("fp-weight = 2", command=command)
    error = capsys.readouterr().err
    assert f"options.toml: 'fp-weight' is no option of {command}" in error


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fp-wieght = 2", "options.toml: 'fp-wieght' is no option of train"),
        ("fp-weight = false", "argument --fp-weight: expected one argument"),
        ("nope = false", "'nope' is no option of train"),
        ("config = 'other.toml'", "'config' is no option of train"),
        ("help = true", "'help' is no option of train"),
        ("timesteps = 1.5", "argument --timesteps: invalid int value: '1.5'"),
        ("priority = 'recall'", "invalid choice: 'recall'"),
        ("data = true", "argument --data: expected one argument"),
        ("overwrite = 1", "ignored explicit argument '1'"),
        ("priority = ['fp', 'accuracy']", "priority takes one value, no array"),
        ("timesteps = [1, 2]", "argument --timesteps: invalid int value: '1,2'"),
        ("day = 2026-01-31", "options.toml: day must be a text, a number, true or false"),
        (
            "[train]\nseed = 1",
            "options.toml: train must be a text, a number, true or false",
        ),
        ("fp-weight 2", "cannot read --config options.toml as TOML: "),
    ],
)
def test_bad_files_are_one_line(text, message, capsys):
    with pytest.raises(SystemExit, match="2"):
        parsed(text)
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("path", ["nowhere.toml", ".", "binary.toml"])
def test_files_that_cannot_be_read(path, capsys):
    Path("binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SystemExit, match="2"):
        parse(["train", "--config", path])
    error = capsys.readouterr().err
    assert f"cannot read --config {path}" in error
    assert error.count("\n") == 1


def test_a_training_by_a_file():
    text = "timesteps = 20\nno-mlflow = true\nseed = 3\noutput = 'm.joblib'\nquiet = true"
    Path("options.toml").write_text(text)
    assert main(["train", "--config", "options.toml", "--seed", "4"]) == 0
    assert joblib.load("m.joblib").random_state == 4

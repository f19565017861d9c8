"""Which commands a command names as the next: they exist, and take the same model."""

import shlex

import pytest

from sklearn_rlcorrect.cli.next_commands import print_next
from sklearn_rlcorrect.cli.parser import parse

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.usefixtures("empty_folder")
FILE = "--no-mlflow --model 'my model.skops'"
URI = "--tracking-uri http://127.0.0.1:5000"


def named(command, capsys, **facts):
    print_next(parse(shlex.split(command)), **facts)
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == ""
    assert len(lines) <= 2
    commands = [line.removeprefix("Next:").split("  #")[0].strip() for line in lines]
    for line in commands:
        parse(shlex.split(line)[1:])
    return commands


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "train",
            ["rlcorrect evaluate", "rlcorrect train --data FILE --target COLUMN"],
        ),
        ("train --no-mlflow", ["rlcorrect train --data FILE --target COLUMN"]),
        (
            f"train --data 'a b.csv' --target y {URI}",
            [f"rlcorrect evaluate {URI}", f"rlcorrect infer {URI} --data NEW_ROWS"],
        ),
        (
            "train --data a.csv --target y --no-mlflow --output m.skops",
            [
                "rlcorrect evaluate --no-mlflow --model m.skops --data LABELLED_NEW_ROWS "
                "--target y",
                "rlcorrect infer --no-mlflow --model m.skops --data NEW_ROWS",
            ],
        ),
        (
            "train --data-dir d",
            ["rlcorrect evaluate", "rlcorrect infer --data-dir DIR"],
        ),
        (
            "evaluate --model models:/a@fp",
            [
                "rlcorrect infer --model models:/a@fp --data NEW_ROWS",
                "rlcorrect compare",
            ],
        ),
        (
            r"train --data a.csv --target y --sep '\t' --test-data b.csv --no-mlflow",
            [
                r"rlcorrect evaluate --no-mlflow --data b.csv --target y --sep '\t'",
                r"rlcorrect infer --no-mlflow --data NEW_ROWS --sep '\t'",
            ],
        ),
        (
            "infer --data a.csv --sep ';' --encoding cp1252 --model-priority fp",
            [
                "rlcorrect infer --model-priority fp --data a.csv --sep ';' --encoding "
                "cp1252 --explain 10 --overwrite",
                "rlcorrect decide --model-priority fp --data a.csv --sep ';' --encoding "
                "cp1252 --budget 50",
            ],
        ),
        (f"evaluate {FILE}", [f"rlcorrect infer {FILE} --data NEW_ROWS"]),
        (
            f"infer {FILE} --data a.csv",
            [
                f"rlcorrect infer {FILE} --data a.csv --explain 10 --overwrite",
                f"rlcorrect decide {FILE} --data a.csv --budget 50",
            ],
        ),
        ("infer --data-dir d --explain 3", ["rlcorrect evaluate"]),
        (
            f"update {FILE} --data a.csv --target y",
            [
                "rlcorrect decide --no-mlflow --model updated_model.joblib --data NEW_ROWS",
                "rlcorrect evaluate --no-mlflow --model updated_model.joblib --data FILE "
                "--target COLUMN",
            ],
        ),
        (f"compare {URI}", [f"rlcorrect evaluate {URI} --model runs:/RUN"]),
    ],
)
def test_next_commands(command, expected, capsys):
    assert named(command, capsys) == expected


UPDATE = "rlcorrect update --data LOOKED_AT --target COLUMN --propensity propensity"
VALUE = (
    "rlcorrect evaluate --data FILE --decision inspected --reward COLUMN --propensity "
    "decision_propensity"
)


@pytest.mark.parametrize(
    ("can_update", "is_explored", "expected"),
    [(True, True, [UPDATE, VALUE]), (True, False, [UPDATE]), (False, True, [VALUE])],
)
def test_what_comes_after_decisions(can_update, is_explored, expected, capsys):
    facts = {"can_update": can_update, "is_explored": is_explored}
    assert named("decide --data a.csv", capsys, **facts) == expected


def test_nothing_comes_after_certain_decisions_of_a_model_without_memory(capsys):
    print_next(parse(["decide"]), can_update=False, is_explored=False)
    assert capsys.readouterr().out == ""


def test_a_password_is_not_shown(capsys):
    named("compare --tracking-uri postgresql://a:secret@b/c", capsys)
    (line,) = named("compare --tracking-uri postgresql://a:secret@b/c", capsys)
    assert "secret" not in line

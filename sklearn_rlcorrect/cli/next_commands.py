"""Which command answers the next question."""

import shlex

from sklearn_rlcorrect.cli.options import MODEL_FILE, default_tracking_uri
from sklearn_rlcorrect.cli.store import shown_uri


def print_next(args, **facts):
    """Print the commands that may come next, and what each is for.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command that has ended.

    **facts
        What else that depends on: `can_update` of ``decide``, whether the model can learn
        again, and `is_explored`, whether rows are looked at by chance; `priority`
        of ``train``, the one to look at if that in use does nothing.
    """
    commands = _NEXT[args.command](args, **facts)
    if not commands:
        return
    width = max(len(command) for command, _ in commands)
    print()
    for i, (command, purpose) in enumerate(commands):
        print(f"{'     ' if i else 'Next:'} {command.ljust(width)}  # {purpose}")


def _after_train(args, priority=None):
    other = f"--model-priority {priority}" if priority else ""
    evaluate = ["evaluate", *_trained(args), other]
    evaluate += _new_rows(args) if args.no_mlflow else []
    if not (args.data or args.data_dir or args.baseline_run_id):
        # The rows of a file are asked for, and these are in none.
        second = _line("train", "--data FILE --target COLUMN"), "the same for your table"
        first = [] if args.no_mlflow else [(_line(*evaluate), "pictures of these rows")]
        return [*first, second]
    return [
        (_line(*evaluate), "pictures, and with --report FILE one page of all"),
        (_line("infer", *_trained(args), *_unlabelled(args)), "predictions of new rows"),
    ]


def _after_evaluate(args):
    infer = _line("infer", *_same_model(args), *_unlabelled(args))
    commands = [(infer, "predictions of new rows")]
    if not args.no_mlflow:
        commands.append((_line("compare", *_store(args)), "trainings side by side"))
    return commands


def _after_infer(args):
    rows = ["--data-dir" if args.data_dir else "--data", args.data_dir or args.data]
    rows = [shlex.join(rows), *_csv(args)]
    again = ["infer", *_same_model(args), *rows]
    commands = []
    if not args.explain:
        explain = _line(*again, "--explain 10 --overwrite")
        commands.append((explain, "why the largest corrections"))
    if args.data:
        decide = _line("decide", *_same_model(args), *rows, "--budget 50")
        commands.append((decide, "which rows to look at"))
    return commands or [(_line("evaluate", *_same_model(args)), "what they are worth")]


def _after_decide(args, can_update, is_explored):
    commands = []
    if can_update:
        update = "--data LOOKED_AT --target COLUMN --propensity propensity"
        learn = _line("update", *_same_model(args), update)
        commands.append((learn, "learn what was found there"))
    if is_explored:
        # Where all decisions were certain, no other can be valued.
        log = "--data FILE --decision inspected --reward COLUMN"
        columns = f"{log} --propensity decision_propensity"
        value = _line("evaluate", *_same_model(args), columns)
        commands.append((value, "what such decisions bring"))
    return commands


def _after_update(args):
    model = [*_store(args), f"--model {shlex.quote(args.output)}"]
    labelled = "--data FILE --target COLUMN"
    return [
        (_line("decide", *model, "--data NEW_ROWS"), "which rows to look at now"),
        (_line("evaluate", *model, labelled), "how good it is on rows new to it"),
    ]


def _after_compare(args):
    evaluate = _line("evaluate", *_store(args), "--model runs:/RUN")
    return [(evaluate, "pictures of one of them")]


_NEXT = {
    "train": _after_train,
    "evaluate": _after_evaluate,
    "infer": _after_infer,
    "decide": _after_decide,
    "update": _after_update,
    "compare": _after_compare,
}


def _line(*parts):
    return " ".join(["rlcorrect", *filter(None, parts)])


def _new_rows(args):
    """Options of labelled rows that a training did not use; a file does not know them."""
    if args.data_dir:
        return ["--data-dir DIR"]
    test_data = shlex.quote(args.test_data) if args.test_data else "LABELLED_NEW_ROWS"
    return [f"--data {test_data}", f"--target {shlex.quote(args.target)}", *_csv(args)]


def _unlabelled(args):
    return ["--data-dir DIR"] if args.data_dir else ["--data NEW_ROWS", *_csv(args)]


def _csv(args):
    """Options of the format of a table, in which further tables are expected."""
    given = {"--sep": args.sep, "--encoding": args.encoding}
    return [
        f"{option} {shlex.quote(value)}".replace("\t", r"\t")
        for option, value in given.items()
        if value
    ]


def _trained(args):
    """Options of the model that a training has made, which is the newest."""
    return [*_store(args), *(_file(args.output) if args.no_mlflow else [])]


def _same_model(args):
    """Options of the model that a command had."""
    priority = f"--model-priority {args.priority}" if args.priority else ""
    return [*_store(args), *_file(args.model), priority]


def _file(path):
    return [] if path in (None, MODEL_FILE) else [f"--model {shlex.quote(path)}"]


def _store(args):
    if args.no_mlflow:
        return ["--no-mlflow"]
    if args.tracking_uri == default_tracking_uri():
        return []
    return [f"--tracking-uri {shlex.quote(shown_uri(args.tracking_uri))}"]

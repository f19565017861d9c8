"""Check files before they are written."""

from pathlib import Path


def check_not_input(args, outputs):
    """Raise an error if a command would replace a file that it reads.

    This holds with ``--overwrite``, too.

    Parameters
    ----------
    args : argparse.Namespace
        Options of the command: ``data``, ``data_dir`` and, if it has them, ``model`` and
        ``test_data``.

    outputs : list of pathlib.Path
        Files to write.

    Raises
    ------
    ValueError
        If a file is an input of the command.
    """
    names = [vars(args).get(option) for option in ("data", "test_data", "model")]
    inputs = [Path(name) for name in names if name]
    if args.data_dir:
        inputs += Path(args.data_dir).glob("*.npy")
    for path in {path.resolve() for path in inputs} & {path.resolve() for path in outputs}:
        raise ValueError(f"{path} is an input of this command: write to another file")


def check_folder(folder, *, overwrite):
    """Raise an error if a folder cannot be made, or exists already.

    Parameters
    ----------
    folder : pathlib.Path
        Folder to make.

    overwrite : bool
        Whether it may exist already.

    Raises
    ------
    FileExistsError, FileNotFoundError
        If it exists already, or its parent does not.
    """
    if folder.is_file():
        raise FileExistsError(f"{folder} is a file: --output must name a folder")
    if folder.exists() and not overwrite:
        raise FileExistsError(f"{folder} exists: choose another --output, or --overwrite")
    if not folder.parent.is_dir():
        raise FileNotFoundError(f"no such folder: {folder.parent}")

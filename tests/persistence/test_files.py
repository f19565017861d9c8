"""Files that are written whole or not at all."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from sklearn_rlcorrect.persistence import check_output, replacing


def test_a_failure_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("before")
    with pytest.raises(TypeError), replacing(path) as temporary:
        temporary.write_text("half") + temporary.write_text(None)
    assert [file.name for file in tmp_path.iterdir()] == ["note.txt"]
    assert path.read_text() == "before"


def test_a_file_is_replaced_at_the_end_of_the_block(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("before")
    with replacing(path) as temporary:
        temporary.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"


@pytest.mark.parametrize("overwrite", [True, False])
def test_where_files_can_be_written(tmp_path, overwrite):
    with pytest.raises(FileNotFoundError, match=r"no such folder: .*absent"):
        check_output(tmp_path / "absent" / "file", overwrite=overwrite)
    with pytest.raises(FileExistsError, match="is a folder: give the name of a file in it"):
        check_output(tmp_path, overwrite=overwrite)
    assert check_output(tmp_path / "new", overwrite=overwrite) == tmp_path / "new"


def test_files_are_replaced_only_if_asked(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="file exists: choose another place"):
        check_output(tmp_path / "file")
    assert check_output(tmp_path / "file", overwrite=True) == tmp_path / "file"


def test_many_threads_write_one_file(tmp_path):
    path = tmp_path / "note.txt"

    def write(k):
        with replacing(path) as temporary:
            temporary.write_text(str(k % 10) * 1000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(60)))
    assert len(set(path.read_text())) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["note.txt"]


@pytest.mark.skipif(os.name == "nt", reason="links take rights on Windows")
def test_links_and_modes_stay(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("before")
    target.chmod(0o640)
    link.symlink_to(target)
    with replacing(link) as temporary:
        temporary.write_text("after")
    assert link.is_symlink()
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("after", 0o640)


def test_a_name_as_long_as_may_be(tmp_path):
    path = tmp_path / ("x" * 255)
    with replacing(path) as temporary:
        temporary.touch()
    assert path.is_file()

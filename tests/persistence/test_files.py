"""Files that are written whole or not at all."""

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

"""Files are whole or not there."""

import os

import pytest

from proofs_check.derive import files
from proofs_check.derive.files import differences, write, write_folder
from proofs_check.errors import InputError


def test_a_file_that_exists_is_replaced(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    write(path, b"new")
    assert path.read_bytes() == b"new"


def test_nothing_else_is_left_behind(tmp_path):
    write(tmp_path / "a", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_new_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "usual").touch()
    write(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_an_interruption_while_writing_leaves_the_old_files(tmp_path, monkeypatch):
    write_folder(tmp_path, {"a": b"old", "b": b"old"})

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path, {"a": b"new", "b": b"new"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old", "b": b"old"}


def test_a_place_that_cannot_be_written_is_the_users_to_mend(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write(tmp_path / "a", b"new")


def test_a_pipe_is_written_to_directly(tmp_path):
    reading, writing = os.pipe()
    try:
        write(files.Path(f"/dev/fd/{writing}"), b"new")
        assert os.read(reading, 10) == b"new"
    finally:
        os.close(reading)
        os.close(writing)


def test_a_folder_that_is_not_there_misses_everything(tmp_path):
    assert differences(tmp_path / "f", {"a": b""}) == [f"{tmp_path / 'f' / 'a'} is missing"]


def test_a_file_keeps_its_permissions(tmp_path):
    (tmp_path / "a").touch(mode=0o600)
    write(tmp_path / "a", b"new")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600

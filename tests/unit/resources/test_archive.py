"""The archive: the same answer once, and no damage unnoticed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import ParseError, StateError
from resources.archive import Archive, replace_file


def stored(root: Path) -> list[Path]:
    """Every file in the archive."""
    return [path for path in root.rglob("*") if path.is_file()]


def test_what_was_put_is_got(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any bytes come back whole, under the SHA-256 that names them."""
    archive = Archive(tmp_path_factory.mktemp("archive"))

    @given(st.binary())
    def law(content: bytes) -> None:
        digest = archive.put(content)
        assert archive.get(digest) == content
        assert archive.holds(digest)

    law()


def test_the_same_answer_is_written_once(tmp_path: Path) -> None:
    """Putting it again touches nothing: same file, same inode, same time, no draft left."""
    archive = Archive(tmp_path)
    archive.put(b"leases")
    (file,) = stored(tmp_path)
    before = file.stat()
    assert archive.put(b"leases") == archive.put(b"leases")
    assert stored(tmp_path) == [file]
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)


def test_what_a_power_cut_left_empty_is_stored_again(tmp_path: Path) -> None:
    """Files are not flushed one by one: a name without bytes is no answer, and the next census writes it whole."""
    archive = Archive(tmp_path)
    digest = archive.put(b"leases")
    (file,) = stored(tmp_path)
    file.write_bytes(b"")
    assert not archive.holds(digest)
    assert archive.put(b"leases") == digest
    assert archive.get(digest) == b"leases"


def test_two_answers_are_two_files(tmp_path: Path) -> None:
    """Content is the address."""
    archive = Archive(tmp_path)
    assert archive.put(b"a") != archive.put(b"b")
    assert len(stored(tmp_path)) == 2


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """A missing answer is an error that says so, never empty bytes; looking does not make folders."""
    archive = Archive(tmp_path / "none")
    with pytest.raises(ParseError, match="is not in the archive"):
        archive.get("0" * 64)
    assert not archive.holds("0" * 64)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("keep", [0, 1, 10, -1])
def test_a_damaged_file_is_told(tmp_path: Path, keep: int) -> None:
    """A file cut anywhere, or emptied, is an error with its path and what to do."""
    archive = Archive(tmp_path)
    digest = archive.put(b"many leases" * 100)
    (file,) = stored(tmp_path)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ParseError, match=r"Remove") as caught:
        archive.get(digest)
    assert str(file) in str(caught.value)


def test_an_altered_file_is_told(tmp_path: Path) -> None:
    """A whole file with another content is found by its name."""
    archive = Archive(tmp_path)
    digest, other = archive.put(b"ours"), archive.put(b"theirs")
    place = {path.name.partition(".")[0]: path for path in stored(tmp_path)}
    place[digest].write_bytes(place[other].read_bytes())
    with pytest.raises(ParseError, match="is damaged"):
        archive.get(digest)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    """When the replacing fails, the old content stands and no draft is left behind."""
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_disk_that_takes_nothing_is_told_with_the_folder_and_what_to_do(tmp_path: Path) -> None:
    """Not Python's error with its stack: our words, and no draft is left behind."""
    (tmp_path / "archive").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(StateError, match=r"archive: cannot be written \(.*\)\. Make room on that disk"):
        Archive(tmp_path / "archive").put(b"an answer")
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]

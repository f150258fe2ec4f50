"""Blobs and file trees as users put and get them."""

import io
from pathlib import Path

import numpy as np
import pytest

import nacre
from nacre.errors import InvalidInput, NotFound


def test_bytes_files_and_paths_are_put_alike(vault: nacre.Vault, tmp_path: Path) -> None:
    content = bytes(range(256)) * 100
    path = tmp_path / "content.bin"
    path.write_bytes(content)

    with path.open("rb") as file:
        digests = {
            vault.put(content),
            vault.put(bytearray(content)),
            vault.put(memoryview(content)),
            vault.put(path),
            vault.put(str(path)),
            vault.put(file),
            vault.put(io.BytesIO(content)),
        }

    (digest,) = digests
    assert vault.get(digest) == content


@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 100_000])
def test_a_blob_of_any_size_comes_back(vault: nacre.Vault, size: int) -> None:
    content = bytes(n * n % 251 for n in range(size))

    digest = vault.put(content)
    vault.record("photo.added", subject="p1", data={"image": digest})

    assert vault.get(digest) == content
    assert vault.has_blob(digest)
    assert nacre.Digest.parse(str(digest)) == digest


def test_an_empty_file_is_put(vault: nacre.Vault, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    assert vault.get(vault.put(tmp_path / "empty")) == b""


def test_views_of_memory_are_put_by_their_content(vault: nacre.Vault) -> None:
    numbers = memoryview(bytes(range(12))).cast("I")
    foreign = memoryview(np.array([1, 2], ">u2"))
    empty = memoryview(np.zeros((0, 3)))

    assert vault.get(vault.put(numbers)) == bytes(range(12))
    assert vault.get(vault.put(memoryview(b"a-b-c-")[::2])) == b"abc"
    assert vault.get(vault.put(foreign)) == b"\x00\x01\x00\x02"
    assert vault.get(vault.put(empty)) == b""


def test_a_blob_that_was_never_put_is_not_found(vault: nacre.Vault) -> None:
    absent = nacre.Digest(bytes(32))

    with pytest.raises(NotFound, match="there is no blob b3:0000"):
        vault.get(absent)
    with pytest.raises(NotFound, match="was not put: put it first"):
        vault.record("photo.added", subject="p1", data={"image": absent})

    assert vault.head == 0


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("absent.bin", NotFound),
        (Path(), InvalidInput),
        (5, InvalidInput),
        (None, InvalidInput),
        (io.StringIO("text"), InvalidInput),
    ],
)
def test_what_is_no_payload_is_refused(vault: nacre.Vault, source: object, error: type) -> None:
    with pytest.raises(error):
        vault.put(source)


def test_what_was_put_but_never_named_is_dropped_at_close(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        digests = [vault.put(b"small"), vault.put(bytes(range(251)) * 100)]

    with nacre.open(tmp_path / "v") as vault:
        assert [vault.has_blob(digest) for digest in digests] == [False, False]
        assert vault.verify().is_clean


def test_blobs_put_in_a_decision_that_raises_can_be_put_again(vault: nacre.Vault) -> None:
    def refuse(tx: nacre.Transaction) -> None:
        tx.record("a.b", subject="s", data={"blob": tx.put(b"x" * 5000)})
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        vault.commit(refuse)
    digest = vault.put(b"x" * 5000)
    vault.record("a.b", subject="s", data={"blob": digest})

    assert vault.get(digest) == b"x" * 5000
    assert vault.verify().is_clean


# File trees


def test_a_directory_comes_back_as_it_was(vault: nacre.Vault, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub" / "empty").mkdir(parents=True)
    (source / "a.txt").write_text("a")
    (source / "sub" / "twin.txt").write_text("a")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    (source / "sub" / "link").symlink_to("../a.txt")
    (source / "folder").symlink_to("sub")
    (source / "sub" / "empty").chmod(0o750)

    digest = vault.put_tree(source)
    vault.record("tree.stored", subject="t", data={"tree": digest})
    vault.get_tree(digest, tmp_path / "restored")

    assert listing(tmp_path / "restored") == listing(source)
    assert vault.verify().is_clean


def listing(directory: Path) -> dict[str, tuple[int, object]]:
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.is_symlink():
            content: object = path.readlink()
        else:
            content = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(directory))] = (path.lstat().st_mode, content)
    return found


def test_an_equal_directory_is_stored_once(vault: nacre.Vault, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("same")

    assert vault.put_tree(tmp_path / "one") == vault.put_tree(str(tmp_path / "two"))


def test_an_empty_directory_comes_back(vault: nacre.Vault, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()

    vault.get_tree(vault.put_tree(tmp_path / "nothing"), tmp_path / "restored")

    assert listing(tmp_path / "restored") == {}


def test_a_tree_is_not_restored_over_files(vault: nacre.Vault, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a").write_text("precious")
    digest = vault.put_tree(tmp_path / "mine")

    with pytest.raises(InvalidInput, match="is not empty"):
        vault.get_tree(digest, tmp_path / "mine")
    with pytest.raises(InvalidInput, match="is not empty"):
        vault.get_tree(digest, tmp_path / "mine" / "a")

    assert (tmp_path / "mine" / "a").read_text() == "precious"


def test_a_blob_that_is_no_tree_is_not_restored(vault: nacre.Vault, tmp_path: Path) -> None:
    for content in (b"hello", b"\xc1", b""):
        with pytest.raises(InvalidInput, match="is no tree"):
            vault.get_tree(vault.put(content), tmp_path / "restored")

    assert not (tmp_path / "restored").exists()


def test_a_missing_directory_is_not_put(vault: nacre.Vault, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no directory"):
        vault.put_tree(tmp_path / "absent")

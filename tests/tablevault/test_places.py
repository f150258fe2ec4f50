"""Where a TableVault is, what is never deleted, and archives of it."""

import errno
import lzma
import tarfile
from pathlib import Path

import pytest
from tablevault.vaults import make, numbers, whole, write

import nacre
from nacre.errors import CorruptionError
from nacre_adapters.tablevault import (
    TableVault,
    TVArgumentError,
    compress_vault,
    core,
    decompress_vault,
    delete_vault,
)


def test_a_vault_is_made_with_its_parents_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    vault = TableVault(str(path), "ana", "what it is for", create=True)
    write_one(vault)

    again = core.TableVault(str(path), author="bo")

    assert again.db_dir == str(path)
    assert again.get_descriptions() == {"summary": "what it is for"}
    assert again.get_table_instances() == ["t"]


def write_one(vault: TableVault) -> str:
    vault.create_table("t")
    return write(vault, numbers(3), "t")


def test_create_replaces_a_table_vault_even_when_it_is_open(tmp_path: Path) -> None:
    first = make(tmp_path / "v", "t")
    write_one_more = write(first, numbers(1), "t")

    second = TableVault(tmp_path / "v", "ana", create=True)

    assert second.get_table_instances() == []
    assert write_one_more not in str(second.get_table_instances())
    second.create_table("u")
    assert TableVault(tmp_path / "v", "bo").get_table_instances() == ["u"]


def test_create_leaves_alone_what_is_no_table_vault(tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    (folder / "thesis.tex").write_text("x")
    file.write_text("x")
    with nacre.open(tmp_path / "plain") as vault:
        vault.record("day.loaded", subject="x")
    mixed = make(tmp_path / "mixed", "t")
    mixed.vault.record("day.loaded", subject="x")
    guests = make(tmp_path / "guests", "t")
    (tmp_path / "guests" / "notes.txt").write_text("x")

    for name in ("folder", "file", "plain", "mixed", "guests"):
        for call in (
            lambda path: TableVault(path, "ana", create=True),
            delete_vault,
        ):
            with pytest.raises(TVArgumentError):
                call(tmp_path / name)

    assert (folder / "thesis.tex").exists()
    assert file.read_text() == "x"
    assert mixed.get_table_instances() == guests.get_table_instances() == ["t"]


def test_what_is_no_vault_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(TVArgumentError, match="No folder found"):
        TableVault(tmp_path / "nowhere", "ana")
    with nacre.open(tmp_path / "plain"):
        pass
    with pytest.raises(TVArgumentError, match="not a TableVault Repository"):
        TableVault(tmp_path / "plain", "ana")
    old = tmp_path / "old"
    old.mkdir()
    (old / ".tablevault").touch()
    with pytest.raises(TVArgumentError, match="nacre-tablevault import"):
        TableVault(old, "ana")
    with pytest.raises(TypeError):
        TableVault(tmp_path / "plain")


def test_an_open_vault_is_shared(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        vault.frames.write("other", numbers(1))
        with pytest.raises(TVArgumentError, match="create=True to add it"):
            TableVault(vault, "ana")
        tables = TableVault(vault, "bo", create=True)
        write_one(tables)

        assert vault.frames.names() == ["other"]
        then = TableVault(vault.at(vault.head), "ana")
        assert then.get_table_instances() == ["t"]
        with pytest.raises(PermissionError):
            then.create_table("u")


def test_a_vault_in_one_file_has_its_files_beside_it(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v.nacre", single_file=True) as vault:
        tables = TableVault(vault, "ana", create=True)
        tables.create_table("t")
        tables.create_instance("t", external_edit=True)
        folder = Path(tables.get_artifact_folder("t"))

        assert folder.is_relative_to(tmp_path / "v.nacre-tablevault")


def test_a_vault_goes_into_an_archive_and_comes_back(tmp_path: Path) -> None:
    vault = make(tmp_path / "v")
    instance = write_one(vault)
    vault.close()

    compress_vault(tmp_path / "v", preset=1)
    delete_vault(tmp_path / "v")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v.tar.xz"]
    decompress_vault(tmp_path / "v")

    again = TableVault(tmp_path / "v", "ana")
    assert again.get_dataframe("t")[1] == instance
    assert whole(again)
    with pytest.raises(TVArgumentError, match="exists"):
        decompress_vault(tmp_path / "v.tar.xz")


def test_an_archive_may_hold_the_vault_itself(tmp_path: Path) -> None:
    make(tmp_path / "v", "t").close()
    with tarfile.open(tmp_path / "w.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "v", arcname=".")

    decompress_vault(tmp_path / "w")

    assert TableVault(tmp_path / "w", "ana").get_table_instances() == ["t"]


def test_archives_that_cannot_be_are_refused(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "x.tar.xz").write_bytes(b"no archive")
    with tarfile.open(tmp_path / "y.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "plain", arcname="plain")
    make(tmp_path / "v")

    for call, error in [
        (lambda: compress_vault(tmp_path / "nowhere"), FileNotFoundError),
        (lambda: compress_vault(tmp_path / "plain"), TVArgumentError),
        (lambda: compress_vault(tmp_path / "v", preset=77), lzma.LZMAError),
        (lambda: decompress_vault(tmp_path / "nowhere"), FileNotFoundError),
        (lambda: decompress_vault(tmp_path / "x"), TVArgumentError),
        (lambda: decompress_vault(tmp_path / "y"), TVArgumentError),
        (lambda: delete_vault(tmp_path / "nowhere"), TVArgumentError),
    ]:
        with pytest.raises(error):
            call()
    assert not (tmp_path / "y").exists()


def test_an_archive_of_a_damaged_vault_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "vault.mdb").write_bytes(b"damaged" * 1000)
    with tarfile.open(tmp_path / "v.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "v", arcname="v")
    (tmp_path / "v" / "vault.mdb").unlink()

    with pytest.raises(CorruptionError):
        decompress_vault(tmp_path / "v")

    assert list((tmp_path / "v").iterdir()) == []
    assert not list(tmp_path.glob(".unpacking-*"))


def test_an_archive_of_the_original_says_how_to_move_in(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / ".tablevault").touch()
    with tarfile.open(tmp_path / "v.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "old", arcname="v")

    with pytest.raises(TVArgumentError, match="nacre-tablevault import"):
        decompress_vault(tmp_path / "v")


def test_an_archive_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = make(tmp_path / "v")
    vault.close()

    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(tarfile.TarFile, "addfile", no_space)
    with pytest.raises(OSError, match="no space left"):
        compress_vault(tmp_path / "v")

    assert [each.name for each in tmp_path.iterdir()] == ["v"]

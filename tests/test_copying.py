"""A vault in one file is copied whole, or not at all."""

from pathlib import Path

import pytest

import nacre
from nacre.errors import InvalidInput, StateError, StorageError


def made(path: Path) -> nacre.Vault:
    vault = nacre.open(path, single_file=True)
    for number in range(20):
        vault.record("number.found", subject=f"n{number}", data={"blob": vault.put(b"x" * 5000)})
    return vault


def test_a_copy_is_a_vault_like_it(tmp_path: Path) -> None:
    with made(tmp_path / "a.nacre") as vault:
        vault.copy(tmp_path / "b.nacre")
        vault.record("number.found", subject="later")
        with nacre.open(tmp_path / "b.nacre") as copy:
            assert (copy.head, copy.vault_id) == (20, vault.vault_id)
            assert copy.verify().is_clean

        vault.copy(tmp_path / "b.nacre")

        with nacre.open(tmp_path / "b.nacre") as copy:
            assert copy.head == 21
    assert not list(tmp_path.glob("*-copy-*"))


def test_a_copy_needs_one_file_another_place_and_a_folder(tmp_path: Path) -> None:
    with made(tmp_path / "a.nacre") as vault:
        with pytest.raises(InvalidInput, match="the vault itself"):
            vault.copy(tmp_path / "a.nacre")
        with pytest.raises(StateError, match="copy works on what is stored"):
            vault.at(3).copy(tmp_path / "b.nacre")
        with pytest.raises(StorageError):
            vault.copy(tmp_path / "nowhere" / "b.nacre")
    with nacre.open(tmp_path / "v.vault") as vault:
        with pytest.raises(InvalidInput, match="is a directory"):
            vault.copy(tmp_path / "b.nacre")


def test_compacting_keeps_everything_and_makes_it_smaller(tmp_path: Path) -> None:
    with made(tmp_path / "a.nacre") as vault:
        for number in range(500):
            vault.record("number.found", subject=f"n{number % 7}")

        report = vault.compact()

        assert report.size_after_bytes < report.size_before_bytes
        assert len(list(vault.events(kind="number.found"))) == 520
        assert vault.verify().is_clean

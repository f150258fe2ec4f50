"""Both targets keep the contract; a directory besides survives what disks do."""

import errno
import os
from pathlib import Path

import pytest

from nacre.backups import DirectoryTarget, MemoryTarget, Target
from nacre.backups.location import target_at
from nacre.errors import DiskFull, InvalidInput
from nacre.testing import FailingFiles, TargetContract


class TestMemoryTarget(TargetContract):
    @pytest.fixture
    def target(self) -> MemoryTarget:
        return MemoryTarget()

    def another(self, target: Target) -> Target:
        return target


class TestDirectoryTarget(TargetContract):
    @pytest.fixture
    def target(self, tmp_path: Path) -> DirectoryTarget:
        return DirectoryTarget(tmp_path / "target")

    def another(self, target: Target) -> Target:
        assert isinstance(target, DirectoryTarget)
        return DirectoryTarget(target.path)


def test_nothing_is_found_of_a_put_that_failed(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / str(number)
        files = FailingFiles(errno.ENOSPC, {number})
        target = DirectoryTarget(path, files)
        if target_put(target) is None:
            break
        # What failed last may have been the removal of the second name, or the sync after it.
        assert target.list("packs") in ({}, {"packs/a": 7})
        files.heal()
        target.put("packs/a", [b"content"])
        assert bytes(target.get("packs/a")) == b"content"

    assert number >= 5


def target_put(target: DirectoryTarget) -> DiskFull | None:
    try:
        target.put("packs/a", [b"content"])
    except DiskFull as error:
        return error
    return None


def test_files_of_writers_that_died_long_ago_are_cleared(tmp_path: Path) -> None:
    DirectoryTarget(tmp_path).put("packs/a", [b"a"])
    old, young = tmp_path / "partial" / "old", tmp_path / "partial" / "young"
    for partial in (old, young):
        partial.write_bytes(b"half a")
    os.utime(old, (0, 0))

    DirectoryTarget(tmp_path).put("packs/b", [b"b"])

    assert young.exists()
    assert not old.exists()


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch) -> None:
    def refuse(path: Path, source: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    target = DirectoryTarget(tmp_path)

    assert target.put("packs/a", [b"content"])

    assert not target.put("packs/a", [b"other"])
    assert bytes(target.get("packs/a")) == b"content"


@pytest.mark.parametrize("location", ["", "s3://bucket/backups", "ssh://host/backups"])
def test_other_places_are_refused(location: str) -> None:
    with pytest.raises(InvalidInput, match="give a directory"):
        target_at(location)


def test_a_file_url_is_a_directory(tmp_path: Path) -> None:
    assert str(target_at(f"file://{tmp_path}/t")) == f"{tmp_path}/t"

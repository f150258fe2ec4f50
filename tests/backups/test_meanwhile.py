"""A vault that is compacted, compressed or purged while it is backed up, at any moment of it."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from backup_targets import back_up, bring_back, sealed
from works import open_over

import nacre
from nacre.backups import MemoryTarget
from nacre.errors import NotFound
from nacre.files import OsFiles
from nacre.hashing import Buffer
from nacre.operations.compact import compact
from nacre.operations.compress import compress
from nacre.operations.purge import purge
from nacre.operations.retain import parse_history, set_retention
from nacre.operations.verify_backup import verify_backups

Work = Callable[[nacre.Vault], object]

WORKS: dict[str, Work] = {
    "compact": lambda vault: compact(vault.store, min_gain=0),
    "compress": lambda vault: compress(vault.store, min_gain=0),
    "purge": lambda vault: purge(vault.store, "p1", reason="asked for"),
}
works = pytest.mark.parametrize("name", WORKS)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nacre.backups.upload, "PACK_BYTES", 30_000)
    monkeypatch.setattr(nacre.backups.upload, "_WAITING_PACKS", 0)
    monkeypatch.setattr("nacre.operations.compress._KEPT_OPEN", 2)


def make(path: Path) -> None:
    with open_over(path, OsFiles(), single_file=False) as vault:
        for number in range(9):
            content = os.urandom(9000).hex().encode()
            vault.record("photo.set", subject=f"p{number % 3}", data={"image": vault.put(content)})
        set_retention(vault.store, parse_history("0s"))


class Calling(MemoryTarget):
    """Calls something before its call number so and so."""

    def __init__(self, number: int, then: Callable[[], object]) -> None:
        super().__init__()
        self.left = number
        self._then = then

    def put(self, name: str, parts) -> bool:
        self._step()
        return super().put(name, parts)

    def list(self, folder: str) -> dict[str, int]:
        self._step()
        return super().list(folder)

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0:
            self._then()


class CallingFiles(OsFiles):
    """Calls something before a commit or a removal number so and so."""

    def __init__(self, number: int, then: Callable[[], object]) -> None:
        self.left = number
        self._then = then

    def commit(self, transaction) -> None:
        super().commit(transaction)
        self._step()

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)

    def replace(self, source: Path, target: Path) -> None:
        self._step()
        super().replace(source, target)

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0:
            self._then()


def said(vault: nacre.Vault) -> dict[tuple[int, int], bytes | None]:
    found: dict[tuple[int, int], bytes | None] = {}
    for event in vault.events(kind="photo.set"):
        try:
            found[event.position, event.ordinal] = bytes(vault.get(event.data["image"]))
        except NotFound:
            found[event.position, event.ordinal] = None
    return found


def check(target: MemoryTarget, folder: Path, expected: nacre.Vault) -> None:
    """Check that all backups come back, and the last as the vault is."""
    place = sealed(target)
    assert verify_backups(place, "full").problems == ()
    back_up(expected, place)
    bring_back(place, folder / "r")
    with nacre.open(folder / "r") as restored:
        assert restored.verify().problems == ()
        assert restored.checkpoint() == expected.checkpoint()
        assert said(restored) == said(expected)


@works
def test_upkeep_at_any_moment_of_a_backup_loses_nothing(tmp_path: Path, name: str) -> None:
    for number in count(1):
        folder = tmp_path / str(number)
        make(folder / "v")
        with nacre.open(folder / "v") as vault, nacre.open(folder / "v") as other:
            target = Calling(number, partial(WORKS[name], other))
            back_up(vault, sealed(target))
            over = target.left > 0
            check(target, folder, vault)
            assert vault.verify().problems == ()
        if over:
            break

    assert number > 10


@works
def test_a_backup_at_any_moment_of_upkeep_loses_nothing(tmp_path: Path, name: str) -> None:
    for number in count(1):
        folder = tmp_path / str(number)
        make(folder / "v")
        target = MemoryTarget()
        with nacre.open(folder / "v", read_only=True) as reader:
            files = CallingFiles(number, partial(back_up, reader, sealed(target)))
            with open_over(folder / "v", files, single_file=False) as vault:
                WORKS[name](vault)
            check(target, folder, reader)
        if files.left > 0:
            break

    assert number > 3


class Observed(MemoryTarget):
    """A target that notes how nice the threads are that put packs."""

    def __init__(self) -> None:
        super().__init__()
        self.nice: set[int] = set()

    def put(self, name: str, parts: Sequence[Buffer]) -> bool:
        if name.startswith("packs/"):
            self.nice.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return super().put(name, parts)


def test_a_backup_gives_way_to_readers(tmp_path: Path) -> None:
    make(tmp_path / "v")
    target = Observed()
    own = os.getpriority(os.PRIO_PROCESS, 0)

    with nacre.open(tmp_path / "v") as vault:
        back_up(vault, sealed(target))

    assert target.nice
    assert min(target.nice) >= 10
    assert os.getpriority(os.PRIO_PROCESS, 0) == own

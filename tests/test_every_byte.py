"""Every single flipped byte of a vault is found by verify."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from accounts import Accounts
from pristine import PACKED, entry_key, flipped, pack_of

import nacre
from nacre.prefixes import BLOBS, LOG, PACKS, TREE, VIEWS


@pytest.fixture
def vault(pristine: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[nacre.Vault]:
    """A copy of it, open, in memory where there is a file system for that: it is verified a lot."""
    if Path("/dev/shm").is_dir():
        monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copytree(pristine, Path(folder) / "v")
        with nacre.open(path, durability="relaxed") as vault:
            vault.register(Accounts)
            yield vault


@pytest.mark.parametrize("half", [0, 1])
def test_every_flipped_byte_of_a_pack_is_found(vault: nacre.Vault, half: int) -> None:
    pack = pack_of(vault.path)
    content = pack.read_bytes()
    unseen = []

    for at in range(half, len(content), 2):
        pack.write_bytes(flipped(content, at))
        if vault.verify().is_clean:
            unseen.append(at)

    assert len(content) > len(PACKED)
    assert unseen == []


@pytest.mark.parametrize("position", range(6))
def test_every_flipped_byte_of_an_entry_is_found(vault: nacre.Vault, position: int) -> None:
    key = entry_key(position)
    affected = {f"commit {position}"} | ({"frame 'flights' version 0"} if position == 1 else set())
    entry = stored(vault)[key]
    unseen = []

    for at in range(len(entry)):
        with changed(vault, key, flipped(entry, at)):
            problems = vault.verify().problems
        if not affected <= {name for problem in problems for name in problem.affects}:
            unseen.append(at)

    assert unseen == []


def stored(vault: nacre.Vault) -> dict[bytes, bytes]:
    """Return every row of an open vault."""
    with vault.store.environment.read() as transaction:
        return dict(transaction.cursor())


class changed:  # noqa: N801 - a context manager
    """Lets a row of an open vault have another value for a while."""

    def __init__(self, vault: nacre.Vault, key: bytes, value: bytes) -> None:
        self._environment = vault.store.environment
        self._files = vault.store.log._files
        self._key, self._value = key, value

    def __enter__(self) -> None:
        with self._environment.write(self._files) as transaction:
            self._before = transaction.get(self._key)
            transaction.put(self._key, self._value)

    def __exit__(self, *_: object) -> None:
        with self._environment.write(self._files) as transaction:
            transaction.put(self._key, self._before)


@pytest.mark.parametrize(
    "prefix", [BLOBS, PACKS, TREE, VIEWS], ids=["blobs", "packs", "tree", "views"]
)
def test_every_flipped_byte_of_a_row_is_found(vault: nacre.Vault, prefix: int) -> None:
    unseen = []

    for key, value in stored(vault).items():
        for at in range(len(value)) if key[0] == prefix else ():
            with changed(vault, key, flipped(value, at)):
                if vault.verify().is_clean:
                    unseen.append((key, at))

    assert unseen == []


def test_every_flipped_flag_of_a_blob_is_found(vault: nacre.Vault) -> None:
    unseen = []

    for key, value in stored(vault).items():
        for bit in range(8) if key[0] == BLOBS else ():
            with changed(vault, key, bytes([value[0] ^ (1 << bit)]) + value[1:]):
                if vault.verify().is_clean:
                    unseen.append((key, bit))

    assert unseen == []


def test_a_row_far_behind_the_log_is_found(vault: nacre.Vault) -> None:
    key = bytes([LOG]) + ((1 << 62) + 1).to_bytes(8, "big")

    with changed(vault, key, b"rogue"):
        problems = vault.verify().problems

    assert any("its last row says" in problem.what for problem in problems)

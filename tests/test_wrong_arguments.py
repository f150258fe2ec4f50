"""An argument of another type is refused in words, wherever it is given."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nacre
from nacre.errors import InvalidInput, NacreError, StorageError

CALLS: dict[str, Callable[[nacre.Vault], object]] = {
    "position": lambda vault: vault.commit_at("x"),  # type: ignore[arg-type]
    "digest": lambda vault: vault.get(b"x"),  # type: ignore[arg-type]
    "frame": lambda vault: vault.frames.read(5),  # type: ignore[arg-type]
    "version of a frame": lambda vault: vault.frames.version(5, 0),  # type: ignore[arg-type]
    "decision": lambda vault: vault.commit(None),  # type: ignore[arg-type]
    "decision that is a coroutine": lambda vault: vault.commit(_record_later),
    "decision that is a generator": lambda vault: vault.commit(_record_and_yield),
    "time far away": lambda vault: vault.at("9999-12-31"),
    "path": lambda vault: vault.put("a\0"),
}


async def _record_later(tx: nacre.Transaction) -> None:
    tx.record("a.b", subject="later")


def _record_and_yield(tx: nacre.Transaction) -> Iterator[None]:
    yield tx.record("a.b", subject="never")


@pytest.mark.parametrize("what", CALLS)
def test_an_argument_of_another_type_is_refused(vault: nacre.Vault, what: str) -> None:
    with pytest.raises(InvalidInput, match=": "):
        CALLS[what](vault)

    assert vault.head == 0


@pytest.mark.parametrize("name", ["a\0b", os.fsdecode(b"w\xff"), ""])
def test_a_path_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="path"):
        nacre.open(f"{tmp_path}/{name}" if name else name)


def test_a_file_that_cannot_be_read_is_named(vault: nacre.Vault) -> None:
    with pytest.raises(StorageError, match="/proc/self/mem cannot be read") as caught:
        vault.put("/proc/self/mem")

    assert isinstance(caught.value, NacreError)


@pytest.mark.parametrize("path", [b"bytes.vault", 3, None])
def test_a_path_of_another_type_is_refused(path: object) -> None:
    with pytest.raises(InvalidInput, match="is no path: give a string"):
        nacre.open(path)  # type: ignore[arg-type]

"""The logs keep their contract; what is LMDB's own is tested beside it."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nacre.environment import Environment
from nacre.errors import CorruptionError
from nacre.files import OsFiles
from nacre.log import LmdbLog, MemoryLog
from nacre.prefixes import LOG
from nacre.registry import REGISTRY
from nacre.testing import LogContract


class TestMemoryLog(LogContract):
    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog()


class TestLmdbLog(LogContract):
    @pytest.fixture
    def log(self, environment: Environment) -> LmdbLog:
        return LmdbLog(environment)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    # Relaxed: hundreds of appends, and no power cut is part of these tests.
    environment = REGISTRY.acquire(tmp_path / "log.mdb", read_only=False, relaxed=True)
    yield environment
    REGISTRY.release(environment)


def test_entries_appended_in_one_transaction_are_undone_together(environment: Environment) -> None:
    log = LmdbLog(environment)
    log.append(b"kept", expect=0)

    with suppress(ZeroDivisionError), environment.write(OsFiles()):
        log.append(b"a", expect=1)
        log.append(b"b", expect=2)
        raise ZeroDivisionError

    assert list(log.read()) == [b"kept"]
    log.append(b"next", expect=1)
    assert list(log.read()) == [b"kept", b"next"]


def test_an_append_undone_alone_leaves_its_neighbours(environment: Environment) -> None:
    log = LmdbLog(environment)

    with environment.write(OsFiles()):
        log.append(b"a", expect=0)
        with suppress(ZeroDivisionError), environment.nested():
            log.append(b"b", expect=1)
            raise ZeroDivisionError
        with environment.nested():
            log.append(b"c", expect=1)
        log.append(b"d", expect=2)

    assert list(log.read()) == [b"a", b"c", b"d"]


def test_what_was_appended_in_a_transaction_is_read_in_it(environment: Environment) -> None:
    log = LmdbLog(environment)

    with environment.write(OsFiles()):
        log.append(b"a", expect=0)
        seen = (log.head(), list(log.read()))

    assert seen == (1, [b"a"])


def test_an_append_out_of_order_is_refused(environment: Environment) -> None:
    log = LmdbLog(environment)
    with environment.write(OsFiles()) as transaction:
        transaction.put(bytes([LOG + 1]), b"a row of nobody")

    with pytest.raises(CorruptionError, match="rows lie behind the head 0"):
        log.append(b"a", expect=0)


def test_a_missing_entry_is_reported_with_its_position(environment: Environment) -> None:
    log = LmdbLog(environment)
    for position in range(5):
        log.append(b"entry", expect=position)
    with environment.write(OsFiles()) as transaction:
        transaction.delete(struct.pack(">BQ", LOG, 2))

    with pytest.raises(CorruptionError, match="no entry 2"):
        list(log.read())

"""The logs keep their contract; what is LMDB's own is tested beside it."""

import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nacre.environment import Environment
from nacre.errors import Conflict, CorruptionError
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


class LogMachine(RuleBasedStateMachine):
    """Random histories of a log, against a list."""

    def __init__(self) -> None:
        super().__init__()
        self.model: list[bytes] = []
        self.folder = TemporaryDirectory()
        self.environment, self.log = self.open()

    def open(self) -> tuple[Environment, LmdbLog]:
        path = Path(self.folder.name) / "log.mdb"
        environment = REGISTRY.acquire(path, read_only=False, relaxed=True)
        return environment, LmdbLog(environment)

    @rule(entry=st.binary(max_size=50))
    def append(self, entry: bytes) -> None:
        self.log.append(entry, expect=len(self.model))
        self.model.append(entry)

    @rule(entries=st.lists(st.binary(max_size=50), min_size=1, max_size=80))
    def append_in_one_transaction(self, entries: list[bytes]) -> None:
        with self.environment.write(OsFiles()):
            for position, entry in enumerate(entries, len(self.model)):
                self.log.append(entry, expect=position)
        self.model += entries

    @rule(entries=st.lists(st.binary(max_size=50), min_size=1, max_size=5))
    def append_and_undo(self, entries: list[bytes]) -> None:
        with suppress(ZeroDivisionError), self.environment.write(OsFiles()):
            for position, entry in enumerate(entries, len(self.model)):
                self.log.append(entry, expect=position)
            raise ZeroDivisionError

    @rule(entry=st.binary(max_size=5), offset=st.integers(1, 3))
    def append_from_a_wrong_head(self, entry: bytes, offset: int) -> None:
        with pytest.raises(Conflict):
            self.log.append(entry, expect=len(self.model) + offset)

    @rule(entry=st.binary(max_size=5))
    def append_through_another_log(self, entry: bytes) -> None:
        LmdbLog(self.environment).append(entry, expect=len(self.model))
        self.model.append(entry)

    @rule(start=st.integers(0, 200), length=st.integers(0, 200))
    def read_a_range(self, start: int, length: int) -> None:
        assert list(self.log.read(start, start + length)) == self.model[start : start + length]

    @rule()
    def reopen(self) -> None:
        self.log.close()
        REGISTRY.release(self.environment)
        self.environment, self.log = self.open()

    @invariant()
    def log_equals_model(self) -> None:
        assert self.log.head() == len(self.model)
        assert list(self.log.read()) == self.model

    def teardown(self) -> None:
        REGISTRY.release(self.environment)
        self.folder.cleanup()


TestLogHistories = LogMachine.TestCase
TestLogHistories.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)

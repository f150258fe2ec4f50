"""What every log promises, as tests: subclass `LogContract` and provide the fixture `log`."""

from abc import ABC, abstractmethod

import pytest

from nacre.errors import Closed, Conflict
from nacre.log import Log

# More than any backend reads at once.
_MANY = 300


class LogContract(ABC):
    """Subclass it, provide `log`, and inherit every test."""

    @abstractmethod
    @pytest.fixture
    def log(self) -> Log:
        """Return an empty log."""

    def test_a_new_log_is_empty(self, log: Log) -> None:
        """There is no entry before the first."""
        assert log.head() == 0
        assert list(log.read()) == []

    def test_entries_are_read_in_the_order_in_which_they_were_appended(self, log: Log) -> None:
        """Also empty entries, equal entries, and zeros in them."""
        entries = [b"b", b"", b"a", b"a", b"\x00" * 9, b"\xff"]

        for position, entry in enumerate(entries):
            log.append(entry, expect=position)

        assert list(log.read()) == entries
        assert log.head() == len(entries)

    def test_any_buffer_is_appended_as_its_bytes(self, log: Log) -> None:
        """What the caller does to a buffer afterwards changes nothing."""
        buffer = bytearray(b"first")
        log.append(buffer, expect=0)
        log.append(memoryview(b"second"), expect=1)

        buffer[:] = b"xxxxx"

        assert list(log.read()) == [b"first", b"second"]

    def test_a_stale_append_changes_nothing(self, log: Log) -> None:
        """The condition is on the head of the whole log."""
        log.append(b"a", expect=0)

        with pytest.raises(Conflict, match="expected head 0, found 1") as raised:
            log.append(b"b", expect=0)

        assert (raised.value.expected, raised.value.actual) == (0, 1)
        assert list(log.read()) == [b"a"]

    def test_an_append_from_the_future_changes_nothing(self, log: Log) -> None:
        """Positions have no gaps."""
        with pytest.raises(Conflict, match="expected head 5, found 0"):
            log.append(b"a", expect=5)

        assert log.head() == 0

    def test_a_conflict_does_no_harm_to_what_follows(self, log: Log) -> None:
        """Who lost reads the head again, and appends."""
        log.append(b"a", expect=0)
        with pytest.raises(Conflict):
            log.append(b"b", expect=0)

        log.append(b"b", expect=log.head())

        assert list(log.read()) == [b"a", b"b"]

    @pytest.mark.parametrize(
        ("start", "stop"),
        [(0, 0), (0, 1), (3, 7), (7, 3), (9, 10), (9, 99), (10, 11), (99, 100), (4, None)],
    )
    def test_a_range_is_read(self, log: Log, start: int, stop: int | None) -> None:
        """A range beyond the head is empty, one over it ends there."""
        entries = [str(position).encode() for position in range(10)]
        for position, entry in enumerate(entries):
            log.append(entry, expect=position)

        assert list(log.read(start, stop)) == entries[start:stop]

    def test_many_and_large_entries_are_read_without_a_gap(self, log: Log) -> None:
        """A backend reads in pages, bounded by number and by size."""
        entries = [b"small %d" % position for position in range(_MANY)]
        entries += [bytes([position]) * (1 << 20) for position in range(10)]
        for position, entry in enumerate(entries):
            log.append(entry, expect=position)

        assert list(log.read()) == entries
        assert list(log.read(7, _MANY + 3)) == entries[7 : _MANY + 3]

    def test_appending_while_reading_leaves_no_gap(self, log: Log) -> None:
        """What is appended meanwhile may or may not be seen, but never with a hole before it."""
        for position in range(3):
            log.append(str(position).encode(), expect=position)

        reading = log.read()
        seen = [next(reading)]
        log.append(b"3", expect=3)
        seen += reading

        assert seen in ([b"0", b"1", b"2"], [b"0", b"1", b"2", b"3"])

    def test_a_closed_log_says_so(self, log: Log) -> None:
        """Closing is idempotent, and everything else then raises."""
        log.append(b"a", expect=0)

        log.close()
        log.close()

        with pytest.raises(Closed):
            log.head()
        with pytest.raises(Closed):
            log.append(b"b", expect=1)
        with pytest.raises(Closed):
            list(log.read())

"""Sorted pairs of bytes: what the tables of a view are made of, on disk and in memory."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, compress, cycle, islice
from typing import Protocol, TypeVar

from nacre.environment import Environment
from nacre.errors import ReadOnly
from nacre.keys import after_prefix
from nacre.lmdb_handle import Cursor, Transaction

Pair = tuple[bytes, bytes]

Result = TypeVar("Result")
Item = TypeVar("Item")

FIRST_PAGE_ROWS = 16
PAGE_ROWS = 512
_GROWTH = 8
_FIRST_STEP = 8
_WORTH_SPREADING = 500


class Pairs(Protocol):
    """A sorted map from bytes to bytes."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of *key*, or None."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the value of each key, or None."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of *key*."""

    def delete(self, key: bytes) -> bool:
        """Remove *key*; tell whether it was there."""

    def put_many(self, pairs: Iterable[Pair]) -> None:
        """Set many values: quickest in order of key."""

    def at_once(self, read: "Callable[[Pairs], Result]") -> Result:
        """Return what *read* returns, for which all pairs are of one moment."""

    def seek(self, start: bytes, stop: bytes | None) -> Pair | None:
        """Return the first pair of a range, or None."""

    def page(
        self, start: bytes, stop: bytes | None, *, reverse: bool, limit: int = PAGE_ROWS
    ) -> list[Pair]:
        """Return the first pairs of a range, or the last ones in reverse order."""

    def scan(self, start: bytes, stop: bytes | None, *, reverse: bool = False) -> Iterator[Pair]:
        """Yield the pairs with `start <= key < stop`, in order of key or the reverse.

        What changes meanwhile may or may not be seen; what does not change is seen once.
        """


def scan_pages(pairs: Pairs, start: bytes, stop: bytes | None, *, reverse: bool) -> Iterator[Pair]:
    """Yield the pairs of a range, page by page; many who scan want only the first of them."""
    limit = FIRST_PAGE_ROWS
    while page := pairs.page(start, stop, reverse=reverse, limit=limit):
        yield from page
        if len(page) < limit:
            return
        limit = min(limit * _GROWTH, PAGE_ROWS)
        if reverse:
            stop = page[-1][0]
        else:
            start = page[-1][0] + b"\x00"


def spread(ordered: Sequence[Item]) -> Iterable[Item]:
    """Return what is to be put so that the pages of LMDB become full: some first, then the others.

    It divides a full page in the middle, and what comes in order never returns to the first half.
    What is put in between the second time fills both halves again, to nine tenths.
    """
    if len(ordered) < _WORTH_SPREADING:
        return ordered
    first, then = (1, 1, 1, 1, 1, 0, 0, 0, 0), (0, 0, 0, 0, 0, 1, 1, 1, 1)
    return chain(compress(ordered, cycle(first)), compress(ordered, cycle(then)))


class TransactionPairs:
    """`Pairs` behind a prefix, inside one LMDB transaction."""

    def __init__(self, transaction: Transaction, prefix: bytes) -> None:
        self._transaction = transaction
        self._prefix = prefix
        self._seeking: Cursor | None = None

    @property
    def prefix(self) -> bytes:
        """Where they lie: a rebuild puts the pairs of a view elsewhere."""
        return self._prefix

    def move(self, transaction: Transaction) -> None:
        """Go on in another transaction: one inside this one, or the one around it."""
        self._transaction = transaction
        self._seeking = None

    def get(self, key: bytes) -> bytes | None:
        """Return the value of *key*, or None."""
        return self._transaction.get(self._prefix + key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the value of each key, or None."""
        prefix = self._prefix
        # py-lmdb's getmulti takes up to 1.6 times as long: it returns the keys as well.
        return [*map(self._transaction.get, [prefix + key for key in keys])]

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of *key*."""
        self._transaction.put(self._prefix + key, value)

    def delete(self, key: bytes) -> bool:
        """Remove *key*; tell whether it was there."""
        return self._transaction.delete(self._prefix + key)

    def put_many(self, pairs: Iterable[Pair]) -> None:
        """Set many values: quickest in order of key."""
        prefix = self._prefix
        self._transaction.cursor().putmulti((prefix + key, value) for key, value in pairs)

    def at_once(self, read: Callable[[Pairs], Result]) -> Result:
        """Return what *read* returns: a transaction is one moment."""
        return read(self)

    def seek(self, start: bytes, stop: bytes | None) -> Pair | None:
        """Return the first pair of a range, or None."""
        cursor = self._seeking
        if cursor is None:
            cursor = self._seeking = self._transaction.cursor()
        prefix = self._prefix
        if not cursor.set_range(prefix + start):
            return None
        key = cursor.key()
        end = after_prefix(prefix) if stop is None else prefix + stop
        return None if end is not None and key >= end else (key[len(prefix) :], cursor.value())

    def scan(self, start: bytes, stop: bytes | None, *, reverse: bool = False) -> Iterator[Pair]:
        """Yield the pairs of a range."""
        return scan_pages(self, start, stop, reverse=reverse)

    def page(
        self, start: bytes, stop: bytes | None, *, reverse: bool, limit: int = PAGE_ROWS
    ) -> list[Pair]:
        """Return the first pairs of a range, or the last ones in reverse order."""
        first = self._prefix + start
        end = after_prefix(self._prefix) if stop is None else self._prefix + stop
        assert end is not None
        return self._backwards(first, end, limit) if reverse else self._forwards(first, end, limit)

    def _forwards(self, first: bytes, end: bytes, limit: int) -> list[Pair]:
        cursor = self._transaction.cursor()
        if not cursor.set_range(first):
            return []
        return self._until(lambda key: key >= end, cursor.iternext(), limit)

    def _backwards(self, first: bytes, end: bytes, limit: int) -> list[Pair]:
        cursor = self._transaction.cursor()
        if not (cursor.prev() if cursor.set_range(end) else cursor.last()):
            return []
        return self._until(lambda key: key < first, cursor.iterprev(), limit)

    def _until(
        self, is_behind: Callable[[bytes], bool], pairs: Iterator[Pair], limit: int
    ) -> list[Pair]:
        """Return the first pairs of an iterator, up to those behind the end of a range.

        They are fetched some at a time, twice as many each time: a test for each costs more than
        the few that are fetched in vain.
        """
        cut = len(self._prefix)
        found: list[Pair] = []
        size = _FIRST_STEP
        while len(found) < limit:
            step = list(islice(pairs, min(size, limit - len(found))))
            if not step:
                break
            if is_behind(step[-1][0]):
                stop = bisect_left(step, True, key=lambda pair: is_behind(pair[0]))
                found += [(key[cut:], value) for key, value in step[:stop]]
                break
            found += [(key[cut:], value) for key, value in step]
            size *= 2
        return found


class ReadPairs:
    """`Pairs` behind a prefix that opens a short read transaction for every call."""

    def __init__(self, environment: Environment, prefix: bytes) -> None:
        self._environment = environment
        self._prefix = prefix

    def get(self, key: bytes) -> bytes | None:
        """Return the value of *key*, or None."""
        with self._environment.read() as transaction:
            return transaction.get(self._prefix + key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the value of each key, or None, all of one moment."""
        return self.at_once(lambda pairs: pairs.get_many(keys))

    def put(self, key: bytes, value: bytes) -> None:
        """Views change in commits only."""
        raise ReadOnly("a view changes by applying events only: record one in a commit")

    def delete(self, key: bytes) -> bool:
        """Views change in commits only."""
        raise ReadOnly("a view changes by applying events only: record one in a commit")

    def put_many(self, pairs: Iterable[Pair]) -> None:
        """Views change in commits only."""
        raise AssertionError("a view is written outside a commit")

    def at_once(self, read: Callable[[Pairs], Result]) -> Result:
        """Return what *read* returns inside one short transaction."""
        with self._environment.read() as transaction:
            return read(TransactionPairs(transaction, self._prefix))

    def seek(self, start: bytes, stop: bytes | None) -> Pair | None:
        """Return the first pair of a range, or None."""
        return self.at_once(lambda pairs: pairs.seek(start, stop))

    def scan(self, start: bytes, stop: bytes | None, *, reverse: bool = False) -> Iterator[Pair]:
        """Yield the pairs of a range; a new transaction every page keeps none open for long."""
        return scan_pages(self, start, stop, reverse=reverse)

    def page(
        self, start: bytes, stop: bytes | None, *, reverse: bool, limit: int = PAGE_ROWS
    ) -> list[Pair]:
        """Return the first pairs of a range, or the last ones in reverse order."""
        return self.at_once(lambda pairs: pairs.page(start, stop, reverse=reverse, limit=limit))


class MemoryPairs:
    """`Pairs` in memory, over others that it leaves as they are, or over nothing."""

    def __init__(self, base: Pairs | None = None) -> None:
        self._base = base
        self._changed: dict[bytes, bytes | None] = {}
        self._keys: list[bytes] = []
        self._unsorted = False

    def get(self, key: bytes) -> bytes | None:
        """Return the value of *key*, or None."""
        if key in self._changed:
            return self._changed[key]
        return None if self._base is None else self._base.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the value of each key, or None."""
        return [self.get(key) for key in keys]

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of *key*."""
        self._change(key, value)

    def delete(self, key: bytes) -> bool:
        """Remove *key*; tell whether it was there."""
        found = self.get(key) is not None
        self._change(key, None)
        return found

    def put_many(self, pairs: Iterable[Pair]) -> None:
        """Set many values."""
        for key, value in pairs:
            self._change(key, value)

    def at_once(self, read: Callable[[Pairs], Result]) -> Result:
        """Return what *read* returns, of what lies below all of one moment."""
        if self._base is None:
            return read(self)
        return self._base.at_once(lambda _: read(self))

    def scan(self, start: bytes, stop: bytes | None, *, reverse: bool = False) -> Iterator[Pair]:
        """Yield the pairs of a range, changed ones in place of those below."""
        if self._unsorted:
            self._keys.sort()  # cheap: all but the newest are in order
            self._unsorted = False
        first = bisect_left(self._keys, start)
        last = len(self._keys) if stop is None else bisect_left(self._keys, stop)
        keys = self._keys[first:last]
        below = self._base.scan(start, stop, reverse=reverse) if self._base else iter(())
        return self._merged(keys[::-1] if reverse else keys, below, reverse=reverse)

    def seek(self, start: bytes, stop: bytes | None) -> Pair | None:
        """Return the first pair of a range, or None."""
        return next(self.scan(start, stop), None)

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Yield what differs from below, in order of key; None for a pair that is gone."""
        return ((key, self._changed[key]) for key in sorted(self._changed))

    def page(
        self, start: bytes, stop: bytes | None, *, reverse: bool, limit: int = PAGE_ROWS
    ) -> list[Pair]:
        """Return the first pairs of a range, or the last ones in reverse order."""
        return list(islice(self.scan(start, stop, reverse=reverse), limit))

    def _change(self, key: bytes, value: bytes | None) -> None:
        if key not in self._changed:
            self._keys.append(key)
            self._unsorted = True
        self._changed[key] = value

    def _merged(self, keys: list[bytes], below: Iterator[Pair], *, reverse: bool) -> Iterator[Pair]:
        pair = next(below, None)
        for key in keys:
            while pair is not None and pair[0] != key and (pair[0] > key) == reverse:
                yield pair
                pair = next(below, None)
            if pair is not None and pair[0] == key:
                pair = next(below, None)
            value = self._changed[key]
            if value is not None:
                yield key, value
        if pair is not None:
            yield pair
            yield from below

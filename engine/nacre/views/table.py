"""Tables of a view: order-preserving tuples to msgpack rows."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from nacre import codec
from nacre.errors import InvalidInput, NotFound, Unstorable
from nacre.hashing import Digest
from nacre.keys import MAX_KEY_BYTES, Key, after_prefix, decode_key, encode_element, encode_key
from nacre.views.pairs import Pairs

Row = object

GetBlob = Callable[[Digest], memoryview]


def no_blobs(digest: Digest) -> memoryview:
    """Say that there are none, where a view lives without a vault."""
    raise NotFound(f"there is no blob {digest}: this view was opened without any")


# The slot of the view stands before it.
_MAX_BYTES = MAX_KEY_BYTES - 3


class Table:
    """A sorted map from tuples to rows: what msgpack can hold.

    A key that is no tuple stands for the tuple of itself alone: `table["ana"]` is
    `table[("ana",)]`. Scans yield tuples.
    """

    __slots__ = ("_pairs", "_prefix", "_put")

    def __init__(self, pairs: Pairs, name: str) -> None:
        self._pairs = pairs
        self._put = pairs.put
        self._prefix = _table_prefix(name)

    def get(self, key: object, default: Row = None) -> Row:
        """Return the row of *key*, or *default*."""
        value = self._pairs.get(self._key(key))
        return default if value is None else codec.unpack(value)

    def __getitem__(self, key: object) -> Row:
        value = self._pairs.get(self._key(key))
        if value is None:
            raise KeyError(key)
        return codec.unpack(value)

    def __setitem__(self, key: object, row: Row) -> None:
        try:
            packed = codec.pack(row)
        except Unstorable:
            (table,) = decode_key(self._prefix)
            codec.check_storable(row, f"the row {key!r} of the table {table!r}")
            raise
        self._put(self._key(key), packed)

    def __delitem__(self, key: object) -> None:
        if not self._pairs.delete(self._key(key)):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return self._pairs.get(self._key(key)) is not None

    def scan(
        self,
        prefix: Key = (),
        *,
        start: Key | None = None,
        stop: Key | None = None,
        reverse: bool = False,
    ) -> Iterator[tuple[Key, Row]]:
        """Yield key and row of all keys that start with *prefix*, in order of key.

        *start* (included) and *stop* (excluded) are whole keys, or the first elements of some.
        """
        base = self._prefix + encode_key(prefix)
        first = base if start is None else self._prefix + encode_key(start)
        last = after_prefix(base) if stop is None else self._prefix + encode_key(stop)
        cut = len(self._prefix)
        for key, value in self._pairs.scan(first, last, reverse=reverse):
            yield decode_key(key[cut:]), codec.unpack(value)

    def rows(self, prefix: Key = ()) -> Iterator[Row]:
        """Yield the row of all keys that start with *prefix*, in order of key.

        It costs half of what a scan does: keys are not decoded.
        """
        base = self._prefix + encode_key(prefix)
        for _, value in self._pairs.scan(base, after_prefix(base)):
            yield codec.unpack(value)

    def _key(self, key: object) -> bytes:
        elements = key if type(key) is tuple else (key,)
        encoded = self._prefix + b"".join(map(encode_element, elements))
        if len(encoded) > _MAX_BYTES:
            raise InvalidInput(
                f"the key {str(key)[:60]}... takes {len(encoded)} bytes with its table's name, "
                f"more than {_MAX_BYTES}: shorten it, or use its digest as the key"
            )
        return encoded


@lru_cache(maxsize=1024)
def _table_prefix(name: str) -> bytes:
    return encode_key((name,))


class State:
    """The tables of one view."""

    __slots__ = ("get_blob", "pairs")

    def __init__(self, pairs: Pairs, get_blob: GetBlob = no_blobs) -> None:
        self.pairs = pairs
        """What the tables are made of, for a view that makes its own keys and rows."""
        self.get_blob = get_blob
        """Returns the content of a blob that an event names: it never changes, as the event."""

    def table(self, name: str) -> Table:
        """Return a table of the view; it exists as soon as it has a row."""
        return Table(self.pairs, name)

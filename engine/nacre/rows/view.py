"""The view: what collections there are, their rows by key, and the entries of their indexes.

    1 [name]                            definition: {number, schema, created}
    2 [number]                          [count, position of the last change, cut, buried]
    3 []                                the number of the next collection
    4 [number] key                      a row: [position, values by slot]
    5 [number, index] values key        how many bytes of it are the key
    6 [number] key                      the position at which the row was deleted last
    7 [digest]                          [position, digest] of the blob of a load

Guards I4: rows and entries change in one place, and only by events.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import le
from typing import ClassVar, TypeVar, cast

from nacre import codec
from nacre.errors import CorruptionError, NotFound
from nacre.event import Event
from nacre.hashing import Digest
from nacre.keys import after_prefix, decode_key, encode_key
from nacre.rows.layout import (
    Entries,
    Layout,
    StoredRow,
    all_index_values,
    any_cut,
    index_values,
    is_cut,
)
from nacre.rows.pages import index_columns, pages
from nacre.rows.schema import schema_from
from nacre.rows.stored import converted, is_fresh, unpack_row, unpack_rows
from nacre.views import State
from nacre.views.pairs import Pair, Pairs, spread

CREATED, ALTERED, DROPPED = "rows.created", "rows.altered", "rows.dropped"
CHANGED, LOADED = "rows.changed", "rows.loaded"

_NAMES, _STATES, _NEXT, _ROWS, _ENTRIES, _GRAVES, _LOADS = range(1, 8)
_NEXT_KEY = encode_key((_NEXT,))

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Tally:
    """What changes with the rows of a collection."""

    count: int
    position: int
    """The commit that changed a row last."""

    cut: list[int]
    """The indexes with cut entries, which have no exact order; 0 is the key."""

    buried: bool
    """Whether a row was ever deleted."""


class Definition:
    """A collection as it is defined: made once for the bytes that say so."""

    def __init__(self, name: str, raw: bytes) -> None:
        data = cast("dict[str, object]", codec.unpack(raw))
        self.name = name
        self.pair = (_name_key(name), raw)
        self.number = cast("int", data["number"])
        self.created = cast("int", data["created"])
        self.version = cast("int", data.get("version", 1))
        self.schema = schema_from(cast("dict[str, object]", data["schema"]))
        self.layout = Layout(self.schema)
        self.rows = encode_key((_ROWS, self.number))
        self.graves = encode_key((_GRAVES, self.number))
        self.tally = encode_key((_STATES, self.number))
        self._entries: dict[int, bytes] = {}

    def entries(self, index: int) -> bytes:
        """Return what the keys of the entries of an index start with."""
        found = self._entries.get(index)
        if found is None:
            found = self._entries[index] = encode_key((_ENTRIES, self.number, index))
        return found


class Rows:
    """Collections, their rows and their indexes, derived from the log."""

    name: ClassVar[str] = "rows"
    version: ClassVar[int] = 1
    kinds = (CREATED, ALTERED, DROPPED, CHANGED, LOADED)

    def __init__(self, state: State) -> None:
        self.pairs: Pairs = state.pairs
        self._get_blob = state.get_blob
        self._prepared: tuple[Digest, list[StoredRow], list[bytes]] | None = None

    def apply(self, event: Event) -> None:
        """Change collections and rows as the event says."""
        data = cast("dict[str, object]", event.data)
        match event.kind:
            case "rows.created":
                self._create(event, data)
            case "rows.altered":
                self._alter(event, data)
            case "rows.dropped":
                self._drop(event)
            case "rows.changed":
                self._change(event, data)
            case "rows.loaded":
                self._load(event, data)

    def at_once(self, read: "Callable[[Rows], Made]") -> Made:
        """Return what *read* returns of the view, all of one moment."""
        return self.pairs.at_once(lambda pairs: read(Rows(State(pairs, self._get_blob))))

    @staticmethod
    def label(event: Event) -> str | None:
        """Return how users call what an event of these kinds speaks of."""
        return f"collection {event.subject!r}"

    def names(self) -> list[str]:
        """Return the names of all collections, in order."""
        prefix = encode_key((_NAMES,))
        found = self.pairs.scan(prefix, after_prefix(prefix))
        return [str(decode_key(key)[1]) for key, _ in found]

    def find(self, name: str) -> Definition | None:
        """Return the definition of a collection, or None."""
        raw = self.pairs.get(_name_key(name))
        return None if raw is None else _definition(name, raw)

    def definition(self, name: str) -> Definition:
        """Return the definition of a collection.

        Raises:
            NotFound: there is none of that name.
        """
        found = self.find(name)
        if found is None:
            names = ", ".join(self.names()[:5]) or "none yet"
            raise NotFound(f"there is no collection {name!r}: there are {names}")
        return found

    def is_same(self, definition: Definition) -> bool:
        """Tell whether a collection is still defined so."""
        name, raw = definition.pair
        return self.pairs.get(name) == raw

    def next_number(self) -> int:
        """Return the number that the next collection gets."""
        raw = self.pairs.get(_NEXT_KEY)
        return 1 if raw is None else cast("int", codec.unpack(raw))

    def tally(self, definition: Definition) -> Tally:
        """Return how many rows there are, and what else is noted of all of them."""
        raw = self.pairs.get(definition.tally)
        if raw is None:
            raise CorruptionError(f"{definition.name!r} has no tally: run `nacre rebuild`")
        return Tally(*cast("tuple[int, int, list[int], bool]", codec.unpack(raw)))

    def row(self, definition: Definition, key: bytes) -> StoredRow | None:
        """Return the row of a key, or None."""
        raw = self.pairs.get(definition.rows + key)
        return None if raw is None else unpack_row(raw)

    def row_if_same(self, definition: Definition, key: bytes) -> tuple[bool, StoredRow | None]:
        """Tell whether a collection is still defined so, and return the row of a key, or None.

        Both are of one moment: whoever has a definition at hand need not look it up first.
        """
        name, raw = definition.pair
        now, row = self.pairs.get_many((name, definition.rows + key))
        if now != raw:
            return False, None
        return True, None if row is None else unpack_row(row)

    def grave(self, definition: Definition, key: bytes) -> int | None:
        """Return the position at which a row was deleted last, or None."""
        raw = self.pairs.get(definition.graves + key)
        return None if raw is None else cast("int", codec.unpack(raw))

    def rows(self, definition: Definition) -> Iterator[StoredRow]:
        """Yield all rows, in order of their keys."""
        for page in pages(self.pairs, definition.rows):
            yield from unpack_rows([raw for _, raw in page])

    def holders(self, definition: Definition, number: int, values: bytes) -> list[bytes]:
        """Return the keys of two rows at most that have *values* in an index."""
        prefix = definition.entries(number) + values
        stop = after_prefix(prefix)
        found = self.pairs.page(prefix, stop, reverse=False, limit=2)
        return [key[len(key) - size[0] :] for key, size in found]

    def expect(self, digest: Digest, rows: list[StoredRow], keys: list[bytes]) -> None:
        """Spare `apply` decoding a blob whose rows and keys the decision has at hand.

        The rows are its own from then on.
        """
        self._prepared = (digest, rows, keys)

    def _create(self, event: Event, data: dict[str, object]) -> None:
        number = cast("int", data["number"])
        kept = {"number": number, "schema": data["schema"], "created": event.position}
        self.pairs.put(_name_key(event.subject), codec.pack(kept))
        self.pairs.put(_NEXT_KEY, codec.pack(number + 1))
        definition = self.definition(event.subject)
        self._put_tally(definition, Tally(0, event.position, [], buried=False))

    def _drop(self, event: Event) -> None:
        definition = self.definition(event.subject)
        self.pairs.delete(_name_key(event.subject))
        self.pairs.delete(definition.tally)
        for table in (_ROWS, _ENTRIES, _GRAVES):
            self._erase(encode_key((table, definition.number)))

    def _alter(self, event: Event, data: dict[str, object]) -> None:
        old = self.definition(event.subject)
        name = cast("str", data.get("name", event.subject))
        kept = {
            "number": old.number,
            "schema": data["schema"],
            "created": old.created,
            "version": old.version + 1,
        }
        self.pairs.delete(_name_key(event.subject))
        self.pairs.put(_name_key(name), codec.pack(kept))
        new = self.definition(name)
        if data.get("rewrites"):
            self._rewrite(old, new, cast("dict[int, object]", data["rewrites"]))
        self._reindex(old, new)
        tally = replace(self.tally(new), position=event.position)
        self._put_tally(new, tally)

    def _rewrite(self, old: Definition, new: Definition, kinds: dict[int, object]) -> None:
        """Give every row the values of slots whose type was changed."""
        for page in pages(self.pairs, old.rows):
            changed = []
            for row in map(old.layout.whole, unpack_rows([raw for _, raw in page])):
                key = old.rows + old.layout.key_of(row)
                for slot, spec in kinds.items():
                    row[slot] = converted(row[slot], spec)
                changed.append((key, codec.pack(row)))
            self.pairs.put_many(changed)

    def _reindex(self, old: Definition, new: Definition) -> None:
        """Erase the entries of indexes that are no more, and make those of new ones."""
        kept = {index.number for index in new.schema.indexes}
        for index in old.schema.indexes:
            if index.number not in kept:
                self._erase(old.entries(index.number))
        had = {index.number for index in old.schema.indexes}
        fresh = [entries for entries in new.layout.indexes if entries.index.number not in had]
        if not fresh:
            return
        tally = self.tally(new)
        cut = set(tally.cut) & (kept | {0})
        for keys, columns in index_columns(self.pairs, new.rows, fresh):
            for entries, values in zip(fresh, columns, strict=True):
                cut |= self._put_entries(new, entries, keys, values)
        self._put_tally(new, replace(tally, cut=sorted(cut)))

    def _change(self, event: Event, data: dict[str, object]) -> None:
        definition = self.definition(event.subject)
        tally = self.tally(definition)
        count, cut, buried = tally.count, set(tally.cut), tally.buried
        if inserted := cast("list[StoredRow]", data.get("insert", [])):
            rows = [[event.position, *row[1:]] for row in inserted]
            keys = definition.layout.keys_of(rows)
            cut |= self._insert(definition, keys, rows)
            count += len(inserted)
        for row in cast("list[StoredRow]", data.get("update", [])):
            cut |= self._update(definition, row, event.position)
        for _, *values in cast("list[list[object]]", data.get("delete", [])):
            self._bury(definition, definition.layout.key_from_stored(values), event.position)
            count, buried = count - 1, True
        self._put_tally(definition, Tally(count, event.position, sorted(cut), buried))

    def _load(self, event: Event, data: dict[str, object]) -> None:
        definition = self.definition(event.subject)
        digest = cast("Digest", data["rows"])
        # Named here, so that no retention drops what a replay needs.
        self.pairs.put(encode_key((_LOADS, digest.raw)), codec.pack([event.position, digest]))
        rows, keys = self._rows_of_load(definition, digest)
        tally = self.tally(definition)
        cut = set(tally.cut)
        if data.get("replaces"):
            for row in rows:
                if not is_fresh(row):
                    cut |= self._update(definition, row, event.position)
            fresh = [number for number, row in enumerate(rows) if is_fresh(row)]
            keys, rows = [keys[n] for n in fresh], [rows[n] for n in fresh]
        for row in rows:
            row[0] = event.position
        cut |= self._insert(definition, keys, rows)
        count = tally.count + len(rows)
        self._put_tally(definition, Tally(count, event.position, sorted(cut), tally.buried))

    def _rows_of_load(
        self, definition: Definition, digest: Digest
    ) -> tuple[list[StoredRow], list[bytes]]:
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared[0] == digest:
            return prepared[1:]
        from nacre.rows.loads import decode_load  # noqa: PLC0415 - Arrow is slow to import

        rows = decode_load(definition.schema, self._get_blob(digest))
        return rows, definition.layout.keys_of(rows)

    def _insert(
        self, definition: Definition, keys: Sequence[bytes], rows: Sequence[StoredRow]
    ) -> set[int]:
        """Put rows whose keys are new, and their entries; return the indexes with cut ones."""
        prefix, packed = definition.rows, codec.pack_all(rows)
        pairs: list[Pair] = [*zip(keys, packed, strict=True)]
        if not all(map(le, keys, keys[1:])):
            pairs.sort()
        self.pairs.put_many((prefix + key, raw) for key, raw in spread(pairs))
        cut = {0} if any_cut(keys) else set()
        for entries in definition.layout.indexes:
            cut |= self._put_entries(definition, entries, keys, all_index_values(entries, rows))
        return cut

    def _put_entries(
        self,
        definition: Definition,
        entries: Entries,
        keys: Sequence[bytes],
        values: Sequence[bytes],
    ) -> set[int]:
        prefix = definition.entries(entries.index.number)
        put = [prefix + each + key for each, key in zip(values, keys, strict=True)]
        sizes = set(map(len, keys))
        if len(sizes) == 1:
            put.sort()
            size = _SIZES[sizes.pop()]
            self.pairs.put_many((key, size) for key in spread(put))
        else:
            pairs = sorted(zip(put, (_SIZES[len(key)] for key in keys), strict=True))
            self.pairs.put_many(spread(pairs))
        return {entries.index.number} if any_cut(values) else set()

    def _update(self, definition: Definition, row: StoredRow, position: int) -> set[int]:
        """Replace a row, and the entries that it had; return the indexes with cut ones."""
        layout = definition.layout
        key = layout.key_of(row)
        old = self.row(definition, key)
        if old is None:
            raise CorruptionError(f"an update of {definition.name!r} finds no row")
        cut = set()
        for entries in layout.indexes:
            number = entries.index.number
            before, after = index_values(entries, old), index_values(entries, row)
            if is_cut(after):
                cut.add(number)
            if before != after:
                prefix = definition.entries(number)
                self.pairs.delete(prefix + before + key)
                self.pairs.put(prefix + after + key, _SIZES[len(key)])
        self.pairs.put(definition.rows + key, codec.pack([position, *row[1:]]))
        return cut

    def _bury(self, definition: Definition, key: bytes, position: int) -> None:
        old = self.row(definition, key)
        if old is None:
            raise CorruptionError(f"a deletion in {definition.name!r} finds no row")
        for number, values in definition.layout.index_keys(old):
            self.pairs.delete(definition.entries(number) + values + key)
        self.pairs.delete(definition.rows + key)
        self.pairs.put(definition.graves + key, codec.pack(position))

    def _put_tally(self, definition: Definition, tally: Tally) -> None:
        self.pairs.put(
            definition.tally, codec.pack([tally.count, tally.position, tally.cut, tally.buried])
        )

    def _erase(self, prefix: bytes) -> None:
        for page in pages(self.pairs, prefix):
            for key, _ in page:
                self.pairs.delete(key)


_SIZES = [bytes([size]) for size in range(256)]


@lru_cache(maxsize=512)
def _name_key(name: str) -> bytes:
    return encode_key((_NAMES, name))


@lru_cache(maxsize=512)
def _definition(name: str, raw: bytes) -> Definition:
    return Definition(name, raw)

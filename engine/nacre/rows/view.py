"""The view: what collections there are, their rows by key, and the entries of their indexes.

Guards I4: rows and entries change in one place, and only by events.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar, cast

from nacre import codec
from nacre.errors import CorruptionError, NotFound
from nacre.event import Event
from nacre.hashing import Digest
from nacre.keys import after_prefix, decode_key
from nacre.rows.definition import (
    NAMES,
    NEXT,
    Definition,
    Tally,
    definition_of,
    load_key,
    name_key,
    opened,
)
from nacre.rows.layout import (
    StoredRow,
)
from nacre.rows.pages import PAGE, index_columns
from nacre.rows.placing import Placing
from nacre.rows.stored import converted, is_fresh, unpack_row, unpack_rows
from nacre.views import State
from nacre.views.pairs import Pair, Pairs

CREATED, ALTERED, DROPPED = "rows.created", "rows.altered", "rows.dropped"
CHANGED, LOADED, PACKED = "rows.changed", "rows.loaded", "rows.packed"

Made = TypeVar("Made")


class Rows:
    """Collections, their rows and their indexes, derived from the log."""

    name: ClassVar[str] = "rows"
    version: ClassVar[int] = 2
    kinds = (CREATED, ALTERED, DROPPED, CHANGED, LOADED, PACKED)

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
            case "rows.packed":
                self._pack(event, data)

    @staticmethod
    def opened(pair: Pair) -> Iterator[Pair]:
        """Yield the rows or entries in a block."""
        return opened(pair)

    def at_once(self, read: "Callable[[Rows], Made]") -> Made:
        """Return what *read* returns of the view, all of one moment."""
        return self.pairs.at_once(lambda pairs: read(Rows(State(pairs, self._get_blob))))

    @staticmethod
    def label(event: Event) -> str | None:
        """Return how users call what an event of these kinds speaks of."""
        return f"collection {event.subject!r}"

    def names(self) -> list[str]:
        """Return the names of all collections, in order."""
        found = self.pairs.scan(NAMES, after_prefix(NAMES))
        return [str(decode_key(key)[1]) for key, _ in found]

    def find(self, name: str) -> Definition | None:
        """Return the definition of a collection, or None."""
        raw = self.pairs.get(name_key(name))
        return None if raw is None else definition_of(name, raw)

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
        raw = self.pairs.get(NEXT)
        return 1 if raw is None else cast("int", codec.unpack(raw))

    def tally(self, definition: Definition) -> Tally:
        """Return how many rows there are, and what else is noted of all of them."""
        raw = self.pairs.get(definition.tally)
        if raw is None:
            raise CorruptionError(f"{definition.name!r} has no tally: run `nacre rebuild`")
        return Tally(*cast("tuple[int, int, list[int], bool]", codec.unpack(raw)))

    def row(self, definition: Definition, key: bytes) -> StoredRow | None:
        """Return the row of a key, or None."""
        raw = self.raw_rows(definition, [key])[0]
        return None if raw is None else unpack_row(raw)

    def raw_page(self, definition: Definition, start: bytes, limit: int) -> list[Pair]:
        """Return the first rows from a key on, which has the prefix, as bytes."""
        return self.pairs.at_once(
            lambda pairs: definition.row_table(pairs).page(start, None, reverse=False, limit=limit)
        )

    def raw_rows(self, definition: Definition, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the bytes of the row of each key, or None."""
        prefix = definition.rows
        return self.pairs.at_once(
            lambda pairs: definition.row_table(pairs).get_many([prefix + key for key in keys])
        )

    def row_if_same(self, definition: Definition, key: bytes) -> tuple[bool, StoredRow | None]:
        """Tell whether a collection is still defined so, and return the row of a key, or None.

        Both are of one moment: whoever has a definition at hand need not look it up first.
        """
        name, raw = definition.pair
        if definition.rows_alone:
            now, row = self.pairs.get_many((name, definition.rows + key))
            return now == raw, unpack_row(row) if now == raw and row is not None else None

        def read(pairs: Pairs) -> tuple[bool, bytes | None]:
            is_same = pairs.get(name) == raw
            return is_same, definition.row_table(pairs).get(definition.rows + key)

        is_same, row = self.pairs.at_once(read)
        return is_same, unpack_row(row) if is_same and row is not None else None

    def grave(self, definition: Definition, key: bytes) -> int | None:
        """Return the position at which a row was deleted last, or None."""
        raw = self.pairs.get(definition.graves + key)
        return None if raw is None else cast("int", codec.unpack(raw))

    def rows(self, definition: Definition) -> Iterator[StoredRow]:
        """Yield all rows, in order of their keys."""
        for page in definition.row_table(self.pairs).pages(PAGE):
            yield from unpack_rows([raw for _, raw in page])

    def holders(self, definition: Definition, number: int, values: bytes) -> list[bytes]:
        """Return the keys of two rows at most that have *values* in an index."""
        prefix = definition.entries(number) + values
        found = self.pairs.at_once(
            lambda pairs: definition.entry_table(pairs, number).starting(prefix, limit=2)
        )
        return [key[len(key) - size[0] :] for key, size in found]

    def expect(self, digest: Digest, rows: list[StoredRow], keys: list[bytes]) -> None:
        """Spare `apply` decoding a blob whose rows and keys the decision has at hand.

        The rows are its own from then on.
        """
        self._prepared = (digest, rows, keys)

    def _create(self, event: Event, data: dict[str, object]) -> None:
        number = cast("int", data["number"])
        kept = {"number": number, "schema": data["schema"], "created": event.position}
        if data.get("alone"):
            kept["alone"] = True
        self.pairs.put(name_key(event.subject), codec.pack(kept))
        self.pairs.put(NEXT, codec.pack(number + 1))
        definition = self.definition(event.subject)
        self._put_tally(definition, Tally(0, event.position, [], buried=False))

    def _drop(self, event: Event) -> None:
        definition = self.definition(event.subject)
        self.pairs.delete(name_key(event.subject))
        self.pairs.delete(definition.tally)
        definition.row_table(self.pairs).erase()
        for index in definition.schema.indexes:
            definition.entry_table(self.pairs, index.number).erase()
        self._erase_graves(definition)

    def _alter(self, event: Event, data: dict[str, object]) -> None:
        old = self.definition(event.subject)
        name = cast("str", data.get("name", event.subject))
        kept = {
            "number": old.number,
            "schema": data["schema"],
            "created": old.created,
            "version": old.version + 1,
        }
        if old.rows_alone:
            kept["alone"] = True
        self.pairs.delete(name_key(event.subject))
        self.pairs.put(name_key(name), codec.pack(kept))
        new = self.definition(name)
        if data.get("rewrites"):
            self._rewrite(old, new, cast("dict[int, object]", data["rewrites"]))
        self._reindex(old, new)
        tally = replace(self.tally(new), position=event.position)
        self._put_tally(new, tally)

    def _rewrite(self, old: Definition, new: Definition, kinds: dict[int, object]) -> None:
        """Give every row the values of slots whose type was changed."""
        table = old.row_table(self.pairs)
        for page in table.pages(PAGE):
            changed = []
            for row in map(old.layout.whole, unpack_rows([raw for _, raw in page])):
                key = old.rows + old.layout.key_of(row)
                for slot, spec in kinds.items():
                    row[slot] = converted(row[slot], spec)
                changed.append((key, codec.pack(row)))
            table.replace(changed)

    def _reindex(self, old: Definition, new: Definition) -> None:
        """Erase the entries of indexes that are no more, and make those of new ones."""
        kept = {index.number for index in new.schema.indexes}
        for index in old.schema.indexes:
            if index.number not in kept:
                old.entry_table(self.pairs, index.number).erase()
        had = {index.number for index in old.schema.indexes}
        fresh = [entries for entries in new.layout.indexes if entries.index.number not in had]
        if not fresh:
            return
        tally = self.tally(new)
        cut = set(tally.cut) & (kept | {0})
        placing = Placing(self.pairs, new)
        for keys, columns in index_columns(new.row_table(self.pairs), len(new.rows), fresh):
            for entries, values in zip(fresh, columns, strict=True):
                cut |= placing.load_entries(entries, keys, values)
        self._put_tally(new, replace(tally, cut=sorted(cut)))

    def _change(self, event: Event, data: dict[str, object]) -> None:
        definition = self.definition(event.subject)
        tally = self.tally(definition)
        count, cut, buried = tally.count, set(tally.cut), tally.buried
        placing = Placing(self.pairs, definition)
        if inserted := cast("list[StoredRow]", data.get("insert", [])):
            rows = [[event.position, *row[1:]] for row in inserted]
            keys = definition.layout.keys_of(rows)
            cut |= placing.insert(keys, rows)
            count += len(inserted)
        if updated := cast("list[StoredRow]", data.get("update", [])):
            cut |= placing.update(updated, event.position)
        if deleted := cast("list[list[object]]", data.get("delete", [])):
            keys = [definition.layout.key_from_stored(values) for _, *values in deleted]
            placing.bury(keys, event.position)
            count, buried = count - len(deleted), True
        self._put_tally(definition, Tally(count, event.position, sorted(cut), buried))

    def _load(self, event: Event, data: dict[str, object]) -> None:
        definition = self.definition(event.subject)
        digest = cast("Digest", data["rows"])
        # Named here, so that no retention drops what a replay needs.
        self.pairs.put(load_key(digest), codec.pack([event.position, digest]))
        rows, keys = self._rows_of_load(definition, digest)
        tally = self.tally(definition)
        placing = Placing(self.pairs, definition)
        cut = set(tally.cut)
        if data.get("replaces"):
            replacing = [row for row in rows if not is_fresh(row)]
            cut |= placing.update(replacing, event.position)
            fresh = [number for number, row in enumerate(rows) if is_fresh(row)]
            keys, rows = [keys[n] for n in fresh], [rows[n] for n in fresh]
        for row in rows:
            row[0] = event.position
        cut |= placing.load(keys, rows)
        count = tally.count + len(rows)
        self._put_tally(definition, Tally(count, event.position, sorted(cut), tally.buried))

    def _pack(self, event: Event, data: dict[str, object]) -> None:
        index, start, stop = cast("tuple[int, bytes, bytes | None]", data["range"])
        self.definition(event.subject).table(self.pairs, index).pack(start, stop)

    def _rows_of_load(
        self, definition: Definition, digest: Digest
    ) -> tuple[list[StoredRow], list[bytes]]:
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared[0] == digest:
            return prepared[1:]
        from nacre.rows.loads import decode_load  # noqa: PLC0415 - Arrow is slow to import

        rows = decode_load(definition.schema, self._get_blob(digest))
        return rows, definition.layout.keys_of(rows)

    def _put_tally(self, definition: Definition, tally: Tally) -> None:
        self.pairs.put(
            definition.tally, codec.pack([tally.count, tally.position, tally.cut, tally.buried])
        )

    def _erase_graves(self, definition: Definition) -> None:
        stop = after_prefix(definition.graves)
        while page := self.pairs.page(definition.graves, stop, reverse=False, limit=PAGE):
            for key, _ in page:
                self.pairs.delete(key)

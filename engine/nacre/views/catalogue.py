"""Which views a vault keeps, where their rows lie and how far they have come.

    key    01, "views"
    value  msgpack {name: [slot, version, position or nil, slot, version, position],
                    "": slots whose rows are being erased}

Rows of a view lie behind 04 and its slot (2 bytes). A view whose position is nil is live: every
commit maintains it, so that nothing needs to be written when it just follows. A commit by a
process that does not have its code stops it, and notes where. The last three describe the slot
in which a new version is being built, and are nil otherwise.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from nacre import codec
from nacre.errors import CorruptionError
from nacre.lmdb_handle import Transaction
from nacre.prefixes import META, VIEWS

_KEY = bytes([META]) + b"views"
_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One derivation of a view: where its rows are, and by which version of its code."""

    slot: int
    version: int
    position: int | None
    """How many commits it has seen; None: all of them, it is live."""

    @property
    def prefix(self) -> bytes:
        """What the keys of its rows start with."""
        return slot_prefix(self.slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A view of the vault: the build that is read, and the one that will replace it."""

    current: Build
    successor: Build | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The entries of all views, installed here or not, and the slots whose rows are dead."""

    entries: Mapping[str, Entry]
    dead: frozenset[int] = frozenset()

    def with_entry(self, name: str, entry: Entry) -> "Catalogue":
        """Return a catalogue in which *name* has this entry; slots that it no longer has die."""
        entries = {**self.entries, name: entry}
        lost = _slots(self.entries.values()) - _slots(entries.values())
        return Catalogue(entries, self.dead | lost)

    def without_dead(self, slot: int) -> "Catalogue":
        """Return a catalogue in which a slot whose rows were erased is free."""
        return Catalogue(self.entries, self.dead - {slot})

    def stopped_except(self, names: frozenset[str], head: int) -> "Catalogue":
        """Return a catalogue in which the live views that nobody maintains stop at *head*."""
        entries = {
            name: entry if name in names else _stopped(entry, head)
            for name, entry in self.entries.items()
        }
        return Catalogue(entries, self.dead)

    def free_slot(self) -> int:
        """Return a slot that no build uses and that holds no rows."""
        used = _slots(self.entries.values()) | self.dead
        return next(slot for slot in range(_LIMIT) if slot not in used)


def slot_prefix(slot: int) -> bytes:
    """Return what the keys of the rows in a slot start with."""
    return bytes([VIEWS]) + slot.to_bytes(2, "big")


def raw_catalogue(transaction: Transaction) -> bytes:
    """Return the stored bytes: equal bytes are an equal catalogue."""
    return transaction.get(_KEY) or codec.pack({})


def decode_catalogue(raw: bytes) -> Catalogue:
    """Return the catalogue in *raw*."""
    stored = codec.unpack(raw)
    if not isinstance(stored, dict):
        raise CorruptionError("the catalogue of views was altered: run `nacre rebuild`")
    dead = stored.pop("", [])
    entries = {name: _entry(fields) for name, fields in stored.items()}
    return Catalogue(entries, frozenset(dead))


def put_catalogue(transaction: Transaction, catalogue: Catalogue) -> None:
    """Store the catalogue."""
    stored: dict[str, object] = {
        name: [*_fields(entry.current), *_fields(entry.successor)]
        for name, entry in catalogue.entries.items()
    }
    if catalogue.dead:
        stored[""] = sorted(catalogue.dead)
    transaction.put(_KEY, codec.pack(stored))


def _slots(entries: Iterable[Entry]) -> frozenset[int]:
    builds = [build for entry in entries for build in (entry.current, entry.successor)]
    return frozenset(build.slot for build in builds if build is not None)


def _stopped(entry: Entry, head: int) -> Entry:
    if entry.current.position is None:
        return replace(entry, current=replace(entry.current, position=head))
    return entry


def _fields(build: Build | None) -> list[int | None]:
    return [None, None, None] if build is None else [build.slot, build.version, build.position]


def _entry(fields: object) -> Entry:
    if not isinstance(fields, list) or len(fields) != 6:
        raise CorruptionError("the catalogue of views was altered: run `nacre rebuild`")
    current, successor = fields[:3], fields[3:]
    return Entry(
        current=_build(current), successor=_build(successor) if successor[0] is not None else None
    )


def _build(fields: list[int]) -> Build:
    slot, version, position = fields
    return Build(slot=slot, version=version, position=position)

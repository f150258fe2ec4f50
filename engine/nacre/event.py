"""Events, commits and their bytes.

One entry of the log is one commit:

    offset  size  what
    0       1     format of the entry, 1
    1       1     flags: bit 0, the body is one zstd frame
    2       8     xxh3-64 of everything after it
    10      4     length of the header
    14      4     length of the body before compression
    18      h     header: msgpack [vault id, position, time_ns, actor, message, write id, previous]
    18+h    rest  body: count (4), a length for each event (4 each), the events

All integers are big-endian. An event is msgpack [kind, subject, data], with its version as a
fourth element when that is above 1. The top bit of a length marks an event that was purged:
the hash of its bytes stands in its place, and every proof stays valid.
"""

import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from nacre import codec
from nacre.errors import CorruptionError, FormatError, InvalidInput
from nacre.hashing import HASH_SIZE, Buffer, checksum, event_hash, leaf_hash

ENTRY_FORMAT = 1
NO_PREVIOUS = bytes(HASH_SIZE)

_PREFIX = struct.Struct(">BB8sII")
_CHECKED_FROM = 10
_COMPRESSED = 1
_PURGED = 1 << 31
_COMPRESS_FROM_BYTES = 4096
# What claims to become more is no entry of ours, and not decompressed.
_COMPRESS_UP_TO_BYTES = 256 << 20
_MAX_BODY_BYTES = (1 << 32) - 1
_MAX_EVENT_BYTES = (1 << 31) - 1

_EVENT_TYPES = (str, str, dict, int)
_KIND = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_MAX_KIND, _MAX_SUBJECT, _MAX_TEXT = 100, 255, 65_535
# C0, DEL and C1 control characters, line and paragraph separators.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Everything about a commit but its events.

    `previous` is the leaf hash of the commit before, so any commit vouches for all before it.
    `write_id` is a string when the caller gave it, and 16 random bytes when nacre made it.
    """

    vault_id: bytes
    position: int
    time_ns: int
    actor: str
    message: str
    write_id: str | bytes
    previous: bytes = NO_PREVIOUS

    @property
    def time(self) -> datetime:
        """When the commit was made, UTC, to the microsecond."""
        return datetime.fromtimestamp(self.time_ns // 1000 / 1_000_000, UTC)


class Event(NamedTuple):
    """One recorded fact, with the commit that it stands in and its number there. Never changed.

    A purged event has the kind `nacre.purged`, no data, and the hash of its bytes in `purged`.
    """

    kind: str
    subject: str
    data: Mapping[str, object]
    version: int
    ordinal: int
    header: Header
    purged: bytes | None = None

    @property
    def position(self) -> int:
        """The number of the commit that holds the event."""
        return self.header.position

    @property
    def time(self) -> datetime:
        """When the event was committed, UTC."""
        return self.header.time

    @property
    def time_ns(self) -> int:
        """When the event was committed, in nanoseconds since the epoch, UTC."""
        return self.header.time_ns

    @property
    def actor(self) -> str:
        """Who committed the event."""
        return self.header.actor

    @property
    def message(self) -> str:
        """Why, in the words of who committed the event."""
        return self.header.message


# What `Event(*fields)` does, in half the time: recording and replaying are made of it.
event_of: Callable[[tuple[object, ...]], Event] = partial(tuple.__new__, Event)


@dataclass(frozen=True, slots=True)
class Commit:
    """A header and its events: the unit of atomicity, authorship and proof."""

    header: Header
    events: tuple[Event, ...]
    leaf: bytes = field(repr=False)


class StoredEvent(NamedTuple):
    """One event of an entry as it is stored: its bytes, or in their place their hash."""

    content: bytes
    is_purged: bool

    @property
    def hash(self) -> bytes:
        """What the leaf of the commit is made of."""
        return self.content if self.is_purged else event_hash(self.content)


class EncodedCommit(NamedTuple):
    """The bytes of one commit as they go into the log, and its Merkle leaf."""

    entry: bytes
    leaf: bytes


def event_fields(kind: str, subject: str, data: Mapping[str, object], version: int) -> list[object]:
    """Return what an event's own bytes are made of, which its hash is taken over."""
    return [kind, subject, data] if version == 1 else [kind, subject, data, version]


def encode_commit(header: Header, events: Sequence[bytes]) -> EncodedCommit:
    """Return the entry that holds *events*, which `encode_event` made."""
    header_bytes = encode_header(header)
    leaf = leaf_hash(header_bytes, [event_hash(event) for event in events])
    lengths = [len(event) for event in events]
    if max(lengths, default=0) > _MAX_EVENT_BYTES:
        raise InvalidInput(
            f"an event takes {max(lengths)} bytes: put large data into a blob, and name its digest"
        )
    return EncodedCommit(_encode_entry(header_bytes, lengths, events), leaf)


def encode_header(header: Header) -> bytes:
    """Return the header's bytes, which the leaf is made of."""
    return codec.pack(
        [
            header.vault_id,
            header.position,
            header.time_ns,
            header.actor,
            header.message,
            header.write_id,
            header.previous,
        ]
    )


def decode_commit(entry: Buffer) -> Commit:
    """Return the commit in *entry*, whose checksum and framing are checked.

    Raises:
        FormatError: a newer nacre wrote it.
        CorruptionError: the bytes are not what was written.
    """
    header_bytes, body = open_entry(entry)
    header = _decode_header(header_bytes)
    hashes = []
    events = []
    for ordinal, (event_bytes, purged) in enumerate(_split_body(body)):
        hashes.append(event_bytes if purged else event_hash(event_bytes))
        events.append(_decode_event(event_bytes, ordinal, header, purged))
    return Commit(header, tuple(events), leaf_hash(header_bytes, hashes))


def decode_events(entry: Buffer) -> tuple[Event, ...]:
    """Return the events in *entry* without the hashes of the tree: half the work."""
    header_bytes, body = open_entry(entry)
    header = _decode_header(header_bytes)
    return tuple(
        _decode_event(event_bytes, ordinal, header, purged)
        for ordinal, (event_bytes, purged) in enumerate(_split_body(body))
    )


def decode_header(entry: Buffer) -> Header:
    """Return the header of *entry*, whose checksum is checked, without reading its events."""
    return _decode_header(_checked_header(entry)[0])


def open_entry(entry: Buffer) -> tuple[bytes, bytes]:
    """Return the header's bytes, and those of the events with their lengths, not compressed.

    Raises:
        CorruptionError: the entry was altered.
    """
    header, flags, size, stored = _checked_header(entry)
    if flags & _COMPRESSED and size > _COMPRESS_UP_TO_BYTES:
        raise CorruptionError(f"the body of an entry claims {size} bytes: run `nacre verify`")
    body = codec.decompress(stored, size=size) if flags & _COMPRESSED else bytes(stored)
    if len(body) != size:
        raise CorruptionError("the body of an entry has another length: run `nacre verify`")
    return header, body


def plain_entry(header_bytes: bytes, body: bytes) -> bytes:
    """Return the entry of what `open_entry` returned, not compressed."""
    return _sealed(header_bytes, 0, len(body), body)


def leaf_of(header_bytes: bytes, body: bytes) -> bytes:
    """Return the Merkle leaf of what `open_entry` returned."""
    hashes = [stored if purged else event_hash(stored) for stored, purged in _split_body(body)]
    return leaf_hash(header_bytes, hashes)


def split_entry(entry: Buffer) -> tuple[bytes, list[StoredEvent]]:
    """Return the header's bytes and the stored events: what `join_entry` makes the entry of."""
    header_bytes, body = open_entry(entry)
    return header_bytes, [StoredEvent(*stored) for stored in _split_body(body)]


def join_entry(header_bytes: bytes, events: Sequence[StoredEvent]) -> EncodedCommit:
    """Return the entry of a header and events that are bytes already.

    Raises:
        CorruptionError: the bytes are no header, or no events.
    """
    header = _decode_header(header_bytes)
    for ordinal, stored in enumerate(events):
        _decode_event(stored.content, ordinal, header, stored.is_purged)
    lengths = [len(stored.content) | _PURGED * stored.is_purged for stored in events]
    entry = _encode_entry(header_bytes, lengths, [stored.content for stored in events])
    return EncodedCommit(entry, leaf_hash(header_bytes, [stored.hash for stored in events]))


def checked_name(what: str, name: str, *, limit: int = _MAX_SUBJECT) -> str:
    """Return *name* if it may name a subject, a frame, an actor: one line of printable text.

    Raises:
        InvalidInput: it is empty, too long, has control characters, or `..` as a part.
    """
    if type(name) is not str:
        raise InvalidInput(f"{what} is a {type(name).__name__}: give a string")
    if name.isascii() and name.isprintable() and _is_plain(name, limit):
        return name
    if _CONTROL.search(name):
        raise InvalidInput(
            f"{what} {name!r} has a control character: use one line of printable text"
        )
    if not name or name != name.strip():
        raise InvalidInput(f"{what} {name!r} is empty or has blanks around it: give a plain name")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise InvalidInput(f"{what} {name!r} holds a lone surrogate: use text") from None
    if size > limit:
        raise InvalidInput(f"{what} {name[:40]!r}... takes {size} bytes: {limit} are allowed")
    if ".." in name.split("/") or name == ".":
        raise InvalidInput(f"{what} {name!r} has a part `..`: use names without it")
    return name


def _is_plain(name: str, limit: int) -> bool:
    # The quick way for nearly every name; the slow one says what is wrong with the others.
    return 0 < len(name) <= limit and ".." not in name and name != "." and name.strip() == name


def checked_kind(kind: str) -> str:
    """Return *kind* if it is dotted lower-case words, such as `weather.loaded`."""
    if type(kind) is not str or len(kind) > _MAX_KIND or not _KIND.fullmatch(kind):
        raise InvalidInput(
            f"the kind {str(kind)[:_MAX_KIND]!r} is not dotted lower-case words of a-z, 0-9, _ "
            f"and -, {_MAX_KIND} characters at most, such as 'weather.loaded'"
        )
    return kind


def checked_text(what: str, text: str) -> str:
    """Return *text* if it can stand in a header: a message, or a write id."""
    if type(text) is not str:
        raise InvalidInput(f"{what} is a {type(text).__name__}: give a string")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidInput(f"{what} {text!r} holds a lone surrogate: use text") from None
    if size > _MAX_TEXT:
        raise InvalidInput(f"{what} takes {size} bytes: {_MAX_TEXT} are allowed")
    return text


def _encode_entry(header: bytes, lengths: Sequence[int], events: Sequence[bytes]) -> bytes:
    body = struct.pack(f">{len(events) + 1}I", len(events), *lengths) + b"".join(events)
    if len(body) > _MAX_BODY_BYTES:
        raise InvalidInput(f"a commit of {len(body)} bytes is too large: split it")
    flags, stored = 0, body
    if _COMPRESS_FROM_BYTES <= len(body) <= _COMPRESS_UP_TO_BYTES:
        packed = codec.compress(body)
        if len(packed) < len(body):
            flags, stored = _COMPRESSED, packed
    return _sealed(header, flags, len(body), stored)


def _sealed(header: bytes, flags: int, body_size: int, stored: bytes) -> bytes:
    rest = b"".join((struct.pack(">II", len(header), body_size), header, stored))
    return bytes((ENTRY_FORMAT, flags)) + checksum(rest) + rest


def _checked_header(entry: Buffer) -> tuple[bytes, int, int, memoryview]:
    """Return header bytes, flags, body size and the stored body of a checked entry."""
    if len(entry) < _PREFIX.size:
        raise CorruptionError(f"an entry of {len(entry)} bytes is too short: run `nacre verify`")
    view = memoryview(entry)
    entry_format, flags, stored_checksum, header_size, body_size = _PREFIX.unpack_from(view)
    if checksum(view[_CHECKED_FROM:]) != stored_checksum:
        raise CorruptionError("the checksum of an entry does not match: run `nacre verify`")
    if entry_format != ENTRY_FORMAT:
        raise FormatError(
            f"an entry has format {entry_format}, and this nacre reads {ENTRY_FORMAT}: upgrade it"
        )
    if flags & ~_COMPRESSED:
        raise CorruptionError(f"an entry has unknown flags {flags:#04x}: run `nacre verify`")
    body_at = _PREFIX.size + header_size
    return bytes(view[_PREFIX.size : body_at]), flags, body_size, view[body_at:]


def _split_body(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield each event's bytes and whether they are only the hash of a purged one."""
    try:
        (count,) = struct.unpack_from(">I", body)
        lengths = struct.unpack_from(f">{count}I", body, 4)
    except struct.error as error:
        raise CorruptionError("the body of an entry is too short: run `nacre verify`") from error
    start = 4 + 4 * count
    for length in lengths:
        stop = start + (length & ~_PURGED)
        yield body[start:stop], length >= _PURGED
        start = stop
    if start != len(body):
        raise CorruptionError("an entry's events do not fill its body: run `nacre verify`")


def _decode_header(data: bytes) -> Header:
    match codec.unpack(data):
        case [
            bytes() as vault_id,
            int() as position,
            int() as time_ns,
            str() as actor,
            str() as message,
            (str() | bytes()) as write_id,
            bytes() as previous,
        ]:
            return Header(
                vault_id=vault_id,
                position=position,
                time_ns=time_ns,
                actor=actor,
                message=message,
                write_id=write_id,
                previous=previous,
            )
    raise CorruptionError("a commit's header has other fields: run `nacre verify`")


def _decode_event(data: bytes, ordinal: int, header: Header, purged: bool) -> Event:
    if purged:
        return Event("nacre.purged", "", {}, 1, ordinal, header, data)
    fields = codec.unpack(data)
    if type(fields) is not list or not 3 <= len(fields) <= 4:
        raise CorruptionError("an event has other fields: run `nacre verify`")
    version = 1 if len(fields) == 3 else fields[3]
    # A tuple of types is the quickest way to look at all four: replaying is made of this.
    if (type(fields[0]), type(fields[1]), type(fields[2]), type(version)) != _EVENT_TYPES:
        raise CorruptionError("an event has fields of other types: run `nacre verify`")
    return event_of((fields[0], fields[1], fields[2], version, ordinal, header, None))

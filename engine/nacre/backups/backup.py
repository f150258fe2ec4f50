"""One backup: what a vault was at a position, by the names of chunks that a target holds.

A sealed file in the folder `backups`: msgpack of the fields, with the format in front. The log is
a list of [start, stop, digest], the blobs are lists of digests, both stored as chunks as blobs
are: neighbouring backups of a vault share all but the newest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nacre import codec
from nacre.blobs.index import Epitaph
from nacre.errors import CorruptionError, FormatError
from nacre.hashing import HASH_SIZE, Buffer, Digest

_FORMAT = 1
_SHORT_NAME = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPart:
    """Entries `start <= position < stop`, and the chunk that holds them."""

    start: int
    stop: int
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a vault was at a position."""

    vault_id: bytes
    created_ns: int
    """When the vault was created."""

    single_file: bool
    head: int
    root: bytes
    time_ns: int
    """When the backup was made."""

    label: str
    """Where the vault lay."""

    tags: tuple[str, ...]
    log: tuple[LogPart, ...]
    lists: tuple[Digest, ...]
    """Chunks that hold digests of blobs."""

    blobs: int
    size_bytes: int
    """Of the payloads, as the vault stores them."""

    added_bytes: int
    """What the backup added to the target."""

    epitaphs: Digest | None
    """The chunk that holds which blobs were dropped before, and why."""

    damaged: tuple[Digest, ...]
    """Blobs that could not be read, so that the backup lacks them."""

    views: tuple[tuple[str, int, bytes], ...]
    """Name, version and digest of the rows of each view that was live."""

    purges: tuple[bytes, ...] = ()
    """Leaves of the commits whose purges have reached it."""

    hidden: tuple[tuple[int, ...], ...] = ()
    """Position and ordinals of events that purges have hidden of which its log does not say so."""

    @property
    def time(self) -> datetime:
        """When the backup was made, UTC."""
        return datetime.fromtimestamp(self.time_ns // 1000 / 1_000_000, UTC)


def encode_backup(backup: Backup) -> bytes:
    """Return the content of a backup's file."""
    fields: dict[str, object] = {
        name: getattr(backup, name) for name in Backup.__slots__ if name not in _ENCODED
    }
    fields |= {
        "format": _FORMAT,
        "tags": list(backup.tags),
        "log": [[part.start, part.stop, part.digest] for part in backup.log],
        "lists": list(backup.lists),
        "damaged": list(backup.damaged),
        "views": [list(view) for view in backup.views],
        "purges": list(backup.purges),
        "hidden": [list(line) for line in backup.hidden],
    }
    return codec.pack(fields)


def decode_backup(content: Buffer) -> Backup:
    """Return the backup in a file's content.

    Raises:
        FormatError: a newer nacre wrote it.
        CorruptionError: it is none.
    """
    fields = codec.unpack(content)
    if not isinstance(fields, dict) or not isinstance(fields.get("format"), int):
        raise CorruptionError("a backup's file holds something else")
    if fields.pop("format") > _FORMAT:
        raise FormatError("a backup was made by a newer nacre: upgrade")
    try:
        return Backup(
            **{name: fields[name] for name in Backup.__slots__ if name not in _ENCODED},
            tags=tuple(fields["tags"]),
            log=tuple(LogPart(start=a, stop=b, digest=d) for a, b, d in fields["log"]),
            lists=tuple(fields["lists"]),
            damaged=tuple(fields["damaged"]),
            views=tuple((name, version, digest) for name, version, digest in fields["views"]),
            # Backups that were made before these were kept have none.
            purges=tuple(fields.get("purges", ())),
            hidden=tuple(tuple(line) for line in fields.get("hidden", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptionError(f"a backup's file lacks something: {error}") from error


def short_name(name: str) -> str:
    """Return the name that people use for the backup in a file."""
    return name.rpartition("/")[2][:_SHORT_NAME]


def encode_list(digests: list[Digest]) -> bytes:
    """Return the content of a list of blobs."""
    return b"".join(sorted(digest.raw for digest in digests))


def decode_list(content: Buffer) -> Iterator[Digest]:
    """Yield the digests in a list of blobs."""
    raw = bytes(content)
    for start in range(0, len(raw), HASH_SIZE):
        yield Digest(raw[start : start + HASH_SIZE])


def encode_epitaphs(epitaphs: Mapping[Digest, Epitaph]) -> bytes:
    """Return the content of the list of blobs that were dropped."""
    return codec.pack([[d, e.position, e.reason] for d, e in sorted(epitaphs.items())])


def decode_epitaphs(content: Buffer) -> dict[Digest, Epitaph]:
    """Return the blobs that were dropped, and why."""
    value = codec.unpack(content)
    if not isinstance(value, list):
        raise CorruptionError("a list of dropped blobs holds something else")
    return {digest: Epitaph(position, reason) for digest, position, reason in value}


def encode_entries(entries: list[bytes]) -> bytes:
    """Return the content of a part of the log."""
    return codec.pack(entries)


def decode_entries(content: Buffer) -> list[bytes]:
    """Return the entries in a part of the log."""
    entries = codec.unpack(content)
    if not isinstance(entries, list) or not all(isinstance(entry, bytes) for entry in entries):
        raise CorruptionError("a part of the log holds something else")
    return entries


_ENCODED = frozenset({"tags", "log", "lists", "damaged", "views", "purges", "hidden"})

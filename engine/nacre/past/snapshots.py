"""Snapshots: named, pinned positions, with copies of the views there as blobs.

    manifest    msgpack ["nacre.snapshot", 1, position, leaf of the commit before it,
                         [[name, version, count of rows, size in bytes, [run, ...]], ...]]

A run is what `nacre.past.runs` stores. A view of the manifest is believed only by code of the
same version, so that one whose `apply` has changed since is derived from commit 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from nacre import codec
from nacre.blobs import Payloads
from nacre.errors import CorruptionError
from nacre.event import Event
from nacre.hashing import Digest
from nacre.views import State

CREATED = "nacre.snapshot.created"
DELETED = "nacre.snapshot.deleted"

_NAME, _VERSION = "nacre.snapshot", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A pinned position, and what was said when it was pinned."""

    name: str
    position: int
    """What is pinned: the state after the commits before it."""

    manifest: Digest
    created: int
    """The commit that recorded it, at its position or later."""

    time_ns: int
    actor: str
    message: str

    @property
    def time(self) -> datetime:
        """When it was created, UTC."""
        return datetime.fromtimestamp(self.time_ns // 1000 / 1_000_000, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredView:
    """The rows of a view at a position."""

    name: str
    version: int
    position: int
    rows: int
    size_bytes: int
    runs: tuple[Digest, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotContent:
    """What the manifest of a snapshot says."""

    position: int
    leaf: bytes
    views: tuple[StoredView, ...]

    def view(self, name: str, version: int) -> StoredView | None:
        """Return the rows of a view by code of a version, or None."""
        return next((v for v in self.views if (v.name, v.version) == (name, version)), None)


class SnapshotsView:
    """The snapshots that exist, by name."""

    name: ClassVar[str] = "nacre.snapshots"
    version: ClassVar[int] = 1
    kinds = (CREATED, DELETED)

    def __init__(self, state: State) -> None:
        self._snapshots = state.table("snapshots")

    def apply(self, event: Event) -> None:
        """Add a snapshot, or take one away."""
        match event.kind, event.data:
            case ("nacre.snapshot.created", {"position": int(), "manifest": Digest()}):
                self._snapshots[event.subject] = {
                    **event.data,
                    "created": event.position,
                    "time_ns": event.time_ns,
                    "actor": event.actor,
                    "message": event.message,
                }
            case ("nacre.snapshot.deleted", _) if event.subject in self._snapshots:
                del self._snapshots[event.subject]

    @staticmethod
    def label(event: Event) -> str | None:
        """Return how users call the snapshot that an event created."""
        return _label(event.subject) if event.kind == CREATED else None

    def labels_at(self, position: int) -> list[str]:
        """Return how users call the snapshots that a commit created."""
        return [_label(found.name) for found in self.all() if found.created == position]

    def get(self, name: str) -> Snapshot | None:
        """Return a snapshot, or None."""
        row = self._snapshots.get(name)
        return None if row is None else _snapshot(name, row)

    def all(self) -> list[Snapshot]:
        """Return all snapshots, those of earlier positions first."""
        found = [_snapshot(str(name), row) for (name,), row in self._snapshots.scan()]
        return sorted(found, key=lambda snapshot: (snapshot.position, snapshot.name))

    def until(self, position: int) -> Iterator[Snapshot]:
        """Yield the snapshots of a position or earlier ones, the nearest first."""
        return (found for found in reversed(self.all()) if found.position <= position)


def put_content(payloads: Payloads, content: SnapshotContent) -> Digest:
    """Store the manifest of a snapshot."""
    views = [[v.name, v.version, v.rows, v.size_bytes, list(v.runs)] for v in content.views]
    fields = [_NAME, _VERSION, content.position, content.leaf, views]
    return payloads.put_blob(codec.pack(fields), manifest=True)


def get_content(payloads: Payloads, manifest: Digest) -> SnapshotContent:
    """Return what the manifest of a snapshot says.

    Raises:
        NotFound: there is no such blob.
        CorruptionError: it was damaged, or is no manifest of a snapshot.
    """
    match codec.unpack(payloads.get_blob(manifest)):
        case [name, version, int(position), bytes(leaf), [*views]] if (name, version) == (
            _NAME,
            _VERSION,
        ):
            found = tuple(_stored_view(fields, position) for fields in views)
            return SnapshotContent(position=position, leaf=leaf, views=found)
    raise CorruptionError(f"the blob {manifest} is no snapshot: run `nacre verify`")


def _label(name: str) -> str:
    return f"snapshot {name!r}"


def _stored_view(fields: object, position: int) -> StoredView:
    match fields:
        case [str(name), int(version), int(rows), int(size), [*runs]] if runs:
            return StoredView(
                name=name,
                version=version,
                position=position,
                rows=rows,
                size_bytes=size,
                runs=tuple(run for run in runs if isinstance(run, Digest)),
            )
    raise CorruptionError("a view in the manifest of a snapshot has other fields: verify the vault")


def _snapshot(name: str, row: object) -> Snapshot:
    match row:
        case {
            "position": int(position),
            "manifest": Digest() as manifest,
            "created": int(created),
            "time_ns": int(time_ns),
            "actor": str(actor),
            "message": str(message),
        }:
            return Snapshot(
                name=name,
                position=position,
                manifest=manifest,
                created=created,
                time_ns=time_ns,
                actor=actor,
                message=message,
            )
    raise CorruptionError(f"the row of the snapshot {name!r} was altered: run `nacre rebuild`")

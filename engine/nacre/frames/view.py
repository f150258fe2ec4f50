"""Which versions every frame has, projected from the log."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from nacre.blobs.protocol import Payloads
from nacre.event import Event
from nacre.frames.changes import frame_changes
from nacre.frames.version import FrameVersion
from nacre.hashing import Digest
from nacre.views import Change, State

WRITTEN = "frame.written"
DELETED = "frame.deleted"


Moment = Callable[[int, int], bool]
"""Says whether a commit of a position and a time in nanoseconds had happened."""


class FrameVersions:
    """The versions of every frame, and when frames were deleted.

    Version numbers count from 0 for each name and go on after a deletion.
    """

    name: ClassVar[str] = "frames"
    version: ClassVar[int] = 1
    kinds = (WRITTEN, DELETED)

    def __init__(self, state: State) -> None:
        self._versions = state.table("versions")
        self._deletions = state.table("deletions")
        self._names = state.table("names")

    def apply(self, event: Event) -> None:
        """Add a version, or end all that a name has."""
        match event.kind, event.data:
            case ("frame.written", {"version": int() as version, "frame": Digest()}):
                self._add(event, version)
            case ("frame.deleted", _):
                self._end(event)

    @staticmethod
    def label(event: Event) -> str | None:
        """Return how users call the version that an event wrote."""
        version = event.data.get("version")
        return _label(event.subject, version) if event.kind == WRITTEN else None

    def labels_at(self, position: int) -> list[str]:
        """Return how users call the versions that a commit wrote."""
        return [_label(found.name, found.version) for found in self.written_by(position)]

    def changes_since(
        self, before: "FrameVersions", payloads: Payloads, names: Iterable[str]
    ) -> Iterator[Change]:
        """Yield what became of frames since *before*."""
        pairs = ((name, before.latest(name), self.latest(name)) for name in names)
        return frame_changes(payloads, pairs)

    def next_version(self, name: str) -> int:
        """Return the number of the next version of *name*."""
        row = self._names.get((name,))
        return row["next"] if isinstance(row, dict) else 0

    def latest(self, name: str, happened: Moment | None = None) -> FrameVersion | None:
        """Return the last version of *name*, or the one that was the last at a moment."""
        ended = self._ended(name, happened)
        for (_, version), row in self._versions.scan((name,), reverse=True):
            if not isinstance(version, int) or version < ended:
                return None
            found = _version(name, version, row)
            if happened is None or happened(found.position, found.time_ns):
                return found
        return None

    def get(self, name: str, version: int) -> FrameVersion | None:
        """Return a version, also one that a deletion ended."""
        row = self._versions.get((name, version))
        return None if row is None else _version(name, version, row)

    def versions(self, name: str) -> list[FrameVersion]:
        """Return the versions of *name* since its last deletion, oldest first."""
        rows = self._versions.scan((name,), start=(name, self._ended(name, None)))
        return [_version(name, version, row) for (_, version), row in rows]

    def names(self) -> list[str]:
        """Return the names of the frames that exist, in order."""
        return [str(name) for (name,), row in self._names.scan() if _lives(row)]

    def every(self) -> Iterator[FrameVersion]:
        """Yield every version there ever was, of deleted frames too."""
        for (name, version), row in self._versions.scan():
            yield _version(str(name), version, row)

    def retained(self, since: int, pins: Sequence[int]) -> Iterator[Digest]:
        """Yield the frames that were the last of their name at *since* or later, or at a pin."""
        following: tuple[object, int] | None = None
        for (name, _), row in self._versions.scan(reverse=True):
            assert isinstance(row, dict)
            position = _integer(row["position"])
            ends = [following[1]] if following and following[0] == name else []
            ends += [_integer(at) for (_, at), _ in self._deletions.scan((name,))]
            end = min((end for end in ends if end > position), default=None)
            if end is None or end >= since or any(position < pin <= end for pin in pins):
                yield row["frame"]
            following = (name, position)

    def written_at(self, name: str, position: int) -> FrameVersion | None:
        """Return the version of *name* that the commit at *position* wrote."""
        for (_, version), row in self._versions.scan((name,), reverse=True):
            found = _version(name, version, row)
            if found.position <= position:
                return found if found.position == position else None
        return None

    def written_by(self, position: int) -> list[FrameVersion]:
        """Return the versions that the commit at *position* wrote, of frames deleted since too."""
        return [version for version in self.every() if version.position == position]

    def _add(self, event: Event, version: int) -> None:
        self._versions[event.subject, version] = {
            **event.data,
            "position": event.position,
            "time_ns": event.time_ns,
            "actor": event.actor,
            "message": event.message,
        }
        self._names[event.subject] = {"next": version + 1, "lives": True}

    def _end(self, event: Event) -> None:
        following = self.next_version(event.subject)
        if not following:
            return
        row = {"next": following, "time_ns": event.time_ns}
        self._deletions[event.subject, event.position] = row
        self._names[event.subject] = {"next": following, "lives": False}

    def _ended(self, name: str, happened: Moment | None) -> int:
        """Return the number below which the versions of *name* had been deleted."""
        for (_, position), row in self._deletions.scan((name,), reverse=True):
            assert isinstance(row, dict)
            if happened is None or happened(_integer(position), row["time_ns"]):
                return _integer(row["next"])
        return 0


def _label(name: str, version: object) -> str:
    return f"frame {name!r} version {version}"


def _version(name: str, version: object, row: object) -> FrameVersion:
    assert isinstance(row, Mapping)
    return FrameVersion(
        name=name,
        version=_integer(version),
        frame=row["frame"],
        rows=row.get("rows", 0),
        columns=row.get("columns", 0),
        size_bytes=row.get("size_bytes", 0),
        position=row["position"],
        time_ns=row["time_ns"],
        actor=row["actor"],
        message=row["message"],
    )


def _lives(row: object) -> bool:
    return isinstance(row, dict) and bool(row["lives"])


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value

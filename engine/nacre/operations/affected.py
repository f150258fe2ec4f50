"""Which frames and subjects a blob belongs to, so that damage can be told in users' words."""

from collections.abc import Iterable, Mapping

from nacre.codec import digests_in, unpack
from nacre.errors import CorruptionError, NotFound
from nacre.event import Event
from nacre.frames import FrameVersions
from nacre.hashing import Digest
from nacre.store import Store

Names = Mapping[Digest, set[str]]
"""What names each blob: labels of events."""


def label_of(event: Event) -> str:
    """Return how a user would call what the event speaks of."""
    version = event.data.get("version")
    if event.kind == "frame.written" and isinstance(version, int):
        return _frame_label(event.subject, version)
    return f"{event.kind} {event.subject!r} (commit {event.position})"


def frames_of(store: Store, position: int) -> tuple[str, ...]:
    """Return the labels of the frames that a commit wrote: the view knows, if the log does not."""
    try:
        written = store.view(FrameVersions).written_by(position)
    except (CorruptionError, KeyError, ValueError):
        return ()  # the view was altered too, which is told where views are checked
    return tuple(_frame_label(found.name, found.version) for found in written)


def _frame_label(name: str, version: int) -> str:
    return f"frame {name!r} version {version}"


class Naming:
    """Follows manifests, to find everything that a blob is part of."""

    def __init__(self, store: Store, names: Names) -> None:
        self._names = names
        self.children: dict[Digest, set[Digest]] = {}
        """For each blob that a manifest names, the manifests."""

        pending = list(names)
        seen = set(pending)
        while pending:
            manifest = pending.pop()
            for child in _children(store, manifest):
                self.children.setdefault(child, set()).add(manifest)
                if child not in seen:
                    seen.add(child)
                    pending.append(child)

    def affected(self, digests: Iterable[Digest]) -> tuple[str, ...]:
        """Return the labels of everything that is made of one of *digests*, sorted."""
        labels: set[str] = set()
        pending = list(digests)
        seen = set(pending)
        while pending:
            digest = pending.pop()
            labels |= self._names.get(digest, set())
            above = self.children.get(digest, set()) - seen
            seen |= above
            pending += above
        return tuple(sorted(labels))


def _children(store: Store, digest: Digest) -> list[Digest]:
    """Return what a blob names; nothing when it is no manifest, or cannot be read."""
    try:
        if not store.blobs.is_manifest(digest):
            return []
        return list(digests_in(unpack(store.blobs.get_blob(digest))))
    except (CorruptionError, NotFound):
        return []

"""What a blob belongs to, so that damage can be told in users' words; views bring the words."""

from collections.abc import Callable, Iterable, Mapping

from nacre.codec import digests_in, unpack
from nacre.errors import CorruptionError, NotFound
from nacre.event import Event
from nacre.hashing import Digest
from nacre.store import Store

Label = Callable[[Event], str | None]
"""Says how users call what an event speaks of, or None."""

Names = Mapping[Digest, set[str]]
"""What names each blob: labels of events."""


class Labels:
    """How users call what events speak of: the views of the nouns know, by kind of event."""

    def __init__(self, store: Store) -> None:
        self._views = tuple(store.maintenance.views.values())
        self._by_kind: dict[str, tuple[Label, ...]] = {}

    def of(self, event: Event) -> str:
        """Return the first label that a view has for an event; else its kind and subject."""
        if event.kind not in self._by_kind:
            self._by_kind[event.kind] = tuple(
                label
                for view in self._views
                if event.kind in (getattr(view, "kinds", None) or ())
                and (label := getattr(view, "label", None)) is not None
            )
        found = (label(event) for label in self._by_kind[event.kind])
        plain = f"{event.kind} {event.subject!r} (commit {event.position})"
        return next(filter(None, found), plain)


def labels_at(store: Store, position: int) -> tuple[str, ...]:
    """Return what a commit has written, as the views know it when the log cannot be read."""
    labels: list[str] = []
    for view in store.maintenance.views.values():
        if not hasattr(view, "labels_at"):
            continue
        try:
            labels += store.view(view).labels_at(position)
        except (CorruptionError, KeyError, ValueError):
            continue  # the view was altered too, which is told where views are checked
    return tuple(labels)


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

"""Pin positions by name, with copies of the views there, and let go of them again."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from nacre.decision import Transaction
from nacre.errors import CorruptionError, InvalidInput, NotFound
from nacre.event import checked_name
from nacre.moment import When, find_snapshots, position_at, read_moment
from nacre.operations.report import Progress, no_progress
from nacre.past.runs import differences, put_run, rows_in, size_of
from nacre.past.snapshots import (
    CREATED,
    DELETED,
    Snapshot,
    SnapshotContent,
    SnapshotsView,
    StoredView,
    get_content,
    put_content,
)
from nacre.stage import Receipt
from nacre.store import Store
from nacre.views.pairs import Pair
from nacre.views.view import View

# What has changed is stored alone up to this share of the rows; beyond it, they are stored anew.
_CHANGED_SHARE = 0.1
_MOST_RUNS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotReport:
    """A snapshot that was created, and the views that it holds."""

    snapshot: Snapshot
    views: tuple[StoredView, ...]


class Snapshots:
    """The snapshots of a vault: named, pinned positions with copies of the views there."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(
        self,
        name: str,
        *,
        at: When | None = None,
        message: str = "",
        actor: str | None = None,
        progress: Progress = no_progress,
    ) -> SnapshotReport:
        """Pin the position of now, or *at*, under a name, and store the views there.

        Only the record of it is made under the writer lock; content is shared with the snapshots
        before. Views whose code is not installed here are left out.

        Raises:
            InvalidInput: the name is taken, or could be taken for a position or a time.
            ReadOnly: the vault was opened read-only, or is a past one.
        """
        self._store.check_writable()
        _check_new(find_snapshots(self._store), _checked(name))
        position, past = self._past(at)
        try:
            content = self._content(past, position, progress)
        finally:
            past.close()
        manifest = put_content(self._store.blobs, content)
        self._store.register(SnapshotsView)
        data = {"position": position, "manifest": manifest}

        def decide(tx: Transaction) -> None:
            _check_new(tx.view(SnapshotsView), name)
            tx.record_own(CREATED, subject=name, data=data)

        self._store.commit(decide, message=message, actor=actor)
        return SnapshotReport(snapshot=self.get(name), views=content.views)

    def delete(self, name: str, *, message: str = "", actor: str | None = None) -> Receipt:
        """Unpin a snapshot; that it existed stays in the log.

        Raises:
            NotFound: there is none of that name.
        """
        self._store.check_writable()
        self.get(name)

        def decide(tx: Transaction) -> None:
            if tx.view(SnapshotsView).get(name) is None:
                raise self._missing(name)
            tx.record_own(DELETED, subject=name)

        return self._store.commit(decide, message=message, actor=actor)

    def get(self, name: str) -> Snapshot:
        """Return a snapshot.

        Raises:
            NotFound: there is none of that name.
        """
        view = find_snapshots(self._store)
        found = None if view is None else view.get(name)
        if found is None:
            raise self._missing(name)
        return found

    def all(self) -> list[Snapshot]:
        """Return all snapshots, those of earlier positions first."""
        view = find_snapshots(self._store)
        return [] if view is None else view.all()

    def content(self, name: str) -> SnapshotContent:
        """Return what the manifest of a snapshot says: the views that it holds."""
        return get_content(self._store.blobs, self.get(name).manifest)

    def _missing(self, name: str) -> NotFound:
        names = [found.name for found in self.all()]
        known = f"choose of {', '.join(map(repr, names))}" if names else "create one first"
        return NotFound(f"there is no snapshot {name!r}: {known}")

    def _past(self, at: When | None) -> tuple[int, Store]:
        """Return the position, and a store of then whose views are all derived."""
        # One read: while it lasts the live rows are of the position, and need only be copied.
        with self._store.read():
            position = self._store.head if at is None else position_at(self._store, at)
            past = self._store.at(position)
            for view in self._store.maintenance.views.values():
                past.pairs(view)
        return position, past

    def _content(self, past: Store, position: int, progress: Progress) -> SnapshotContent:
        views = sorted(self._store.maintenance.views.values(), key=lambda view: view.name)
        stored = []
        for number, view in enumerate(views):
            progress("views", number, len(views))
            stored.append(self._stored(past, view, position))
        progress("views", len(views), len(views))
        return SnapshotContent(position=position, leaf=past.leaf, views=tuple(stored))

    def _stored(self, past: Store, view: type[View], position: int) -> StoredView:
        pairs = past.pairs(view)
        rows, size = _measured(pairs.scan(b"", None))
        earlier = self._earlier(view, position)
        runs = earlier.runs if earlier else ()
        changes = self._changes(earlier, pairs.scan(b"", None)) if earlier else None
        if changes is None:
            runs = (put_run(self._store.blobs, pairs.scan(b"", None)),)
        elif changes:
            runs = (*runs, put_run(self._store.blobs, changes))
        return StoredView(
            name=view.name,
            version=view.version,
            position=position,
            rows=rows,
            size_bytes=size,
            runs=runs,
        )

    def _earlier(self, view: type[View], position: int) -> StoredView | None:
        """Return what the nearest snapshot before, or else after, stores of a view."""
        snapshots = self.all()
        snapshots.sort(
            key=lambda found: (found.position > position, abs(found.position - position))
        )
        for snapshot in snapshots:
            with suppress(CorruptionError, NotFound):
                found = get_content(self._store.blobs, snapshot.manifest)
                if (stored := found.view(view.name, view.version)) is not None:
                    return stored
        return None

    def _changes(
        self, earlier: StoredView, rows: Iterable[Pair]
    ) -> list[tuple[bytes, bytes | None]] | None:
        """Return what has changed since an earlier snapshot, or None when that is too much."""
        if len(earlier.runs) >= _MOST_RUNS:
            return None
        changes, size = [], 0
        try:
            for change in differences(rows_in(self._store.blobs, earlier.runs), rows):
                changes.append(change)
                size += size_of(change)
                if size > _CHANGED_SHARE * earlier.size_bytes:
                    return None
        except (CorruptionError, NotFound):
            return None
        return changes


def _measured(rows: Iterable[Pair]) -> tuple[int, int]:
    count = size = 0
    for row in rows:
        count += 1
        size += size_of(row)
    return count, size


def _checked(name: str) -> str:
    checked_name("the name of a snapshot", name)
    if not name[0].isalpha() or _is_moment(name):
        raise InvalidInput(
            f"{name!r} could be taken for a position or a time: begin with a letter, such as 'q1'"
        )
    return name


def _is_moment(text: str) -> bool:
    try:
        read_moment(text)
    except InvalidInput:
        return False
    return True


def _check_new(snapshots: SnapshotsView | None, name: str) -> None:
    taken = None if snapshots is None else snapshots.get(name)
    if taken is not None:
        raise InvalidInput(
            f"there is a snapshot {name!r} of position {taken.position}, from "
            f"{taken.time:%Y-%m-%d %H:%M:%S} UTC: choose another name, or delete it first"
        )

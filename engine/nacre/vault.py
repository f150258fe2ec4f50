"""The face of a vault: what users and adapters call."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar, cast

from nacre import frames as native_frames
from nacre import rows as native_rows
from nacre.checkpoint import Checkpoint
from nacre.decision import Transaction
from nacre.event import Commit, Event
from nacre.hashing import Buffer, Digest
from nacre.moment import When, position_at
from nacre.operations import (
    CompactReport,
    RebuildReport,
    ReplayReport,
    Snapshots,
    VaultInfo,
    VerifyReport,
    copy_file,
    describe,
    rebuild,
    replay,
    shrink,
    verify,
)
from nacre.operations.report import Progress, no_progress
from nacre.payloads import Source, put_payload
from nacre.sql import Sql
from nacre.stage import Receipt
from nacre.store import Store
from nacre.trees import get_tree, put_tree
from nacre.views import View

if TYPE_CHECKING:
    from nacre.frames.read import Library
    from nacre.frames.write import Frame

AnyView = TypeVar("AnyView", bound=View)


class Vault:
    """One store: a directory, or a single file. Threads may share it; `with` closes it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        """Its parts put together: what the functions of `nacre.operations` take."""
        self.snapshots = Snapshots(store)
        """Named, pinned positions."""
        self._sql = Sql()

    @property
    def frames(self) -> "native_frames.Frames":
        """Versioned dataframes by name."""
        return native_frames.Frames(self)

    @cached_property
    def rows(self) -> "native_rows.Collections":
        """Collections of rows by name."""
        return native_rows.Collections(native_rows.VaultHome(self))

    @property
    def path(self) -> Path:
        """Where the vault lies."""
        return self.store.layout.path

    @property
    def vault_id(self) -> bytes:
        """Sixteen random bytes, made when the vault was created."""
        return self.store.identity.vault_id

    @property
    def head(self) -> int:
        """The number of commits."""
        return self.store.head

    @property
    def time_ns(self) -> int:
        """What time it is here: now, never before the last commit; in the past, when that was."""
        return self.store.time_ns()

    @property
    def actor(self) -> str:
        """Who commits through this handle."""
        return self.store.actor

    @property
    def read_only(self) -> bool:
        """Whether this handle refuses to write."""
        return self.store.read_only

    def record(
        self,
        kind: str,
        *,
        subject: str,
        data: Mapping[str, object] | None = None,
        version: int = 1,
        message: str = "",
        write_id: str | None = None,
    ) -> Receipt:
        """Commit one event: *kind* happened to *subject*.

        Raises:
            InvalidInput: a name is not allowed; the message says what is.
            Unstorable: *data* holds something that would not come back as it was.
        """
        return self.commit(
            lambda tx: tx.record(kind, subject=subject, data=data, version=version),
            message=message,
            write_id=write_id,
        )

    def commit(
        self,
        decide: Callable[[Transaction], None],
        *,
        message: str = "",
        write_id: str | None = None,
        actor: str | None = None,
    ) -> Receipt:
        """Run *decide* under the writer lock and commit what it records, durably.

        What it raises is raised here, and nothing is committed. It may run more than once, and
        in another thread, so it should only read views and record. Repeating a commit with a
        *write_id* that is already in the log returns the first receipt and writes nothing.
        """
        return self.store.commit(decide, message=message, write_id=write_id, actor=actor)

    def commit_each(
        self,
        decisions: Iterable[Callable[[Transaction], None]],
        *,
        message: str = "",
        actor: str | None = None,
    ) -> list[Receipt | Exception]:
        """Commit what each of some decisions records, in as few durable writes as may be.

        That is one, unless other threads commit at the same time. Each is a commit of its own, and
        sees what those before it recorded. Return for each its receipt, or what it raised; one that
        raises harms no other.
        """
        return self.store.commit_each(decisions, message=message, actor=actor)

    def transaction(
        self, *, message: str = "", write_id: str | None = None, actor: str | None = None
    ) -> AbstractContextManager[Transaction]:
        """Hold the writer lock for a `with` block and commit what it records.

        An exception in the block undoes all of it. Other writers wait, readers do not.
        """
        transaction = self.store.transaction(message=message, write_id=write_id, actor=actor)
        return cast("AbstractContextManager[Transaction]", transaction)

    def sql(
        self,
        query: str,
        *,
        parameters: Sequence[object] | Mapping[str, object] = (),
        to: str = "pandas",
        as_of: When | None = None,
    ) -> object:
        """Return what a SELECT over collections and frames gives, now or as of a position."""
        ask = partial(self._sql.ask, query=query, parameters=parameters, to=to)
        if as_of is None:
            return ask(self)
        with self.at(as_of) as then:
            return ask(then)

    def put(self, source: Source) -> Digest:
        """Store bytes, a file at a path, or an open binary file, and return its digest.

        It takes no lock. It is durable when a commit that names the digest returns, and kept
        until then, or until this handle closes.
        """
        return put_payload(self.store.blobs, source)

    def get(self, digest: Digest | str) -> bytes:
        """Return the content of a blob; a digest may be given as it is printed, `b3:<hex>`.

        Raises NotFound, or CorruptionError when its bytes on disk are not what was written.
        """
        return bytes(self.store.blobs.get_blob(Digest.of(digest)))

    def put_frame(self, frame: "Frame") -> Digest:
        """Store a dataframe of pandas, Arrow or Polars and return the digest of its manifest.

        Raises:
            Unstorable: a column would not come back exactly; nothing was stored.
        """
        return native_frames.put_frame(self.store.blobs, frame)

    def get_frame(
        self,
        digest: Digest | str,
        *,
        columns: Sequence[object] | None = None,
        rows: tuple[int, int] | None = None,
        to: "Library | None" = None,
    ) -> object:
        """Return a stored dataframe, or some columns and rows, as what it was or as *to* says."""
        return native_frames.get_frame(
            self.store.blobs, Digest.of(digest), columns=columns, rows=rows, to=to
        )

    def put_tree(self, directory: str | os.PathLike[str]) -> Digest:
        """Store every file below a directory and return the digest of its manifest."""
        return put_tree(self.store.blobs, Path(directory))

    def get_tree(self, digest: Digest | str, directory: str | os.PathLike[str]) -> None:
        """Restore a stored directory into a new or empty one."""
        get_tree(self.store.blobs, Digest.of(digest), Path(directory))

    def put_blob(self, data: Buffer, *, manifest: bool = False) -> Digest:
        """Store bytes; a manifest is msgpack that names other blobs by their digests."""
        return self.store.blobs.put_blob(data, manifest=manifest)

    def get_blob(self, digest: Digest) -> memoryview:
        """Return the content of a blob, not copied where it lies raw in a pack."""
        return self.store.blobs.get_blob(digest)

    def has_blob(self, digest: Digest) -> bool:
        """Tell whether a digest can be got and named."""
        return self.store.blobs.has_blob(digest)

    def register(self, view: type[View]) -> None:
        """Maintain a view from now on: caught up at once, then with every commit."""
        self.store.register(view)

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a view to read; each call on it sees every commit made before."""
        return self.store.view(view)

    def read(self) -> AbstractContextManager[None]:
        """Let everything that this thread reads in a `with` block see the same head.

        Keep it short: what is freed meanwhile cannot be used again.
        """
        return self.store.read()

    def events(
        self,
        *,
        subject: str | None = None,
        kind: str | None = None,
        start: int = 0,
        stop: int | None = None,
        reverse: bool = False,
    ) -> Iterator[Event]:
        """Yield the events of the commits `start <= position < stop`, oldest first.

        Each has its commit's position, time, actor and message.
        """
        return self.store.events(
            subject=subject, kind=kind, start=start, stop=stop, reverse=reverse
        )

    def at(self, when: When) -> "Vault":
        """Return the vault as it was, read-only: events, frames, every view.

        *when* is a position (the state after the commits before it), a datetime with a zone, the
        name of a snapshot, or a text: "17", "2026-01-31", "yesterday 12:30", "2 days ago". It
        closes with this vault.

        Raises:
            InvalidInput: it is not understood, ambiguous, or in the future; says what is allowed.
        """
        return Vault(self.store.at(position_at(self.store, when)))

    def commit_at(self, position: int) -> Commit | None:
        """Return the commit at a position with all its events; None when there is none."""
        return self.store.commit_at(position)

    def describe(self) -> VaultInfo:
        """Return what the vault is and holds, in a few figures."""
        return describe(self.store)

    def checkpoint(self) -> Checkpoint:
        """Return origin, head and Merkle root: what an auditor keeps."""
        return self.store.checkpoint()

    def verify(self, progress: Progress = no_progress) -> VerifyReport:
        """Check log, tree, blobs and views against each other, and say what damage affects."""
        self.store.refuse_past("verify")
        return verify(self.store, progress)

    def rebuild(
        self, views: list[str] | None = None, progress: Progress = no_progress
    ) -> RebuildReport:
        """Derive views again from commit 0, beside the live ones, then switch over."""
        return rebuild(self.store, views, progress)

    def replay(
        self,
        *,
        to: When | None = None,
        start: str | None = None,
        views: list[str] | None = None,
        progress: Progress = no_progress,
    ) -> ReplayReport:
        """Derive views again from commit 0, or the snapshot *start*, and compare; change nothing.

        Without *to* with the live rows, else with snapshots of then or a second derivation.
        """
        return replay(self.store, to=to, start=start, views=views, progress=progress)

    def copy(self, path: str | os.PathLike[str]) -> None:
        """Write all that a vault in one file holds to another file, whole or not at all."""
        copy_file(self.store, Path(path))

    def compact(self) -> CompactReport:
        """Compress the log, drop what nothing needs, and give free pages back."""
        return shrink(self.store)

    def close(self) -> None:
        """Release the vault; what was put but never committed is dropped. Idempotent."""
        self.store.close()
        self._sql.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Vault({str(self.path)!r}, head={self.head})"

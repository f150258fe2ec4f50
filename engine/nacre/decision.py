"""What a decision is given to read, put and record with."""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from nacre import frames as native_frames
from nacre import rows as native_rows
from nacre.hashing import Digest
from nacre.payloads import Source, put_payload
from nacre.stage import Stage
from nacre.store import Store
from nacre.trees import put_tree
from nacre.views import View

if TYPE_CHECKING:
    from nacre.frames.write import Frame

AnyView = TypeVar("AnyView", bound=View)


class Transaction:
    """What a decision is given: reads views, puts payloads, records events."""

    def __init__(self, stage: Stage, store: Store) -> None:
        self._stage = stage
        self._store = store
        self.record = stage.record
        # For what belongs to the engine; a kind of anybody else is for `record`.
        self.record_own = stage.record_own

    @property
    def frames(self) -> "native_frames.StagedFrames":
        """Writes, appends and deletes frames as part of this commit."""
        return native_frames.StagedFrames(self._store.blobs, self._stage)

    @property
    def rows(self) -> "native_rows.Collections":
        """Collections of rows, changed and read as part of this commit."""
        return native_rows.Collections(native_rows.StagedHome(self, self._store.blobs))

    @property
    def position(self) -> int:
        """The number of this commit, which is the head before it."""
        return self._stage.position

    @property
    def time_ns(self) -> int:
        """The time of this commit, in nanoseconds since the epoch, UTC."""
        return self._stage.time_ns

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a registered view, as it is with the events recorded so far."""
        return self._stage.view(view)

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what a `with` block recorded if it raises: events, frames, rows and views.

        The exception goes on; catch it outside of the block, and the transaction goes on.
        """
        return self._stage.savepoint()

    def put(self, source: Source) -> Digest:
        """Store bytes, a file at a path, or an open binary file."""
        return put_payload(self._store.blobs, source)

    def put_frame(self, frame: "Frame") -> Digest:
        """Store a dataframe that no name has yet."""
        return native_frames.put_frame(self._store.blobs, frame)

    def put_tree(self, directory: str | os.PathLike[str]) -> Digest:
        """Store every file below a directory."""
        return put_tree(self._store.blobs, Path(directory))

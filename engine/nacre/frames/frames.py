"""The noun: named frames with versions, in a vault.

Payloads are stored before the writer lock is taken; under it a version only gets its number.
"""

import difflib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar, overload

import pandas as pd
import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.errors import Conflict, InvalidInput, NotFound
from nacre.event import checked_name
from nacre.frames.append import append_frame
from nacre.frames.describe import FrameInfo, describe_frame
from nacre.frames.difference import FrameDiff, diff_frames
from nacre.frames.read import Library, get_frame
from nacre.frames.version import FrameVersion
from nacre.frames.view import DELETED, WRITTEN, FrameVersions, Moment
from nacre.frames.write import Frame, put_frame
from nacre.hashing import Digest
from nacre.purged import Events, purge_of
from nacre.stage import Receipt
from nacre.views import View

AnyView = TypeVar("AnyView", bound=View)

_MAX_NAMES = 5


class Decision(Protocol):
    """What a transaction lets a decision do."""

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a view as it is with the events recorded so far."""

    def record_own(self, kind: str, *, subject: str, data: dict[str, object] | None = None) -> None:
        """Record one event of a kind that is the engine's own."""


class FrameVault(Payloads, Events, Protocol):
    """What frames need of a vault."""

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a view to read."""

    def commit(
        self,
        decide: Callable[[Decision], None],
        *,
        message: str = "",
        write_id: str | None = None,
    ) -> Receipt:
        """Run *decide* under the writer lock and commit what it records."""


class Frames:
    """Frames by name; every write is a version that stays readable."""

    def __init__(self, vault: FrameVault) -> None:
        self._vault = vault

    def write(
        self, name: str, frame: Frame, *, message: str = "", write_id: str | None = None
    ) -> FrameVersion:
        """Store *frame* as the next version of *name*; only what is new takes space.

        Raises:
            Unstorable: a column would not come back exactly; nothing was written.
        """
        checked_name("the name of a frame", name)
        latest = self._versions().latest(name)
        digest = put_frame(self._vault, frame, latest.frame if latest else None)
        return self._commit(name, digest, message=message, write_id=write_id)

    def append(
        self, name: str, more: Frame, *, message: str = "", write_id: str | None = None
    ) -> FrameVersion:
        """Store the last version with the rows of *more* after its own as the next version.

        Raises:
            NotFound: there is no frame of that name.
            InvalidInput: *more* has other columns or types.
        """
        while True:
            latest = self._existing(name)
            digest = append_frame(self._vault, latest.frame, more)
            try:
                return self._commit(
                    name, digest, message=message, write_id=write_id, follows=latest.version
                )
            except Conflict:
                continue  # another writer came first: the rows go after its rows

    @overload
    def read(
        self,
        name: str,
        version: int | None = None,
        *,
        as_of: int | datetime | None = None,
        columns: Sequence[object] | None = None,
        rows: tuple[int, int] | None = None,
        to: Literal["pandas"] = "pandas",
    ) -> pd.DataFrame: ...

    @overload
    def read(
        self,
        name: str,
        version: int | None = None,
        *,
        as_of: int | datetime | None = None,
        columns: Sequence[object] | None = None,
        rows: tuple[int, int] | None = None,
        to: Literal["arrow"],
    ) -> pa.Table: ...

    @overload
    def read(
        self,
        name: str,
        version: int | None = None,
        *,
        as_of: int | datetime | None = None,
        columns: Sequence[object] | None = None,
        rows: tuple[int, int] | None = None,
        to: Library | None,
    ) -> object: ...

    def read(
        self,
        name: str,
        version: int | None = None,
        *,
        as_of: int | datetime | None = None,
        columns: Sequence[object] | None = None,
        rows: tuple[int, int] | None = None,
        to: Library | None = "pandas",
    ) -> object:
        """Return a version of *name*, the last one by default, or some of it.

        *as_of* is a position, the state after the commits before it, or a point in time; *to*
        is "pandas", "arrow", "polars", or None for the library that the frame came from.

        Raises:
            NotFound: there is no such frame, version or column.
        """
        found = self.version(name, version, as_of=as_of)
        return get_frame(self._vault, found.frame, columns=columns, rows=rows, to=to)

    def version(
        self, name: str, version: int | None = None, *, as_of: int | datetime | None = None
    ) -> FrameVersion:
        """Return what is known of a version, the last one by default.

        Raises:
            NotFound: there is none.
        """
        if not isinstance(name, str):
            raise InvalidInput(f"a {type(name).__name__} names no frame: give a string")
        if version is None:
            return self._existing(name, as_of)
        if as_of is not None:
            raise InvalidInput("give a version or as_of, not both: a version never changes")
        found = self._versions().get(name, version)
        if found is None:
            raise purge_of(self._vault, "frame", name) or NotFound(self._no_version(name, version))
        return found

    def versions(self, name: str) -> list[FrameVersion]:
        """Return the versions of *name* since it was last deleted, oldest first."""
        found = self._versions().versions(name)
        return found or [self._existing(name)]

    def names(self) -> list[str]:
        """Return the names of all frames, in order."""
        return self._versions().names()

    def info(self, name: str, version: int | None = None) -> FrameInfo:
        """Return columns, types and sizes of a version, reading its manifest alone."""
        return describe_frame(self._vault, self.version(name, version).frame)

    def diff(self, name: str, before: int, after: int) -> FrameDiff:
        """Return what changed from one version of *name* to another."""
        old, new = self.version(name, before), self.version(name, after)
        return diff_frames(self._vault, old.frame, new.frame)

    def delete(self, name: str, *, message: str = "", write_id: str | None = None) -> Receipt:
        """End *name*; what it was stays readable by version and `as_of`.

        Raises:
            NotFound: there is no frame of that name.
        """
        return self._vault.commit(
            lambda tx: record_deletion(tx, name), message=message, write_id=write_id
        )

    def _commit(
        self,
        name: str,
        digest: Digest,
        *,
        message: str,
        write_id: str | None,
        follows: int | None = None,
    ) -> FrameVersion:
        facts = facts_of(describe_frame(self._vault, digest))

        def decide(tx: Decision) -> None:
            view = tx.view(FrameVersions)
            latest = view.latest(name)
            if follows is not None and (latest is None or latest.version != follows):
                raise Conflict(expected=follows, actual=view.next_version(name) - 1)
            record_version(tx, name, digest, facts)

        receipt = self._vault.commit(decide, message=message, write_id=write_id)
        written = self._versions().written_at(name, receipt.position)
        if written is None:
            raise InvalidInput(
                f"the write id {write_id!r} was used for something else: choose another"
            )
        return written

    def _versions(self) -> FrameVersions:
        return self._vault.view(FrameVersions)

    def _existing(self, name: str, as_of: int | datetime | None = None) -> FrameVersion:
        if not isinstance(name, str):
            raise InvalidInput(f"a {type(name).__name__} names no frame: give a string")
        versions = self._versions()
        found = versions.latest(name, _moment(as_of))
        if found is None:
            raise self._no_frame(name, as_of)
        return found

    def _no_frame(self, name: str, as_of: int | datetime | None) -> NotFound:
        versions = self._versions()
        first = versions.get(name, 0)
        if first is None:
            return purge_of(self._vault, "frame", name) or no_frame(name, versions.names())
        if as_of is not None:
            return NotFound(
                f"there is no frame {name!r} as of {as_of}: its first version is from commit "
                f"{first.position}, {first.time:%Y-%m-%d %H:%M:%S} UTC"
            )
        last = versions.next_version(name) - 1
        return NotFound(
            f"the frame {name!r} was deleted: read its versions 0 to {last} by number, or as_of"
        )

    def _no_version(self, name: str, version: int) -> str:
        following = self._versions().next_version(name)
        if not following:
            return str(no_frame(name, self._versions().names()))
        return f"{name!r} has no version {version!r}: its versions are 0 to {following - 1}"


def facts_of(info: FrameInfo) -> dict[str, object]:
    """Return what the event of a version says besides its number and digest."""
    return {"rows": info.rows, "columns": len(info.columns), "size_bytes": info.size_bytes}


def record_version(tx: Decision, name: str, digest: Digest, facts: dict[str, object]) -> int:
    """Record a stored frame as the next version of *name*, and return its number."""
    number = tx.view(FrameVersions).next_version(name)
    tx.record_own(WRITTEN, subject=name, data={"version": number, "frame": digest, **facts})
    return number


def record_deletion(tx: Decision, name: str) -> None:
    """Record the end of *name*."""
    if tx.view(FrameVersions).latest(name) is None:
        raise no_frame(name, tx.view(FrameVersions).names())
    tx.record_own(DELETED, subject=name)


def _moment(as_of: int | datetime | None) -> Moment | None:
    if as_of is None:
        return None
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            raise InvalidInput(f"as_of={as_of} has no time zone: give one, such as UTC")
        epoch = datetime.fromtimestamp(0, as_of.tzinfo)
        until = (as_of - epoch) // timedelta(microseconds=1) * 1000 + 999
        return lambda _, time_ns: time_ns <= until
    if type(as_of) is not int or as_of < 0:
        raise InvalidInput(f"as_of={as_of!r} is no position and no datetime: give one of them")
    return lambda position, _: position < as_of


def no_frame(name: str, names: Sequence[str]) -> NotFound:
    """Return the error that says which frames there are instead of *name*."""
    if not names:
        return NotFound(f"there is no frame {name!r}, nor any other: write one first")
    near = difflib.get_close_matches(str(name), names, _MAX_NAMES)
    if near:
        return NotFound(f"there is no frame {name!r}: did you mean {', '.join(map(repr, near))}")
    some = ", ".join(map(repr, sorted(names)[:_MAX_NAMES]))
    more = "" if len(names) <= _MAX_NAMES else f" and {len(names) - _MAX_NAMES:,} more"
    return NotFound(f"there is no frame {name!r}: there are {some}{more}")

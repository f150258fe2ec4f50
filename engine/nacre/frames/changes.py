"""What became of frames between two positions, in words and in detail."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from nacre import frames
from nacre.blobs.protocol import Payloads
from nacre.errors import NotFound
from nacre.frames.version import FrameVersion
from nacre.views import Change

if TYPE_CHECKING:
    from nacre.frames import FrameDiff

Versions = tuple[str, FrameVersion | None, FrameVersion | None]
"""A name, and its last version before and after; None where there is no such frame."""


def frame_changes(payloads: Payloads, pairs: Iterable[Versions]) -> Iterator[Change]:
    """Yield what differs between the last versions of each name, if anything does."""
    for name, old, new in pairs:
        if old is None and new is not None:
            text = f"frame from version {new.version} on: {new.rows:,} rows, {new.columns} columns"
            yield Change(subject=name, text=text)
        elif old is not None and new is None:
            yield Change(subject=name, text=f"frame deleted after version {old.version}")
        elif old is not None and new is not None and old.version != new.version:
            yield _changed(payloads, old, new)


def _changed(payloads: Payloads, old: FrameVersion, new: FrameVersion) -> Change:
    versions = f"frame version {old.version} to {new.version}"
    try:
        found = frames.diff_frames(payloads, old.frame, new.frame)
    except NotFound as error:  # a retention rule has dropped one of them
        return Change(subject=new.name, text=f"{versions}: {error}")
    return Change(subject=new.name, text=f"{versions}: {', '.join(_said(found))}", detail=found)


def _said(found: "FrameDiff") -> Iterator[str]:
    if found.is_empty:
        yield "equal"
    rows = (("added", found.rows_added), ("removed", found.rows_removed))
    for what, count in (*rows, ("changed", found.rows_changed)):
        if count:
            yield f"{count:,} rows {what}"
    for column in found.changed_columns:
        yield f"{column.cells:,} cells of {column.label!r}"
    for what, labels in (("added", found.added_columns), ("removed", found.removed_columns)):
        if labels:
            yield f"columns {what}: {', '.join(labels)}"
    for retyped in found.retyped_columns:
        yield f"{retyped.label!r} is {retyped.after}, not {retyped.before}"

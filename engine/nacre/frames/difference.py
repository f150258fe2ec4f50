"""What changed between two stored frames; what their chunks share is never read.

Rows are the same by position, or by label where both frames have a unique index that is more
than a count. A cell is changed when its bits are: NaN equals itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from nacre.blobs.protocol import Payloads
from nacre.frames.comparison import SameRows, changed_rows
from nacre.frames.damage import damage_reported
from nacre.frames.equality import Mask
from nacre.frames.manifest import Entry, FrameManifest, get_manifest, numbered, stored_column
from nacre.frames.pandas_frames import INDEX
from nacre.frames.read import read_index
from nacre.frames.store import in_parallel
from nacre.hashing import Digest

_MAX_RANGES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RetypedColumn:
    """A column that both frames have, with another type in each."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedColumn:
    """A column with changed cells; `ranges` are the first hundred runs of their rows.

    Rows are counted in the second frame.
    """

    label: str
    cells: int
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameDiff:
    """What is in the second frame and not in the first, and the other way round.

    `aligned_by` says which rows were taken to be the same: those at one "position", or those
    with one label in the "index".
    """

    aligned_by: str
    added_columns: tuple[str, ...]
    removed_columns: tuple[str, ...]
    retyped_columns: tuple[RetypedColumn, ...]
    rows_added: int
    rows_removed: int
    rows_changed: int
    changed_columns: tuple[ChangedColumn, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        rows = self.rows_added + self.rows_removed + self.rows_changed
        columns = (*self.added_columns, *self.removed_columns, *self.retyped_columns)
        return not rows and not columns


def diff_frames(payloads: Payloads, before: Digest, after: Digest) -> FrameDiff:
    """Return what changed from the frame *before* to the frame *after*.

    Raises:
        NotFound: there is no such frame.
    """
    old, new = get_manifest(payloads, before), get_manifest(payloads, after)
    olds, news = dict(numbered(old.columns)), dict(numbered(new.columns))
    common = [(olds[key], news[key]) for key in news if key in olds]
    retyped = [pair for pair in common if not _same_type(old, new, *pair)]
    with damage_reported(f"the frame {before} or {after}"):
        rows = _same_rows(payloads, old, new)
        masks = _changed_masks(payloads, [pair for pair in common if pair not in retyped], rows)
    touched = np.zeros(rows.count, np.bool_)
    for mask in masks.values():
        touched |= mask
    return FrameDiff(
        aligned_by="position" if rows.after is None else "index",
        added_columns=tuple(news[key].label for key in news if key not in olds),
        removed_columns=tuple(olds[key].label for key in olds if key not in news),
        retyped_columns=tuple(
            RetypedColumn(label=b.label, before=a.type, after=b.type) for a, b in retyped
        ),
        rows_added=new.rows - rows.count,
        rows_removed=old.rows - rows.count,
        rows_changed=int(touched.sum()),
        changed_columns=tuple(
            _changed_column(label, mask, rows) for (label, _), mask in masks.items() if mask.any()
        ),
    )


def _same_type(old: FrameManifest, new: FrameManifest, before: Entry, after: Entry) -> bool:
    return old.kind == new.kind and before.type == after.type


def _changed_masks(
    payloads: Payloads, pairs: Sequence[tuple[Entry, Entry]], rows: SameRows
) -> dict[tuple[str, int], Mask]:
    """Return which of the common rows changed, by column."""

    def compare(pair: tuple[Entry, Entry]) -> Mask:
        before, after = pair
        if before.column == after.column and rows.before is None:
            return np.zeros(rows.count, np.bool_)
        columns = stored_column(payloads, before), stored_column(payloads, after)
        return changed_rows(payloads, *columns, rows)

    size = sum(after.size_bytes for _, after in pairs)
    masks = in_parallel(compare, pairs, size_bytes=size)
    names = [key for key, _ in numbered([after for _, after in pairs])]
    return dict(zip(names, masks, strict=True))


def _same_rows(payloads: Payloads, old: FrameManifest, new: FrameManifest) -> SameRows:
    by_position = SameRows(count=min(old.rows, new.rows), before_rows=old.rows, after_rows=new.rows)
    if not (_has_labels(payloads, old) and _has_labels(payloads, new)):
        return by_position
    if old.parts[INDEX].column == new.parts[INDEX].column:
        return by_position
    before = read_index(payloads, old, 0, old.rows)
    after = read_index(payloads, new, 0, new.rows)
    if not (_tells_rows(before) and _tells_rows(after)) or before.equals(after):
        return by_position
    found = before.get_indexer(after)
    positions = np.flatnonzero(found >= 0)
    return replace(by_position, count=len(positions), before=found[positions], after=positions)


def _tells_rows(index: pd.Index) -> bool:
    try:
        return index.is_unique and not getattr(index, "is_overlapping", False)
    except (NotImplementedError, ValueError, TypeError, pa.ArrowException):
        return False  # pandas cannot look labels of such a type up, long doubles for one


def _has_labels(payloads: Payloads, manifest: FrameManifest) -> bool:
    index = manifest.parts.get(INDEX)
    return index is not None and stored_column(payloads, index).kind != "range"


def _changed_column(label: str, mask: Mask, rows: SameRows) -> ChangedColumn:
    changed = mask
    if rows.after is not None:
        changed = np.zeros(rows.after_rows, np.bool_)
        changed[rows.after[mask]] = True
    edges = np.flatnonzero(np.diff(changed, prepend=False, append=False))
    ranges = edges[: 2 * _MAX_RANGES].reshape(-1, 2).tolist()
    return ChangedColumn(
        label=label,
        cells=int(mask.sum()),
        ranges=tuple((start, stop) for start, stop in ranges),
    )

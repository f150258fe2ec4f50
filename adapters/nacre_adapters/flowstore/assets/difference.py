"""What is different between two revisions of an asset."""

import difflib
import pprint
from dataclasses import dataclass

from nacre import Digest
from nacre.frames import FrameDiff, diff_frames
from nacre_adapters.flowstore.errors import AssetNotFound
from nacre_adapters.flowstore.place import Place

_LONGEST = 200
_PLAIN = (dict, list, tuple, set, frozenset, str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two revisions compared."""

    is_same_object: bool
    fields: dict[str, tuple[object, object]]
    """What is said of them and differs: before and after."""

    frame: FrameDiff | None
    """Rows and columns, when both are dataframes."""

    lines: tuple[str, ...]
    """A diff of both as text, when they are plain values."""


def difference(place: Place, asset: str, before: int, after: int) -> Difference:
    """Compare two revisions of an asset. Chunks that frames share are not read.

    Raises:
        AssetNotFound: there is no such asset or revision.
    """
    revisions = [place.assets.revision(asset, number) for number in (before, after)]
    if revisions[0] is None or revisions[1] is None:
        raise AssetNotFound(f"the asset {asset} has no revisions {before} and {after}")
    old, new = revisions[0], revisions[1]
    names = ("label", "name", "version", "description", "links", "expires_us")
    fields = {name: (getattr(old, name), getattr(new, name)) for name in names}
    fields |= {name: (old.value[name], new.value[name]) for name in ("type", "size_bytes")}
    is_same = old.value["identity"] == new.value["identity"]
    frames = _frame_of(old.value["content"]), _frame_of(new.value["content"])
    frame: FrameDiff | None = None
    lines: tuple[str, ...] = ()
    if not is_same and frames[0] and frames[1]:
        frame = diff_frames(place.vault, frames[0], frames[1])
    elif not is_same:
        lines = _lines(*(place.codecs.decode(each.value) for each in (old, new)))
    return Difference(
        is_same_object=is_same,
        fields={name: pair for name, pair in fields.items() if pair[0] != pair[1]},
        frame=frame,
        lines=lines,
    )


def _frame_of(content: object) -> Digest | None:
    match content:
        case {"frame": [Digest() as digest]}:
            return digest
    return None


def _lines(before: object, after: object) -> tuple[str, ...]:
    if not isinstance(before, _PLAIN) or not isinstance(after, _PLAIN):
        return ()
    old, new = (pprint.pformat(each, width=80).splitlines() for each in (before, after))
    return tuple(difflib.unified_diff(old, new, "before", "after", lineterm="", n=1))[:_LONGEST]

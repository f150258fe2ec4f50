"""What a frame is taken apart into before it is stored, whichever library it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from nacre.errors import InvalidInput, Unstorable
from nacre.frames.columns import Column


@dataclass(frozen=True, slots=True)
class Part:
    """A column, what it is called, and what its type is called where it came from."""

    label: str
    type: str
    column: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameParts:
    """A frame in memory: its columns, its parts that are no column, and what else it knows."""

    kind: str
    rows: int
    columns: tuple[Part, ...]
    parts: Mapping[str, Part] = field(default_factory=dict)
    header: Mapping[str, object] = field(default_factory=dict)


def refused(what: str, reason: Exception) -> Unstorable:
    """Return the refusal of a frame over *what*, such as "the column 'price'"."""
    return Unstorable(f"{what} cannot be stored exactly: {reason}")


def unreadable(field: pa.Field, library: str, reason: BaseException) -> InvalidInput:
    """Return the refusal to read a column to a *library* that has nothing like its type."""
    # What a library says may be long, or a panic of several lines.
    why = (str(reason).splitlines() or [type(reason).__name__])[0][:200]
    return InvalidInput(
        f"the column {field.name!r} of type {field.type} cannot be read to {library} ({why}): "
        "read it with to='arrow', or read other columns"
    )

"""What a frame is taken apart into before it is stored, whichever library it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nacre.errors import Unstorable
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

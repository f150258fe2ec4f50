"""One version of a frame: what was stored, when, by whom and why."""

from dataclasses import dataclass
from datetime import UTC, datetime

from nacre.hashing import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameVersion:
    """One version of a frame: what was stored, and the commit that named it."""

    name: str
    version: int
    frame: Digest
    rows: int
    columns: int
    size_bytes: int
    position: int
    time_ns: int
    actor: str
    message: str

    @property
    def time(self) -> datetime:
        """When the version was committed, UTC."""
        return datetime.fromtimestamp(self.time_ns // 1000 / 1_000_000, UTC)

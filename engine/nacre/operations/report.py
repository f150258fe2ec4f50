"""What operations find, and how far they have come."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is not as it was written."""

    where: str
    """log, tree, blob, pack or view."""

    what: str
    affects: tuple[str, ...] = ()
    """What users lose by it, in their words: frames with versions, subjects with commits."""

    def __str__(self) -> str:
        affected = f"; affects {', '.join(self.affects)}" if self.affects else ""
        return f"{self.where}: {self.what}{affected}"


Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and of how much."""


def no_progress(what: str, done: int, total: int) -> None:
    """Tell nobody."""

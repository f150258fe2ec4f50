"""What a run keeps so that it can go on after it was killed, behind a small protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from nacre_adapters.tablevault.references.resolver import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows that a builder has computed: their numbers, and a frame of its columns."""

    rows: tuple[int, ...]
    frame: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a run has made when a builder has finished: all columns so far."""

    frame: pd.DataFrame
    artifact_columns: tuple[str, ...]


class Journal(Protocol):
    """How far one run has come. What is kept survives a kill of the process."""

    def finished(self) -> Sequence[str]:
        """Return the names of the builders that have finished, in their order."""

    def stage(self) -> Stage | None:
        """Return what there was when the last of them finished; None when none has."""

    def reads(self) -> Sequence[Read]:
        """Return what they have read of other tables, in order."""

    def parts(self, builder: str) -> Sequence[Part]:
        """Return what a builder that has not finished kept, in order."""

    def keep(self, builder: str, part: Part) -> None:
        """Keep rows of a builder.

        Raises:
            TVForcedError: the run was stopped from outside.
        """

    def finish(self, builder: str, stage: Stage, reads: Sequence[Read]) -> None:
        """Keep all columns so far, in place of the parts of *builder*; raises as `keep` does."""

    def check(self) -> None:
        """Do nothing, unless the run was stopped from outside.

        Raises:
            TVForcedError: it was.
        """

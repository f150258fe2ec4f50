"""Keeps the rows of a builder as they come: often enough to lose little, seldom enough to pay."""

import time
from collections.abc import Callable, Iterator, Mapping

from nacre_adapters.tablevault.errors import ValueRefused
from nacre_adapters.tablevault.execution.journal import Journal, Part
from nacre_adapters.tablevault.execution.returns import cells_of, of_rows

_MOST_ROWS = 10_000
_LEAST_WORK_FOR_COST = 5
"""How many times what keeping costs must be spent on rows before it is worth it again."""


class Progress:
    """Rows that a builder has computed: kept in the journal, and then given to *put*.

    A row that took longer than `checkpoint_seconds` is kept before the next one starts; faster
    ones are kept together, so that a kill costs no more work than that.
    """

    def __init__(
        self,
        builder: str,
        types: Mapping[str, str],
        journal: Journal,
        put: Callable[[Part], None],
        *,
        seconds: float,
    ) -> None:
        self._builder = builder
        self._types = types
        self._journal = journal
        self._put = put
        self._seconds = seconds
        self._cost = 0.0
        self._rows: list[int] = []
        self._cells: list[list[object]] = []
        self._since = time.monotonic()

    def add(self, row: int, returned: object) -> None:
        """Take what the function gave for a row.

        Raises:
            FunctionFailed: it is not one value for each column.
            ValueRefused: a value is none of its column's type; what others were is kept.
            TVForcedError: the run was stopped from outside.
        """
        self._cells.append(cells_of(self._builder, row, returned, self._types))
        self._rows.append(row)
        if self._is_due():
            self.keep()

    def keep(self) -> None:
        """Keep what was added since the last time; raises as `add` does."""
        if not self._rows:
            return
        rows, cells = self._rows, self._cells
        self._rows, self._cells = [], []
        begun = time.monotonic()
        refused: list[ValueRefused] = []
        for part in self._parts(rows, cells, refused):
            self._journal.keep(self._builder, part)
            self._put(part)
        self._since = time.monotonic()
        self._cost = self._since - begun
        if refused:
            raise refused[0]

    def _parts(
        self, rows: list[int], cells: list[list[object]], refused: list[ValueRefused]
    ) -> Iterator[Part]:
        """Yield the rows as parts: as one, unless some have values that are *refused*."""
        try:
            yield Part(rows=tuple(rows), frame=of_rows(cells, self._types, rows))
        except ValueRefused as error:
            if len(rows) == 1:
                refused.append(error)
                return
            half = len(rows) // 2
            yield from self._parts(rows[:half], cells[:half], refused)
            yield from self._parts(rows[half:], cells[half:], refused)

    def _is_due(self) -> bool:
        if len(self._rows) >= _MOST_ROWS:
            return True
        if self._seconds == 0:
            return True
        least = max(self._seconds, _LEAST_WORK_FOR_COST * self._cost)
        return time.monotonic() - self._since >= least

"""Calls a builder's function as its return_type says, and keeps what it gives as it comes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from nacre_adapters.tablevault.builders.graph import reads_own_whole
from nacre_adapters.tablevault.errors import OF_FUNCTIONS, TableVaultError
from nacre_adapters.tablevault.execution.calls import Arguments
from nacre_adapters.tablevault.execution.executors import executor_for
from nacre_adapters.tablevault.execution.generators import yields_of
from nacre_adapters.tablevault.execution.journal import Journal, Part
from nacre_adapters.tablevault.execution.plan import Step
from nacre_adapters.tablevault.execution.progress import Progress
from nacre_adapters.tablevault.execution.returns import of_frame
from nacre_adapters.tablevault.execution.workers import Workers
from nacre_adapters.tablevault.references.resolver import Resolver


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """A builder, what resolves its arguments, and where its rows go."""

    step: Step
    resolver: Resolver
    journal: Journal
    put: Callable[[Part], None]

    def each(self, rows: Iterable[int]) -> None:
        """Call the function for each of *rows*."""
        definition = self.step.definition
        executor = executor_for(self.step.code, self.step.function, definition.threads)
        arguments = Arguments(definition, self.resolver)
        self._keep(executor.results(arguments.of_rows(rows)))

    def generator(
        self, numbered: Callable[[Iterator[object]], Iterator[tuple[int, object]]]
    ) -> None:
        """Call the function once; *numbered* says which row each of its yields is."""
        self._keep(numbered(yields_of(self.step.name, self._once())))

    def frame(self) -> pd.DataFrame:
        """Call the function once and return its frame, with the builder's columns."""
        return of_frame(self.step.name, self._once(), self.step.types)

    def _once(self) -> object:
        arguments = Arguments(self.step.definition, self.resolver).once()
        if self.step.function is not None:
            return self.step.function(**arguments)
        with Workers(self.step.code) as workers:
            return workers.call(**arguments)

    def _keep(self, results: Iterator[tuple[int, object]]) -> None:
        definition = self.step.definition
        # Later rows must see these rows at once, when the function asks for all of `self`.
        seconds = 0.0 if reads_own_whole(definition) else definition.checkpoint_seconds
        progress = Progress(
            self.step.name, self.step.types, self.journal, self.put, seconds=seconds
        )
        try:
            for row, result in results:
                progress.add(row, result)
        except BaseException as error:
            if not isinstance(error, TableVaultError) or isinstance(error, OF_FUNCTIONS):
                progress.keep()  # else the run is rolled back
            raise
        progress.keep()

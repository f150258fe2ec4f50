"""The arguments of a builder's function: what is the same for all rows is resolved once."""

from collections.abc import Iterable, Iterator

import pandas as pd

from nacre_adapters.tablevault.builders.definition import Definition
from nacre_adapters.tablevault.execution.executors import Call
from nacre_adapters.tablevault.references.reading import is_constant
from nacre_adapters.tablevault.references.resolver import Resolver


class Arguments:
    """The arguments of one builder."""

    def __init__(self, definition: Definition, resolver: Resolver) -> None:
        self._resolver = resolver
        given = definition.arguments
        self._changing = {key: value for key, value in given.items() if not is_constant(value)}
        self._constant = {
            key: resolver.resolve(value)
            for key, value in given.items()
            if key not in self._changing
        }

    def once(self) -> dict[str, object]:
        """Return the arguments of the only call."""
        changing = {key: self._resolver.resolve(value) for key, value in self._changing.items()}
        return {**self._own_constants(), **changing}

    def of_rows(self, rows: Iterable[int]) -> Iterator[Call]:
        """Yield a call for each row, resolved when it is asked for."""
        for row in rows:
            changing = {
                key: self._resolver.resolve(value, row) for key, value in self._changing.items()
            }
            yield Call(row, {**self._own_constants(), **changing})

    def _own_constants(self) -> dict[str, object]:
        """Return the constants so that no call can change what another one gets."""
        return {key: _copied(value) for key, value in self._constant.items()}


def _copied(value: object) -> object:
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_copied(each) for each in value]
    return value.copy(deep=False) if isinstance(value, pd.DataFrame) else value

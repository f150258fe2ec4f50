"""The rows of generators, also when one starts again that had yielded some before it was killed.

Which row a yield is, when rows were kept before:

1. With a primary key: the row that has its key, else a new one.
2. Without, when the generator is given `<<self>>`: a new row, because it can see what there is and
   leaves that out. If it yields all that was kept once more, in order, those are the same rows.
3. Else it starts again from row 0.

So no row that was kept is ever lost.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import pandas as pd

from nacre_adapters.tablevault.errors import FunctionFailed
from nacre_adapters.tablevault.execution.returns import cells_of, of_rows


def yields_of(builder: str, returned: object) -> Iterator[object]:
    """Return what a generator yields.

    Raises:
        FunctionFailed: it is no generator or other iterable.
    """
    if not isinstance(returned, Iterable) or isinstance(returned, str | bytes | Mapping):
        raise FunctionFailed(
            f"{builder} returned a {type(returned).__name__}, and its return_type is generator: "
            "yield its rows, or set return_type"
        )
    return iter(returned)


class Numbering:
    """Which row each yield of an index builder is; *kept* are the rows of before."""

    def __init__(
        self, builder: str, types: Mapping[str, str], kept: pd.DataFrame, keys: Sequence[str]
    ) -> None:
        self._builder = builder
        self._types = types
        self._kept = kept
        self._keys = keys
        self._rows = {key: row for row, key in enumerate(_tuples(kept[list(keys)]))}

    def rows(self, yields: Iterator[object], *, sees_rows: bool) -> Iterator[tuple[int, object]]:
        """Yield a row number and what was yielded for it."""
        if len(self._kept) and self._keys:
            return self._by_key(yields)
        if len(self._kept) and sees_rows:
            return self._behind(yields)
        return enumerate(yields)

    def _by_key(self, yields: Iterator[object]) -> Iterator[tuple[int, object]]:
        count = len(self._kept)
        for each in yields:
            key = self._tuple(count, each, self._keys)
            row = self._rows.get(key, count)
            count += row == count
            yield row, each

    def _behind(self, yields: Iterator[object]) -> Iterator[tuple[int, object]]:
        kept = _tuples(self._kept)
        first = list(islice(yields, len(kept)))
        names = list(self._types)
        is_again = [self._tuple(row, each, names) for row, each in enumerate(first)] == kept
        if not is_again:
            yield from enumerate(first, len(kept))
        yield from enumerate(yields, len(kept) if is_again else len(kept) + len(first))

    def _tuple(self, row: int, yielded: object, names: Sequence[str]) -> tuple[object, ...]:
        cells = cells_of(self._builder, row, yielded, self._types)
        return _tuples(of_rows([cells], self._types)[list(names)])[0]


def _tuples(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    columns = [[_comparable(each) for each in frame[name].array] for name in frame.columns]
    return list(zip(*columns, strict=True))


def _comparable(value: object) -> object:
    """Return what equals that of an equal cell, also when the cell is missing or a list."""
    if isinstance(value, list | dict | set) or value is pd.NA or value != value:  # noqa: PLR0124  # NaN
        return repr(value)
    return value

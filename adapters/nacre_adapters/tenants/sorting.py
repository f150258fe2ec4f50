"""The order of rows: that of the collection where it has it, and as SQLite sorts elsewhere."""

from collections.abc import Callable, Iterable, Sequence

from nacre_adapters.tenants.errors import Unsupported
from nacre_adapters.tenants.shape import Values
from nacre_adapters.tenants.sql.comparable import check_compared
from nacre_adapters.tenants.sql.compile import Compiler, Operand
from nacre_adapters.tenants.sql.tree import Collated, ColumnName, Constant, Ordered
from nacre_adapters.tenants.sql.values import Value, order_of


def native_order(wanted: Sequence[Ordered], compiler: Compiler) -> list[str] | None:
    """Return an order as the collection takes it; None when it has to be sorted afterwards."""
    parts = []
    for ordered in wanted:
        part = ordered.part
        # The collection sorts None first, and last when it goes down, as SQLite does.
        if not isinstance(part, ColumnName) or ordered.nulls_first == ordered.descending:
            return None
        column = compiler.column(part)
        # A name with a blank would be read as a name and a direction.
        if column.type.name == "json" or " " in column.name:
            return None
        parts.append(f"{column.name} desc" if ordered.descending else column.name)
    return parts


def sorted_rows(
    rows: Iterable[Values], wanted: Sequence[Ordered], compiler: Compiler
) -> list[Values]:
    """Return rows in an order; equals stay as they come."""
    found = list(rows)
    for ordered in reversed(wanted):
        part = ordered.part.part if isinstance(ordered.part, Collated) else ordered.part
        if isinstance(part, Constant):
            raise Unsupported("ORDER BY the number of a column is not supported: name it")
        check_compared(ordered.part)
        operand = compiler.operand(ordered.part)
        found.sort(key=_key(operand, ordered), reverse=ordered.descending)
    return found


def _key(operand: Operand, ordered: Ordered) -> Callable[[Values], tuple[int, "_Sorted"]]:
    run, fold = operand.run, operand.fold
    # Sorted down, the larger rank comes first.
    null_rank = 0 if ordered.nulls_first != ordered.descending else 2

    def key(row: Values) -> tuple[int, _Sorted]:
        value = run(row)
        if value is None:
            return null_rank, _Sorted(0)
        return 1, _Sorted(value if fold is None else fold(value))

    return key


class _Sorted:
    """A value that sorts among others as SQLite sorts them."""

    __slots__ = ("_value",)

    def __init__(self, value: Value) -> None:
        self._value = value

    def __lt__(self, other: "_Sorted") -> bool:
        return order_of(self._value, other._value) < 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sorted) and order_of(self._value, other._value) == 0

    __hash__ = None  # type: ignore[assignment]  # it is only sorted

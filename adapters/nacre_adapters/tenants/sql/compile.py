"""From an expression to a function of a row, for the columns of one table and given parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import singledispatchmethod

from nacre_adapters.tenants.errors import UnknownColumn, Unsupported
from nacre_adapters.tenants.shape import Column, Shape
from nacre_adapters.tenants.sql import arithmetic, tree
from nacre_adapters.tenants.sql.comparable import check_compared, is_collated
from nacre_adapters.tenants.sql.functions import FUNCTIONS, OF_NONE, check_size
from nacre_adapters.tenants.sql.patterns import glob_pattern, like_pattern
from nacre_adapters.tenants.sql.values import (
    Affinity,
    Fold,
    Truth,
    Value,
    cast,
    common_affinity,
    converted,
    exact,
    folding,
    order_of,
    text_of,
    truth_of,
)

Row = Mapping[str, object]
Run = Callable[[Row], Value]
Test = Callable[[Row], Truth]

_AFFINITIES: Mapping[str, Affinity] = {
    "integer": "numeric", "real": "numeric", "numeric": "numeric", "text": "text", "blob": "blob",
}  # fmt: skip
_ORDERS: Mapping[str, Callable[[int], bool]] = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "is": lambda order: order == 0,
    "is not": lambda order: order != 0,
}


@dataclass(frozen=True, slots=True)
class Operand:
    """A value of each row, and how it is compared."""

    run: Run
    affinity: Affinity = None
    fold: Fold | None = None
    """What an explicit COLLATE does to texts."""

    is_collated: bool = False
    is_decimal: bool = False


class Compiler:
    """Makes functions of rows from expressions over one table."""

    def __init__(self, shape: Shape, parameters: Mapping[str, Value]) -> None:
        self._shape = shape
        self._parameters = parameters
        self._lowered: dict[str, list[str]] = {}
        for name in shape.names:
            self._lowered.setdefault(name.lower(), []).append(name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return self._shape.names

    @property
    def first_key(self) -> str:
        """The column that the key begins with."""
        return self._shape.pk[0]

    def column(self, node: tree.ColumnName) -> Column:
        """Return the column that is named; upper and lower case are one, as in SQLite.

        Raises:
            UnknownColumn: there is none.
        """
        table = self._shape.table
        if node.table is not None and node.table.lower() != table.lower():
            raise UnknownColumn(f"there is no table {node.table!r} here: this is {table!r}")
        if node.name in self._shape.by_name:
            return self._shape.by_name[node.name]
        meant = self._lowered.get(node.name.lower(), [node.name])
        if len(meant) > 1:
            raise UnknownColumn(f"{node.name!r} may be {' or '.join(meant)}: write it as it is")
        return self._shape.column(meant[0])

    def parameter(self, node: tree.Parameter) -> Value:
        """Return what was given for a parameter."""
        return self._parameters[node.name]

    def value(self, node: tree.Node) -> Run:
        """Return a function to the value of an expression."""
        return self.operand(node).run

    def truth(self, node: tree.Node) -> Test:
        """Return a function to the truth of an expression."""
        if isinstance(node, _TRUTHS):
            return self.operand(node).run  # type: ignore[return-value]  # it is a truth
        run = self.operand(node).run
        return lambda row: truth_of(run(row))

    @singledispatchmethod
    def operand(self, node: tree.Node) -> Operand:
        """Return a value of each row, and how it is compared."""
        raise Unsupported(f"{type(node).__name__.upper()} is not supported here")

    @operand.register
    def _(self, node: tree.Constant) -> Operand:
        value = node.value
        return Operand(lambda row: value)

    @operand.register
    def _(self, node: tree.Parameter) -> Operand:
        value = self.parameter(node)
        return Operand(lambda row: value, is_decimal=isinstance(value, Decimal))

    @operand.register
    def _(self, node: tree.ColumnName) -> Operand:
        column = self.column(node)
        name, kind = column.name, column.type.name
        if kind == "json":
            raise Unsupported(
                f"the column {name!r} holds lists and dicts: only IS NULL can be asked of it"
            )
        affinity = _AFFINITIES[column.type.affinity]
        return Operand(lambda row: row[name], affinity, is_decimal=kind == "decimal")

    @operand.register
    def _(self, node: tree.Comparison) -> Operand:
        check_compared(node.left, node.right)
        left, right = self.operand(node.left), self.operand(node.right)
        return Operand(_comparison(node.operator, left, right))

    @operand.register
    def _(self, node: tree.All) -> Operand:
        return Operand(_all([self.truth(part) for part in node.parts]))

    @operand.register
    def _(self, node: tree.Some) -> Operand:
        return Operand(_some([self.truth(part) for part in node.parts]))

    @operand.register
    def _(self, node: tree.Negation) -> Operand:
        test = self.truth(node.part)

        def run(row: Row) -> Value:
            truth = test(row)
            return None if truth is None else not truth

        return Operand(run)

    @operand.register
    def _(self, node: tree.IsNull) -> Operand:
        if isinstance(node.part, tree.ColumnName):
            column = self.column(node.part)
            if column.type.name == "json":
                return Operand(lambda row: row[column.name] is None)
        run = self.value(node.part)
        return Operand(lambda row: run(row) is None)

    @operand.register
    def _(self, node: tree.IsTruth) -> Operand:
        test, wanted = self.truth(node.part), node.truth
        return Operand(lambda row: test(row) is wanted)

    @operand.register
    def _(self, node: tree.OneOf) -> Operand:
        check_compared(node.part, *node.values)
        part = self.operand(node.part)
        # The list has no affinity of its own, whatever stands in it.
        values = [self.operand(value) for value in node.values]
        tests = [_comparison("=", part, _bare(value, part)) for value in values]
        return Operand(_some(tests))

    @operand.register
    def _(self, node: tree.Pattern) -> Operand:
        part, pattern = self.value(node.part), self.value(node.pattern)
        if node.kind == "glob":
            return Operand(_globbed(part, pattern))
        escape = None if node.escape is None else self.value(node.escape)
        return Operand(_liked(part, pattern, escape))

    @operand.register
    def _(self, node: tree.Arithmetic) -> Operand:
        left, right = self.operand(node.left), self.operand(node.right)
        calculate, first, second = arithmetic.OPERATORS[node.operator], left.run, right.run
        is_decimal = left.is_decimal or right.is_decimal
        return Operand(lambda row: calculate(first(row), second(row)), is_decimal=is_decimal)

    @operand.register
    def _(self, node: tree.BitsTurned) -> Operand:
        run = self.value(node.part)
        return Operand(lambda row: arithmetic.bits_turned(run(row)))

    @operand.register
    def _(self, node: tree.Joined) -> Operand:
        left, right = self.value(node.left), self.value(node.right)
        return Operand(lambda row: _joined(left(row), right(row)))

    @operand.register
    def _(self, node: tree.Choice) -> Operand:
        whens = [(self.truth(condition), self.value(then)) for condition, then in node.whens]
        otherwise = self.value(node.otherwise)

        def run(row: Row) -> Value:
            for condition, then in whens:
                if condition(row):
                    return then(row)
            return otherwise(row)

        return Operand(run)

    @operand.register
    def _(self, node: tree.Cast) -> Operand:
        run, to = self.value(node.part), node.to
        return Operand(lambda row: cast(run(row), to), _AFFINITIES[to])

    @operand.register
    def _(self, node: tree.Collated) -> Operand:
        part = self.operand(node.part)
        fold = folding(node.collation)
        return Operand(part.run, part.affinity, fold, is_collated=True, is_decimal=part.is_decimal)

    @operand.register
    def _(self, node: tree.Call) -> Operand:
        if any(is_collated(argument) for argument in node.arguments):
            raise Unsupported("COLLATE in the arguments of a function is not supported")
        arguments = [self.value(argument) for argument in node.arguments]
        if node.name == "coalesce":
            return Operand(_coalesced(arguments))
        if node.name == "nullif":
            left, right = (self.operand(argument) for argument in node.arguments)
            equal = _comparison("=", Operand(left.run), Operand(right.run))
            return Operand(lambda row: None if equal(row) else left.run(row))
        return Operand(_called(node.name, arguments))

    @operand.register
    def _(self, node: tree.Measure) -> Operand:
        raise Unsupported(f"the function {node.name.upper()} over rows is not supported here")


_TRUTHS = (
    tree.Comparison, tree.All, tree.Some, tree.Negation, tree.IsNull, tree.IsTruth, tree.OneOf,
    tree.Pattern,
)  # fmt: skip


def _bare(value: Operand, part: Operand) -> Operand:
    """Return a value of a list as it is compared with *part*."""
    affinity: Affinity = None if part.affinity in ("numeric", "text") else "blob"
    return Operand(value.run, affinity, is_decimal=value.is_decimal)


def _comparison(operator: str, left: Operand, right: Operand) -> Test:
    affinity = common_affinity(left.affinity, right.affinity)
    fold = left.fold if left.is_collated else right.fold
    decimal = left.is_decimal or right.is_decimal
    first, second, holds = left.run, right.run, _ORDERS[operator]
    knows_null = operator in ("is", "is not")

    def ready(value: Value) -> Value:
        if affinity in ("numeric", "text"):
            value = converted(value, affinity)
        if decimal:
            value = exact(value)
        return value if fold is None else fold(value)

    def test(row: Row) -> Truth:
        one, other = first(row), second(row)
        if one is None or other is None:
            return holds(int(one is not other)) if knows_null else None
        return holds(order_of(ready(one), ready(other)))

    return test


def _all(tests: list[Test]) -> Test:
    def test(row: Row) -> Truth:
        unknown = False
        for each in tests:
            truth = each(row)
            if truth is None:
                unknown = True
            elif not truth:
                return False
        return None if unknown else True

    return test


def _some(tests: list[Test]) -> Test:
    def test(row: Row) -> Truth:
        unknown = False
        for each in tests:
            truth = each(row)
            if truth is None:
                unknown = True
            elif truth:
                return True
        return None if unknown else False

    return test


def _liked(part: Run, pattern: Run, escape: Run | None) -> Test:
    def test(row: Row) -> Truth:
        value, wanted = part(row), pattern(row)
        sign = None if escape is None else escape(row)
        if value is None or wanted is None or (escape is not None and sign is None):
            return None
        found = like_pattern(_text(wanted), None if sign is None else _text(sign))
        return found is not None and found.fullmatch(_text(value)) is not None

    return test


def _globbed(part: Run, pattern: Run) -> Test:
    def test(row: Row) -> Truth:
        value, wanted = part(row), pattern(row)
        if value is None or wanted is None:
            return None
        found = glob_pattern(_text(wanted))
        return found is not None and found.fullmatch(_text(value)) is not None

    return test


def _text(value: Value) -> str:
    """Return the text that a pattern is matched with; of bytes SQLites are not of one mind."""
    if isinstance(value, bytes):
        raise Unsupported("LIKE and GLOB of bytes are not supported: CAST them AS TEXT")
    return text_of(value)


def _joined(left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    if isinstance(left, bytes) or isinstance(right, bytes):
        raise Unsupported("|| of bytes is not supported: CAST them AS TEXT")
    first, second = text_of(left), text_of(right)
    check_size(len(first) + len(second))
    return first + second


def _coalesced(arguments: list[Run]) -> Run:
    def run(row: Row) -> Value:
        for argument in arguments:
            value = argument(row)
            if value is not None:
                return value
        return None

    return run


def _called(name: str, arguments: list[Run]) -> Run:
    function = FUNCTIONS[name]
    takes_none = name in OF_NONE

    def run(row: Row) -> Value:
        values = [argument(row) for argument in arguments]
        if None in values and not takes_none:
            return None
        return function(*values)

    return run

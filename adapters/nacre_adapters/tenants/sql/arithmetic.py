"""Arithmetic as in SQLite: integers of 64 bits that become floats when they grow too long."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from types import MappingProxyType

from nacre_adapters.tenants.errors import BadExpression
from nacre_adapters.tenants.sql.values import Value, integer_of, is_long, number_of

Number = int | float | Decimal
Calculate = Callable[[Number, Number], Value]

_BITS = 64
_MASK = (1 << _BITS) - 1


def _of_numbers(calculate: Calculate) -> Callable[[Value, Value], Value]:
    def run(left: Value, right: Value) -> Value:
        first, second = number_of(left), number_of(right)
        if first is None or second is None:
            return None
        if isinstance(first, Decimal) != isinstance(second, Decimal):
            # Of a decimal and a float, both are what they are written as.
            first, second = _decimal(first), _decimal(second)
        try:
            return calculate(first, second)
        except DecimalException as error:
            raise BadExpression(f"a calculation with decimals has no result: {error}") from error

    return run


def _decimal(number: Number) -> Number:
    if isinstance(number, float):
        return Decimal(repr(number)) if math.isfinite(number) else number
    return Decimal(number)


def _checked(number: Number) -> Value:
    """Return a result: NaN is NULL."""
    if isinstance(number, float):
        return None if math.isnan(number) else number
    return number


def _whole(exact: Callable[[Number, Number], Number]) -> Calculate:
    """Return an operation whose integers become floats when they grow too long."""

    def run(left: Number, right: Number) -> Value:
        if isinstance(left, int) and isinstance(right, int):
            result = exact(left, right)
            if not is_long(int(result)):
                return result
            left, right = float(left), float(right)
        try:
            return _checked(exact(left, right))
        except OverflowError:
            return None

    return run


def _divided(left: Number, right: Number) -> Value:
    if right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        result = abs(left) // abs(right)
        result = result if (left < 0) == (right < 0) else -result
        return float(left) / float(right) if is_long(result) else result
    return _checked(left / right)  # type: ignore[operator]  # of one class


def _remainder(left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    first, second = integer_of(left), integer_of(right)
    if second == 0:
        return None
    result = abs(first) % abs(second)
    result = -result if first < 0 else result
    whole = isinstance(number_of(left), int) and isinstance(number_of(right), int)
    return result if whole else float(result)


def _signed(bits: int) -> int:
    bits &= _MASK
    return bits - (1 << _BITS) if bits >> (_BITS - 1) else bits


def _of_bits(calculate: Callable[[int, int], int]) -> Callable[[Value, Value], Value]:
    def run(left: Value, right: Value) -> Value:
        if left is None or right is None:
            return None
        return _signed(calculate(integer_of(left), integer_of(right)))

    return run


def _shifted(number: int, count: int) -> int:
    """Return a number shifted to the left, or to the right when the count is below 0."""
    if count >= 0:
        return 0 if count >= _BITS else number << count
    return (-1 if number < 0 else 0) if count <= -_BITS else number >> -count


def bits_turned(value: Value) -> Value:
    """Return an integer with every bit turned."""
    return None if value is None else ~integer_of(value)


OPERATORS: Mapping[str, Callable[[Value, Value], Value]] = MappingProxyType(
    {
        "+": _of_numbers(_whole(lambda left, right: left + right)),  # type: ignore[operator]
        "-": _of_numbers(_whole(lambda left, right: left - right)),  # type: ignore[operator]
        "*": _of_numbers(_whole(lambda left, right: left * right)),  # type: ignore[operator]
        "/": _of_numbers(_divided),
        "%": _remainder,
        "&": _of_bits(lambda left, right: left & right),
        "|": _of_bits(lambda left, right: left | right),
        "<<": _of_bits(_shifted),
        ">>": _of_bits(lambda number, count: _shifted(number, -count)),
    }
)

"""Values as SQLite has them: their classes and order, affinity, numbers in texts, truth.

A value is None, an int, a float, a Decimal, a str or bytes; a bool is an int.
"""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from nacre_adapters.tenants.numerals import number_in, number_of_text, text_of_float
from nacre_adapters.tenants.sql.tree import CastTo, CollationName

Value = object
Truth = bool | None
Affinity = Literal["numeric", "text", "blob"] | None
"""What is done to a value before it is compared; None: it is no column, and nothing is."""

_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1


def truth_of(value: Value) -> Truth:
    """Return whether a value is true; None is neither."""
    if value is None:
        return None
    if isinstance(value, str | bytes):
        return number_in(text_of(value)) != 0
    return value != 0


def text_of(value: Value) -> str:
    """Return the text of a value that is not None."""
    match value:
        case str():
            return value
        case bool():
            return str(int(value))
        case float():
            return text_of_float(value)
        case bytes():
            return value.decode(errors="replace")
    return str(value)


def number_of(value: Value) -> int | float | Decimal | None:
    """Return the number that a value is to arithmetic: that in front of a text, or 0."""
    match value:
        case None:
            return None
        case bool():
            return int(value)
        case int() | float() | Decimal():
            return value
    return number_in(text_of(value))


def integer_of(value: Value) -> int:
    """Return the integer of 64 bits that a value is when it is cast to one."""
    match value:
        case str() | bytes():
            number: object = number_in(text_of(value), whole=True)
        case _:
            number = value
    assert isinstance(number, int | float | Decimal)
    # The size comes first: a large decimal has more digits than there is memory.
    if not _SMALLEST < number < _LARGEST:
        return _LARGEST if number > 0 else _SMALLEST
    return int(number)


def is_long(number: int) -> bool:
    """Tell whether an integer does not fit into 64 bits."""
    return not _SMALLEST <= number <= _LARGEST


def class_of(value: Value) -> int:
    """Return the class of a value that is not None: number, text, bytes, in this order."""
    if isinstance(value, str):
        return 1
    return 2 if isinstance(value, bytes) else 0


def order_of(left: Value, right: Value) -> int:
    """Return below 0, 0 or above 0, as one value is less than, equal to or above the other."""
    first, second = class_of(left), class_of(right)
    if first != second:
        return first - second
    return int(left > right) - int(left < right)  # type: ignore[operator]  # of one class


def converted(value: Value, affinity: Affinity) -> Value:
    """Return a value as it is compared under an affinity."""
    if affinity == "numeric" and isinstance(value, str):
        number = number_of_text(value)
        return value if number is None else number
    if affinity == "text" and value is not None and not isinstance(value, str | bytes):
        return text_of(value)
    return value


def exact(value: Value) -> Value:
    """Return a number as it is compared with decimals: a float is what it is written as."""
    if isinstance(value, float) and math.isfinite(value):
        return Decimal(repr(value))
    return value


def common_affinity(left: Affinity, right: Affinity) -> Affinity:
    """Return the affinity under which two values are compared."""
    if left is not None and right is not None:
        return "numeric" if "numeric" in (left, right) else "blob"
    return left or right


def cast(value: Value, to: CastTo) -> Value:
    """Return what CAST makes of a value."""
    if value is None:
        return None
    match to:
        case "text":
            return text_of(value)
        case "blob":
            return value if isinstance(value, bytes) else text_of(value).encode()
        case "integer":
            return integer_of(value)
        case "real":
            number = number_of(value)
            return None if number is None else float(number)
    return _numeric(value)


def _numeric(value: Value) -> Value:
    if not isinstance(value, str | bytes):
        return value
    number = number_in(text_of(value))
    if isinstance(number, float) and number.is_integer() and abs(number) < 1 << 53:
        return int(number)
    return number


Fold = Callable[[Value], Value]


def folding(collation: CollationName | None) -> Fold | None:
    """Return what is done to texts before they are compared; None: nothing."""
    match collation:
        case "nocase":
            return lambda value: lowered(value) if isinstance(value, str) else value
        case "rtrim":
            return lambda value: value.rstrip(" ") if isinstance(value, str) else value
    return None


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_UPPER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}


def lowered(text: str) -> str:
    """Return a text with A to Z in lower case, and no other letter."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def raised(text: str) -> str:
    """Return a text with a to z in upper case, and no other letter."""
    return text.upper() if text.isascii() else text.translate(_UPPER)

"""The functions of SQL on values; None in, None out, unless said otherwise."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from nacre_adapters.tenants.errors import BadExpression, Unsupported
from nacre_adapters.tenants.sql.values import (
    Value,
    integer_of,
    lowered,
    number_of,
    order_of,
    raised,
    text_of,
)

Function = Callable[..., Value]

_EXACT = 1 << 52
_LONGEST = 100_000_000


def check_size(size: int) -> None:
    """Refuse to make a text that only takes memory, as of REPLACE in REPLACE in REPLACE.

    Raises:
        BadExpression: it would be too long.
    """
    if size > _LONGEST:
        raise BadExpression(f"an expression makes a text of {size} characters: make it shorter")


def length(value: Value) -> Value:
    """Return how many characters, or bytes, there are."""
    return len(value) if isinstance(value, bytes) else len(text_of(value))


def absolute(value: Value) -> Value:
    """Return a number without its sign; a text is a real number."""
    number = number_of(value)
    if isinstance(value, str | bytes):
        return abs(float(number or 0))
    if number == -(1 << 63) and isinstance(number, int):
        raise BadExpression("ABS of the smallest integer is no integer")
    return None if number is None else abs(number)


def rounded(value: Value) -> Value:
    """Return the nearest whole number as a float; halves go away from zero."""
    number = number_of(value)
    if isinstance(number, Decimal) or number is None:
        raise Unsupported("ROUND of a decimal is not supported")
    real = float(number)
    if abs(real) >= _EXACT or real != real:  # noqa: PLR0124 - NaN
        return real
    return float(int(real + (0.5 if real >= 0 else -0.5)))


def hexadecimal(value: Value) -> Value:
    """Return the bytes of a value in hexadecimal digits; none for None."""
    if value is None:
        return ""
    raw = value if isinstance(value, bytes) else text_of(value).encode()
    check_size(2 * len(raw))
    return raw.hex().upper()


def type_of(value: Value) -> Value:
    """Return the name of the class of a value."""
    match value:
        case None:
            return "null"
        case bool() | int():
            return "integer"
        case str():
            return "text"
        case bytes():
            return "blob"
    return "real"


def unicode_of(value: Value) -> Value:
    """Return the number of the first character; None of an empty text."""
    text = text_of(value)
    return ord(text[0]) if text else None


def trimmed(value: Value, characters: Value = " ") -> Value:
    """Return a text without some characters at both ends."""
    return text_of(value).strip(text_of(characters)) if characters != "" else text_of(value)


def left_trimmed(value: Value, characters: Value = " ") -> Value:
    """Return a text without some characters at its beginning."""
    return text_of(value).lstrip(text_of(characters)) if characters != "" else text_of(value)


def right_trimmed(value: Value, characters: Value = " ") -> Value:
    """Return a text without some characters at its end."""
    return text_of(value).rstrip(text_of(characters)) if characters != "" else text_of(value)


def replaced(value: Value, old: Value, new: Value) -> Value:
    """Return a text with another text in place of one."""
    text, wanted = text_of(value), text_of(old)
    if not wanted:
        return text
    put = text_of(new)
    check_size(len(text) + text.count(wanted) * (len(put) - len(wanted)))
    return text.replace(wanted, put)


def found_at(value: Value, wanted: Value) -> Value:
    """Return where a text, or bytes, begins in another, from 1; 0 when it does not."""
    if isinstance(value, bytes) and isinstance(wanted, bytes):
        return value.find(wanted) + 1
    return text_of(value).find(text_of(wanted)) + 1


def part_of(value: Value, start: Value, count: Value = 1 << 62) -> Value:
    """Return a part of a text, or of bytes; from the end where *start* is below 0."""
    whole = value if isinstance(value, bytes) else text_of(value)
    first, size = integer_of(start), integer_of(count)
    backwards = size < 0
    size = abs(size)
    if first < 0:
        first += len(whole)
        if first < 0:
            size, first = max(0, size + first), 0
    elif first > 0:
        first -= 1
    elif size > 0:
        size -= 1
    if backwards:
        first -= size
        if first < 0:
            size, first = max(0, size + first), 0
    return whole[first : first + size]


def smallest(*values: Value) -> Value:
    """Return the smallest value, the last of equal ones: 1 and 1.0 are."""
    found = values[0]
    for value in values[1:]:
        if order_of(value, found) <= 0:
            found = value
    return found


def largest(*values: Value) -> Value:
    """Return the largest value, the first of equal ones."""
    found = values[0]
    for value in values[1:]:
        if order_of(value, found) > 0:
            found = value
    return found


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "length": length,
        "lower": lambda value: lowered(text_of(value)),
        "upper": lambda value: raised(text_of(value)),
        "abs": absolute,
        "round": rounded,
        "hex": hexadecimal,
        "typeof": type_of,
        "unicode": unicode_of,
        "trim": trimmed,
        "ltrim": left_trimmed,
        "rtrim": right_trimmed,
        "replace": replaced,
        "instr": found_at,
        "substr": part_of,
        "min": smallest,
        "max": largest,
    }
)
"""By name; nullif and coalesce are no functions of values alone."""

OF_NONE = frozenset({"hex", "typeof"})
"""What says something of None."""

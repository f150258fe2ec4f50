"""Numbers as SQLite writes them and reads them in texts."""

import re
from decimal import Decimal

_SPACE = r"[ \t\n\v\f\r]*"
_INTEGER = re.compile(_SPACE + r"([+-]?[0-9]+)")
_NUMBER = re.compile(_SPACE + r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_WHOLE = re.compile(_NUMBER.pattern + _SPACE)
_LIMIT = 1 << 63
_DIGITS = 20


def whole_of(value: float | Decimal) -> int | None:
    """Return the integer of 64 bits that a number is; None: it is none."""
    # The size comes first: arithmetic with a large decimal takes for ever.
    if value != value or not -_LIMIT <= value < _LIMIT:  # noqa: PLR0124 - NaN
        return None
    return int(value) if value == int(value) else None


def text_of_float(number: float) -> str:
    """Return the text of a float: 15 digits, and always a point."""
    if number in (float("inf"), float("-inf")):
        return "Inf" if number > 0 else "-Inf"
    mantissa, e, exponent = f"{number:.15g}".partition("e")
    if "." not in mantissa:
        mantissa += ".0"
    return mantissa + e + exponent


def number_in(text: str, *, whole: bool = False) -> int | float:
    """Return the number that a text begins with, 0 if none; with *whole* only an integer."""
    found = (_INTEGER if whole else _NUMBER).match(text)
    return 0 if found is None else _number(found[1])


def number_of_text(text: str) -> int | float | None:
    """Return the number that a text is, or None."""
    found = _WHOLE.fullmatch(text)
    return None if found is None else _number(found[1])


def _number(text: str) -> int | float:
    # Longer ones are no integers of 64 bits, and Python reads no integers of thousands of digits.
    if text.lstrip("+-").isdigit() and len(text.lstrip("+-0")) < _DIGITS:
        number = int(text.lstrip("+-0") or "0") * (-1 if text[0] == "-" else 1)
        return number if -_LIMIT <= number < _LIMIT else float(text)
    return float(text)

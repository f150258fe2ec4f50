"""Numbers as SQLite writes them and reads them in texts."""

import re

_SPACE = r"[ \t\n\v\f\r]*"
_INTEGER = re.compile(_SPACE + r"([+-]?[0-9]+)")
_NUMBER = re.compile(_SPACE + r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_WHOLE = re.compile(_NUMBER.pattern + _SPACE)
_LIMIT = 1 << 63


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
    if text.lstrip("+-").isdigit():
        number = int(text)
        return number if -_LIMIT <= number < _LIMIT else float(text)
    return float(text)

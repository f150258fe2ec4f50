"""Numbers as SQLite writes and reads them."""

import re

_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")
_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_LIMIT = 1 << 63


def text_of_float(number: float) -> str:
    """Return the text of a float: 15 digits, and always a point."""
    if number != number:  # noqa: PLR0124 - only NaN differs from itself
        return ""
    if number in (float("inf"), float("-inf")):
        return "Inf" if number > 0 else "-Inf"
    text = f"{number:.15g}"
    mantissa, e, exponent = text.partition("e")
    if "." not in mantissa:
        mantissa += ".0"
    return mantissa + e + exponent

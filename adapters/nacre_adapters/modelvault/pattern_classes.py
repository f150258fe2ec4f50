r"""Classes of characters in patterns: what Python's `re` does not know, as plain ranges.

    class := [ ^ ] operand { ( && | -- | ~~ ) operand }      operand := { item }
    item  := a | a-z | \d | \p{Lu} | \x{41} | [:alpha:] | class

The categories are those of Unicode; scripts and other properties are not known.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]
"""Code points from, to: in order, and apart from each other."""

_LAST = 0x10FFFF
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f", "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~",
    "punct": "!-/:-@\\[-`{-~", "space": r"\t\n\v\f\r ", "upper": "A-Z", "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_NAMES = {
    "letter": "L", "uppercase_letter": "Lu", "lowercase_letter": "Ll", "number": "N",
    "decimal_number": "Nd", "punctuation": "P", "symbol": "S", "separator": "Z", "mark": "M",
    "other": "C",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:x\{(?P<hex>[0-9A-Fa-f]+)\}|u\{(?P<u>[0-9A-Fa-f]+)\}|U\{(?P<v>[0-9A-Fa-f]+)\}"
    r"|(?P<not>[pP])(?:\{(?P<name>\w+)\}|(?P<letter>[A-Z]))|(?P<set>[dDwWsS]))"
)
_LETTER = re.compile(
    r"\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\[^0-9xuUpP]|[^\\]", re.S
)
_NAMED = re.compile(r"\[:(\^?)(\w+):\]")
_HYPHEN: Ranges = ((45, 45),)
_OPERATORS = ("&&", "--", "~~")


def read_class(pattern: str, at: int) -> tuple[str, int]:
    """Return a class that begins at a bracket as Python writes it, and where it ends.

    Raises:
        ValueError: it is none.
    """
    found, end = _class(pattern, at + 1)
    return _written(found), end


def read_escape(pattern: str, at: int) -> tuple[str, int] | None:
    """Return what an escape means that Python does not know, and where it ends; or None.

    Raises:
        ValueError: there is no such property.
    """
    found = _ESCAPE.match(pattern, at)
    if found is None or found["set"]:
        return None
    return _written(_escaped(found)), found.end()


def _class(pattern: str, at: int) -> tuple[Ranges, int]:
    negated = pattern.startswith("^", at)
    at += negated
    start = at
    while pattern.startswith("-", at):  # at the beginning, each stands for itself
        at += 1
    is_first, operator = at == start, ""
    found: Ranges = () if is_first else _HYPHEN
    while True:
        operand, at = _operand(pattern, at, is_first=is_first)
        if not operator:
            operand = _joined(found, operand)
        found = _combined(operator, found, operand)
        if pattern.startswith("]", at):
            return (_others(found) if negated else found), at + 1
        is_first, operator = False, pattern[at : at + 2]
        at += 2


def _combined(operator: str, left: Ranges, right: Ranges) -> Ranges:
    match operator:
        case "&&":
            return _both(left, right)
        case "--":
            return _both(left, _others(right))
        case "~~":
            return _both(_joined(left, right), _others(_both(left, right)))
    return right


def _operand(pattern: str, at: int, *, is_first: bool) -> tuple[Ranges, int]:
    """Return what is in a class up to an operator or its end; a bracket may come first."""
    items: list[Ranges] = []
    while at < len(pattern):
        ends = pattern[at] == "]" and not (is_first and not items)
        if ends or pattern[at : at + 2] in _OPERATORS:
            return _joined(*items), at
        item, at = _item(pattern, at)
        items.append(item)
    raise ValueError("a class does not end")


def _item(pattern: str, at: int) -> tuple[Ranges, int]:
    named = _NAMED.match(pattern, at)
    if named is not None:
        if named[2] not in _POSIX:
            raise ValueError(f"there is no class {named[0]}")
        found = _matching(f"[{_POSIX[named[2]]}]")
        return (_others(found) if named[1] else found), named.end()
    if pattern[at] == "[":
        return _class(pattern, at + 1)
    escape = _ESCAPE.match(pattern, at)
    if escape is not None and not (escape["hex"] or escape["u"] or escape["v"]):
        return _escaped(escape), escape.end()
    low, at = _letter(pattern, at)
    if pattern.startswith("-", at) and pattern[at + 1 : at + 2] not in ("]", "-", ""):
        high, at = _letter(pattern, at + 1)
        if high < low:
            raise ValueError("a range ends before it begins")
        return ((low, high),), at
    return ((low, low),), at


def _letter(pattern: str, at: int) -> tuple[int, int]:
    escape = _ESCAPE.match(pattern, at)
    digits = escape and (escape["hex"] or escape["u"] or escape["v"])
    if escape is not None and digits:
        return _code_point(digits), escape.end()
    found = _LETTER.match(pattern, at)
    if found is None:
        raise ValueError(f"{pattern[at : at + 2]} is no character")
    text = found[0] if len(found[0]) == 1 else _plain(found[0])
    return ord(text), found.end()


def _plain(escape: str) -> str:
    """Return the character that an escape of Python's stands for."""
    known = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
    if escape[1] in "xuU":
        return chr(_code_point(escape[2:]))
    if escape[1].isalnum() and escape[1] not in known:
        raise ValueError(f"{escape} is no character")
    return known.get(escape[1], escape[1])


def _code_point(digits: str) -> int:
    number = int(digits, 16)
    if number > _LAST:
        raise ValueError(f"there is no character {digits}")
    return number


def _escaped(found: re.Match[str]) -> Ranges:
    digits = found["hex"] or found["u"] or found["v"]
    if digits:
        return ((_code_point(digits),) * 2,)
    if found["set"]:
        return _matching("\\" + found["set"])
    name = found["letter"] or found["name"]
    ranges = _of_category(_NAMES.get(name.lower(), name))
    return _others(ranges) if found["not"] == "P" else ranges


@lru_cache(maxsize=64)
def _of_category(name: str) -> Ranges:
    found = _ranges(c for c in range(_LAST + 1) if unicodedata.category(chr(c)).startswith(name))
    if not found or not name[0].isupper() or len(name) > 2:
        raise ValueError(f"there is no category {name}")
    return found


@lru_cache(maxsize=64)
def _matching(one: str) -> Ranges:
    every = "".join(map(chr, range(_LAST + 1)))
    return _ranges(found.start() for found in re.finditer(one, every))


def _ranges(ordered: Iterator[int]) -> Ranges:
    found: list[tuple[int, int]] = []
    for point in ordered:
        if found and found[-1][1] == point - 1:
            found[-1] = (found[-1][0], point)
        else:
            found.append((point, point))
    return tuple(found)


def _joined(*every: Ranges) -> Ranges:
    found: list[tuple[int, int]] = []
    for low, high in sorted(pair for ranges in every for pair in ranges):
        if found and found[-1][1] >= low - 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def _others(ranges: Ranges) -> Ranges:
    edges = [-1, *(edge for pair in ranges for edge in pair), _LAST + 1]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((low + 1, high - 1) for low, high in pairs if low + 1 <= high - 1)


def _both(left: Ranges, right: Ranges) -> Ranges:
    return _others(_joined(_others(left), _others(right)))


def _written(ranges: Ranges) -> str:
    if not ranges:
        return "(?!)"
    return "[" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges) + "]"

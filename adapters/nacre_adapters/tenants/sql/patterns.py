"""LIKE and GLOB as regular expressions."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from nacre_adapters.tenants.errors import BadExpression

_ANY = ".*"


@lru_cache(maxsize=256)
def like_pattern(pattern: str, escape: str | None = None) -> re.Pattern[str] | None:
    """Return what a pattern of LIKE matches; None: nothing. a to z are equal to A to Z.

    Raises:
        BadExpression: the escape is not one character.
    """
    if escape is not None and len(escape) != 1:
        raise BadExpression("ESCAPE takes one character")
    parts = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            following = next(characters, None)
            if following is None:
                return None
            parts.append(_letter(following))
        elif character in "%_":
            parts.append(_ANY if character == "%" else ".")
        else:
            parts.append(_letter(character))
    return _compiled(parts)


def _compiled(parts: Sequence[str]) -> re.Pattern[str]:
    """Return an expression of parts in which each way through a text is tried once.

    What stands between two wildcards is looked for from left to right, and where it is first found
    is as good as any other place: without this, hostile patterns would take for ever.
    """
    pieces: list[list[str]] = [[]]
    for part in parts:
        if part == _ANY:
            pieces.append([])
        else:
            pieces[-1].append(part)
    first, *others = ["".join(piece) for piece in pieces]
    found = "".join(f"(?>.*?{piece})" for piece in others[:-1] if piece)
    last = f".*{others[-1]}" if others else ""
    return re.compile(f"{first}{found}{last}", re.DOTALL)


def _letter(character: str) -> str:
    if character.isascii() and character.isalpha():
        return f"[{character.lower()}{character.upper()}]"
    return re.escape(character)


@lru_cache(maxsize=256)
def glob_pattern(pattern: str) -> re.Pattern[str] | None:
    """Return what a pattern of GLOB matches; None: nothing."""
    parts = []
    characters = iter(pattern)
    for character in characters:
        if character == "[":
            chosen = _set(characters)
            if chosen is None:
                return None
            parts.append(chosen)
        elif character in "*?":
            parts.append(_ANY if character == "*" else ".")
        else:
            parts.append(re.escape(character))
    return _compiled(parts)


def _set(characters: Iterator[str]) -> str | None:
    """Return the rest of a set of characters; None when it does not end."""
    inside: list[str] = []
    negated = False
    for character in characters:
        if character == "^" and not inside and not negated:
            negated = True
        elif character == "]" and inside:
            return _class(inside, negated=negated)
        else:
            inside.append(character)
    return None


def _class(inside: list[str], *, negated: bool) -> str:
    parts = []
    at = 0
    while at < len(inside):
        if at + 2 < len(inside) and inside[at + 1] == "-":
            low, high = inside[at], inside[at + 2]
            if low <= high:
                parts.append(f"{re.escape(low)}-{re.escape(high)}")
            at += 3
        else:
            parts.append(re.escape(inside[at]))
            at += 1
    body = "".join(parts)
    if not body:
        return "." if negated else "(?!)"
    return f"[{'^' if negated else ''}{body}]"

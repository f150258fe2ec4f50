"""Patterns of constraints: which are refused, and how Python's `re` is made to read them.

The language is that of Rust's regex crate: no look-around, no references to groups.
"""

import re

from nacre_adapters.modelvault.errors import ModelVaultValidationError
from nacre_adapters.modelvault.pattern_classes import read_class, read_escape

_MAX_BYTES = 512
_BACKREFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?<?[=!]|\(\?\(")
# What Rust matches in linear time, Python may take exponential time for.
_NESTED = re.compile(r"(?<!\\)[*+]\??\)[*+{]")
# A class that Python reads as Rust does.
_CLASS = re.compile(
    r"\[\^?+\]?+(?:[^][\\&~-]|\\[^pPxuU]|\\[xuU](?!\{)|&(?!&)|-(?!-)|~(?!~))*\]", re.S
)
_LINES = re.compile(r"\(\?[a-z]*m")
# Rust regards no case before it takes away, Python after that.
_FOLDS = re.compile(r"\(\?[a-z]*i")
_WITHOUT = re.compile(r"\[:?\^|\\[PDWS]|--|~~")
_NAMED = re.compile(r"\(\?<(?=[A-Za-z_])")


def check_pattern(pattern: str) -> None:
    """Refuse a pattern when a schema is registered, so that no row has to fail for it.

    Raises:
        ModelVaultValidationError: it is too long, or does not compile.
    """
    size = len(pattern.encode())
    if size > _MAX_BYTES:
        raise ModelVaultValidationError(
            f"validation error: regex pattern length {size} exceeds maximum {_MAX_BYTES}"
        )
    if _NESTED.search(pattern):
        raise ModelVaultValidationError(
            "validation error: regex pattern contains nested quantifiers"
        )
    python_pattern(pattern)


def python_pattern(pattern: str) -> re.Pattern[str]:
    """Return a pattern compiled.

    Raises:
        ModelVaultValidationError: it does not compile.
    """
    if _BACKREFERENCE.search(pattern):
        raise _invalid(f"{pattern!r:.80} looks around or back")
    try:
        return re.compile(_translated(pattern))
    except re.error as error:
        raise ModelVaultValidationError(
            f"validation error: {_what_is_wrong(error)} ({pattern!r:.80})"
        ) from None
    except ValueError as error:
        raise _invalid(f"{error} ({pattern!r:.80})") from None


def _translated(pattern: str) -> str:
    """Return a pattern as Python writes it: the end is the very end, groups have a P."""
    text, out, at = _NAMED.sub("(?P<", pattern), [], 0
    folds = _FOLDS.search(pattern) is not None
    end = "(?=\\n|\\Z)" if _LINES.search(pattern) else "\\Z"
    while at < len(text):
        plain = _CLASS.match(text, at)
        special = read_class(text, at) if text[at] == "[" and not plain else read_escape(text, at)
        if special is not None:
            if folds and _WITHOUT.search(text[at : special[1]]):
                raise ValueError("a class without regard to case cannot be without something")
            part, at = special
        elif plain is not None:
            part, at = plain[0], plain.end()
        else:
            part = text[at : at + 2] if text[at] == "\\" else text[at]
            at += len(part)
            part = {"$": end, "\\z": "\\Z"}.get(part, part)
        out.append(part)
    return "".join(out)


def _invalid(why: str) -> ModelVaultValidationError:
    return ModelVaultValidationError(f"validation error: invalid regex in schema: {why}")


def _what_is_wrong(error: re.error) -> str:
    """Return what is wrong in the words of the original."""
    if "unterminated subpattern" in str(error) or "unbalanced parenthesis" in str(error):
        return "regex pattern has unbalanced parentheses"
    if "multiple repeat" in str(error):
        return "regex pattern contains nested quantifiers"
    return f"invalid regex in schema: {error}"

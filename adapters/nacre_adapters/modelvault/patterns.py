"""Patterns of constraints: which are refused, and how Python's `re` is made to read them.

The language is that of Rust's regex crate: no look-around, no references to groups.
"""

import re

from nacre_adapters.modelvault.errors import ModelVaultValidationError

_MAX_BYTES = 512
_BACKREFERENCE = re.compile(r"\\[1-9]|\(\?P=|\(\?<?[=!]|\(\?\(")
# What Rust matches in linear time, Python may take exponential time for.
_NESTED = re.compile(r"(?<!\\)[*+]\??\)[*+{]")
# What Python reads otherwise: sets of classes inside of classes.
_SETS = re.compile(r"(?<!\\)\[[^\]]*(?:&&|--|~~|\[)")
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
    for refused, why in ((_BACKREFERENCE, "looks around or back"), (_SETS, "joins classes")):
        if refused.search(pattern):
            raise ModelVaultValidationError(
                f"validation error: invalid regex in schema: {pattern!r:.80} {why}"
            )
    try:
        return re.compile(_translated(pattern))
    except re.error as error:
        raise ModelVaultValidationError(
            f"validation error: {_what_is_wrong(error)} ({pattern!r:.80})"
        ) from None


def _translated(pattern: str) -> str:
    """Return a pattern as Python writes it: the end is the very end, groups have a P."""
    out, escaped, in_class = [], False, False
    for letter in _NAMED.sub("(?P<", pattern):
        if escaped:
            out.append({"z": "\\Z"}.get(letter, "\\" + letter))
            escaped = False
        elif letter == "\\":
            escaped = True
        elif letter == "$" and not in_class:
            out.append("\\Z")
        else:
            in_class = letter == "[" or (in_class and letter != "]")
            out.append(letter)
    return "".join(out) + ("\\" if escaped else "")


def _what_is_wrong(error: re.error) -> str:
    """Return what is wrong in the words of the original."""
    if "unterminated subpattern" in str(error) or "unbalanced parenthesis" in str(error):
        return "regex pattern has unbalanced parentheses"
    if "multiple repeat" in str(error):
        return "regex pattern contains nested quantifiers"
    return f"invalid regex in schema: {error}"

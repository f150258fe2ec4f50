"""Conditions as people type them, `age >= 18`: read by the types of a schema."""

import csv
import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from nacre.errors import InvalidInput
from nacre.rows.conditions import Condition, compared
from nacre.rows.schema import Schema

_SIGNED = re.compile(r"\s*([^\s<>=!]+)\s*(<=|>=|!=|<>|==|=|<|>)\s*(.*)", re.DOTALL)
_WORDED = re.compile(
    r"\s*(\S+)\s+(not in|in|is not null|is null|prefix|like|regex)(?:\s+(.*)|\s*)", re.DOTALL
)
_AS_IT_IS = ("prefix", "like", "regex")


def condition_in(schema: Schema, text: str) -> Condition:
    """Return the condition that a text like `city in Oslo, Bern` means.

    Raises:
        InvalidInput: it is not understood, or its value is not of the type of the field.
        NotFound: there is no such field.
    """
    found = _WORDED.fullmatch(text) or _SIGNED.fullmatch(text)
    if found is None:
        raise InvalidInput(
            f"the condition {text[:80]!r} is not understood: write a field, an operator and a "
            "value, such as 'age >= 18' or 'city in Oslo, Bern'"
        )
    name, operator, value = found[1], found[2], found[3]
    path = schema.resolve(name)
    if operator.startswith("is "):
        if value:
            raise InvalidInput(f"{operator!r} takes no value: leave {value[:60]!r} away")
        return compared(path, "=" if operator == "is null" else "!=", None)
    spec = schema.type_at(path).spec
    value = (value or "").strip()
    if operator in _AS_IT_IS:
        return compared(path, operator, value)
    if operator in ("in", "not in"):
        parts = next(csv.reader([value], skipinitialspace=True), [])
        return compared(path, operator, [_value(name, spec, part.strip()) for part in parts])
    return compared(path, operator, _value(name, spec, value))


def _value(name: str, spec: object, text: str) -> object:
    read, wanted = _READERS.get(str(spec), (json.loads, "JSON"))
    try:
        return read(text)
    except (ValueError, KeyError, InvalidOperation, RecursionError):
        raise InvalidInput(f"the field {name!r} takes {wanted}, not {text[:60]!r}") from None


def _instant(text: str) -> object:
    """Return a moment; one without a zone is local."""
    found = datetime.fromisoformat(text)
    return found.astimezone() if found.tzinfo is None else found


_READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "bool": (lambda text: {"true": True, "false": False}[text.lower()], "true or false"),
    "int64": (int, "an integer"),
    "uint64": (int, "an integer"),
    "float64": (float, "a number"),
    "string": (str, "text"),
    "bytes": (bytes.fromhex, "hexadecimal digits"),
    "uuid": (UUID, "a UUID"),
    "timestamp": (_instant, "an ISO 8601 time"),
    "datetime": (datetime.fromisoformat, "an ISO 8601 time without a zone"),
    "date": (date.fromisoformat, "an ISO 8601 date"),
    "decimal": (Decimal, "a number"),
}

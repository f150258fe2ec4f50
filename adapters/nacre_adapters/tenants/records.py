"""Records as users give them: a dict, an object, keywords."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from nacre_adapters.tenants.unset import UNSET


def values_of(record: object, named: Mapping[str, object] | None = None) -> dict[str, object]:
    """Return the values in a record, without what is UNSET; keywords win.

    What holds no values, such as None or a text, is empty.
    """
    given = _given(record)
    if named:
        given = {**given, **named}
    return {name: value for name, value in given.items() if value is not UNSET}


def _given(record: object) -> dict[str, object]:
    if record is None:
        return {}
    if isinstance(record, Mapping):
        return dict(record)
    if is_dataclass(record) and not isinstance(record, type):
        return {field.name: getattr(record, field.name) for field in fields(record)}
    return dict(getattr(record, "__dict__", {}))

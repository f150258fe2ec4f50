"""What a table looks like: its columns for expressions, its SQL, a class for its rows."""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from nacre_adapters.tenants.models import check_field
from nacre_adapters.tenants.shape import Shape
from nacre_adapters.tenants.unset import UNSET

_SQL_TYPES = {
    "int": "INTEGER", "float": "FLOAT", "bool": "BOOLEAN", "bytes": "BLOB", "decimal": "NUMERIC",
    "json": "JSON",
}  # fmt: skip

_PYTHON_TYPES: Mapping[str, type] = MappingProxyType({
    "int": int, "float": float, "str": str, "bool": bool, "bytes": bytes, "date": date,
    "datetime": datetime, "decimal": Decimal, "uuid": UUID, "json": dict,
})  # fmt: skip


class ColumnNames:
    """The columns of a table, as expressions name them."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        self._shape.column(name)
        return f"{quoted(self._shape.table)}.{quoted(name)}"

    def __call__(self) -> list[str]:
        """Return their names."""
        return list(self)

    def __iter__(self) -> Iterator[str]:
        return iter(self._shape.names)

    def __contains__(self, name: object) -> bool:
        return name in self._shape.names

    def __repr__(self) -> str:
        return ", ".join(self._shape.names)


def quoted(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def schema_of(shape: Shape) -> str:
    """Return a table as SQL would create it."""
    columns = [
        f"  {quoted(column.name)} {_SQL_TYPES.get(column.type.name, 'VARCHAR')}"
        + " NOT NULL" * (column.name in shape.required)
        for column in shape.columns
    ]
    key = f"  PRIMARY KEY ({', '.join(map(quoted, shape.pk))})"
    inside = ",\n".join([*columns, key])
    return f"CREATE TABLE {quoted(shape.table)} (\n{inside}\n)"


def dataclass_of(shape: Shape) -> type:
    """Return a class whose objects hold rows: each field may be left out."""
    for column in shape.columns:
        check_field(column.name)
    # Frameworks read the annotations: fastHTML makes what a form sends into what they say.
    fields = [
        (column.name, _PYTHON_TYPES[column.type.name] | None, dataclasses.field(default=UNSET))
        for column in shape.columns
    ]
    return dataclasses.make_dataclass(shape.table.title().replace(" ", ""), fields)

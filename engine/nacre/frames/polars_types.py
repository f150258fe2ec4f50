"""Polars types as lists that msgpack can hold, and back."""

from typing import Literal

import polars as pl

_PLAIN = (
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    *(pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Time, pl.Null),
    pl.Categorical,
)
_UNITS: dict[str, Literal["ns", "us", "ms"]] = {"ns": "ns", "us": "us", "ms": "ms"}
_BY_NAME = {kind.__name__: kind for kind in _PLAIN}


def encode_type(dtype: object) -> list[object] | None:
    """Return what describes *dtype*; None when this module does not know it."""
    # Some versions of polars give the class of a type without parameters.
    kind = dtype if isinstance(dtype, type) else type(dtype)
    if kind in _PLAIN:
        return [kind.__name__]
    if isinstance(dtype, pl.List | pl.Array):
        inner = encode_type(dtype.inner)
        size = [dtype.size] if isinstance(dtype, pl.Array) else []
        return None if inner is None else [kind.__name__, inner, *size]
    if isinstance(dtype, pl.Struct):
        fields = [[field.name, encode_type(field.dtype)] for field in dtype.fields]
        return None if any(inner is None for _, inner in fields) else ["Struct", fields]
    return _encode_parameters(dtype)


def decode_type(content: object) -> pl.DataType:
    """Return the type that `encode_type` described.

    Raises:
        ValueError: *content* describes none.
    """
    match content:
        case [str() as name] if name in _BY_NAME:
            return _BY_NAME[name]()
        case ["List", inner]:
            return pl.List(decode_type(inner))
        case ["Array", inner, int() as size]:
            return pl.Array(decode_type(inner), size)
        case ["Struct", list() as fields]:
            return pl.Struct({name: decode_type(inner) for name, inner in fields})
        case ["Datetime", str() as unit, str() | None as zone]:
            return pl.Datetime(_UNITS[unit], zone)
        case ["Duration", str() as unit]:
            return pl.Duration(_UNITS[unit])
        case ["Decimal", int() as precision, int() as scale]:
            return pl.Decimal(precision, scale)
        case ["Enum", list() as categories]:
            return pl.Enum(categories)
    raise ValueError(f"{content!r:.60} is no type of polars")


def _encode_parameters(dtype: object) -> list[object] | None:
    if isinstance(dtype, pl.Datetime):
        return ["Datetime", dtype.time_unit, dtype.time_zone]
    if isinstance(dtype, pl.Duration):
        return ["Duration", dtype.time_unit]
    if isinstance(dtype, pl.Decimal):
        return ["Decimal", dtype.precision, dtype.scale]
    return ["Enum", dtype.categories.to_list()] if isinstance(dtype, pl.Enum) else None

"""How the values of one Arrow type lie in memory, and the short token that names the type.

Every array is cut, hashed, compared and mapped by its layout alone; the type is only put back
on when an array is read. Types that are no flat run of values (lists, structs, unions) have the
layout `nested`, and their chunks are Arrow IPC streams.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import pyarrow as pa

from nacre.errors import CorruptionError

Shape = Literal["fixed", "bits", "variable", "nested", "null"]

# Types that a manifest names in words; any other is named by its Arrow IPC schema.
_NAMED = (
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.null()),
    *(pa.string(), pa.large_string(), pa.binary(), pa.large_binary()),
    *(pa.date32(), pa.date64()),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """`width` is the bytes of a value (fixed) or of an offset (variable), else 0."""

    shape: Shape
    width: int = 0


@cache
def layout_of(kind: pa.DataType) -> Layout:
    """Return how arrays of the type *kind* lie in memory."""
    if pa.types.is_null(kind):
        return Layout("null")
    if pa.types.is_boolean(kind):
        return Layout("bits")
    if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        return Layout("variable", 8)
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return Layout("variable", 4)
    if pa.types.is_fixed_size_binary(kind):
        return Layout("fixed", kind.byte_width) if kind.byte_width else Layout("nested")
    if pa.types.is_primitive(kind) or pa.types.is_decimal(kind):
        return Layout("fixed", kind.bit_width // 8)
    return Layout("nested")


@cache
def type_token(kind: pa.DataType) -> str | bytes:
    """Return what names *kind* in a manifest."""
    if kind in _NAMED:
        return str(kind)
    token: bytes = pa.schema([pa.field("", kind)]).serialize().to_pybytes()
    return token


def type_of(token: object) -> pa.DataType:
    """Return the type that `type_token` named.

    Raises:
        CorruptionError: *token* names none.
    """
    if isinstance(token, str):
        return _named_type(token)
    if not isinstance(token, bytes):
        raise CorruptionError(f"{token!r:.60} names no Arrow type: run `nacre verify`")
    return _parse_type(token)


@cache
def _named_type(token: str) -> pa.DataType:
    for kind in _NAMED:
        if str(kind) == token:
            return kind
    raise CorruptionError(f"{token[:60]!r} names no Arrow type: run `nacre verify`")


def _parse_type(token: bytes) -> pa.DataType:
    try:
        schema = pa.ipc.read_schema(pa.py_buffer(token))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CorruptionError(f"a stored Arrow type does not decode: {error}") from error
    if len(schema) != 1:
        raise CorruptionError(f"a stored Arrow type has {len(schema)} fields: run `nacre verify`")
    return schema.field(0).type

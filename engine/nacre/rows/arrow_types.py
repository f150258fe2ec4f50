"""What the types of fields are in Arrow: for users, and in the blob of a load."""

from collections.abc import Sequence

import pyarrow as pa

from nacre.errors import CorruptionError
from nacre.rows.types import FieldType

_GIVEN = {
    "bool": pa.bool_(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "float64": pa.float64(),
    "string": pa.string(),
    "bytes": pa.binary(),
    "uuid": pa.binary(16),
    "timestamp": pa.timestamp("us", "UTC"),
    "datetime": pa.timestamp("us"),
    "date": pa.date32(),
    "decimal": pa.string(),
    "json": pa.string(),
}
_STORED = {
    "timestamp": pa.int64(),
    "datetime": pa.int64(),
    "date": pa.int32(),
    "json": pa.binary(),
}


def given_arrow(kind: FieldType) -> pa.DataType:
    """Return what a column of a type is for users."""
    if kind.element is not None:
        # pandas takes no lists of a fixed size of bytes.
        is_uuid = kind.element.spec == "uuid"
        return pa.list_(pa.binary() if is_uuid else given_arrow(kind.element))
    if kind.inner is not None:
        return pa.struct([(name, given_arrow(part)) for name, part in kind.inner.items()])
    return _GIVEN[str(kind.spec)]


def load_arrow(kind: FieldType) -> pa.DataType:
    """Return what a column of stored values is in the blob of a load."""
    if isinstance(kind.spec, str):
        return _STORED.get(kind.spec, _GIVEN[kind.spec])
    return pa.binary()  # packed


def stored_array(values: Sequence[object], kind: FieldType) -> pa.Array:
    """Return stored values of a type as an array of it.

    Raises:
        CorruptionError: one of them is of another type.
    """
    try:
        return pa.array(values, load_arrow(kind))
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise CorruptionError(
            f"a row does not have the types of its fields ({error}): run `nacre verify`"
        ) from error


def is_bytes(arrow: pa.DataType) -> bool:
    """Tell whether values of an Arrow type are bytes, however they are laid out."""
    is_ = pa.types
    return bool(
        is_.is_binary(arrow)
        or is_.is_large_binary(arrow)
        or is_.is_binary_view(arrow)
        or is_.is_fixed_size_binary(arrow)
    )

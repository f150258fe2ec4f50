"""Arrow arrays to columns and back: every type of Arrow, dictionaries and extensions too."""

from collections.abc import Callable

import pyarrow as pa

from nacre.errors import CorruptionError, Unstorable
from nacre.frames.chunks import decode_chunk, encode_chunk, equal_chunks
from nacre.frames.columns import Column
from nacre.frames.damage import damage_reported
from nacre.frames.layout import layout_of, type_of, type_token
from nacre.frames.streams import one_array


def encode_arrow(values: pa.ChunkedArray) -> Column:
    """Take *values* apart.

    Raises:
        Unstorable: they hold a type that would not come back as it was.
    """
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        storage = pa.chunked_array([chunk.storage for chunk in values.chunks], kind.storage_type)
        return Column("extension", {"type": type_token(kind)}, (), (encode_arrow(storage),))
    if pa.types.is_dictionary(kind):
        return _encode_dictionary(values)
    if _is_view(kind):
        plain = values.cast(_plain_type(kind))
        return Column("view", {"type": type_token(kind)}, (one_array(plain),))
    array = one_array(values)
    if layout_of(kind).shape == "nested":
        _check_nested(array)
    return Column("plain", {}, (array,))


def decode_arrow(column: Column) -> pa.ChunkedArray:
    """Put together what `encode_arrow` took apart, without copying plain values."""
    if column.kind not in _DECODERS:
        raise CorruptionError(f"a column has the unknown kind {column.kind!r:.40}")
    with damage_reported("a stored column"):
        return _DECODERS[column.kind](column)


def _encode_dictionary(values: pa.ChunkedArray) -> Column:
    unified = values if _has_one_dictionary(values) else values.unify_dictionaries()
    if unified.num_chunks:
        indices = pa.chunked_array([chunk.indices for chunk in unified.chunks])
        dictionary = unified.chunk(0).dictionary
    else:
        indices = pa.chunked_array([], values.type.index_type)
        dictionary = pa.array([], values.type.value_type)
    inner = encode_arrow(pa.chunked_array([dictionary]))
    parameters = {"type": type_token(values.type)}
    return Column("dictionary", parameters, (one_array(indices),), (inner,))


def _has_one_dictionary(values: pa.ChunkedArray) -> bool:
    first, *others = values.chunks or [None]
    return all(chunk.dictionary.equals(first.dictionary) for chunk in others)


def _decode_dictionary(column: Column) -> pa.ChunkedArray:
    kind = type_of(column.parameters["type"])
    dictionary = one_array(decode_arrow(column.children[0]))
    chunks = []
    for indices in column.streams[0].chunks:
        array = pa.DictionaryArray.from_arrays(indices, dictionary, ordered=kind.ordered)
        array.validate(full=True)
        chunks.append(array)
    return pa.chunked_array(chunks, kind)


def _decode_extension(column: Column) -> pa.ChunkedArray:
    kind = type_of(column.parameters["type"])
    storage = decode_arrow(column.children[0])
    if not isinstance(kind, pa.BaseExtensionType):
        # Its class is not registered here; the storage is all that can be given.
        return storage
    return pa.chunked_array([kind.wrap_array(chunk) for chunk in storage.chunks], kind)


def _decode_view(column: Column) -> pa.ChunkedArray:
    return column.streams[0].cast(type_of(column.parameters["type"]))


_DECODERS: dict[str, Callable[[Column], pa.ChunkedArray]] = {
    "plain": lambda column: column.streams[0],
    "dictionary": _decode_dictionary,
    "extension": _decode_extension,
    "view": _decode_view,
}


ARROW_KINDS = frozenset(_DECODERS)


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    return pa.large_string() if pa.types.is_string_view(kind) else pa.large_binary()


def _check_nested(array: pa.Array) -> None:
    """Refuse what does not survive a round trip through a chunk."""
    try:
        encoded = encode_chunk(array)
        back = decode_chunk(encoded, array.type, rows=len(array), nulls=array.null_count)
        same = back.type == array.type and equal_chunks(back, array)
    except (pa.ArrowException, CorruptionError, NotImplementedError, TypeError) as error:
        raise Unstorable(f"its type {array.type} cannot be stored: {error}") from error
    if not same:
        raise Unstorable(f"its type {array.type} does not come back as it was: cast it")

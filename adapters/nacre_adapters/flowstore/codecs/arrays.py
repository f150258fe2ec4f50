"""numpy arrays: the type, the shape, and the values in C order; parts of objects one by one.

Two arrays with equal values have equal nodes, whatever lies in the holes of their types. The
order in memory is kept in a part of its own, which is no part of an object's identity.
"""

import math
import sys

import numpy as np
import numpy.typing as npt

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts
from nacre_adapters.flowstore.codecs.plain import decode_items, encode_items

Array = npt.NDArray[np.generic]
FORTRAN = {"order": ["F"]}
"""The part that says that an array lies in Fortran's order."""

_MOST_EMPTY = 1 << 20
_LONG = frozenset("gG")


def encode_dtype(dtype: "np.dtype[np.generic]") -> object:
    """Return what describes a dtype of plain memory.

    Raises:
        Refused: it would not come back, or holds objects.
    """
    if dtype.hasobject or dtype.metadata:
        raise Refused(f"the dtype {dtype} cannot be stored exactly: convert the array")
    try:
        descr: object = _listed(np.lib.format.dtype_to_descr(dtype))
        is_same = decode_dtype(descr) == dtype
    except (ValueError, CorruptionError):  # fields that overlap, such as those of a union
        is_same = False
    if not is_same:
        raise Refused(f"the dtype {dtype} cannot be stored exactly: convert the array")
    return descr


def decode_dtype(descr: object) -> "np.dtype[np.generic]":
    """Return the dtype that `encode_dtype` described."""
    try:
        dtype: np.dtype[np.generic] = np.lib.format.descr_to_dtype(_tupled(descr))  # type: ignore[arg-type]  # checked there
    except (TypeError, ValueError, IndexError, SyntaxError) as error:
        raise CorruptionError(f"a stored dtype does not decode: {error}") from error
    if dtype.hasobject:
        raise CorruptionError(f"the stored dtype {descr!r:.60} holds objects")
    return dtype


def _listed(descr: object) -> object:
    if isinstance(descr, list | tuple):
        return [_listed(part) for part in descr]
    return descr


def _tupled(descr: object, *, is_outer: bool = True) -> object:
    """Fields are a list of tuples, a subarray is a tuple: lists again what was which."""
    if not isinstance(descr, list):
        return descr
    if descr and all(isinstance(part, list) for part in descr) and is_outer:
        return [tuple(_field(part) for part in field) for field in descr]
    return tuple(_tupled(part) for part in descr)


def _field(part: object) -> object:
    is_fields = isinstance(part, list) and part and all(isinstance(p, list) for p in part)
    return _tupled(part, is_outer=bool(is_fields))


def _encode_array(value: Array, encoder: Encoder) -> Parts:
    is_fortran = value.flags.f_contiguous and not value.flags.c_contiguous
    order = [FORTRAN] if is_fortran else []
    encoder.is_ordered |= is_fortran
    shape = list(value.shape)
    if value.dtype.kind == "T":
        return ["text", shape, *_encode_text(value, encoder), *order]
    if value.dtype == object:
        return ["object", shape, _encode_objects(value, encoder), *order]
    descr = encode_dtype(value.dtype)
    plain = _without_holes(np.ascontiguousarray(value))
    data = plain.reshape(-1).view(np.uint8).data if plain.nbytes else b""
    return [descr, shape, encoder.content(data), *order]


def _encode_objects(value: Array, encoder: Encoder) -> Parts:
    nodes: Parts = []
    for place, item in zip(np.ndindex(value.shape), value.flat, strict=True):
        try:
            nodes.append(encoder.encode(item))
        except Refused as error:
            raise error.at(f"[{', '.join(map(str, place))}]") from error
    encoder.budget.take_items(len(nodes))
    return nodes


def _encode_text(value: Array, encoder: Encoder) -> Parts:
    dtype = value.dtype
    missing = [encoder.encode(dtype.na_object)] if hasattr(dtype, "na_object") else []
    items = encode_items((_text(item) for item in value.flat), encoder)
    return [items, bool(getattr(dtype, "coerce", True)), missing]


def _text(item: object) -> object:
    return str(item) if isinstance(item, str) else item


def _without_holes(value: Array) -> Array:
    """Return an equal array in which bytes between and behind the values are zero."""
    if value.dtype.char in _LONG:
        return _long(value)
    if not value.dtype.names:
        return value
    clean = np.zeros(value.shape, value.dtype)
    for name in value.dtype.names:
        fields = np.ascontiguousarray(value[name])  # type: ignore[call-overload]  # it has fields
        clean[name] = _without_holes(fields)  # type: ignore[index]  # as above
    return clean


def _long(value: Array) -> Array:
    """Long doubles have ten bytes that count, and padding up to their size."""
    clean = value.copy()
    size = np.dtype(np.longdouble).itemsize
    if np.finfo(np.longdouble).nmant == _X87_BITS and clean.size:
        clean.reshape(-1).view(np.uint8).reshape(-1, size)[:, _X87_BYTES:] = 0
    return clean


_X87_BITS = 63
_X87_BYTES = 10


def _decode_array(parts: Parts, decoder: Decoder) -> Array:
    descr, shape, *rest = parts
    is_fortran = bool(rest) and rest[-1] == FORTRAN
    lengths = _shape(shape)
    if descr == "text":
        array = _decode_text(rest, decoder).reshape(lengths)
    elif descr == "object":
        array = _decode_objects(rest[0], decoder).reshape(lengths)
    else:
        array = _decode_values(decode_dtype(descr), lengths, decoder.content(rest[0]))
        _check_text(array)
    return np.asfortranarray(array) if is_fortran else array


def _shape(shape: object) -> list[int]:
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise CorruptionError("a stored array has no shape")
    return shape


def _decode_values(
    dtype: "np.dtype[np.generic]", shape: list[int], data: bytes | memoryview
) -> Array:
    count = math.prod(shape)
    # Nothing larger than the payload is made, whatever the shape claims.
    if count * dtype.itemsize != len(data) or (not dtype.itemsize and count > _MOST_EMPTY):
        raise CorruptionError(f"a stored array of {shape} {dtype} has {len(data)} bytes")
    if not len(data):
        return np.zeros(shape, dtype)
    return np.frombuffer(bytearray(data), dtype).reshape(shape)


def _check_text(array: Array) -> None:
    for name in array.dtype.names or ():
        _check_text(array[name])  # type: ignore[call-overload]  # it has fields
    if array.dtype.kind == "U" and array.size:
        points = np.ascontiguousarray(array).reshape(-1).view(f"{array.dtype.byteorder}u4")
        if points.max(initial=0) > sys.maxunicode:  # numpy fails where it is used
            raise CorruptionError("a stored array of text holds what is beyond Unicode")


def _decode_objects(nodes: object, decoder: Decoder) -> Array:
    if not isinstance(nodes, list):
        raise CorruptionError("a stored array of objects has none")
    array = np.empty(len(nodes), dtype=object)
    for number, item in enumerate(decode_items(nodes, decoder)):
        array[number] = item
    return array


def _decode_text(parts: Parts, decoder: Decoder) -> Array:
    nodes, coerce, missing, *_ = parts
    if not isinstance(nodes, list) or not isinstance(missing, list):
        raise CorruptionError("a stored array of text has none")
    options = {"na_object": decoder.decode(missing[0])} if missing else {}
    dtype = np.dtypes.StringDType(coerce=bool(coerce), **options)
    return np.array(decode_items(nodes, decoder), dtype=dtype)


def _encode_masked(
    value: "np.ma.MaskedArray[tuple[int, ...], np.dtype[np.generic]]", encoder: Encoder
) -> Parts:
    mask = None if value.mask is np.ma.nomask else np.asarray(value.mask)
    data, fill, usual, is_hard = (
        encoder.encode(part)
        for part in (
            np.asarray(value.data),
            np.asarray(value.fill_value),
            np.asarray(np.ma.default_fill_value(value)),
            value.hardmask,
        )
    )
    # The usual one is longer than the text of some arrays, and would not come back if it was set.
    return [data, encoder.encode(mask), None if fill == usual else fill, is_hard]


def _decode_masked(parts: Parts, decoder: Decoder) -> object:
    data, mask, fill, is_hard = decode_items(parts, decoder)
    mask = np.ma.nomask if mask is None else mask
    if not isinstance(data, np.ndarray):
        raise CorruptionError("a stored masked array has no values")
    masked = np.ma.MaskedArray(data, mask=mask, hard_mask=bool(is_hard))  # type: ignore[call-overload]  # checked there
    if fill is not None:
        masked.fill_value = fill
    return masked


def _encode_matrix(value: Array, encoder: Encoder) -> Parts:
    return [encoder.encode(np.asarray(value))]


def _decode_matrix(parts: Parts, decoder: Decoder) -> object:
    (array,) = decode_items(parts, decoder)
    if not isinstance(array, np.ndarray):
        raise CorruptionError("a stored matrix has no values")
    return array.view(np.matrix)


def _encode_dtype(value: "np.dtype[np.generic]", _: Encoder) -> Parts:
    return [None if value.kind == "O" else encode_dtype(value)]


def _decode_dtype(parts: Parts, _: Decoder) -> "np.dtype[np.generic]":
    (descr,) = parts
    return np.dtype(object) if descr is None else decode_dtype(descr)


DTYPE = Codec("dtype", _encode_dtype, _decode_dtype)
ARRAYS: dict[type, Codec] = {
    np.ndarray: Codec("array", _encode_array, _decode_array),
    np.ma.MaskedArray: Codec("masked", _encode_masked, _decode_masked),
    np.matrix: Codec("matrix", _encode_matrix, _decode_matrix),
}

"""Python values, one cell at a time, as msgpack in which every type is written out.

What comes back has the type that went in: tuples stay tuples, numpy scalars stay scalars. A type
that is not listed here is refused with its name; nothing is ever imported or run on reading.
"""

import datetime
import decimal
import fractions
import functools
import math
import pathlib
import sys
import uuid
from collections.abc import Callable

import msgpack
import numpy as np
import pandas as pd

from nacre.errors import CorruptionError, Unstorable
from nacre.frames.zones import decode_zone, encode_zone
from nacre.hashing import Buffer

_EXTENSION = 2
_MAX_DEPTH = 50
_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1
_PLAIN = frozenset({type(None), bool, bytes})
_LOST = frozenset({"", "\0", b"", b"\0"})
"""Ends of text that arrays do not keep: none at all, and zeros."""

_BROKEN = (
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    RuntimeError,  # such as a path of another system
    SystemError,  # what numpy raises for text beyond Unicode
    msgpack.UnpackException,
)

Parts = list[object]


def encode_cell(value: object) -> bytes:
    """Return the bytes of *value*.

    Raises:
        Unstorable: *value*, or something in it, has a type that would not come back.
    """
    return _pack(_encode(value, 0))


def decode_cell(data: Buffer) -> object:
    """Return the value that `encode_cell` was given.

    Raises:
        CorruptionError: *data* is no such value.
    """
    try:
        return _unpack(data, 0)
    except _BROKEN as error:
        raise CorruptionError(f"a stored cell does not decode: {error!s:.200}") from error


def _unpack(data: Buffer, depth: int) -> object:
    # Each level takes 30 KB of the stack of C, whose end is the end of the process.
    if depth > _MAX_DEPTH + 1:
        raise ValueError(f"it is nested deeper than {_MAX_DEPTH} levels")
    return msgpack.unpackb(
        data,
        ext_hook=functools.partial(_decode_extension, depth),
        strict_map_key=False,
        unicode_errors="surrogatepass",
    )


def _pack(value: object) -> bytes:
    packed: bytes = msgpack.packb(value, strict_types=True, unicode_errors="surrogatepass")
    return packed


def _encode(value: object, depth: int) -> object:
    if depth > _MAX_DEPTH:
        raise Unstorable(f"it is nested deeper than {_MAX_DEPTH} levels: flatten it")
    kind = type(value)
    if kind in _PLAIN or kind is float or kind is str:
        return value
    if isinstance(value, int) and kind is int and _SMALLEST <= value <= _LARGEST:
        return value
    if isinstance(value, list) and kind is list:
        return [_encode(item, depth + 1) for item in value]
    tag, encode = _encoder(value)
    return msgpack.ExtType(_EXTENSION, _pack([tag, *encode(value, depth + 1)]))


def _encoder(value: object) -> tuple[str, Callable[..., Parts]]:
    found = _ENCODERS.get(type(value))
    if found:
        return found
    if isinstance(value, np.generic):
        return "scalar", _encode_scalar
    if isinstance(value, pathlib.PurePath):
        return _path_encoder(value)
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    raise Unstorable(f"it holds a {kind}, which would not come back as it was: convert it first")


def _path_encoder(value: pathlib.PurePath) -> tuple[str, Callable[..., Parts]]:
    for tag, kind in _PATHS.items():
        if type(value) is kind:
            return tag, lambda path, _: [str(path)]
    raise Unstorable(f"it holds a {type(value).__qualname__}: store it as a string")


def _items(value: list[object] | tuple[object, ...], depth: int) -> Parts:
    return [_encode(item, depth) for item in value]


def _sorted_items(value: set[object] | frozenset[object], depth: int) -> Parts:
    # Sets come in another order in every process; their bytes must not.
    encoded = [_encode(item, depth) for item in value]
    return sorted(encoded, key=_pack)


def _encode_dict(value: dict[object, object], depth: int) -> Parts:
    return [_encode(part, depth) for pair in value.items() for part in pair]


def _encode_digits(value: int | fractions.Fraction, _: int) -> Parts:
    try:
        return [str(value)]
    except ValueError as error:  # Python reads and writes no more digits than that
        limit = sys.get_int_max_str_digits()
        raise Unstorable(
            f"it holds a number of more than {limit} digits: store its bytes"
        ) from error


def _encode_datetime(value: datetime.datetime, _: int) -> Parts:
    fields = [value.year, value.month, value.day, value.hour, value.minute, value.second]
    return [*fields, value.microsecond, value.fold, encode_zone(value.tzinfo)]


def _encode_time(value: datetime.time, _: int) -> Parts:
    fields = [value.hour, value.minute, value.second, value.microsecond, value.fold]
    return [*fields, encode_zone(value.tzinfo)]


def _encode_timestamp(value: pd.Timestamp, _: int) -> Parts:
    return [value.unit, value.asm8.view("i8").item(), encode_zone(value.tz), value.fold]


def _encode_scalar(value: np.generic, _: int) -> Parts:
    dtype = value.dtype
    if dtype.hasobject or dtype.names or type(value) is not dtype.type:
        raise Unstorable(f"it holds a numpy scalar of {dtype}: convert it to a Python value")
    if isinstance(value, np.str_ | np.bytes_) and value[-1:] in _LOST:
        # As the type that it derives from: numpy's own ways to text drop them as well.
        return [dtype.char, value[:]]
    return [dtype.str, value.tobytes()]


def _encode_array(value: np.ndarray[tuple[int, ...], np.dtype[np.generic]], depth: int) -> Parts:
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    if value.dtype == object:
        return ["O", list(value.shape), order, [_encode(item, depth) for item in value.flat]]
    if value.dtype.hasobject or value.dtype.names or value.dtype.kind == "T":
        raise Unstorable(f"it holds a numpy array of {value.dtype}: convert it to a list")
    data = value.tobytes(order="F" if order == "F" else "C")
    return [value.dtype.str, list(value.shape), order, data]


def _encode_interval(value: pd.Interval, depth: int) -> Parts:
    return [_encode(value.left, depth), _encode(value.right, depth), value.closed]


def _decode_extension(depth: int, code: int, data: bytes) -> object:
    if code != _EXTENSION:
        raise ValueError(f"extension type {code} is unknown")
    fields = _unpack(data, depth + 1)
    if not isinstance(fields, list) or not fields:
        raise TypeError("what is stored has no type")
    tag, *parts = fields
    if tag not in _DECODERS:
        raise ValueError(f"the type {tag!r:.40} is unknown")
    return _DECODERS[tag](*parts)


def _decode_bytearray(data: object) -> bytearray:
    # Of a number it would make as many zeros.
    if not isinstance(data, bytes):
        raise TypeError(f"a {type(data).__name__} is no bytes")
    return bytearray(data)


def _decode_fraction(text: str) -> fractions.Fraction:
    # Its own parser takes exponents, and a short text would become a number without end.
    numerator, _, denominator = text.partition("/")
    return fractions.Fraction(int(numerator), int(denominator or "1"))


def _decode_datetime(*parts: object) -> datetime.datetime:
    *fields, fold, zone = parts
    return datetime.datetime(*fields, tzinfo=decode_zone(zone), fold=fold)  # type: ignore[arg-type, misc]


def _decode_time(*parts: object) -> datetime.time:
    *fields, fold, zone = parts
    return datetime.time(*fields, tzinfo=decode_zone(zone), fold=fold)  # type: ignore[arg-type, misc]


def _decode_timestamp(unit: str, number: int, zone: object, fold: int) -> pd.Timestamp:
    naive = pd.Timestamp(np.array(number, f"M8[{unit}]")[()])
    if zone is None:
        return naive
    aware = naive.tz_localize("UTC").tz_convert(decode_zone(zone))
    return aware.replace(fold=fold) if fold != aware.fold else aware


def _decode_scalar(dtype: str, data: object) -> np.generic:
    # Arrays drop the zeros that text ends with, so that such text stands as it is.
    if dtype == "U" and isinstance(data, str):
        return np.str_(data)
    if not isinstance(data, bytes):
        raise TypeError("a scalar has no bytes")
    if dtype == "S":
        return np.bytes_(data)
    kind = _dtype(dtype)
    if len(data) != kind.itemsize:
        raise ValueError(f"a scalar of {kind} has {len(data)} bytes")
    values = np.ndarray((1,), kind, data)
    check_text(values)
    scalar: np.generic = values[0]
    return scalar


def _decode_array(
    dtype: str, shape: list[int], order: str, data: bytes | list[object]
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    if dtype == "O":
        # Nothing larger than the cells is made, whatever the shape claims.
        if not isinstance(data, list) or len(data) != math.prod(shape):
            raise ValueError(f"an array of {shape!r:.40} has other cells")
        cells = np.empty(len(data), dtype=object)
        cells[:] = data
        flat = cells.reshape(shape)
        return np.asfortranarray(flat) if order == "F" else flat
    if not isinstance(data, bytes):
        raise TypeError("an array has no bytes")
    values = np.frombuffer(data, _dtype(dtype))
    check_text(values)
    return values.reshape(shape, order="F" if order == "F" else "C").copy(order="K")


def check_text(values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    """Raise ValueError for an array of text beyond Unicode, which fails whoever uses it."""
    if values.dtype.kind != "U" or not values.size:
        return
    points = np.ascontiguousarray(values).reshape(-1).view(f"{values.dtype.byteorder}u4")
    if points.max(initial=0) > sys.maxunicode:
        raise ValueError("it holds text beyond Unicode")


def _dtype(text: str) -> np.dtype[np.generic]:
    dtype = np.dtype(text)
    if dtype.hasobject:
        raise ValueError(f"the dtype {text!r} holds objects")
    return dtype


def _decode_dict(*parts: object) -> dict[object, object]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _timedelta(unit: str, number: int) -> pd.Timedelta:
    return pd.Timedelta(np.array(number, f"m8[{unit}]")[()])


_PATHS = {
    "posixpath": pathlib.PosixPath,
    "windowspath": pathlib.WindowsPath,
    "pureposixpath": pathlib.PurePosixPath,
    "purewindowspath": pathlib.PureWindowsPath,
}

_ENCODERS: dict[type, tuple[str, Callable[..., Parts]]] = {
    int: ("int", _encode_digits),
    tuple: ("tuple", _items),
    set: ("set", _sorted_items),
    frozenset: ("frozenset", _sorted_items),
    dict: ("dict", _encode_dict),
    bytearray: ("bytearray", lambda value, _: [bytes(value)]),
    complex: ("complex", lambda value, _: [value.real, value.imag]),
    decimal.Decimal: ("decimal", lambda value, _: [str(value)]),
    fractions.Fraction: ("fraction", _encode_digits),
    uuid.UUID: ("uuid", lambda value, _: [value.bytes]),
    range: ("range", lambda value, _: [value.start, value.stop, value.step]),
    slice: ("slice", lambda v, depth: _items([v.start, v.stop, v.step], depth)),
    datetime.datetime: ("datetime", _encode_datetime),
    datetime.date: ("date", lambda value, _: [value.year, value.month, value.day]),
    datetime.time: ("time", _encode_time),
    datetime.timedelta: ("timedelta", lambda v, _: [v.days, v.seconds, v.microseconds]),
    pd.Timestamp: ("timestamp", _encode_timestamp),
    pd.Timedelta: ("pandas_timedelta", lambda v, _: [v.unit, v.asm8.view("i8").item()]),
    pd.Period: ("period", lambda value, _: [value.ordinal, value.freqstr]),
    pd.Interval: ("interval", _encode_interval),
    type(pd.NaT): ("nat", lambda value, _: []),
    type(pd.NA): ("na", lambda value, _: []),
    np.ndarray: ("array", _encode_array),
}

_DECODERS: dict[str, Callable[..., object]] = {
    "int": int,
    "tuple": lambda *parts: parts,
    "set": lambda *parts: set(parts),
    "frozenset": lambda *parts: frozenset(parts),
    "dict": _decode_dict,
    "bytearray": _decode_bytearray,
    "complex": complex,
    "decimal": decimal.Decimal,
    "fraction": _decode_fraction,
    "uuid": lambda data: uuid.UUID(bytes=data),
    "range": range,
    "slice": slice,
    "datetime": _decode_datetime,
    "date": datetime.date,
    "time": _decode_time,
    "timedelta": datetime.timedelta,
    "timestamp": _decode_timestamp,
    "pandas_timedelta": _timedelta,
    "period": lambda ordinal, freq: pd.Period(ordinal=ordinal, freq=freq),
    "interval": pd.Interval,
    "nat": lambda: pd.NaT,
    "na": lambda: pd.NA,
    "array": _decode_array,
    "scalar": _decode_scalar,
    **_PATHS,
}

"""Python's own values: containers part by part, everything else as a cell of `nacre.frames`."""

import collections
import datetime
import decimal
import fractions
import io
import pathlib
import uuid
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from nacre.codec import pack
from nacre.errors import CorruptionError, Unstorable
from nacre.frames import decode_cell, encode_cell
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import LIST, Codec, Decoder, Encoder, Node, Parts

_FRACTION_BITS = 1 << 16
"""Making a fraction takes the square of its length."""
_NUMBERS = frozenset({type(None), bool, float})


def encode_items(items: Iterable[object], encoder: Encoder) -> Parts:
    """Return the nodes of a sequence; what is refused has its number."""
    nodes: Parts = []
    for number, item in enumerate(items):
        try:
            nodes.append(encoder.encode(item))
        except Refused as error:
            raise error.at(f"[{number}]") from error
    encoder.budget.take_items(len(nodes))
    return nodes


def decode_items(parts: Parts, decoder: Decoder) -> list[object]:
    """Return what `encode_items` was given."""
    decode = decoder.decode
    return [decode(part) for part in parts]


def encode_pairs(value: dict[object, object], encoder: Encoder) -> Parts:
    """Return keys and values in turn; what is refused has its key."""
    nodes: Parts = []
    for key, item in value.items():
        try:
            nodes += (_encode_key(key, encoder), encoder.encode(item))
        except Refused as error:
            raise error.at(f"[{key!r:.60}]") from error
    encoder.budget.take_items(len(nodes))
    return nodes


def _encode_with_attributes(value: dict[object, object], encoder: Encoder) -> Parts:
    # What torch notes on a state_dict, and does not need to load it.
    extra = vars(value).keys() - {"_metadata"}
    if extra:
        raise Refused(f"its attribute {min(extra)} would not come back: store a plain dict")
    return encode_pairs(value, encoder)


def decode_pairs(parts: Parts, decoder: Decoder) -> dict[object, object]:
    """Return what `encode_pairs` was given."""
    items = decode_items(parts, decoder)
    return dict(zip(items[::2], items[1::2], strict=True))


def _encode_key(key: object, encoder: Encoder) -> Node:
    try:
        return encoder.encode(key)
    except Refused as error:
        raise error.at(" (the key)") from error


def _encode_list(value: list[object], encoder: Encoder) -> Parts:
    # Numbers alone are their own nodes; looking at the types is much faster than at each.
    if set(map(type, value)) <= _NUMBERS:
        encoder.budget.take_items(len(value))
        return list(value)
    return encode_items(value, encoder)


def _encode_set(value: Iterable[object], encoder: Encoder) -> Parts:
    # Sets come in another order in every process; their bytes must not.
    nodes = []
    for item in value:
        try:
            nodes.append(encoder.encode(item))
        except Refused as error:
            raise error.at(f" (the member {item!r:.60})") from error
    encoder.budget.take_items(len(nodes))
    return sorted(nodes, key=pack)


def _encode_int(value: int, _: Encoder) -> Parts:
    return [value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)]


def _decode_int(parts: Parts, _: Decoder) -> int:
    return int.from_bytes(_bytes(parts), "little", signed=True)


def _encode_fraction(value: fractions.Fraction, encoder: Encoder) -> Parts:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > _FRACTION_BITS:
        raise Refused("a fraction of more than 19,000 digits: store its two numbers")
    return [encoder.encode(value.numerator), encoder.encode(value.denominator)]


def _decode_fraction(parts: Parts, decoder: Decoder) -> fractions.Fraction:
    numerator, denominator = decode_items(parts, decoder)
    if not isinstance(numerator, int) or not isinstance(denominator, int):
        raise CorruptionError("a stored fraction is not made of integers")
    if max(numerator.bit_length(), denominator.bit_length()) > _FRACTION_BITS:
        raise CorruptionError("a stored fraction has too many digits")
    return fractions.Fraction(numerator, denominator)


def _encode_text(value: str, encoder: Encoder) -> Parts:
    return [encoder.content(value.encode("utf-8", "surrogatepass"))]


def _decode_text(parts: Parts, decoder: Decoder) -> str:
    return str(decoder.content(*parts), "utf-8", "surrogatepass")


def _encode_bytes(value: bytes | bytearray, encoder: Encoder) -> Parts:
    return [encoder.content(bytes(value))]


def _encode_file(value: io.BytesIO, encoder: Encoder) -> Parts:
    about = vars(value)
    if not about.keys() <= {"name"}:
        raise Refused(f"its attributes {sorted(about)} would not come back: store its bytes")
    with value.getbuffer() as content:
        return [encoder.content(content), *map(encoder.encode, about.values())]


def _decode_file(parts: Parts, decoder: Decoder) -> io.BytesIO:
    content, *name = parts
    file = io.BytesIO(decoder.content(content))
    if name:
        (file.name,) = decode_items(name, decoder)  # as uploads have
    return file


def _encode_deque(value: collections.deque[object], encoder: Encoder) -> Parts:
    return [value.maxlen, *encode_items(value, encoder)]


def _decode_deque(parts: Parts, decoder: Decoder) -> collections.deque[object]:
    most, *items = parts
    if not isinstance(most, int | None):
        raise CorruptionError("a stored deque has no length")
    return collections.deque(decode_items(items, decoder), most)


def _encode_range(value: range, encoder: Encoder) -> Parts:
    return encode_items((value.start, value.stop, value.step), encoder)


def _encode_slice(value: slice, encoder: Encoder) -> Parts:
    return encode_items((value.start, value.stop, value.step), encoder)


def _encode_leaf(value: object, _: Encoder) -> Parts:
    try:
        return [encode_cell(value)]
    except Unstorable as error:
        raise Refused(str(error)) from error
    except ValueError as error:  # such as more digits than Python prints
        raise Refused(f"a {type(value).__name__} that cannot be written out ({error})") from error


def _decode_leaf(parts: Parts, _: Decoder) -> object:
    value = decode_cell(_bytes(parts))
    if type(value) not in _LEAVES and not isinstance(value, np.generic | pathlib.PurePath):
        raise CorruptionError(f"a stored cell holds a {type(value).__name__}, which is no cell")
    return value


def _bytes(parts: Parts) -> bytes:
    (data,) = parts
    if not isinstance(data, bytes):
        raise CorruptionError(f"a {type(data).__name__} stands where bytes should")
    return data


def _made_of(make: Callable[..., object]) -> Callable[[Parts, Decoder], object]:
    return lambda parts, decoder: make(decode_items(parts, decoder))


def _called_with(make: Callable[..., object]) -> Callable[[Parts, Decoder], object]:
    return lambda parts, decoder: make(*decode_items(parts, decoder))


def _holding(make: Callable[..., object]) -> Callable[[Parts, Decoder], object]:
    return lambda parts, decoder: make(decoder.content(*parts))


LEAF = Codec("cell", _encode_leaf, _decode_leaf)

_LEAVES = frozenset(
    {
        complex,
        decimal.Decimal,
        uuid.UUID,
        datetime.datetime,
        datetime.date,
        datetime.time,
        datetime.timedelta,
        pd.Timestamp,
        pd.Timedelta,
        pd.Period,
        pd.Interval,
        type(pd.NaT),
        type(pd.NA),
        pathlib.PosixPath,
        pathlib.WindowsPath,
        pathlib.PurePosixPath,
        pathlib.PureWindowsPath,
    }
)

PLAIN: dict[type, Codec] = {
    list: Codec(LIST, _encode_list, decode_items),
    tuple: Codec("tuple", encode_items, _made_of(tuple)),
    dict: Codec("dict", encode_pairs, decode_pairs),
    set: Codec("set", _encode_set, _made_of(set)),
    frozenset: Codec("frozenset", _encode_set, _made_of(frozenset)),
    int: Codec("int", _encode_int, _decode_int),
    str: Codec("text", _encode_text, _decode_text),
    bytes: Codec("bytes", _encode_bytes, _holding(bytes)),
    bytearray: Codec("bytearray", _encode_bytes, _holding(bytearray)),
    io.BytesIO: Codec("file", _encode_file, _decode_file),
    fractions.Fraction: Codec("fraction", _encode_fraction, _decode_fraction),
    range: Codec("range", _encode_range, _called_with(range)),
    slice: Codec("slice", _encode_slice, _called_with(slice)),
    collections.OrderedDict: Codec(
        "ordered",
        _encode_with_attributes,
        lambda parts, decoder: collections.OrderedDict(decode_pairs(parts, decoder)),
    ),
    collections.Counter: Codec(
        "counter",
        _encode_with_attributes,
        lambda parts, decoder: collections.Counter(decode_pairs(parts, decoder)),
    ),
    collections.deque: Codec("deque", _encode_deque, _decode_deque),
    **dict.fromkeys(_LEAVES, LEAF),
}

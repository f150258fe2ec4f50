"""Order-preserving keys: tuples to bytes that sort as the tuples do.

An encoded key is the concatenation of its elements, so a prefix of a tuple encodes to a prefix
of its bytes and a range of tuples is a range of bytes. Across types the order is
None < False < True < numbers < bytes < str < tuple. No element starts with 00, which ends one.

    None   02
    False  03          True   04
    int    0b..1b      0x13 - n (negative) or 0x13 + n, then n bytes big-endian; zero is 13
    float  20          8 bytes: IEEE 754 big-endian, sign flipped (negatives inverted)
    bytes  30          content with 00 written 00 ff, then 00 01
    str    31          UTF-8 like bytes
    tuple  40          elements, then 00 01

Integers sort before floats: a column of keys has one numeric type.
"""

import struct
from collections.abc import Iterable, Sequence

from nacre.errors import CorruptionError, InvalidInput

Key = tuple[object, ...]

# LMDB's own limit, compiled in.
MAX_KEY_BYTES = 511

_NONE, _FALSE, _TRUE = 0x02, 0x03, 0x04
_ZERO, _FLOAT, _BYTES, _STR, _TUPLE = 0x13, 0x20, 0x30, 0x31, 0x40
_MAX_INT_BYTES = 8
_END = b"\x00\x01"
_COUNT_TAGS = [bytes([_ZERO + size]) for size in range(_MAX_INT_BYTES + 1)]
# Most counts are small, and looking them up takes a third of the time.
_SMALL = 1024
_SMALL_COUNTS = [
    _COUNT_TAGS[(count.bit_length() + 7) >> 3]
    + count.to_bytes((count.bit_length() + 7) >> 3, "big")
    for count in range(_SMALL)
]
_FLOAT_STRUCT = struct.Struct(">Q")
_DOUBLE = struct.Struct(">d")
_SIGN = 1 << 63
_ALL = (1 << 64) - 1


def encode_key(key: Key) -> bytes:
    """Return the bytes of *key*.

    Raises:
        InvalidInput: an element has another type, or the key is longer than LMDB allows.
    """
    encoded = encode_elements(key)
    if len(encoded) > MAX_KEY_BYTES:
        raise InvalidInput(
            f"the key {str(key)[:60]}... takes {len(encoded)} bytes, more than {MAX_KEY_BYTES}: "
            "shorten it, or use its digest as the key"
        )
    return encoded


def encode_elements(key: Iterable[object]) -> bytes:
    """Return the bytes of elements, however many, for one who shortens them himself.

    Raises:
        InvalidInput: an element has another type.
    """
    return b"".join(map(encode_element, key))


def encode_element(element: object) -> bytes:
    """Return the bytes of one element.

    Raises:
        InvalidInput: it has another type.
    """
    # Strings and counts are nearly all there is, and keys are most of what a view costs.
    if type(element) is str and "\x00" not in element:
        return b"\x31" + _utf8(element) + _END
    if type(element) is int and 0 <= element < 1 << 64:
        if element < _SMALL:
            return _SMALL_COUNTS[element]
        size = (element.bit_length() + 7) >> 3
        return _COUNT_TAGS[size] + element.to_bytes(size, "big")
    return _encode(element)


def encode_column(elements: Sequence[object]) -> list[bytes]:
    """Return the bytes of each of many elements of one type, in less than one by one takes.

    Raises:
        InvalidInput: an element has another type.
    """
    kinds = set(map(type, elements))
    if kinds in ({str}, {int}):  # where equal elements have equal bytes
        different = set(elements)
        if 2 * len(different) < len(elements):
            encoded = {element: encode_element(element) for element in different}
            return [encoded[element] for element in elements]
    if kinds == {str}:
        text = "".join(elements)  # type: ignore[arg-type]  # all of them are strings
        if text.isascii() and "\x00" not in text:
            return [b"\x31%b\x00\x01" % element.encode() for element in elements]  # type: ignore[attr-defined]
    return [*map(encode_element, elements)]


def encode_prefix(key: Key) -> bytes:
    """Return the bytes that every key which starts with the elements of *key* starts with."""
    return encode_key(key)


def decode_key(data: bytes) -> Key:
    """Return the tuple that `encode_key` was given."""
    elements = []
    offset = 0
    try:
        while offset < len(data):
            element, offset = _decode(data, offset)
            elements.append(element)
    except (IndexError, ValueError, struct.error) as error:
        raise CorruptionError(f"the key {data.hex()} does not decode ({error})") from error
    return tuple(elements)


def count_bytes(key: bytes, at: int) -> int:
    """Return how many bytes the count takes that stands at a place of an encoded key."""
    return 1 + key[at] - _ZERO


def after_prefix(prefix: bytes) -> bytes | None:
    """Return the first bytes after everything that starts with *prefix*; None: there is no end."""
    stripped = prefix.rstrip(b"\xff")
    if not stripped:
        return None
    return stripped[:-1] + bytes([stripped[-1] + 1])


def _encode(element: object) -> bytes:
    kind = type(element)
    if kind is str:
        return _encode_text(element)  # type: ignore[arg-type]
    if kind is int:
        return _encode_int(element)  # type: ignore[arg-type]
    if kind is bytes:
        return b"\x30" + element.replace(b"\x00", b"\x00\xff") + _END  # type: ignore[attr-defined, no-any-return]
    if kind is float:
        return b"\x20" + _FLOAT_STRUCT.pack(_flip(element))  # type: ignore[arg-type]
    if kind is tuple:
        return b"\x40" + b"".join([_encode(inner) for inner in element]) + _END  # type: ignore[attr-defined]
    if element is None or kind is bool:
        return bytes([_NONE if element is None else _TRUE if element else _FALSE])
    raise InvalidInput(
        f"{element!r} is a {kind.__name__}, which is no key: "
        "use None, bool, int, float, bytes, str or a tuple of these"
    )


def _encode_text(text: str) -> bytes:
    return b"\x31" + _utf8(text).replace(b"\x00", b"\x00\xff") + _END


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"the key {text!r} holds a lone surrogate: use bytes") from None


def _encode_int(number: int) -> bytes:
    size = (number.bit_length() + 7) // 8
    if size > _MAX_INT_BYTES:
        raise InvalidInput(f"the key {number} does not fit in 64 bits: use a string")
    if number >= 0:
        return bytes([_ZERO + size]) + number.to_bytes(size, "big")
    return bytes([_ZERO - size]) + (number + (1 << 8 * size) - 1).to_bytes(size, "big")


def _flip(number: float) -> int:
    bits: int = _FLOAT_STRUCT.unpack(_DOUBLE.pack(number))[0]
    return bits ^ _ALL if bits & _SIGN else bits | _SIGN


def _decode(data: bytes, offset: int) -> tuple[object, int]:
    tag = data[offset]
    offset += 1
    if tag in (_BYTES, _STR):
        content, offset = _decode_bytes(data, offset)
        return (content if tag == _BYTES else content.decode()), offset
    if _ZERO - _MAX_INT_BYTES <= tag <= _ZERO + _MAX_INT_BYTES:
        return _decode_int(data, offset, tag - _ZERO)
    if tag == _FLOAT:
        bits = _FLOAT_STRUCT.unpack_from(data, offset)[0]
        bits = bits ^ _SIGN if bits & _SIGN else bits ^ _ALL
        return _DOUBLE.unpack(_FLOAT_STRUCT.pack(bits))[0], offset + 8
    if tag == _TUPLE:
        return _decode_tuple(data, offset)
    if tag in (_NONE, _FALSE, _TRUE):
        return (None, False, True)[tag - _NONE], offset
    raise ValueError(f"unknown tag {tag:#04x}")


def _decode_int(data: bytes, offset: int, sign_and_size: int) -> tuple[int, int]:
    stop = offset + abs(sign_and_size)
    if stop > len(data):
        raise ValueError("an integer is cut off")
    number = int.from_bytes(data[offset:stop], "big")
    if sign_and_size < 0:
        number -= (1 << 8 * (stop - offset)) - 1
    return number, stop


def _decode_bytes(data: bytes, offset: int) -> tuple[bytes, int]:
    end = offset
    while True:
        end = data.index(0, end)
        if data[end + 1] == 1:
            return data[offset:end].replace(b"\x00\xff", b"\x00"), end + 2
        end += 2


def _decode_tuple(data: bytes, offset: int) -> tuple[Key, int]:
    elements: list[object] = []
    while data[offset : offset + 2] != _END:
        element, offset = _decode(data, offset)
        elements.append(element)
    return tuple(elements), offset + 2

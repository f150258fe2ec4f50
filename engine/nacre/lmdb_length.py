"""Whether the end of an LMDB file is missing: LMDB dies when it reads what is not there.

    meta page, from its byte 16    magic, version (4 each), address, map size (8 each),
                                   the free and the main database (48 each, the free one begins
                                   with the page size), last page, transaction (8 each)
    page                           number (8), 2 unused, flags (2), lower, upper (2 each),
                                   from byte 16 the place of each node (2 each)
    node                           size or page, low and high (2 each), flags, key size (2 each),
                                   key, data

Two meta pages open the file; the one of the later transaction holds. A file may end before its
last page: LMDB never writes pages that are free. So what is missing is looked up among those.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nacre.errors import CorruptionError

_META = struct.Struct("<IIQQ48s48sQQ")
_META_AT = 16
_MAGIC = 0xBEEFC0DE
_VERSION_0_9 = 1
_ROOT_AT = 40  # in the description of a database
_NO_PAGE = (1 << 64) - 1
_HEADER = struct.Struct("<QHHHH")
_NODE = struct.Struct("<HHHH")
_BRANCH, _LEAF = 0x01, 0x02
_BIG = 0x01  # the data of a node is the number of its first page
_LARGEST_PAGE_BYTES = 1 << 16


class _Meta(NamedTuple):
    page_bytes: int
    free_root: int
    last_page: int
    transaction: int


def check_length(path: Path) -> None:
    """Refuse an LMDB file that ends before a page which it needs.

    Raises:
        CorruptionError: it does.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        meta = _newest_meta(descriptor)
        while meta is not None and not _is_complete(descriptor, meta):
            seen, meta = meta, _newest_meta(descriptor)
            if meta == seen:  # else a writer was at work meanwhile
                size = os.fstat(descriptor).st_size
                raise CorruptionError(
                    f"{path} is cut off at {size:,} of {_whole_bytes(meta):,} bytes: "
                    "restore it from a backup"
                )
    finally:
        os.close(descriptor)


def _newest_meta(descriptor: int) -> _Meta | None:
    """Return the meta page that holds; None when LMDB refuses the file, or its format is new."""
    first = _meta_at(descriptor, 0)
    if first is None:
        return None
    second = _meta_at(descriptor, first.page_bytes)
    if second is None:
        return None
    return max(first, second, key=lambda meta: meta.transaction)


def _meta_at(descriptor: int, offset: int) -> _Meta | None:
    raw = os.pread(descriptor, _META.size, offset + _META_AT)
    if len(raw) < _META.size:
        return None
    magic, version, _, _, free, _, last_page, transaction = _META.unpack(raw)
    page_bytes = int.from_bytes(free[:4], "little")
    if (magic, version) != (_MAGIC, _VERSION_0_9) or not 0 < page_bytes <= _LARGEST_PAGE_BYTES:
        return None
    root = int.from_bytes(free[_ROOT_AT:], "little")
    return _Meta(page_bytes, root, last_page, transaction)


def _is_complete(descriptor: int, meta: _Meta) -> bool:
    size = os.fstat(descriptor).st_size
    if size >= _whole_bytes(meta):
        return True
    missing = meta.last_page + 1 - size // meta.page_bytes
    try:
        free = {page for page in _free_pages(descriptor, meta) if page > meta.last_page - missing}
    except (struct.error, RecursionError):
        return False  # pages of the list itself are missing
    return len(free) == missing


def _free_pages(descriptor: int, meta: _Meta) -> Iterator[int]:
    if meta.free_root != _NO_PAGE:
        yield from _free_below(descriptor, meta, meta.free_root)


def _free_below(descriptor: int, meta: _Meta, number: int) -> Iterator[int]:
    """Yield the free pages that the leaves below a page of the list name."""
    page = os.pread(descriptor, meta.page_bytes, number * meta.page_bytes)
    _, _, flags, lower, _ = _HEADER.unpack_from(page)
    for place in struct.unpack_from(f"<{(lower - _HEADER.size) // 2}H", page, _HEADER.size):
        low, high, node_flags, key_size = _NODE.unpack_from(page, place)
        if flags & _BRANCH:
            yield from _free_below(descriptor, meta, low | high << 16 | node_flags << 32)
        elif flags & _LEAF:
            start = place + _NODE.size + key_size
            size = low | high << 16
            data = page[start : start + size]
            if node_flags & _BIG:
                (first,) = struct.unpack_from("<Q", page, start)
                data = os.pread(descriptor, size, first * meta.page_bytes + _HEADER.size)
            (count,) = struct.unpack_from("<Q", data)
            yield from struct.unpack_from(f"<{count}Q", data, 8)


def _whole_bytes(meta: _Meta) -> int:
    return (meta.last_page + 1) * meta.page_bytes

"""The two ends of every codec: an encoder that makes nodes, and a decoder that reads them.

A node is plain data of the log: None, bool, float, text, short bytes, 64-bit integers and lists
are themselves; everything else is a map of one key, the tag of its codec, to its parts. Nodes
name blobs by digests, so whoever follows blobs finds the payloads of an object.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from nacre.errors import CorruptionError
from nacre.hashing import Digest
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.limits import Budget, Limits
from nacre_adapters.flowstore.codecs.payloads import Payloads

Node = object
Parts = list[object]

INLINE_BYTES = 1024
"""Payloads up to this size stand in the node itself."""


class Codec(NamedTuple):
    """How one kind of object becomes the parts of a node, and comes back."""

    tag: str
    encode: Callable[..., Parts]
    decode: Callable[..., object]
    takes: Callable[[object], bool] = lambda _: True
    """Says which objects of a library it is for."""


class Finder(NamedTuple):
    """How codecs are found: by the object when writing, by the tag when reading."""

    of_value: Callable[[object], Codec]
    of_tag: Callable[[str], Codec]
    last: Codec
    """For what is refused by its own, if pickles are trusted."""


class Encoder:
    """Makes the nodes of one object; for one call."""

    def __init__(
        self,
        payloads: Payloads,
        finder: Finder,
        limits: Limits,
        *,
        classes: Mapping[str, type],
        pickle_key: bytes | None,
    ) -> None:
        self.payloads = payloads
        self.classes = classes
        self.pickle_key = pickle_key
        self.budget = Budget(limits)
        self.size_bytes = 0
        self.is_ordered = False
        self._finder = finder
        self._depth = 0

    def encode(self, value: object) -> Node:
        """Return the node of *value*.

        Raises:
            Refused: it, or something in it, would not come back as it was.
        """
        if _is_plain(value):
            return value
        if self._depth >= self.budget.limits.depth:
            most = self.budget.limits.depth
            raise Refused(
                f"nested deeper than {most} levels, or inside itself: flatten it", deep=True
            )
        self._depth += 1
        try:
            return self._tagged(self._finder.of_value(value), value)
        finally:
            self._depth -= 1

    def _tagged(self, codec: Codec, value: object) -> Node:
        try:
            parts = codec.encode(value, self)
        except Refused as error:
            # What one part of a container is refused for was tried with pickle already.
            if self.pickle_key is None or error.places or error.is_deep:
                raise
            codec = self._finder.last
            parts = codec.encode(value, self)
        # No less than what reading counts: containers have counted their items.
        self.budget.take_items(1 if codec.tag == LIST else 8 + len(parts))
        return parts if codec.tag == LIST else {codec.tag: parts}

    def content(self, data: bytes | memoryview) -> bytes | Digest:
        """Return short bytes as they are, or the digest of the blob that they were put into."""
        self.size_bytes += len(data)
        self.budget.take_bytes(len(data))
        return bytes(data) if len(data) <= INLINE_BYTES else self.payloads.put_blob(data)


class Decoder:
    """Reads the nodes of one object; for one call."""

    def __init__(
        self,
        payloads: Payloads,
        finder: Finder,
        limits: Limits,
        *,
        classes: Mapping[str, type],
        pickle_key: bytes | None,
    ) -> None:
        self.payloads = payloads
        self.classes = classes
        self.pickle_key = pickle_key
        self.budget = Budget(limits)
        self._finder = finder
        self._depth = 0

    def decode(self, node: Node) -> object:
        """Return the object of *node*.

        Raises:
            CorruptionError: it is no node, or beyond the limits.
        """
        if type(node) in _PLAIN:
            return node
        if self._depth >= self.budget.limits.depth:
            raise CorruptionError(f"an object is nested deeper than {self._depth} levels")
        self._depth += 1
        try:
            tag, parts = _tagged(node)
            self.budget.take_items(len(parts))
            return self._finder.of_tag(tag).decode(parts, self)
        finally:
            self._depth -= 1

    def content(self, stored: object) -> bytes | memoryview:
        """Return the bytes that `Encoder.content` was given."""
        if isinstance(stored, Digest):
            stored = self.payloads.get_blob(stored)
        if not isinstance(stored, bytes | memoryview):
            raise CorruptionError(f"a {type(stored).__name__} stands where a payload should")
        self.budget.take_bytes(len(stored))
        return stored


LIST = "list"
_SIMPLE = frozenset({type(None), bool, float})
_PLAIN = _SIMPLE | {int, str, bytes}
_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1


def _is_plain(value: object) -> bool:
    """Say whether a value is its own node."""
    kind = type(value)
    if kind in _SIMPLE:
        return True
    if isinstance(value, int) and kind is int:
        return _SMALLEST <= value <= _LARGEST
    if isinstance(value, str) and kind is str:
        # Text with a lone surrogate has no UTF-8.
        return len(value) <= INLINE_BYTES and (value.isascii() or _has_utf8(value))
    return isinstance(value, bytes) and kind is bytes and len(value) <= INLINE_BYTES


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _tagged(node: Node) -> tuple[str, Parts]:
    if isinstance(node, list):
        return LIST, node
    if isinstance(node, dict) and len(node) == 1:
        ((tag, parts),) = node.items()
        if isinstance(tag, str) and isinstance(parts, list):
            return tag, parts
    raise CorruptionError(f"a stored object has a {type(node).__name__} that is no node")

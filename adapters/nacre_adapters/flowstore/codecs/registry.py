"""The front of the codecs: an object in, what an event holds of it out, and back.

Reading never imports or runs what the data names. The one exception are pickles, which both
sides must ask for.
"""

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from nacre.codec import pack, unpack
from nacre.errors import CorruptionError, InvalidInput, NacreError
from nacre.hashing import Digest, digest_of
from nacre_adapters.flowstore.codecs import arrays, classes, frames, libraries
from nacre_adapters.flowstore.codecs.errors import NotStorable, Refused
from nacre_adapters.flowstore.codecs.limits import Limits
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Finder, Node
from nacre_adapters.flowstore.codecs.payloads import Payloads
from nacre_adapters.flowstore.codecs.pickles import PICKLE
from nacre_adapters.flowstore.codecs.picture import PICTURE, Picture
from nacre_adapters.flowstore.codecs.plain import LEAF, PLAIN

_INLINE_BYTES = 2048
_MARK = "nacre.object"
_VERSION = 1

Key = Callable[[], bytes]
"""Where the key that authenticates pickles comes from; asked only when one is met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What an event holds of an object.

    *content* is the object's node when it is small, else the digest of the blob that has it.
    Objects that are equal have equal *identity*, in every process.
    """

    content: Node
    identity: str
    size_bytes: int
    type: str

    def to_data(self) -> dict[str, object]:
        """Return this as plain data of an event."""
        return {
            "content": self.content,
            "identity": self.identity,
            "size_bytes": self.size_bytes,
            "type": self.type,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Self:
        """Return what `to_data` made plain.

        Raises:
            CorruptionError: it is something else.
        """
        match data:
            case {
                "content": content,
                "identity": str() as identity,
                "size_bytes": int() as size,
                "type": str() as kind,
            }:
                return cls(content=content, identity=identity, size_bytes=size, type=kind)
        raise CorruptionError("an event does not hold a stored object where it should")


class Codecs:
    """Encodes objects into a vault and decodes them. Threads may share one.

    *classes* are enumerations, dataclasses, named tuples and estimators of your own that may be
    loaded. *trust* is None, or "pickle" to store with pickle what no codec takes, and to load
    such pickles when they were stored with the same *key*.
    """

    def __init__(
        self,
        payloads: Payloads,
        *,
        classes: Iterable[type] = (),
        trust: str | None = None,
        key: Key | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._payloads = payloads
        self._classes = _named(classes)
        self._trust = _checked_trust(trust)
        self._key = key
        self._limits = limits or Limits()

    def encode(self, value: object, *, name: str = "data", trust: str | None = None) -> Encoded:
        """Store *value*; durable when a commit that names the content returns.

        Raises:
            NotStorable: something in it would not come back; the path begins with *name*.
            PackageMissing: an optional package is needed for it.
        """
        encoder = Encoder(
            self._payloads,
            FINDER,
            self._limits,
            classes=self._classes,
            pickle_key=self._pickle_key(trust),
        )
        try:
            node = encoder.encode(value)
        except Refused as error:
            raise NotStorable(error.message(name)) from error
        except CorruptionError as error:  # beyond a limit: nothing is damaged here
            raise NotStorable(f"{name}: {error}") from error
        return self._encoded(node, value, encoder, name)

    def decode(self, stored: Encoded | Mapping[str, object], *, trust: str | None = None) -> object:
        """Return a new object, equal to the one that was stored.

        Raises:
            CorruptionError: what is stored is damaged, hostile or beyond the limits.
            NotTrusted: it holds a pickle, and nobody asked for it.
            PackageMissing: an optional package is needed for it.
        """
        encoded = stored if isinstance(stored, Encoded) else Encoded.from_data(stored)
        decoder = Decoder(
            self._payloads,
            FINDER,
            self._limits,
            classes=self._classes,
            pickle_key=self._pickle_key(trust),
        )
        try:
            return decoder.decode(self._node(encoded.content))
        except NacreError:
            raise
        except _BROKEN as error:
            raise CorruptionError(
                f"a stored {encoded.type:.80} does not decode: {error!r:.200}"
            ) from error

    def _encoded(self, node: Node, value: object, encoder: Encoder, name: str) -> Encoded:
        packed = pack([_MARK, _VERSION, node])
        if len(packed) > self._limits.tree_bytes:
            raise NotStorable(
                f"{name}: it has {len(packed):,} bytes of parts: use arrays or frames"
            )
        content = node
        if len(packed) > _INLINE_BYTES:
            content = self._payloads.put_blob(packed, manifest=True)
        if encoder.is_ordered:
            packed = pack([_MARK, _VERSION, _without_order(node)])
        return Encoded(
            content=content,
            identity=str(digest_of(packed)),
            size_bytes=encoder.size_bytes + len(packed),
            type=classes.name_of(type(value)),
        )

    def _node(self, content: Node) -> Node:
        if not isinstance(content, Digest):
            return content
        data = self._payloads.get_blob(content)
        if len(data) > self._limits.tree_bytes:
            raise CorruptionError(f"the object {content} has {len(data):,} bytes: too many")
        try:
            found = unpack(data, most_parts=self._limits.items)
        except MemoryError as error:  # what it claims, while all of it is in `data`
            raise CorruptionError(
                f"the object {content} takes more memory than there is"
            ) from error
        match found:
            case [mark, version, node] if (mark, version) == (_MARK, _VERSION):
                return node
        raise CorruptionError(f"the blob {content} is no object of version {_VERSION}")

    def _pickle_key(self, trust: str | None) -> bytes | None:
        if (_checked_trust(trust) or self._trust) is None:
            return None
        if self._key is None:
            raise InvalidInput("trust='pickle' needs a key: give one, or open the store with one")
        return self._key()


_BROKEN = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)


def _checked_trust(trust: str | None) -> str | None:
    if trust not in (None, "pickle"):
        raise InvalidInput(f"trust={trust!r} is unknown: give 'pickle', or leave it out")
    return trust


def _named(kinds: Iterable[type]) -> dict[str, type]:
    kinds = list(kinds)
    for kind in kinds:
        if not isinstance(kind, type):
            raise InvalidInput(f"classes holds {kind!r:.60}, which is no class")
    return {classes.name_of(kind): kind for kind in kinds}


def _without_order(node: Node) -> Node:
    if isinstance(node, list):
        return [_without_order(part) for part in node if part != arrays.FORTRAN]
    if isinstance(node, dict):
        return {tag: _without_order(parts) for tag, parts in node.items()}
    return node


def _codec_of(value: object) -> Codec:
    kind = type(value)
    found = _OF_TYPE.get(kind) or _special(value, kind)
    return found or libraries.codec_of(value) or PICKLE


def _special(value: object, kind: type) -> Codec | None:
    if isinstance(value, np.generic):
        return LEAF
    if isinstance(value, np.dtype):
        return arrays.DTYPE
    if kind in frames.INDEXES:
        return frames.INDEX
    if isinstance(value, pd.api.extensions.ExtensionDtype):
        return frames.PANDAS_DTYPE
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return frames.COLUMN
    if isinstance(value, enum.Enum) or (classes.is_own(kind) and not libraries.library_of(kind)):
        return classes.codec_of(kind)
    return None


def _codec_of_tag(tag: str) -> Codec:
    codec = _OF_TAG.get(tag) or libraries.codec_of_tag(tag)
    if codec is None:
        raise CorruptionError(f"a stored object is a {tag!r:.40}, which this version cannot read")
    return codec


FINDER = Finder(_codec_of, _codec_of_tag, PICKLE)

_OF_TYPE: dict[type, Codec] = {**PLAIN, **arrays.ARRAYS, **frames.FRAMES, Picture: PICTURE}
_OTHERS = (
    LEAF,
    arrays.DTYPE,
    frames.INDEX,
    frames.COLUMN,
    frames.PANDAS_DTYPE,
    classes.ENUM,
    classes.DATACLASS,
    classes.NAMED_TUPLE,
    PICKLE,
)
_OF_TAG = {codec.tag: codec for codec in (*_OF_TYPE.values(), *_OTHERS)}

"""A figure that was stored as it looked: what a matplotlib figure comes back as."""

from dataclasses import dataclass

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in the bytes of its file, such as a PNG."""

    content: bytes
    media_type: str = "image/png"

    def _repr_png_(self) -> bytes:
        return self.content


def _encode(value: Picture, encoder: Encoder) -> Parts:
    return [encoder.content(value.content), value.media_type]


def _decode(parts: Parts, decoder: Decoder) -> Picture:
    content, media_type = parts
    if not isinstance(media_type, str):
        raise CorruptionError("a stored picture has no type")
    return Picture(bytes(decoder.content(content)), media_type)


PICTURE = Codec("picture", _encode, _decode)

"""Images of Pillow as PNG, without loss; an image that PNG cannot hold is refused."""

import io
import warnings

from PIL import Image

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts

_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})


def _encode(value: Image.Image, encoder: Encoder) -> Parts:
    if value.mode not in _MODES:
        raise Refused(f"PNG has no mode {value.mode}: use image.convert('RGB')")
    target = io.BytesIO()
    plain = value.copy()
    plain.info = {}  # notes of the file that it came from are no part of the image
    plain.save(target, format="PNG")
    if not _is_alike(plain, Image.open(io.BytesIO(target.getvalue()))):
        raise Refused(f"its {value.mode} image would not come back: use image.convert('RGBA')")
    return [encoder.content(target.getvalue())]


def _is_alike(one: Image.Image, other: Image.Image) -> bool:
    same_palette = one.getpalette("RGBA") == other.getpalette("RGBA") if one.mode == "P" else True
    return one.mode == other.mode and one.tobytes() == other.tobytes() and same_palette


def _decode(parts: Parts, decoder: Decoder) -> Image.Image:
    (content,) = parts
    data = decoder.content(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(bytes(data)), formats=["PNG"])
        if image.width * image.height > decoder.budget.limits.pixels:
            raise CorruptionError(f"a stored image claims {image.width} by {image.height} pixels")
        return image.copy()
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise CorruptionError(f"a stored image does not open: {error!s:.200}") from error


CODECS = (Codec("image", _encode, _decode, lambda value: isinstance(value, Image.Image)),)

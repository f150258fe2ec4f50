"""Images of Pillow as PNG, without loss; an image that PNG cannot hold is refused."""

import io
import warnings

from PIL import Image

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.limits import Budget
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts

_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
_BROKEN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)


def _encode(value: Image.Image, encoder: Encoder) -> Parts:
    if value.mode not in _MODES:
        raise Refused(f"PNG has no mode {value.mode}: use image.convert('RGB')")
    _check_size(value, encoder.budget)
    target = io.BytesIO()
    try:
        plain = value.copy()
        plain.info = {}  # notes of the file that it came from are no part of the image
        plain.save(target, format="PNG")
        is_alike = _is_alike(plain, _opened(target.getvalue()))
    except _BROKEN as error:
        raise Refused(f"an image that PNG cannot hold, or not read ({error!s:.200})") from error
    if not is_alike:
        raise Refused(f"its {value.mode} image would not come back: use image.convert('RGBA')")
    return [encoder.content(target.getvalue())]


def _check_size(image: Image.Image, budget: Budget) -> None:
    """Refuse what would be larger than the limits once it is unpacked."""
    if image.width * image.height > budget.limits.pixels:
        raise CorruptionError(
            f"an image of {image.width} by {image.height} pixels is beyond the limits"
        )
    budget.take_bytes(image.width * image.height * len(image.getbands()))


def _opened(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # there are our own limits
        return Image.open(io.BytesIO(data), formats=["PNG"])


def _is_alike(one: Image.Image, other: Image.Image) -> bool:
    same_palette = one.getpalette("RGBA") == other.getpalette("RGBA") if one.mode == "P" else True
    return one.mode == other.mode and one.tobytes() == other.tobytes() and same_palette


def _decode(parts: Parts, decoder: Decoder) -> Image.Image:
    (content,) = parts
    data = decoder.content(content)
    try:
        image = _opened(bytes(data))
        _check_size(image, decoder.budget)
        return image.copy()
    except _BROKEN as error:
        raise CorruptionError(f"a stored image does not open: {error!s:.200}") from error


CODECS = (Codec("image", _encode, _decode, lambda value: isinstance(value, Image.Image)),)

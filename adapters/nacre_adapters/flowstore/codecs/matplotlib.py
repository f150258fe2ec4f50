"""Figures of matplotlib as the PNG that they look like: they come back as a `Picture`."""

import io

from matplotlib.figure import Figure

from nacre_adapters.flowstore.codecs.nodes import Codec, Encoder, Parts
from nacre_adapters.flowstore.codecs.picture import PICTURE, Picture


def _encode(value: Figure, encoder: Encoder) -> Parts:
    target = io.BytesIO()
    # The version of the software would make equal figures differ.
    value.savefig(target, format="png", metadata={"Software": None})
    return PICTURE.encode(Picture(target.getvalue()), encoder)


CODECS = (Codec(PICTURE.tag, _encode, PICTURE.decode, lambda value: isinstance(value, Figure)),)

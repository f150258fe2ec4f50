"""Figures of plotly as their JSON."""

import json

import plotly.graph_objects as go
import plotly.io

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts


def _encode(value: go.Figure, encoder: Encoder) -> Parts:
    try:
        text: str = plotly.io.to_json(value, validate=False, engine="json")
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(f"a figure whose data is no JSON: {error!s:.200}") from error
    # Figures that are equal may have been built in another order.
    return [encoder.content(json.dumps(json.loads(text), sort_keys=True).encode())]


def _decode(parts: Parts, decoder: Decoder) -> go.Figure:
    (content,) = parts
    try:
        fields = json.loads(bytes(decoder.content(content)))
        return go.Figure(fields)
    except (ValueError, TypeError, RecursionError) as error:
        raise CorruptionError(f"a stored figure does not load: {error!s:.200}") from error


CODECS = (Codec("plotly", _encode, _decode, lambda value: type(value) is go.Figure),)

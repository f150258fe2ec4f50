"""Polars frames and series, as frames of the vault."""

import polars as pl

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.frames import get, put
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts


def _encode_frame(value: pl.DataFrame, encoder: Encoder) -> Parts:
    encoder.size_bytes += int(value.estimated_size())
    return [put(value, encoder)]


def _decode_frame(parts: Parts, decoder: Decoder) -> pl.DataFrame:
    (stored,) = parts
    frame = get(stored, decoder)
    if not isinstance(frame, pl.DataFrame):
        raise CorruptionError(f"the frame {stored} is a {type(frame).__name__}, not one of Polars")
    return frame


def _encode_series(value: pl.Series, encoder: Encoder) -> Parts:
    return _encode_frame(value.to_frame(), encoder)


def _decode_series(parts: Parts, decoder: Decoder) -> pl.Series:
    return _decode_frame(parts, decoder).to_series(0)


CODECS = (
    Codec("polars-frame", _encode_frame, _decode_frame, lambda v: type(v) is pl.DataFrame),
    Codec("polars-series", _encode_series, _decode_series, lambda v: type(v) is pl.Series),
)

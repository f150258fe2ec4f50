"""scipy's sparse arrays: format, shape and the arrays that they are made of."""

import numpy as np
import scipy.sparse as sp

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts
from nacre_adapters.flowstore.codecs.plain import decode_items

_COMPRESSED = {kind.__name__: kind for kind in (sp.csr_array, sp.csc_array, sp.bsr_array)}
_COMPRESSED |= {kind.__name__: kind for kind in (sp.csr_matrix, sp.csc_matrix, sp.bsr_matrix)}
_DIAGONAL = {kind.__name__: kind for kind in (sp.dia_array, sp.dia_matrix)}
_COORDINATE = {kind.__name__: kind for kind in (sp.coo_array, sp.coo_matrix)}
_KINDS = _COMPRESSED | _DIAGONAL | _COORDINATE
_WAYS_OUT = "convert it with tocsr() or tocoo()"


def _encode(value: object, encoder: Encoder) -> Parts:
    name = type(value).__name__
    if _KINDS.get(name) is not type(value):
        raise Refused(f"a {name} of scipy cannot be stored exactly: {_WAYS_OUT}")
    return [name, [int(n) for n in value.shape], *map(encoder.encode, _arrays(name, value))]  # type: ignore[attr-defined]  # scipy has no types


def _arrays(name: str, value: object) -> list[object]:
    if name in _COMPRESSED:
        return [value.data, value.indices, value.indptr]  # type: ignore[attr-defined]  # as above
    if name in _DIAGONAL:
        return [value.data, value.offsets]  # type: ignore[attr-defined]  # as above
    return [value.data, *value.coords]  # type: ignore[attr-defined]  # as above


def _decode(parts: Parts, decoder: Decoder) -> object:
    name, shape, *nodes = parts
    arrays = decode_items(nodes, decoder)
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(shape, list) or not _are_arrays(arrays):
        raise CorruptionError(f"a stored sparse array {name!r:.40} is none")
    if name in _COORDINATE:
        data, *coords = arrays
        return kind((data, tuple(coords)), shape=tuple(shape))
    made = kind(tuple(arrays), shape=tuple(shape))
    if name in _COMPRESSED:
        made.check_format(full_check=True)  # numbers out of range crash what uses them
    return made


def _are_arrays(arrays: list[object]) -> bool:
    return all(isinstance(each, np.ndarray) and each.dtype != object for each in arrays)


CODECS = (Codec("sparse", _encode, _decode, sp.issparse),)

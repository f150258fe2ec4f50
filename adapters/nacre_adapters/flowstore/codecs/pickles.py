"""Pickles, for whoever asks for them: nothing else in nacre loads one.

A pickle runs code when it is loaded. It is stored with a keyed hash of its bytes, and that is
checked before they are looked at, so only what was stored with this key is ever loaded.
"""

import hashlib
import hmac
import pickle

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.classes import is_own, name_of
from nacre_adapters.flowstore.codecs.errors import NotTrusted, Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts

try:
    from cloudpickle import dumps  # takes lambdas and classes of a notebook too
except ModuleNotFoundError:
    dumps = pickle.dumps

_PURPOSE = b"nacre flowstore pickle 1\0"
_PROTOCOL = 5
_BROKEN = (
    pickle.UnpicklingError,
    AttributeError,
    ImportError,
    TypeError,
    ValueError,
    LookupError,
    EOFError,
    RecursionError,
)


def _encode(value: object, encoder: Encoder) -> Parts:
    if encoder.pickle_key is None:
        raise Refused(_way_out(type(value)))
    try:
        data: bytes = dumps(value, protocol=_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError, ValueError) as error:
        raise Refused(f"a {name_of(type(value))} cannot even be pickled ({error})") from error
    return [encoder.content(data), _code(encoder.pickle_key, data)]


def _way_out(kind: type) -> str:
    name = name_of(kind)
    if is_own(kind):
        return (
            f"the class {name} is not known to whoever reads it: name it with "
            f"classes=[{kind.__name__}], store its parts, or opt in with trust='pickle'"
        )
    return (
        f"{name} cannot be stored without pickle: store its parts, "
        "or opt in with trust='pickle', for the store or for this call"
    )


def _decode(parts: Parts, decoder: Decoder) -> object:
    if decoder.pickle_key is None:
        raise NotTrusted(
            "what is stored is a pickle, which runs code when it is loaded: "
            "say trust='pickle' if you know where it comes from"
        )
    content, code = parts
    data = bytes(decoder.content(content))
    if not isinstance(code, bytes) or not hmac.compare_digest(
        code, _code(decoder.pickle_key, data)
    ):
        raise NotTrusted(
            "a stored pickle was not written with the key of this store: it is not loaded"
        )
    try:
        return pickle.loads(data)  # noqa: S301 - its code was checked
    except _BROKEN as error:
        raise CorruptionError(f"a stored pickle does not load here: {error}") from error


def _code(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + hashlib.sha256(data).digest(), "sha256")


PICKLE = Codec("pickle", _encode, _decode)

"""Classes of the user's own: enumerations, dataclasses and named tuples that the reader names.

What is stored is a name; which class it means is said by whoever reads, never by the data.
"""

import dataclasses
import enum
from collections.abc import Callable, Mapping

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts
from nacre_adapters.flowstore.codecs.plain import (
    decode_items,
    decode_pairs,
    encode_items,
    encode_pairs,
)


def name_of(kind: type) -> str:
    """Return the name that a class is stored by."""
    return f"{kind.__module__}.{kind.__qualname__}"


def is_own(kind: type) -> bool:
    """Say whether objects of a class can be stored once the class is named."""
    is_named_tuple = issubclass(kind, tuple) and hasattr(kind, "_fields")
    return issubclass(kind, enum.Enum) or dataclasses.is_dataclass(kind) or is_named_tuple


def codec_of(kind: type) -> Codec:
    """Return how objects of a class of the user's own are stored."""
    if issubclass(kind, enum.Enum):
        return ENUM
    return DATACLASS if dataclasses.is_dataclass(kind) else NAMED_TUPLE


def _known(value: object, classes: Mapping[str, type]) -> str:
    name = name_of(type(value))
    if classes.get(name) is not type(value):
        raise Refused(
            f"the class {name} is not known to whoever reads it: "
            f"name it with classes=[{type(value).__name__}], or store its parts"
        )
    return name


def _class_of(name: object, decoder: Decoder) -> type:
    known = decoder.classes.get(name) if isinstance(name, str) else None
    if known is None:
        raise CorruptionError(
            f"what is stored holds a {name!r:.80}: name the class with classes=[...] to read it"
        )
    return known


def _encode_enum(value: enum.Enum, encoder: Encoder) -> Parts:
    name = _known(value, encoder.classes)
    if value.name in type(value).__members__:
        return [name, value.name]
    return [name, None, encoder.encode(value.value)]  # several flags at once


def _decode_enum(parts: Parts, decoder: Decoder) -> object:
    name, member, *value = parts
    kind = _class_of(name, decoder)
    if not issubclass(kind, enum.Enum):
        raise CorruptionError(f"{name!r:.80} is no enumeration")
    if value:
        return kind(decoder.decode(value[0]))
    if member not in kind.__members__:
        raise CorruptionError(f"{name} has no member {member!r:.60}: name the class as it was")
    return kind.__members__[str(member)]


def _encode_dataclass(value: object, encoder: Encoder) -> Parts:
    name = _known(value, encoder.classes)
    assert dataclasses.is_dataclass(value)
    fields = {field.name: field for field in dataclasses.fields(value)}
    extra = sorted(set(getattr(value, "__dict__", {})) - set(fields))
    extra += sorted(field.name for field in fields.values() if not field.init)
    if extra:
        raise Refused(f"its attribute {extra[0]} would not come back: store its parts")
    if type(value).__new__ is not object.__new__:
        raise Refused(f"the dataclass {name} is also something else: store its parts")
    state: dict[object, object] = {each: getattr(value, each) for each in fields}
    _check_made_again(type(value), state)
    return [name, *encode_pairs(state, encoder)]


def _check_made_again(kind: type, state: Mapping[object, object]) -> None:
    """Refuse what its own class would make into something else on reading."""
    try:
        again: object = kind(**{str(name): part for name, part in state.items()})
    except Exception as error:  # whatever its own code raises
        raise Refused(f"{name_of(kind)} cannot be made of its fields: {error!r:.100}") from error
    changed = [name for name, part in state.items() if getattr(again, str(name)) is not part]
    if changed:
        raise Refused(f"{name_of(kind)} makes another {changed[0]} of it: store its parts")


def _decode_dataclass(parts: Parts, decoder: Decoder) -> object:
    name, *pairs = parts
    kind = _class_of(name, decoder)
    fields = decode_pairs(pairs, decoder)
    if not dataclasses.is_dataclass(kind):
        raise CorruptionError(f"{name} is no dataclass")
    return kind(**{str(field): value for field, value in fields.items()})


def _encode_named_tuple(value: tuple[object, ...], encoder: Encoder) -> Parts:
    name = _known(value, encoder.classes)
    extra = sorted(getattr(value, "__dict__", {}))
    if extra:
        raise Refused(f"its attribute {extra[0]} would not come back: store its parts")
    return [name, *encode_items(value, encoder)]


def _decode_named_tuple(parts: Parts, decoder: Decoder) -> object:
    name, *items = parts
    kind = _class_of(name, decoder)
    make: Callable[[list[object]], object] | None = getattr(kind, "_make", None)
    if not issubclass(kind, tuple) or make is None:
        raise CorruptionError(f"{name} is no named tuple")
    return make(decode_items(items, decoder))


ENUM = Codec("enum", _encode_enum, _decode_enum)
DATACLASS = Codec("dataclass", _encode_dataclass, _decode_dataclass)
NAMED_TUPLE = Codec("named-tuple", _encode_named_tuple, _decode_named_tuple)

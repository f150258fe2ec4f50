"""scikit-learn's estimators through skops; who reads says which types may be loaded.

What skops writes differs every time (identities of objects, times of its archive), so it is
brought to one form: members are named by their content, identities are counted. Each member is a
blob, and models share those that are equal.
"""

import io
import itertools
import json
import re
import tokenize
import zipfile
from collections.abc import Iterator, Mapping

import skops.io
from skops.io.exceptions import UnsupportedTypeException

from nacre.errors import CorruptionError
from nacre.hashing import digest_of
from nacre_adapters.flowstore.codecs.errors import NotTrusted, Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts
from nacre_adapters.flowstore.codecs.sklearn_trees import check_trees
from nacre_adapters.flowstore.codecs.sklearn_types import ALLOWED

_SCHEMA = "schema.json"
_MEMBER = re.compile(r"[0-9a-f]{32}\.[a-z]{1,8}")
_BROKEN = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ImportError,
    OSError,
    MemoryError,
    SyntaxError,  # and the next: from headers of arrays
    tokenize.TokenError,
)


def _encode(value: object, encoder: Encoder) -> Parts:
    try:
        archive = skops.io.dumps(value)
    except UnsupportedTypeException as error:
        raise Refused(f"{error}: store its parameters, or opt in with trust='pickle'") from error
    except (TypeError, AttributeError, ValueError, RecursionError) as error:
        raise Refused(f"skops cannot store it ({error})") from error
    unknown = _unknown(archive, encoder.classes)
    if unknown:
        raise Refused(
            f"the model holds {', '.join(unknown)}, which nobody said may be loaded: "
            "name your own classes with classes=[...], or opt in with trust='pickle'"
        )
    schema, members = _canonical(archive)
    files = [[name, encoder.content(data)] for name, data in sorted(members.items())]
    return [encoder.content(schema), *files]


def _unknown(archive: bytes, classes: Mapping[str, type]) -> list[str]:
    """Return the types that would be loaded and are not allowed, by what is in this code."""
    found = skops.io.get_untrusted_types(data=archive)
    return sorted(set(found) - ALLOWED - set(classes))


def _canonical(archive: bytes) -> tuple[bytes, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        contents = {name: opened.read(name) for name in opened.namelist()}
    schema = json.loads(contents.pop(_SCHEMA))
    names = {name: _name_of(name, data) for name, data in contents.items()}
    numbers: dict[int, int] = {}
    loose = itertools.count(1)
    for node in _objects(schema):
        number, file = node.get("__id__"), node.get("file")
        if isinstance(number, int):
            # Whether two equal texts or numbers are one object is chance.
            number = -next(loose) if node.get("__loader__") == "JsonNode" else number
            node["__id__"] = numbers.setdefault(number, len(numbers) + 1)
        if isinstance(file, str) and file in names:
            node["file"] = names[file]
    return json.dumps(schema).encode(), {names[name]: data for name, data in contents.items()}


def _name_of(name: str, data: bytes) -> str:
    return digest_of(data).raw.hex()[:32] + name[name.rfind(".") :]


def _objects(node: object) -> Iterator[dict[str, object]]:
    """Yield every JSON object, in the order of the document."""
    ahead = [node]
    while ahead:
        found = ahead.pop()
        if isinstance(found, dict):
            yield found
            ahead += reversed(found.values())
        elif isinstance(found, list):
            ahead += reversed(found)


def _decode(parts: Parts, decoder: Decoder) -> object:
    schema, *files = parts
    archive = _archive(schema, files, decoder)
    try:
        unknown = _unknown(archive, decoder.classes)
        if unknown:
            raise NotTrusted(
                f"a stored model wants to load {', '.join(unknown)[:200]}, which is not allowed: "
                "name the classes with classes=[...] if they are yours"
            )
        trusted = skops.io.get_untrusted_types(data=archive)
        model: object = skops.io.loads(archive, trusted=trusted)
        check_trees(model)
    except (NotTrusted, CorruptionError):
        raise
    except (*_BROKEN, RecursionError, UnsupportedTypeException) as error:
        raise CorruptionError(f"a stored model does not load: {error!r:.200}") from error
    return model


def _archive(schema: object, files: Parts, decoder: Decoder) -> bytes:
    """Put together what skops reads; it holds no more than the blobs do."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(_SCHEMA, bytes(decoder.content(schema)))
        for file in files:
            match file:
                case [str() as name, content] if _MEMBER.fullmatch(name):
                    archive.writestr(name, _checked(decoder.content(content), name, decoder))
                case _:
                    raise CorruptionError("a member of a stored model has no name of its own")
    return target.getvalue()


def _checked(data: bytes | memoryview, name: str, decoder: Decoder) -> bytes:
    """Refuse an archive in the archive that is a bomb."""
    content = bytes(data)
    if name.endswith(".npz"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as inner:
                size = sum(info.file_size for info in inner.infolist())
        except zipfile.BadZipFile as error:
            raise CorruptionError(f"a member of a stored model is no archive: {error}") from error
        decoder.budget.take_bytes(size)
        if size > decoder.budget.limits.expansion * (len(content) + (1 << 16)):
            raise CorruptionError(f"a member of a stored model expands to {size:,} bytes")
    return content


CODECS = (Codec("sklearn", _encode, _decode),)

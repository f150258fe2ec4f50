"""Reading an export from hostile hands: line by line, with every type and size checked."""

import base64
import binascii
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from nacre.checkpoint import Checkpoint
from nacre.errors import InvalidInput, NacreError
from nacre.event import StoredEvent, checked_text
from nacre.hashing import HASH_SIZE, Digest
from nacre.operations.export_jsonl import EXPORT_FORMAT, MOST_LINE_BYTES

Value = TypeVar("Value")

_ORIGIN = "nacre/"


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """What the first line says: which vault it is, and what it must come to."""

    vault_id: bytes
    created_ns: int
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some bytes of a payload."""

    digest: Digest
    size: int
    is_manifest: bool
    content: bytes
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A payload that a commit dropped."""

    digest: Digest
    position: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The bytes of a commit, and all that its line says."""

    header: bytes
    events: tuple[StoredEvent, ...]
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What the last line counts."""

    commits: int
    payloads: int


Line = First | Part | Gone | Entry | End


def read_lines(file: BinaryIO) -> Iterator[tuple[int, Line]]:
    """Yield the number and the content of every line.

    Raises:
        InvalidInput: a line is not what an export holds; the message names it.
    """
    number = 0
    while raw := file.readline(MOST_LINE_BYTES):
        number += 1
        try:
            if not raw.endswith(b"\n"):
                raise InvalidInput("it is cut off, or longer than a line may be")
            yield number, _parsed(_fields(raw))
        except (NacreError, RecursionError) as error:
            raise InvalidInput(
                f"line {number} of the export cannot be used: {error}; get it again"
            ) from error


def _fields(raw: bytes) -> dict[str, object]:
    try:
        found = json.loads(
            raw,
            object_pairs_hook=_without_twice,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except ValueError as error:
        raise InvalidInput(f"it is no JSON ({str(error)[:80]})") from error
    if not isinstance(found, dict):
        raise InvalidInput("it is no JSON object")
    return found


def _without_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput("a key is there twice")
    return found


def _no_constant(name: str) -> object:
    raise InvalidInput(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidInput(f"{text[:40]} is larger than a number may be")
    return number


def _parsed(fields: dict[str, object]) -> Line:
    match fields.get("nacre"):
        case "export":
            return _first(fields)
        case "end":
            return End(commits=_count(fields, "commits"), payloads=_count(fields, "payloads"))
        case None:
            if "dropped" in fields:
                return _gone(fields)
            return _part(fields) if "blob" in fields else _entry(fields)
    raise InvalidInput(f"it says that it is {str(fields.get('nacre'))[:40]!r}")


def _first(fields: dict[str, object]) -> First:
    if fields.get("format") != EXPORT_FORMAT:
        raise InvalidInput(f"its format is not {EXPORT_FORMAT}, which is what this nacre reads")
    checkpoint = Checkpoint.parse(_member(fields, "checkpoint", str))
    try:
        vault_id = bytes.fromhex(checkpoint.origin.removeprefix(_ORIGIN))
    except ValueError:
        vault_id = b""
    if len(vault_id) != 16 or checkpoint.origin != _ORIGIN + vault_id.hex():
        raise InvalidInput("its checkpoint names no vault")
    return First(vault_id=vault_id, created_ns=_count(fields, "created_ns"), checkpoint=checkpoint)


def _part(fields: dict[str, object]) -> Part:
    return Part(
        digest=Digest.parse(_member(fields, "blob", str)),
        size=_count(fields, "size"),
        is_manifest=_member(fields, "manifest", bool),
        content=_bytes(fields, "bytes"),
        is_last=_member(fields, "last", bool),
    )


def _gone(fields: dict[str, object]) -> Gone:
    return Gone(
        digest=Digest.parse(_member(fields, "dropped", str)),
        position=_count(fields, "position"),
        reason=checked_text("the reason", _member(fields, "reason", str)),
    )


def _entry(fields: dict[str, object]) -> Entry:
    events: list[object] = _member(fields, "events", list)
    return Entry(
        header=_bytes(fields, "header"),
        events=tuple(_stored(event) for event in events),
        fields=fields,
    )


def _stored(event: object) -> StoredEvent:
    if not isinstance(event, dict):
        raise InvalidInput("an event is no JSON object")
    if "bytes" in event:
        return StoredEvent(_bytes(event, "bytes"), False)
    purged = _bytes(event, "hash")
    if len(purged) != HASH_SIZE:
        raise InvalidInput(f"the hash of an event has {len(purged)} bytes")
    return StoredEvent(purged, True)


def _member(fields: Mapping[str, object], name: str, kind: type[Value]) -> Value:
    value = fields.get(name)
    if type(value) is not kind:
        raise InvalidInput(f"{name!r} is missing, or no {kind.__name__}")
    return value


def _count(fields: Mapping[str, object], name: str) -> int:
    count = _member(fields, name, int)
    if not 0 <= count < 1 << 63:
        raise InvalidInput(f"{name!r} is out of range")
    return count


def _bytes(fields: Mapping[str, object], name: str) -> bytes:
    text = _member(fields, name, str)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"{name!r} is no base64") from error

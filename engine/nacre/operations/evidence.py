"""Commits as JSON that proves itself: the exact bytes in base64, and beside them what they say.

The readable form is for people. `nacre-check` derives it again from the bytes, and refuses a file
in which the two differ. docs/format.md describes both.
"""

import base64
import json
import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

from nacre.codec import extension_of, unpack
from nacre.errors import CorruptionError
from nacre.event import StoredEvent, decode_header, split_entry
from nacre.files import replacing
from nacre.hashing import Digest


def in_base64(data: bytes) -> str:
    """Return base64, standard alphabet, with padding."""
    return base64.b64encode(data).decode()


def json_line(fields: Mapping[str, object]) -> str:
    """Return *fields* as one line of JSON."""
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def commit_fields(entry: bytes, shown: Collection[int] | None = None) -> dict[str, object]:
    """Return a commit as JSON; of the events that are not *shown*, only the hash."""
    header_bytes, events = split_entry(entry)
    header = decode_header(entry)
    return {
        "position": header.position,
        "time": time_text(header.time_ns),
        "actor": header.actor,
        "message": header.message,
        "write_id": readable(header.write_id),
        "header": in_base64(header_bytes),
        "events": [
            event_fields(event) if shown is None or ordinal in shown else hash_field(event)
            for ordinal, event in enumerate(events)
        ],
    }


def event_fields(event: StoredEvent) -> dict[str, object]:
    """Return an event as JSON; of a purged one its hash is all that there is."""
    if event.is_purged:
        return hash_field(event)
    fields = unpack(event.content)
    if not isinstance(fields, list) or not 3 <= len(fields) <= 4:
        raise CorruptionError("an event has other fields: run `nacre verify`")
    return {
        "kind": fields[0],
        "subject": fields[1],
        "version": 1 if len(fields) == 3 else fields[3],
        "data": readable(fields[2]),
        "bytes": in_base64(event.content),
    }


def hash_field(event: StoredEvent) -> dict[str, object]:
    """Return the hash of an event, which proves it to those who have its bytes."""
    return {"hash": in_base64(event.hash)}


def readable(value: object) -> object:
    """Return a value of an event as JSON; what JSON does not know gets a mark with a $."""
    if isinstance(value, dict):
        pairs = [[readable(key), readable(inner)] for key, inner in value.items()]
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {str(key): inner for key, inner in pairs}
        return {"$map": pairs}
    if isinstance(value, list):
        return [readable(inner) for inner in value]
    return _readable_scalar(value)


def _readable_scalar(value: object) -> object:
    if isinstance(value, bytes):
        return {"$bytes": in_base64(value)}
    if isinstance(value, Digest):
        return {"$digest": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    extension = extension_of(value)
    if extension is not None:
        return {"$ext": [extension[0], in_base64(extension[1])]}
    return value


def time_text(time_ns: int) -> str:
    """Return a time as ISO 8601 in UTC, to the nanosecond."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return f"{moment.isoformat()}.{rest:09d}Z"


def hand_out(path: Path, text: str) -> None:
    """Write a file for others; a file of that name is replaced once the new one is complete."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")

#!/usr/bin/env python3
"""Check evidence and exports of a nacre vault without nacre: this file alone is enough.

It needs the standard library, a package with Ed25519 only if a signature is to be checked
(`--key`), and `blake3` only if payloads are (`--blobs`). It shares no code with nacre: it decodes
and hashes all bytes again. Trusted is what the auditor brings (`--checkpoint`, `--key`), and
nothing else.

Exit codes: 0, everything holds; 1, something does not; 2, cannot tell.
"""

import argparse
import base64
import binascii
import hashlib
import importlib
import json
import math
import re
import struct
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

FORMAT = 1
MOST_LINE_BYTES = 1 << 28
MOST_NOTE_BYTES = 1 << 20
MOST_MANIFEST_BYTES = 1 << 28
MOST_LEVELS = 600
NO_PREVIOUS = bytes(32)
PURGED = "nacre.purged"
DROPPING = ("nacre.compacted", PURGED)
ED25519 = b"\x01"
# The control characters that a signed note may not hold.
CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
NUMBER = re.compile("0|[1-9][0-9]{0,18}")


class Bad(Exception):
    """What was handed over does not hold; *position* is the first commit that is wrong."""

    def __init__(self, what: str, position: int | None = None) -> None:
        super().__init__(what)
        self.position = position


class Unsure(Exception):
    """What the auditor brought cannot be used, so that nothing can be told."""


class Hasher(Protocol):
    """A hash of bytes that come part by part."""

    def update(self, data: bytes, /) -> object:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Return the hash of all of them."""


# Bytes and JSON


def from_base64(text: object) -> bytes:
    """Return the bytes of canonical base64."""
    if not isinstance(text, str):
        raise Bad(f"base64 is expected, and a {type(text).__name__} is there")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Bad(f"{text[:40]!r} is no base64") from error
    if to_base64(data) != text:
        raise Bad(f"{text[:40]!r} is not the usual base64 of its bytes")
    return data


def to_base64(data: bytes) -> str:
    """Return base64, standard alphabet, with padding."""
    return base64.b64encode(data).decode()


def hash_from(text: object) -> bytes:
    """Return the 32 bytes of a hash in base64."""
    data = from_base64(text)
    if len(data) != 32:
        raise Bad(f"a hash has 32 bytes, and not {len(data)}")
    return data


def from_json(data: bytes) -> dict[str, object]:
    """Return a JSON object in which no key is there twice."""
    try:
        found = json.loads(
            data, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise Bad(f"this is no JSON: {str(error)[:80]}") from error
    if not isinstance(found, dict):
        raise Bad("a JSON object is expected")
    return found


def member(fields: Mapping[str, object], name: str, kind: type) -> object:
    """Return a member of a JSON object, which must have a type."""
    value = fields.get(name)
    if type(value) is not kind:
        raise Bad(f"{name!r} is missing, or no {kind.__name__}")
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Bad("a JSON object has a key twice")
    return found


def _no_constant(name: str) -> object:
    raise Bad(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Bad(f"{text[:40]} is larger than a number may be")
    return number


# Values: msgpack, decoded straight to the readable form that stands beside it

_LENGTHS = {1: ">B", 2: ">H", 4: ">I"}
_NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
_NUMBERS |= {0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
_CONSTANTS: dict[int, object] = {0xC0: None, 0xC2: False, 0xC3: True}
_SIZED = {0xC4: ("bin", 1), 0xC5: ("bin", 2), 0xC6: ("bin", 4)}
_SIZED |= {0xC7: ("ext", 1), 0xC8: ("ext", 2), 0xC9: ("ext", 4)}
_SIZED |= {0xD9: ("str", 1), 0xDA: ("str", 2), 0xDB: ("str", 4)}
_SIZED |= {0xDC: ("list", 2), 0xDD: ("list", 4), 0xDE: ("map", 2), 0xDF: ("map", 4)}
_FIXED_EXT = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


class Reader:
    """Reads one msgpack value, and notes the digests in it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self.digests: list[str] = []

    def whole(self) -> object:
        """Return the only value that there is."""
        value = self._value(0)
        if self._at != len(self._data):
            raise Bad("bytes follow a msgpack value")
        return value

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise Bad("a msgpack value is cut off")
        self._at += size
        return taken

    def _number(self, form: str) -> int | float:
        (number,) = struct.unpack(form, self._take(struct.calcsize(form)))
        assert isinstance(number, int | float)
        return number

    def _value(self, depth: int) -> object:
        if depth > MOST_LEVELS:
            raise Bad("a msgpack value is nested too deep")
        tag = self._take(1)[0]
        if tag < 0x80 or tag >= 0xE0:
            return tag if tag < 0x80 else tag - 0x100
        if tag < 0xC0:
            kind = "map" if tag < 0x90 else "list" if tag < 0xA0 else "str"
            return self._sized(kind, tag & (0x1F if kind == "str" else 0x0F), depth)
        if tag in _CONSTANTS:
            return _CONSTANTS[tag]
        if tag in _NUMBERS:
            return readable_number(self._number(_NUMBERS[tag]))
        if tag in _SIZED:
            kind, width = _SIZED[tag]
            return self._sized(kind, int(self._number(_LENGTHS[width])), depth)
        if tag not in _FIXED_EXT:
            raise Bad(f"{tag:#04x} is no msgpack")
        return self._sized("ext", _FIXED_EXT[tag], depth)

    def _sized(self, kind: str, size: int, depth: int) -> object:
        if kind == "list":
            return [self._value(depth + 1) for _ in range(size)]
        if kind == "map":
            return readable_map([[self._value(depth + 1) for _ in "kv"] for _ in range(size)])
        if kind == "bin":
            return {"$bytes": to_base64(self._take(size))}
        if kind == "ext":
            return self._extension(int(self._number(">b")), self._take(size))
        try:
            return self._take(size).decode()
        except UnicodeDecodeError as error:
            raise Bad("a text is no UTF-8") from error

    def _extension(self, code: int, data: bytes) -> object:
        if code != 1:
            return {"$ext": [code, to_base64(data)]}
        if len(data) != 33 or data[:1] != b"\x01":
            raise Bad("a digest is of an unknown algorithm, or cut off")
        self.digests.append("b3:" + data[1:].hex())
        return {"$digest": self.digests[-1]}


def readable_number(number: int | float) -> object:
    """Return a number as JSON has it; JSON has no NaN and no infinity."""
    finite = isinstance(number, int) or math.isfinite(number)
    return number if finite else {"$float": str(number)}


def readable_map(pairs: list[list[object]]) -> dict[str, object]:
    """Return a JSON object; pairs where a key is no text, or looks like one of our marks."""
    keys = [as_text(key) for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise Bad("a map has a key twice")
    if all(isinstance(key, str) and not key.startswith("$") for key, _ in pairs):
        return {str(key): value for key, value in pairs}
    return {"$map": pairs}


def as_text(value: object) -> str:
    """Return JSON that is equal where values are equal, 1 and 1.0 apart."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


# The tree: RFC 6962, RFC 9162


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The roots of the perfect subtrees over all leaves so far, largest first."""

    def __init__(self) -> None:
        self._parts: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Add the next leaf."""
        size = 1
        while self._parts and self._parts[-1][0] == size:
            leaf = node(self._parts.pop()[1], leaf)
            size *= 2
        self._parts.append((size, leaf))

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        if not self._parts:
            return hashlib.sha256(b"").digest()
        root = self._parts[-1][1]
        for _, part in reversed(self._parts[:-1]):
            root = node(part, root)
        return root


def root_from_inclusion(leaf: bytes, position: int, size: int, path: Sequence[bytes]) -> bytes:
    """Return the root that a leaf and its path lead to (RFC 9162, 2.1.3.2)."""
    here, last = position, size - 1
    for step in path:
        if last == 0:
            raise Bad("the path is too long")
        if here & 1 or here == last:
            leaf = node(step, leaf)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            leaf = node(leaf, step)
        here, last = here >> 1, last >> 1
    if last != 0:
        raise Bad("the path is too short")
    return leaf


def roots_from_consistency(
    old: int, new: int, old_root: bytes, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Return the two roots that a consistency path leads to (RFC 9162, 2.1.4.2)."""
    # An old tree that is perfect is a subtree itself, and its root not repeated in the path.
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        raise Bad("the path is too short")
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Bad("the path is too long")
        if here & 1 or here == last:
            before, after = node(step, before), node(step, after)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            after = node(after, step)
        here, last = here >> 1, last >> 1
    if last != 0:
        raise Bad("the path is too short")
    return before, after


# Checkpoints: C2SP tlog-checkpoint in C2SP signed-note


@dataclass(frozen=True)
class Checkpoint:
    """Origin, head and root; the text that signatures are over, and the signatures."""

    origin: str
    head: int
    root: bytes
    body: str
    signatures: Sequence[tuple[str, bytes]]

    def same_log(self, other: "Checkpoint") -> bool:
        """Tell whether another checkpoint says the same."""
        return (self.origin, self.head, self.root) == (other.origin, other.head, other.root)


@dataclass(frozen=True)
class Key:
    """A verifier key of C2SP signed-note: NAME+ID+KEY."""

    name: str
    key_id: bytes
    public: bytes


def read_note(text: object) -> Checkpoint:
    """Return what a checkpoint says, signed or not."""
    if not isinstance(text, str) or len(text) > MOST_NOTE_BYTES or CONTROL.search(text):
        raise Bad("a checkpoint is no text, is too long, or has control characters")
    body, blank, rest = text.rpartition("\n\n")
    body = body + "\n" if blank else rest
    if blank and (not rest or not rest.endswith("\n")):
        raise Bad("signatures are missing behind a blank line, or cut off")
    lines = body.split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise Bad("a checkpoint is three lines: origin, head, root")
    if not NUMBER.fullmatch(lines[1]):
        raise Bad(f"the head of a checkpoint is no number: {lines[1][:40]!r}")
    signatures = [_signature(line) for line in rest.split("\n")[:-1]] if blank else []
    return Checkpoint(lines[0], int(lines[1]), hash_from(lines[2]), body, signatures)


def read_key(text: str) -> Key:
    """Return a verifier key."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    public = from_base64(encoded)
    if not name or len(public) != 33 or public[:1] != ED25519:
        raise Bad("a key is NAME+ID+KEY, for Ed25519")
    wanted = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
    if key_id != wanted.hex():
        raise Bad("the id of a key does not belong to it")
    return Key(name, wanted, public[1:])


def check_signature(checkpoint: Checkpoint, key: Key) -> None:
    """Require a signature by *key*, and that each of them holds."""
    verify = _ed25519()
    found = [s[4:] for name, s in checkpoint.signatures if (name, s[:4]) == (key.name, key.key_id)]
    if not found:
        raise Bad(f"the checkpoint is not signed by {key.name}")
    for signature in found:
        if not verify(key.public, signature, checkpoint.body.encode()):
            raise Bad(f"the signature of {key.name} does not hold")


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "\N{EM DASH}" or not name or len(signature := from_base64(encoded)) < 5:
        raise Bad("a signature line is a dash, a name, and base64")
    return name, signature


def _ed25519() -> Callable[[bytes, bytes, bytes], bool]:
    try:
        ed25519 = importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
        refused = importlib.import_module("cryptography.exceptions").InvalidSignature
    except ImportError as error:
        raise Unsure("a signature needs the package cryptography: install it") from error

    def verify(public: bytes, signature: bytes, text: bytes) -> bool:
        try:
            ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
        except (refused, ValueError):
            return False
        return True

    return verify


# Commits


@dataclass(frozen=True)
class Commit:
    """What the bytes of a commit say, and its leaf."""

    vault_id: str
    position: int
    time_ns: int
    previous: str
    leaf: bytes
    shown: int
    hidden: Sequence[int]
    digests: Sequence[str]
    dropped: int
    purged: Sequence[tuple[int, int]]


def read_commit(given: Mapping[str, object]) -> Commit:
    """Return a commit, whose readable form must be what its bytes say."""
    header = from_base64(given.get("header"))
    vault_id, position, time_ns, actor, message, write_id, previous = _header_fields(header)
    events = member(given, "events", list)
    assert isinstance(events, list)
    hashes, shown, digests = [], [], []
    for event in events:
        event_hash, readable, named = _event(event)
        hashes.append(event_hash)
        shown.append(readable)
        digests += named
    expected: dict[str, object] = {
        "position": position,
        "time": as_time(time_ns),
        "actor": actor,
        "message": message,
        "write_id": write_id,
        "header": to_base64(header),
        "events": shown,
    }
    if as_text(dict(given)) != as_text(expected):
        raise Bad(f"its readable form is not what its bytes say ({_unlike(given, expected)})")
    leaf = b"\x00" + len(header).to_bytes(4, "big") + header + b"".join(hashes)
    hidden = [ordinal for ordinal, event in enumerate(shown) if "hash" in event]
    return Commit(
        vault_id=vault_id,
        position=position,
        time_ns=time_ns,
        previous=previous,
        leaf=hashlib.sha256(leaf).digest(),
        shown=len(shown) - len(hidden),
        hidden=hidden,
        digests=digests,
        dropped=sum(_count(event, "blobs") for event in shown if event.get("kind") in DROPPING),
        purged=[p for event in shown if event.get("kind") == PURGED for p in _purged(event)],
    )


def _count(event: Mapping[str, object], name: str) -> int:
    """Return how many payloads or events an event says that were removed."""
    data = event.get("data")
    count = data.get(name) if isinstance(data, dict) else None
    return count if type(count) is int else 0


def _purged(event: Mapping[str, object]) -> Iterator[tuple[int, int]]:
    """Yield the position and the ordinal of every event that a purge says it has hidden."""
    data = event.get("data")
    listed = data.get("hidden") if isinstance(data, dict) else None
    for line in listed if isinstance(listed, list) else ():
        if isinstance(line, list) and line and all(type(number) is int for number in line):
            yield from ((line[0], ordinal) for ordinal in line[1:])


def as_time(time_ns: int) -> str:
    """Return a time as ISO 8601 in UTC, to the nanosecond."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    try:
        moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
    except OverflowError as error:
        raise Bad("a time is beyond the year 9999") from error
    return f"{moment.isoformat()}.{rest:09d}Z"


def _header_fields(header: bytes) -> tuple[str, int, int, str, str, object, str]:
    fields = Reader(header).whole()
    if not isinstance(fields, list) or len(fields) != 7:
        raise Bad("a header has other fields")
    vault_id, position, time_ns, actor, message, write_id, previous = fields
    if type(position) is not int or type(time_ns) is not int or min(position, time_ns) < 0:
        raise Bad("a header has no position, or no time")
    if not isinstance(actor, str) or not isinstance(message, str):
        raise Bad("a header has no actor, or no message")
    if not isinstance(write_id, str) and _bytes_in(write_id, 16) is None:
        raise Bad("a header has no write id")
    id_bytes, previous_bytes = _bytes_in(vault_id, 16), _bytes_in(previous, 32)
    if id_bytes is None or previous_bytes is None:
        raise Bad("a header has no vault id, or no leaf of the commit before")
    return id_bytes.hex(), position, time_ns, actor, message, write_id, to_base64(previous_bytes)


def _bytes_in(value: object, size: int) -> bytes | None:
    data = from_base64(value["$bytes"]) if isinstance(value, dict) and "$bytes" in value else b""
    return data if len(data) == size else None


def _event(event: object) -> tuple[bytes, dict[str, object], list[str]]:
    """Return the hash of an event, its readable form, and the digests that it names."""
    if not isinstance(event, dict):
        raise Bad("an event is no JSON object")
    if "bytes" not in event:
        event_hash = hash_from(event.get("hash"))
        return event_hash, {"hash": to_base64(event_hash)}, []
    data = from_base64(event["bytes"])
    reader = Reader(data)
    fields = reader.whole()
    if not isinstance(fields, list) or len(fields) not in (3, 4):
        raise Bad("an event has other fields")
    kind, subject, content, version = (*fields, 1)[:4]
    if not (isinstance(kind, str) and isinstance(subject, str) and isinstance(content, dict)):
        raise Bad("an event has no kind, no subject or no data")
    if type(version) is not int:
        raise Bad("the version of an event is no number")
    readable = {"kind": kind, "subject": subject, "version": version, "data": content}
    return hashlib.sha256(data).digest(), {**readable, "bytes": to_base64(data)}, reader.digests


def _unlike(given: Mapping[str, object], expected: Mapping[str, object]) -> str:
    names = (name for name in expected if as_text(given.get(name)) != as_text(expected[name]))
    return next(names, "other members, or another order")


# Evidence files


def check_inclusion(evidence: Mapping[str, object], trusted: Checkpoint) -> dict[str, object]:
    """Check that a commit is in the log of a trusted checkpoint."""
    _check_format(evidence, "inclusion")
    if not read_note(evidence.get("checkpoint")).same_log(trusted):
        raise Bad(
            f"the evidence is for another checkpoint: make it with --checkpoint, "
            f"for head {trusted.head}"
        )
    given = member(evidence, "commit", dict)
    assert isinstance(given, dict)
    commit = read_commit(given)
    if commit.position >= trusted.head or trusted.origin != f"nacre/{commit.vault_id}":
        raise Bad("the commit says that it is of another log, or behind the head", commit.position)
    path = _path(evidence)
    if root_from_inclusion(commit.leaf, commit.position, trusted.head, path) != trusted.root:
        raise Bad("the path leads to another root", commit.position)
    shown = {name: given[name] for name in ("position", "time", "actor", "message", "write_id")}
    return {**shown, "events": commit.shown, "events_hidden": len(commit.hidden)}


def check_consistency(
    evidence: Mapping[str, object], trusted: Checkpoint, new: Checkpoint | None
) -> dict[str, object]:
    """Check that the log of a newer checkpoint extends that of a trusted one."""
    _check_format(evidence, "consistency")
    before, after = read_note(evidence.get("old")), read_note(evidence.get("new"))
    if not before.same_log(trusted):
        raise Bad("the evidence is for another old checkpoint")
    if new is not None and not after.same_log(new):
        raise Bad("the evidence is for another new checkpoint")
    if before.origin != after.origin or before.head > after.head:
        raise Bad("the checkpoints are of two logs, or in the wrong order", after.head)
    check_extension(before, after, _path(evidence))
    return {"old_head": before.head, "new_head": after.head, "root": after.root.hex()}


def check_extension(before: Checkpoint, after: Checkpoint, path: Sequence[bytes]) -> None:
    """Check a consistency path between two checkpoints of one origin."""
    if before.head in (0, after.head):
        if path:
            raise Bad("the path is too long")
        empty = hashlib.sha256(b"").digest()
        if before.root != (after.root if before.head == after.head else empty):
            raise Bad("the roots differ", 0)
        return
    roots = roots_from_consistency(before.head, after.head, before.root, path)
    if roots != (before.root, after.root):
        raise Bad("the path leads to other roots: commits below the old head changed", 0)


def _check_format(evidence: Mapping[str, object], kind: str) -> None:
    if evidence.get("nacre") != kind or evidence.get("format") != FORMAT:
        raise Bad(f"this is no {kind} of format {FORMAT}")


def _path(evidence: Mapping[str, object]) -> list[bytes]:
    path = member(evidence, "path", list)
    assert isinstance(path, list)
    return [hash_from(step) for step in path]


# Exports


class Export:
    """Reads an exported log line by line, and checks every commit of it."""

    def __init__(self, file: BinaryIO, trusted: Sequence[Checkpoint], payloads: "Payloads") -> None:
        self._file = file
        self._trusted = sorted(trusted, key=lambda checkpoint: checkpoint.head)
        self._payloads = payloads
        self._sha256 = hashlib.sha256()
        self._tree = Tree()
        self._last: Commit | None = None
        self._agreed = 0
        self._hidden: set[tuple[int, int]] = set()
        self._purged: set[tuple[int, int]] = set()
        self.head = self.shown = 0

    def check(self) -> dict[str, object]:
        """Check everything; return what was seen."""
        first = from_json(next(self._lines(), b""))
        _check_format(first, "export")
        own = read_note(first.get("checkpoint"))
        for checkpoint in self._trusted:
            if checkpoint.origin != own.origin:
                raise Bad("the export is of another vault than the checkpoint", 0)
        self._trusted.append(own)
        self._check_roots()
        ended = False
        for line in self._lines():
            if ended:
                raise Bad("lines follow the end of the export", self.head)
            ended = self._check_line(line, own)
        if not ended:
            raise Bad("the export is cut off: its end is missing", self.head)
        for checkpoint in self._trusted:
            if checkpoint.head > self.head:
                what = f"commits are missing: the checkpoint covers {checkpoint.head}"
                raise Bad(f"{what}, and the export ends at {self.head}", self.head)
        if own.head != self.head:
            raise Bad("there are more commits than the export says", own.head)
        self._payloads.check_all_there()
        self._check_hidden()
        return self._seen()

    def _check_hidden(self) -> None:
        """Require a later purge for every event of which only the hash is there."""
        for position, ordinal in sorted(self._hidden - self._purged):
            what = f"event {ordinal} of it is hidden, and no later commit purged it"
            raise Bad(what, position)

    def _seen(self) -> dict[str, object]:
        return {
            "sha256": self._sha256.hexdigest(),
            "commits": self.head,
            "events": self.shown,
            "events_hidden": len(self._hidden),
            "root": self._tree.root().hex(),
            "payloads": self._payloads.count,
            "payloads_dropped": self._payloads.dropped,
            "payloads_checked": self._payloads.are_checked,
        }

    def _lines(self) -> Iterator[bytes]:
        while line := self._file.readline(MOST_LINE_BYTES):
            if not line.endswith(b"\n"):
                raise Bad("a line is cut off, or too long", self.head)
            self._sha256.update(line)
            yield line

    def _check_line(self, line: bytes, own: Checkpoint) -> bool:
        """Check one line; tell whether it is the end."""
        try:
            found = from_json(line)
            if "nacre" in found:
                _check_format(found, "end")
                if (
                    found.get("commits") != self.head
                    or found.get("payloads") != self._payloads.count
                ):
                    raise Bad("the end counts other commits or payloads than there are")
                return True
            if "blob" in found:
                self._payloads.add(found)
            elif "dropped" in found:
                self._payloads.drop(found)
            else:
                self._check_commit(read_commit(found), own)
        except Bad as error:
            raise Bad(
                str(error), self.head if error.position is None else error.position
            ) from error
        return False

    def _check_commit(self, commit: Commit, own: Checkpoint) -> None:
        last = self._last
        if commit.position != self.head:
            raise Bad(f"here stands commit {commit.position}")
        if own.origin != f"nacre/{commit.vault_id}":
            raise Bad("it belongs to another vault")
        if commit.previous != to_base64(NO_PREVIOUS if last is None else last.leaf):
            before = max(self.head - 1, 0)
            raise Bad(f"it is not the commit that commit {self.head} follows", before)
        if last is not None and commit.time_ns < last.time_ns:
            raise Bad("it is older than the commit before it")
        self._payloads.require(commit.digests)
        self._payloads.allow(commit)
        self._last = commit
        self._tree.add(commit.leaf)
        self.head += 1
        self.shown += commit.shown
        self._hidden.update((commit.position, ordinal) for ordinal in commit.hidden)
        self._purged.update(place for place in commit.purged if place[0] < commit.position)
        self._check_roots()

    def _check_roots(self) -> None:
        """Compare the root with every checkpoint of this head."""
        for checkpoint in self._trusted:
            if checkpoint.head == self.head:
                if checkpoint.root != self._tree.root():
                    raise Bad(
                        f"the root differs from the checkpoint at {self.head}: a commit from "
                        f"{self._agreed} on was changed, and all that follow it",
                        self._agreed,
                    )
                self._agreed = self.head


class Payloads:
    """The payloads of an export: their framing always, their content if BLAKE3 is there."""

    def __init__(self, hasher: Callable[[], Hasher] | None) -> None:
        self._hasher = hasher
        self.count = 0
        self._there: set[str] = set()
        self._named: set[str] = set()
        self._dropped_by: dict[int, set[str]] = {}
        self._allowed: dict[int, int] = {}
        self._open: tuple[object, ...] | None = None
        self._begin()

    @property
    def are_checked(self) -> bool:
        """Whether the content is hashed, and every payload has to be there."""
        return self._hasher is not None

    def add(self, line: Mapping[str, object]) -> None:
        """Take one part of a payload; parts follow each other."""
        about = (line.get("blob"), line.get("size"), line.get("manifest"))
        if self._open not in (None, about):
            raise Bad("the parts of two payloads are mixed")
        self._open = about
        size = member(line, "size", int)
        assert isinstance(size, int)
        if about[2] is True and size > MOST_MANIFEST_BYTES:
            raise Bad(f"a manifest of {size} bytes: {MOST_MANIFEST_BYTES} are allowed")
        self._take(from_base64(line.get("bytes")), is_manifest=about[2] is True)
        if self._size > size:
            raise Bad(f"the payload {about[0]} is longer than {size} bytes")
        if member(line, "last", bool):
            self._close(
                str(member(line, "blob", str)), line.get("size"), member(line, "manifest", bool)
            )

    def _begin(self) -> None:
        self._size = 0
        self._hash = None if self._hasher is None else self._hasher()
        self._manifest = bytearray()

    def _take(self, part: bytes, *, is_manifest: bool) -> None:
        """Count and hash a part; only manifests, which are read, are kept."""
        self._size += len(part)
        if self._hash is not None:
            self._hash.update(part)
        if is_manifest:
            self._manifest += part

    def _close(self, digest: str, size: object, is_manifest: object) -> None:
        if size != self._size:
            raise Bad(f"the payload {digest} has another size")
        if self._hash is not None and f"b3:{self._hash.hexdigest()}" != digest:
            raise Bad(f"the payload {digest} was altered")
        if is_manifest:
            reader = Reader(bytes(self._manifest))
            reader.whole()
            self.require(reader.digests)
        self._open = None
        self._begin()
        self._there.add(digest)
        self.count += 1

    @property
    def dropped(self) -> int:
        """How many payloads a commit has dropped."""
        return sum(map(len, self._dropped_by.values()))

    def drop(self, line: Mapping[str, object]) -> None:
        """Note a payload that a commit is said to have dropped."""
        position, digest = member(line, "position", int), member(line, "dropped", str)
        assert isinstance(position, int)
        self._dropped_by.setdefault(position, set()).add(str(digest))

    def require(self, digests: Sequence[str]) -> None:
        """Note payloads that a commit names."""
        self._named |= set(digests)

    def allow(self, commit: "Commit") -> None:
        """Note how many payloads a commit says that it dropped."""
        self._allowed[commit.position] = commit.dropped

    def check_all_there(self) -> None:
        """Require every payload that was named, if payloads are to be checked."""
        if self._open is not None:
            raise Bad("the last payload is cut off")
        for position, digests in sorted(self._dropped_by.items()):
            if len(digests) > self._allowed.get(position, 0):
                raise Bad(
                    f"commit {position} does not say that it dropped so many payloads", position
                )
        gone: set[str] = set().union(*self._dropped_by.values())
        missing = sorted(self._named - self._there - gone)
        if self.are_checked and missing:
            raise Bad(f"the payload {missing[0]} is named, and not in the export")


# The command


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the arguments name, and say what was found."""
    options = _options().parse_args(arguments)
    sys.setrecursionlimit(20_000)  # values may be nested as deep as nacre allows
    report: dict[str, object] = {"check": options.check, "holds": None}
    code = 2
    try:
        report |= options.run(options)
        report["holds"], code = True, 0
    except Bad as error:
        report |= {"holds": False, "what": str(error), "first_bad_position": error.position}
        code = 1
    except (Unsure, OSError) as error:
        report["what"] = str(error)
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        _print(report)
    return code


def run_checkpoint(options: argparse.Namespace) -> dict[str, object]:
    """Check the signature of a checkpoint."""
    found = _brought(options.file, options.key)
    return {"origin": found.origin, "head": found.head, "root": found.root.hex()}


def run_inclusion(options: argparse.Namespace) -> dict[str, object]:
    """Check that a commit is in the log of a checkpoint."""
    evidence = from_json(_read(options.file))
    return check_inclusion(evidence, _brought(options.checkpoint, options.key))


def run_consistency(options: argparse.Namespace) -> dict[str, object]:
    """Check that a log has only grown since a checkpoint."""
    evidence = from_json(_read(options.file))
    new = None if options.new is None else _brought(options.new, options.key)
    if new is None and options.key is not None:
        check_signature(read_note(evidence.get("new")), _key(options.key))
    return check_consistency(evidence, _brought(options.checkpoint, options.key), new)


def run_export(options: argparse.Namespace) -> dict[str, object]:
    """Check a whole exported log against checkpoints."""
    trusted = [_brought(path, options.key) for path in options.checkpoint]
    payloads = Payloads(_blake3() if options.blobs else None)
    with options.file.open("rb") as file:
        seen = Export(file, trusted, payloads).check()
    return {**seen, "agrees_with": sorted(checkpoint.head for checkpoint in trusted)}


def _brought(path: Path, key: Path | None) -> Checkpoint:
    """Return a checkpoint of the auditor's own, which must be readable."""
    try:
        found = read_note(_read(path).decode())
    except (Bad, UnicodeDecodeError) as error:
        raise Unsure(f"{path} is no checkpoint: {error}") from error
    if key is not None:
        check_signature(found, _key(key))
    return found


def _key(path: Path) -> Key:
    try:
        return read_key(_read(path).decode())
    except (Bad, UnicodeDecodeError) as error:
        raise Unsure(f"{path} is no verifier key: {error}") from error


def _read(path: Path) -> bytes:
    if path.stat().st_size > MOST_LINE_BYTES:
        raise Unsure(f"{path} is too large to be evidence")
    return path.read_bytes()


def _blake3() -> Callable[[], Hasher]:
    try:
        hasher: Callable[[], Hasher] = importlib.import_module("blake3").blake3
    except ImportError as error:
        raise Unsure("payloads need the package blake3: install it, or leave --blobs") from error
    return hasher


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nacre-check", description=__doc__)
    checks = parser.add_subparsers(dest="check", required=True)
    runs = {
        "checkpoint": run_checkpoint,
        "inclusion": run_inclusion,
        "consistency": run_consistency,
        "export": run_export,
    }
    for name, run in runs.items():
        check = checks.add_parser(name, help=run.__doc__, description=run.__doc__)
        check.add_argument("file", type=Path, help="what is checked")
        check.add_argument("--key", type=Path, help="require a signature by this verifier key")
        check.add_argument("--json", action="store_true", help="print the report as JSON")
        check.set_defaults(run=run)
        if name == "export":
            check.add_argument("--checkpoint", type=Path, action="append", required=True)
            check.add_argument("--blobs", action="store_true", help="check payloads too")
        elif name != "checkpoint":
            check.add_argument("--checkpoint", type=Path, required=True, help="what you trust")
        if name == "consistency":
            check.add_argument("--new", type=Path, help="the newer checkpoint, if you have it")
    return parser


def _print(report: Mapping[str, object]) -> None:
    verdicts = {"True": "holds", "False": "DOES NOT HOLD", "None": "cannot tell"}
    print(f"{report['check']}: {verdicts[str(report['holds'])]}")
    for name, value in report.items():
        if name not in ("check", "holds") and value is not None:
            print(f"  {name}: {_printable(str(value))}")


def _printable(text: str) -> str:
    """Return text that cannot steer a terminal, or fake lines of a report."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


if __name__ == "__main__":
    sys.exit(main())

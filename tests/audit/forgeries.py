"""Evidence and exports as a forger would alter them, for the checker and for the import."""

import base64
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgpack
from audit.commands import nacre_command, written

from nacre.operations.keys import make_key

Lines = list[str]
Change = Callable[[Lines], Lines]

HEAVY = "[" * 100_000 + "]" * 100_000
EPOCH = "1970-01-01T00:00:00.000000000Z"
ZERO = "A" * 43 + "="


def changed(line: str, **fields: object) -> str:
    return json.dumps({**json.loads(line), **fields}) + "\n"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unpacked(text: str) -> list[Any]:
    return msgpack.unpackb(base64.b64decode(text), strict_map_key=False)


def other_root(first: str) -> str:
    origin, head, _ = json.loads(first)["checkpoint"].splitlines()
    return f"{origin}\n{head}\n{ZERO}\n"


def with_last(**fields: object) -> Change:
    """Change the line of the last commit."""
    return lambda lines: [*lines[:-2], changed(lines[-2], **fields), lines[-1]]


def with_payload(**fields: object) -> Change:
    """Change the line of the first payload."""
    return lambda lines: [lines[0], changed(lines[1], **fields), *lines[2:]]


def with_header(place: int, value: object) -> Change:
    """Change a field of the last commit's header, in its bytes and in its readable form."""

    def change(lines: Lines) -> Lines:
        header = unpacked(json.loads(lines[-2])["header"])
        header[place] = value
        name = {1: "position", 2: "time", 3: "actor", 4: "message"}.get(place)
        readable = {} if name is None else {name: EPOCH if value == 0 else value}
        return with_last(header=b64(msgpack.packb(header)), **readable)(lines)

    return change


def with_event(data: bytes) -> Change:
    """Put other bytes into the place of the last commit's event."""
    return with_last(events=[{"bytes": b64(data)}])


def hidden(lines: Lines) -> Lines:
    """Show only the hash of the last commit's event, as if it had been purged."""
    event = base64.b64decode(json.loads(lines[-2])["events"][0]["bytes"])
    return with_last(events=[{"hash": b64(sha256(event).digest())}])(lines)


def with_dropped(reason: str) -> Change:
    """Say that the first commit, which dropped nothing, dropped a payload."""
    line = json.dumps({"dropped": "b3:" + "0" * 64, "position": 0, "reason": reason}) + "\n"
    return lambda lines: [lines[0], line, *lines[1:]]


EXPORTS: dict[str, Change] = {
    "an event hidden": hidden,
    "a payload dropped by nobody": with_dropped("history 0d"),
    "a reason that is no text": with_dropped("\ud800"),
    "a number beyond all": lambda lines: [lines[0], '{"blob": 1e999}\n'],
    "a commit with a number beyond all": lambda lines: [
        *lines[:-2],
        lines[-2].replace('"position":', '"other":1e999,"position":'),
        lines[-1],
    ],
    "nothing": lambda lines: [],
    "another file": lambda lines: ["{}\n"],
    "no JSON": lambda lines: [lines[0], "garbage\n"],
    "not UTF-8": lambda lines: [lines[0], "\udcff\n"],
    "a list": lambda lines: [lines[0], "[]\n"],
    "NaN": lambda lines: [lines[0], '{"blob": NaN}\n'],
    "too deep": lambda lines: [lines[0], f'{{"a": {HEAVY}}}\n'],
    "a number of many digits": lambda lines: [lines[0], f'{{"a": {"9" * 10_000}}}\n'],
    "a key twice": lambda lines: [lines[0], '{"blob": 1, "blob": 2}\n'],
    "another format": lambda lines: [changed(lines[0], format=2), *lines[1:]],
    "a second first line": lambda lines: [lines[0], *lines],
    "an unknown kind of line": lambda lines: [lines[0], '{"nacre": "other"}\n', *lines[1:]],
    "no vault": lambda lines: [changed(lines[0], checkpoint=f"x\n0\n{ZERO}\n"), *lines[1:]],
    "a negative time": lambda lines: [changed(lines[0], created_ns=-1), *lines[1:]],
    "a huge time": lambda lines: [changed(lines[0], created_ns=2**80), *lines[1:]],
    "a time that is text": lambda lines: [changed(lines[0], created_ns="1"), *lines[1:]],
    "cut off in a line": lambda lines: [*lines[:-1], lines[-1][:10]],
    "cut off at the last byte": lambda lines: [*lines[:-1], lines[-1][:-1]],
    "cut off between lines": lambda lines: lines[:-1],
    "cut off before the last commit": lambda lines: [*lines[:-2], lines[-1]],
    "more behind the end": lambda lines: [*lines, lines[-1]],
    "the last commit twice": lambda lines: [*lines[:-1], *lines[-2:]],
    "no header": with_last(header=None),
    "bad base64": with_last(header="%%"),
    "no header in it": with_last(header="AAAA"),
    "events that are text": with_last(events="a"),
    "an event that is text": with_last(events=["a"]),
    "a short hash": with_last(events=[{"hash": "AAAA"}]),
    "another actor": with_last(actor="eve"),
    "a header of six fields": with_last(header=b64(msgpack.packb([1] * 6))),
    "a vault id that is text": with_header(0, "v"),
    "another vault id": with_header(0, bytes(16)),
    "a position that is text": with_header(1, "5"),
    "a negative position": with_header(1, -1),
    "another position": with_header(1, 6),
    "a time that is text in the header": with_header(2, "now"),
    "a time before that of the commit before": with_header(2, 0),
    "a header that is text": with_last(header=b64(msgpack.packb("1234567"))),
    "an event that is text in its bytes": with_event(msgpack.packb("abc")),
    "an actor that is a number": with_header(3, 5),
    "a message that is a number": with_header(4, 5),
    "a write id that is a number": with_header(5, 5),
    "a short write id": with_header(5, b"short"),
    "no commit before": with_header(6, None),
    "another commit before": with_header(6, bytes(32)),
    "an event that is no list": with_event(msgpack.packb({"a": 1})),
    "an event of two fields": with_event(msgpack.packb(["a", "b"])),
    "an event without a kind": with_event(msgpack.packb([1, "b", {}])),
    "an event without a subject": with_event(msgpack.packb(["a", 1, {}])),
    "an event without data": with_event(msgpack.packb(["a", "b", []])),
    "an event whose version is text": with_event(msgpack.packb(["a", "b", {}, "2"])),
    "bytes behind an event": with_event(msgpack.packb(["a", "b", {}]) + b"\x00"),
    "an event that is cut off": with_event(msgpack.packb(["a", "b", {}])[:-1]),
    "an event that is deep": with_event(b"\x93\xa1a\xa1b\x81\xa1a" + b"\x91" * 5000 + b"\xc0"),
    "a byte that is no msgpack": with_event(b"\x93\xa1a\xa1b\x81\xa1a\xc1"),
    "a short digest": with_event(b"\x93\xa1a\xa1b\x81\xa1a\xd4\x01\x01"),
    "a digest of another algorithm": with_event(
        msgpack.packb(["a", "b", {"a": msgpack.ExtType(1, b"\x02" + bytes(32))}])
    ),
    "a text that is no UTF-8": with_event(b"\x93\xa1\xff\xa1b\x80"),
    "a map with a key twice": with_event(b"\x93\xa1a\xa1b\x82\xa1a\x01\xa1a\x02"),
    "a map that claims to be huge": with_event(b"\x93\xa1a\xa1b\xdf\xff\xff\xff\xff"),
    "commits in another order": lambda lines: [*lines[:-3], lines[-2], lines[-3], lines[-1]],
    "a payload is missing": lambda lines: [lines[0], *lines[2:]],
    "a payload is missing, and not counted": lambda lines: [
        lines[0],
        *lines[2:-1],
        changed(lines[-1], payloads=json.loads(lines[-1])["payloads"] - 1),
    ],
    "a payload has another size": with_payload(size=10**12),
    "a payload has a huge size": with_payload(size=2**70),
    "a payload is longer than it says": with_payload(size=1),
    "a manifest of a huge size": with_payload(size=2**40, manifest=True, last=False),
    "a payload was altered": with_payload(bytes="AAAA", size=3),
    "a payload is shorter than it says": with_payload(bytes="AAAA"),
    "a payload has odd base64": with_payload(bytes="AB==", size=1),
    "a payload has a bad digest": with_payload(blob="b3:"),
    "a payload has a number for a digest": with_payload(blob=5),
    "a payload has no bytes": with_payload(bytes=7),
    "a payload never ends": with_payload(last=False),
    "a payload may end": with_payload(last="yes"),
    "a payload is half there": lambda lines: [
        lines[0],
        *lines[2:-1],
        changed(lines[1], last=False),
        changed(lines[-1], payloads=json.loads(lines[-1])["payloads"] - 1),
    ],
    "a payload was not dropped": lambda lines: [
        lines[0],
        *lines[2:-1],
        json.dumps({"dropped": json.loads(lines[1])["blob"], "position": 1, "reason": "x"}) + "\n",
        changed(lines[-1], payloads=json.loads(lines[-1])["payloads"] - 1),
    ],
    "a dropped payload without a commit": lambda lines: [
        lines[0],
        '{"dropped": "b3:", "position": "1", "reason": "x"}\n',
        *lines[1:],
    ],
    "another count": lambda lines: [*lines[:-1], changed(lines[-1], commits=0)],
    "another root": lambda lines: [changed(lines[0], checkpoint=other_root(lines[0])), *lines[1:]],
}

# What only people read, or no checkpoint covers: the checker may let it pass.
UNPROVEN = {"a negative time", "a huge time", "a time that is text"}


class Case(NamedTuple):
    """What `nacre-check` is given, and the exit code that it must end with."""

    arguments: list[str]
    code: int


def note_forgeries(note: str) -> Mapping[str, str]:
    """Checkpoints that must not be taken for one."""
    origin, head, root = note.split("\n")[:3]
    return {
        "nothing": "",
        "no origin": f"\n{head}\n{root}\n",
        "two lines": f"{origin}\n{head}\n",
        "no last line break": f"{origin}\n{head}\n{root}",
        "an extension without a line break": f"{origin}\n{head}\n{root}\nmore",
        "an empty extension": f"{origin}\n{head}\n{root}\n\n",
        "a control character": f"{origin}\t\n{head}\n{root}\n",
        "a head with a zero": f"{origin}\n0{head}\n{root}\n",
        "a head that is text": f"{origin}\nmany\n{root}\n",
        "a short root": f"{origin}\n{head}\nAAAA\n",
        "a root that is no base64": f"{origin}\n{head}\n%%\n",
        "a signature without a dash": f"{origin}\n{head}\n{root}\n\n- name AAAAAAAA\n",
        "a signature without a name": f"{origin}\n{head}\n{root}\n\n—  AAAAAAAA\n",
        "a signature that is short": f"{origin}\n{head}\n{root}\n\n— name AAAA\n",
        "huge": f"{origin}\n{head}\n{root}\n" + "x\n" * (1 << 20),
    }


class Corpus:
    """Every forgery as files, and what is right beside it."""

    def __init__(self, vault: Path, folder: Path) -> None:
        self._folder = folder
        self._vault = vault
        self.cases: dict[str, Case] = {}
        self.note = folder / "note"
        make_key(folder / "key", name="log")
        make_key(folder / "stranger", name="log")
        nacre_command("checkpoint", vault, "--to", self.note)
        self._exports()
        self._inclusions()
        self._consistencies()
        self._notes()
        self._keys()

    def _case(self, name: str, code: int, *arguments: object) -> None:
        self.cases[name] = Case([str(argument) for argument in arguments], code)

    def _write(self, name: str, content: object) -> Path:
        return written(self._folder / name.replace("/", " "), content)

    def _command(self, name: str, *arguments: object) -> Path:
        nacre_command(*arguments, "--to", self._folder / name)
        return self._folder / name

    def _exports(self) -> None:
        export = self._command("export", "export", self._vault)
        lines = export.read_text().splitlines(keepends=True)
        trust = ("--checkpoint", self.note, "--blobs")
        self._case("export", 0, "export", export, *trust)
        for name, change in EXPORTS.items():
            path = self._folder / f"export {name}"
            path.write_bytes("".join(change(lines)).encode(errors="surrogateescape"))
            self._case(path.name, 0 if name in UNPROVEN else 1, "export", path, *trust)
        older = nacre_command("checkpoint", self._vault, "--head", 2)
        more = self._write(
            "more than it says", "".join([changed(lines[0], checkpoint=older), *lines[1:]])
        )
        self._case("export of more than it says", 1, "export", more, *trust)
        self._checkpoints_of_exports(export, int(self.note.read_text().split("\n")[1]))

    def _checkpoints_of_exports(self, export: Path, head: int) -> None:
        origin, _, root = self.note.read_text().split("\n")[:3]
        for name, note in {
            "more": f"{origin}\n{head + 1}\n{root}\n",
            "other root": f"{origin}\n{head}\n{ZERO}\n",
            "older, other root": f"{origin}\n2\n{ZERO}\n",
            "other vault": f"nacre/{'0' * 32}\n{head}\n{root}\n",
        }.items():
            trusted = self._write(f"trusted {name}", note)
            self._case(f"export against {name}", 1, "export", export, "--checkpoint", trusted)

    def _inclusions(self) -> None:
        evidence = self._command("inclusion", "prove", self._vault, 2)
        trust = ("--checkpoint", self.note)
        self._case("inclusion", 0, "inclusion", evidence, *trust)
        right = json.loads(evidence.read_text())
        path, commit = right["path"], right["commit"]
        origin, head, root = right["checkpoint"].split("\n")[:3]
        last = self._command("last", "prove", self._vault, int(head) - 1)
        self._case("inclusion of the last", 0, "inclusion", last, *trust)
        for name, change in {
            "kind": {"nacre": "consistency"},
            "format": {"format": 2},
            "no path": {"path": None},
            "long path": {"path": [*path, path[0]]},
            "short path": {"path": path[:-1]},
            "other path": {"path": [ZERO, *path[1:]]},
            "short step": {"path": ["AAAA"]},
            "no commit": {"commit": []},
            "another actor": {"commit": {**commit, "actor": "eve"}},
            "another message": {"commit": {**commit, "message": "x"}},
            "a member more": {"commit": {**commit, "note": "x"}},
            "another event": {"commit": {**commit, "events": [{"hash": ZERO}]}},
            "checkpoint of another head": {"checkpoint": f"{origin}\n1\n{root}\n"},
            "checkpoint of another root": {"checkpoint": f"{origin}\n{head}\n{ZERO}\n"},
            "checkpoint of a number": {"checkpoint": 7},
            "another commit": {"commit": json.loads(last.read_text())["commit"]},
        }.items():
            forged = self._write(f"inclusion {name}", {**right, **change})
            self._case(f"inclusion {name}", 1, "inclusion", forged, *trust)
        huge = self._folder / "huge"
        with huge.open("wb") as file:
            file.truncate((1 << 28) + 1)
        self._case("huge evidence", 2, "inclusion", huge, *trust)
        for name, note in {
            "below the commit": f"{origin}\n2\n{root}\n",
            "of another vault": f"nacre/{'0' * 32}\n{head}\n{root}\n",
        }.items():
            forged = self._write(f"inclusion {name}", {**right, "checkpoint": note})
            trusted = self._write(f"trusted {name}", note)
            self._case(f"inclusion {name}", 1, "inclusion", forged, "--checkpoint", trusted)

    def _consistencies(self) -> None:
        for old_head in (0, 1, 2, 3, 4, 5, 6):
            self._consistency(old_head)

    def _consistency(self, old_head: int) -> None:
        old = self._folder / f"old {old_head}"
        nacre_command("checkpoint", self._vault, "--to", old, "--head", old_head)
        evidence = self._command(f"grown {old_head}", "prove-consistency", self._vault, old)
        trust = ("--checkpoint", old)
        name = f"consistency from {old_head}"
        self._case(name, 0, "consistency", evidence, *trust, "--new", self.note)
        self._case(f"{name} alone", 0, "consistency", evidence, *trust)
        right = json.loads(evidence.read_text())
        path = right["path"]
        origin, head, root = right["new"].split("\n")[:3]
        for what, change in {
            "kind": {"nacre": "inclusion"},
            "longer": {"path": [*path, ZERO]},
            "empty": {"path": []} if path else {"path": [7]},
            "shorter": {"path": path[:-1]} if path else {"format": 3},
            "other": {"path": [ZERO, *path[1:]]},
            "other last": {"path": [*path[:-1], ZERO]},
            "new root": {"new": f"{origin}\n{head}\n{ZERO}\n"} if old_head else {"path": [ZERO]},
            "old root": {"old": f"{origin}\n{old_head}\n{ZERO}\n"},
            "new origin": {"new": f"other\n{head}\n{root}\n"},
            "shrunk": {"new": f"{origin}\n{old_head - 1}\n{root}\n"} if old_head else {"old": 1},
        }.items():
            forged = self._write(f"{name} {what}", {**right, **change})
            self._case(f"{name} {what}", 1, "consistency", forged, *trust)
        forged_old = f"{origin}\n{old_head}\n{ZERO}\n"
        trusted = self._write(f"{name} trusted", forged_old)
        forged = self._write(f"{name} both", {**right, "old": forged_old})
        self._case(f"{name} both", 1, "consistency", forged, "--checkpoint", trusted)
        self._case(f"{name} new", 1, "consistency", evidence, *trust, "--new", trusted)

    def _notes(self) -> None:
        for name, text in note_forgeries(self.note.read_text()).items():
            forged = self._write(f"note {name}", text)
            self._case(f"note {name}", 2, "checkpoint", forged)

    def _keys(self) -> None:
        key, public = self._folder / "key", self._folder / "key.pub"
        signed = self._command("signed", "checkpoint", self._vault, "--key", key)
        by_stranger = self._command(
            "by stranger", "checkpoint", self._vault, "--key", self._folder / "stranger"
        )
        text, own = signed.read_text(), public.read_text()
        self._case("signed", 0, "checkpoint", signed, "--key", public)
        self._case("signed by a stranger", 1, "checkpoint", by_stranger, "--key", public)
        self._case("not signed", 1, "checkpoint", self.note, "--key", public)
        head = self.note.read_text().split("\n")[1]
        forged = self._write("signed other", text.replace(f"\n{head}\n", f"\n{int(head) - 1}\n"))
        self._case("signed other", 1, "checkpoint", forged, "--key", public)
        name, key_id, encoded = own.strip().split("+", 2)
        for what, bad in {
            "id": f"{name}+00000000+{encoded}",
            "base64": f"{name}+{key_id}+%%",
            "kind": f"{name}+{key_id}+{b64(b'x' * 33)}",
            "size": f"{name}+{key_id}+{b64(bytes([1] * 32))}",
            "name": f"+{key_id}+{encoded}",
        }.items():
            path = self._write(f"key {what}", bad)
            self._case(f"key {what}", 2, "checkpoint", signed, "--key", path)
        unsigned = self._folder / "grown 2"
        trust = ("--checkpoint", self._signed_old(key), "--key", public)
        self._case("consistency, new not signed", 1, "consistency", unsigned, *trust)

    def _signed_old(self, key: Path) -> Path:
        return self._command("signed old", "checkpoint", self._vault, "--key", key, "--head", 2)

"""A whole vault as JSON Lines: what `nacre-check` checks, and `nacre import` reads without loss.

The payloads come first, what a manifest names before the manifest; then which were dropped, and
by which commit; then the commits in order. The
first line says what it is, the last one that nothing is missing. docs/format.md has the members.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from nacre.blobs import index
from nacre.checkpoint import Checkpoint, note_of
from nacre.codec import digests_in, unpack
from nacre.errors import Unstorable
from nacre.hashing import Digest
from nacre.operations.evidence import commit_fields, in_base64, json_line
from nacre.operations.report import Progress, no_progress
from nacre.signing import SigningKey
from nacre.store import Store

EXPORT_FORMAT = 1
MOST_LINE_BYTES = 1 << 28
"""What a reader accepts as one line, so that a hostile file cannot fill its memory."""

_PART_BYTES = 4 << 20
_PAGE_ROWS = 4096
_REPORT_EVERY = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What an export holds."""

    format: str
    commits: int
    events: int
    payloads: int = 0


def export_jsonl(
    store: Store,
    path: Path,
    progress: Progress = no_progress,
    *,
    key: SigningKey | None = None,
) -> ExportReport:
    """Write the log and every payload as JSON Lines.

    Raises:
        Unstorable: a commit is too large for one line.
        CorruptionError: the vault is damaged: verify it.
    """
    checkpoint = store.checkpoint()
    first = {
        "nacre": "export",
        "format": EXPORT_FORMAT,
        "created_ns": store.identity.created_ns,
        "checkpoint": note_of(checkpoint, key),
    }
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(json_line(first))
        payloads = _write_payloads(store, out)
        _write_dropped(store, checkpoint.head, out)
        events = _write_commits(store, checkpoint, out, progress)
        end = {"format": EXPORT_FORMAT, "commits": checkpoint.head, "payloads": payloads}
        out.write(json_line({"nacre": "end", **end}))
    return ExportReport(format="jsonl", commits=checkpoint.head, events=events, payloads=payloads)


def _write_commits(store: Store, checkpoint: Checkpoint, out: TextIO, progress: Progress) -> int:
    events = 0
    for position, entry in enumerate(store.log.read(0, checkpoint.head)):
        if position % _REPORT_EVERY == 0:
            progress("commits", position, checkpoint.head)
        fields = commit_fields(entry)
        line = json_line(fields)
        if len(line) * 4 > MOST_LINE_BYTES and len(line.encode()) >= MOST_LINE_BYTES:
            what = f"commit {position} is too large for a line of an export"
            raise Unstorable(f"{what}: copy the vault instead")
        out.write(line)
        shown = fields["events"]
        assert isinstance(shown, list)
        events += len(shown)
    progress("commits", checkpoint.head, checkpoint.head)
    return events


def _write_payloads(store: Store, out: TextIO) -> int:
    written: set[Digest] = set()
    for digest in _digests(store):
        for child in _below_first(store, digest, written):
            _write_payload(store, child, out)
    return len(written)


def _write_dropped(store: Store, head: int, out: TextIO) -> None:
    """Say which payloads a commit dropped, so that they are not taken for lost."""
    with store.environment.read() as transaction:
        dropped = [(d, e) for d, e in index.epitaphs(transaction) if e.position < head]
    for digest, epitaph in dropped:
        fields = {"dropped": str(digest), "position": epitaph.position, "reason": epitaph.reason}
        out.write(json_line(fields))


def _digests(store: Store) -> Iterator[Digest]:
    """Yield what the index holds, a short transaction a page."""
    after: Digest | None = None
    while True:
        with store.environment.read() as transaction:
            page = []
            for digest, _ in index.rows(transaction, after):
                page.append(digest)
                if len(page) == _PAGE_ROWS:
                    break
        yield from page
        if not page:
            return
        after = page[-1]


def _below_first(store: Store, digest: Digest, written: set[Digest]) -> Iterator[Digest]:
    """Yield a blob and what it names that was not written yet, in the order of an import."""
    pending = [digest]
    while pending:
        last = pending[-1]
        named = [] if last in written else _named_by(store, last)
        missing = [d for d in named if d not in written and store.blobs.has_blob(d)]
        if missing:
            pending += missing
            continue
        pending.pop()
        if last not in written:
            written.add(last)
            yield last


def _named_by(store: Store, digest: Digest) -> list[Digest]:
    if not store.blobs.is_manifest(digest):
        return []
    return list(digests_in(unpack(store.blobs.get_blob(digest))))


def _write_payload(store: Store, digest: Digest, out: TextIO) -> None:
    content = store.blobs.get_blob(digest)
    about = {
        "blob": str(digest),
        "size": len(content),
        "manifest": store.blobs.is_manifest(digest),
    }
    for start in range(0, max(len(content), 1), _PART_BYTES):
        part = content[start : start + _PART_BYTES]
        last = start + _PART_BYTES >= len(content)
        out.write(json_line({**about, "bytes": in_base64(bytes(part)), "last": last}))

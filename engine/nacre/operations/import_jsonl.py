"""A vault from its JSON Lines export: the same id, the same log, the same root, or nothing.

It grows under another name beside its place, and gets its own when all of it is there, the root
is that of the checkpoint in the export, and every view has been derived. Whatever is wrong before
leaves nothing at the place.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nacre.blobs import VaultBlobs
from nacre.blobs.index import Epitaph, drop_row
from nacre.codec import digests_in
from nacre.environment import Environment
from nacre.errors import InvalidInput, NacreError, NotFound
from nacre.event import (
    Commit,
    Header,
    checked_kind,
    checked_name,
    checked_text,
    decode_commit,
    join_entry,
)
from nacre.files import OsFiles, sync_folder
from nacre.frames import FrameVersions
from nacre.hashing import digest_of
from nacre.layout import Layout, creating, find_layout
from nacre.lmdb_file import lock_path
from nacre.log import LmdbLog
from nacre.log.tree import LmdbTree
from nacre.opening import open_store, put_identity
from nacre.operations.evidence import commit_fields
from nacre.operations.export_lines import End, Entry, First, Gone, Line, Part, read_lines
from nacre.operations.removals import Removals
from nacre.operations.report import Progress, no_progress
from nacre.operations.verify_log import broken_links
from nacre.past import SnapshotsView
from nacre.registry import REGISTRY
from nacre.rows import Rows
from nacre.store import Identity, Options

_BATCH_COMMITS = 1000
_BATCH_BYTES = 16 << 20
_MADE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The vault that an import has made."""

    path: str
    vault_id: str
    commits: int
    events: int
    payloads: int
    root: str


def import_jsonl(
    source: Path, path: Path, *, single_file: bool = False, progress: Progress = no_progress
) -> ImportReport:
    """Make the vault at *path* from the export in *source*; all of it, or nothing.

    Raises:
        InvalidInput: something stands at *path*, or the export is not whole.
        NotFound: there is no export.
    """
    if path.exists():
        raise InvalidInput(f"{path} exists: choose a new name, an import never adds to a vault")
    if not source.is_file():
        raise NotFound(f"there is no export {source}: correct the path")
    growing = path.with_name(path.name + ".importing")
    _remove(growing)  # what an import that was killed has left
    try:
        layout = find_layout(growing, create=True, single_file=single_file)
        report = _grow(source, layout, progress)
        _derive_views(layout)
        lock_path(layout.environment).unlink(missing_ok=True)
        growing.rename(path)
        sync_folder(path.parent)
    finally:
        _remove(growing)
    return ImportReport(
        path=str(path),
        vault_id=report.first.vault_id.hex(),
        commits=report.head,
        events=report.events,
        payloads=report.payloads,
        root=report.first.checkpoint.root.hex(),
    )


def _grow(source: Path, layout: Layout, progress: Progress) -> "_Growth":
    with source.open("rb") as file, creating(layout):
        lines = read_lines(file)
        first = next(lines, (0, None))[1]
        if not isinstance(first, First):
            raise InvalidInput(f"{source} is no export of nacre: name another file")
        environment = REGISTRY.acquire(layout.environment, read_only=False, relaxed=True)
        try:
            growth = _Growth(first, layout, environment)
            growth.take_all(lines, progress)
            environment.sync()
        finally:
            REGISTRY.release(environment)
    return growth


class _Growth:
    """A vault that is being made, and how far it has come."""

    def __init__(self, first: First, layout: Layout, environment: Environment) -> None:
        self.first = first
        self.head = self.events = self.payloads = 0
        self._environment = environment
        self._files = OsFiles()
        self._log = LmdbLog(environment)
        self._blobs = VaultBlobs(environment, layout.packs, self._files, read_only=False)
        self._parts: list[Part] = []
        self._parts_bytes = 0
        self._waiting: list[Entry] = []
        self._waiting_bytes = 0
        self._last: Commit | None = None
        self._ended = False
        self._removals = Removals()
        identity = Identity(vault_id=first.vault_id, created_ns=first.created_ns)
        environment.run(self._files, lambda transaction: put_identity(transaction, identity))

    def take_all(self, lines: Iterator[tuple[int, Line]], progress: Progress) -> None:
        """Take every line, and check that nothing is missing."""
        try:
            for number, line in lines:
                try:
                    self._take(line)
                except (NacreError, RecursionError) as error:
                    raise InvalidInput(
                        f"line {number} of the export cannot be used: {error}; get it again"
                    ) from error
                progress("import", self.head, self.first.checkpoint.head)
            self._flush()
        finally:
            self._blobs.close()
        if not self._ended:
            raise InvalidInput("the export is cut off, its last line is missing: get it again")
        with self._environment.read() as transaction:
            root = LmdbTree(transaction).root(self.head)
        if (self.head, root) != (self.first.checkpoint.head, self.first.checkpoint.root):
            raise InvalidInput(
                "the export does not come to its own checkpoint, so that it was changed: "
                "get it again"
            )
        self._removals.check()

    def _take(self, line: Line) -> None:
        if self._ended:
            raise InvalidInput("it stands behind the end")
        match line:
            case Part():
                self._take_part(line)
            case Gone():
                self._note_gone(line)
            case Entry():
                self._waiting.append(line)
                self._waiting_bytes += sum(len(event.content) for event in line.events)
                if len(self._waiting) >= _BATCH_COMMITS or self._waiting_bytes >= _BATCH_BYTES:
                    self._flush()
            case End():
                self._flush()
                if (line.commits, line.payloads) != (self.head, self.payloads) or self._parts:
                    raise InvalidInput("it counts other commits or payloads than there are")
                self._ended = True
            case First():
                raise InvalidInput("a second first line")

    def _note_gone(self, gone: Gone) -> None:
        if gone.position >= self.first.checkpoint.head or self._blobs.has_blob(gone.digest):
            raise InvalidInput(f"{gone.digest} was not dropped by commit {gone.position}")
        self._removals.drop(gone.digest, gone.position)
        epitaph = Epitaph(gone.position, gone.reason)
        self._environment.run(
            self._files, lambda transaction: drop_row(transaction, gone.digest, epitaph)
        )

    def _take_part(self, part: Part) -> None:
        before = self._parts[:1] or [part]
        if (before[0].digest, before[0].size) != (part.digest, part.size):
            raise InvalidInput("the parts of two payloads are mixed")
        self._parts.append(part)
        self._parts_bytes += len(part.content)
        if self._parts_bytes > part.size:
            raise InvalidInput(f"the payload {part.digest} is longer than it says")
        if not part.is_last:
            return
        content = b"".join(taken.content for taken in self._parts)
        self._parts = []
        self._parts_bytes = 0
        if len(content) != part.size or digest_of(content) != part.digest:
            raise InvalidInput(f"the payload {part.digest} was altered")
        self._blobs.put_blob(content, manifest=part.is_manifest)
        self.payloads += 1

    def _flush(self) -> None:
        """Commit what waits: payloads first, as in every commit."""
        if self._blobs.has_unpublished:
            self._blobs.sync()
            self._environment.run(self._files, lambda _: self._blobs.publish())
            self._blobs.forget_published()
        head, last, events = self.head, self._last, self.events

        def write(_: object) -> None:
            self.head, self._last, self.events = head, last, events  # when it runs again
            for entry in self._waiting:
                self._append(entry)

        self._environment.run(self._files, write)
        self._waiting = []
        self._waiting_bytes = 0

    def _append(self, given: Entry) -> None:
        encoded = join_entry(given.header, given.events)
        commit = decode_commit(encoded.entry)
        _check_types(commit.header)
        for what in broken_links(self.first.vault_id, self.head, self._last, commit):
            raise InvalidInput(f"commit {self.head}: {what}")
        if _text(commit_fields(encoded.entry)) != _text(given.fields):
            raise InvalidInput(f"commit {self.head} does not say what its bytes say")
        self._check_events(commit)
        self._removals.see(commit)
        self._log.append(encoded.entry, expect=self.head)
        transaction = self._environment.transaction
        assert transaction is not None
        LmdbTree(transaction).extend(self.head, encoded.leaf)
        self.head += 1
        self.events += len(commit.events)
        self._last = commit

    def _check_events(self, commit: Commit) -> None:
        for event in commit.events:
            if event.purged is not None:
                continue
            checked_kind(event.kind)
            checked_name("subject", event.subject)
            if type(event.data) is not dict or type(event.version) is not int:
                raise InvalidInput(f"an event of commit {self.head} has no data, or no version")
            for digest in digests_in(event.data):
                if digest not in self._removals and not self._blobs.has_blob(digest):
                    raise InvalidInput(f"commit {self.head} names {digest}, which is not there")


def _check_types(header: Header) -> None:
    """Refuse what no nacre writes into a header."""
    checked_name("actor", header.actor)
    checked_text("message", header.message)
    for count in (header.position, header.time_ns):
        if type(count) is not int or not 0 <= count < 1 << 63:
            raise InvalidInput(f"{str(count)[:40]} is no position and no time")
    if isinstance(header.write_id, bytes):
        if len(header.write_id) != _MADE_BYTES:
            raise InvalidInput(f"a write id that nacre made has {_MADE_BYTES} bytes")
    else:
        checked_name("write id", header.write_id)


def _derive_views(layout: Layout) -> None:
    """Open the vault once, so that every view is there before it gets its name."""
    options = Options(actor="nacre import", relaxed=False)
    try:
        opened = open_store(
            layout.path,
            options,
            _no_face,
            create=False,
            single_file=None,
            views=(FrameVersions, Rows, SnapshotsView),
        )
        opened.close()
    except NacreError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A view's own code met events that it could never have let pass.
        raise InvalidInput(f"the views cannot be derived from the export ({error!r})") from error


def _no_face(*_: object) -> object:
    raise AssertionError("an import commits nothing of its own")


def _text(fields: object) -> str:
    return json.dumps(fields, allow_nan=False)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
        lock_path(path).unlink(missing_ok=True)

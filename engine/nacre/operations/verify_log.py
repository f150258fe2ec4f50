"""Check every entry of the log, the chain between them, and the tree over them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nacre.codec import digests_in
from nacre.errors import CorruptionError, FormatError
from nacre.event import NO_PREVIOUS, Commit, decode_commit
from nacre.hashing import Digest
from nacre.log.tree import LEVELS, LmdbTree, root_of, stored_level_sizes
from nacre.operations.affected import Labels, labels_at
from nacre.operations.hidden import HiddenEvents, Place, places_in, restored_places
from nacre.operations.report import Problem, Progress
from nacre.purged import PURGED
from nacre.store import Store

_REPORT_EVERY = 1024
_TILE = 256
_MOST_NAMED = 100
_PLAIN = frozenset({bool, bytes, float, int, str, type(None)})


@dataclass(slots=True)
class LogFindings:
    """What was read of the log, and what was wrong with it."""

    head: int = 0
    root: bytes = b""
    events: int = 0
    problems: list[Problem] = field(default_factory=list)
    names: dict[Digest, set[str]] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)
    unexplained: list[Place] = field(default_factory=list)
    """Events that are hidden, and that no commit has purged."""


def check_log(store: Store, progress: Progress) -> LogFindings:
    """Decode every entry, and derive chain and tree again."""
    findings = LogFindings(head=store.head)
    rows = store.log.row_limit()
    if findings.head > rows:
        what = f"its last row says that it is commit {findings.head - 1}, among {rows} rows"
        findings.problems.append(Problem(where="log", what=what))
        findings.head = rows  # no more can be there
    labels = Labels(store)
    hidden = HiddenEvents()
    previous: Commit | None = None
    for position, commit in _commits(store, findings):
        if position % _REPORT_EVERY == 0:
            progress("log", position, findings.head)
        if commit is not None:
            _check_links(store, position, previous, commit, findings)
            _note(commit, findings, labels)
            hidden.see(commit)
        previous = commit
    _check_hidden(store, hidden, findings)
    _check_tree(store, findings)
    progress("log", findings.head, findings.head)
    return findings


def _commits(store: Store, findings: LogFindings) -> Iterator[tuple[int, Commit | None]]:
    """Yield position and commit; None for one that is missing or does not decode."""
    for position, entry in _entries(store, findings.head):
        try:
            if entry is None:
                raise CorruptionError("its entry is missing")
            yield position, decode_commit(entry)
        except (CorruptionError, FormatError) as error:
            findings.problems.append(_problem(store, position, str(error)))
            yield position, None


def _entries(store: Store, head: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield position and entry; None for a missing one."""
    position = 0
    while position < head:
        try:
            for entry in store.log.read(position, head):
                yield position, entry
                position += 1
        except CorruptionError:
            # One of the next page is missing: they are read one by one until it is passed.
            yield position, _entry(store, position)
            position += 1


def _entry(store: Store, position: int) -> bytes | None:
    try:
        return next(store.log.read(position, position + 1), None)
    except CorruptionError:
        return None


def _check_links(
    store: Store, position: int, previous: Commit | None, commit: Commit, findings: LogFindings
) -> None:
    for what in broken_links(store.identity.vault_id, position, previous, commit):
        findings.problems.append(_problem(store, position, what))


def broken_links(
    vault_id: bytes, position: int, previous: Commit | None, commit: Commit
) -> Iterator[str]:
    """Yield what is wrong with how a commit follows the one before it."""
    header = commit.header
    if header.position != position:
        yield f"it says that it is commit {header.position}"
    if header.vault_id != vault_id:
        yield "it belongs to another vault"
    if position == 0 and header.previous != NO_PREVIOUS:
        yield "it follows a commit, and is the first"
    if previous is None:
        return
    if header.previous != previous.leaf:
        yield "it does not follow the commit before it"
    if header.time_ns < previous.header.time_ns:
        yield "it is older than the commit before it"


def _note(commit: Commit, findings: LogFindings, labels: Labels) -> None:
    findings.leaves.append(commit.leaf)
    findings.events += len(commit.events)
    for event in commit.events:
        # Most events are flat and name nothing: a closer look at them takes a tenth of the check.
        if all(type(value) in _PLAIN for value in event.data.values()):
            continue
        for digest in digests_in(event.data):
            findings.names.setdefault(digest, set()).add(labels.of(event))


def _check_hidden(store: Store, hidden: HiddenEvents, findings: LogFindings) -> None:
    with store.environment.read() as transaction:
        hidden.explain(restored_places(transaction))
    if hidden.unexplained():  # by a purge that was made since the log was read?
        for event in store.events(
            subject=None, kind=PURGED, start=findings.head, stop=None, reverse=False
        ):
            hidden.explain(places_in(event.data))
    findings.unexplained = hidden.unexplained()
    for position, ordinal in findings.unexplained:
        what = f"event {ordinal} is hidden, and no later commit purged it"
        findings.problems.append(_problem(store, position, what))


def _check_tree(store: Store, findings: LogFindings) -> None:
    """Compare every stored hash with the one derived from the level below it."""
    if len(findings.leaves) != findings.head:
        return  # entries are missing: that has been said, and nothing can be derived
    expected = findings.leaves
    level = 0
    with store.environment.read() as transaction:
        tree = LmdbTree(transaction)
        sizes = stored_level_sizes(transaction)
        findings.problems += _wrong_sizes(store, sizes)
        while expected or sizes.get(level):
            # Commits made since the log was read have added to the end.
            stored = tree.stored(level, min(len(expected), sizes.get(level, 0)))
            for index, (have, want) in enumerate(zip(stored, expected, strict=False)):
                if have != want:
                    what = "is missing" if have is None else "was altered"
                    findings.problems.append(
                        Problem(where="tree", what=f"hash {index} at level {level} {what}")
                    )
            tiles = len(expected) // _TILE
            expected = [root_of(expected[i * _TILE : (i + 1) * _TILE]) for i in range(tiles)]
            level += 1
    findings.root = root_of(findings.leaves)


def _wrong_sizes(store: Store, sizes: Mapping[int, int]) -> Iterator[Problem]:
    """Yield the levels of the tree that have more or fewer hashes than the log makes."""
    head = store.log.head()
    for position in range(head, min(sizes.get(0, 0), head + _MOST_NAMED)):
        yield _problem(store, position, "its entry is missing, and it was the last")
    for level in range(LEVELS):
        want, have = head // _TILE**level, sizes.get(level, 0)
        if have != want:
            yield Problem(where="tree", what=f"level {level} has {have} hashes instead of {want}")


def _problem(store: Store, position: int, what: str) -> Problem:
    return Problem(
        where="log",
        what=f"commit {position}: {what}",
        affects=(f"commit {position}", *labels_at(store, position)),
    )

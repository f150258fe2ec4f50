"""Check every entry of the log, the chain between them, and the tree over them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nacre.codec import digests_in
from nacre.errors import CorruptionError, FormatError
from nacre.event import NO_PREVIOUS, Commit, decode_commit
from nacre.hashing import Digest
from nacre.log.tree import LmdbTree, root_of, stored_level_sizes
from nacre.operations.affected import label_of
from nacre.operations.report import Problem, Progress
from nacre.store import Store

_REPORT_EVERY = 1024
_TILE = 256


@dataclass(slots=True)
class LogFindings:
    """What was read of the log, and what was wrong with it."""

    head: int = 0
    root: bytes = b""
    events: int = 0
    problems: list[Problem] = field(default_factory=list)
    names: dict[Digest, set[str]] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)


def check_log(store: Store, progress: Progress) -> LogFindings:
    """Decode every entry, and derive chain and tree again."""
    findings = LogFindings(head=store.head)
    previous: Commit | None = None
    for position, commit in _commits(store, findings):
        if position % _REPORT_EVERY == 0:
            progress("log", position, findings.head)
        if commit is not None:
            _check_links(store, position, previous, commit, findings)
            _note(commit, findings)
        previous = commit
    _check_tree(store, findings)
    progress("log", findings.head, findings.head)
    return findings


def _commits(store: Store, findings: LogFindings) -> Iterator[tuple[int, Commit | None]]:
    """Yield position and commit; None for one that does not decode."""
    position = 0
    try:
        for position, entry in enumerate(store.log.read(0, findings.head)):
            try:
                yield position, decode_commit(entry)
            except (CorruptionError, FormatError) as error:
                findings.problems.append(_problem(position, str(error)))
                yield position, None
    except CorruptionError as error:
        findings.problems.append(_problem(position + 1, str(error)))


def _check_links(
    store: Store, position: int, previous: Commit | None, commit: Commit, findings: LogFindings
) -> None:
    header = commit.header
    if header.position != position:
        findings.problems.append(_problem(position, f"it says that it is commit {header.position}"))
    if header.vault_id != store.identity.vault_id:
        findings.problems.append(_problem(position, "it belongs to another vault"))
    if position == 0 and header.previous != NO_PREVIOUS:
        findings.problems.append(_problem(position, "it follows a commit, and is the first"))
    if previous is None:
        return
    if header.previous != previous.leaf:
        findings.problems.append(_problem(position, "it does not follow the commit before it"))
    if header.time_ns < previous.header.time_ns:
        findings.problems.append(_problem(position, "it is older than the commit before it"))


def _note(commit: Commit, findings: LogFindings) -> None:
    findings.leaves.append(commit.leaf)
    findings.events += len(commit.events)
    for event in commit.events:
        for digest in digests_in(event.data):
            findings.names.setdefault(digest, set()).add(label_of(event))


def _check_tree(store: Store, findings: LogFindings) -> None:
    """Compare every stored hash with the one derived from the level below it."""
    if len(findings.leaves) != findings.head:
        return  # entries are missing: that has been said, and nothing can be derived
    expected = findings.leaves
    level = 0
    with store.environment.read() as transaction:
        tree = LmdbTree(transaction)
        sizes = stored_level_sizes(transaction)
        while expected or sizes.get(level):
            # Commits made since the log was read have added to the end.
            stored = tree.read(level, 0, min(len(expected), sizes.get(level, 0)))
            for index, (have, want) in enumerate(zip(stored, expected, strict=False)):
                if have != want:
                    findings.problems.append(
                        Problem(where="tree", what=f"hash {index} at level {level} was altered")
                    )
            if len(stored) < len(expected):
                what = f"level {level} has {len(stored)} hashes instead of {len(expected)}"
                findings.problems.append(Problem(where="tree", what=what))
            tiles = len(expected) // _TILE
            expected = [root_of(expected[i * _TILE : (i + 1) * _TILE]) for i in range(tiles)]
            level += 1
    findings.root = root_of(findings.leaves)


def _problem(position: int, what: str) -> Problem:
    return Problem(where="log", what=f"commit {position}: {what}", affects=(f"commit {position}",))

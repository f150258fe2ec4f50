"""What somebody with access to the files does to a copied vault, and the traces removed."""

from collections.abc import Callable, Sequence
from pathlib import Path

from pristine import entry_key
from rows import editing, rows

import nacre
from nacre import codec
from nacre.event import Commit, decode_commit, encode_commit, event_fields
from nacre.log.tree import LmdbTree
from nacre.prefixes import LOG, TREE, VIEWS

Commits = list[Commit]


def commits_of(path: Path) -> Commits:
    return [decode_commit(entry) for _, entry in sorted(rows(path, LOG).items())]


def with_data(commit: Commit, data: dict[str, object]) -> Commit:
    """Return a commit whose first event holds other data."""
    changed = commit.events[0]._replace(data=data)
    return Commit(commit.header, (changed, *commit.events[1:]), commit.leaf)


def forge(path: Path, commits: Sequence[Commit]) -> None:
    """Write a log of other commits, with chain, tree and checksums made to fit."""
    with editing(path) as transaction:
        for prefix in (LOG, TREE):
            for key in [key for key, _ in transaction.cursor() if key[0] == prefix]:
                transaction.delete(key)
        previous, time_ns = bytes(32), 0
        for position, commit in enumerate(commits):
            time_ns = max(time_ns, commit.header.time_ns)
            fields = {name: getattr(commit.header, name) for name in commit.header.__slots__}
            fields |= {"position": position, "previous": previous, "time_ns": time_ns}
            events = [
                codec.pack(event_fields(e.kind, e.subject, e.data, e.version))
                for e in commit.events
            ]
            encoded = encode_commit(nacre.Header(**fields), events)
            transaction.put(entry_key(position), encoded.entry)
            LmdbTree(transaction).extend(position, encoded.leaf)
            previous = encoded.leaf


def rebuilt(path: Path) -> None:
    """Derive the views of a forged log again, so that they betray nothing."""
    with editing(path) as transaction:
        for key in [key for key, _ in transaction.cursor() if key[0] == VIEWS]:
            transaction.delete(key)
        transaction.delete(b"\x01views")
    nacre.open(path).close()


EDITED = {"amount": 999_999}
ATTACKS: dict[str, tuple[Callable[[Commits], Commits], int]] = {
    "an event changed": (lambda c: [*c[:0], with_data(c[0], EDITED), *c[1:]], 0),
    "a late event changed": (lambda c: [*c[:5], with_data(c[5], EDITED)], 5),
    "a commit deleted": (lambda c: [*c[:2], *c[3:]], 2),
    "a commit inserted": (lambda c: [*c[:3], c[0], *c[3:]], 3),
    "commits reordered": (lambda c: [*c[:2], c[3], c[2], *c[4:]], 2),
    "the tail cut off": (lambda c: c[:4], 4),
    "the log forked": (lambda c: [*c[:4], with_data(c[0], EDITED), with_data(c[5], EDITED)], 4),
}
"""What becomes of the commits, and the first position that is then wrong."""

"""Evidence for auditors: that a commit is in the log, that the log has only grown."""

from collections.abc import Mapping
from dataclasses import dataclass

from nacre.checkpoint import Checkpoint, note_of
from nacre.errors import CorruptionError, InvalidInput, NotFound
from nacre.event import decode_commit
from nacre.log.proofs import consistency_path, inclusion_path
from nacre.log.tree import LmdbTree
from nacre.operations.evidence import commit_fields, in_base64, json_line
from nacre.signing import SigningKey
from nacre.store import Store

EVIDENCE_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That a commit, or one event of it, is in the log of a checkpoint."""

    checkpoint: str
    """The checkpoint that the proof leads to, as a note."""

    commit: Mapping[str, object]
    path: tuple[bytes, ...]

    def __str__(self) -> str:
        """Return the evidence file."""
        return json_line(
            {
                "nacre": "inclusion",
                "format": EVIDENCE_FORMAT,
                "checkpoint": self.checkpoint,
                "commit": self.commit,
                "path": [in_base64(step) for step in self.path],
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyProof:
    """That the log of one checkpoint begins with that of an older one."""

    old: str
    new: str
    path: tuple[bytes, ...]
    problem: str | None = None
    """Why the vault is not consistent with the old checkpoint; None when it is."""

    first_bad_position: int | None = None
    """The first commit that may not be what it was, when there is a problem."""

    def __str__(self) -> str:
        """Return the evidence file."""
        return json_line(
            {
                "nacre": "consistency",
                "format": EVIDENCE_FORMAT,
                "old": self.old,
                "new": self.new,
                "path": [in_base64(step) for step in self.path],
            }
        )


def prove_inclusion(
    store: Store,
    position: int,
    *,
    event: int | None = None,
    head: int | None = None,
    key: SigningKey | None = None,
) -> InclusionProof:
    """Return the proof that the commit at *position* is among the first *head* commits.

    With *event* only that event is shown; of the others the hash is.

    Raises:
        NotFound: there is no such commit or event.
        CorruptionError: the commit is not the one that the tree was made of.
    """
    with store.environment.read() as transaction:
        tree = LmdbTree(transaction)
        size = store.head if head is None else head
        if not 0 <= position < size <= store.head:
            raise NotFound(f"there is no commit {position} below {size}: the head is {store.head}")
        entry = next(store.log.read(position, position + 1))
        commit = decode_commit(entry)
        if commit.leaf != tree.leaf(position):
            raise CorruptionError(f"commit {position} was altered: run `nacre verify`")
        if event is not None and not 0 <= event < len(commit.events):
            raise NotFound(f"commit {position} has {len(commit.events)} events, counted from 0")
        return InclusionProof(
            checkpoint=note_of(checkpoint_at(store, size), key),
            commit=commit_fields(entry, None if event is None else {event}),
            path=tuple(inclusion_path(position, size, tree.read)),
        )


def prove_consistency(
    store: Store, old: Checkpoint, *, key: SigningKey | None = None
) -> ConsistencyProof:
    """Return the proof that the log has only grown since *old*, or why there is none.

    Raises:
        InvalidInput: the checkpoint is of another vault.
    """
    with store.environment.read() as transaction:
        tree = LmdbTree(transaction)
        new = checkpoint_at(store, store.head)
        if old.origin != new.origin:
            raise InvalidInput(f"the checkpoint is of {old.origin}, and this vault is {new.origin}")
        problem, first = None, None
        if old.head > new.head:
            problem = f"commits from {new.head} on are missing: the checkpoint covers {old.head}"
            first = new.head
        elif tree.root(old.head) != old.root:
            problem = f"the first {old.head} commits are not those of the checkpoint"
            first = 0
        path = [] if problem else consistency_path(old.head, new.head, tree.read)
    return ConsistencyProof(
        old=str(old),
        new=note_of(new, key),
        path=tuple(path),
        problem=problem,
        first_bad_position=first,
    )


def checkpoint_at(store: Store, head: int) -> Checkpoint:
    """Return the checkpoint as it was at a head.

    Raises:
        NotFound: the log is shorter.
    """
    with store.environment.read() as transaction:
        if not 0 <= head <= store.head:
            raise NotFound(f"there is no head {head}: the head is {store.head}")
        root = LmdbTree(transaction).root(head)
    return Checkpoint(store.checkpoint().origin, head, root)

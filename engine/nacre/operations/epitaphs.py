"""Blobs that are not there any more: was it a commit of ours that dropped them?"""

from collections.abc import Iterable

from nacre.blobs import index
from nacre.errors import CorruptionError
from nacre.hashing import Digest
from nacre.operations.collect import COMPACTED
from nacre.purged import PURGED
from nacre.store import Store

_DROPPING = frozenset({COMPACTED, PURGED})


class Epitaphs:
    """Tells blobs that a commit dropped from blobs that somebody removed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._allowed: dict[int, int] = {}

    def explains(self, digest: Digest) -> bool:
        """Tell whether a commit dropped a blob, and says that it dropped so many."""
        try:
            with self._store.environment.read() as transaction:
                epitaph = index.get_epitaph(transaction, digest)
        except CorruptionError:
            return False
        if epitaph is None:
            return False
        position = epitaph.position
        if position not in self._allowed:
            self._allowed[position] = self._dropped_by(position)
        self._allowed[position] -= 1
        return self._allowed[position] >= 0

    def unexplained(self, digests: Iterable[Digest]) -> list[Digest]:
        """Return the digests of blobs that are missing, and that no commit dropped."""
        missing = [d for d in sorted(set(digests)) if not self._store.blobs.has_blob(d)]
        return [digest for digest in missing if not self.explains(digest)]

    def _dropped_by(self, position: int) -> int:
        try:
            commits = list(self._store.commits(position, position + 1))
        except (CorruptionError, ValueError):
            return 0
        counts = (e.data.get("blobs") for c in commits for e in c.events if e.kind in _DROPPING)
        return sum(count for count in counts if isinstance(count, int))

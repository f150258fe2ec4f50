"""What a handle has put and no commit has named yet: kept from collection by holds.

Guards I7 where collection and deduplication meet: a blob that was found in the index and so not
stored again must still be there when the commit comes that names it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nacre.environment import Environment
from nacre.hashing import Digest
from nacre.holds import Holds

_HOLDS = "holds"


@dataclass(frozen=True, slots=True)
class _Put:
    round: int
    """The oldest round in which it, or anything that it names, was put."""

    children: tuple[Digest, ...]


class HeldBlobs:
    """The blobs that wait for their commit, and the holds that keep them. Guard it by a lock."""

    def __init__(self, path: Path) -> None:
        self._holds = Holds(path)
        self._puts: dict[Digest, _Put] = {}
        self._counts: Counter[int] = Counter()

    def begin(self, number: int) -> None:
        """Hold the round in which something is about to be put."""
        self._holds.take(number)

    def add(self, digest: Digest, children: Iterable[Digest], number: int) -> None:
        """Note what was put in a round that is held."""
        if digest in self._puts:
            return
        children = tuple(children)
        for child in children:
            self.add(child, (), number)
        oldest = min((self._puts[child].round for child in children), default=number)
        self._puts[digest] = _Put(min(oldest, number), children)
        self._counts[self._puts[digest].round] += 1

    def is_current(self, digest: Digest, number: int) -> bool:
        """Tell whether a blob, and all that it names, was put in the round that is current."""
        put = self._puts.get(digest)
        return put is not None and put.round == number

    def settle(self, named: Iterable[Digest]) -> None:
        """Let go of what a commit has named, directly or through manifests."""
        pending = list(named)
        while pending:
            put = self._puts.pop(pending.pop(), None)
            if put is not None:
                self._counts[put.round] -= 1
                pending += put.children
        for number in [n for n, count in self._counts.items() if not count]:
            del self._counts[number]
            self._holds.release(number)

    def close(self) -> None:
        """Let go of everything. Idempotent."""
        self._holds.close()

    def let_go(self) -> None:
        """Forget what a forked child has inherited."""
        self._holds.let_go()


def holds_path(environment: Environment, folder: Path | None) -> Path:
    """Return the file whose bytes are locked: of a single-file vault, that file."""
    return environment.path if folder is None else folder.with_name(_HOLDS)

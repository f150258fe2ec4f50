"""States of maintained views in the innermost transaction: a savepoint moves them in and out.

While a nested transaction is open, LMDB refuses the one around it; views that a decision holds
must go on all the same.
"""

from collections.abc import Mapping

from nacre.lmdb_handle import Transaction
from nacre.views.catalogue import Build
from nacre.views.pairs import TransactionPairs
from nacre.views.table import GetBlob, State


class LiveStates:
    """Opens states, and moves those that are open to another transaction."""

    def __init__(
        self, transaction: Transaction, builds: Mapping[str, Build], get_blob: GetBlob
    ) -> None:
        self._transaction = transaction
        self._builds = builds
        self._get_blob = get_blob
        self._opened: list[TransactionPairs] = []

    def open(self, name: str) -> State:
        """Return the state of a view."""
        pairs = TransactionPairs(self._transaction, self._builds[name].prefix)
        self._opened.append(pairs)
        return State(pairs, self._get_blob)

    def move(self, transaction: Transaction) -> None:
        """Let every state go on in *transaction*."""
        self._transaction = transaction
        for pairs in self._opened:
            pairs.move(transaction)

"""Where collections live: in a vault, or in a transaction of one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from nacre.blobs import Payloads
from nacre.errors import InvalidInput, StateError
from nacre.moment import When
from nacre.rows.changes import Decision
from nacre.rows.columns import Columns
from nacre.rows.history import History
from nacre.rows.view import Rows
from nacre.stage import Receipt
from nacre.views import View

AnyView = TypeVar("AnyView", bound=View)
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Why something is written, and the id that makes a retry safe."""

    message: str = ""
    write_id: str | None = None


NO_WORDS = Words()


class RowsVault(Payloads, History, Protocol):
    """What collections need of a vault."""

    def at(self, when: When) -> "RowsVault":
        """Return the vault as it was."""

    @property
    def head(self) -> int:
        """The number of commits."""

    def view(self, view: type[AnyView]) -> AnyView:
        """Return a view to read."""

    def commit(
        self,
        decide: Callable[..., None],
        *,
        message: str = "",
        write_id: str | None = None,
    ) -> Receipt:
        """Run *decide* under the writer lock and commit what it records."""


class Home(Protocol):
    """What collections are read from, and how they are changed."""

    payloads: Payloads
    columns: Columns | None
    """Where columns of rows are kept; None where rows change under way."""

    @property
    def past(self) -> RowsVault:
        """The vault, to read its history.

        Raises:
            StateError: this is a transaction.
        """

    def view(self) -> Rows:
        """Return the view."""

    def change(self, decide: Callable[[Decision], Made], words: Words) -> Made | None:
        """Run a decision, and return what it returns; None: its write id is in the log already."""

    def change_whole(self, decide: Callable[[Decision], Made], words: Words) -> Made | None:
        """Do the same with a decision that records several events: all of them or none."""


class VaultHome:
    """A vault: each change is a commit."""

    def __init__(self, vault: RowsVault) -> None:
        self.vault = vault
        self.payloads: Payloads = vault
        self.columns: Columns | None = Columns()

    @property
    def past(self) -> RowsVault:
        """The vault, to read its history."""
        return self.vault

    def view(self) -> Rows:
        """Return the view; each call on it sees every commit made before."""
        return self.vault.view(Rows)

    def change(self, decide: Callable[[Decision], Made], words: Words) -> Made | None:
        """Commit what a decision records; return None if its write id is in the log already."""
        made: list[Made] = []

        def run(tx: Decision) -> None:
            made[:] = [decide(tx)]

        self.vault.commit(run, message=words.message, write_id=words.write_id)
        return made[0] if made else None

    def change_whole(self, decide: Callable[[Decision], Made], words: Words) -> Made | None:
        """Do the same: a commit is whole."""
        return self.change(decide, words)


class StagedHome:
    """A transaction: changes are seen at once, and committed with it."""

    def __init__(self, tx: Decision, payloads: Payloads) -> None:
        self._tx = tx
        self.payloads = payloads
        self.columns: Columns | None = None

    @property
    def past(self) -> RowsVault:
        """Refuse: what is being written has no history yet."""
        raise StateError("a transaction shows what is, not what was: ask the vault for its history")

    def view(self) -> Rows:
        """Return the view with what was recorded so far."""
        return self._tx.view(Rows)

    def change(self, decide: Callable[[Decision], Made], words: Words) -> Made:
        """Run a decision as part of the transaction."""
        if words != NO_WORDS:
            raise InvalidInput("message and write_id belong to the transaction: give them to it")
        return decide(self._tx)

    def change_whole(self, decide: Callable[[Decision], Made], words: Words) -> Made:
        """Do the same; of a decision that is refused, what it recorded is undone."""
        with self._tx.savepoint():
            return self.change(decide, words)

"""What the methods of a database share: its vault, its open transaction, its schemas at hand."""

import os
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Literal, TypeVar

import nacre
from nacre.rows import Collection, Definition, Rows, StagedHome, VaultHome
from nacre_adapters.modelvault.errors import ModelVaultSchemaError, as_interface
from nacre_adapters.modelvault.gate import Gate
from nacre_adapters.modelvault.places import Place
from nacre_adapters.modelvault.schema import checked_collection_name, native_name
from nacre_adapters.modelvault.shape import Row, Shape
from nacre_adapters.modelvault.transaction import Staged, nested, none_open
from nacre_adapters.modelvault.views import Catalogue

Made = TypeVar("Made")

Decision = Callable[[nacre.Transaction], None]


class Handle:
    """An open database. Threads may share it; a transaction belongs to the one that began it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.vault = place.vault
        # Whoever lets go of a database need not close it.
        self._finalizer = weakref.finalize(self, place.drop)
        self._gate = Gate()
        self._staged: Staged | None = None
        self._of_the_parent: Staged | None = None
        self._home = VaultHome(place.vault)
        # By the definition of the native collection, which every change of a schema replaces.
        self._shapes: dict[str, tuple[Definition, Shape]] = {}

    @property
    def staged(self) -> Staged | None:
        """The open transaction, if it belongs to this thread."""
        staged = self._staged
        if staged is not None and staged.owner == (os.getpid(), threading.get_ident()):
            return staged
        return None

    @property
    def is_blocked(self) -> bool:
        """Whether another thread has a transaction open."""
        return self._gate.is_shut and self.staged is None

    def begin(self) -> None:
        """Begin a transaction.

        Raises:
            ModelVaultTransactionError: this thread has one open.
            Blocked: another thread keeps one open for too long.
        """
        if self.staged is not None:
            raise nested()
        # Of a process that forked inside of it: it is the parent's, and must not end here.
        self._of_the_parent = self._staged
        with as_interface:
            self._staged = Staged(self.vault, self._gate)

    def end(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit the transaction, or undo it when there is an error.

        Raises:
            ModelVaultTransactionError: there is none.
        """
        staged = self.staged
        if staged is None:
            raise none_open()
        # Before the gate opens: the next one may begin at once.
        self._staged = None
        staged.end(kind, error, trace)

    def catalogue(self) -> Catalogue:
        """Return the view of the schemas, as this thread sees them."""
        staged = self.staged
        return self.vault.view(Catalogue) if staged is None else staged.tx.view(Catalogue)

    def rows(self, name: str) -> Collection:
        """Return native rows by their own name, as this thread sees them."""
        staged = self.staged
        if staged is None:
            return Collection(self._home, name)
        staged.flush()
        return Collection(StagedHome(staged.tx, self.vault), name)

    def shape(self, name: str) -> Shape:
        """Return the shape of the rows of a collection, as this thread sees it.

        Raises:
            ModelVaultSchemaError: there is no such collection.
        """
        staged = self.staged
        reader: nacre.Vault | nacre.Transaction = self.vault if staged is None else staged.tx
        return self._shape(reader, name)

    def shape_in(self, tx: nacre.Transaction, name: str) -> Shape:
        """Return the shape of the rows of a collection, as a decision sees it."""
        return self._shape(tx, name)

    def reading(self) -> AbstractContextManager[None]:
        """Let all that this thread reads in a block be of one moment; a transaction is one."""
        return self.vault.read() if self.staged is None else nullcontext()

    def write(self, decide: Callable[[nacre.Transaction], Made]) -> Made:
        """Run a decision as a commit, or as part of the open transaction: all of it or nothing."""
        staged = self.staged
        with as_interface:
            if staged is None:
                return self._commit(decide)
            staged.flush()
            staged.shapes.clear()
            with staged.tx.savepoint():
                return decide(staged.tx)

    def write_one(self, decide: Callable[[nacre.Transaction], Made]) -> Made:
        """Run a decision that records one event at its end, if any."""
        staged = self.staged
        with as_interface:
            if staged is None:
                return self._commit(decide)
            staged.flush()
            return decide(staged.tx)

    def write_each(self, makes: Sequence[Callable[[], Decision]]) -> list[Exception | None]:
        """Make decisions and commit each by itself, in as few durable writes as may be.

        Return what each raised: it harms no other. Not for inside of a transaction.
        """
        errors: list[Exception | None] = [None] * len(makes)
        decisions: dict[int, Decision] = {}
        with self.vault.read():
            for number, make in enumerate(makes):
                try:
                    decisions[number] = make()
                except Exception as error:  # noqa: BLE001 - returned
                    errors[number] = error
        with as_interface, self._gate.writing():
            outcomes = self.vault.commit_each(decisions.values())
        for number, outcome in zip(decisions, outcomes, strict=True):
            if isinstance(outcome, Exception):
                errors[number] = _of_the_interface(outcome)
        return errors

    def insert(self, name: str, row: object, *, keeping: bool = False) -> None:
        """Store a row, new or in place of the one with its key.

        With *keeping*, fields that *row* does not name keep the values that they have.
        """
        staged = self.staged
        if staged is not None and not keeping:
            shape = staged.shapes.get(name) or self._staged_shape(staged, name)
            if not shape.has_unique:
                staged.put(shape, shape.take(row))
                return
        self.write_one(self.insertion(name, row, keeping=keeping))

    def insertion(self, name: str, row: object, *, keeping: bool = False) -> Decision:
        """Return the decision that stores a row, which was looked at before: see `insert`."""
        shape = self.shape(name)
        native = shape.take(row)

        def decide(tx: nacre.Transaction) -> None:
            now = self._shape(tx, name)
            taken = native if now is shape else now.take(row)
            rows = tx.rows[now.schema.native_name]
            if keeping and isinstance(row, dict) and now.is_partial(row):
                taken = now.kept(rows.get(taken[now.schema.key.native]), row, taken)
            rows.upsert(taken)

        return decide

    def get(self, name: str, key: object) -> Row | None:
        """Return the row of a key, or None."""
        staged = None if self._staged is None else self.staged
        if staged is None:
            found = self._get_at_once(name, key)
            if found is not False:
                return found
        shape = self.shape(name)
        taken = shape.take_key(key)
        if staged is not None and not staged.is_waiting(shape, taken):
            found = Collection(StagedHome(staged.tx, self.vault), shape.native_name).get(taken)
        else:
            found = self.rows(shape.native_name).get(taken)
        return None if found is None else shape.give(found)

    def delete(self, name: str, key: object) -> None:
        """Delete the row of a key, if there is one; else nothing is written."""
        self.write_one(self.deletion(name, key))

    def deletion(self, name: str, key: object) -> Decision:
        """Return the decision that deletes the row of a key: see `delete`."""
        shape = self.shape(name)
        taken = shape.take_key(key)

        def decide(tx: nacre.Transaction) -> None:
            rows = tx.rows[shape.schema.native_name]
            if taken in rows:
                rows.delete(taken)

        return decide

    def close(self) -> None:
        """Release the file, unless this thread is inside a transaction. Idempotent."""
        if self._finalizer.alive:
            self.place.close()
            self._finalizer.detach()

    def _get_at_once(self, name: str, key: object) -> Row | Literal[False] | None:
        """Return the row of a key by the shape that was used last; False if it is another now.

        Schema and row are read in one short transaction, which is half of the time.
        """
        known = self._shapes.get(name)
        if known is None:
            return False
        definition, shape = known
        layout = definition.layout
        wanted, _ = layout.key_from(shape.take_key(key))
        is_same, row = self.vault.view(Rows).row_if_same(definition, wanted)
        if row is None:
            return None if is_same else False
        found = layout.give(row)
        return found if shape.is_plain else shape.give(found)

    def _staged_shape(self, staged: Staged, name: str) -> Shape:
        shape = staged.shapes[name] = self.shape(name)
        return shape

    def _commit(self, decide: Callable[[nacre.Transaction], Made]) -> Made:
        made: list[Made] = []

        def run(tx: nacre.Transaction) -> None:
            made[:] = [decide(tx)]

        with self._gate.writing():
            self.vault.commit(run)
        return made[0]

    def _shape(self, reader: nacre.Vault | nacre.Transaction, name: str) -> Shape:
        view = reader.view(Rows)
        known = self._shapes.get(name) if isinstance(name, str) else None
        if known is not None and view.is_same(known[0]):
            return known[1]
        name = checked_collection_name(name)
        definition = view.find(native_name(name))
        if definition is not None:
            schema = reader.view(Catalogue).find(name)
            if schema is not None:
                shape = Shape(schema)
                self._shapes[name] = (definition, shape)
                return shape
        raise ModelVaultSchemaError(f'schema error: unknown collection name "{name}"')


def _of_the_interface(error: Exception) -> Exception:
    try:
        with as_interface:
            raise error
    except Exception as shown:  # noqa: BLE001 - returned
        return shown

"""db.tx(): all or nothing over several tables, savepoints inside, threads and tasks beside."""

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tenants import models

from nacre.errors import StateError
from nacre_adapters.tenants import (
    Database,
    Host,
    IntegrityError,
    Table,
    create_index,
    drop_table,
    list_tables,
    register_table,
    table_exists,
)


@pytest.fixture
def users(db: Database) -> Table:
    return db.create(models.users(), name="users", pk="email")


def test_a_transaction_is_one_commit_over_tables_and_indexes(db: Database, users: Table) -> None:
    before = db.home.read(lambda vault: vault.head)
    with db.tx("a new start") as tx:
        assert tx is db
        users.insert(email="a")
        register_table(db, models.todos(), "todos").insert(title="t")
        create_index(db, "todos", ["title"])

    assert db.home.read(lambda vault: vault.head) == before + 1
    assert len(db["todos"]("title = 't'")) == 1


def test_an_exception_undoes_all_of_it(db: Database, users: Table) -> None:
    users.insert(email="a", name="A")
    with contextlib.suppress(ZeroDivisionError), db.tx():
        users.update(email="a", name="B")
        users.insert_all([{"email": "b"}, {"email": "c"}])
        register_table(db, models.todos(), "todos")
        drop_table(db, "users")
        assert list_tables(db) == ["todos"]
        1 / 0  # noqa: B018

    assert list_tables(db) == ["users"]
    assert [u.name for u in users()] == ["A"]


def test_an_inner_block_is_a_savepoint(db: Database, users: Table) -> None:
    with db.tx():
        users.insert(email="a")
        with contextlib.suppress(ZeroDivisionError), db.tx():
            users.insert(email="b")
            with db.tx():
                users.insert(email="c")
            1 / 0  # noqa: B018
        users.insert(email="d")
        assert len(users) == 2

    assert [u.email for u in users()] == ["a", "d"]


def test_a_write_that_fails_inside_leaves_nothing_and_the_rest_goes_on(
    db: Database, users: Table
) -> None:
    with db.tx():
        users.insert(email="1700")
        with pytest.raises(IntegrityError):
            users.insert_all([{"email": str(n)} for n in range(1800)])
        assert [u.email for u in users()] == ["1700"]
        users.insert(email="z")

    assert len(users) == 2


def test_a_table_of_a_transaction_that_was_undone_leaves_no_trace(db: Database) -> None:
    class First:
        id: int
        day: str

    from datetime import date  # noqa: PLC0415

    class Second:
        id: int
        day: date

    with contextlib.suppress(ZeroDivisionError), db.tx():
        register_table(db, First, "t").insert(day="2024-01-01")
        assert len(db["t"]("day = '2024-01-01'")) == 1
        1 / 0  # noqa: B018
    assert not table_exists(db, "t")

    assert register_table(db, Second, "t").insert(day="2024-01-01").day == date(2024, 1, 1)


def test_other_threads_wait_and_do_not_take_part(db: Database, users: Table) -> None:
    inserted = threading.Event()

    def insert() -> None:
        users.insert(email="other")
        inserted.set()

    worker = threading.Thread(target=insert)
    with contextlib.suppress(ZeroDivisionError), db.tx():
        worker.start()
        users.insert(email="mine")
        assert not inserted.is_set()
        1 / 0  # noqa: B018
    worker.join()

    assert [u.email for u in users()] == ["other"]


def test_other_tasks_of_the_thread_do_not_take_part(db: Database, users: Table) -> None:
    async def outer(begun: asyncio.Event, done: asyncio.Event) -> None:
        with db.tx():
            users.insert(email="mine")
            begun.set()
            await done.wait()

    async def main() -> None:
        begun, done = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(outer(begun, done))
        await begun.wait()
        with pytest.raises(StateError):
            users.insert(email="other")
        done.set()
        await task

    asyncio.run(main())

    assert [u.email for u in users()] == ["mine"]


def test_a_transaction_does_not_go_into_another_thread(db: Database, users: Table) -> None:
    async def main() -> None:
        with db.tx():
            users.insert(email="a")
            with pytest.raises(StateError, match="thread"):
                await asyncio.to_thread(users.insert, email="b")

    asyncio.run(main())

    assert [u.email for u in users()] == ["a"]


def test_all_handles_of_a_thread_take_part(db: Database, users: Table) -> None:
    other = Database(db.home.place, namespace=db.home.namespace)
    with contextlib.suppress(ZeroDivisionError), db.tx():
        other["users"].insert(email="a")
        1 / 0  # noqa: B018

    assert len(users) == 0


def test_transactions_of_two_tenants_are_two(host: Host) -> None:
    first, second = (
        register_table(host.get_or_create(name), models.users(), "users", pk="email")
        for name in ("one", "two")
    )
    with contextlib.suppress(ZeroDivisionError), host.get("one").tx():
        first.insert(email="a")
        second.insert(email="b")
        1 / 0  # noqa: B018

    assert (len(first), len(second)) == (0, 1)


KEYS = st.integers(1, 6)
NAMES = st.sampled_from(["x", "y", "z", None])


class TenantMachine(RuleBasedStateMachine):
    """A table with a unique index in a stack of transactions, against dicts."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile  # noqa: PLC0415

        self.folder = tempfile.TemporaryDirectory()
        self.db = Database(Path(self.folder.name) / "t.vault")
        self.table = register_table(self.db, models.todos(), "todos")
        create_index(self.db, "todos", ["title"], unique=True)
        create_index(self.db, "todos", ["name"])
        self.model: dict[int, tuple[str, str | None]] = {}
        self.saved: list[dict[int, tuple[str, str | None]]] = []
        self.blocks: list[object] = []

    def teardown(self) -> None:
        while self.blocks:
            self.commit()
        assert self.db.home.read(lambda vault: vault.verify().is_clean)
        self.db.close()
        self.folder.cleanup()

    def titles(self, but: int | None = None) -> set[str]:
        return {title for key, (title, _) in self.model.items() if key != but}

    @rule(key=KEYS, title=st.sampled_from("abcd"), name=NAMES)
    def insert(self, key: int, title: str, name: str | None) -> None:
        if key in self.model or title in self.titles():
            with pytest.raises(IntegrityError):
                self.table.insert(id=key, title=title, name=name)
        else:
            self.table.insert(id=key, title=title, name=name)
            self.model[key] = (title, name)

    @rule(key=KEYS, title=st.sampled_from("abcd"))
    def upsert(self, key: int, title: str) -> None:
        if title in self.titles(key):
            with pytest.raises(IntegrityError):
                self.table.upsert(id=key, title=title)
        else:
            self.table.upsert(id=key, title=title)
            self.model[key] = (title, self.model.get(key, (title, None))[1])

    @rule(name=NAMES, wanted=NAMES)
    def rename(self, name: str | None, wanted: str | None) -> None:
        self.table.update_where({"name": name}, "name = ?", [wanted])
        for key, (title, old) in self.model.items():
            if old == wanted and wanted is not None:
                self.model[key] = (title, name)

    @rule(key=KEYS, new=KEYS)
    def move(self, key: int, new: int) -> None:
        if key not in self.model:
            with pytest.raises(LookupError):
                self.table.update({"id": new}, pk_values=key)
        elif new in self.model and new != key:
            with pytest.raises(IntegrityError):
                self.table.update({"id": new}, pk_values=key)
        else:
            self.table.update({"id": new}, pk_values=key)
            self.model[new] = self.model.pop(key)

    @rule(key=KEYS)
    def delete(self, key: int) -> None:
        if key in self.model:
            assert self.table.delete(key).title == self.model.pop(key)[0]
        else:
            with pytest.raises(LookupError):
                self.table.delete(key)

    @rule(name=NAMES)
    def delete_by_name(self, name: str | None) -> None:
        gone = self.table.delete_where("name is ?", [name])
        for row in gone:
            assert self.model.pop(row.id)[1] == name
        assert name not in [kept for _, kept in self.model.values()]

    @precondition(lambda self: len(self.blocks) < 3)
    @rule()
    def begin(self) -> None:
        block = self.db.tx()
        block.__enter__()
        self.blocks.append(block)
        self.saved.append(dict(self.model))

    @precondition(lambda self: self.blocks)
    @rule()
    def commit(self) -> None:
        self.blocks.pop().__exit__(None, None, None)  # type: ignore[attr-defined]
        self.saved.pop()

    @precondition(lambda self: self.blocks)
    @rule()
    def roll_back(self) -> None:
        error = ZeroDivisionError()
        assert not self.blocks.pop().__exit__(ZeroDivisionError, error, None)  # type: ignore[attr-defined]
        self.model = self.saved.pop()

    @precondition(lambda self: not self.blocks)
    @rule()
    def reopen(self) -> None:
        path = self.db.home.place.key[0]
        self.db.close()
        self.db = Database(path)
        self.table = register_table(self.db, models.todos(), "todos")

    @invariant()
    def the_table_is_the_model(self) -> None:
        found = {row.id: (row.title, row.name) for row in self.table()}
        assert found == self.model
        for name in ("x", None):
            wanted = sorted(k for k, (_, n) in self.model.items() if n == name)
            assert sorted(r.id for r in self.table("name is ?", [name])) == wanted


TenantMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
TestTenant = TenantMachine.TestCase


class LongTenantMachine(TenantMachine):
    """As above, for longer."""


LongTenantMachine.TestCase.settings = settings(
    max_examples=300, stateful_step_count=60, deadline=None
)
TestTenantForLong = pytest.mark.slow(LongTenantMachine.TestCase)

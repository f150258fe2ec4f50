"""Transactions: all or nothing, of one thread; the others wait, and never for ever."""

import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from modelvault_schemas import fields, in_thread, indexes, opened, roll_back
from processes import Process, in_process

from nacre_adapters.modelvault import (
    Database,
    ModelVaultSchemaError,
    ModelVaultTransactionError,
)

SCHEMA = fields(id="int64", n="int64")


@pytest.fixture
def db() -> Database:
    return opened(SCHEMA, indexes(u=("n", "unique")))


def test_a_block_sees_what_it_writes_and_commits_it_at_its_end(db: Database) -> None:
    head = db.handle.vault.head
    with db.transaction() as nothing:
        db.insert("c", {"id": 1, "n": 5})
        db.insert("c", {"id": 2, "n": 6})
        db.delete("c", 1)

        assert nothing is None
        assert db.get("c", 1) is None
        assert db.collection("c").where("n", 6).all() == [{"id": 2, "n": 6}]
        assert in_thread(lambda: db.get("c", 2)) is None

    assert db.handle.vault.head == head + 1
    assert in_thread(lambda: db.get("c", 2)) == {"id": 2, "n": 6}


def test_an_exception_undoes_rows_indexes_and_schemas(db: Database) -> None:
    db.insert("c", {"id": 1, "n": 5})

    def change() -> None:
        db.insert("c", {"id": 1, "n": 6})
        db.insert("c", {"id": 2, "n": 7})
        db.register_schema_version("c", fields(id="int64", n="int64", o={"optional": "int64"}))
        db.register_collection("d", SCHEMA, "id")

    roll_back(db, change)

    assert db.collection("c").all() == [{"id": 1, "n": 5}]
    assert db.collection_names() == ["c"]
    assert db.plan_schema_version("c", SCHEMA)["change"] == "safe"
    db.insert("c", {"id": 3, "n": 7})


def test_an_error_of_one_call_undoes_that_call_alone(db: Database) -> None:
    with db.transaction():
        db.insert("c", {"id": 1, "n": 5})
        with pytest.raises(ModelVaultSchemaError, match="unique index violation"):
            db.insert("c", {"id": 2, "n": 5})
        with pytest.raises(ModelVaultSchemaError, match="duplicate collection"):
            db.register_collection("c", SCHEMA, "id")
        with pytest.raises(TypeError):
            db.insert("c", {"id": 2, "n": "x"})
        db.insert("c", {"id": 3, "n": 6})

    assert [row["id"] for row in db.collection("c").all()] == [1, 3]


def test_blocks_do_not_nest(db: Database) -> None:
    block = db.transaction()
    with block:
        db.insert("c", {"id": 1, "n": 5})
        with pytest.raises(
            ModelVaultTransactionError,
            match=r"^transaction error: nested transactions are not supported$",
        ):
            db.transaction().__enter__()
    with block:
        db.insert("c", {"id": 2, "n": 6})
    with pytest.raises(ModelVaultTransactionError, match="transaction error: no active transact"):
        block.__exit__(None, None, None)

    assert db.collection("c").count() == 2


def test_nothing_written_writes_nothing(db: Database) -> None:
    head = db.handle.vault.head

    with db.transaction():
        db.delete("c", 9)
    db.delete("c", 9)

    assert db.handle.vault.head == head


def test_another_thread_writes_when_the_block_has_ended(db: Database) -> None:
    order = []
    with ThreadPoolExecutor(1) as pool:
        with db.transaction():
            db.insert("c", {"id": 1, "n": 1})
            begun = threading.Event()

            def write() -> None:
                begun.set()
                db.insert("c", {"id": 2, "n": 2})
                order.append("written")

            written = pool.submit(write)
            assert begun.wait(60)
            order.append("ended")
        written.result(60)

    assert order == ["ended", "written"]
    assert db.collection("c").count() == 2


def test_threads_in_transactions_and_outside_of_them_all_come_through(tmp_path: Path) -> None:
    with Database.open(tmp_path / "x.mv") as db:
        db.register_collection("c", SCHEMA, "id")
        db.insert("c", {"id": 0, "n": 0})

        def work(thread: int) -> None:
            for turn in range(20):
                with db.transaction():
                    row = db.get("c", 0)
                    assert row is not None
                    db.insert("c", {"id": 0, "n": int(str(row["n"])) + 1})
                db.insert("c", {"id": 1000 * (thread + 1) + turn, "n": turn})
                assert db.collection("c").where("id", 0).all()

        with ThreadPoolExecutor(6) as pool:
            for done in [pool.submit(work, n) for n in range(6)]:
                done.result(120)

        assert db.get("c", 0) == {"id": 0, "n": 120}
        assert db.collection("c").count() == 121
        assert db.handle.vault.verify().is_clean


def test_a_process_that_was_forked_inside_is_not_inside(tmp_path: Path) -> None:
    with Database.open(tmp_path / "x.mv") as db:
        db.register_collection("c", SCHEMA, "id")
        db.insert("c", {"id": 1, "n": 1})

        def look() -> tuple[object, object, str]:
            with pytest.raises(ModelVaultTransactionError, match="no active transaction"):
                db.transaction().__exit__(None, None, None)
            seen = db.get("c", 1), db.get("c", 2)
            try:
                db.close()
            except Exception as error:  # noqa: BLE001 - told to the parent
                return *seen, repr(error)
            return *seen, "closed"

        with db.transaction():
            db.insert("c", {"id": 2, "n": 2})
            seen = in_process(look)
            db.insert("c", {"id": 3, "n": 3})

        assert seen == ({"id": 1, "n": 1}, None, "closed")
        assert db.collection("c").count() == 3


def test_a_forked_process_writes_when_its_parent_is_done(tmp_path: Path) -> None:
    with Database.open(tmp_path / "x.mv") as db:
        db.register_collection("c", SCHEMA, "id")

        def write(talk: Connection) -> None:
            talk.send("begun")
            db.insert("c", {"id": 1, "n": 1})
            with db.transaction():
                db.insert("c", {"id": 2, "n": 2})
            talk.send([row["id"] for row in db.collection("c").all()])

        with db.transaction():
            db.insert("c", {"id": 3, "n": 3})
            process = Process(write)
            assert process.hear() == "begun"
        assert process.hear() == [1, 2, 3]
        process.end()
        assert db.collection("c").count() == 3

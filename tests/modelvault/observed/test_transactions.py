"""Transactions: what is inside, what is undone, and who else is told what meanwhile."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from modelvault_observed import Call, Differs, Raises, observe, opened, outcome
from modelvault_schemas import Undone, fields, indexes, optional, roll_back

SCHEMA = fields(id="int64", n="int64")
NESTED = Raises(
    "ModelVaultTransactionError", "transaction error: nested transactions are not supported"
)
NONE_OPEN = Raises("ModelVaultTransactionError", "transaction error: no active transaction")
TWICE = Raises("ModelVaultSchemaError", "schema error: unique index violation")
BLOCKED = Raises(
    "RuntimeError",
    "operation blocked: a transaction is open on this database handle; "
    "finish or roll back the transaction first",
)


@pytest.fixture
def db(mv: ModuleType):
    return opened(mv, SCHEMA, indexes(u=("n", "unique")))


def outside(name: str) -> Raises:
    return Raises(
        "ModelVaultTransactionError",
        f"transaction error: {name} is for outside of a transaction: leave it first",
    )


def rows(db) -> list[object]:
    return sorted(row["id"] for row in db.collection("c").all())


def test_a_block_gives_nothing_and_swallows_nothing(db) -> None:
    block = db.transaction()

    assert block.__enter__() is None
    assert block.__exit__(None, None, None) is False
    with pytest.raises(Undone), db.transaction():
        raise Undone


def test_a_block_sees_what_it_writes(mv: ModuleType, db) -> None:
    with db.transaction():
        db.insert("c", {"id": 1, "n": 1})
        db.insert("c", {"id": 3, "n": 3})
        assert db.get("c", 1) == {"id": 1, "n": 1}
        assert db.collection("c").where("n", 1).all() == [{"id": 1, "n": 1}]
        ordered = db.collection("c").gte_where("id", 0).order_by("n", desc=True)
        assert [row["id"] for row in ordered.all()] == [3, 1]
        observe(mv, lambda: db.insert("c", {"id": 2, "n": 1}), TWICE)
        observe(mv, lambda: db.insert("c", {"id": "x", "n": 1}), Raises(
            "TypeError", "'str' object cannot be interpreted as an integer"))  # fmt: skip
        db.delete("c", 3)

    assert rows(db) == [1]


def test_an_exception_undoes_rows_indexes_schemas_and_ids(mv: ModuleType, db) -> None:
    def change() -> None:
        db.insert("c", {"id": 1, "n": 1})
        wider = fields(id="int64", n="int64", o=optional("int64"))
        assert db.register_schema_version("c", wider, indexes(u=("n", "unique"))) == 2
        assert db.get("c", 1) == {"id": 1, "n": 1, "o": None}
        assert db.register_collection("d", SCHEMA, "id") == (2, 1)

    roll_back(db, change)

    assert (db.get("c", 1), db.collection_names()) == (None, ["c"])
    assert db.register_collection("e", SCHEMA, "id") == (2, 1)
    assert db.register_schema_version("c", SCHEMA, indexes(u=("n", "unique"))) == 2
    db.insert("c", {"id": 2, "n": 1})


def test_blocks_do_not_nest_and_may_be_used_again(mv: ModuleType, db) -> None:
    block = db.transaction()
    observe(mv, lambda: block.__exit__(None, None, None), NONE_OPEN)
    with block:
        db.insert("c", {"id": 1, "n": 1})
        observe(mv, lambda: db.transaction().__enter__(), NESTED)
        observe(mv, block.__enter__, NESTED)
    with block:
        db.insert("c", {"id": 2, "n": 2})
    observe(mv, lambda: block.__exit__(None, None, None), NONE_OPEN)

    assert rows(db) == [1, 2]


def test_a_block_that_was_entered_and_forgotten_stays_open(mv: ModuleType, db) -> None:
    db.transaction().__enter__()
    db.insert("c", {"id": 1, "n": 1})

    observe(mv, lambda: db.transaction().__enter__(), NESTED)
    assert rows(db) == [1]
    db.transaction().__exit__(None, None, None)


@pytest.mark.parametrize(
    ("call", "observed"),
    [
        (lambda db: db.backfill_top_level_field("c", "n", 1), Differs(NESTED, None)),
        (lambda db: db.backfill_field_at_path("c", ["n"], 1), Differs(NESTED, None)),
        (lambda db: db.rebuild_indexes("c"), Differs(NESTED, None)),
        (lambda db: db.checkpoint(), Differs(NESTED, outside("checkpoint"))),
        (lambda db: db.export_snapshot("y.mv"), Differs(NESTED, outside("export_snapshot"))),
        (lambda db: db.compact_to("y.mv"), Differs(None, outside("compact_to"))),
        (lambda db: db.compact(), Differs(None, outside("compact"))),
    ],
)  # fmt: skip
def test_what_is_for_outside_says_so(
    mv: ModuleType,
    call: Callable,
    observed: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    db = mv.Database.open(str(tmp_path / "x.mv"))
    db.register_collection("c", SCHEMA, "id")
    block = db.transaction()
    block.__enter__()

    observe(mv, lambda: call(db), observed)
    outcome(lambda: block.__exit__(None, None, None))


def test_what_is_compacted_inside_is_not_committed_by_it(mv: ModuleType, tmp_path: Path) -> None:
    db = mv.Database.open(str(tmp_path / "x.mv"))
    db.register_collection("c", SCHEMA, "id")

    def change() -> None:
        db.insert("c", {"id": 1, "n": 1})
        outcome(db.compact)
        outcome(lambda: db.compact_to(str(tmp_path / "y.mv")))
        db.insert("c", {"id": 2, "n": 2})

    roll_back(db, change)

    observe(mv, lambda: rows(db), Differs([1, 2], []))
    assert (tmp_path / "y.mv").exists() == (mv.__name__ == "modelvault")


def in_another_thread(work: Call) -> object:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(outcome(work)))
    thread.start()
    thread.join(60)
    (came,) = found
    return came


@pytest.mark.parametrize(
    ("read", "observed"),
    [
        (lambda db: db.get("c", 1), Differs(BLOCKED, None)),
        (lambda db: db.collection("c").where("id", 1).all(), Differs(BLOCKED, [])),
    ],
)
def test_another_thread_reads_what_was_committed_before(
    mv: ModuleType, db, read: Callable, observed: object
) -> None:
    with db.transaction():
        db.insert("c", {"id": 1, "n": 1})
        came = in_another_thread(lambda: read(db))

    def tell() -> object:
        if isinstance(came, Exception):
            raise came
        return came

    observe(mv, tell, observed)


def test_what_changes_nothing_writes_nothing(mv: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    db = mv.Database.open(str(path))
    db.register_collection("c", SCHEMA, "id")
    before = path.read_bytes()

    with db.transaction():
        pass
    db.delete("c", 9)
    with db.transaction():
        db.delete("c", 9)

    assert path.read_bytes() == before


def test_a_block_writes_all_of_it_at_its_end(mv: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    db = mv.Database.open(str(path))
    db.register_collection("c", SCHEMA, "id")
    reader = mv.Database.open(str(path), read_only=True)

    with db.transaction():
        for n in range(100):
            db.insert("c", {"id": n, "n": n})
        assert in_another_thread(lambda: rows(reader)) == []
    assert rows(reader) == list(range(100))

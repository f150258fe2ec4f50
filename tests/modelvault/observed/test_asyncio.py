"""AsyncDatabase: the same names and results, awaited; and when errors are raised."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe
from modelvault_schemas import Undone, fields

SCHEMA = fields(id="int64", n="int64")
WIDER = fields(id="int64", n="int64", r="int64")
NOTHING = Differs((), None)


@dataclass
class Person:
    __modelvault_primary_key__ = "id"
    id: int
    age: int


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def made(mv: ModuleType):
    # By its whole path: the original forgets one only when the collector has been there.
    db = await mv.AsyncDatabase.open(str(Path("x.mv").absolute()))
    await db.register_collection("c", SCHEMA, "id")
    await db.insert("c", {"id": 1, "n": 2})
    return db


def awaited(mv: ModuleType, work: Callable) -> object:
    """Return what awaiting something of a database comes to."""

    async def run() -> object:
        return await work(await made(mv))

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("work", "observed"),
    [
        (lambda db: db.register_collection("d", SCHEMA, "id"), (2, 1)),
        (lambda db: db.insert("c", {"id": 2, "n": 3}), NOTHING),
        (lambda db: db.get("c", 1), {"id": 1, "n": 2}), (lambda db: db.get("c", 9), None),
        (lambda db: db.delete("c", 1), NOTHING), (lambda db: db.delete("c", 9), NOTHING),
        (lambda db: db.plan_schema_version("c", SCHEMA), {"change": "safe", "steps": []}),
        (lambda db: db.register_schema_version("c", WIDER, None, True), 2),
        (lambda db: db.backfill_top_level_field("c", "n", 7), NOTHING),
        (lambda db: db.backfill_field_at_path("c", ["n"], 7), NOTHING),
        (lambda db: db.rebuild_indexes("c"), NOTHING),
        (lambda db: db.collection_names(), ["c"]), (lambda db: db.export_snapshot("y.mv"), NOTHING),
        (lambda db: db.compact_to("y.mv"), NOTHING), (lambda db: db.compact(), NOTHING),
        (lambda db: db.checkpoint(), NOTHING),
        (lambda db: db.snapshot_bytes(), Raises(
            "ValueError", "snapshot_bytes is only supported for in-memory databases")),
        (lambda db: db.collection("c").all(["n"]), [{"n": 2}]),
        (lambda db: db.collection("c").where("n", 2).limit(1).order_by("id").all(),
         [{"id": 1, "n": 2}]),
        (lambda db: db.collection("c").where("n", 9).or_where(
            db.collection("c").gte_where("id", 1)).all(fields=["id"]), [{"id": 1}]),
        (lambda db: db.collection("c").where("n", 2).explain(),
         'Plan:\n  CollectionScan\n  Filter Eq { path: FieldPath(["n"]), value: Int64(2) }\n'),
        (lambda db: db.insert("c", {"id": 3}), Raises(
            "ModelVaultValidationError", "validation error at n: missing field")),
        (lambda db: db.insert("c", {"id": "x", "n": 1}), Raises(
            "TypeError", "'str' object cannot be interpreted as an integer")),
        (lambda db: db.get("zz", 1), Raises(
            "ModelVaultSchemaError", 'schema error: unknown collection name "zz"')),
    ],
)  # fmt: skip
def test_a_call_is_awaited(mv: ModuleType, work: Callable, observed: object) -> None:
    observe(mv, lambda: awaited(mv, work), observed)


@pytest.mark.parametrize(
    ("call", "at_once"),
    [
        (lambda db: db.collection("zz"), Differs(True, True)),
        (lambda db: db.collection("c").where("zz", 1), Differs(True, True)),
        (lambda db: db.insert("c", {"id": "x", "n": 1}), Differs(True, False)),
        (lambda db: db.get("c", "x"), Differs(True, False)),
        (lambda db: db.get("zz", 1), Differs(True, False)),
        (lambda db: db.insert("c", {"id": 3}), Differs(False, False)),
    ],
)
def test_values_are_looked_at_when_they_are_awaited_here(
    mv: ModuleType, call: Callable, at_once: object
) -> None:
    async def run(db) -> bool:
        try:
            waiting = call(db)
        except (ValueError, TypeError):
            return True
        with pytest.raises((ValueError, TypeError)):
            await waiting
        return False

    observe(mv, lambda: awaited(mv, run), at_once)


@pytest.mark.parametrize(
    ("opening", "observed"),
    [
        (lambda db: db.open_in_memory(), ":memory:"), (lambda db: db.open("y.mv"), "y.mv"),
        (lambda db: db.open("z.mv", read_only=False, recovery="strict"), "z.mv"),
        (lambda db: db.open("no/x.mv"), Raises(
            "OSError", "No such file or directory (os error 2)")),
        (lambda db: db.open("x.mv", recovery="foo"), Raises(
            "ValueError", "recovery must be 'strict' or 'auto_truncate', got \"foo\"")),
        (lambda db: db.open(3), Raises(
            "TypeError", "argument 'path': 'int' object is not an instance of 'str'")),
        (lambda db: db.open_snapshot("no.mv"), Raises(
            "OSError", "No such file or directory (os error 2)")),
        (lambda db: db.open_snapshot_bytes(b"abc"), Raises(
            "ModelVaultFormatError", "format error: truncated header: got 3 bytes, expected 32")),
    ],
)  # fmt: skip
def test_a_database_is_opened(mv: ModuleType, opening: Callable, observed: object) -> None:
    async def run() -> object:
        return await (await opening(mv.AsyncDatabase)).path()

    observe(mv, lambda: asyncio.run(run()), observed)


def test_a_database_outlives_its_loop(mv: ModuleType) -> None:
    db = asyncio.run(made(mv))

    async def read() -> object:
        return await asyncio.gather(*(db.get("c", 1) for _ in range(50)))

    assert asyncio.run(read()) == [{"id": 1, "n": 2}] * 50


def test_a_loop_is_needed(mv: ModuleType) -> None:
    observe(mv, mv.AsyncDatabase.open_in_memory, Raises(
        "RuntimeError", "no running event loop"))  # fmt: skip


def test_a_block_commits_rolls_back_and_does_not_nest(mv: ModuleType) -> None:
    nested = "transaction error: nested transactions are not supported"

    async def run(db) -> list[object]:
        async with db.transaction() as nothing:
            assert nothing == (() if mv.__name__ == "modelvault" else None)
            await db.insert("c", {"id": 2, "n": 1})
            with pytest.raises(mv.ModelVaultTransactionError, match=nested):
                await db.transaction().__aenter__()
        with contextlib.suppress(Undone):
            async with db.transaction():
                await db.insert("c", {"id": 3, "n": 1})
                assert await db.get("c", 3) == {"id": 3, "n": 1}
                raise Undone
        return [await db.get("c", key) is not None for key in (2, 3)]

    assert awaited(mv, run) == [True, False]


def test_cancelling_rolls_back(mv: ModuleType) -> None:
    async def run(db) -> object:
        inside = asyncio.Event()

        async def work() -> None:
            async with db.transaction():
                await db.insert("c", {"id": 2, "n": 1})
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await db.get("c", 2)

    assert awaited(mv, run) is None


def test_a_transaction_belongs_to_its_task_here(mv: ModuleType) -> None:
    async def run(db) -> tuple[object, object]:
        inside = asyncio.Event()
        seen: list[object] = []

        async def work() -> None:
            async with db.transaction():
                await db.insert("c", {"id": 2, "n": 1})
                inside.set()
                await asyncio.sleep(0.05)
                raise Undone

        async def other() -> None:
            await inside.wait()
            seen.append(await db.get("c", 2))
            await db.insert("c", {"id": 9, "n": 9})

        await asyncio.gather(work(), other(), return_exceptions=True)
        return seen[0], await db.get("c", 9)

    lost, kept = ({"id": 2, "n": 1}, None), (None, {"id": 9, "n": 9})
    observe(mv, lambda: awaited(mv, run), Differs(lost, kept))


def test_models_are_awaited(mv: ModuleType) -> None:
    async def run(db) -> None:
        people = mv.models.async_collection(db, Person)
        nothing = () if mv.__name__ == "modelvault" else None
        assert await people.insert(Person(1, 30)) == nothing
        assert await people.update(1, {"age": 31}) == nothing
        assert (await people.get(1), await people.get(9)) == (Person(1, 31), None)
        assert await people.all() == await people.where("age", 31).all() == [Person(1, 31)]
        assert "CollectionScan" in await people.where("age", 31).explain()
        assert (await mv.models.async_plan(db, Person))["change"] == "safe"
        assert await mv.models.async_apply(db, Person, force=True) == 2
        with pytest.raises(ValueError, match="cannot update missing row"):
            await people.update(9, {})
        assert await people.delete(1) == nothing
        assert people.name == "persons"

    awaited(mv, run)

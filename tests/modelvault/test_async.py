"""AsyncDatabase: transactions belong to their task; the others wait, and lose nothing."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path

import pytest
from modelvault_schemas import Undone, fields

from nacre_adapters.modelvault import (
    AsyncDatabase,
    Database,
    ModelVaultTransactionError,
    ModelVaultValidationError,
    models,
)

SCHEMA = fields(id="int64", n="int64")


@dataclass
class Person:
    __modelvault_primary_key__ = "id"
    __modelvault_indexes__ = [models.index("age")]  # noqa: RUF012 - what is tested
    id: int
    age: int


def run(work: Coroutine[object, object, object]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


async def opened() -> AsyncDatabase:
    db = await AsyncDatabase.open_in_memory()
    assert await db.register_collection("c", SCHEMA, "id") == (1, 1)
    return db


def test_every_name_can_be_awaited(tmp_path: Path) -> None:
    async def work() -> None:
        async with await AsyncDatabase.open(tmp_path / "x.mv", recovery="strict") as db:
            await db.register_collection("c", SCHEMA, "id")
            await db.insert("c", {"id": 1, "n": 2})
            await db.insert(collection="c", row={"id": 2, "n": 3})
            await db.delete("c", 2)
            wider = fields(id="int64", n="int64", r="int64")
            assert (await db.plan_schema_version("c", wider))["change"] == "needs_migration"
            assert await db.register_schema_version("c", wider, force=True) == 2
            await db.backfill_top_level_field("c", "r", 7)
            await db.backfill_field_at_path("c", ["r"], 8)
            await db.rebuild_indexes("c")
            c = db.collection("c")
            query = c.where("n", 2).or_where(c.gt_where("n", 9)).order_by("n").limit(5)
            assert await query.all() == [{"id": 1, "n": 2, "r": 7}]
            assert await c.lt_where("n", 3).gte_where("id", 1).lte_where("id", 1).all(["n"]) == [
                {"n": 2}
            ]
            assert (await query.count(), await query.exists(), await query.first()) == (
                1, True, {"id": 1, "n": 2, "r": 7},
            )  # fmt: skip
            assert "CollectionScan" in await query.explain()
            assert await db.get("c", 1) == {"id": 1, "n": 2, "r": 7}
            assert (await db.path(), await db.collection_names()) == (str(tmp_path / "x.mv"), ["c"])
            await db.export_snapshot(tmp_path / "s.mv")
            await db.compact()
            await db.compact_to(tmp_path / "t.mv")
            await db.checkpoint()
        await AsyncDatabase.restore_snapshot(tmp_path / "s.mv", tmp_path / "x.mv")
        copy = await AsyncDatabase.open_snapshot(tmp_path / "x.mv")
        again = await AsyncDatabase.open_snapshot_bytes(await copy.snapshot_bytes())
        assert await again.get("c", 1) == {"id": 1, "n": 2, "r": 7}

    run(work())


def test_a_loop_is_needed() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        AsyncDatabase.open_in_memory()


def test_what_another_task_writes_is_not_lost_when_a_block_raises() -> None:
    async def work() -> None:
        db = await opened()
        begun = asyncio.Event()

        async def failing() -> None:
            async with db.transaction():
                await db.insert("c", {"id": 1, "n": 1})
                begun.set()
                await asyncio.sleep(0)
                assert await db.get("c", 1) == {"id": 1, "n": 1}
                raise Undone

        async def other() -> None:
            await begun.wait()
            assert await db.get("c", 1) is None
            assert await db.collection("c").all() == []
            await db.insert("c", {"id": 2, "n": 2})

        results = await asyncio.gather(failing(), other(), return_exceptions=True)
        assert isinstance(results[0], Undone)
        assert results[1] is None
        assert await db.collection("c").all() == [{"id": 2, "n": 2}]

    run(work())


def test_transactions_of_tasks_take_turns() -> None:
    async def work() -> None:
        db = await opened()
        await db.insert("c", {"id": 0, "n": 0})

        async def count_up(number: int) -> None:
            async with db.transaction():
                row = await db.get("c", 0)
                assert row is not None
                await asyncio.sleep(0)
                await db.insert("c", {"id": 0, "n": int(str(row["n"])) + 1})
            await db.insert("c", {"id": number, "n": number})

        await asyncio.gather(*(count_up(number) for number in range(1, 33)))

        assert await db.get("c", 0) == {"id": 0, "n": 32}
        assert await db.collection("c").count() == 33

    run(work())


def test_a_block_sees_its_own_writes_schemas_and_queries() -> None:
    async def work() -> None:
        db = await opened()
        async with db.transaction():
            await db.register_collection("d", SCHEMA, "id")
            await asyncio.gather(*(db.insert("d", {"id": n, "n": n}) for n in range(5)))
            assert await db.collection("d").where("n", 3).all() == [{"id": 3, "n": 3}]
        assert await db.collection("d").count() == 5

    run(work())


def test_a_task_that_was_started_inside_does_not_belong_to_the_block() -> None:
    async def work() -> None:
        db = await opened()

        async def child() -> object:
            await db.insert("c", {"id": 2, "n": 2})
            return None

        async def read() -> object:
            return await db.get("c", 1)

        async def begin() -> None:
            async with db.transaction():
                pass

        async with db.transaction():
            await db.insert("c", {"id": 1, "n": 1})
            for made in (child, begin):
                with pytest.raises(RuntimeError, match="started inside a transaction of another"):
                    await asyncio.create_task(made())
            assert await asyncio.create_task(read()) is None
        await asyncio.create_task(child())
        assert await db.collection("c").count() == 2

    run(work())


def test_blocks_do_not_nest_and_end_with_cancellation() -> None:
    async def work() -> None:
        db = await opened()
        waiting = asyncio.Event()

        async def cancelled() -> None:
            async with db.transaction():
                with pytest.raises(ModelVaultTransactionError, match="nested transactions are not"):
                    await db.transaction().__aenter__()
                await db.insert("c", {"id": 1, "n": 1})
                waiting.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(cancelled())
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ModelVaultTransactionError, match="no active transaction"):
            await db.transaction().__aexit__(None, None, None)
        assert await db.get("c", 1) is None
        async with db.transaction():
            await db.insert("c", {"id": 2, "n": 2})
        assert await db.get("c", 2) is not None

    run(work())


def test_who_is_cancelled_while_waiting_for_a_turn_leaves_none_behind() -> None:
    async def work() -> None:
        db = await opened()

        async def late() -> None:
            async with db.transaction():
                await db.insert("c", {"id": 9, "n": 9})

        async with db.transaction():
            pass
        holder = asyncio.Event()
        ready = asyncio.Event()

        async def hold() -> None:
            async with db.transaction():
                ready.set()
                await holder.wait()

        holding = asyncio.create_task(hold())
        await ready.wait()
        waiting = asyncio.create_task(late())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        holder.set()
        await holding
        await db.insert("c", {"id": 1, "n": 1})
        assert await db.collection("c").all() == [{"id": 1, "n": 1}]

    run(work())


def test_errors_are_those_of_the_database() -> None:
    async def work() -> None:
        db = await opened()
        with pytest.raises(TypeError):
            await db.insert("c", {"id": "x", "n": 1})
        with pytest.raises(ModelVaultValidationError, match="missing field"):
            await db.insert("c", {"id": 1})
        with pytest.raises(ValueError, match="unknown collection name"):
            db.collection("zzz")

    run(work())


def test_models_are_awaited(tmp_path: Path) -> None:
    async def work() -> None:
        async with await AsyncDatabase.open(tmp_path / "x.mv") as db:
            people = models.async_collection(db, Person)
            await asyncio.gather(*(people.insert(Person(n, 20 + n)) for n in range(40)))
            await people.update(1, {"age": 99})
            await people.delete(Person(2, 0))
            found = people.where("age", 99).or_where(people.query().lt_where("age", 21))
            assert await found.order_by("id").all() == [Person(0, 20), Person(1, 99)]
            assert await people.get(3) == Person(3, 23)
            assert await people.get(2) is None
            assert (await people.count(), len(await people.all())) == (39, 39)
            assert "IndexLookup" in await people.where(Person.age, 30).explain()
            assert (await models.async_plan(db, Person))["change"] == "safe"
            assert await models.async_apply(db, Person) == 2

    run(work())
    with Database.open(tmp_path / "x.mv") as db:
        assert models.collection(db, Person).get(1) == Person(1, 99)


def test_a_hundred_tasks_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    async def work() -> None:
        async with await AsyncDatabase.open(tmp_path / "x.mv") as db:
            await db.register_collection("c", SCHEMA, "id")
            await asyncio.gather(*(db.insert("c", {"id": n, "n": n}) for n in range(100)))
            assert await db.collection("c").count() == 100

    run(work())


def test_a_file_is_free_when_no_task_uses_it(tmp_path: Path) -> None:
    async def write(numbers: range) -> None:
        db = await AsyncDatabase.open(tmp_path / "x.mv")
        if "c" not in await db.collection_names():
            await db.register_collection("c", SCHEMA, "id")
        await asyncio.gather(*(db.insert("c", {"id": n, "n": n}) for n in numbers))
        async with db.transaction():
            await db.delete("c", numbers[0])

    run(write(range(10)))
    run(write(range(10, 20)))

    with Database.open(tmp_path / "x.mv") as db:
        assert db.collection("c").count() == 18

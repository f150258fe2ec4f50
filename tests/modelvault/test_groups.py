"""Writes of tasks that run at once: handed over together, and still each one's own."""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path

import pytest
from modelvault_schemas import fields, indexes

from nacre_adapters.modelvault import (
    AsyncDatabase,
    Database,
    ModelVaultSchemaError,
    ModelVaultValidationError,
    models,
)
from nacre_adapters.modelvault.errors import CannotOpen, Malformed, WrongType

SCHEMA = fields(id="int64", n="int64")
UNIQUE = indexes(by_n=("n", "unique"))


def run(work: Coroutine[object, object, object]) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


async def opened(path: Path) -> AsyncDatabase:
    db = await AsyncDatabase.open(path)
    await db.register_collection("c", SCHEMA, "id", UNIQUE)
    return db


def row(number: int) -> dict[str, object]:
    return {"id": number, "n": number}


def test_each_is_a_commit_and_each_error_its_own(tmp_path: Path) -> None:
    async def work() -> None:
        db = await opened(tmp_path / "x.mv")
        head = db.database.handle.vault.head
        rows = [row(1), {"id": "x", "n": 2}, row(3), {"id": 4}, {"id": 5, "n": 3}, row(6)]

        ended = await asyncio.gather(
            *(db.insert("c", each) for each in rows),
            db.insert("unknown", row(7)),
            return_exceptions=True,
        )

        assert [type(each) for each in ended[:1] + ended[2:3] + ended[5:6]] == [type(None)] * 3
        assert isinstance(ended[1], TypeError)
        assert isinstance(ended[3], ModelVaultValidationError)
        assert isinstance(ended[4], ModelVaultSchemaError)
        assert "unique index violation" in str(ended[4])
        assert isinstance(ended[6], ModelVaultSchemaError)
        assert await db.collection("c").all() == [row(1), row(3), row(6)]
        assert db.database.handle.vault.head == head + 3
        await db.close()

    run(work())


@dataclass
class Person:
    __modelvault_primary_key__ = "id"
    id: int
    n: int


def test_models_are_written_together_too(tmp_path: Path) -> None:
    async def work() -> None:
        async with await AsyncDatabase.open(tmp_path / "x.mv") as db:
            people = models.async_collection(db, Person)
            await people.insert(Person(0, 0))

            ended = await asyncio.gather(
                people.update(0, {"n": 5}),
                people.insert(Person(1, 1)),
                people.insert(Person("x", 1)),  # type: ignore[arg-type]  # what is tested
                people.update(9, {"n": 5}),
                people.delete(1),
                people.insert(Person(2, 2)),
                return_exceptions=True,
            )

            assert [type(each) for each in ended] == [
                type(None), type(None), WrongType, Malformed, type(None), type(None),
            ]  # fmt: skip
            assert await people.all() == [Person(0, 5), Person(2, 2)]

    run(work())


def test_writes_of_one_round_keep_their_order(tmp_path: Path) -> None:
    async def work() -> None:
        db = await opened(tmp_path / "x.mv")

        await asyncio.gather(
            db.insert("c", row(1)),
            db.insert("c", {"id": 1, "n": 2}),
            db.delete("c", 1),
            db.insert("c", {"id": 1, "n": 3}),
            db.insert("c", row(2)),
            db.delete("c", 2),
            db.delete("c", 9),
        )

        assert await db.collection("c").all() == [{"id": 1, "n": 3}]
        await db.close()

    run(work())


def test_who_is_cancelled_before_the_hand_over_writes_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        db = await opened(tmp_path / "x.mv")
        futures = [db.insert("c", row(number)) for number in range(10)]
        for future in futures[::2]:
            future.cancel()

        ended = await asyncio.gather(*futures, return_exceptions=True)

        kinds = [asyncio.CancelledError, type(None)] * 5
        assert [type(each) for each in ended] == kinds
        assert await db.collection("c").all() == [row(number) for number in range(1, 10, 2)]
        await db.close()

    run(work())


def test_who_is_cancelled_later_keeps_no_other_from_going_on(tmp_path: Path) -> None:
    async def work() -> None:
        db = await opened(tmp_path / "x.mv")
        futures = [db.insert("c", row(number)) for number in range(10)]
        await asyncio.sleep(0)  # handed over
        futures[3].cancel()

        await asyncio.gather(*futures, return_exceptions=True)
        await db.insert("c", row(10))

        assert await db.collection("c").all() == [row(number) for number in range(11)]
        await db.close()

    run(work())


def test_more_than_one_group_holds_are_all_written(tmp_path: Path) -> None:
    async def work() -> None:
        db = await opened(tmp_path / "x.mv")

        await asyncio.gather(*(db.insert("c", row(number)) for number in range(700)))

        assert await db.collection("c").count() == 700
        await db.close()

    run(work())


def test_writes_wait_for_the_transaction_of_another_task(tmp_path: Path) -> None:
    async def work() -> None:
        db = await opened(tmp_path / "x.mv")
        waiting = [asyncio.ensure_future(db.insert("c", row(number))) for number in range(5)]
        async with db.transaction():
            await db.insert("c", row(100))
            late = [asyncio.ensure_future(other(db, number)) for number in range(5, 10)]
            await asyncio.sleep(0)
            assert await db.get("c", 100) == row(100)
        await asyncio.gather(*waiting, *late, return_exceptions=True)
        await asyncio.gather(*(db.insert("c", row(number)) for number in range(10, 15)))

        found = await db.collection("c").all()
        assert [each["id"] for each in found] == [*range(5), *range(10, 15), 100]
        await db.close()

    async def other(db: AsyncDatabase, number: int) -> None:
        with pytest.raises(RuntimeError, match="started inside"):
            await db.insert("c", row(number))

    run(work())


def test_two_loops_share_a_database(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "x.mv")
    database.register_collection("c", SCHEMA, "id")
    shared = AsyncDatabase(database)

    async def work(numbers: range) -> None:
        for start in numbers[::10]:
            await asyncio.gather(*(shared.insert("c", row(start + n)) for n in range(10)))

    threads = [
        threading.Thread(target=lambda n=n: run(work(range(100 * n, 100 * n + 100))))
        for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [each["id"] for each in database.collection("c").all()] == list(range(300))
    database.close()


def test_closing_at_once_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    async def work() -> list[object]:
        db = await opened(tmp_path / "x.mv")
        first = [db.insert("c", row(number)) for number in range(300)]
        await asyncio.sleep(0)
        later = [db.insert("c", row(number)) for number in range(300, 310)]
        closing = db.close()
        ended = await asyncio.gather(*first, *later, closing, return_exceptions=True)
        await db.close()  # a disk may take longer than the one before waited for
        return ended[:-1]

    ended = asyncio.run(asyncio.wait_for(work(), 60))

    with Database.open(tmp_path / "x.mv") as db:
        stored = {each["id"] for each in db.collection("c").all()}
    written = {number for number, error in enumerate(ended) if error is None}
    assert written <= stored
    assert all(error is None or isinstance(error, RuntimeError) for error in ended)


def test_a_loop_that_ends_early_harms_no_later_one(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "x.mv")
    database.register_collection("c", SCHEMA, "id")
    shared = AsyncDatabase(database)

    async def leave() -> None:
        shared.insert("c", row(1))
        await asyncio.sleep(0)

    async def stay() -> None:
        await shared.insert("c", row(2))

    asyncio.run(leave())
    asyncio.run(stay())

    assert database.get("c", 2) == row(2)
    database.close()


def test_a_group_that_cannot_be_written_says_so_to_all(tmp_path: Path) -> None:
    with Database.open(tmp_path / "x.mv") as database:
        database.register_collection("c", SCHEMA, "id")

    async def work() -> list[object]:
        async with await AsyncDatabase.open(tmp_path / "x.mv", read_only=True) as db:
            futures = [db.insert("c", row(number)) for number in range(3)]
            return await asyncio.gather(*futures, return_exceptions=True)

    assert [type(each) for each in asyncio.run(work())] == [CannotOpen] * 3

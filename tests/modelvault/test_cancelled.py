"""Tasks cancelled anywhere: each transaction is whole or not there, and none stays open."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from modelvault_schemas import fields

from nacre_adapters.modelvault import AsyncDatabase, Database, ModelVaultTransactionError

ACCOUNTS = 10
SCHEMA = fields(id="int64", n="int64")


async def transfer(db: AsyncDatabase, chosen: random.Random) -> None:
    giver, taker = chosen.sample(range(ACCOUNTS), 2)
    async with db.transaction():
        source, target = await db.get("c", giver), await db.get("c", taker)
        assert source is not None
        assert target is not None
        await db.insert("c", {**source, "n": int(str(source["n"])) - 1})
        await asyncio.sleep(0)
        if chosen.random() < 0.1:
            raise KeyError
        await db.insert("c", {**target, "n": int(str(target["n"])) + 1})
        await db.collection("c").count()


async def nest(db: AsyncDatabase, _: random.Random) -> None:
    async with db.transaction():
        with contextlib.suppress(ModelVaultTransactionError):
            await db.transaction().__aenter__()
        await asyncio.gather(*(db.get("c", n) for n in range(3)))


async def insert(db: AsyncDatabase, chosen: random.Random) -> None:
    await db.insert("c", {"id": chosen.randrange(100, 1 << 40), "n": 0})


def cancel_after(task: asyncio.Task[None], steps: int) -> None:
    """Cancel a task when the loop has gone round so many times more."""
    if steps:
        asyncio.get_running_loop().call_soon(cancel_after, task, steps - 1)
    else:
        task.cancel()


@pytest.mark.parametrize("seed", range(4))
def test_a_cancelled_transaction_is_whole_or_not_there(seed: int, tmp_path: Path) -> None:
    chosen = random.Random(seed)
    works: list[Callable[[AsyncDatabase, random.Random], Awaitable[None]]]
    works = [transfer, transfer, nest, insert]

    async def work() -> None:
        db = await AsyncDatabase.open(tmp_path / "x.mv")
        await db.register_collection("c", SCHEMA, "id")
        for number in range(ACCOUNTS):
            await db.insert("c", {"id": number, "n": 100})
        tasks = []
        for _ in range(60):
            one = chosen.choice(works)
            task = asyncio.ensure_future(one(db, chosen))
            tasks.append(task)
            cancel_after(task, chosen.choice([1, 3, 10, 30, 100, 300, 1000, 3000, 10_000]))
            await asyncio.sleep(0)
        async with asyncio.timeout(60):
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        wrong = [error for error in ended if isinstance(error, Exception)]
        assert {type(error) for error in wrong} <= {KeyError}
        async with db.transaction():
            await db.insert("c", {"id": 99, "n": 0})
        await db.close()

    asyncio.run(work())

    with Database.open(tmp_path / "x.mv", recovery="strict") as db:
        rows = db.collection("c").lt_where("id", ACCOUNTS).all()
        assert sum(int(str(row["n"])) for row in rows) == 100 * ACCOUNTS
        assert db.get("c", 99) is not None

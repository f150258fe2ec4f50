"""An application of FastAPI under requests that run at once, each through a real connection."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from nacre_adapters.modelvault import AsyncDatabase, Database, models


class Item(BaseModel):
    __modelvault_primary_key__ = "id"
    __modelvault_indexes__ = [models.index("kind")]

    id: int
    kind: str
    count: int = 0


def made(path: Path) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with await AsyncDatabase.open(path) as app.state.db:
            app.state.items = models.async_collection(app.state.db, Item)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.put("/items")
    async def put(item: Item) -> Item:
        await app.state.items.insert(item)
        return item

    @app.get("/items")
    async def find(kind: str) -> list[Item]:
        found: list[Item] = await app.state.items.where("kind", kind).order_by("id").all()
        return found

    @app.post("/count")
    async def count(item_id: int, fail: bool = False) -> int:
        async with app.state.db.transaction():
            item = await app.state.items.get(item_id)
            await app.state.items.update(item_id, {"count": item.count + 1})
            if fail:
                raise HTTPException(409)
        return int(item.count) + 1

    return app


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    config = uvicorn.Config(made(tmp_path / "x.mv"), port=0, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_requests_at_once_lose_nothing(url: str, tmp_path: Path) -> None:
    async def use() -> None:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            puts = [client.put("/items", json={"id": n, "kind": "ab"[n % 2]}) for n in range(60)]
            assert {reply.status_code for reply in await asyncio.gather(*puts)} == {200}
            counts = [
                client.post("/count", params={"item_id": 7, "fail": n % 3 == 0}) for n in range(60)
            ]
            reads = [client.get("/items", params={"kind": "a"}) for _ in range(20)]
            replies = await asyncio.gather(*counts, *reads)
            assert [reply.status_code for reply in replies[:60]].count(200) == 40
            assert {reply.status_code for reply in replies[60:]} == {200}
            assert len(replies[60].json()) == 30
            assert (await client.put("/items", json={"id": "x", "kind": 1})).status_code == 422

    asyncio.run(use())
    with Database.open(tmp_path / "x.mv", read_only=True) as db:
        assert db.get("items", 7) == {"count": 40, "id": 7, "kind": "b"}
        assert db.collection("items").count() == 60

"""The database for asyncio: the same names, each of which is awaited."""

import asyncio
import os
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self, TypeVar

from nacre_adapters.modelvault.arguments import MISSING, check_given, given
from nacre_adapters.modelvault.async_query import AsyncCollection
from nacre_adapters.modelvault.database import Database
from nacre_adapters.modelvault.places import Source
from nacre_adapters.modelvault.shape import Row
from nacre_adapters.modelvault.tasks import Tasks

Made = TypeVar("Made")


class AsyncTransaction:
    """An `async with` block of one task: all that it writes is committed at its end, or nothing."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    async def __aenter__(self) -> None:
        await self._tasks.begin()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        await self._tasks.end(kind, error, trace)
        return False


class AsyncDatabase:
    """Typed collections in one file. Writes of tasks that run at once share durable commits."""

    def __init__(self, database: Database) -> None:
        self.database = database
        """The same, to be called without await."""
        self.tasks = Tasks(database.handle)
        """The threads that queries and models use."""

    @staticmethod
    def open(
        path: Source, *, read_only: bool = False, recovery: str | None = None
    ) -> "asyncio.Future[AsyncDatabase]":
        """Open the database at a path; see `Database.open`."""
        return _opened(lambda: Database.open(path, read_only=read_only, recovery=recovery))

    @staticmethod
    def open_in_memory() -> "asyncio.Future[AsyncDatabase]":
        """Open a database that is gone when it is closed."""
        return _opened(Database.open_in_memory)

    @staticmethod
    def open_snapshot(path: str | os.PathLike[str]) -> "asyncio.Future[AsyncDatabase]":
        """Open a copy in memory of a file."""
        return _opened(lambda: Database.open_snapshot(path))

    @staticmethod
    def open_snapshot_bytes(data: bytes) -> "asyncio.Future[AsyncDatabase]":
        """Open a copy in memory of what `snapshot_bytes` gave."""
        return _opened(lambda: Database.open_snapshot_bytes(data))

    @staticmethod
    def restore_snapshot(
        snapshot_path: str | os.PathLike[str], dest_path: str | os.PathLike[str]
    ) -> "asyncio.Future[None]":
        """Put a snapshot that was verified in the place of a file that nobody writes."""
        return _in_thread(lambda: Database.restore_snapshot(snapshot_path, dest_path))

    def path(self) -> "asyncio.Future[str]":
        """Return the path as it was given; ":memory:" in memory."""
        return self.tasks.read(self.database.path)

    def register_collection(
        self, name: str, fields_json: str, primary_field: str, indexes_json: str | None = None
    ) -> "asyncio.Future[tuple[int, int]]":
        """Make a collection; see `Database.register_collection`."""
        return self.tasks.write(
            lambda: self.database.register_collection(
                name, fields_json, primary_field, indexes_json
            )
        )

    def register_schema_version(
        self,
        collection_name: str | None = None,
        fields_json: str | None = None,
        indexes_json: str | None = None,
        force: bool = False,
        *,
        name: str | None = None,
    ) -> "asyncio.Future[int]":
        """Give a collection another schema; see `Database.register_schema_version`."""
        name = given("collection_name", collection_name, name)
        return self.tasks.write(
            lambda: self.database.register_schema_version(name, fields_json, indexes_json, force)
        )

    def plan_schema_version(
        self,
        collection_name: str | None = None,
        fields_json: str | None = None,
        indexes_json: str | None = None,
        *,
        name: str | None = None,
    ) -> "asyncio.Future[dict[str, object]]":
        """Return what another schema would take."""
        name = given("collection_name", collection_name, name)
        return self.tasks.read(
            lambda: self.database.plan_schema_version(name, fields_json, indexes_json)
        )

    def backfill_top_level_field(
        self,
        collection_name: str | None = None,
        field: str | None = None,
        value: object = MISSING,
        *,
        name: str | None = None,
    ) -> "asyncio.Future[None]":
        """Give a field a value in all rows that are without it."""
        name = given("collection_name", collection_name, name)
        return self.tasks.write(lambda: self.database.backfill_top_level_field(name, field, value))

    def backfill_field_at_path(
        self, collection_name: str | None = None, path: object = None, value: object = MISSING, *,
        name: str | None = None,
    ) -> "asyncio.Future[None]":  # fmt: skip
        """Give a field at a path a value in all rows that are without it."""
        name = given("collection_name", collection_name, name)
        return self.tasks.write(lambda: self.database.backfill_field_at_path(name, path, value))

    def rebuild_indexes(
        self, collection_name: str | None = None, *, name: str | None = None
    ) -> "asyncio.Future[None]":
        """Do nothing: indexes are always whole."""
        return self.tasks.read(lambda: self.database.rebuild_indexes(collection_name, name=name))

    def insert(
        self, collection_name: str | None = None, row: object = MISSING, *,
        collection: str | None = None,
    ) -> "asyncio.Future[None]":  # fmt: skip
        """Store a row, new or in place of the whole row with its key."""
        name = given("collection_name", collection_name, collection)
        check_given("row", row)
        handle = self.database.handle
        return self.tasks.write_one(
            lambda: handle.insert(name, row), lambda: handle.insertion(name, row)
        )

    def get(
        self, collection_name: str | None = None, pk: object = MISSING, *,
        collection: str | None = None,
    ) -> "asyncio.Future[Row | None]":  # fmt: skip
        """Return the row of a primary key, or None."""
        name = given("collection_name", collection_name, collection)
        check_given("pk", pk)
        return self.tasks.read(lambda: self.database.handle.get(name, pk))

    def delete(
        self, collection_name: str | None = None, pk: object = MISSING, *,
        collection: str | None = None,
    ) -> "asyncio.Future[None]":  # fmt: skip
        """Delete the row of a primary key, if there is one."""
        name = given("collection_name", collection_name, collection)
        check_given("pk", pk)
        handle = self.database.handle
        return self.tasks.write_one(
            lambda: handle.delete(name, pk), lambda: handle.deletion(name, pk)
        )

    def transaction(self) -> AsyncTransaction:
        """Return an `async with` block that belongs to this task.

        Other tasks that want to write wait until it ends; they read what was committed before.
        """
        return AsyncTransaction(self.tasks)

    def export_snapshot(self, dest_path: str | os.PathLike[str]) -> "asyncio.Future[None]":
        """Write all that was committed to a file, whole or not at all."""
        return self.tasks.read(lambda: self.database.export_snapshot(dest_path))

    def snapshot_bytes(self) -> "asyncio.Future[bytes]":
        """Return what a file of this database in memory would be."""
        return self.tasks.read(self.database.snapshot_bytes)

    def compact(self) -> "asyncio.Future[None]":
        """Compress the log, and give back the space that nothing needs."""
        return self.tasks.write(self.database.compact)

    def compact_to(self, dest_path: str | os.PathLike[str]) -> "asyncio.Future[None]":
        """Write all that was committed to a file, without free space."""
        return self.tasks.read(lambda: self.database.compact_to(dest_path))

    def checkpoint(self) -> "asyncio.Future[None]":
        """Do nothing: the database opens at once without any."""
        return self.tasks.write(self.database.checkpoint)

    def collection_names(self) -> "asyncio.Future[list[str]]":
        """Return the names of all collections."""
        return self.tasks.read(self.database.collection_names)

    def collection(self, name: str) -> AsyncCollection:
        """Return all rows of a collection, to query."""
        return AsyncCollection(self.tasks, name)

    def close(self) -> "asyncio.Future[None]":
        """Release the file. Idempotent."""
        return _in_thread(self._close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _close(self) -> None:
        self.tasks.close()
        self.database.close()


def _opened(opening: Callable[[], Database]) -> "asyncio.Future[AsyncDatabase]":
    return _in_thread(lambda: AsyncDatabase(opening()))


def _in_thread(work: Callable[[], Made]) -> "asyncio.Future[Made]":
    return asyncio.get_running_loop().run_in_executor(None, work)

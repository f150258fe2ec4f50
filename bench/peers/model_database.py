"""A collection of people in modelvault, in nacre's in its place, and a table in SQLite.

The contestants have the same methods; each measures itself and returns seconds. Every answer is
read whole, and its length is checked.
"""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ANSWER = 100
"""How many rows have the same age, and the same name."""

_FIELDS = json.dumps(
    [
        {"path": ["id"], "type": "int64"},
        {"path": ["name"], "type": "string"},
        {"path": ["age"], "type": "int64"},
        {"path": ["score"], "type": "float64"},
    ]
)
_INDEXES = json.dumps([{"name": "by_age", "path": ["age"], "kind": "index"}])
_NEW_AGE = 1 << 40
_TABLE = "create table people (id integer primary key, name text, age integer, score real)"


class ModelVault:
    """modelvault itself."""

    def _package(self) -> Any:
        import modelvault  # noqa: PLC0415 - only there

        return modelvault

    def make(self, path: str, rows: int) -> float:
        """Make a file with so many rows, and return the seconds of the transaction."""
        self.rows = self._next = rows
        self.path = str(Path(path) / "people.mv")
        self._open()
        self._db.register_collection("people", _FIELDS, "id", _INDEXES)
        self._people = self._db.collection("people")
        people = [_person(number, rows) for number in range(rows)]
        return _timed(1, lambda _: self._insert_all(people))

    def insert(self, count: int) -> float:
        """Insert rows, each durable when its call returns."""
        return _timed(count, lambda _: self._db.insert("people", self._new()))

    def insert_from_tasks(self, tasks: int, each: int) -> float:
        """Insert rows from so many tasks at once."""
        self.close()
        taken = asyncio.run(self._insert_from_tasks(tasks, each))
        self._open()
        self._people = self._db.collection("people")
        return taken

    def get(self, count: int) -> float:
        """Rows by their keys."""
        get, rows = self._db.get, self.rows
        return _timed(count, lambda n: get("people", n * 7919 % rows))

    def equal(self, count: int) -> float:
        """Rows of an age."""
        return self._ask(count, ANSWER, lambda n: self._people.where("age", n))

    def within(self, count: int) -> float:
        """Rows of a range of ages."""
        return self._ask(
            count, ANSWER, lambda n: self._people.gte_where("age", n).lt_where("age", n + 1)
        )

    def any_of(self, count: int) -> float:
        """Rows of ten keys: modelvault has no other word for it."""
        return self._ask(count, 10, self._any_of)

    def two(self, count: int) -> float:
        """Rows of a range of ages, and of scores."""
        return self._ask(count, ANSWER, self._two)

    def ordered(self, count: int) -> float:
        """Ten rows in the order of ages."""
        return self._ask(count, 10, lambda _: self._all().order_by("age").limit(10))

    def sorted(self, count: int) -> float:
        """Ten rows in the order of scores, which have no index."""
        return self._ask(count, 10, lambda _: self._all().order_by("score").limit(10))

    def filtered(self, count: int) -> float:
        """Rows of a name, which has no index."""
        names = self.rows // ANSWER
        return self._ask(count, ANSWER, lambda n: self._people.where("name", f"name{n % names}"))

    def filtered_after_a_write(self, count: int) -> float:
        """The same after something was written."""
        self.insert(1)
        return self.filtered(count)

    def open(self, path: str) -> list[float]:
        """Open a file that another process made and get a row; return seconds and megabytes."""
        self.path = path
        self._package()
        taken = _timed(1, lambda _: self._first_row())
        return [taken, _peak()]

    def where(self) -> str:
        """Return the path of the file."""
        return self.path

    def size(self) -> int:
        """Return the bytes of the file after compaction."""
        self._db.compact()
        return Path(self.path).stat().st_size

    def close(self) -> None:
        self._people = self._db = None

    def _open(self) -> None:
        self._db = self._package().Database.open(self.path)

    def _insert_all(self, people: list[dict[str, object]]) -> None:
        with self._db.transaction():
            for person in people:
                self._db.insert("people", person)

    async def _insert_from_tasks(self, tasks: int, each: int) -> float:
        db = await self._package().AsyncDatabase.open(self.path)

        async def work() -> None:
            for _ in range(each):
                await db.insert("people", self._new())

        start = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(tasks)))
        return time.perf_counter() - start

    def _first_row(self) -> None:
        self._open()
        assert self._db.get("people", 1)["id"] == 1

    def _all(self) -> Any:
        return self._people.gte_where("id", 0)

    def _any_of(self, number: int) -> Any:
        query = self._people.where("id", number)
        for other in range(1, 10):
            query = query.or_where(self._people.where("id", number + 13 * other))
        return query

    def _two(self, number: int) -> Any:
        return self._people.where("age", number).gte_where("score", 0.0)

    def _ask(self, count: int, answer: int, make: Callable[[int], Any]) -> float:
        def ask(number: int) -> None:
            rows = make(number).all()
            assert len(rows) == answer, len(rows)

        return _timed(count, ask)

    def _new(self) -> dict[str, object]:
        self._next += 1
        return {"id": self._next, "name": "new", "age": _NEW_AGE + self._next, "score": 2.0}


class Nacre(ModelVault):
    """The adapter."""

    def _package(self) -> Any:
        from nacre_adapters import modelvault  # noqa: PLC0415 - not in the peer's environment

        return modelvault

    def close(self) -> None:
        self._db.close()

    def _all(self) -> Any:
        return self._people

    def _any_of(self, number: int) -> Any:
        return self._people.in_where("id", [number + 13 * other for other in range(10)])


class Sqlite(ModelVault):
    """A table with the same index, and dicts of its rows."""

    def make(self, path: str, rows: int) -> float:
        self.rows = self._next = rows
        self.path = str(Path(path) / "people.sqlite")
        self._open()
        self._db.execute(_TABLE)
        self._db.execute("create index by_age on people (age)")
        people = [_person(number, rows) for number in range(rows)]
        return _timed(1, lambda _: self._insert_all(people))

    def insert(self, count: int) -> float:
        return _timed(count, lambda _: self._insert(self._db, self._new()))

    def get(self, count: int) -> float:
        rows = self.rows
        return _timed(count, lambda n: self._find(1, "id = ?", n * 7919 % rows))

    def equal(self, count: int) -> float:
        return _timed(count, lambda n: self._find(ANSWER, "age = ?", n))

    def within(self, count: int) -> float:
        return _timed(count, lambda n: self._find(ANSWER, "age >= ? and age < ?", n, n + 1))

    def any_of(self, count: int) -> float:
        marks = ", ".join("?" * 10)
        return _timed(
            count,
            lambda n: self._find(10, f"id in ({marks})", *(n + 13 * other for other in range(10))),
        )

    def two(self, count: int) -> float:
        return _timed(count, lambda n: self._find(ANSWER, "age = ? and score >= ?", n, 0.0))

    def ordered(self, count: int) -> float:
        return _timed(count, lambda _: self._find(10, "true order by age, id limit 10"))

    def sorted(self, count: int) -> float:
        return _timed(count, lambda _: self._find(10, "true order by score, id limit 10"))

    def filtered(self, count: int) -> float:
        names = self.rows // ANSWER
        return _timed(count, lambda n: self._find(ANSWER, "name = ?", f"name{n % names}"))

    def close(self) -> None:
        self._db.close()

    def _open(self) -> None:
        self._db = self._connect()

    def _insert_all(self, people: list[dict[str, object]]) -> None:
        self._db.execute("begin")
        for person in people:
            self._insert(self._db, person)
        self._db.execute("commit")

    def insert_from_tasks(self, tasks: int, each: int) -> float:
        return asyncio.run(self._insert_from_tasks(tasks, each))

    async def _insert_from_tasks(self, tasks: int, each: int) -> float:
        mine = threading.local()
        loop = asyncio.get_running_loop()

        def insert(row: dict[str, object]) -> None:
            if not hasattr(mine, "db"):
                mine.db = self._connect()
            self._insert(mine.db, row)

        async def work(pool: ThreadPoolExecutor) -> None:
            for _ in range(each):
                await loop.run_in_executor(pool, insert, self._new())

        with ThreadPoolExecutor(tasks) as pool:
            start = time.perf_counter()
            await asyncio.gather(*(work(pool) for _ in range(tasks)))
            return time.perf_counter() - start

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, timeout=60, check_same_thread=False)
        db.execute("pragma journal_mode=wal")
        db.execute("pragma synchronous=full")
        return db

    def _insert(self, db: sqlite3.Connection, row: dict[str, object]) -> None:
        db.execute("insert into people values (:id, :name, :age, :score)", row)

    def _find(self, answer: int, where: str, *values: object) -> None:
        cursor = self._db.execute(f"select * from people where {where}", values)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        assert len(rows) == answer, len(rows)


def _person(number: int, rows: int) -> dict[str, object]:
    values = max(1, rows // ANSWER)
    return {
        "id": number,
        "name": f"name{number % values}",
        "age": number * 31 % values,
        "score": number * 7919 % rows / rows,
    }


def _timed(count: int, work: Callable[[int], object]) -> float:
    start = time.perf_counter()
    for number in range(count):
        work(number)
    return time.perf_counter() - start


def _peak() -> float:
    """Return the most megabytes that the process has had."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6

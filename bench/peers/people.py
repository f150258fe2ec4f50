"""A table of people: in a collection of nacre, in SQLite, and for its SQL in DuckDB on Parquet.

The contestants have the same methods; each measures itself, and returns seconds.
"""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import nacre
from nacre.operations.compact import compact
from nacre.operations.compress import compress

FIELDS = {"id": "string", "age": "int64", "city": "string", "score": "float64", "note": "string"}
INDEXES: tuple[object, ...] = ("age", ("city", "age"))
ANSWER = 100
"""How many rows each indexed query is to find."""

QUERY = (
    "select c.region, count(*) as n, avg(p.score) as score, max(m.reading) as reading "
    "from people p join cities c on p.city = c.city join measures m on m.note = p.note "
    "where p.score < 0.5 group by c.region order by c.region"
)


def make_people(rows: int, seed: int = 1) -> pa.Table:
    """Return people, each age and each city that of about a hundred."""
    chosen = np.random.default_rng(seed)
    values = max(1, rows // ANSWER)
    cities = [f"city{number}" for number in range(values)]
    return pa.table(
        {
            "id": [f"p{number:07d}" for number in range(rows)],
            "age": chosen.integers(0, values, rows),
            "city": [cities[number] for number in chosen.integers(0, values, rows)],
            "score": chosen.random(rows),
            "note": [f"n{number % 1000}" for number in range(rows)],
        }
    )


def make_cities(rows: int) -> pa.Table:
    """Return the cities of so many people, each in a region."""
    numbers = range(max(1, rows // ANSWER))
    return pa.table(
        {"city": [f"city{n}" for n in numbers], "region": [f"region{n % 20}" for n in numbers]}
    )


def make_measures() -> pa.Table:
    """Return a reading for each note."""
    numbers = range(1000)
    return pa.table({"note": [f"n{n}" for n in numbers], "reading": [n / 7 for n in numbers]})


class Contestant:
    """Keys and values to ask for: the same for all, from a seed."""

    rows = 0

    def values_for(self, what: str, count: int) -> list[list[object]]:
        """Return the arguments of *count* queries."""
        chosen = random.Random(what)
        most = max(1, self.rows // ANSWER)
        return [self._values(what, chosen.randrange(self.rows), most) for _ in range(count)]

    def _values(self, what: str, row: int, most: int) -> list[object]:
        value = row % most
        match what:
            case "get" | "one":
                return [f"p{row:07d}"]
            case "equal":
                return [value]
            case "range":
                return [value, value + 1]
            case "in":
                return [f"p{(row + 7 * n) % self.rows:07d}" for n in range(ANSWER)]
            case "compound":
                return [f"city{value}", most]
            case "prefix":
                return [f"p{row:07d}"[:6]]
        return []


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def in_threads(count: int, work: Callable[[int], None]) -> float:
    """Return the seconds until *work* is done in so many threads."""
    barrier = threading.Barrier(count + 1)

    def wait_and_work(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=wait_and_work, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    barrier.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


def new_person(name: str) -> dict[str, object]:
    return {"id": name, "age": 3, "city": "city3", "score": 0.5, "note": "n7"}


class Nacre(Contestant):
    """A collection."""

    def make(self, path: str, rows: int, *, indexes: int = 2) -> float:
        """Make a vault with so many people, and return the seconds of the bulk load."""
        self.rows = rows
        self.vault = nacre.open(path, actor="bench")
        self.people = self.vault.rows.create(
            "people", FIELDS, key="id", indexes=[_spec(index) for index in INDEXES[:indexes]]
        )
        self.names = 0
        table = make_people(rows)
        return timed(lambda: self.people.bulk_load(table))

    def load_dicts(self, path: str, rows: int) -> float:
        people = make_people(rows).to_pylist()
        with nacre.open(path, actor="bench") as vault:
            made = vault.rows.create("people", FIELDS, key="id", indexes=["age"])
            return timed(lambda: made.bulk_load(people))

    def insert(self, count: int) -> float:
        first, self.names = self.names, self.names + count
        people = [new_person(f"new{first + n:07d}") for n in range(count)]
        return timed(lambda: [self.people.insert(person) for person in people])

    def insert_from_threads(self, threads: int, each: int) -> float:
        first, self.names = self.names, self.names + threads * each

        def work(number: int) -> None:
            for n in range(each):
                self.people.insert(new_person(f"new{first + number * each + n:07d}"))

        return in_threads(threads, work)

    def ask(self, what: str, count: int) -> float:
        """Return the seconds of so many queries; each is read to its end."""
        run = getattr(self, f"_{what}")
        values = self.values_for(what, count)
        return timed(lambda: [run(value) for value in values])

    def answers(self, what: str, count: int) -> list[int]:
        """Return how many rows some queries find, to see that all find the same."""
        run = getattr(self, f"_{what}")
        return [_length(run(value)) for value in self.values_for(what, count)]

    def _get(self, values: Sequence[object]) -> object:
        return self.people.get(values[0])

    def _one(self, values: Sequence[object]) -> object:
        return self.people.where(id=values[0]).all()

    def _equal(self, values: Sequence[object]) -> object:
        return self.people.where(age=values[0]).all()

    def _range(self, values: Sequence[object]) -> object:
        return self.people.where("age", ">=", values[0]).where("age", "<", values[1]).all()

    def _in(self, values: Sequence[object]) -> object:
        return self.people.where("id", "in", values).all()

    def _compound(self, values: Sequence[object]) -> object:
        return self.people.where(city=values[0]).where("age", "<", values[1]).all()

    def _prefix(self, values: Sequence[object]) -> object:
        return self.people.where("id", "prefix", values[0]).all()

    def _ordered(self, _: object) -> object:
        return self.people.order_by("age").limit(10).all()

    def _sorted(self, _: object) -> object:
        return self.people.order_by("score").limit(10).all()

    def _filter(self, _: object) -> object:
        return self.people.where("score", "<", 0.001).all()

    def _aggregate(self, _: object) -> object:
        half = self.people.where("score", "<", 0.5)
        return half.aggregate("note", n="count", mean=("mean", "score"))

    def prepare_sql(self) -> None:
        cities = self.vault.rows.create("cities", make_cities(1).schema, key="city")
        cities.bulk_load(make_cities(self.rows))
        self.vault.frames.write("measures", make_measures())

    def sql(self) -> float:
        return timed(lambda: self.vault.sql(QUERY, to="arrow"))

    def sizes(self) -> int:
        """Return the bytes on disk after compress."""
        path = self.vault.path
        compress(self.vault.store)
        compact(self.vault.store)
        self.vault.close()
        return sum(f.stat().st_blocks * 512 for f in Path(path).rglob("*") if f.is_file())

    def close(self) -> None:
        self.vault.close()


class Sqlite(Contestant):
    """A table WITHOUT ROWID, as the collection has its rows under their keys."""

    def make(self, path: str, rows: int, *, indexes: int = 2) -> float:
        self.rows = rows
        self.names = 0
        self.path = str(Path(path) / "people.sqlite")
        self.connection = self._connect()
        people = list(zip(*make_people(rows).to_pydict().values(), strict=True))
        _create(self.connection, indexes)
        return timed(lambda: _insert_all(self.connection, people))

    def load_dicts(self, path: str, rows: int) -> float:
        people = [tuple(person.values()) for person in make_people(rows).to_pylist()]
        self.path = str(Path(path) / "people.sqlite")
        connection = self._connect()
        _create(connection, 1)
        taken = timed(lambda: _insert_all(connection, people))
        connection.close()
        return taken

    def insert(self, count: int) -> float:
        first, self.names = self.names, self.names + count
        people = [tuple(new_person(f"new{first + n:07d}").values()) for n in range(count)]
        execute = self.connection.execute
        return timed(lambda: [execute(_INSERT, person) for person in people])

    def insert_from_threads(self, threads: int, each: int) -> float:
        first, self.names = self.names, self.names + threads * each

        def work(number: int) -> None:
            connection = self._connect()
            for n in range(each):
                name = f"new{first + number * each + n:07d}"
                connection.execute(_INSERT, tuple(new_person(name).values()))
            connection.close()

        return in_threads(threads, work)

    def ask(self, what: str, count: int) -> float:
        values = self.values_for(what, count)
        execute, query = self.connection.execute, _query(what)
        if what == "prefix":
            values = [[value[0], f"{value[0]}\U0010ffff"] for value in values]
        return timed(lambda: [execute(query, value).fetchall() for value in values])

    def answers(self, what: str, count: int) -> list[int]:
        values = self.values_for(what, count)
        if what == "prefix":
            values = [[value[0], f"{value[0]}\U0010ffff"] for value in values]
        return [len(self.connection.execute(_query(what), each).fetchall()) for each in values]

    def sizes(self) -> int:
        self.connection.execute("vacuum")
        self.connection.close()
        folder = Path(self.path).parent
        return sum(f.stat().st_blocks * 512 for f in folder.rglob("*") if f.is_file())

    def close(self) -> None:
        self.connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=60)
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        return connection


class DuckDb:
    """The same three tables in Parquet files."""

    def make(self, path: str, rows: int) -> None:
        self.connection = duckdb.connect(":memory:")
        tables = {
            "people": make_people(rows),
            "cities": make_cities(rows),
            "measures": make_measures(),
        }
        for name, table in tables.items():
            file = Path(path) / f"{name}.parquet"
            pq.write_table(table, file)
            self.connection.execute(f"create view {name} as select * from '{file}'")

    def sql(self) -> float:
        return timed(lambda: self.connection.sql(QUERY).to_arrow_table())


_INSERT = "insert into people values (?, ?, ?, ?, ?)"
_QUERIES = {
    "get": "select * from people where id = ?",
    "one": "select * from people where id = ?",
    "equal": "select * from people where age = ?",
    "range": "select * from people where age >= ? and age < ?",
    "in": f"select * from people where id in ({', '.join('?' * ANSWER)})",
    "compound": "select * from people where city = ? and age < ?",
    "prefix": "select * from people where id >= ? and id < ?",
    "ordered": "select * from people order by age limit 10",
    "sorted": "select * from people order by score limit 10",
    "filter": "select * from people where score < 0.001",
    "aggregate": "select note, count(*), avg(score) from people where score < 0.5 group by note",
}


def _query(what: str) -> str:
    return _QUERIES[what]


def _create(connection: sqlite3.Connection, indexes: int) -> None:
    connection.execute(
        "create table people (id text primary key, age integer not null, city text not null, "
        "score real not null, note text not null) without rowid"
    )
    for number, fields in enumerate(("age", "city, age")[:indexes]):
        connection.execute(f"create index by_{number} on people ({fields})")


def _insert_all(connection: sqlite3.Connection, people: Sequence[tuple[object, ...]]) -> None:
    connection.execute("begin")
    connection.executemany(_INSERT, people)
    connection.execute("commit")


def _spec(index: object) -> object:
    return list(index) if isinstance(index, tuple) else index


def _length(found: object) -> int:
    return len(found) if isinstance(found, list) else 1

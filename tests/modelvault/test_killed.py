"""kill -9 at any moment, migrations included: what was acknowledged is there, and nothing half."""

import json
import random
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from processes import Process

from nacre_adapters.modelvault import Database

Say = Callable[[str, object], None]


class Work:
    """What a process does until it is killed; it says what it begins, and what is acknowledged."""

    def __init__(self, path: Path, say: Say, seed: int) -> None:
        self.random = random.Random(seed)
        self.path = path
        self.say = say
        self.number = 100_000 * seed
        self.db = Database.open(path)
        if "c" not in self.db.collection_names():
            self.db.register_collection("c", fields_json([]), "id")
        fields = self.db.handle.shape("c").schema.fields
        self.more = [field.path[0] for field in fields[2:]]

    def go_on(self) -> None:
        """Do one thing after the other."""
        steps = (self.insert, self.insert, self.transact, self.transact, self.migrate,
                 self.index, self.db.compact, self.export)  # fmt: skip
        while True:
            self.random.choice(steps)()

    def insert(self) -> None:
        row = self._row()
        self.say("begun", [row["id"]])
        self.db.insert("c", row)
        self.say("rows", [row["id"]])

    def transact(self) -> None:
        rows = [self._row() for _ in range(5)]
        ids = [row["id"] for row in rows]
        self.say("begun", ids)
        with self.db.transaction():
            for row in rows:
                self.db.insert("c", row)
        self.say("rows", ids)

    def migrate(self) -> None:
        self.number += 1
        self.more.append(f"n{self.number}")
        self.db.register_schema_version("c", fields_json(self.more), force=True)
        self.say("field", self.more[-1])
        self.db.backfill_top_level_field("c", self.more[-1], 7)
        self.say("filled", self.more[-1])

    def index(self) -> None:
        kind = self.random.choice(["unique", "index"])
        said = json.dumps([{"name": kind, "path": ["s"], "kind": kind}])
        self.db.register_schema_version("c", fields_json(self.more), said, force=True)

    def export(self) -> None:
        self.db.export_snapshot(self.path.with_suffix(".snapshot"))

    def _row(self) -> dict[str, object]:
        self.number += 1
        return {"id": self.number, "s": f"s{self.number}", **dict.fromkeys(self.more, 1)}


def fields_json(more: list[str]) -> str:
    kinds = {"id": "int64", "s": "string", **dict.fromkeys(more, "int64")}
    return json.dumps([{"path": [name], "type": kind} for name, kind in kinds.items()])


def check(path: Path, said: list[tuple[str, object]]) -> None:
    """Check what a process that was killed has left against what it said."""
    with Database.open(path, recovery="strict") as db:
        rows = {row["id"]: row for row in db.collection("c").all()}
        fields = {field.path[0] for field in db.handle.shape("c").schema.fields}
        assert db.collection("c").where("s", "s0").all() == []
        for number, row in rows.items():
            assert db.collection("c").where("s", row["s"]).all() == [db.get("c", number)]
    begun = [ids for what, ids in said if what == "begun"]
    assert all(len(rows.keys() & set(ids)) in (0, len(ids)) for ids in begun)  # type: ignore[call-overload, arg-type]
    for what, value in said:
        if what == "rows":
            assert set(value) <= rows.keys()  # type: ignore[call-overload]
        if what == "field":
            assert value in fields
        if what == "filled":
            assert all(value in row for row in rows.values())
    snapshot = path.with_suffix(".snapshot")
    if snapshot.exists():
        Database.open_snapshot(snapshot).close()


def kill_some(path: Path, kills: int, most_steps: int) -> None:
    chosen = random.Random(kills)
    said: list[tuple[str, object]] = []
    for seed in range(1, kills + 1):

        def work(talk: Connection, seed: int = seed) -> None:
            Work(path, lambda what, value: talk.send((what, value)), seed).go_on()

        process = Process(work)
        said += [process.hear() for _ in range(chosen.randrange(4, most_steps))]
        process.kill()
        while process.talk.poll():
            try:
                said.append(process.talk.recv())
            except EOFError:
                break
        check(path, said)


def test_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    kill_some(tmp_path / "x.mv", 4, 40)


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_many(tmp_path: Path) -> None:
    kill_some(tmp_path / "x.mv", 40, 120)

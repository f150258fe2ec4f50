"""Random histories of a collection against a dict: rows, schemas, transactions, reopening."""

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from modelvault_schemas import Undone

from nacre_adapters.modelvault import Database, ModelVaultSchemaError

Rows = dict[int, dict[str, object]]
Field = tuple[str, str, bool]

IDS = st.integers(-3, 12)
VALUES = {
    "int64": st.integers(-3, 3),
    "string": st.sampled_from(["", "a", "b", "é"]),
    "float64": st.sampled_from([0.0, -1.5, 2.0]),
}


def fields_json(known: list[Field]) -> str:
    return json.dumps(
        [{"path": ["id"], "type": "int64"}]
        + [
            {"path": [name], "type": {"optional": kind} if optional else kind}
            for name, kind, optional in known
        ]
    )


class Machine(RuleBasedStateMachine):
    """One file with one collection; `n` has a unique index until it is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.rows: Rows = {}
        self.known: list[Field] = [("n", "int64", True), ("s", "string", False)]
        self.is_unique = True
        self.version = 1
        self.db = Database.open(self.folder / "x.mv")

    @initialize()
    def register(self) -> None:
        self.db.register_collection("c", fields_json(self.known), "id", self.indexes())

    @rule(data=st.data())
    def insert(self, data: st.DataObject) -> None:
        self.apply(data, lambda row: self.db.insert("c", row))

    @rule(id_=IDS)
    def delete(self, id_: int) -> None:
        self.db.delete("c", id_)
        self.rows.pop(id_, None)

    @rule(data=st.data(), fails=st.booleans(), count=st.integers(1, 5))
    def transact(self, data: st.DataObject, fails: bool, count: int) -> None:
        before = {key: dict(row) for key, row in self.rows.items()}
        try:
            with self.db.transaction():
                for _ in range(count):
                    self.apply(data, lambda row: self.db.insert("c", row))
                    self.delete(data.draw(IDS))
                    assert self.db.collection("c").count() == len(self.rows)
                if fails:
                    raise Undone
        except Undone:
            self.rows = before

    @precondition(lambda self: len(self.known) < 5)
    @rule(kind=st.sampled_from(sorted(VALUES)))
    def add_an_optional_field(self, kind: str) -> None:
        name = f"o{self.version}"
        self.known.append((name, kind, True))
        self.change()
        for row in self.rows.values():
            row[name] = None

    @precondition(lambda self: len(self.known) < 5)
    @rule(kind=st.sampled_from(sorted(VALUES)), data=st.data())
    def force_a_field_and_backfill_it(self, kind: str, data: st.DataObject) -> None:
        name, value = f"r{self.version}", data.draw(VALUES[kind])
        self.known.append((name, kind, False))
        with pytest.raises(ModelVaultSchemaError, match="migration required"):
            self.db.register_schema_version("c", fields_json(self.known), self.indexes())
        self.change(force=True)
        assert [dict(row) for row in self.db.collection("c").all()] == self.sorted_rows()
        self.reopen()
        self.db.backfill_top_level_field("c", name, value)
        for row in self.rows.values():
            row[name] = value

    @precondition(lambda self: len(self.known) > 2)
    @rule()
    def force_a_field_away_and_write_every_row(self) -> None:
        name, _, _ = self.known.pop()
        self.change(force=True)
        for row in self.rows.values():
            del row[name]
            self.db.insert("c", row)

    @rule()
    def change_the_index(self) -> None:
        values = [row["n"] for row in self.rows.values() if row["n"] is not None]
        self.is_unique = not self.is_unique and len(set(values)) == len(values)
        self.change(force=True)

    @rule()
    def reopen(self) -> None:
        self.db.close()
        self.db = Database.open(self.folder / "x.mv")

    @rule()
    def compact(self) -> None:
        self.db.compact()

    @rule()
    def restore(self) -> None:
        self.db.export_snapshot(self.folder / "y.mv")
        self.db.close()
        Database.restore_snapshot(self.folder / "y.mv", self.folder / "x.mv")
        self.db = Database.open(self.folder / "x.mv")

    @rule(value=VALUES["int64"], desc=st.booleans(), limit=st.integers(0, 5))
    def query(self, value: int, desc: bool, limit: int) -> None:
        c = self.db.collection("c")
        found = c.gte_where("n", value).or_where(c.where("n", None)).order_by("n", desc=desc)
        wanted = [row for row in self.sorted_rows() if row["n"] is None or row["n"] >= value]
        wanted.sort(key=lambda row: (row["n"] is None, row["n"] or 0, row["id"]), reverse=desc)
        assert found.limit(limit).all() == wanted[:limit]
        equal = [row for row in self.sorted_rows() if row["n"] == value]
        assert c.where("n", value).order_by("id").all() == equal

    @invariant()
    def rows_are_those_of_the_model(self) -> None:
        if self.db.collection_names():
            assert self.db.collection("c").order_by("id").all() == self.sorted_rows()

    def teardown(self) -> None:
        assert self.db.handle.vault.verify().is_clean
        assert self.db.handle.vault.replay().is_equal
        self.db.close()
        shutil.rmtree(self.folder)

    def apply(self, data: st.DataObject, insert: Callable[[dict[str, object]], None]) -> None:
        row: dict[str, object] = {"id": data.draw(IDS)}
        for name, kind, optional in self.known:
            values = VALUES[kind] | st.none() if optional else VALUES[kind]
            row[name] = data.draw(values)
        key = int(str(row["id"]))
        others = [each["n"] for id_, each in self.rows.items() if id_ != key]
        if self.is_unique and row["n"] is not None and row["n"] in others:
            with pytest.raises(ModelVaultSchemaError, match="unique index violation"):
                insert(row)
            return
        insert(row)
        self.rows[key] = row

    def change(self, *, force: bool = False) -> None:
        self.version += 1
        found = self.db.register_schema_version(
            "c", fields_json(self.known), self.indexes(), force=force
        )
        assert found == self.version

    def indexes(self) -> str:
        kind = "unique" if self.is_unique else "index"
        return json.dumps([{"name": "i", "path": ["n"], "kind": kind}])

    def sorted_rows(self) -> list[dict[str, object]]:
        return [self.rows[key] for key in sorted(self.rows)]


class TestHistories(Machine.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(
        max_examples=12,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.slow
class TestManyHistories(Machine.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(
        max_examples=300,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

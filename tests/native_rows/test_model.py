"""Random lives of a collection against a dict: schemas, transactions, the past, the feed."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import nacre
from nacre.errors import InvalidInput, NotFound
from nacre.operations.pack_rows import pack_rows
from nacre.operations.report import no_progress
from nacre.rows import Rows
from nacre.rows.packing import stretches

KEYS = st.sampled_from(["a", "b", "c", "d" * 300, "d" * 299 + "e", ""])
AGES = st.one_of(st.none(), st.integers(-3, 3))
CODES = st.one_of(st.none(), st.integers(0, 4))
SCHEMA = {"id": "string", "age": "int64?", "code": "int64?"}
INDEXES = ["age", {"fields": ["code"], "unique": True}, ["age", "code"]]


class RowsMachine(RuleBasedStateMachine):
    """Whatever is done, the rows are those of a dict, and refused as a dict would say."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.model: dict[str, dict[str, object]] = {}
        self.past: dict[int, dict[str, dict[str, object]]] = {}
        self.followed: dict[str, object] = {}
        self.seen = 0
        self.has_note = False

    @initialize()
    def create(self) -> None:
        self.vault = nacre.open(self.folder / "v")
        self.vault.rows.create("kept", SCHEMA, key="id", indexes=INDEXES)

    @property
    def kept(self):
        return self.vault.rows["kept"]

    @rule()
    def pack(self) -> None:
        found = list(stretches(self.vault.view(Rows), at_least=1))
        pack_rows(self.vault.store, found, no_progress)

    @rule(rows=st.lists(st.tuples(KEYS, AGES, CODES), max_size=4), how=st.sampled_from("iulvt"))
    def write(self, rows, how) -> None:
        given = [{"id": key, "age": age, "code": code} for key, age, code in rows]
        if self.has_note:
            given = [{**row, "note": f"{row['id'][:3]} {row['age']}"} for row in given]
        new = {**self.model}
        refused = False
        for row in given:
            refused = refused or (how in "ilt" and row["id"] in new)
            new[row["id"]] = row
        codes = [row["code"] for row in new.values() if row["code"] is not None]
        refused = refused or len(set(codes)) < len(codes)
        try:
            self.do(how, given)
        except InvalidInput:
            assert refused
        else:
            assert not refused
            self.model = new

    def do(self, how, rows) -> None:
        if how == "t":
            with self.vault.transaction() as tx:
                for row in rows:
                    tx.rows["kept"].insert(row)
                    assert tx.rows["kept"][row["id"]] == row
            return
        act = {
            "i": self.kept.insert_many,
            "u": self.kept.upsert_many,
            "l": self.kept.bulk_load,
            "v": self.kept.bulk_upsert,
        }[how]
        act(rows)

    @rule(key=KEYS, age=AGES)
    def update(self, key, age) -> None:
        try:
            assert self.kept.update(key, age=age)["age"] == age
        except NotFound:
            assert key not in self.model
        else:
            self.model[key] = {**self.model[key], "age": age}

    @rule(key=KEYS)
    def delete(self, key) -> None:
        try:
            assert self.kept.delete(key) == self.model[key]
        except NotFound:
            assert key not in self.model
        else:
            del self.model[key]

    @rule(age=AGES)
    def delete_where(self, age) -> None:
        gone = [key for key, row in self.model.items() if row["age"] == age]

        assert self.kept.where(age=age).delete() == len(gone)

        for key in gone:
            del self.model[key]

    @rule(low=st.integers(-3, 3))
    def update_where(self, low) -> None:
        hit = [k for k, r in self.model.items() if r["age"] is not None and r["age"] >= low]

        assert self.kept.where("age", ">=", low).update(age=low) == len(hit)

        for key in hit:
            self.model[key] = {**self.model[key], "age": low}

    @rule(notes=st.booleans(), age=st.booleans(), both=st.booleans())
    def alter(self, notes, age, both) -> None:
        fields = {**SCHEMA, "note": "string?"} if notes else SCHEMA
        kept = [INDEXES[1]] + [INDEXES[0]] * age + [INDEXES[2]] * both
        self.kept.alter(fields, indexes=kept, drop=[] if notes else ["note"] * self.has_note)

        for row in self.model.values():
            if notes:
                row.setdefault("note", None)
            else:
                row.pop("note", None)
        self.has_note = notes

    @rule()
    def follow(self) -> None:
        for change in self.kept.changes(self.seen):
            if change.row is None:
                del self.followed[change.key]
            else:
                assert (change.action == "update") == (change.key in self.followed)
                self.followed[change.key] = (change.row["age"], change.row["code"])
        self.seen = self.vault.head

        assert self.followed == {k: (row["age"], row["code"]) for k, row in self.model.items()}

    @rule(key=KEYS)
    def trace(self, key) -> None:
        changes = list(self.kept.history(key))

        assert bool(changes and changes[0].row) == (key in self.model)
        positions = [change.position for change in changes]
        assert positions == sorted(positions, reverse=True)

    @rule()
    def reopen(self) -> None:
        self.vault.close()
        self.vault = nacre.open(self.folder / "v")

    @rule()
    def remember(self) -> None:
        self.past[self.vault.head] = {key: dict(row) for key, row in self.model.items()}

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def look_back(self, data) -> None:
        position = data.draw(st.sampled_from(sorted(self.past)))

        with self.vault.at(position) as then:
            assert {row["id"]: row for row in then.rows["kept"]} == self.past[position]

    @rule()
    def verify(self) -> None:
        assert self.vault.verify().problems == ()

    @invariant()
    def rows_equal_model(self) -> None:
        assert {row["id"]: row for row in self.kept.all()} == self.model
        assert self.kept.count() == len(self.model)
        for age in (None, 0, 2):
            found = self.kept.where(age=age).order_by("age", "code", "id").all()
            assert len(found) == sum(row["age"] == age for row in self.model.values())

    def teardown(self) -> None:
        if hasattr(self, "vault"):
            assert self.vault.verify().problems == ()
            self.vault.close()
        shutil.rmtree(self.folder)


TestRows = RowsMachine.TestCase
TestRows.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

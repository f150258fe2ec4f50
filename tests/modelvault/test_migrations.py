"""Forced schema versions leave files whole, and indexes that are checked and complete."""

from pathlib import Path

import pytest
from modelvault_schemas import fields, indexes, nested, opened

from nacre_adapters.modelvault import Database, ModelVaultSchemaError

BASE = fields(id="int64", n="int64")


def test_a_forced_field_at_a_path_is_backfilled() -> None:
    pairs = [(["id"], "int64"), (["m", "x"], "int64")]
    db = opened(nested(*pairs))
    db.insert("c", {"id": 1, "m": {"x": 1}})
    db.register_schema_version("c", nested(*pairs, (["m", "z"], "int64")), force=True)

    db.backfill_field_at_path(name="c", path=["m", "z"], value=4)

    assert db.get("c", 1) == {"id": 1, "m": {"x": 1, "z": 4}}


def test_a_forced_unique_index_is_checked_and_complete() -> None:
    db = opened(BASE)
    for n in range(3):
        db.insert("c", {"id": n, "n": n // 2})

    with pytest.raises(ModelVaultSchemaError, match=r"allows once"):
        db.register_schema_version("c", BASE, indexes(i=("n", "unique")), force=True)
    db.delete("c", 1)
    db.register_schema_version("c", BASE, indexes(i=("n", "unique")), force=True)

    assert db.collection("c").where("n", 0).all() == [{"id": 0, "n": 0}]
    with pytest.raises(ModelVaultSchemaError, match=r"^schema error: unique index violation$"):
        db.insert("c", {"id": 5, "n": 1})


def test_a_forced_and_backfilled_file_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    changes = [
        fields(id="int64", n="int64", r="string"),
        fields(id="int64", n="string", r="string"),
        fields(id="int64", r={"enum": ["a"]}),
        fields(r={"enum": ["a"]}, id="int64", n=("int64", {"min_i64": 9})),
    ]
    with Database.open(path) as db:
        db.register_collection("c", BASE, "id")
        db.insert("c", {"id": 1, "n": 5})
    for version, change in enumerate(changes, 2):
        with Database.open(path) as db:
            assert db.register_schema_version("c", change, force=True) == version
            before = db.get("c", 1)
        with Database.open(path) as db:
            assert db.get("c", 1) == before
    with Database.open(path) as db:
        db.backfill_top_level_field("c", "n", 10)
        db.backfill_top_level_field("c", "r", "a")
    with Database.open(path, read_only=True) as db:
        assert db.get("c", 1) == {"id": 1, "n": 10, "r": "a"}
        assert db.handle.vault.replay().is_equal


def test_a_changed_index_finds_right_rows_at_once() -> None:
    db = opened(fields(id="int64", n="int64", m="int64"), indexes(i=("n", "index")))
    db.insert("c", {"id": 1, "n": 5, "m": 7})
    schema = fields(id="int64", n="int64", m="int64")

    db.register_schema_version("c", schema, indexes(i=("m", "index")), force=True)

    assert db.collection("c").where("m", 7).all() == [{"id": 1, "m": 7, "n": 5}]
    assert db.collection("c").where("m", 5).all() == []

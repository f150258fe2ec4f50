"""Bringing files of the original over: rows, schemas, indexes, and what cannot be found out."""

import json
import uuid
from pathlib import Path

import modelvault as original
import pytest
from click.testing import CliRunner
from modelvault_schemas import fields, indexes, nested, optional

from nacre_adapters.modelvault import Database, ModelVaultFormatError, ModelVaultValidationError
from nacre_adapters.modelvault.cli.program import program
from nacre_adapters.modelvault.importing import import_original

U = uuid.UUID(int=5)
INSIDE = {
    "object": [{"path": ["z"], "type": "uint64"}, {"path": ["t"], "type": optional("timestamp")}]
}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    db = original.Database.open(str(tmp_path / "old.mv"))
    every = fields(
        id="int64", s=("string", {"min_length": 1}, {"email": True}), f=optional("float64"),
        b="bool", by="bytes", u="uuid", t="timestamp", e={"enum": ["a", "b"]},
        l={"list": "float64"}, ob=optional(INSIDE), n=("uint64", {"max_u64": 9}, {"min_u64": 2}),
        ll={"list": {"list": optional("string")}},
    )  # fmt: skip
    found = indexes(i=("s", "unique"), zi=("ob.z", "index"), ti=("t", "index"))
    db.register_collection("every", every, "id", found)
    for n in range(3):
        db.insert("every", {
            "id": n, "s": f"{n}@x.y", "f": None if n else 0.5, "b": True, "by": b"x", "u": U,
            "t": 7, "e": "b", "l": [1.5], "ob": {"z": 2**64 - 1, "t": None} if n else None,
            "n": 3, "ll": [["a", None]],
        })  # fmt: skip
    paths = nested((["key"], "string"), (["m", "x"], "int64"), (["m", "y"], optional("string")))
    db.register_collection("two words", paths, "key")
    db.insert("two words", {"key": "k", "m": {"x": 1}})
    db.register_collection("empty", fields(id="uuid", v=optional("int64")), "id")
    return tmp_path / "old.mv"


def test_rows_schemas_and_indexes_come_over(old: Path, tmp_path: Path) -> None:
    done = import_original(old, tmp_path / "new.mv")

    theirs = original.Database.open_snapshot(str(old))
    with Database.open(tmp_path / "new.mv") as db:
        assert (done.collections, done.rows) == (3, 4)
        assert db.collection_names() == theirs.collection_names()
        for name in db.collection_names():
            for row in theirs.collection(name).all():
                key = row["key" if name == "two words" else "id"]
                assert db.get(name, key) == row
            columns = db.handle.shape(name).schema.fields
            said = json.dumps([field.to_json() for field in columns])
            reason = theirs.plan_schema_version(name, said).get("reason", "")
            # Nothing tells the order of fields if the SELECT cannot write the name.
            assert reason == "" or (name == "two words" and "reorder" in reason)
        assert {index.name for index in db.handle.shape("every").schema.indexes} == {
            "i",
            "zi",
            "ti",
        }
        with pytest.raises(ModelVaultValidationError, match="above maximum 9"):
            db.insert("every", {**(db.get("every", 1) or {}), "n": 10})
    assert done.notes == ()


def test_what_is_not_found_out_is_said(tmp_path: Path) -> None:
    db = original.Database.open(str(tmp_path / "old.mv"))
    db.register_collection("c", fields(id="int64", s=("string", {"regex": "^a"})), "id")
    db.insert("c", {"id": 1, "s": "abc"})
    del db

    result = CliRunner().invoke(
        program, ["import", str(tmp_path / "old.mv"), str(tmp_path / "new.mv")]
    )

    assert "imported 1 collection with 1 row" in result.output
    assert 'c: not found out: constraints changed for field ["s"]' in result.output
    with Database.open(tmp_path / "new.mv") as new:
        assert new.get("c", 1) == {"id": 1, "s": "abc"}


def test_what_is_no_file_of_the_original_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"hello" * 2000)

    with pytest.raises(ModelVaultFormatError):
        import_original(tmp_path / "junk", tmp_path / "new.mv")
    with pytest.raises(OSError, match="there is no file"):
        import_original(tmp_path / "missing", tmp_path / "new.mv")
    (tmp_path / "new.mv").touch()
    with pytest.raises(OSError, match="is there already"):
        import_original(tmp_path / "junk", tmp_path / "new.mv")


def test_a_file_of_the_original_is_recognized(old: Path) -> None:
    with pytest.raises(ModelVaultFormatError, match="nacre-modelvault import"):
        Database.open(old)

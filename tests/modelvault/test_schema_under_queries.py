"""What is kept of a schema for queries is not taken for what another version says."""

import json

import pytest

from nacre_adapters import modelvault
from nacre_adapters.modelvault.errors import Malformed, WrongType

ID = {"path": ["id"], "type": "int64"}
OLD = [ID, {"path": ["age"], "type": "int64"}]
NEW = [ID, {"path": ["age"], "type": "string"}, {"path": ["city"], "type": {"optional": "string"}}]
INDEXES = json.dumps([{"name": "by_age", "path": ["age"], "kind": "index"}])


def test_a_field_of_another_type_is_compared_as_that(tmp_path):
    db = modelvault.Database.open(tmp_path / "db")
    db.register_collection("people", json.dumps(OLD), "id", INDEXES)
    db.insert("people", {"id": 1, "age": 40})
    people = db.collection("people")
    assert people.where("age", 40).order_by("age").all() == [{"id": 1, "age": 40}]
    with pytest.raises(Malformed, match="unknown field path"):
        people.where("city", None)
    db.delete("people", 1)

    db.register_schema_version("people", json.dumps(NEW), INDEXES, force=True)
    db.insert("people", {"id": 2, "age": "old", "city": "Oslo"})

    wanted = [{"id": 2, "age": "old", "city": "Oslo"}]
    assert people.where("age", "old").order_by("age").all() == wanted
    assert people.where("city", "Oslo").order_by("city").all() == wanted
    assert db.get("people", 2) == wanted[0]
    with pytest.raises(WrongType):
        people.where("age", 40)


def test_collections_with_equal_schemas_are_kept_apart(tmp_path):
    db = modelvault.Database.open(tmp_path / "db")
    for name in ("people", "others"):
        db.register_collection(name, json.dumps(OLD), "id", INDEXES)
        db.insert(name, {"id": 1, "age": len(name)})

    found = [db.collection(name).where("age", 6).all() for name in ("people", "others")]

    assert found == [[{"id": 1, "age": 6}], [{"id": 1, "age": 6}]]
    db.register_schema_version("others", json.dumps(NEW), INDEXES, force=True)
    assert db.collection("people").where("age", 6).all() == [{"id": 1, "age": 6}]
    with pytest.raises(WrongType):
        db.collection("others").where("age", 6)

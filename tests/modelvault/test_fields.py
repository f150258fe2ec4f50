"""What a schema may say, and what is said of one that it may not."""

import json

import pytest
from modelvault_schemas import fields, indexes, nested, opened, optional, roll_back

from nacre_adapters.modelvault import Database, ModelVaultSchemaError


def refused(fields_json: object, indexes_json: object = None, *, primary: str = "id") -> str:
    with pytest.raises((ValueError, TypeError)) as caught:
        opened(fields_json, indexes_json, primary=primary)
    return str(caught.value)


def one(**said: object) -> str:
    return json.dumps([{"path": ["id"], "type": "int64"}, said])


@pytest.mark.parametrize(
    ("fields_json", "message"),
    [
        ("{}", "fields_json must be a JSON array"),
        ("[1]", "each field must be a JSON object"),
        (one(type="int64"), 'missing "path"'),
        (one(path="v", type="int64"), '"path" must be an array of strings'),
        (one(path=[1], type="int64"), "path segment must be a string"),
        (one(path=[], type="int64"), "schema error: invalid field path"),
        (one(path=[""], type="int64"), "schema error: invalid field path"),
        (one(path=["v"]), 'missing "type"'),
        (one(path=["v"], type="int32"), 'unknown primitive type "int32"'),
        (one(path=["v"], type="Int64"), 'unknown primitive type "Int64"'),
        (one(path=["v"], type=3), '"type" must be a string or object'),
        (one(path=["v"], type=None), '"type" must be a string or object'),
        (one(path=["v"], type={"map": "int64"}), 'unsupported "type" shape'),
        (one(path=["v"], type={"enum": "a"}), 'unsupported "type" shape'),
        (one(path=["v"], type={"object": {}}), 'unsupported "type" shape'),
        (one(path=["v"], type={"enum": ["a", 1]}), "enum variant must be a string"),
        (one(path=["v"], type="int64", constraints=3), '"constraints" must be an array'),
        (one(path=["v"], type="int64", constraints=[3]), "each constraint must be a JSON object"),
        (one(path=["v"], type="int64", constraints=[{"unique": 1}]), "unknown constraint shape"),
        (
            one(path=["v"], type="string", constraints=[{"email": False}]),
            "unknown constraint shape",
        ),
        (one(path=["v"], type="int64", constraints=[{"min_i64": "1"}]), "unknown constraint shape"),
        (nested((["id"], "int64"), (["id"], "int64")), "schema error: invalid field path"),
        (nested((["a"], "int64"), (["a", "b"], "int64")), "schema error: invalid field path"),
        ("[]", 'schema error: primary field "id" not found as a top-level field'),
        (nested((["id", "x"], "int64")), 'primary field "id" not found as a top-level field'),
    ],
)
def test_what_is_no_schema_is_refused_in_these_words(fields_json: str, message: str) -> None:
    assert message in refused(fields_json)


def test_text_is_asked_for() -> None:
    assert refused([]) == "argument 'fields_json': 'list' object is not an instance of 'str'"
    assert "recursion" in refused("[" * 100_000 + "]" * 100_000)


def test_the_primary_field_is_trimmed_and_must_be_a_primitive() -> None:
    assert opened(fields(id="int64"), primary=" id ").collection_names() == ["c"]
    assert refused(fields(id="int64"), primary="") == "schema error: invalid collection name"
    for said in (optional("int64"), {"list": "int64"}, {"object": []}, {"enum": ["a"]}):
        assert "primary key field must use a primitive type" in refused(fields(id=said))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, 'index missing "name" or name is not a string'),
        ({"name": 1}, 'index missing "name" or name is not a string'),
        ({"name": " "}, 'index "name" must be non-empty'),
        ({"name": "i"}, 'index missing "path"'),
        ({"name": "i", "path": "n"}, 'index "path" must be an array of strings'),
        ({"name": "i", "path": [1]}, "index path segment must be a string"),
        ({"name": "i", "path": ["zz"]}, 'index "i" path does not match any field in fields_json'),
        (
            {"name": "i", "path": ["l"]},
            "must resolve to a scalar field (not list or object root)",
        ),
        (
            {"name": "i", "path": ["o"]},
            "must resolve to a scalar field (not list or object root)",
        ),
        ({"name": "i", "path": ["n"]}, 'index missing "kind" or kind is not a string'),
        (
            {"name": "i", "path": ["n"], "kind": "btree"},
            'index "i": kind must be "unique", "index", or "non_unique" (got "btree")',
        ),
    ],
)
def test_what_is_no_index_is_refused_in_these_words(said: object, message: str) -> None:
    inside = {"object": [{"path": ["x"], "type": "int64"}]}
    schema = fields(id="int64", n="int64", l={"list": "int64"}, o=inside)

    assert message in refused(schema, json.dumps([said]))


def test_indexes_are_named_once() -> None:
    twice = json.dumps([{"name": "i", "path": ["id"], "kind": "index"}] * 2)

    assert refused(fields(id="int64"), twice) == 'duplicate index name "i"'


def test_names_are_trimmed_and_found_with_blanks_around_them() -> None:
    db = Database.open_in_memory()

    assert db.register_collection("  a ", fields(id="int64"), "id") == (1, 1)
    db.insert(" a", {"id": 1})

    assert db.get("a\n", 1) == {"id": 1}
    with pytest.raises(
        ModelVaultSchemaError, match=r'^schema error: duplicate collection name: "a"$'
    ):
        db.register_collection("a", fields(id="int64"), "id")


@pytest.mark.parametrize("name", ["", "  ", "x" * 1024, "é" * 512])
def test_names_have_a_length(name: str) -> None:
    with pytest.raises(ModelVaultSchemaError, match=r"schema error: invalid collection"):
        Database.open_in_memory().register_collection(name, fields(id="int64"), "id")


@pytest.mark.parametrize("name", ["a/../b", "nul\0", "🦪", "two words", "x" * 1023, "modelvault"])
def test_names_may_be_odd(name: str) -> None:
    db = Database.open_in_memory()
    db.register_collection(name, fields(id="int64"), "id", indexes(**{name[:200]: ("id", "index")}))

    db.insert(name, {"id": 1})

    assert (db.get(name, 1), db.collection_names()) == ({"id": 1}, [name])


@pytest.mark.parametrize("name", ["a.b", " a", "nul\0", "..", "🦪", "x" * 300])
def test_fields_may_have_odd_names(name: str) -> None:
    db = opened(fields(id="int64", **{name: "int64"}))

    db.insert("c", {"id": 1, name: 2})

    assert db.get("c", 1) == {"id": 1, name: 2}
    assert db.collection("c").where([name], 2).order_by([name]).all() == [{"id": 1, name: 2}]


def test_dotted_names_and_paths_do_not_meet() -> None:
    db = opened(nested((["id"], "int64"), (["a.b"], "int64"), (["a", "b"], "int64")))

    db.insert("c", {"id": 1, "a.b": 2, "a": {"b": 3}})

    assert db.get("c", 1) == {"a": {"b": 3}, "a.b": 2, "id": 1}
    assert db.collection("c").where("a.b", 3).all() == db.collection("c").where(["a.b"], 2).all()


def test_limits_are_those_that_a_file_of_the_original_can_be_opened_with() -> None:
    deep: object = "int64"
    for _ in range(33):
        deep = {"list": deep}

    assert "nested deeper than 32" in refused(fields(id="int64", deep=deep))
    many = {f"f{number}": "int64" for number in range(4096)}
    assert "field count 4097 exceeds maximum 4096" in refused(fields(id="int64", **many))


def test_ids_count_from_one_and_a_rolled_back_one_is_free() -> None:
    db = Database.open_in_memory()
    assert db.register_collection("b", fields(id="int64"), "id") == (1, 1)
    roll_back(db, lambda: db.register_collection("x", fields(id="int64"), "id"))

    assert db.register_collection("a", fields(id="int64"), "id") == (2, 1)
    assert db.collection_names() == ["a", "b"]

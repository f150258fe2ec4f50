"""What a schema may say, what is said of one that it may not: in the words that were observed."""

import json
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe, opened
from modelvault_schemas import fields, indexes, nested, optional

ID = {"path": ["id"], "type": "int64"}
OBJECT = {"object": [
    {"path": ["x"], "type": "int64"},
    {"path": ["o"], "type": optional({"object": [{"path": ["z"], "type": "string"}]})},
]}  # fmt: skip
WIDE = fields(
    id="int64", n="int64", l={"list": "int64"}, o=OBJECT, oo=optional(OBJECT), e={"enum": ["a"]},
    oe=optional({"enum": ["a"]}), ol=optional({"list": "int64"}),
)  # fmt: skip
PATH = "schema error: invalid field path"
SHAPE = 'unsupported "type" shape'
UNKNOWN = "unknown constraint shape"
NAME = Raises("ModelVaultSchemaError", "schema error: invalid collection name")
TOO_DEEP = Raises("ModelVaultSchemaError", "schema error: a type is nested deeper than 32")
KEY_KIND = (
    "validation error: primary key field must use a primitive type (not optional/list/object/enum)"
)


def no_primary(name: str) -> Raises:
    return Raises(
        "ModelVaultSchemaError",
        f'schema error: primary field "{name}" not found as a top-level field',
    )


def register(mv: ModuleType, fields_json: object, indexes_json: object = None, **more: str):
    given = {"name": "c", "primary_field": "id", **more}
    db = mv.Database.open_in_memory()
    return db.register_collection(fields_json=fields_json, indexes_json=indexes_json, **given)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "EOF while parsing an object at line 1 column 1"),
        ("[", "EOF while parsing a list at line 1 column 1"),
        ("", "EOF while parsing a value at line 1 column 0"),
        ('["x', "EOF while parsing a string at line 1 column 3"),
        ("[\n{}, [", "EOF while parsing a list at line 2 column 5"),
        ("x", "expected value at line 1 column 1"),
        ("[]\n ]", "trailing characters at line 2 column 2"),
        ("{}", "fields_json must be a JSON array"),
        ("3", "fields_json must be a JSON array"),
        ("null", "fields_json must be a JSON array"),
        ("[1]", "each field must be a JSON object"),
    ],
)
def test_a_text_is_a_list_of_objects(mv: ModuleType, text: str, message: str) -> None:
    observe(mv, lambda: register(mv, text), Raises("ValueError", message))


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"type": "int64"}, 'missing "path"'),
        ({"path": "v", "type": "int64"}, '"path" must be an array of strings'),
        ({"path": [1], "type": "int64"}, "path segment must be a string"),
        ({"path": [], "type": "int64"}, PATH),
        ({"path": [""], "type": "int64"}, PATH),
        ({"path": ["a", ""], "type": "int64"}, PATH),
        ({"path": ["v"]}, 'missing "type"'),
        ({"path": ["v"], "type": "int32"}, 'unknown primitive type "int32"'),
        ({"path": ["v"], "type": "Int64"}, 'unknown primitive type "Int64"'),
        ({"path": ["v"], "type": 3}, '"type" must be a string or object'),
        ({"path": ["v"], "type": None}, '"type" must be a string or object'),
        ({"path": ["v"], "type": []}, '"type" must be a string or object'),
        ({"path": ["v"], "type": {}}, SHAPE),
        ({"path": ["v"], "type": {"map": "int64"}}, SHAPE),
        ({"path": ["v"], "type": {"enum": "a"}}, SHAPE),
        ({"path": ["v"], "type": {"object": {}}}, SHAPE),
        ({"path": ["v"], "type": {"enum": ["a", 1]}}, "enum variant must be a string"),
        ({"path": ["v"], "type": {"optional": "int32"}}, 'unknown primitive type "int32"'),
        ({"path": ["v"], "type": {"object": [3]}}, "each field must be a JSON object"),
        ({"path": ["v"], "type": {"object": [{"path": ["a"]}]}}, 'missing "type"'),
        ({"path": ["v"], "type": "int64", "constraints": 3}, '"constraints" must be an array'),
        ({"path": ["v"], "type": "int64", "constraints": [3]},
         "each constraint must be a JSON object"),
        *(({"path": ["v"], "type": "string", "constraints": [said]}, UNKNOWN) for said in (
            {}, {"unique": True}, {"non_empty": True}, {"email": False}, {"email": 1},
            {"min_i64": "1"}, {"min_i64": 1.5}, {"regex": 1}, {"min_length": -1},
        )),
    ],
)  # fmt: skip
def test_a_field_that_is_none_is_said(mv: ModuleType, field: object, message: str) -> None:
    observe(mv, lambda: register(mv, json.dumps([ID, field])), Raises("ValueError", message))


@pytest.mark.parametrize(
    ("fields_json", "message"),
    [
        (nested((["id"], "int64"), (["id"], "int64")), PATH),
        (nested((["id"], "int64"), (["a"], "int64"), (["a", "b"], "int64")), PATH),
        (nested((["id"], "int64"), (["a", "b"], "int64"), (["a"], "int64")), PATH),
    ],
)
def test_fields_in_each_others_way_are_refused(
    mv: ModuleType, fields_json: str, message: str
) -> None:
    observe(mv, lambda: register(mv, fields_json), Raises("ModelVaultSchemaError", message))


@pytest.mark.parametrize(
    "kind",
    [
        "bool", "int64", "uint64", "float64", "string", "bytes", "uuid", "timestamp",
        {"enum": []}, {"enum": ["a", "a"]}, {"object": []}, optional(optional("int64")),
        {"object": [{"path": ["a"], "type": "int64"}, {"path": ["a"], "type": "string"}]},
        {"object": [{"path": ["a", "b"], "type": "int64"}]},
    ],
)  # fmt: skip
def test_dubious_types_are_accepted(mv: ModuleType, kind: object) -> None:
    assert register(mv, fields(id="int64", v=kind)) == (1, 1)
    assert register(mv, fields(id="int64", **{"a.b c": kind})) == (1, 1)


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({"optional": "int64", "list": "string"}, optional("int64")),
        ({"list": "int64", "object": []}, {"list": "int64"}),
        ({"object": [], "enum": ["a"]}, {"object": []}),
        ({"enum": ["a"], "optional": "int64"}, optional("int64")),
    ],
)
def test_of_several_types_the_first_counts(mv: ModuleType, said: object, counts: object) -> None:
    db = opened(mv, fields(id="int64", v=said))

    plan = db.plan_schema_version("c", fields(id="int64", v=counts))
    assert plan == {"change": "safe", "steps": []}


def test_what_is_not_known_of_a_field_is_ignored(mv: ModuleType) -> None:
    said = [ID, {"path": ["v"], "type": optional("int64"), "default": 3, "comment": "x"}]
    db = opened(mv, json.dumps(said))

    db.insert("c", {"id": 1})
    assert db.get("c", 1) == {"id": 1, "v": None}


def test_a_path_inside_of_an_object_counts_as_its_first_name(mv: ModuleType) -> None:
    db = opened(mv, fields(id="int64", v={"object": [{"path": ["a", "b"], "type": "int64"}]}))

    db.insert("c", {"id": 1, "v": {"a": 2}})
    assert db.get("c", 1) == {"id": 1, "v": {"a": 2}}


@pytest.mark.parametrize(
    ("name", "primary", "observed"),
    [
        ("", "id", NAME), (" \n", "id", NAME), ("x" * 1024, "id", NAME), ("é" * 512, "id", NAME),
        ("x" * 1023, "id", (1, 1)), ("é" * 511, "id", (1, 1)), ("a\0b/c d 🦪", "id", (1, 1)),
        ("c", " id ", (1, 1)), ("c", "", NAME), ("c", " ", NAME), ("c", "nope", no_primary("nope")),
    ],
)  # fmt: skip
def test_names_and_keys_are_registered_or_refused(
    mv: ModuleType, name: str, primary: str, observed: object
) -> None:
    observe(
        mv, lambda: register(mv, fields(id="int64"), name=name, primary_field=primary), observed
    )


def test_a_key_is_a_field_of_the_top(mv: ModuleType) -> None:
    observe(mv, lambda: register(mv, "[]"), no_primary("id"))
    observe(mv, lambda: register(mv, nested((["id", "x"], "int64"))), no_primary("id"))


@pytest.mark.parametrize(
    "kind", [optional("int64"), {"list": "int64"}, {"object": []}, {"enum": ["a"]}]
)
def test_a_key_that_no_row_can_have_is_refused_at_once(mv: ModuleType, kind: object) -> None:
    refused = Raises("ModelVaultValidationError", KEY_KIND)

    observe(mv, lambda: register(mv, fields(id=kind)), Differs((1, 1), refused))


def test_a_name_is_registered_once_and_ids_count(mv: ModuleType) -> None:
    db = mv.Database.open_in_memory()
    one = fields(id="int64")

    assert [db.register_collection(name, one, "id") for name in ("b", "a", "B", "é", "🦪")] == [
        (1, 1), (2, 1), (3, 1), (4, 1), (5, 1),
    ]  # fmt: skip
    for name in ("a", " a "):
        observe(
            mv,
            lambda name=name: db.register_collection(name, one, "id"),
            Raises("ModelVaultSchemaError", 'schema error: duplicate collection name: "a"'),
        )
    assert db.collection_names() == ["B", "a", "b", "é", "🦪"]


def index(**said: object) -> str:
    return json.dumps([said])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{}", "indexes_json must be a JSON array"),
        ("[3]", "each index must be a JSON object"),
        ("[", "EOF while parsing a list at line 1 column 1"),
        (index(), 'index missing "name" or name is not a string'),
        (index(name=1), 'index missing "name" or name is not a string'),
        (index(name=" "), 'index "name" must be non-empty'),
        (index(name="i"), 'index missing "path"'),
        (index(name="i", path="n"), 'index "path" must be an array of strings'),
        (index(name="i", path=[1]), "index path segment must be a string"),
        (index(name="i", path=[]), PATH),
        (index(name="i", path=[""]), PATH),
        (index(name="i", path=["zz"]), 'index "i" path does not match any field in fields_json'),
        (index(name="i", path=["n", "x"]),
         'index "i" path does not match any field in fields_json'),
        *((index(name="i", path=[name]),
           'index "i" path must resolve to a scalar field (not list or object root)')
          for name in ("l", "ol", "o", "oo")),
        (index(name="i", path=["n"]), 'index missing "kind" or kind is not a string'),
        (index(name="i", path=["n"], kind=1), 'index missing "kind" or kind is not a string'),
        (index(name="i", path=["n"], kind="btree"),
         'index "i": kind must be "unique", "index", or "non_unique" (got "btree")'),
        (json.dumps([{"name": name, "path": ["n"], "kind": "index"} for name in ("i", " i")]),
         'duplicate index name "i"'),
    ],
)  # fmt: skip
def test_what_is_no_index_is_said(mv: ModuleType, said: str, message: str) -> None:
    observe(mv, lambda: register(mv, WIDE, said), Raises("ValueError", message))


@pytest.mark.parametrize("kind", ["unique", "index", "non_unique"])
@pytest.mark.parametrize("path", ["n", "id", "e", "oe", "o.x", "oo.x", "oo.o.z"])
def test_scalars_can_be_indexed_wherever_they_are(mv: ModuleType, path: str, kind: str) -> None:
    assert register(mv, WIDE, index(name=" i ", path=path.split("."), kind=kind)) == (1, 1)


def test_no_indexes_are_none_or_no_text(mv: ModuleType) -> None:
    assert [register(mv, WIDE, said) for said in (None, "", "[]")] == [(1, 1)] * 3


def test_a_unique_index_leaves_out_none_and_joins_zeros_and_nan(mv: ModuleType) -> None:
    db = opened(mv, fields(id="int64", v=optional("float64")), indexes(u=("v", "unique")))
    taken = Raises("ModelVaultSchemaError", "schema error: unique index violation")

    for number, (value, observed) in enumerate([
        (None, None), (None, None), (0.0, None), (-0.0, taken), (float("nan"), None),
        (float("nan"), taken),
    ]):  # fmt: skip
        observe(mv, lambda n=number, v=value: db.insert("c", {"id": n, "v": v}), observed)

    assert [db.get("c", number) is None for number in range(6)] == [
        False, False, False, True, False, True,
    ]  # fmt: skip


def deep(levels: int) -> str:
    said: object = "int64"
    for _ in range(levels):
        said = {"list": said}
    return fields(id="int64", v=said)


@pytest.mark.parametrize(
    ("fields_json", "observed"),
    [
        (deep(31), (1, 1)),
        (deep(32), Differs((1, 1), TOO_DEEP)),
        (deep(40), Differs((1, 1), TOO_DEEP)),
        (deep(200), Differs(Raises("ValueError", "recursion limit exceeded at ", more=True),
                            TOO_DEEP)),
        (fields(id="int64", **{f"f{n}": "bool" for n in range(4095)}), (1, 1)),
        (fields(id="int64", **{f"f{n}": "bool" for n in range(4096)}), Differs((1, 1), Raises(
            "ModelVaultSchemaError", "schema error: field count 4097 exceeds maximum 4096"))),
    ],
    ids=["31 levels", "32 levels", "40 levels", "200 levels", "4096 fields", "4097 fields"],
)  # fmt: skip
def test_what_could_not_be_opened_again_is_refused(
    mv: ModuleType, fields_json: str, observed: object
) -> None:
    observe(mv, lambda: register(mv, fields_json), observed)

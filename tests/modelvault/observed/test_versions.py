"""Schema versions: what a plan says, what must be forced, and what old rows are after it."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe, opened
from modelvault_schemas import fields, indexes, nested, optional

BASE = fields(id="int64", n="int64")
WIDE = fields(id="int64", n="int64", r="string")
TWICE = Raises("ModelVaultSchemaError", "schema error: unique index violation")
PATH = Raises("ModelVaultSchemaError", "schema error: invalid field path")
SAFE = {"change": "safe", "steps": []}


def breaking(reason: str) -> dict[str, object]:
    return {"change": "breaking", "reason": reason, "steps": []}


def migrating(reason: str, step: str) -> dict[str, object]:
    return {"change": "needs_migration", "reason": reason, "steps": [step]}


def part(*pairs: tuple[str, object]) -> object:
    return {"object": [{"path": [name], "type": said} for name, said in pairs]}


NEW_R = migrating('new required field ["r"] needs backfill', "backfill_top_level_field:r")
NEW_K = migrating('new unique index "k" needs rebuild/validation', "rebuild_indexes")
REORDER = breaking("field reorder breaks positional record encoding")
CHANGED_I = breaking('index changed: "i"')


@pytest.mark.parametrize(
    ("fields_json", "indexes_json", "observed"),
    [
        (BASE, None, SAFE), (BASE, indexes(i=("n", "index")), SAFE),
        (BASE, indexes(i=("n", "non_unique")), SAFE), (BASE, indexes(j=("n", "index")), SAFE),
        (fields(id="int64", x=optional("string"), n="int64"), None, SAFE),
        (fields(x=optional("string"), id="int64", n="int64"), None, SAFE),
        (fields(id="int64"), None, breaking('field removed: ["n"]')),
        (fields(n="int64"), None, breaking('field removed: ["id"]')),
        (fields(n="int64", id="int64"), None, REORDER),
        (WIDE, None, NEW_R),
        (nested((["id"], "int64"), (["n"], "int64"), (["m", "x"], "int64")), None,
         migrating('new required field ["m", "x"] needs backfill', "backfill_field_at_path:m.x")),
        (BASE, indexes(i=("n", "unique")), CHANGED_I),
        (BASE, indexes(i=("id", "index")), CHANGED_I),
        (BASE, indexes(k=("n", "unique")), NEW_K),
        (BASE, indexes(k=("n", "unique"), i=("id", "index")), CHANGED_I),
        (WIDE, indexes(k=("n", "unique")), NEW_R), (WIDE, indexes(i=("id", "index")), NEW_R),
        (BASE, indexes(k=("zz", "unique")), Raises(
            "ValueError", 'index "k" path does not match any field in fields_json')),
        ("{}", None, Raises("ValueError", "fields_json must be a JSON array")),
        # What cannot be registered is no plan here.
        (nested((["id"], "int64"), (["n"], "int64"), (["n"], "int64")), None,
         Differs(REORDER, PATH)),
        (nested((["id"], "int64"), (["n"], "int64"), (["n", "x"], "int64")), None,
         Differs(migrating('new required field ["n", "x"] needs backfill',
                           "backfill_field_at_path:n.x"), PATH)),
    ],
)  # fmt: skip
def test_a_plan_says_what_a_change_takes(
    mv: ModuleType, fields_json: str, indexes_json: str | None, observed: object
) -> None:
    db = opened(mv, BASE, indexes(i=("n", "index")))

    observe(mv, lambda: db.plan_schema_version("c", fields_json, indexes_json), observed)


def enum(*variants: str) -> object:
    return {"enum": list(variants)}


MIN, MAX = {"min_i64": 1}, {"max_i64": 5}
TYPE, CONSTRAINTS = "type changed", "constraints changed"


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (enum("a", "b"), enum("b", "a"), ""), (enum("a"), enum("a", "b"), ""),
        (enum("a", "a"), enum("a"), ""), (enum("a", "b"), enum("a"), TYPE),
        (optional(enum("a")), optional(enum("a", "b")), TYPE),
        ({"list": enum("a")}, {"list": enum("a", "b")}, TYPE), (enum("a"), "string", TYPE),
        ("string", enum("a"), TYPE), (optional("int64"), "int64", TYPE),
        ("int64", optional("int64"), TYPE), ("int64", "float64", TYPE), ("int64", "uint64", TYPE),
        ({"list": "int64"}, {"list": "string"}, TYPE),
        (part(("a", "int64")), part(("a", "int64"), ("b", optional("int64"))), TYPE),
        (part(("a", "int64"), ("b", "int64")), part(("b", "int64"), ("a", "int64")), TYPE),
        (("int64", MIN), "int64", CONSTRAINTS), ("int64", ("int64", MIN), CONSTRAINTS),
        (("int64", MIN, MAX), ("int64", MAX, MIN), CONSTRAINTS),
        (("int64", MIN), ("int64", MIN), ""), (("int64", MIN), ("string", MAX), CONSTRAINTS),
    ],
)  # fmt: skip
def test_only_an_enum_may_grow(mv: ModuleType, before: object, after: object, change: str) -> None:
    db = opened(mv, fields(id="int64", n=before))
    expected = breaking(f'{change} for field ["n"]') if change else SAFE

    assert db.plan_schema_version("c", fields(id="int64", n=after)) == expected


def refused(message: str) -> Raises:
    return Raises("ModelVaultSchemaError", f"schema error: {message}")


@pytest.mark.parametrize(
    ("given", "observed"),
    [
        ([BASE], 2), ([BASE, None, True], 2), ([WIDE, None, True], 2),
        ([WIDE], refused('migration required: new required field ["r"] needs backfill')),
        ([BASE, indexes(k=("n", "unique"))],
         refused('migration required: new unique index "k" needs rebuild/validation')),
        ([fields(id="int64", n="string")],
         refused('incompatible schema change: type changed for field ["n"]')),
        ([fields(n="int64"), None, True],
         refused('schema update must retain top-level primary field "id"')),
        ([fields(n="int64")], refused('incompatible schema change: field removed: ["id"]')),
        (["[]", None, True], refused('schema update must retain top-level primary field "id"')),
        ([nested((["id"], "int64"), (["id"], "int64")), None, True], PATH),
        ([nested((["id"], "int64"), (["id", "x"], "int64")), None, True], PATH),
        ([fields(id="int64", n=("string", {"regex": "(a"})), None, True], Raises(
            "ModelVaultValidationError",
            "validation error: regex pattern has unbalanced parentheses")),
        ([fields(id="string", n="int64"), None, True], Differs(2, refused(
            "schema update must retain the type of the primary field"))),
    ],
)  # fmt: skip
def test_what_is_not_safe_must_be_forced(
    mv: ModuleType, given: list[object], observed: object
) -> None:
    observe(mv, lambda: opened(mv, BASE).register_schema_version("c", *given), observed)


def test_each_version_counts_and_a_safe_one_fills_and_builds(mv: ModuleType) -> None:
    db = opened(mv, BASE)
    db.insert("c", {"id": 1, "n": 5})

    wider = fields(id="int64", x=optional("string"), n="int64")
    versions = [db.register_schema_version("c", said) for said in (BASE, BASE, wider, wider)]
    assert versions == [2, 3, 4, 5]
    db.register_schema_version("c", wider, indexes(i=("n", "index")))
    assert db.get("c", 1) == {"id": 1, "n": 5, "x": None}
    assert db.collection("c").where("n", 5).all() == [{"id": 1, "n": 5, "x": None}]
    assert "IndexLookup" in db.collection("c").where("n", 5).explain()


def forced(mv: ModuleType, before: str, after: str, *rows: dict[str, object], **more: str):
    """Return a database in which old rows do not satisfy the schema."""
    db = opened(mv, before)
    for row in rows:
        db.insert("c", row)
    db.register_schema_version("c", after, more.get("indexes_json"), True)
    return db


@pytest.mark.parametrize(
    ("call", "observed"),
    [
        (lambda db: db.get("c", 1), {"id": 1, "n": 5}),
        (lambda db: db.collection("c").where("id", 1).all(["r"]), [{}]),
        (lambda db: db.collection("c").where("r", "x").all(), []),
        (lambda db: db.collection("c").gte_where("id", 0).order_by("r").all(["id"]),
         [{"id": 1}, {"id": 2}]),
        (lambda db: db.insert("c", {"id": 3, "n": 1}),
         Raises("ModelVaultValidationError", "validation error at r: missing field")),
        (lambda db: db.insert("c", {"id": 3, "n": 1, "r": "own"}), None),
        (lambda db: db.backfill_top_level_field("c", "zz", 1),
         Raises("ValueError", 'unknown field "zz"')),
        (lambda db: db.backfill_top_level_field("c", "r", 1),
         Raises("TypeError", "'int' object is not an instance of 'str'")),
        (lambda db: db.backfill_top_level_field("c", "n", "x"),
         Raises("TypeError", "'str' object cannot be interpreted as an integer")),
        (lambda db: db.backfill_top_level_field("c", "n", 9), None),
        (lambda db: db.backfill_top_level_field("c", "id", 9), None),
        (lambda db: db.backfill_top_level_field("zz", "n", 9),
         refused('unknown collection name "zz"')),
    ],
)  # fmt: skip
def test_a_forced_field_is_absent(mv: ModuleType, call: Callable, observed: object) -> None:
    db = forced(mv, BASE, WIDE, {"id": 1, "n": 5}, {"id": 2, "n": 6})

    observe(mv, lambda: call(db), observed)
    assert db.get("c", 1) == {"id": 1, "n": 5}


def test_a_backfill_fills_what_is_absent_once(mv: ModuleType) -> None:
    db = forced(mv, BASE, WIDE, {"id": 1, "n": 5})
    db.insert("c", {"id": 2, "n": 1, "r": "own"})

    db.backfill_top_level_field("c", "r", "x")
    assert (db.get("c", 1)["r"], db.get("c", 2)["r"]) == ("x", "own")
    db.backfill_top_level_field("c", "r", "y")
    assert db.get("c", 1)["r"] == "x"


def test_a_backfill_is_checked_and_all_or_nothing(mv: ModuleType) -> None:
    short = ("string", {"min_length": 2})
    db = forced(
        mv, BASE, fields(id="int64", n="int64", r=short), {"id": 1, "n": 5}, {"id": 2, "n": 5},
        indexes_json=indexes(u=("r", "unique")),
    )  # fmt: skip

    observe(mv, lambda: db.backfill_top_level_field("c", "r", "x"), Raises(
        "ModelVaultValidationError", "validation error at r: string length 1 is below minimum 2"
    ))  # fmt: skip
    observe(mv, lambda: db.backfill_top_level_field("c", "r", "xx"), TWICE)
    assert [db.get("c", n) for n in (1, 2)] == [{"id": 1, "n": 5}, {"id": 2, "n": 5}]


def test_a_backfill_leaves_none_alone(mv: ModuleType) -> None:
    db = opened(mv, BASE)
    db.insert("c", {"id": 1, "n": 5})
    db.register_schema_version("c", fields(id="int64", n="int64", a=optional("string")))

    db.backfill_top_level_field("c", "a", "x")
    assert db.get("c", 1) == {"a": None, "id": 1, "n": 5}


def test_none_where_a_value_is_forced_is_absent_here(mv: ModuleType) -> None:
    loose, strict = fields(id="int64", v=optional("int64")), fields(id="int64", v="int64")
    db = forced(mv, loose, strict, {"id": 1}, {"id": 2, "v": 3})

    observe(mv, lambda: db.get("c", 1), Differs({"id": 1, "v": None}, {"id": 1}))
    db.backfill_top_level_field("c", "v", 7)
    observe(mv, lambda: db.get("c", 1), Differs({"id": 1, "v": None}, {"id": 1, "v": 7}))
    assert db.get("c", 2) == {"id": 2, "v": 3}


def test_two_fields_of_one_version_can_be_filled_here(mv: ModuleType) -> None:
    wider = fields(id="int64", n="int64", a="string", b="string")
    db = forced(mv, BASE, wider, {"id": 1, "n": 5})
    lacks_b = Raises("ModelVaultValidationError", "validation error at b: missing field")

    observe(mv, lambda: db.backfill_top_level_field("c", "a", "x"), Differs(lacks_b, None))


SLICE = "argument 'path': Can't extract `str` to `Vec`"


@pytest.mark.parametrize(
    ("path", "observed"),
    [
        (["m", "z"], None), (("m", "z"), None), (["id"], None),
        ("m.z", Raises("TypeError", SLICE)),
        (None, Differs(
            Raises("TypeError", "argument 'path': 'None' is not an instance of 'Sequence'"),
            Raises("TypeError", "missing 1 required argument: 'path'"))),
        ([3], Raises("TypeError", "argument 'path': 'int' object is not an instance of 'str'")),
        (["ob", "b"], Raises("ValueError", 'unknown field path ["ob", "b"]')),
        (["q", "r"], Raises("ValueError", 'unknown field path ["q", "r"]')),
        (["m"], Raises("ValueError", 'unknown field path ["m"]')),
        ([], Raises("ValueError", "unknown field path []")),
    ],
)  # fmt: skip
def test_a_backfill_at_a_path_takes_leaves(mv: ModuleType, path: object, observed: object) -> None:
    pairs = [(["id"], "int64"), (["m", "x"], "int64"), (["ob"], optional(part(("b", "int64"))))]
    wider = nested(*pairs, (["m", "z"], "int64"))
    db = forced(mv, nested(*pairs), wider, {"id": 1, "m": {"x": 1}})

    observe(mv, lambda: db.backfill_field_at_path("c", path, 4), observed)
    if path in (["m", "z"], ("m", "z")):
        assert db.get("c", 1) == {"id": 1, "m": {"x": 1, "z": 4}, "ob": None}


def test_old_rows_keep_what_was_forced_away_until_they_are_written(mv: ModuleType) -> None:
    before = fields(id="int64", s="string", g="string")
    db = forced(mv, before, fields(id="int64", s="int64"), {"id": 1, "s": "a", "g": "x"})

    assert db.get("c", 1) == {"g": "x", "id": 1, "s": "a"}
    observe(mv, lambda: db.collection("c").where("g", "x"), Raises(
        "ValueError", "unknown field path"))  # fmt: skip
    observe(mv, lambda: db.insert("c", {"id": 1, "s": 3, "g": "z"}), Raises(
        "ValueError", 'unknown field "g"'))  # fmt: skip
    db.insert("c", {"id": 1, "s": 3})
    assert db.get("c", 1) == {"id": 1, "s": 3}


def test_of_what_was_forced_away_twice_the_last_is_shown(mv: ModuleType) -> None:
    db = forced(mv, fields(id="int64", v="string"), fields(id="int64"), {"id": 1, "v": "first"})
    db.register_schema_version("c", fields(id="int64", v="int64"), None, True)
    db.insert("c", {"id": 2, "v": 5})
    observe(mv, lambda: db.backfill_top_level_field("c", "v", 7), None)
    seven = {"id": 1, "v": 7}
    observe(mv, lambda: db.get("c", 1), Differs({"id": 1, "v": "first"}, seven))

    db.register_schema_version("c", fields(id="int64", v="bool"), None, True)
    observe(mv, lambda: db.get("c", 1), Differs({"id": 1, "v": "first"}, seven))
    assert db.get("c", 2) == {"id": 2, "v": 5}


@pytest.mark.parametrize(
    ("kind", "call", "observed"),
    [
        ("index", lambda db: db.collection("c").where("n", 5).all(),
         Differs([], [{"id": 1, "n": 5}])),
        ("unique", lambda db: db.insert("c", {"id": 2, "n": 5}), Differs(None, TWICE)),
    ],
)  # fmt: skip
def test_a_forced_index_is_whole_at_once_here(
    mv: ModuleType, kind: str, call: Callable, observed: object
) -> None:
    db = opened(mv, BASE)
    db.insert("c", {"id": 1, "n": 5})
    db.register_schema_version("c", BASE, indexes(i=("n", kind)), True)

    observe(mv, lambda: call(db), observed)


def test_rebuilding_finds_what_is_there_twice(mv: ModuleType) -> None:
    db = opened(mv, BASE)
    for n in (1, 2):
        db.insert("c", {"id": n, "n": 5})
    unique = indexes(u=("n", "unique"))

    taken = Raises("ModelVaultSchemaError", "schema error: row 2 of 'c' is against it: another row")
    observe(mv, lambda: db.register_schema_version("c", BASE, unique, True), Differs(2, taken))
    observe(mv, lambda: db.rebuild_indexes("c"), Differs(TWICE, None))
    assert db.collection("c").gte_where("id", 0).order_by("id").all() == [
        {"id": 1, "n": 5}, {"id": 2, "n": 5},
    ]  # fmt: skip


def test_an_index_that_comes_back_is_whole_here(mv: ModuleType) -> None:
    by_n = indexes(i=("n", "index"))
    db = opened(mv, BASE, by_n)
    db.insert("c", {"id": 1, "n": 5})
    db.register_schema_version("c", BASE)
    db.delete("c", 1)
    db.insert("c", {"id": 2, "n": 5})
    db.register_schema_version("c", BASE, by_n)

    lost = Raises(
        "ModelVaultSchemaError", 'schema error: index "i" on collection 1 references missing row'
    )
    observe(mv, db.collection("c").where("n", 5).all, Differs(lost, [{"id": 2, "n": 5}]))


MISSING_R = Raises("ModelVaultValidationError", "validation error at r: missing field")


@pytest.mark.parametrize(
    ("after", "observed"),
    [
        ([], Differs(MISSING_R, {"id": 1, "n": 5, "r": "x"})),
        (["checkpoint"], {"id": 1, "n": 5, "r": "x"}),
        (["compact"], {"id": 1, "n": 5, "r": "x"}),
    ],
)
def test_the_documented_migration_leaves_a_file_that_opens(
    mv: ModuleType, after: list[str], observed: object, tmp_path: Path
) -> None:
    path = str(tmp_path / "x.mv")
    db = mv.Database.open(path)
    db.register_collection("c", BASE, "id")
    db.insert("c", {"id": 1, "n": 5})
    db.register_schema_version("c", WIDE, force=True)
    db.backfill_top_level_field("c", "r", "x")
    for name in after:
        getattr(db, name)()
    del db

    observe(mv, lambda: mv.Database.open(path).get("c", 1), observed)

"""Schema versions: what is safe, what must be forced, and that a file stays whole after it."""

import json
from pathlib import Path

import pytest
from modelvault_schemas import fields, indexes, nested, opened, optional

from nacre_adapters.modelvault import Database, ModelVaultSchemaError

BASE = fields(id="int64", n="int64")


def plan(fields_json: str, indexes_json: str | None = None, *, base: str = BASE) -> object:
    db = opened(base, indexes(i=("n", "index")))
    return db.plan_schema_version("c", fields_json, indexes_json)


def breaking(reason: str) -> dict[str, object]:
    return {"change": "breaking", "reason": reason, "steps": []}


@pytest.mark.parametrize(
    ("fields_json", "indexes_json", "expected"),
    [
        (BASE, None, {"change": "safe", "steps": []}),
        (BASE, indexes(j=("n", "index")), {"change": "safe", "steps": []}),
        (fields(id="int64", x=optional("string"), n="int64"), None,
         {"change": "safe", "steps": []}),
        (fields(id="int64"), None, breaking('field removed: ["n"]')),
        (fields(id="int64", n=("int64", {"min_i64": 1})), None,
         breaking('constraints changed for field ["n"]')),
        (fields(id="int64", n=optional("int64")), None, breaking('type changed for field ["n"]')),
        (fields(id="int64", n="float64"), None, breaking('type changed for field ["n"]')),
        (fields(n="int64", id="int64"), None,
         breaking("field reorder breaks positional record encoding")),
        (fields(id="int64", n="int64", r="string"), None,
         {"change": "needs_migration", "reason": 'new required field ["r"] needs backfill',
          "steps": ["backfill_top_level_field:r"]}),
        (nested((["id"], "int64"), (["n"], "int64"), (["m", "x"], "int64")), None,
         {"change": "needs_migration", "reason": 'new required field ["m", "x"] needs backfill',
          "steps": ["backfill_field_at_path:m.x"]}),
        (BASE, indexes(i=("n", "unique")), breaking('index changed: "i"')),
        (BASE, indexes(i=("id", "index")), breaking('index changed: "i"')),
        (BASE, indexes(k=("n", "unique")),
         {"change": "needs_migration", "steps": ["rebuild_indexes"],
          "reason": 'new unique index "k" needs rebuild/validation'}),
    ],
)  # fmt: skip
def test_a_plan_says_what_a_change_takes(
    fields_json: str, indexes_json: str | None, expected: object
) -> None:
    assert plan(fields_json, indexes_json) == expected


def test_an_enum_may_grow_and_not_shrink() -> None:
    base = fields(id="int64", n={"enum": ["a", "b"]})

    assert plan(fields(id="int64", n={"enum": ["c", "b", "a"]}), base=base) == {
        "change": "safe",
        "steps": [],
    }
    assert plan(fields(id="int64", n={"enum": ["a"]}), base=base) == breaking(
        'type changed for field ["n"]'
    )


def test_a_safe_change_shows_none_in_old_rows_and_builds_indexes() -> None:
    db = opened(BASE)
    db.insert("c", {"id": 1, "n": 5})

    wider = fields(id="int64", x=optional("string"), n="int64")
    assert db.register_schema_version("c", wider, indexes(i=("n", "index"))) == 2
    assert db.register_schema_version(name="c", fields_json=wider) == 3

    assert db.get("c", 1) == {"id": 1, "n": 5, "x": None}
    assert db.collection("c").where("n", 5).all() == [{"id": 1, "n": 5, "x": None}]


def test_what_is_not_safe_must_be_forced() -> None:
    db = opened(BASE)

    with pytest.raises(ModelVaultSchemaError, match=r"^schema error: migration required: new req"):
        db.register_schema_version("c", fields(id="int64", n="int64", r="string"))
    with pytest.raises(ModelVaultSchemaError, match=r"^schema error: incompatible schema change"):
        db.register_schema_version("c", fields(id="int64", n="string"))
    with pytest.raises(ModelVaultSchemaError, match=r'must retain top-level primary field "id"'):
        db.register_schema_version("c", fields(n="int64"), None, True)
    with pytest.raises(ModelVaultSchemaError, match=r"must retain the type of the primary field"):
        db.register_schema_version("c", fields(id="string", n="int64"), force=True)


def test_a_forced_field_is_absent_until_it_is_backfilled() -> None:
    db = opened(BASE)
    db.insert("c", {"id": 1, "n": 5})
    required = fields(id="int64", n="int64", r="string")

    assert db.register_schema_version("c", required, force=True) == 2
    assert db.get("c", 1) == {"id": 1, "n": 5}
    assert db.collection("c").all(["r"]) == [{}]
    db.insert("c", {"id": 2, "n": 6, "r": "own"})
    db.backfill_top_level_field("c", "r", "x")

    assert [row["r"] for row in db.collection("c").all()] == ["x", "own"]
    assert db.plan_schema_version("c", required) == {"change": "safe", "steps": []}


def test_a_forced_field_at_a_path_is_backfilled() -> None:
    pairs = [(["id"], "int64"), (["m", "x"], "int64")]
    db = opened(nested(*pairs))
    db.insert("c", {"id": 1, "m": {"x": 1}})
    db.register_schema_version("c", nested(*pairs, (["m", "z"], "int64")), force=True)

    db.backfill_field_at_path(name="c", path=["m", "z"], value=4)

    assert db.get("c", 1) == {"id": 1, "m": {"x": 1, "z": 4}}


def test_a_backfill_names_what_there_is() -> None:
    db = opened(BASE)

    with pytest.raises(ValueError, match=r'^unknown field "zz"$'):
        db.backfill_top_level_field("c", "zz", 1)
    with pytest.raises(ValueError, match=r'^unknown field path \["q", "r"\]$'):
        db.backfill_field_at_path("c", ["q", "r"], 1)
    with pytest.raises(TypeError):
        db.backfill_field_at_path("c", "n", 1)
    with pytest.raises(TypeError):
        db.backfill_top_level_field("c", "n", "x")
    for call in (db.rebuild_indexes, lambda name: db.backfill_top_level_field(name, "n", 1)):
        with pytest.raises(ModelVaultSchemaError, match=r"unknown collection name"):
            call("zz")


def test_old_rows_show_what_was_forced_away_until_they_are_written() -> None:
    db = opened(fields(id="int64", n="int64", gone="string"), indexes(i=("n", "index")))
    db.insert("c", {"id": 1, "n": 5, "gone": "g"})

    db.register_schema_version("c", fields(id="int64", n="string"), force=True)
    assert db.get("c", 1) == {"gone": "g", "id": 1, "n": 5}
    with pytest.raises(TypeError):
        db.insert("c", {"id": 2, "n": 5})
    db.insert("c", {"id": 1, "n": "five"})

    assert db.get("c", 1) == {"id": 1, "n": "five"}


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


def test_a_dropped_index_may_come_back() -> None:
    db = opened(BASE, indexes(i=("n", "index")))
    db.insert("c", {"id": 1, "n": 5})
    db.register_schema_version("c", BASE)
    db.delete("c", 1)
    db.insert("c", {"id": 2, "n": 5})

    db.register_schema_version("c", BASE, indexes(i=("n", "index")))

    assert db.collection("c").where("n", 5).all() == [{"id": 2, "n": 5}]


def test_a_changed_index_finds_right_rows_at_once() -> None:
    db = opened(fields(id="int64", n="int64", m="int64"), indexes(i=("n", "index")))
    db.insert("c", {"id": 1, "n": 5, "m": 7})
    schema = fields(id="int64", n="int64", m="int64")

    db.register_schema_version("c", schema, indexes(i=("m", "index")), force=True)

    assert db.collection("c").where("m", 7).all() == [{"id": 1, "m": 7, "n": 5}]
    assert db.collection("c").where("m", 5).all() == []
    assert json.loads(schema)

"""Arguments: what is missing, by which name, and numbers that are no numbers of Python."""

import asyncio
import enum
import json
from collections.abc import Callable

import pytest
from modelvault_schemas import fields, opened, optional

from nacre_adapters.modelvault import (
    AsyncDatabase,
    Database,
    ModelVaultFormatError,
    ModelVaultTransactionError,
)

SCHEMA = fields(id="int64", n=optional("int64"), l={"list": "int64"})


class Few(enum.IntEnum):
    TWO = 2


@pytest.fixture
def db() -> Database:
    made = opened(SCHEMA)
    for n in range(4):
        made.insert("c", {"id": n, "l": [3 - n]})
    return made


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (lambda db: db.insert("c"), "row"),
        (lambda db: db.insert(row={}), "collection_name"),
        (lambda db: db.get("c"), "pk"),
        (lambda db: db.delete("c"), "pk"),
        (lambda db: db.register_schema_version("c"), "fields_json"),
        (lambda db: db.plan_schema_version("c"), "fields_json"),
        (lambda db: db.backfill_top_level_field("c"), "value"),
        (lambda db: db.backfill_top_level_field("c", "n"), "value"),
        (lambda db: db.backfill_top_level_field("c", value=1), "field"),
        (lambda db: db.backfill_field_at_path("c", ["n"]), "value"),
        (lambda db: db.backfill_field_at_path("c", value=1), "path"),
    ],
)
def test_what_is_missing_is_a_typeerror(
    db: Database, call: Callable[[Database], object], missing: str
) -> None:
    with pytest.raises(TypeError, match=f"missing 1 required argument: '{missing}'"):
        call(db)


def test_what_is_missing_is_said_at_the_call_of_what_is_awaited() -> None:
    async def work() -> None:
        db = await AsyncDatabase.open_in_memory()
        for call in (db.insert, db.get, db.delete):
            with pytest.raises(TypeError, match="missing 1 required"):
                call("c")

    asyncio.run(work())


def test_a_limit_is_any_integer(db: Database) -> None:
    query = db.collection("c").order_by("id")

    assert len(query.limit(Few.TWO).all()) == 2
    assert len(query.limit(True).all()) == 1
    with pytest.raises(OverflowError):
        query.limit(1 << 64)


def test_an_order_by_a_list_is_that_of_the_key_and_reverses(db: Database) -> None:
    ordered = db.collection("c").order_by("l")
    assert [row["id"] for row in ordered.all()] == [0, 1, 2, 3]
    reverse = db.collection("c").order_by("l", desc=True)
    assert [row["id"] for row in reverse.all()] == [3, 2, 1, 0]


def test_what_is_selected_is_in_the_order_of_names(db: Database) -> None:
    (row,) = db.collection("c").where("id", 1).all(["n", "l", "id"])

    assert list(row) == ["id", "l", "n"]


@pytest.mark.parametrize(
    "constraint",
    ['{"min_f64": NaN}', '{"min_f64": 1e400}', '{"max_f64": -Infinity}',
     '{"max_f64": ' + "9" * 400 + "}", '{"min_u64": -1}', '{"min_length": -1}',
     '{"max_i64": 9223372036854775808}', '{"max_length": 1.5}'],
)  # fmt: skip
def test_bounds_that_no_file_of_the_original_has_are_refused(db: Database, constraint: str) -> None:
    said = '[{"path": ["id"], "type": "int64", "constraints": [' + constraint + "]}]"

    with pytest.raises(ValueError, match=r"out of range|unknown constraint shape"):
        db.register_collection("other", said, "id")
    assert db.collection_names() == ["c"]


def test_a_checkpoint_is_for_outside_of_a_transaction(db: Database) -> None:
    with db.transaction(), pytest.raises(ModelVaultTransactionError):
        db.checkpoint()


@pytest.mark.parametrize("content", [b"x", b"x" * 64, b"\0" * 10_000])
def test_what_is_no_snapshot_is_said_without_naming_our_copy(content: bytes) -> None:
    with pytest.raises(ModelVaultFormatError) as raised:
        Database.open_snapshot_bytes(content)

    message = str(raised.value)
    assert message.startswith("format error: ")
    assert message.count("format error") == 1
    assert "/" not in message


def test_a_recovery_is_text() -> None:
    with pytest.raises(TypeError, match="argument 'recovery'"):
        Database.open("x", recovery=3)  # type: ignore[arg-type]


def test_numbers_as_json_writes_them_are_bounds(db: Database) -> None:
    said = json.loads(SCHEMA)
    said[1]["constraints"] = [{"min_i64": -(1 << 63)}, {"max_i64": (1 << 63) - 1}]

    assert db.register_collection("other", json.dumps(said), "id") == (2, 1)

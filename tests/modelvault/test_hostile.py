"""Hostile values and text: refused with an error of the interface, and nothing of them is kept."""

import datetime
import decimal
import itertools
import random
import uuid
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from modelvault_schemas import fields, indexes, opened, optional

from nacre_adapters.modelvault import Database, dbapi

REFUSED = (ValueError, TypeError, OverflowError, AttributeError, ZeroDivisionError)
KINDS = {
    "b": "bool", "u": "uint64", "f": "float64", "s": "string", "y": "bytes", "g": "uuid",
    "t": "timestamp", "l": {"list": "int64"}, "e": {"enum": ["x"]},
    "o": {"object": [{"path": ["a"], "type": "int64"}]},
    "d": {"list": {"object": [{"path": ["a"], "type": {"optional": {"list": "string"}}}]}},
}  # fmt: skip


class Raising:
    """Raises whatever it is asked."""

    def __index__(self) -> int:
        raise ZeroDivisionError

    def __float__(self) -> float:
        raise ZeroDivisionError

    def __eq__(self, _: object) -> bool:
        raise ZeroDivisionError

    __hash__ = None  # type: ignore[assignment]


class Vast:
    def __index__(self) -> int:
        return 10**30


class Lying(dict[str, object]):
    def keys(self) -> object:  # type: ignore[override]
        return []

    def get(self, *_: object) -> object:  # type: ignore[override]
        raise ZeroDivisionError


class Text(str):
    __slots__ = ()

    def encode(self, *_: object) -> bytes:  # type: ignore[override]
        raise ZeroDivisionError

    def isascii(self) -> bool:
        return True


def hostile_values() -> list[object]:
    endless: list[object] = []
    endless.append(endless)
    own: dict[str, object] = {}
    own["a"] = own
    zone = datetime.timezone(datetime.timedelta(hours=23))
    return [
        None, True, 0, -1, 1 << 63, 1 << 64, 10**400, 1.5, float("nan"), float("inf"), -0.0, "",
        "x", "\0", "\ud800", "a" * 100_000, Text("\ud800"), b"", b"\0" * 16, bytearray(b"x"),
        memoryview(b"abcd")[::2], [], [1], [None], endless, own, {}, {"a": 1}, {"a": None}, {1: 1},
        Lying(a=1), (1,), {1}, range(3), Raising(), Vast(), object(), type, uuid.UUID(int=0),
        "urn:uuid:" + "0" * 32, datetime.datetime.min, datetime.datetime.max.replace(tzinfo=zone),
        datetime.datetime.min.replace(tzinfo=zone), datetime.date.min, decimal.Decimal("sNaN"),
        decimal.Decimal("1e999"), 1j, np.int64(5), np.float64("nan"), np.array([1]), pd.NaT, pd.NA,
        [{"a": ["\ud800"]}], [{"a": [None]}], [[[]]], iter([1]), ..., NotImplemented,
    ]  # fmt: skip


@pytest.fixture
def db() -> Database:
    schema = fields(id="int64", **{name: optional(kind) for name, kind in KINDS.items()})
    return opened(schema, indexes(**{name: (name, "index") for name in "bufsygte"}))


@pytest.mark.parametrize("name", KINDS)
def test_a_value_is_taken_and_given_back_or_refused(db: Database, name: str) -> None:
    for number, value in enumerate(hostile_values()):
        try:
            db.insert("c", {"id": number, name: value})
        except REFUSED:
            assert db.get("c", number) is None
        else:
            given = db.get("c", number)
            assert given is not None
            db.insert("c", given)
            assert repr(db.get("c", number)) == repr(given)
        for ask in ("where", "lt_where", "gte_where", "in_where"):
            try:
                getattr(db.collection("c"), ask)(name, value).all()
            except REFUSED:
                continue
    assert db.handle.vault.verify().is_clean


def test_every_argument_may_be_anything(db: Database) -> None:
    before = db.collection_names()
    query = db.collection("c")
    calls = [
        lambda value: db.get("c", value),
        lambda value: db.get(value, 1),
        lambda value: db.insert("c", value),
        lambda value: db.insert("c", {"id": 1, value: 1}),
        lambda value: db.register_collection(value, "[]", "id"),
        lambda value: db.register_collection("z", value, "id"),
        lambda value: db.register_collection("z", "[]", value),
        lambda value: db.plan_schema_version("c", "[]", value),
        lambda value: db.backfill_top_level_field("c", value, 1),
        lambda value: db.backfill_field_at_path("c", value, 1),
        lambda value: query.where(value, 1),
        query.order_by,
        query.limit,
        query.all,
        lambda value: query.where("id", 1).or_where(value),
        Database.open_snapshot_bytes,
    ]

    for call, value in itertools.product(calls, hostile_values()):
        try:
            call(value)  # type: ignore[arg-type]
        except REFUSED:
            continue

    assert db.collection_names() == before
    assert db.collection("c").count() == 0


def test_sql_text_may_be_anything(db: Database, tmp_path: Path) -> None:
    chosen = random.Random(7)
    words = [
        "select", "from", "where", "order", "by", "limit", "and", "or", "(", ")", "?", "=", "<",
        "<=", "*", ",", ".", "id", "s", "c", "o.a", "1", "9" * 30, "\u0663", "x'", "--", ";", "é",
        "\0", "\ud800", "/*", "desc", "'", '"', "\u2028",
    ]  # fmt: skip
    db.export_snapshot(tmp_path / "x.mv")

    with dbapi.connect(tmp_path / "x.mv") as connection:
        cursor = connection.cursor()
        for number in range(3000):
            made = " ".join(chosen.choices(words, k=chosen.randint(1, 12)))
            sql = made if number % 2 else f"select * from c where {made}"
            values = chosen.choices(hostile_values(), k=sql.count("?"))
            try:
                cursor.execute(sql, values)
            except (dbapi.Error, *REFUSED):
                continue
        cursor.execute("select id from c")
        assert cursor.fetchall() == []

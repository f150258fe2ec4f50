"""Every type comes back as it was, through every way in; what would not is refused."""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal, NewType
from uuid import UUID

import pytest

from nacre_adapters.tenants import Database, Host, Table, UnknownColumn, WrongType, register_table

Email = NewType("Email", str)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    S = 1
    L = 2


class Everything:
    id: int
    text: str | None
    number: float
    flag: bool
    raw: bytes
    day: date
    moment: datetime
    price: Decimal
    key: UUID
    color: Color
    size: Size
    tags: list[str]
    facts: dict[str, int]
    anything: Any
    choice: Literal["a", "b"]
    email: Email


VALUES = {
    "text": ["", "é", "a\0b", "it's", "'; --"],
    "number": [0.0, -1.5, 1e300, float("inf")],
    "flag": [True, False],
    "raw": [b"", b"\x00\xff"],
    "day": [date(1, 1, 1), date(2024, 2, 29)],
    "moment": [
        datetime(2024, 1, 1),
        datetime(2024, 1, 1, 12, 30, 5, 123),
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=5))),
    ],
    "price": [Decimal("1.10"), Decimal("1E+3"), Decimal("-0.001")],
    "key": [UUID(int=0), UUID(int=1 << 127)],
    "color": [Color.RED],
    "size": [Size.L],
    "tags": [[], ["a", "b"]],
    "facts": [{}, {"a": 1, "b": [1, {"c": None}]}],
    "anything": [1, "x", [1], {"a": 2}, 2.5, True],
    "choice": ["a"],
    "email": ["a@x"],
}


@pytest.fixture
def table(host: Host) -> Table:
    return register_table(host.get_or_create("acme"), Everything, "everything")


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(table: Table, name: str) -> None:
    for value in VALUES[name]:
        inserted = table.insert({name: value})

        found = table[inserted.id]
        assert getattr(found, name) == value
        assert type(getattr(found, name)) is type(value)
        assert found == inserted == table.update(id=found.id, **{name: value})
    assert getattr(table.insert({name: None, "id": 99}), name) is None


def test_the_types_are_known_without_the_class(table: Table, host: Host) -> None:
    table.insert(day=date(2024, 1, 1), key=UUID(int=1), price="1.5")

    row = host.get("acme")["everything"][1]

    assert (row["day"], row["key"], row["price"]) == (date(2024, 1, 1), UUID(int=1), Decimal("1.5"))


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("id", "7", 7),
        ("id", 7.0, 7),
        ("number", 3, 3.0),
        ("number", "3.5", 3.5),
        ("text", 5, "5"),
        ("text", 5.0, "5.0"),
        ("text", date(2024, 1, 1), "2024-01-01"),
        ("flag", 1, True),
        ("day", "2024-01-01", date(2024, 1, 1)),
        ("moment", "2024-01-01 12:00", datetime(2024, 1, 1, 12)),
        ("price", 2, Decimal(2)),
        ("price", 0.1, Decimal("0.1")),
        ("key", str(UUID(int=5)), UUID(int=5)),
        ("color", "red", Color.RED),
        ("tags", ("a",), ["a"]),
    ],
)
def test_what_can_be_kept_without_loss_is(
    table: Table, name: str, given: object, kept: object
) -> None:
    inserted = table.insert({"text": "x", name: given})

    assert getattr(inserted, name) == getattr(table[inserted.id], name) == kept


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("id", "notint"),
        ("id", 3.7),
        ("id", 1 << 63),
        ("number", "x"),
        ("number", float("nan")),
        ("number", (1 << 53) + 1),
        ("text", b"x"),
        ("text", "\ud800"),
        ("text", ["x"]),
        ("flag", 2),
        ("flag", "yes"),
        ("raw", "x"),
        ("day", "soon"),
        ("day", datetime(2024, 1, 1)),
        ("moment", 5),
        ("price", "x"),
        ("price", Decimal("NaN")),
        ("key", "x"),
        ("facts", {"a": object()}),
        ("facts", {"a": 1 << 70}),
    ],
)
def test_what_would_not_come_back_is_refused_and_named(
    table: Table, name: str, given: object
) -> None:
    with pytest.raises(WrongType, match=name):
        table.insert({"text": "x", name: given})
    with pytest.raises(UnknownColumn):
        table.insert({"text": "x", "nope": given})

    assert len(table) == 0


def test_a_key_of_another_type_is_not_there(table: Table) -> None:
    table.insert(text="x")

    assert "1" in table
    for key in ("x", 1.5, object(), b"1", [], (1, 2), slice(1)):
        assert key not in table


def test_an_annotation_that_is_no_type_is_refused(host: Host) -> None:
    class Odd:
        id: int
        it: complex

    with pytest.raises(Exception, match="'it' has the annotation"):
        register_table(host.get_or_create("acme"), Odd, "odd")


def test_sql_sees_dates_as_text_and_decimals_as_numbers(host: Host) -> None:
    db: Database = host.get_or_create("acme")
    table = register_table(db, Everything, "everything")
    table.insert(day="2024-05-06", moment=datetime(2024, 5, 6, 7, tzinfo=UTC), price="10")

    assert len(table("day like '2024-05-%' and moment >= '2024-05-06 07:00' and price > 9.5")) == 1

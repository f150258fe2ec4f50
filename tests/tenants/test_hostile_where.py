"""Expressions and values that are made to hurt: an answer or an error, before long."""

import sqlite3
from decimal import Decimal

import pytest

from nacre_adapters.tenants import BadExpression, Host, Table, WrongType

DIGITS = "1" * 5000


class Item:
    id: int
    text: str
    price: Decimal
    real: float
    raw: bytes


@pytest.fixture
def items(host: Host) -> Table:
    table = host.get_or_create("acme").create(Item, name="items")
    table.insert(text="a" * 60, price="1.5", real=2, raw=b"x")
    table.insert(text=DIGITS, price="1E+400", real=1e308)
    return table


@pytest.mark.parametrize(
    "where",
    [
        "id = 1e", "id = 1²", "substr(text)", "replace(text, 'a')", "instr(text)",
        "coalesce(id)", "x'6' = raw", "id = 1 /*", "id = {{1}}", "id = {% x %}", "text = 'a' 'b'",
        "text = N'a'", "text like any ('a')", "id between symmetric 2 and 1", "main.items.id = 1",
        "id = 0b1", "char(97) = text", ["id = 1"], {"id": 1}, b"id = 1",
        "not (" * 150 + "1" + ")" * 150,
        "(" * 400 + "1" + ")" * 400,
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_an_error_of_ours(items: Table, where: object) -> None:
    with pytest.raises(BadExpression):
        items(where)


@pytest.mark.parametrize("asked", [{"order_by": ["id"]}, {"select": ["id"]}, {"limit": 1.5}])
def test_what_is_no_text_or_count_is_refused(items: Table, asked: dict[str, object]) -> None:
    with pytest.raises(BadExpression):
        items(**asked)


@pytest.mark.parametrize("count", [1 << 70, "x", b"1", [1], Decimal("NaN"), Decimal("1E+99999999")])
def test_counts_that_are_none_are_refused(items: Table, count: object) -> None:
    for name in ("limit", "offset"):
        with pytest.raises(BadExpression):
            items(**{name: count})


def test_the_largest_counts_are_counts(items: Table) -> None:
    largest = (1 << 63) - 1

    assert len(items(limit=largest, offset=1)) == 1
    assert len(items("length(text) > 0", limit=largest, offset=1)) == 1
    assert items(limit=largest, offset=largest) == []


@pytest.mark.parametrize("operator", ["like", "glob"])
def test_a_pattern_of_many_wildcards_ends(items: Table, operator: str) -> None:
    sign = "%" if operator == "like" else "*"

    assert items(f"text {operator} ?", [f"a{sign}" * 30 + "b"]) == []
    assert len(items(f"text {operator} ?", [f"a{sign}" * 30 + "a"])) == 1


@pytest.mark.parametrize(
    "pattern",
    [
        "%", "%%", "", "a", "a%", "%a", "%ab%", "a%b", "a%b%a", "_%b", "%_b%_", "%b%b", "%ab%ab",
        "a%a", "%a_%", "_", "__%__", "%ba%b_", "ab%%ba", "%aab", "b%ab",
    ],
)  # fmt: skip
def test_wildcards_match_what_they_match_in_sqlite(pattern: str) -> None:
    from nacre_adapters.tenants.sql.patterns import glob_pattern, like_pattern  # noqa: PLC0415

    texts = [format(n, f"0{size}b").replace("0", "a").replace("1", "b")
             for size in range(1, 7) for n in range(1 << size)]  # fmt: skip
    database = sqlite3.connect(":memory:")
    glob = pattern.replace("%", "*").replace("_", "?")

    for found, operator, written in (
        (like_pattern(pattern), "like", pattern), (glob_pattern(glob), "glob", glob),
    ):  # fmt: skip
        for text in ["", *texts]:
            ((wanted,),) = database.execute(f"select ? {operator} ?", [text, written])
            assert (found.fullmatch(text) is not None) == bool(wanted), (text, written)


def test_expressions_do_not_take_all_memory(items: Table) -> None:
    bomb = "replace(" * 12 + "text" + ", 'a', 'aaaaaaaaaa')" * 12

    with pytest.raises(BadExpression, match="a text of"):
        items(f"{bomb} = 'x'", limit=1)
    with pytest.raises(BadExpression, match="a text of"):
        items("hex(" * 25 + "text" + ")" * 25 + " = 'x'", limit=1)


def test_numbers_of_any_size_are_compared(items: Table) -> None:
    for where, args in (
        ("id = ?", [DIGITS]),
        ("id = ?", [Decimal("1E+400")]),
        ("id + 0 = ?", [Decimal("1E+400")]),
        ("real = ?", [Decimal("1E+400")]),
        ("price = ?", [float("nan")]),
        ("price = ?", [Decimal("NaN")]),
        ("price > ?", [Decimal("Infinity")]),
        (f"id = {DIGITS}", None),
    ):
        assert items(where, args) == [], where
    assert len(items("text + 0 > 1e300")) == 1
    assert len(items("price < ?", [Decimal("Infinity")])) == 2
    for size in ("1E+99999999", "-1E-99999999"):
        with pytest.raises(BadExpression, match="no number to reckon with"):
            items("id = ?", [Decimal(size)])


def test_a_calculation_without_a_result_says_so(items: Table) -> None:
    with pytest.raises(BadExpression, match="no result"):
        items(" * ".join([":x"] * 128) + " > 1", x=Decimal("1E+9999"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", DIGITS),
        ("id", Decimal("1E+99999999")),
        ("id", Decimal("NaN")),
        ("id", Decimal("sNaN")),
        ("real", Decimal("NaN")),
        ("real", Decimal("1E+400")),
    ],
)
def test_numbers_that_no_column_holds_are_refused(items: Table, name: str, value: object) -> None:
    with pytest.raises(WrongType, match=name):
        items.insert({name: value, "text": "x"})

    assert len(items) == 2


def test_a_key_of_thousands_of_digits_is_not_there(items: Table) -> None:
    for key in (DIGITS, Decimal("1E+99999999"), Decimal("NaN"), float("inf"), 1 << 70):
        assert key not in items

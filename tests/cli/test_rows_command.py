"""`nacre rows` and `nacre sql`: what they list, find, show of the past, and refuse."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

import nacre
from nacre.cli.program import program
from nacre.errors import InvalidInput, NotFound

KINDS = {
    "id": "int64", "ok": "bool", "size": "float64", "city": "string", "raw": "bytes",
    "who": "uuid", "at": "timestamp", "local": "datetime", "day": "date", "price": "decimal",
    "address": {"object": {"zip": "string?"}}, "more": "json?",
}  # fmt: skip
WHO = "12345678-1234-5678-1234-567812345678"


def row(number: int) -> dict[str, object]:
    return {
        "id": number,
        "ok": number % 2 == 0,
        "size": number / 2,
        "city": "Bern, BE" if number % 2 else "Oslo",
        "raw": bytes([number]),
        "who": UUID(int=number) if number else UUID(WHO),
        "at": datetime(2026, 1, 1 + number, tzinfo=UTC),
        "local": datetime(2026, 1, 1 + number),
        "day": date(2026, 1, 1 + number),
        "price": Decimal(number),
        "address": {"zip": str(number)},
    }


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """The place of a vault with thirty rows, five of them since the last commit."""
    with nacre.open(tmp_path / "v", actor="ana") as vault:
        made = vault.rows.create("things", KINDS, key="id", indexes=["city"])
        made.insert_many([row(number) for number in range(25)])
        made.insert_many([row(number) for number in range(25, 30)])
    return tmp_path / "v"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(program, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def found(town: Path, *where: str) -> list[int]:
    conditions = [part for text in where for part in ("--where", text)]
    output = run("rows", town, "things", *conditions, "--limit", 100, "--json")
    return [each["id"] for each in json.loads(output)]


def test_collections_are_listed(town: Path) -> None:
    (listed,) = json.loads(run("rows", town, "--json"))

    assert (listed["name"], listed["rows"], listed["key"]) == ("things", 30, ["id"])
    assert listed["indexes"] == ["city"]
    assert "things" in run("rows", town)


def test_more_rows_than_are_shown_are_mentioned(town: Path) -> None:
    output = run("rows", town, "things", "--order-by", "id desc")

    assert output.splitlines()[1].split()[0] == "29"
    assert len(output.splitlines()) == 22
    assert output.splitlines()[-1] == "there are more: raise --limit"


CONDITIONS = {
    "id >= 28": [28, 29],
    "id<2": [0, 1],
    "id in 3, 5": [3, 5],
    "id not in 1": [0, *range(2, 30)],
    "size = 1.5": [3],
    'city in "Bern, BE"': list(range(1, 30, 2)),
    "city prefix Os": list(range(0, 30, 2)),
    "raw = 07": [7],
    f"who = {WHO}": [0],
    "at > 2026-01-29T00:00:00Z": [29],
    "local <= 2026-01-02": [0, 1],
    "day = 2026-01-03": [2],
    "price < 2.5": [0, 1, 2],
    "address.zip = 9": [9],
    "more is not null": [],
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_is_read_by_the_type_of_its_field(text: str, town: Path) -> None:
    assert found(town, text) == CONDITIONS[text]


def test_all_conditions_must_hold(town: Path) -> None:
    assert found(town, "ok = true", "id < 4", "more is null") == [0, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id", "is not understood: write a field"),
        ("id = x", "'id' takes an integer, not 'x'"),
        ("ok = 1", "'ok' takes true or false"),
        ("day = soon", "takes an ISO 8601 date"),
        ("more is null 3", "'is null' takes no value"),
        ("price = x", "'price' takes a number"),
        ("more = {", "'more' takes JSON"),
    ],
)
def test_a_condition_that_is_not_understood_is_refused(text: str, said: str, town: Path) -> None:
    with pytest.raises(InvalidInput, match=said):
        found(town, text)


def test_a_field_that_there_is_not_is_named(town: Path) -> None:
    with pytest.raises(NotFound, match="there is no field 'nope'"):
        found(town, "nope = 1")


def test_conditions_need_a_collection(town: Path) -> None:
    assert "need the NAME" in run("rows", town, "--where", "id = 1")


def test_rows_are_shown_as_they_were(town: Path) -> None:
    before = json.loads(run("rows", town, "--at", 2, "--json"))
    asked = run("sql", town, "select count(*) as n from things", "--at", 2, "--json")

    assert before[0]["rows"] == 25
    assert json.loads(asked) == {"columns": ["n"], "rows": [[25]]}


def test_sql_keeps_columns_of_the_same_name(town: Path) -> None:
    query = "select id as a, city as a from things where id < 2 order by id"

    assert json.loads(run("sql", town, query, "--json")) == {
        "columns": ["a", "a"],
        "rows": [[0, "Oslo"], [1, "Bern, BE"]],
    }
    assert run("sql", town, query).splitlines()[1:] == ["0  Oslo", "1  Bern, BE"]


def test_sql_that_finds_nothing_prints_the_columns(town: Path) -> None:
    assert run("sql", town, "select id from things where id < 0").split() == ["id"]

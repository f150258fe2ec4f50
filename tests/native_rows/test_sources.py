"""Rows and schemas of other libraries: pandas, Polars, pydantic, Arrow, dataclasses."""

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from people_rows import create_people, is_whole, person

import nacre
from nacre.errors import InvalidInput


@pytest.fixture
def vault(tmp_path):
    with nacre.open(tmp_path / "v") as opened:
        yield opened


@pytest.fixture
def people(vault):
    return create_people(vault)


WANTED = [person("p1", 40), person("p2", None, "Rome")]
COLUMNS = {"id": ["p1", "p2"], "age": [40, None], "city": ["Oslo", "Rome"]}


def test_a_pandas_frame_is_loaded_and_given_back(people):
    frame = pd.DataFrame(COLUMNS).astype({"age": "Int64"})

    assert people.bulk_load(frame) == 2
    assert people.all() == WANTED
    back = people.order_by("id").to("pandas")
    assert back["id"].tolist() == ["p1", "p2"]
    assert back["age"].isna().tolist() == [False, True]


def test_a_polars_frame_is_loaded_and_given_back(people):
    polars = pytest.importorskip("polars")

    people.bulk_load(polars.DataFrame(COLUMNS))

    assert people.all() == WANTED
    assert people.to_frame("polars").to_dicts() == WANTED


def test_an_arrow_table_in_chunks_and_a_generator_are_loaded(people):
    table = pa.table(COLUMNS, schema=pa.schema({"id": "string", "age": "int32", "city": "string"}))

    people.bulk_load(pa.concat_tables([table.slice(0, 1), table.slice(1)]))
    people.bulk_upsert({**row, "city": "Bern"} for row in WANTED)

    assert [row["city"] for row in people] == ["Bern", "Bern"]


def test_pydantic_models_are_schemas_and_rows(vault):
    pydantic = pytest.importorskip("pydantic")

    class Address(pydantic.BaseModel):
        city: str
        since: date | None = None

    class Person(pydantic.BaseModel):
        id: str
        home: Address
        age: int | None = None
        tags: list[str] = pydantic.Field(default_factory=list)
        rank: int = 3

    kept = vault.rows.create("kept", Person, key="id", indexes=["home.city"])
    kept.insert(Person(id="a", home=Address(city="Oslo", since=date(2020, 1, 2)), tags=["x"]))
    kept.bulk_load([Person(id="b", home=Address(city="Rome"), age=4)])
    kept.upsert(Person(id="a", home=Address(city="Bern")))

    assert [Person(**row) for row in kept] == [
        Person(id="a", home=Address(city="Bern")),
        Person(id="b", home=Address(city="Rome"), age=4),
    ]
    assert kept.where("home.city", "=", "Bern").count() == 1


def test_dataclasses_nest_and_enums_are_their_values(vault):
    class Size(Enum):
        SMALL = "s"
        LARGE = "l"

    @dataclasses.dataclass
    class Part:
        name: str
        price: Decimal

    @dataclasses.dataclass
    class Order:
        id: int
        at: datetime | None
        size: Size
        parts: list[Part]

    kept = vault.rows.create("kept", Order, key="id", indexes=["size"])
    row = {
        "id": 1,
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "size": "l",
        "parts": [{"name": "a", "price": Decimal("1.50")}],
    }
    kept.insert(Order(1, row["at"], Size.LARGE, [Part("a", Decimal("1.50"))]))

    assert kept.all() == [row]
    with pytest.raises(InvalidInput, match="is none of"):
        kept.update(1, size="xl")


def test_the_constraints_of_a_model_hold_for_every_row(vault):
    pydantic = pytest.importorskip("pydantic")

    class Ticket(pydantic.BaseModel):
        id: str = pydantic.Field(pattern="^t", max_length=4)
        age: Annotated[int, pydantic.Field(ge=0, le=150)] | None = None
        rank: int = pydantic.Field(1, ge=1)
        kind: Literal["adult", "child"] = "adult"

    tickets = vault.rows.create("tickets", Ticket, key="id")
    tickets.insert(Ticket(id="t1"))
    tickets.bulk_load([{"id": "t2", "rank": 2, "kind": "child"}])

    for wrong in (
        {"id": "x"},
        {"id": "t3", "rank": 0},
        {"id": "t3", "kind": "dog"},
        {"id": "t3", "age": -1},
    ):
        with pytest.raises(InvalidInput, match="the field"):
            tickets.insert(wrong)
    assert [row["kind"] for row in tickets] == ["adult", "child"]


def test_categories_of_polars_are_text(people):
    polars = pytest.importorskip("polars")
    kinds = polars.Series(["Oslo", "Rome", "Oslo"], dtype=polars.Categorical)
    people.bulk_load(polars.DataFrame({"id": ["a", "b", "c"], "city": kinds}))

    assert [row["city"] for row in people] == ["Oslo", "Rome", "Oslo"]


def test_numpy_numbers_are_numbers(people):
    people.insert({"id": "p1", "age": np.int32(7), "city": str(np.str_("Oslo"))})

    assert people["p1"]["age"] == 7
    assert type(people["p1"]["age"]) is int
    assert people.where(age=np.int64(7)).count() == 1


REFUSED = [
    ({"id": ["p1"], "age": [1.5], "city": ["x"]}, "age"),
    ({"id": ["p1"], "city": [None]}, "city"),
    ({"id": ["p1"]}, "city"),
    ({"id": ["p1"], "city": ["x"], "shoe": [1]}, "shoe"),
    ({"id": [1], "city": ["x"]}, "id"),
    ({"id": [None], "city": ["x"]}, "id"),
    ({"id": ["p1", "p1"], "city": ["x", "y"]}, "p1"),
]


@pytest.mark.parametrize(("columns", "named"), REFUSED)
def test_columns_that_do_not_fit_are_refused_by_name(vault, people, columns, named):
    for table in (pa.table(columns), pd.DataFrame(columns)):
        with pytest.raises(InvalidInput, match=named):
            people.bulk_load(table)

    assert people.count() == 0
    assert is_whole(vault)

"""Random instances and patches come to the same on both, whatever the class is made with."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType
from typing import Annotated, Optional

import pytest
from modelvault_observed import outcome
from pydantic import BaseModel

from nacre_adapters import modelvault as ours

CALLS = 60
TIMES = [datetime(2020, 1, 1, tzinfo=UTC),
         datetime(2021, 5, 5, 1, 2, 3, 456, tzinfo=timezone(timedelta(hours=2)))]  # fmt: skip


@dataclass
class DataPart:
    a: int
    b: str | None = None
    numbers: list[int] = field(default_factory=list)


class PydanticPart(BaseModel):
    a: int
    b: str | None = None
    numbers: list[int] = []


def dataclass_for(mv: ModuleType) -> tuple[type, type]:
    @dataclass
    class Thing:
        __modelvault_primary_key__ = "id"
        __modelvault_indexes__ = [mv.models.index("s"), mv.models.unique("u")]  # noqa: RUF012
        id: int
        s: str
        u: int | None = None
        key: uuid.UUID | None = None
        at: datetime | None = None
        part: DataPart | None = None
        parts: list[DataPart] = field(default_factory=list)
        c: Annotated[int, mv.models.constrained(min_i64=0)] = 0

    return Thing, DataPart


def pydantic_for(mv: ModuleType) -> tuple[type, type]:
    class Thing(BaseModel):
        __modelvault_primary_key__ = "id"
        __modelvault_indexes__ = [mv.models.index("s"), mv.models.unique("u")]
        id: int
        s: str
        u: int | None = None
        key: uuid.UUID | None = None
        at: Optional[datetime] = None  # noqa: UP045 - the original fails with `|`
        part: PydanticPart | None = None
        parts: list[PydanticPart] = []
        c: Annotated[int, mv.models.constrained(min_i64=0)] = 0

    return Thing, PydanticPart


def part(chosen: random.Random) -> dict[str, object]:
    numbers = [chosen.randint(0, 2) for _ in range(chosen.randint(0, 2))]
    return {"a": chosen.randint(0, 3), "b": chosen.choice([None, "x"]), "numbers": numbers}


def values(chosen: random.Random) -> dict[str, object]:
    return {
        "id": chosen.randint(0, 5), "s": chosen.choice(["", "a", "é"]),
        "u": chosen.choice([None, None, 1, 2]), "key": chosen.choice([None, uuid.UUID(int=3)]),
        "at": chosen.choice([None, *TIMES]), "part": chosen.choice([None, part(chosen)]),
        "parts": [part(chosen) for _ in range(chosen.randint(0, 2))],
        "c": chosen.choice([0, 1, -1]),
    }  # fmt: skip


def patch(chosen: random.Random) -> dict[str, object]:
    every = values(chosen)
    found = {name: every[name] for name in chosen.sample(list(every), chosen.randint(0, 3))}
    parts = [{"a": 9}, {"b": "q"}, {"numbers": [7]}, {"zz": 1}, None, {"a": "x"}, {}]
    return found | chosen.choice([{}, {}, {"part": chosen.choice(parts)}, {"nope": 1}, {"s": 3}])


class Side:
    """A collection of one of the two."""

    def __init__(self, mv: ModuleType, classes: tuple[type, type]) -> None:
        self.db = mv.Database.open_in_memory()
        self.thing, self.part = classes
        self.stored = mv.models.collection(self.db, self.thing)

    def instance(self, given: dict[str, object]) -> object:
        made = None if given["part"] is None else self.part(**given["part"])
        parts = [self.part(**each) for each in given["parts"]]
        return self.thing(**{**given, "part": made, "parts": parts})

    def ids(self, path: str, value: object, order: str, *, desc: bool) -> list[int]:
        found = self.stored.where(path, value).order_by(order, desc=desc).all()
        return [each.id for each in found]


def call(chosen: random.Random, sides: list[Side]) -> list[object]:
    """Return what a call comes to on both sides."""
    kind = chosen.choice(["insert"] * 3 + ["update"] * 3 + ["replace", "delete", "ask"])
    key = chosen.randint(0, 6)
    given, changes = values(chosen), patch(chosen)
    path, value = chosen.choice([("id", key), ("s", "a"), ("u", 1), ("c", 1), ("part.a", 2)])
    order, desc = chosen.choice(["id", "s", "at", "part.a"]), chosen.random() < 0.5
    calls = {
        "insert": lambda side: side.stored.insert(side.instance(given)),
        "update": lambda side: side.stored.update(key, changes),
        "replace": lambda side: side.stored.update(key, side.instance(given)),
        "delete": lambda side: side.stored.delete(key),
        "ask": lambda side: side.ids(path, value, order, desc=desc),
    }
    return [outcome(lambda side=side: calls[kind](side)) for side in sides]


@pytest.mark.parametrize("make", [dataclass_for, pydantic_for])
@pytest.mark.parametrize("seed", range(6))
def test_random_instances_come_to_the_same(make: object, seed: int) -> None:
    original, chosen = pytest.importorskip("modelvault"), random.Random(seed)
    sides = [Side(mv, make(mv)) for mv in (original, ours)]

    for _ in range(CALLS):
        there, here = call(chosen, sides)
        assert repr(there) == repr(here) or (
            isinstance(there, Exception)
            and type(there).__name__ in {kind.__name__ for kind in type(here).__mro__}
            and str(here).startswith(str(there))
        ), (there, here)
        rows = [sorted(map(repr, side.db.collection("things").all())) for side in sides]
        assert rows[0] == rows[1]

"""Enumerations, dataclasses and named tuples come back for whoever names them."""

import dataclasses
import enum
from typing import NamedTuple

import pytest
from frames.payloads import CountingPayloads

from nacre.errors import CorruptionError, InvalidInput
from nacre_adapters.flowstore.codecs import Codecs, NotStorable


class Color(enum.Enum):
    RED = 1
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: float
    label: str


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    number: int
    color: Color
    points: tuple[Point, ...]


@dataclasses.dataclass
class Loose:
    number: int


KNOWN = [Color, Level, Rights, Point, Order, Loose]
VALUES = [
    Color.BLUE,
    Level.LOW,
    Rights.READ,
    Rights.READ | Rights.WRITE,
    Point(1.5, "a"),
    Order(7, Color.RED, (Point(-0.0, "b"),)),
    {Color.RED: [Loose(1)]},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_an_object_of_a_known_class_comes_back(value) -> None:
    codecs = Codecs(CountingPayloads(), classes=KNOWN)

    back = codecs.decode(codecs.encode(value))

    assert type(back) is type(value)
    assert back == value


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_an_unknown_class_is_refused_and_told_how_to_name_it(value) -> None:
    with pytest.raises(NotStorable, match=r"name it with classes=\["):
        Codecs(CountingPayloads()).encode(value)


def test_the_reader_says_which_classes_there_are() -> None:
    payloads = CountingPayloads()
    stored = Codecs(payloads, classes=KNOWN).encode(Color.RED)

    with pytest.raises(CorruptionError, match=r"test_own_classes.Color.*classes="):
        Codecs(payloads).decode(stored)


@dataclasses.dataclass
class Counting:
    number: int

    def __post_init__(self):
        self.number += 1


@dataclasses.dataclass
class Needing:
    number: int
    other: dataclasses.InitVar[int]


@dataclasses.dataclass
class Listed(list):
    number: int = 1


class Doubled(NamedTuple("Pair", [("a", int), ("b", int)])):
    def __new__(cls, a):
        return super().__new__(cls, a, 2 * a)


class Noted(NamedTuple("One", [("a", int)])):
    pass


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Counting(1), "makes another number of it"),
        (Needing(1, 2), "cannot be made of its fields"),
        (Listed(5), "is also something else"),
    ],
    ids=repr,
)
def test_what_its_class_would_make_another_of_is_refused(value, why: str) -> None:
    with pytest.raises(NotStorable, match=why):
        Codecs(CountingPayloads(), classes=[type(value)]).encode(value)


def test_a_named_tuple_comes_back_past_its_constructor() -> None:
    codecs = Codecs(CountingPayloads(), classes=[Doubled])

    back = codecs.decode(codecs.encode(Doubled(3)))

    assert type(back) is Doubled
    assert back == (3, 6)


def test_an_attribute_beside_the_items_is_refused() -> None:
    value = Noted(1)
    value.extra = 2

    with pytest.raises(NotStorable, match="its attribute extra"):
        Codecs(CountingPayloads(), classes=[Noted]).encode(value)


@pytest.mark.parametrize(
    "node", [["named-tuple", "Order", 1], ["dataclass", "Point", 1, 2], ["enum", "Point", "x"]]
)
def test_a_class_of_another_kind_is_damage(node) -> None:
    tag, name, *parts = node
    codecs = Codecs(CountingPayloads(), classes=KNOWN)
    stored = codecs.encode(Point(1.5, "a")).to_data()
    stored["content"] = {tag: [f"{Point.__module__}.{name}", *parts]}

    with pytest.raises(CorruptionError):
        codecs.decode(stored)


def test_an_attribute_beside_the_fields_is_refused() -> None:
    value = Loose(1)
    value.extra = 2

    with pytest.raises(NotStorable, match="its attribute extra"):
        Codecs(CountingPayloads(), classes=KNOWN).encode(value)


def test_a_member_that_is_gone_is_said() -> None:
    payloads = CountingPayloads()
    stored = Codecs(payloads, classes=[Color]).encode(Color.RED).to_data()
    stored["content"] = {"enum": [f"{Color.__module__}.Color", "GREEN"]}

    with pytest.raises(CorruptionError, match="no member 'GREEN'"):
        Codecs(payloads, classes=[Color]).decode(stored)


def test_what_is_no_class_cannot_be_named() -> None:
    with pytest.raises(InvalidInput, match="which is no class"):
        Codecs(CountingPayloads(), classes=["Color"])

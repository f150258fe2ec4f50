"""Rows: what each type takes and gives back, and what is said of everything else."""

import array
import enum
import math
import time
import types
import uuid
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe, opened
from modelvault_schemas import fields, nested, optional

U = uuid.UUID(int=5)
ENUM = {"enum": ["a", "b"]}
PARTS = {"object": [{"path": ["a"], "type": "int64"}, {"path": ["b"], "type": optional("int64")}]}
TIMES = Raises(
    "ValueError", "timestamp field expects int64 (Unix microseconds) or datetime.datetime"
)


class Number(enum.IntEnum):
    SEVEN = 7


class Word(enum.StrEnum):
    A = "a"


class Index:
    def __index__(self) -> int:
        return 7


class Text(str):
    __slots__ = ()


class Numbers(list):
    pass


class Row(dict):
    pass


class Moment(datetime):
    pass


def type_error(message: str) -> Raises:
    return Raises("TypeError", message)


def no(kind: str, wanted: str) -> Raises:
    return type_error(f"'{kind}' object is not an instance of '{wanted}'")


def stored(mv: ModuleType, kind: object, value: object) -> object:
    db = opened(mv, fields(id="int64", v=kind))
    db.insert("c", {"id": 1, "v": value})
    return db.get("c", 1)["v"]


NO_INTEGER = "object cannot be interpreted as an integer"
LARGE = Raises("OverflowError", "Python int too large to convert to C long")
OUTSIDE = Raises("OverflowError", "out of range integral type conversion attempted")
UUID_TEXT = Raises("ValueError", "badly formed hexadecimal UUID string")


@pytest.mark.parametrize(
    ("kind", "value", "observed"),
    [
        ("bool", True, True), ("bool", False, False), ("bool", 1, no("int", "bool")),
        ("bool", None, type_error("'None' is not an instance of 'bool'")),
        ("int64", 5, 5), ("int64", True, 1), ("int64", Number.SEVEN, 7), ("int64", Index(), 7),
        ("int64", -(2**63), -(2**63)), ("int64", 2**63, LARGE),
        ("int64", 1.0, type_error(f"'float' {NO_INTEGER}")),
        ("int64", Decimal(1), type_error(f"'decimal.Decimal' {NO_INTEGER}")),
        ("int64", "1", type_error(f"'str' {NO_INTEGER}")),
        ("int64", None, type_error(f"'NoneType' {NO_INTEGER}")),
        ("uint64", 2**64 - 1, 2**64 - 1), ("uint64", True, 1), ("uint64", Index(), 7),
        ("uint64", -1, Raises("OverflowError", "can't convert negative int to unsigned")),
        ("uint64", 2**64, Raises("OverflowError", "int too big to convert")),
        ("float64", 3, 3.0), ("float64", True, 1.0), ("float64", Decimal("1.5"), 1.5),
        ("float64", math.nan, math.nan), ("float64", -math.inf, -math.inf), ("float64", -0.0, -0.0),
        ("float64", Index(), 7.0), ("float64", "1", type_error("must be real number, not str")),
        ("float64", None, type_error("must be real number, not NoneType")),
        ("float64", datetime(2020, 1, 1), type_error("must be real number, not datetime.datetime")),
        ("string", "a\0é", "a\0é"), ("string", Text("x"), "x"), ("string", Word.A, "a"),
        ("string", 1, no("int", "str")), ("string", b"x", no("bytes", "str")),
        ("string", None, type_error("'None' is not an instance of 'str'")),
        ("string", "\ud800", Raises("UnicodeEncodeError", "'utf-8' codec can't encode character "
                                    "'\\ud800' in position 0: surrogates not allowed")),
        ("bytes", b"x", b"x"), ("bytes", bytearray(b"ab"), b"ab"),
        ("bytes", memoryview(b"ab"), b"ab"),
        ("bytes", [1, 255], b"\x01\xff"), ("bytes", (1,), b"\x01"), ("bytes", range(3), b"\0\1\2"),
        ("bytes", array.array("B", [1]), b"\x01"), ("bytes", deque([1]), b"\x01"),
        ("bytes", "x", type_error("Can't extract `str` to `Vec`")),
        ("bytes", 1, no("int", "Sequence")), ("bytes", {1}, no("set", "Sequence")),
        ("bytes", [256], OUTSIDE), ("bytes", [-1], OUTSIDE),
        ("bytes", ["a"], type_error(f"'str' {NO_INTEGER}")),
        ("uuid", U, U), ("uuid", U.bytes, U), ("uuid", bytearray(U.bytes), U), ("uuid", str(U), U),
        ("uuid", U.hex, U), ("uuid", f"{{{U}}}", U), ("uuid", f"urn:uuid:{U}", U),
        ("uuid", [0] * 15 + [5], U), ("uuid", "x", UUID_TEXT), ("uuid", "", UUID_TEXT),
        ("uuid", b"x", Raises("ValueError", "uuid must be 16 bytes")),
        ("uuid", 1, Raises("AttributeError", "'int' object has no attribute 'replace'")),
        ("uuid", None, type_error(
            "one of the hex, bytes, bytes_le, fields, or int arguments must be given")),
        ("timestamp", -5, -5), ("timestamp", True, 1),
        ("timestamp", datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC), 1_000_005),
        ("timestamp", Moment(1970, 1, 2, tzinfo=UTC), 86_400_000_000),
        ("timestamp", datetime(1970, 1, 1, 5, tzinfo=timezone(timedelta(hours=5))), 0),
        ("timestamp", datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), -1),
        ("timestamp", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
         Differs(253402300800000000, 253402300799999999)),
        ("timestamp", datetime(1, 1, 1, tzinfo=UTC), -62135596800000000),
        ("timestamp", datetime(1, 1, 1), Differs(
            Raises("ValueError", "year 0 is out of range"),
            Raises("ValueError", "datetime.datetime(1, 1, 1, 0, 0) is no time of this place"))),
        ("timestamp", "2020", TIMES), ("timestamp", 1.5, TIMES), ("timestamp", 2**63, TIMES),
        ("timestamp", date(2020, 1, 1), TIMES), ("timestamp", None, TIMES),
        (ENUM, "a", "a"), (ENUM, Word.A, "a"),
        (ENUM, 1, Raises("ValueError", "expected string for enum")),
        (ENUM, "A", Raises("ModelVaultValidationError",
                           'validation error at v: enum value must be one of ["a", "b"]')),
    ],
)  # fmt: skip
def test_a_type_takes_and_gives(
    mv: ModuleType, kind: object, value: object, observed: object
) -> None:
    observe(mv, lambda: stored(mv, kind, value), observed)


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The local time is that of New York."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_york")
def test_a_time_without_a_zone_is_local(mv: ModuleType) -> None:
    assert stored(mv, "timestamp", datetime(1970, 1, 1)) == 5 * 3600 * 1_000_000


@pytest.mark.parametrize(
    ("kind", "value", "observed"),
    [
        (optional("int64"), None, None), (optional(optional("int64")), 1, 1),
        ({"list": "int64"}, [1, 2], [1, 2]), ({"list": "int64"}, Numbers([1]), [1]),
        ({"list": optional("int64")}, [None, 1], [None, 1]),
        ({"list": "int64"}, (1,), Raises("ValueError", "expected list for list type")),
        ({"list": "int64"}, {1}, Raises("ValueError", "expected list for list type")),
        ({"list": "int64"}, [None], type_error(f"'NoneType' {NO_INTEGER}")),
        (PARTS, {"a": 1}, {"a": 1, "b": None}), (PARTS, Row(b=2, a=1), {"a": 1, "b": 2}),
        (PARTS, [], Raises("ValueError", "expected dict for object type")),
        (PARTS, {}, Raises("ValueError", 'missing object field "a"')),
        (PARTS, {"z": 1}, Raises("ValueError", 'missing object field "a"')),
        (PARTS, {"a": 1, "z": 1}, Raises("ValueError", 'unknown field in object: "z"')),
        (PARTS, {"a": None}, Raises("ValueError", 'unexpected None for required field "a"')),
        (PARTS, {"a": 1, 2: 3}, no("int", "str")),
        (PARTS, {"a": "x", "z": 1}, type_error(f"'str' {NO_INTEGER}")),
        ({"object": []}, {}, {}),
    ],
)  # fmt: skip
def test_what_is_inside_is_taken_as_the_whole(
    mv: ModuleType, kind: object, value: object, observed: object
) -> None:
    observe(mv, lambda: stored(mv, kind, value), observed)


MISSING_S = Raises("ModelVaultValidationError", "validation error at s: missing field")
NO_KEY = Raises("ModelVaultSchemaError", 'schema error: insert row missing primary key field "id"')


@pytest.mark.parametrize(
    ("row", "observed"),
    [
        ({"id": 1, "s": "x"}, None),
        (Row(id=1, s="x", o=None), None),
        ([], type_error("argument 'row': 'list' object is not an instance of 'dict'")),
        (None, type_error("argument 'row': 'None' is not an instance of 'dict'")),
        (types.MappingProxyType({"id": 1, "s": "x"}), type_error(
            "argument 'row': 'mappingproxy' object is not an instance of 'dict'")),
        ({"id": 1, "zz": 2}, Raises("ValueError", 'unknown field "zz"')),
        ({"id": 1, 2: 2}, no("int", "str")),
        ({"id": 1, None: 2}, type_error("'None' is not an instance of 'str'")),
        ({"id": 1}, MISSING_S), ({"s": "x"}, NO_KEY), ({}, NO_KEY),
        ({"id": None, "s": "x"}, type_error(f"'NoneType' {NO_INTEGER}")),
        ({"id": "x", "s": 3}, type_error(f"'str' {NO_INTEGER}")),
    ],
)  # fmt: skip
def test_a_row_is_taken_or_refused(mv: ModuleType, row: object, observed: object) -> None:
    db = opened(mv, fields(id="int64", s="string", o=optional("int64")))

    observe(mv, lambda: db.insert("c", row), observed)
    assert db.get("c", 1) == ({"id": 1, "o": None, "s": "x"} if observed is None else None)


def test_a_row_comes_back_fresh_and_in_order_and_is_replaced_whole(mv: ModuleType) -> None:
    db = opened(mv, fields(z=optional("int64"), id="int64", a=PARTS))

    db.insert("c", {"z": 1, "id": 2, "a": {"b": 2, "a": 1}})
    found = db.get("c", 2)
    assert (list(found), list(found["a"])) == (["a", "id", "z"], ["a", "b"])
    found["a"].clear()
    assert db.get("c", 2) == {"a": {"a": 1, "b": 2}, "id": 2, "z": 1}
    db.insert("c", {"id": 2, "a": {"a": 5}})
    assert db.get("c", 2) == {"a": {"a": 5, "b": None}, "id": 2, "z": None}


TREE = nested((["id"], "int64"), (["m", "x"], "int64"), (["m", "y"], optional("string")))


@pytest.mark.parametrize(
    ("row", "observed"),
    [
        ({"id": 2, "m": {"x": 1}}, None),
        ({"id": 2, "m": {}}, Raises("ValueError", 'missing field "x"')),
        ({"id": 2}, Raises("ModelVaultSchemaError",
                           'schema error: insert row missing field "m.x"')),
        ({"id": 2, "m": {"x": 1, "q": 2}}, Raises("ValueError", 'unknown field in object: "q"')),
        ({"id": 2, "m": None}, Raises("ValueError", "expected dict for nested object")),
        ({"id": 2, "m": 3}, Raises("ValueError", "expected dict for nested object")),
        ({"id": 2, "m": {"x": 1, 3: 4}}, no("int", "str")),
        ({"m": {"x": 1}}, NO_KEY),
        ({"id": 2, "zz": 1, "m": {"x": 1}}, Raises("ValueError", 'unknown field "zz"')),
    ],
)  # fmt: skip
def test_a_row_of_paths_is_nested(mv: ModuleType, row: object, observed: object) -> None:
    db = opened(mv, TREE)

    observe(mv, lambda: db.insert("c", row), observed)
    if observed is None:
        assert db.get("c", 2) == {"id": 2, "m": {"x": 1, "y": None}}


@pytest.mark.parametrize(
    ("pairs", "row", "name"),
    [
        ([(["a", "b"], optional("int64")), (["a", "c", "d"], optional("int64"))], {"a": {}}, "a.c"),
        ([(["m", "x"], "int64"), (["ob"], PARTS)], {"m": {"x": 1}, "ob": {"a": 2}}, "ob.a"),
    ],
)
def test_paths_and_objects_may_be_given_in_part_and_together(
    mv: ModuleType, pairs: list[object], row: dict[str, object], name: str
) -> None:
    db = opened(mv, nested((["id"], "int64"), *pairs))
    odd = Raises("ModelVaultSchemaError", f'schema error: insert row has unknown field "{name}"')

    observe(mv, lambda: db.insert("c", {"id": 1, **row}), Differs(odd, None))


@pytest.mark.parametrize(
    ("kind", "key", "observed"),
    [
        ("bool", True, True), ("int64", -5, -5), ("uint64", 2**64 - 1, 2**64 - 1),
        ("string", "", ""), ("string", "é", "é"), ("bytes", b"", b""),
        ("uuid", U, U), ("timestamp", -1, -1), ("float64", 0.5, 0.5),
        *(("float64", key, Raises("ModelVaultValidationError", "validation error: primary key "
                                  "float must be finite (not NaN or infinity)"))
          for key in (math.nan, math.inf, -math.inf)),
    ],
)  # fmt: skip
def test_any_primitive_is_a_key(mv: ModuleType, kind: str, key: object, observed: object) -> None:
    db = opened(mv, fields(id=kind))

    def work() -> object:
        db.insert("c", {"id": key})
        return db.get("c", key)["id"]

    observe(mv, work, observed)


def test_both_zeros_are_one_key(mv: ModuleType) -> None:
    db = opened(mv, fields(id="float64", n="int64"))

    db.insert("c", {"id": 0.0, "n": 1})
    db.insert("c", {"id": -0.0, "n": 2})
    assert [row["n"] for row in db.collection("c").all()] == [2]
    assert db.get("c", 0.0)["n"] == 2


@pytest.mark.parametrize(
    ("kind", "key", "observed"),
    [
        ("int64", 9, None), ("float64", math.nan, None), ("float64", math.inf, None),
        ("int64", "x", type_error(f"'str' {NO_INTEGER}")),
        ("int64", None, type_error(f"'NoneType' {NO_INTEGER}")),
        ("string", 1, no("int", "str")), ("uuid", "x", UUID_TEXT), ("int64", 2**63, LARGE),
    ],
)  # fmt: skip
def test_a_key_of_another_type_is_no_missing_row(
    mv: ModuleType, kind: str, key: object, observed: object
) -> None:
    db = opened(mv, fields(id=kind))

    observe(mv, lambda: db.get("c", key), observed)
    observe(mv, lambda: db.delete("c", key), observed)


@pytest.mark.parametrize(
    ("value", "observed"),
    [
        ("x" * (16 << 20), None),
        ("x" * 17_000_000, Raises("ModelVaultFormatError", "format error: invalid catalog payload: "
                                  "field length 17000000 exceeds maximum 16777216")),
    ],
    ids=["16 MiB", "more"],
)  # fmt: skip
def test_a_text_has_a_largest_length(mv: ModuleType, value: str, observed: object) -> None:
    db = opened(mv, fields(id="int64", v="string"))

    observe(mv, lambda: db.insert("c", {"id": 1, "v": value}), observed)


ORDER = fields(id="float64", a=("int64", {"min_i64": 0}), b="string", e={"enum": ["x"]})
NO_B = Raises("ModelVaultValidationError", "validation error at b: missing field")
LOW = Raises("ModelVaultValidationError", "validation error at a: value -1 is below minimum 0")
NO_ENUM = Raises(
    "ModelVaultValidationError", 'validation error at e: enum value must be one of ["x"]'
)
ENDLESS = Raises("ModelVaultValidationError", "validation error: primary key float must be finite "
                 "(not NaN or infinity)")  # fmt: skip


@pytest.mark.parametrize(
    ("row", "observed"),
    [
        ({"zz": 1, "id": "x"}, Raises("ValueError", 'unknown field "zz"')),
        ({"id": "x", "zz": 1}, type_error("must be real number, not str")),
        ({"b": 3, "id": "x"}, no("int", "str")),
        ({"e": 3, "a": "x"}, Raises("ValueError", "expected string for enum")),
        ({"a": "x", 1: 2}, type_error(f"'str' {NO_INTEGER}")),
        ({"a": -1, "b": "x", "e": "z"}, NO_KEY),
        ({"id": math.inf, "a": 1}, ENDLESS),
        ({"id": math.inf, "a": -1, "b": "x", "e": "z"}, ENDLESS),
        ({"id": 1.0, "a": -1, "b": 3, "e": "z"}, no("int", "str")),
        ({"id": 1.0, "e": "z", "a": -1}, LOW),
        ({"id": 1.0, "e": "z", "a": 1}, NO_B),
        ({"id": 1.0, "e": "z", "a": 1, "b": "x"}, NO_ENUM),
    ],
)  # fmt: skip
def test_of_several_wrong_things_the_same_one_is_said(
    mv: ModuleType, row: dict[object, object], observed: object
) -> None:
    db = opened(mv, ORDER)

    observe(mv, lambda: db.insert("c", row), observed)


@pytest.mark.parametrize(
    ("row", "observed"),
    [
        ({"m": {}}, Raises("ValueError", 'missing field "x"')),
        ({"m": {"y": 1, "x": "q"}}, type_error(f"'str' {NO_INTEGER}")),
        ({"m": {"q": 1, "x": 1}}, Raises("ValueError", 'unknown field in object: "q"')),
        ({"m": {"x": 1}, "id": "q"}, type_error(f"'str' {NO_INTEGER}")),
        ({"m": 3, "id": "q"}, Raises("ValueError", "expected dict for nested object")),
        ({"id": "q", "m": 3}, type_error(f"'str' {NO_INTEGER}")),
    ],
)
def test_of_several_wrong_things_inside_the_same_one_is_said(
    mv: ModuleType, row: dict[str, object], observed: object
) -> None:
    db = opened(mv, TREE)

    observe(mv, lambda: db.insert("c", row), observed)

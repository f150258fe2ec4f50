"""What each type takes and gives back, and how it says no."""

import enum
import math
import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from modelvault_schemas import fields, nested, opened, optional

from nacre_adapters.modelvault import (
    ModelVaultFormatError,
    ModelVaultSchemaError,
    ModelVaultValidationError,
)

U = uuid.UUID("12345678123456781234567812345678")


class Word(enum.StrEnum):
    A = "a"


class Number(enum.IntEnum):
    ONE = 1


def stored(said: object, value: object) -> object:
    db = opened(fields(id="int64", v=said))
    db.insert("c", {"id": 1, "v": value})
    row = db.get("c", 1)
    assert row is not None
    return row["v"]


@pytest.mark.parametrize(
    ("said", "value", "expected"),
    [
        ("bool", True, True),
        ("int64", True, 1),
        ("int64", Number.ONE, 1),
        ("int64", -(2**63), -(2**63)),
        ("uint64", 2**64 - 1, 2**64 - 1),
        ("float64", 3, 3.0),
        ("float64", 2**60 + 1, float(2**60)),
        ("float64", Decimal("0.5"), 0.5),
        ("float64", math.inf, math.inf),
        ("string", "a\0é", "a\0é"),
        ("string", Word.A, "a"),
        ("bytes", bytearray(b"x"), b"x"),
        ("bytes", memoryview(b"x"), b"x"),
        ("bytes", [1, 255], b"\x01\xff"),
        ("uuid", U, U),
        ("uuid", U.bytes, U),
        ("uuid", "{" + str(U) + "}", U),
        ("timestamp", -5, -5),
        ("timestamp", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), 1_000_000),
        ("timestamp", datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        ("timestamp", datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC), -62135596799999999),
        ({"enum": ["a", "b"]}, Word.A, "a"),
        (optional("int64"), None, None),
        (optional(optional("int64")), 1, 1),
        ({"list": "uuid"}, [str(U)], [U]),
        ({"list": optional("int64")}, [None, 1], [None, 1]),
        ({"object": [{"path": ["z"], "type": "int64"}, {"path": ["a"], "type": optional("uuid")}]},
         {"z": 1}, {"a": None, "z": 1}),
        ({"object": []}, {}, {}),
    ],
)  # fmt: skip
def test_it_takes_and_gives(said: object, value: object, expected: object) -> None:
    found = stored(said, value)

    assert found == expected
    assert type(found) is type(expected)


def test_a_float_keeps_its_sign_and_nan() -> None:
    assert math.copysign(1, float(str(stored("float64", -0.0)))) == -1
    assert math.isnan(float(str(stored("float64", math.nan))))


@pytest.mark.parametrize(
    ("said", "value", "error", "message"),
    [
        ("bool", 1, TypeError, "'int' object is not an instance of 'bool'"),
        ("int64", 1.0, TypeError, "'float' object cannot be interpreted as an integer"),
        ("int64", "1", TypeError, "'str' object cannot be interpreted as an integer"),
        ("int64", 2**63, OverflowError, "Python int too large to convert to C long"),
        ("uint64", -1, OverflowError, "can't convert negative int to unsigned"),
        ("uint64", 2**64, OverflowError, "int too big to convert"),
        ("float64", "1", TypeError, "must be real number, not str"),
        ("string", 1, TypeError, "'int' object is not an instance of 'str'"),
        ("string", "\ud800", UnicodeEncodeError, "surrogates not allowed"),
        ("bytes", "x", TypeError, "Can't extract `str` to `Vec`"),
        ("bytes", [256], OverflowError, "out of range"),
        ("uuid", "x", ValueError, "badly formed hexadecimal UUID string"),
        ("uuid", b"x", ValueError, "uuid must be 16 bytes"),
        ("uuid", 1, AttributeError, "'int' object has no attribute 'replace'"),
        ("timestamp", "x", ValueError, "timestamp field expects int64 (Unix microseconds) or date"),
        ({"enum": ["a"]}, 1, ValueError, "expected string for enum"),
        ({"enum": ["a", "b"]}, "z", ModelVaultValidationError,
         'validation error at v: enum value must be one of ["a", "b"]'),
        ({"list": "int64"}, (1,), ValueError, "expected list for list type"),
        ({"object": []}, [], ValueError, "expected dict for object type"),
        ({"object": []}, {"z": 1}, ValueError, 'unknown field in object: "z"'),
        ({"object": [{"path": ["a"], "type": "int64"}]}, {}, ValueError,
         'missing object field "a"'),
        ({"object": [{"path": ["a"], "type": "int64"}]}, {"a": None}, ValueError,
         'unexpected None for required field "a"'),
        ("int64", None, TypeError, "'NoneType' object cannot be interpreted as an integer"),
    ],
)  # fmt: skip
def test_it_says_no(said: object, value: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        stored(said, value)

    assert message in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_row_is_a_dict_with_known_names() -> None:
    db = opened(fields(id="int64", s="string", o=optional("int64")))

    with pytest.raises(TypeError, match=r"'list' object is not an instance of 'dict'"):
        db.insert("c", [])
    with pytest.raises(ValueError, match=r'^unknown field "zz"$'):
        db.insert("c", {"id": 1, "zz": 2})
    with pytest.raises(TypeError):
        db.insert("c", {"id": 1, 2: 2})
    with pytest.raises(ModelVaultValidationError, match=r"^validation error at s: missing field$"):
        db.insert("c", {"id": 1})
    with pytest.raises(ModelVaultSchemaError, match=r'row missing primary key field "id"$'):
        db.insert("c", {"s": "x"})
    assert db.collection("c").all() == []


def test_names_of_a_row_are_in_order() -> None:
    db = opened(fields(z="int64", id="int64", a="int64"))

    db.insert("c", {"z": 1, "id": 2, "a": 3})

    assert list(db.get("c", 2) or ()) == ["a", "id", "z"]


def test_parts_of_rows_are_checked_as_the_whole_is() -> None:
    db = opened(nested((["id"], "int64"), (["m", "x"], "int64"), (["m", "y"], optional("string"))))
    with pytest.raises(ValueError, match=r'^missing field "x"$'):
        db.insert("c", {"id": 2, "m": {}})
    with pytest.raises(ModelVaultSchemaError, match=r'insert row missing field "m.x"$'):
        db.insert("c", {"id": 2})
    with pytest.raises(ValueError, match=r'^unknown field in object: "q"$'):
        db.insert("c", {"id": 2, "m": {"x": 1, "q": 2}})
    with pytest.raises(ValueError, match=r"^expected dict for nested object$"):
        db.insert("c", {"id": 2, "m": None})
    db.insert("c", {"id": 1, "m": {"x": 1}})
    assert db.get("c", 1) == {"id": 1, "m": {"x": 1, "y": None}}


def test_objects_and_paths_share_a_schema() -> None:
    inside = {"object": [{"path": ["k"], "type": "int64"}]}
    db = opened(nested((["id"], "int64"), (["m", "x"], "int64"), (["ob"], inside)))

    db.insert("c", {"id": 1, "m": {"x": 1}, "ob": {"k": 2}})

    assert db.get("c", 1) == {"id": 1, "m": {"x": 1}, "ob": {"k": 2}}


@pytest.mark.parametrize("key", [math.nan, math.inf, -math.inf])
def test_a_float_key_is_finite(key: float) -> None:
    db = opened(fields(id="float64"))

    with pytest.raises(ModelVaultValidationError, match=r"primary key float must be finite"):
        db.insert("c", {"id": key})


def test_both_zeros_are_one_key() -> None:
    db = opened(fields(id="float64", n="int64"))

    db.insert("c", {"id": 0.0, "n": 1})
    db.insert("c", {"id": -0.0, "n": 2})

    assert db.collection("c").all() == [{"id": 0.0, "n": 2}]


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        ("bool", [True, False]), ("uint64", [0, 2**64 - 1]), ("string", ["", "x" * 999]),
        ("bytes", [b"", b"\0"]), ("uuid", [U]), ("timestamp", [0, -1]), ("float64", [0.5]),
    ],
)  # fmt: skip
def test_any_primitive_may_be_the_key(said: str, keys: list[object]) -> None:
    db = opened(fields(id=said))

    for key in keys:
        db.insert("c", {"id": key})

    assert all(db.get("c", key) == {"id": key} for key in keys)


def test_limits_are_checked_before_a_row_is_taken() -> None:
    db = opened(fields(id="int64", s=optional("string"), l=optional({"list": "bool"})))

    with pytest.raises(ModelVaultFormatError, match=r"field length 17000000 exceeds maximum"):
        db.insert("c", {"id": 1, "s": "x" * 17_000_000})
    with pytest.raises(ModelVaultFormatError, match=r"entry count 1048577 exceeds maximum 1048576"):
        db.insert("c", {"id": 1, "l": [True] * ((1 << 20) + 1)})
    assert db.collection("c").all() == []


def test_a_row_has_a_size_as_a_whole() -> None:
    db = opened(fields(id="int64", **{f"s{n}": "string" for n in range(5)}))

    with pytest.raises(ModelVaultFormatError, match=r"payload length 75000008 exceeds maximum"):
        db.insert("c", {"id": 1, **{f"s{n}": "x" * 15_000_000 for n in range(5)}})

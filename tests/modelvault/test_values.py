"""Values of the wrong type are both of two errors, and rows are not larger than files may hold."""

import uuid

import pytest
from modelvault_schemas import fields, nested, opened, optional

from nacre_adapters.modelvault import ModelVaultFormatError, ModelVaultValidationError

U = uuid.UUID("12345678123456781234567812345678")


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("int64", "x", TypeError), ("int64", 1 << 63, OverflowError), ("uuid", 1, AttributeError),
        ("string", 1, TypeError), ("bool", 1, TypeError), ("bytes", [256], OverflowError),
        ("float64", None, TypeError),
    ],
)  # fmt: skip
def test_a_wrong_value_is_caught_as_both(kind: str, value: object, error: type[Exception]) -> None:
    db = opened(fields(id="int64", v=kind))

    for caught in (error, ValueError, ModelVaultValidationError):
        with pytest.raises(caught):
            db.insert("c", {"id": 1, "v": value})


def test_objects_and_paths_share_a_schema() -> None:
    inside = {"object": [{"path": ["k"], "type": "int64"}]}
    db = opened(nested((["id"], "int64"), (["m", "x"], "int64"), (["ob"], inside)))

    db.insert("c", {"id": 1, "m": {"x": 1}, "ob": {"k": 2}})

    assert db.get("c", 1) == {"id": 1, "m": {"x": 1}, "ob": {"k": 2}}


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

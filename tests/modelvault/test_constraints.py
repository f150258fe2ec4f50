"""Constraints: each of them counts, and those that mean nothing refuse every row."""

import math

import pytest
from modelvault_schemas import fields, opened, optional

from nacre_adapters.modelvault import Database, ModelVaultValidationError


def database(said: object, *constraints: dict[str, object]) -> Database:
    return opened(fields(id="int64", v=(said, *constraints)))


@pytest.mark.parametrize(
    ("said", "constraint", "good", "bad", "message"),
    [
        ("int64", {"min_i64": 0}, 0, -1, "value -1 is below minimum 0"),
        ("int64", {"max_i64": 5}, 5, 6, "value 6 is above maximum 5"),
        ("uint64", {"min_u64": 3}, 3, 2, "value 2 is below minimum 3"),
        ("uint64", {"max_u64": 3}, 3, 4, "value 4 is above maximum 3"),
        ("float64", {"min_f64": 1.0}, math.nan, 0.5, "value 0.5 is below minimum 1"),
        ("float64", {"max_f64": 1}, 1, 1.5, "value 1.5 is above maximum 1"),
        ("string", {"max_length": 2}, "é", "abc", "string length 3 is above maximum 2"),
        ("string", {"min_length": 2}, "é", "a", "string length 1 is below minimum 2"),
        ("bytes", {"min_length": 2}, b"ab", b"a", "bytes length 1 is below minimum 2"),
        ({"list": "int64"}, {"min_length": 1}, [1], [], "list length 0 is below minimum 1"),
        ("string", {"nonempty": True}, " ", "", "string must be non-empty"),
        ({"list": "int64"}, {"nonempty": True}, [0], [], "list must be non-empty"),
        ("string", {"email": True}, "@.", "a@b", "string is not a valid email shape"),
        ("string", {"url": True}, "http://", "HTTP://A", "string must be an http(s) URL"),
        ("string", {"regex": "b+$"}, "abb", "abb\n", "string does not match regex"),
        ("string", {"regex": r"^\(\d+?\)$"}, "(12)", "12", "string does not match regex"),
        ({"enum": ["a", "bb"]}, {"max_length": 1}, "a", "bb", "string length 2 is above maximum 1"),
        (optional("int64"), {"min_i64": 0}, None, -1, "value -1 is below minimum 0"),
    ],
)
def test_a_bound_is_kept(
    said: object, constraint: dict[str, object], good: object, bad: object, message: str
) -> None:
    db = database(said, constraint)

    db.insert("c", {"id": 1, "v": good})
    with pytest.raises(ModelVaultValidationError) as caught:
        db.insert("c", {"id": 2, "v": bad})

    assert str(caught.value) == f"validation error at v: {message}"
    assert db.get("c", 2) is None


@pytest.mark.parametrize(
    ("said", "constraint", "value", "message"),
    [
        ("int64", {"min_u64": 1}, 5, "MinU64 constraint requires uint64"),
        ("timestamp", {"min_i64": 1}, 5, "MinI64 constraint requires int64"),
        ("int64", {"regex": "a"}, 5, "Regex constraint requires string"),
        ("int64", {"email": True}, 5, "Email constraint requires string"),
        ("int64", {"url": True}, 5, "Url constraint requires string"),
        ("int64", {"min_length": 1}, 5, "MinLength applies to string, bytes, or list"),
        ("int64", {"nonempty": True}, 5, "NonEmpty applies to string, bytes, or list"),
    ],
)
def test_what_means_nothing_for_a_type_refuses_every_value(
    said: object, constraint: dict[str, object], value: object, message: str
) -> None:
    db = database(said, constraint)

    with pytest.raises(ModelVaultValidationError, match=message):
        db.insert("c", {"id": 1, "v": value})


def test_parts_of_objects_in_lists_are_checked_and_named() -> None:
    part = {"path": ["a"], "type": "int64", "constraints": [{"min_i64": 3}]}
    db = database({"list": {"object": [part]}})

    with pytest.raises(ModelVaultValidationError) as caught:
        db.insert("c", {"id": 1, "v": [{"a": 3}, {"a": 2}]})

    assert str(caught.value) == "validation error at v.1.a: value 2 is below minimum 3"


def test_the_first_constraint_that_is_broken_is_reported() -> None:
    db = database("string", {"min_length": 3}, {"email": True})

    with pytest.raises(ModelVaultValidationError, match="length 1 is below"):
        db.insert("c", {"id": 1, "v": "a"})


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a" * 513, "regex pattern length 513 exceeds maximum 512"),
        ("(a", "regex pattern has unbalanced parentheses"),
        ("(a+)+", "regex pattern contains nested quantifiers"),
        (r"(a)\1", "invalid regex in schema"),
        ("[z-a]", "invalid regex in schema"),
        ("(?<=a)b", "invalid regex in schema"),
        (r"\p{Greek}", "invalid regex in schema"),
        ("[a-z&&[^b]", "invalid regex in schema: a class does not end"),
    ],
)
def test_a_pattern_is_refused_when_it_is_registered(pattern: str, message: str) -> None:
    with pytest.raises(ModelVaultValidationError, match=message):
        database("string", {"regex": pattern})

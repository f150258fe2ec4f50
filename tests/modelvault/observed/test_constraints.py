"""Which values keep a constraint, what is said of the others, and which patterns are taken."""

import math
import uuid
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe, opened
from modelvault_schemas import fields, optional

ENUM = {"enum": ["a", "bb"]}
NUMBERS = {"list": "int64"}
PART = {"path": ["a"], "type": "int64", "constraints": [{"min_i64": 3}]}
UNBALANCED = "regex pattern has unbalanced parentheses"
NESTED = "regex pattern contains nested quantifiers"
KEPT = None


def wrong(what: str, *, at: str = "v", more: bool = False) -> Raises:
    return Raises("ModelVaultValidationError", f"validation error at {at}: {what}", more)


def insert(mv: ModuleType, kind: object, constraints: list[object], value: object) -> None:
    opened(mv, fields(id="int64", v=(kind, *constraints))).insert("c", {"id": 1, "v": value})


@pytest.mark.parametrize(
    ("kind", "constraint", "value", "observed"),
    [
        ("int64", {"max_i64": 5}, 5, KEPT),
        ("int64", {"max_i64": 5}, 6, wrong("value 6 is above maximum 5")),
        ("int64", {"min_i64": 0}, -1, wrong("value -1 is below minimum 0")),
        ("uint64", {"min_u64": 3}, 2, wrong("value 2 is below minimum 3")),
        ("uint64", {"max_u64": 3}, 4, wrong("value 4 is above maximum 3")),
        ("float64", {"min_f64": 1.0}, 0.5, wrong("value 0.5 is below minimum 1")),
        ("float64", {"max_f64": 1.5}, 2, wrong("value 2 is above maximum 1.5")),
        ("float64", {"max_f64": 1.5}, math.inf, wrong("value inf is above maximum 1.5")),
        ("float64", {"min_f64": 0.1}, -0.0, wrong("value -0 is below minimum 0.1")),
        ("float64", {"max_f64": 1e-7}, 1e21,
         wrong("value 1000000000000000000000 is above maximum 0.0000001")),
        ("float64", {"min_f64": 1.5}, math.nan, KEPT),
        ("float64", {"max_f64": 1.5}, math.nan, KEPT),
        ("string", {"max_length": 2}, "abc", wrong("string length 3 is above maximum 2")),
        ("string", {"min_length": 2}, "a", wrong("string length 1 is below minimum 2")),
        ("string", {"min_length": 2}, "é", KEPT),
        ("bytes", {"min_length": 2}, b"a", wrong("bytes length 1 is below minimum 2")),
        ("bytes", {"max_length": 2}, b"abc", wrong("bytes length 3 is above maximum 2")),
        (NUMBERS, {"min_length": 1}, [], wrong("list length 0 is below minimum 1")),
        (NUMBERS, {"max_length": 1}, [1, 2], wrong("list length 2 is above maximum 1")),
        ("string", {"nonempty": True}, "", wrong("string must be non-empty")),
        ("string", {"nonempty": True}, " ", KEPT),
        ("bytes", {"nonempty": True}, b"", wrong("bytes must be non-empty")),
        (NUMBERS, {"nonempty": True}, [], wrong("list must be non-empty")),
        ("string", {"email": True}, "@.", KEPT),
        ("string", {"email": True}, ".@", KEPT),
        ("string", {"email": True}, "a@b", wrong("string is not a valid email shape")),
        ("string", {"url": True}, "http://", KEPT),
        ("string", {"url": True}, "https://x", KEPT),
        ("string", {"url": True}, "HTTP://A", wrong("string must be an http(s) URL")),
        ("string", {"url": True}, "ftp://x", wrong("string must be an http(s) URL")),
        ("string", {"regex": "b"}, "abc", KEPT),
        ("string", {"regex": "^b"}, "abc", wrong("string does not match regex")),
        (ENUM, {"max_length": 1}, "bb", wrong("string length 2 is above maximum 1")),
        (ENUM, {"regex": "^a$"}, "bb", wrong("string does not match regex")),
        (ENUM, {"nonempty": True}, "bb", KEPT),
        (ENUM, {"nonempty": True}, "c", wrong('enum value must be one of ["a", "bb"]')),
        ({"enum": []}, {"nonempty": True}, "c", wrong("enum value must be one of []")),
        (optional("int64"), {"min_i64": 3}, None, KEPT),
        (optional("int64"), {"min_u64": 3}, None, KEPT),
        (optional("int64"), {"min_i64": 3}, 2, wrong("value 2 is below minimum 3")),
        (optional("string"), {"nonempty": True}, "", wrong("string must be non-empty")),
    ],
)  # fmt: skip
def test_a_value_keeps_a_constraint_or_not(
    mv: ModuleType, kind: object, constraint: object, value: object, observed: object
) -> None:
    observe(mv, lambda: insert(mv, kind, [constraint], value), observed)


@pytest.mark.parametrize(
    ("kind", "constraint", "value", "message"),
    [
        ("int64", {"min_u64": 1}, 5, "MinU64 constraint requires uint64"),
        ("int64", {"max_u64": 1}, 5, "MaxU64 constraint requires uint64"),
        ("int64", {"min_f64": 1}, 5, "MinF64 constraint requires float64"),
        ("int64", {"max_f64": 1}, 5, "MaxF64 constraint requires float64"),
        ("uint64", {"min_i64": 1}, 5, "MinI64 constraint requires int64"),
        ("timestamp", {"min_i64": 1}, 5, "MinI64 constraint requires int64"),
        ("bool", {"max_i64": 1}, True, "MaxI64 constraint requires int64"),
        ("int64", {"regex": "a"}, 5, "Regex constraint requires string"),
        ("uuid", {"regex": "a"}, uuid.UUID(int=1), "Regex constraint requires string"),
        ("int64", {"email": True}, 5, "Email constraint requires string"),
        ("int64", {"url": True}, 5, "Url constraint requires string"),
        ("int64", {"min_length": 1}, 5, "MinLength applies to string, bytes, or list"),
        ("int64", {"max_length": 1}, 5, "MaxLength applies to string, bytes, or list"),
        ("int64", {"nonempty": True}, 5, "NonEmpty applies to string, bytes, or list"),
        ({"object": []}, {"nonempty": True}, {}, "NonEmpty applies to string, bytes, or list"),
    ],
)
def test_a_constraint_that_means_nothing_fails_each_insert(
    mv: ModuleType, kind: object, constraint: object, value: object, message: str
) -> None:
    observe(mv, lambda: insert(mv, kind, [constraint], value), wrong(message))


@pytest.mark.parametrize(
    ("kind", "constraints", "value", "observed"),
    [
        ("string", [{"min_length": 3}, {"email": True}], "a",
         wrong("string length 1 is below minimum 3")),
        ("string", [{"email": True}, {"min_length": 3}], "a",
         wrong("string is not a valid email shape")),
        ({"object": [PART]}, [], {"a": 2}, wrong("value 2 is below minimum 3", at="v.a")),
        ({"list": {"object": [PART]}}, [], [{"a": 3}, {"a": 2}],
         wrong("value 2 is below minimum 3", at="v.1.a")),
        ({"list": ENUM}, [{"min_length": 5}], ["z"],
         wrong('enum value must be one of ["a", "bb"]', at="v.0")),
        ({"list": {"object": [PART]}}, [{"min_length": 5}], [{"a": 2}],
         wrong("value 2 is below minimum 3", at="v.0.a")),
        (ENUM, [{"regex": "x"}], "z", wrong('enum value must be one of ["a", "bb"]')),
        ({"list": ENUM}, [], ["a", "z"],
         wrong('enum value must be one of ["a", "bb"]', at="v.1")),
        ("int64", [{"min_i64": 1, "max_i64": 5}], 0, wrong("value 0 is below minimum 1")),
        ("int64", [{"min_i64": 1, "max_i64": 5}], 6,
         Differs(KEPT, wrong("value 6 is above maximum 5"))),
    ],
)  # fmt: skip
def test_the_first_that_is_broken_is_named(
    mv: ModuleType, kind: object, constraints: list[object], value: object, observed: object
) -> None:
    observe(mv, lambda: insert(mv, kind, constraints, value), observed)


def refused(what: str, *, more: bool = False) -> Raises:
    return Raises("ModelVaultValidationError", f"validation error: {what}", more)


@pytest.mark.parametrize(
    ("pattern", "observed"),
    [
        ("a" * 512, KEPT),
        ("a" * 513, refused("regex pattern length 513 exceeds maximum 512")),
        ("é" * 257, refused("regex pattern length 514 exceeds maximum 512")),
        ("(a", refused(UNBALANCED)),
        ("((a)", refused(UNBALANCED)),
        ("(a+)+", refused(NESTED)),
        ("(a*)*", refused(NESTED)),
        ("a**", refused(NESTED)),
        *((pattern, KEPT) for pattern in (
            "(a|b)*", "(a)+", "(a+b)+", "a{2,3}", r"\)", "[)]", "")),
        # What the original cannot know to be harmless.
        *((pattern, Differs(refused(UNBALANCED), KEPT)) for pattern in (r"\(", "[(]")),
        *((pattern, Differs(refused(NESTED), KEPT)) for pattern in (
            "a+?", "a*?", r"(\d+)(\.\d+)?", r"\++", "[*+]", "(a?)?")),
        # What then fails each insert there.
        *((pattern, Differs(KEPT, refused(""))) for pattern in (
            "a)", r"(a)\1", "[z-a]", "(?=a)a", "(?<=a)b", "(+)", r"\R", "[", "*")),
        # What only the original knows.
        *((pattern, Differs(KEPT, refused("invalid regex in schema"))) for pattern in (
            r"\p{Greek}", r"\p{Alphabetic}", "(?U)a+", "(?-u)a", "a(?i)b", "$*")),
    ],
)  # fmt: skip
def test_a_pattern_is_registered_or_refused(mv: ModuleType, pattern: str, observed: object) -> None:
    def register() -> None:
        opened(mv, fields(id="int64", v=("string", {"regex": pattern})))

    observe(mv, register, observed)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("b", "abc", True), ("^b", "abc", False), ("b$", "ab", True), ("b$", "ab\n", False),
        (r"\d", "٣", True), (r"\w+", "é", True), ("a.b", "a\nb", False), ("(?s)a.b", "a\nb", True),
        ("(?i)ABC", "abc", True), ("(?i:A)b", "ab", True), ("(?x) a b", "ab", True),
        ("(?m)^b", "a\nb", True), (r"\Aab\z", "ab", True), (r"\Aab\z", "ab\n", False),
        ("(?P<n>a)", "a", True), ("(?<n>a)", "a", True), (r"\x41", "A", True), ("a{2}", "aa", True),
        (r"\bfoo\b", "a foo b", True), ("[]a]", "]", True), ("[^]a]", "b", True),
        (r"[\w-]", "-", True), (r"^\d{3}-\d{4}$", "555-1234", True),
        (r"^[^@]+@[^@]+\.[a-z]+$", "a@b.c", True), ("^.$", "🦪", True), (r"\W", "-", True),
        ("(?m)b$", "b\nx", True), ("(?m)b$", "bx", False), (r"^\p{L}+$", "éa", True),
        (r"\pN", "٣", True), (r"\P{Lu}", "É", False), (r"\p{Letter}", "日", True),
        (r"^[\p{Lu}\d]$", "É", True), ("[[:alpha:]]", "5", False), ("[[:^alpha:]_]", "5", True),
        ("[^][:alpha:]]", "]", False), ("[^][:alpha:]]", "1", True), ("[a-z&&[^b]]", "b", False),
        ("[a-z&&[^b]]", "c", True), ("[a-c--b]", "b", False), ("[a-c~~b-d]", "b", False),
        ("[a-c~~b-d]", "d", True), (r"[\w--\d&&[^a]]", "a", False), (r"[\w--\d&&[^a]]", "b", True),
        (r"\x{1F9AA}|\u{e9}", "🦪", True), (r"[\x{61}-\u{63}]", "b", True), ("[&~a-]", "~", True),
    ],
)  # fmt: skip
def test_a_pattern_is_looked_for_anywhere(
    mv: ModuleType, pattern: str, value: str, matches: bool
) -> None:
    observe(
        mv,
        lambda: insert(mv, "string", [{"regex": pattern}], value),
        KEPT if matches else wrong("string does not match regex"),
    )

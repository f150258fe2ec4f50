"""Patterns that the original refuses, and what is said of those that cannot be read."""

import pytest
from modelvault_schemas import fields, opened

from nacre_adapters.modelvault import Database, ModelVaultValidationError


def database(pattern: str) -> Database:
    return opened(fields(id="int64", v=("string", {"regex": pattern})))


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^\(\d+?\)$", "(12)", "12"),
        ("^[(]a*?[)]$", "(aa)", "aa"),
        (r"^(\d+)(\.\d+)?$", "1.5", "1."),
        (r"^\++$", "++", ""),
    ],
)
def test_brackets_and_lazy_quantifiers_are_no_danger(pattern: str, good: str, bad: str) -> None:
    db = database(pattern)

    db.insert("c", {"id": 1, "v": good})
    with pytest.raises(ModelVaultValidationError, match="string does not match regex"):
        db.insert("c", {"id": 2, "v": bad})
    assert db.get("c", 2) is None


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(a", "regex pattern has unbalanced parentheses"),
        (r"(a)\1", "invalid regex in schema: .* looks around or back"),
        ("[z-a]", "invalid regex in schema: bad character range"),
        (r"\p{Greek}", "invalid regex in schema: there is no category Greek"),
        (r"\x{110000}", "invalid regex in schema: there is no character 110000"),
        ("[[:foo:]]", "invalid regex in schema: there is no class"),
        ("[a-z&&[^b]", "invalid regex in schema: a class does not end"),
        ("(?i)[a-z&&[^b]]", "invalid regex in schema: a class without regard to case"),
    ],
)
def test_what_cannot_be_read_is_refused_when_it_is_registered(pattern: str, message: str) -> None:
    with pytest.raises(ModelVaultValidationError, match=message):
        database(pattern)

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nacre_adapters.tablevault.references.errors import ReferenceSyntaxError
from nacre_adapters.tablevault.references.parser import parse
from nacre_adapters.tablevault.references.syntax import Condition, Reference, Template

SELF = Reference(table=None)


def text(value: str) -> Template:
    return Template((value,))


def only(written: str) -> Reference:
    (reference,) = parse(written).parts
    assert isinstance(reference, Reference)
    return reference


@pytest.mark.parametrize("written", ["", "a", "<<src.k", "a << b", ">> <<", "<<a\n>>", "<"])
def test_what_is_not_closed_is_text(written: str) -> None:
    assert parse(written).parts == (written,)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<<src>>", Reference(table=text("src"))),
        ("<< src >>", Reference(table=text("src"))),
        ("<<self>>", SELF),
        ('<<"self">>', Reference(table=text("self"))),
        ("<<self.k>>", Reference(table=None, columns=(text("k"),))),
        ("<<a-b_c.k>>", Reference(table=text("a-b_c"), columns=(text("k"),))),
        ("<<t.{a, b c}>>", Reference(table=text("t"), columns=(text("a"), text("b c")))),
        ("<<t(v1).k>>", Reference(table=text("t"), version=text("v1"), columns=(text("k"),))),
        ("<<t(base_1_a-b)>>", Reference(table=text("t"), version=text("base_1_a-b"))),
        (
            "<<t[k::O'Brien]>>",
            Reference(
                table=text("t"), conditions=(Condition(column=text("k"), low=text("O'Brien")),)
            ),
        ),
        (
            '<<t[ k::"a,b]:""c""" ]>>',
            Reference(
                table=text("t"), conditions=(Condition(column=text("k"), low=text('a,b]:"c"')),)
            ),
        ),
        (
            "<<self.k[index]>>",
            Reference(
                table=None, columns=(text("k"),), conditions=(Condition(column=text("index")),)
            ),
        ),
        (
            "<<t.c[a::1:3,b::x y]>>",
            Reference(
                table=text("t"),
                columns=(text("c"),),
                conditions=(
                    Condition(column=text("a"), low=text("1"), high=text("3")),
                    Condition(column=text("b"), low=text("x y")),
                ),
            ),
        ),
    ],
)
def test_each_part_of_the_grammar(written: str, expected: Reference) -> None:
    assert only(written) == expected


def test_references_nest_in_every_part() -> None:
    inner = Reference(table=text("t"))

    found = only("<<a<<t>>(<<t>>).{<<t>>,b}[<<t>>::<<t>>:x<<t>>]>>")

    assert found == Reference(
        table=Template(("a", inner)),
        version=Template((inner,)),
        columns=(Template((inner,)), text("b")),
        conditions=(
            Condition(
                column=Template((inner,)), low=Template((inner,)), high=Template(("x", inner))
            ),
        ),
    )


def test_a_value_may_hold_a_reference_with_conditions() -> None:
    found = only("<<t.c[k::<<u.c[x::1,y::2:3]>>]>>")

    assert [str(each) for each in found.nested()] == ["<<u.{c}[x::1,y::2:3]>>"]


def test_text_around_references_stays() -> None:
    assert parse("1<<a>>,<<b>> >>").parts == (
        "1",
        Reference(table=text("a")),
        ",",
        Reference(table=text("b")),
        " >>",
    )


@pytest.mark.parametrize(
    ("written", "place", "problem"),
    [
        ("<<>>", 2, "expected the name of a table"),
        ("x <<  .k>>", 6, "expected the name of a table"),
        ("<<t.>>", 4, "expected the name of a column"),
        ("<<t.{a,}>>", 7, "expected the name of a column"),
        ("<<t.{a>>", 6, "expected ',' or '}'"),
        ("<<t k>>", 4, "expected '>>', '(', '.' or '['"),
        ("<<t(>>", 4, "expected a version or the id of an instance"),
        ("<<t(v>>", 5, "expected ')'"),
        ("<<t(v)x>>", 6, "expected '>>', '.' or '['"),
        ("<<t.k k>>", 6, "expected '>>' or '['"),
        ("<<t[k:1]>>", 5, "expected '::' between a column and its value"),
        ("<<t[k::]>>", 7, "expected a value"),
        ("<<t[k::1:]>>", 9, "expected the end of the range"),
        ("<<t[k::1:2:3]>>", 10, "expected ',' or ']'"),
        ("<<t[k::1] x>>", 10, "expected '>>'"),
        ("<<t['k]>>", 4, "these quotes are not closed"),
        ("<<t[k::<<u.>>]>>", 11, "expected the name of a column"),
        ("<<a.b<<c>>", 10, "expected '>>' or '['"),
    ],
)
def test_an_error_points_at_the_character(written: str, place: int, problem: str) -> None:
    with pytest.raises(ReferenceSyntaxError) as caught:
        parse("first line\n" + written + "\nlast")

    assert caught.value.problem == problem
    _, line, mark = str(caught.value).splitlines()
    assert line == "  " + written
    assert mark.index("^") == place + 2


def test_nesting_has_a_bottom() -> None:
    with pytest.raises(ReferenceSyntaxError, match="nested too deeply"):
        parse("<<" * 10_000 + "t" + ">>" * 10_000)


LETTERS = st.characters(blacklist_characters="\n\r<>", blacklist_categories=("Cs",))
TEXTS = st.text(LETTERS, max_size=6)
NAMES = st.text("abcXYZ019_-é", min_size=1, max_size=6)


def words(references: st.SearchStrategy[Reference]) -> st.SearchStrategy[Template]:
    # Text beside references is written without quotes, so it is plain.
    mixed = st.lists(references | NAMES, min_size=1, max_size=3).map(merged)
    return TEXTS.map(text) | mixed.map(Template)


def merged(parts: list[str | Reference]) -> tuple[str | Reference, ...]:
    found: list[str | Reference] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


def conditions(references: st.SearchStrategy[Reference]) -> st.SearchStrategy[Condition]:
    word = words(references)
    return (
        st.builds(Condition, column=word)
        | st.builds(Condition, column=word, low=word)
        | st.builds(Condition, column=word, low=word, high=word)
    )


def enclosing(references: st.SearchStrategy[Reference]) -> st.SearchStrategy[Reference]:
    word = words(references)
    return st.builds(
        Reference,
        table=st.none() | word,
        version=st.none() | word,
        columns=st.none() | st.lists(word, min_size=1, max_size=3).map(tuple),
        conditions=st.lists(conditions(references), max_size=2).map(tuple),
    )


REFERENCES = st.recursive(
    st.builds(Reference, table=st.none() | NAMES.map(text)), enclosing, max_leaves=4
)
PLAIN = st.text(LETTERS, min_size=1, max_size=5)
TEMPLATES = st.lists(REFERENCES | PLAIN, min_size=1, max_size=4).map(merged).map(Template)


@given(TEMPLATES)
def test_what_a_tree_prints_as_parses_to_it(template: Template) -> None:
    assert parse(str(template)) == template


@given(st.text("<<>>self.{}[]()::,\"' ab\n", max_size=40))
def test_any_text_parses_or_is_refused(written: str) -> None:
    with contextlib.suppress(ReferenceSyntaxError):
        template = parse(written)
        assert parse(str(template)) == template

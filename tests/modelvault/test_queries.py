"""Queries: paths, comparisons, order, windows, projections, plans."""

import json
import math
import uuid

import pytest
from modelvault_schemas import fields, indexes, nested, opened, optional

from nacre_adapters.modelvault import Database, ModelVaultQueryError, ModelVaultSchemaError, Query

U = uuid.UUID(int=137)
INSIDE = {"object": [{"path": ["in"], "type": {"object": [{"path": ["z"], "type": "string"}]}}]}


@pytest.fixture
def db() -> Database:
    schema = fields(
        id="int64", s=optional("string"), f="float64", e={"enum": ["a", "b"]},
        t="timestamp", u="uuid", l={"list": "int64"}, ob=optional(INSIDE), b="bool",
    )  # fmt: skip
    made = opened(
        schema,
        indexes(si=("s", "index"), fi=("f", "unique"), ti=("t", "index"), zi=("ob.in.z", "index")),
    )
    for n in range(6):
        made.insert("c", {
            "id": n, "s": None if n == 3 else f"s{n % 2}", "f": n / 2, "e": "ab"[n % 2],
            "t": n * 10, "u": U, "l": [n], "b": n > 2,
            "ob": None if n == 5 else {"in": {"z": f"z{n}"}},
        })  # fmt: skip
    return made


def ids(query: Query) -> list[object]:
    return [row["id"] for row in query.all()]


def test_comparisons_join(db: Database) -> None:
    c = db.collection("c")

    assert ids(c.where("id", 3)) == [3]
    assert ids(c.gte_where("id", 4)) == [4, 5]
    assert ids(c.where("b", True).lt_where("f", 2.5).gt_where("id", 3)) == [4]
    assert ids(c.lte_where(" id", 1)) == [0, 1]
    assert ids(c.where("s", "s0").or_where(c.where("id", 5)).and_where("b", True)) == [4, 5]
    assert ids(c.where(["ob", "in", "z"], "z2")) == ids(c.where("ob.in.z", "z2")) == [2]
    assert ids(c.where("u", str(U)).where("t", 20)) == [2]
    assert ids(c.in_where("id", [5, 1])) == [1, 5]
    assert (c.count(), c.where("b", True).count(), c.limit(2).count()) == (6, 3, 2)
    assert (c.where("id", 9).first(), c.where("id", 9).exists()) == (None, False)


def test_enums_and_none_can_be_asked_for(db: Database) -> None:
    c = db.collection("c")

    assert ids(c.where("e", "a")) == [0, 2, 4]
    assert ids(c.where("s", None)) == [3]
    assert ids(c.where("ob.in.z", None)) == [5]


def test_none_and_nan_match_nothing_else() -> None:
    db = opened(fields(id="int64", f=optional("float64")))
    for n, value in enumerate([None, math.nan, 0.0, -0.0, -1.0]):
        db.insert("c", {"id": n, "f": value})
    c = db.collection("c")

    assert ids(c.where("f", 0.0)) == [2, 3]
    assert ids(c.gte_where("f", -5)) == [2, 3, 4]
    assert ids(c.lte_where("f", 5)) == [2, 3, 4]
    assert ids(c.where("f", math.nan)) == []


@pytest.mark.parametrize(
    ("path", "value", "error", "message"),
    [
        ("", 1, ValueError, "path must be non-empty"),
        ("a..b", 1, ValueError, "invalid path"),
        ((), 1, ValueError, "path must have at least one segment"),
        (("",), 1, ValueError, "path segments must be non-empty"),
        (5, 1, ValueError, 'path must be a dotted string ("a.b") or list[str]'),
        ("zz", 1, ValueError, "unknown field path"),
        ("l", 1, ValueError, "internal: scalar_from_py called on composite type"),
        ("ob", 1, ValueError, "internal: scalar_from_py called on composite type"),
        ("id", "1", TypeError, "'str' object cannot be interpreted as an integer"),
        ("id", None, TypeError, "'NoneType' object cannot be interpreted as an integer"),
        ("id", 1.0, TypeError, "'float' object cannot be interpreted as an integer"),
    ],
)
def test_what_cannot_be_compared_is_said_at_once(
    db: Database, path: object, value: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        db.collection("c").where(path, value)

    assert str(caught.value) == message


def test_order_is_total_and_reverses_exactly() -> None:
    db = opened(fields(id="int64", f=optional("float64"), e=optional({"enum": ["b", "a"]})))
    for n, value in enumerate([2.0, None, math.nan, -math.inf, 2.0, None, 0.0]):
        db.insert("c", {"id": n, "f": value, "e": "ab"[n % 2]})
    c = db.collection("c")

    assert ids(c.order_by("f")) == [3, 6, 0, 4, 2, 1, 5]
    assert ids(c.order_by("f", desc=True)) == [5, 1, 2, 4, 0, 6, 3]
    assert ids(c.order_by("e")) == [0, 2, 4, 6, 1, 3, 5]
    assert ids(c.order_by("f").limit(6).order_by("id", desc=True)) == [6, 5, 4, 3, 2, 1]
    assert [ids(c.order_by("f", desc=desc).limit(3)) for desc in (False, True)] == [
        [3, 6, 0],
        [5, 1, 2],
    ]


def test_an_index_changes_no_order(db: Database) -> None:
    c = db.collection("c")

    assert ids(c.order_by("s")) == [0, 2, 4, 1, 5, 3]
    assert ids(c.order_by("s", desc=True).limit(2)) == [3, 5]
    assert ids(c.order_by("ob.in.z", desc=True)) == [5, 4, 3, 2, 1, 0]
    assert ids(c.order_by("l", desc=True)) == [5, 4, 3, 2, 1, 0]


def test_limits(db: Database) -> None:
    query = db.collection("c").where("b", True)

    assert ids(query.limit(9).limit(1)) == [3]
    assert query.limit(0).all() == []
    with pytest.raises(OverflowError):
        query.limit(-1)
    for odd in (None, 1.0):
        with pytest.raises(TypeError):
            query.limit(odd)
    large = query.limit(2_000_000)
    for read in (large.all, large.explain):
        with pytest.raises(ModelVaultQueryError, match=r"query limit 2000000 exceeds maximum"):
            read()


def test_or_takes_over_what_is_not_set(db: Database) -> None:
    c = db.collection("c")
    other = c.gte_where("id", 4).limit(2).order_by("id", desc=True)

    assert ids(c.where("id", 0).or_where(other)) == [5, 4]
    assert ids(c.where("id", 0).limit(1).order_by("id").or_where(other)) == [0]
    with pytest.raises(TypeError, match=r"is not an instance of 'Query'"):
        c.where("id", 0).or_where(c)
    db.register_collection("d", fields(id="int64"), "id")
    with pytest.raises(ValueError, match=r"or_where requires the same collection"):
        c.where("id", 0).or_where(db.collection("d").where("id", 0))


def test_a_projection_is_nested(db: Database) -> None:
    query = db.collection("c").where("id", 3)

    assert query.all(["ob.in.z"]) == [{"ob": {"in": {"z": "z3"}}}]
    assert query.all(("id", ["ob", "in"])) == [{"id": 3, "ob": {"in": {"z": "z3"}}}]
    assert query.all(fields=["ob.in.z", "ob"]) == [{"ob": {"in": {"z": "z3"}}}]
    assert query.all("s") == [{"s": None}]
    assert db.collection("c").where("id", 5).all(["ob.in.z", "id"]) == [{"id": 5}]
    with pytest.raises(ValueError, match=r"fields must list at least one schema path"):
        query.all([])
    with pytest.raises(ValueError, match=r'for this collection: \["m", "x"\]'):
        query.all(["m.x"])


def test_plans_are_in_the_words_of_the_original(db: Database) -> None:
    c = db.collection("c")
    eq = 'Eq { path: FieldPath(["u"]), value: Uuid([' + ", ".join(map(str, U.bytes)) + "]) }"

    assert c.where("f", 1.0).explain() == 'Plan:\n  IndexLookup index="fi" kind=Unique\n'
    assert c.where("t", 10).and_where("f", 1.0).explain() == (
        'Plan:\n  IndexLookup index="fi" kind=Unique\n'
        '  ResidualFilter Eq { path: FieldPath(["t"]), value: Timestamp(10) }\n'
    )
    assert c.where("u", U).limit(2).explain() == (
        f"Plan:\n  CollectionScan\n  Filter {eq}\n  Limit 2\n"
    )
    either = c.where("b", True).or_where(c.where("e", "a")).order_by("f", desc=True)
    assert either.explain() == (
        'Plan:\n  CollectionScan\n  Filter Or([Eq { path: FieldPath(["b"]), value: Bool(true) }, '
        'Eq { path: FieldPath(["e"]), value: String("a") }])\n  OrderBy FieldPath(["f"]) Desc\n'
    )
    assert "PrimaryKeyLookup" in c.where("id", 1).explain()
    assert c.gte_where("t", 10).lt_where("t", 40).and_where("b", True).explain() == (
        'Plan:\n  IndexRangeLookup index="ti" kind=NonUnique\n'
        "  KeyRange lo >= Timestamp(10)\n  KeyRange hi < Timestamp(40)\n"
        '  ResidualFilter Eq { path: FieldPath(["b"]), value: Bool(true) }\n'
    )
    assert 'IndexScan index="ti" kind=NonUnique' in c.order_by("t").limit(1).explain()


def test_paths_of_a_schema_are_fields_and_their_parents_are_not() -> None:
    db = opened(nested((["id"], "int64"), (["m", "x"], "int64")))
    db.insert("c", {"id": 1, "m": {"x": 2}})
    c = db.collection("c")

    assert c.where("m.x", 2).all(["m.x"]) == [{"m": {"x": 2}}]
    with pytest.raises(ValueError, match=r"unknown field path"):
        c.where("m", 2)
    with pytest.raises(ValueError, match=r"unknown field path"):
        c.all(["m"])


def test_queries_see_later_schemas(db: Database) -> None:
    old = db.collection("c")
    schema = json.dumps([field.to_json() for field in old._shape().schema.fields])
    wider = [*json.loads(schema), {"path": ["new"], "type": {"optional": "int64"}}]
    db.register_schema_version("c", json.dumps(wider))

    assert ids(old.where("new", None)) == [0, 1, 2, 3, 4, 5]


def test_an_unknown_collection_is_said_at_once(db: Database) -> None:
    with pytest.raises(ValueError, match=r'schema error: unknown collection name "zzz"'):
        db.collection("zzz")


def test_an_index_of_two_fields_finds_and_sorts() -> None:
    by_both = json.dumps([{"name": "both", "paths": [["s"], ["n"]], "kind": "unique"}])
    db = opened(fields(id="int64", s="string", n=optional("int64")), by_both)
    for n in range(20):
        db.insert("c", {"id": n, "s": "ab"[n % 2], "n": 19 - n})
    query = db.collection("c").where("s", "a").gte_where("n", 10)

    assert 'IndexLookup index="both" kind=Unique' in query.explain()
    assert ids(query.order_by("n").limit(2)) == [8, 6]
    with pytest.raises(ModelVaultSchemaError, match="unique index violation"):
        db.insert("c", {"id": 50, "s": "a", "n": 19})
    db.insert("c", {"id": 50, "s": "b", "n": 19})
    only_s = json.dumps([{"name": "both", "path": ["s"], "kind": "unique"}])
    schema = fields(id="int64", s="string", n=optional("int64"))
    assert db.plan_schema_version("c", schema, only_s)["reason"] == 'index changed: "both"'

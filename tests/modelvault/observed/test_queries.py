"""Queries: which paths and values they take, what they find, in which order, by which plan."""

import enum
import math
import uuid
from collections.abc import Callable
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe, opened
from modelvault_schemas import fields, indexes, nested, optional

U = uuid.UUID(int=137)
COMPOSITE = Raises("ValueError", "internal: scalar_from_py called on composite type")
UNKNOWN = Raises("ValueError", "unknown field path")
NO_PATH = Raises("ValueError", 'path must be a dotted string ("a.b") or list[str]')
NO_INTEGER = "object cannot be interpreted as an integer"
INSIDE = {"object": [{"path": ["z"], "type": "string"}]}
SCHEMA = fields(
    id="int64", s=optional("string"), f=optional("float64"), e={"enum": ["b", "a"]},
    oe=optional({"enum": ["a"]}), l={"list": "int64"}, ob=optional({"object": [
        {"path": ["in"], "type": INSIDE}, {"path": ["k"], "type": optional("int64")}]}),
    b="bool", u="uuid", y="bytes", t="timestamp", w="uint64",
)  # fmt: skip
FLOATS = [0.5, -0.0, 0.0, None, math.nan, -math.inf]


class Three(enum.IntEnum):
    N = 3


@pytest.fixture(scope="module")
def db(mv: ModuleType):
    made = opened(mv, SCHEMA, indexes(si=("s", "index"), ui=("u", "unique"), ti=("t", "index")))
    for n in range(6):
        made.insert("c", {
            "id": n, "s": None if n == 3 else f"s{n % 2}", "f": FLOATS[n], "e": "ab"[n % 2],
            "t": n * 10, "u": uuid.UUID(int=137 - n), "l": [9 - n], "b": n > 2, "w": n,
            "y": bytes([n]), "ob": None if n == 5 else {"in": {"z": f"z{n}"}, "k": -n},
        })  # fmt: skip
    return made


def ids(query) -> list[object]:
    return [row["id"] for row in query.all()]


@pytest.mark.parametrize(
    ("path", "value", "observed"),
    [
        ("id", 2, [2]), (" id ", 2, [2]), (["id"], 2, [2]), (("id",), 2, [2]),
        ("ob.in.z", "z2", [2]), (["ob", "in", "z"], "z2", [2]), (("ob", "in", "z"), "z2", [2]),
        ("ob.k", -4, [4]),
        ("", 1, Raises("ValueError", "path must be non-empty")),
        ("  ", 1, Raises("ValueError", "path must be non-empty")),
        ("a..b", 1, Raises("ValueError", "invalid path")),
        (".id", 1, Raises("ValueError", "invalid path")),
        ((), 1, Raises("ValueError", "path must have at least one segment")),
        ([], 1, Raises("ValueError", "path must have at least one segment")),
        (("",), 1, Raises("ValueError", "path segments must be non-empty")),
        (["id", 3], 1, NO_PATH), (5, 1, NO_PATH), (None, 1, NO_PATH), ({"id": 1}, 1, NO_PATH),
        ("zz", 1, UNKNOWN), ("id.x", 1, UNKNOWN), ("l.0", 1, UNKNOWN), (["ob.in.z"], "z2", UNKNOWN),
        ("l", [1], COMPOSITE), ("ob", {}, COMPOSITE), ("ob.in", {}, COMPOSITE),
        ("e", "a", Differs(COMPOSITE, [0, 2, 4])), ("oe", "a", Differs(COMPOSITE, [])),
        ("id", "1", Raises("TypeError", f"'str' {NO_INTEGER}")),
        ("id", 1.0, Raises("TypeError", f"'float' {NO_INTEGER}")),
        ("id", None, Raises("TypeError", f"'NoneType' {NO_INTEGER}")),
        ("s", None, Differs(Raises("TypeError", "'None' is not an instance of 'str'"), [3])),
        ("s", b"x", Raises("TypeError", "'bytes' object is not an instance of 'str'")),
        ("id", 2**63, Raises("OverflowError", "Python int too large to convert to C long")),
        ("id", True, [1]), ("f", 0, [1, 2]), ("f", -0.0, [1, 2]), ("f", math.nan, []),
        ("u", str(U), [0]), ("u", U.bytes, [0]), ("y", [3], [3]), ("b", False, [0, 1, 2]),
    ],
)  # fmt: skip
def test_an_equality_takes_a_path_and_a_value(db, mv, path, value, observed) -> None:
    observe(mv, lambda: sorted(ids(db.collection("c").where(path, value))), observed)


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (lambda q: q.lt_where("id", 2), [0, 1]),
        (lambda q: q.lte_where("id", 2), [0, 1, 2]),
        (lambda q: q.gt_where("id", 2), [3, 4, 5]),
        (lambda q: q.gte_where("f", -math.inf), [0, 1, 2, 5]),
        (lambda q: q.lt_where("f", 0.0), [5]),
        (lambda q: q.lte_where("f", math.nan), []),
        (lambda q: q.gt_where("s", "s0"), [1, 5]),
        (lambda q: q.gt_where("b", False), [3, 4, 5]),
        (lambda q: q.lt_where("u", uuid.UUID(int=134)), [4, 5]),
        (lambda q: q.lt_where("y", b"\2"), [0, 1]),
        (lambda q: q.gte_where("t", 30).and_where("s", "s1"), [5]),
        (lambda q: q.gte_where("t", 30).lt_where("w", 5), [3, 4]),
    ],
)
def test_a_range_leaves_out_none_and_nan(db, ask: Callable, found: list[int]) -> None:
    assert sorted(ids(ask(db.collection("c").gte_where("id", -1)))) == found


def test_text_is_compared_by_its_bytes(mv: ModuleType) -> None:
    db = opened(mv, fields(id="string"))
    for name in ("é", "z", "B", "", "a\0", "🦪", "a"):
        db.insert("c", {"id": name})

    assert ids(db.collection("c").gte_where("id", "").order_by("id")) == [
        "", "B", "a", "a\0", "z", "é", "🦪",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "up"),
    [
        ("f", [5, 1, 2, 0, 4, 3]), ("s", [0, 2, 4, 1, 5, 3]), ("e", [0, 2, 4, 1, 3, 5]),
        ("b", [0, 1, 2, 3, 4, 5]), ("u", [5, 4, 3, 2, 1, 0]), ("y", [0, 1, 2, 3, 4, 5]),
        ("ob.k", [4, 3, 2, 1, 0, 5]), (["ob", "in", "z"], [0, 1, 2, 3, 4, 5]),
        ("l", [0, 1, 2, 3, 4, 5]), ("ob", [0, 1, 2, 3, 4, 5]), ("id", [0, 1, 2, 3, 4, 5]),
    ],
)  # fmt: skip
def test_an_order_ends_with_none_and_reverses_exactly(db, path: object, up: list[int]) -> None:
    query = db.collection("c").gte_where("id", -1)

    assert ids(query.order_by(path)) == up
    assert ids(query.order_by(path, desc=True)) == up[::-1]
    assert ids(query.limit(2).order_by(path)) == ids(query.order_by(path).limit(2)) == up[:2]
    assert ids(query.order_by("s").order_by(path, desc=False)) == up


@pytest.mark.parametrize(
    ("path", "observed"),
    [
        ("nmae", Differs([0, 1, 2, 3, 4, 5], UNKNOWN)),
        ("", Raises("ValueError", "path must be non-empty")),
        (3, NO_PATH),
        ("a..b", Raises("ValueError", "invalid path")),
    ],
)
def test_an_order_needs_a_path(db, mv: ModuleType, path: object, observed: object) -> None:
    query = db.collection("c").gte_where("id", -1)

    observe(mv, lambda: ids(query.order_by(path)), observed)


def test_nan_with_a_sign_is_nan(mv: ModuleType) -> None:
    db = opened(mv, fields(id="int64", f="float64"))
    for n, value in enumerate([math.nan, -math.nan, 0.0]):
        db.insert("c", {"id": n, "f": value})

    query = db.collection("c").gte_where("id", 0).order_by("f")
    observe(mv, lambda: ids(query), Differs([1, 2, 0], [2, 0, 1]))


TOO_MANY = Raises(
    "ModelVaultQueryError", "query error: query limit 2000000 exceeds maximum 1048576"
)


@pytest.mark.parametrize(
    ("limits", "observed"),
    [
        ([2], [0, 1]), ([9], [0, 1, 2, 3, 4, 5]), ([9, 1], [0]), ([True], [0]),
        ([Three.N], [0, 1, 2]),
        ([1 << 20], [0, 1, 2, 3, 4, 5]), ([2_000_000], TOO_MANY), ([2_000_000, 1], [0]),
        ([-1], Raises("OverflowError", "can't convert negative int to unsigned")),
        ([2**64], Raises("OverflowError", "int too big to convert")),
        ([None], Raises("TypeError", f"argument 'n': 'NoneType' {NO_INTEGER}")),
        ([1.0], Raises("TypeError", f"argument 'n': 'float' {NO_INTEGER}")),
    ],
)  # fmt: skip
def test_a_limit_is_a_number(db, mv: ModuleType, limits: list[object], observed: object) -> None:
    def work() -> object:
        query = db.collection("c").gte_where("id", 0).order_by("id")
        for limit in limits:
            query = query.limit(limit)
        return ids(query)

    observe(mv, work, observed)


def test_a_limit_of_nothing_finds_nothing(db, mv: ModuleType) -> None:
    query = db.collection("c").where("s", "s0").limit(0)

    assert query.all() == []
    observe(mv, db.collection("c").where("id", 1).limit(2_000_000).explain, TOO_MANY)
    if mv.__name__ != "modelvault":  # an order and a limit of 0 end in a panic there
        assert query.order_by("id").all() == []


@pytest.mark.parametrize(
    ("ask", "observed"),
    [
        (lambda c: sorted(ids(c.where("id", 1).or_where(c.where("id", 2)))), [1, 2]),
        (lambda c: ids(c.where("id", 1).or_where(c.where("id", 2)).and_where("s", "s0")), [2]),
        (lambda c: ids(c.where("id", 1).or_where(c.where("id", 2).and_where("b", True))), [1]),
        (lambda c: ids(c.where("id", 0).or_where(
            c.gte_where("id", 4).limit(2).order_by("id", desc=True))), [5, 4]),
        (lambda c: ids(c.where("id", 0).limit(1).order_by("id").or_where(
            c.gte_where("id", 4).limit(2).order_by("id", desc=True))), [0]),
        (lambda c: c.where("id", 0).or_where(c), Raises(
            "TypeError", "argument 'other': 'Collection' object is not an instance of 'Query'")),
        (lambda c: c.where("id", 0).or_where(None), Raises(
            "TypeError", "argument 'other': 'None' is not an instance of 'Query'")),
    ],
)  # fmt: skip
def test_or_joins_queries_and_takes_over_what_is_not_set(
    db, mv: ModuleType, ask: Callable, observed: object
) -> None:
    observe(mv, lambda: ask(db.collection("c")), observed)


def test_or_joins_queries_of_one_collection_of_one_database(mv: ModuleType) -> None:
    first, second = opened(mv, fields(id="int64")), opened(mv, fields(id="int64"))
    first.register_collection("d", fields(id="int64"), "id")
    refused = Raises("ValueError", "or_where requires the same collection")
    query = first.collection("c").where("id", 0)

    observe(mv, lambda: query.or_where(first.collection("d").where("id", 0)), refused)
    observe(
        mv,
        lambda: bool(query.or_where(second.collection("c").where("id", 0))),
        Differs(True, refused),
    )


@pytest.mark.parametrize(
    ("asked", "observed"),
    [
        ("s", [{"s": None}]), (["id", "s"], [{"id": 3, "s": None}]),
        (("s", "id"), [{"id": 3, "s": None}]),
        ("ob.in.z", [{"ob": {"in": {"z": "z3"}}}]), (["ob.in.z"], [{"ob": {"in": {"z": "z3"}}}]),
        (("id", ["ob", "k"]), [{"id": 3, "ob": {"k": -3}}]), (["l", "l"], [{"l": [6]}]),
        (["ob.in.z", "ob"], [{"ob": {"in": {"z": "z3"}, "k": -3}}]),
        (["ob", "ob.k"], [{"ob": {"in": {"z": "z3"}, "k": -3}}]),
        ([" id "], [{"id": 3}]),
        ([], Raises("ValueError", "fields must list at least one schema path")),
        ((), Raises("ValueError", "fields must list at least one schema path")),
        ([()], Raises("ValueError", "path must have at least one segment")),
        ([3], NO_PATH), (3, NO_PATH), ("", Raises("ValueError", "path must be non-empty")),
        (["m.x"], Raises("ValueError", 'unknown field path for this collection: ["m", "x"]')),
        ("id,s", Raises("ValueError", 'unknown field path for this collection: ["id,s"]')),
    ],
)  # fmt: skip
def test_a_projection_is_nested_and_has_what_was_asked(
    db, mv: ModuleType, asked: object, observed: object
) -> None:
    query = db.collection("c").where("id", 3)

    observe(mv, lambda: query.all(asked), observed)
    observe(mv, lambda: query.all(fields=asked), observed)


def test_what_is_below_none_is_absent(db) -> None:
    query = db.collection("c").where("id", 5)

    assert query.all(["ob.in.z"]) == [{}]
    assert query.all(["ob.in.z", "id"]) == [{"id": 5}]
    assert query.all(["ob"]) == [{"ob": None}]


def test_paths_of_a_schema_have_no_parents(mv: ModuleType) -> None:
    db = opened(mv, nested((["id"], "int64"), (["m", "x"], "int64"), (["a.b"], "int64")))
    db.insert("c", {"id": 1, "m": {"x": 2}, "a.b": 7})
    c = db.collection("c")

    assert c.where("m.x", 2).all(["m.x"]) == [{"m": {"x": 2}}]
    assert c.where(["a.b"], 7).all([["a.b"]]) == [{"a.b": 7}]
    observe(mv, lambda: c.where("m", 2), UNKNOWN)
    observe(mv, lambda: c.where("a.b", 7), UNKNOWN)
    observe(mv, lambda: c.all(["m"]), Raises(
        "ValueError", 'unknown field path for this collection: ["m"]'))  # fmt: skip


def test_a_step_makes_another_query_which_sees_later_schemas(mv: ModuleType) -> None:
    db = opened(mv, fields(id="int64"))
    c = db.collection("c")
    query = c.where("id", 1)
    query.and_where("id", 2)
    query.limit(0)
    db.register_schema_version("c", fields(id="int64", new=optional("string")))
    db.insert("c", {"id": 1, "new": "x"})

    assert query.all() == c.where("new", "x").all() == [{"id": 1, "new": "x"}]
    assert query.and_where("new", "x").all(["new"]) == [{"new": "x"}]


def eq(path: str, value: str, word: str = "Eq") -> str:
    return f'{word} {{ path: FieldPath(["{path}"]), value: {value} }}'


TEXT = 'String("x")'
SCAN = "Plan:\n  CollectionScan\n"
RANGE_S = 'Plan:\n  IndexRangeLookup index="si" kind=NonUnique\n'
BY_S = 'Plan:\n  IndexLookup index="si" kind=NonUnique\n'


@pytest.mark.parametrize(
    ("ask", "plan"),
    [
        (lambda c: c.where("s", "x"), BY_S),
        (lambda c: c.where("u", U), 'Plan:\n  IndexLookup index="ui" kind=Unique\n'),
        (lambda c: c.where("s", "x").and_where("u", U).and_where("b", True),
         'Plan:\n  IndexLookup index="ui" kind=Unique\n'
         f'  ResidualFilter And([{eq("s", TEXT)}, {eq("b", "Bool(true)")}])\n'),
        (lambda c: c.where("b", False).and_where("s", "x").limit(2).order_by("f", desc=True),
         f'{BY_S}  ResidualFilter {eq("b", "Bool(false)")}\n  Limit 2\n'
         '  OrderBy FieldPath(["f"]) Desc\n'),
        (lambda c: c.where("s", "x").order_by("f"), f'{BY_S}  OrderBy FieldPath(["f"]) Asc\n'),
        (lambda c: c.where("f", 0.5), f'{SCAN}  Filter {eq("f", "Float64(0.5)")}\n'),
        (lambda c: c.where("f", 1), f'{SCAN}  Filter {eq("f", "Float64(1.0)")}\n'),
        (lambda c: c.where("f", 1e300), f'{SCAN}  Filter {eq("f", "Float64(1e300)")}\n'),
        (lambda c: c.where("f", 1e-7), f'{SCAN}  Filter {eq("f", "Float64(1e-7)")}\n'),
        (lambda c: c.where("f", 1e16), f'{SCAN}  Filter {eq("f", "Float64(1e16)")}\n'),
        (lambda c: c.where("f", 123456.789), f'{SCAN}  Filter {eq("f", "Float64(123456.789)")}\n'),
        (lambda c: c.where("f", math.nan), f'{SCAN}  Filter {eq("f", "Float64(NaN)")}\n'),
        (lambda c: c.where("f", -math.inf), f'{SCAN}  Filter {eq("f", "Float64(-inf)")}\n'),
        (lambda c: c.where("y", b"1"), f'{SCAN}  Filter {eq("y", "Bytes([49])")}\n'),
        (lambda c: c.gte_where("w", 5), f'{SCAN}  Filter {eq("w", "Uint64(5)", "Gte")}\n'),
        (lambda c: c.gte_where("w", 5).lt_where("w", 7),
         f'{SCAN}  Filter And([{eq("w", "Uint64(5)", "Gte")}, {eq("w", "Uint64(7)", "Lt")}])\n'),
        (lambda c: c.gte_where("w", 5).or_where(c.where("b", True)),
         f'{SCAN}  Filter Or([{eq("w", "Uint64(5)", "Gte")}, {eq("b", "Bool(true)")}])\n'),
        (lambda c: c.where("w", 1).or_where(c.where("w", 2)).or_where(c.where("w", 3)),
         f'{SCAN}  Filter Or([Or([{eq("w", "Uint64(1)")}, {eq("w", "Uint64(2)")}]), '
         f'{eq("w", "Uint64(3)")}])\n'),
        (lambda c: c.where("id", 1), Differs(
            f'{SCAN}  Filter {eq("id", "Int64(1)")}\n',
            f'Plan:\n  PrimaryKeyLookup\n  Filter {eq("id", "Int64(1)")}\n')),
        (lambda c: c.gte_where("s", "a"), f'{RANGE_S}  KeyRange lo >= String("a")\n'),
        (lambda c: c.gte_where("s", "a").gt_where("s", "b").lt_where("s", "z").limit(2),
         f'{RANGE_S}  KeyRange lo > String("b")\n  KeyRange hi < String("z")\n  Limit 2\n'),
        (lambda c: c.gte_where("t", 1), Differs(
            f'{SCAN}  Filter {eq("t", "Timestamp(1)", "Gte")}\n',
            'Plan:\n  IndexRangeLookup index="ti" kind=NonUnique\n'
            "  KeyRange lo >= Timestamp(1)\n")),
    ],
)  # fmt: skip
def test_a_plan_is_in_these_words(db, mv: ModuleType, ask: Callable, plan: object) -> None:
    observe(mv, ask(db.collection("c")).explain, plan)


def test_a_range_along_an_index_misses_no_text_here(mv: ModuleType) -> None:
    db = opened(mv, fields(id="int64", s="string"), indexes(i=("s", "index")))
    for n in range(10):
        db.insert("c", {"id": n, "s": "x" * n})

    # The empty one is not there, and 8 bytes are taken for a number.
    observe(
        mv,
        lambda: sorted(ids(db.collection("c").gte_where("s", ""))),
        Differs([1, 2, 3, 4, 5, 6, 7, 9], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    )


@pytest.mark.parametrize(
    "name",
    ["and_where", "lt_where", "lte_where", "gt_where", "or_where", "order_by", "limit", "explain"],
)
def test_a_collection_has_here_what_a_query_has(db, mv: ModuleType, name: str) -> None:
    # The documentation lists them for collections.
    observe(mv, lambda: hasattr(db.collection("c"), name), Differs(False, True))


def test_an_order_by_what_is_inside_of_a_path_is_its_own(mv: ModuleType) -> None:
    inside = optional({"object": [{"path": ["s"], "type": "int64"}]})
    dotted = nested(
        (["id"], "int64"), (["b", "z"], inside), (["a.b"], "int64"),
        (["a"], optional({"object": [{"path": ["b"], "type": "int64"}]})),
    )  # fmt: skip
    db = opened(mv, dotted)
    for n in range(4):
        db.insert("c", {"id": n, "a.b": -n})
    query = db.collection("c").gte_where("id", 0)

    assert ids(query.order_by(["b", "z", "s"], desc=True)) == [3, 2, 1, 0]
    assert ids(query.order_by(["a.b"])) == [3, 2, 1, 0]
    assert ids(query.order_by(["a", "b"])) == ids(query.order_by("a.b")) == [0, 1, 2, 3]

"""Queries with and without indexes against a naive evaluator, in any order, with limits."""

import math
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nacre
from nacre.rows import field
from nacre.rows.conditions import compared

FIELDS = {"n": "int64?", "f": "float64?", "s": "string?", "t": "timestamp?"}
VALUES = {
    "n": st.integers(-2, 2),
    "f": st.sampled_from([0.0, -0.0, math.nan, math.inf, -1.5, 2.5]),
    "s": st.sampled_from(["", "a", "ab", "b", "ü", "a\x00", "z" * 250, "z" * 250 + "y"]),
    "t": st.integers(-2, 2).map(lambda s: datetime.fromtimestamp(s, UTC)),
}
ROWS = st.lists(
    st.fixed_dictionaries({n: st.one_of(st.none(), v) for n, v in VALUES.items()}), max_size=12
)
INDEXES = st.lists(
    st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=3, unique=True),
    max_size=3,
    unique_by=tuple,
)


@st.composite
def terms(draw):
    name = draw(st.sampled_from(sorted(FIELDS)))
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in", "not in", "null"]))
    if operator == "null":
        return (name, draw(st.sampled_from(["is null", "is not null"])), None)
    if operator in ("in", "not in"):
        values = st.lists(st.one_of(st.none(), VALUES[name]), max_size=3)
        return (name, operator, draw(values))
    if name == "s" and draw(st.booleans()):
        return ("s", draw(st.sampled_from(["prefix", "like", "regex"])), draw(PATTERNS))
    return (name, operator, draw(VALUES[name]))


PATTERNS = st.sampled_from(["a", "", "z", "%b", "_", "b"])
CONDITIONS = st.recursive(
    terms(),
    lambda inner: st.one_of(
        st.tuples(st.just("and"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("or"), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=4,
)
ORDERS = st.lists(
    st.tuples(st.sampled_from([*sorted(FIELDS), "id"]), st.booleans()),
    max_size=3,
    unique_by=lambda order: order[0],
)


def truth(row, condition):
    """Return True, False or None (unknown), as SQL says."""
    if condition[0] == "and":
        found = [truth(row, part) for part in condition[1]]
        return False if False in found else None if None in found else True
    if condition[0] == "or":
        found = [truth(row, part) for part in condition[1]]
        return True if True in found else None if None in found else False
    if condition[0] == "not":
        inner = truth(row, condition[1])
        return None if inner is None else not inner
    return compare(row[condition[0]], *condition[1:])


def compare(value, operator, wanted):
    if operator in ("is null", "is not null"):
        return (value is None) == (operator == "is null")
    if operator in ("in", "not in"):
        found = [compare(value, "=", each) for each in wanted]
        inside = True if True in found else None if None in found else False
        return inside if operator == "in" or inside is None else not inside
    if value is None or wanted is None:
        return None
    if operator == "prefix":
        return value.startswith(wanted)
    if operator == "like":
        pattern = re.escape(wanted).replace("%", ".*").replace("_", ".")
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    if operator == "regex":
        return re.search(wanted, value) is not None
    return {
        "=": value == wanted,
        "!=": value != wanted,
        "<": value < wanted,
        "<=": value <= wanted,
        ">": value > wanted,
        ">=": value >= wanted,
    }[operator]


def built(condition):
    """Return the condition as users write it."""
    if condition[0] in ("and", "or"):
        first, *rest = map(built, condition[1])
        for part in rest:
            first = first & part if condition[0] == "and" else first | part
        return first
    if condition[0] == "not":
        return ~built(condition[1])
    name, operator, value = condition
    if operator.startswith("is"):
        return field(name).is_null() if operator == "is null" else ~field(name).is_null()
    return compared(name, operator, value)


def naive(rows, condition, order):
    found = [row for row in rows if truth(row, condition) is True]
    last = order[-1][1] if order else False
    for name, descending in reversed([*order, ("id", last)]):
        found.sort(key=lambda row: sortable(row[name]), reverse=descending)
    return found


def sortable(value):
    if value is None:
        return (0, 0)
    if isinstance(value, float) and math.isnan(value):
        return (2, 0)
    return (1, value.encode() if isinstance(value, str) else value)


def same(found, wanted):
    return [repr(sorted(row.items())) for row in found] == [
        repr(sorted(row.items())) for row in wanted
    ]


@pytest.fixture(scope="module")
def vault():
    with tempfile.TemporaryDirectory() as folder, nacre.open(Path(folder) / "v") as opened:
        yield opened


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=ROWS,
    indexes=INDEXES,
    condition=CONDITIONS,
    order=ORDERS,
    limit=st.one_of(st.none(), st.integers(0, 4)),
    offset=st.integers(0, 2),
)
def test_every_plan_finds_what_a_naive_evaluator_finds(
    vault, rows, indexes, condition, order, limit, offset
):
    rows = [{"id": number, **row} for number, row in enumerate(rows)]
    with vault.transaction() as tx:
        name = f"c{tx.position}"
        made = tx.rows.create(name, {"id": "int64", **FIELDS}, key="id", indexes=indexes)
        made.insert_many(rows[::2])
        made.bulk_load(rows[1::2])
    query = vault.rows[name].where(built(condition))
    wanted = naive(rows, condition, order)

    if order:
        query = query.order_by(*(f"{n} desc" if down else n for n, down in order))
        assert same(query.all(), wanted), query.explain()
    assert query.count() == len(wanted), query.explain()
    if limit is not None:
        query, wanted = query.limit(limit), wanted[: offset + limit]
    windowed = query.offset(offset).all()
    if order:
        assert same(windowed, wanted[offset:]), query.explain()
    else:
        assert len(windowed) == len(wanted[offset:])


@pytest.fixture(scope="module")
def crowd(vault):
    rows = [{"id": n, "n": n % 50, "s": f"name {n % 20}", "f": n / 2} for n in range(2000)]
    made = vault.rows.create(
        "crowd",
        {"id": "int64", **FIELDS},
        key="id",
        indexes=["n", ["s", "n"], {"fields": ["f"], "unique": True}],
    )
    made.bulk_load(rows)
    return made


@pytest.mark.parametrize(
    ("condition", "order", "said"),
    [
        (("id", "=", 7), (), "look up the key"),
        (("f", "=", 7.0), (), "unique index 'f'"),
        (("n", "=", 7), (), "index 'n'"),
        (("n", "<", 7), ("n",), "in the order of what is read"),
        (("s", "=", "name 3"), ("n desc",), "in the order of what is read"),
        (("s", "prefix", "name 1"), (), "index 's_n'"),
        (("t", "is null"), ("n",), "go along the index 'n'"),
        (("t", "is null"), ("id desc",), "in the order of what is read"),
        (("n", "in", [1, 2]), ("n",), "sorted afterwards"),
        (("n", "!=", 3), ("n", "s"), "sorted afterwards"),
    ],
)
def test_explain_says_what_is_used(crowd, condition, order, said):
    query = crowd.where(*condition)
    query = query.order_by(*order) if order else query

    assert said in query.limit(10).explain()


def test_a_limit_stops_early(crowd):
    read = []

    class Counting:
        def __init__(self, pairs):
            self.pairs = pairs

        def at_once(self, act):
            return self.pairs.at_once(lambda inner: act(Counting(inner)))

        def page(self, *bounds, **how):
            found = self.pairs.page(*bounds, **how)
            read.extend(found)
            return found

        def __getattr__(self, name):
            return getattr(self.pairs, name)

    query = crowd.where("n", ">", 10).order_by("n").limit(5)
    view = query._home.view()
    view.pairs, kept = Counting(view.pairs), view.pairs
    try:
        assert len(query.all()) == 5
    finally:
        view.pairs = kept

    assert len(read) <= 64


def test_a_condition_that_is_not_understood_is_refused(crowd):
    for wrong in (
        lambda: crowd.where("n"),
        lambda: crowd.where("n", "~", 3),
        lambda: crowd.where("n", "in", "abc"),
        lambda: crowd.where("n", "like", "a").all(),
        lambda: crowd.where("s", "regex", "(").all(),
        lambda: crowd.where(n="seven").all(),
        lambda: crowd.where(3),
        lambda: bool(field("n") == 3),
        lambda: (field("n") == 1) & 3,
        lambda: crowd.limit(-1),
        crowd.order_by,
    ):
        with pytest.raises(nacre.errors.InvalidInput):
            wrong()
    for missing in (lambda: crowd.where(zz=1).all(), lambda: crowd.order_by("zz").all()):
        with pytest.raises(nacre.errors.NotFound, match="'zz'"):
            missing()


def test_a_deep_condition_is_refused(crowd):
    deep = field("n") == 1
    for _ in range(300):
        deep = ~deep

    with pytest.raises(nacre.errors.InvalidInput, match="nested deeper"):
        crowd.where(deep).all()

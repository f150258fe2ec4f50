"""Queries with and without indexes against a naive evaluator, in any order, with limits."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_rows import CONDITIONS, FIELDS, INDEXES, ORDERS, ROWS, built, families, naive, same

import nacre
from nacre.rows import field


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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, indexes=INDEXES, conditions=families(), order=ORDERS, rows_alone=st.booleans())
def test_other_values_find_what_a_naive_evaluator_finds(
    vault, rows, indexes, conditions, order, rows_alone
):
    rows = [{"id": number, **row} for number, row in enumerate(rows)]
    with vault.transaction() as tx:
        name, fields = f"c{tx.position}", {"id": "int64", **FIELDS}
        made = tx.rows.create(name, fields, key="id", indexes=indexes, rows_alone=rows_alone)
        made.bulk_load(rows)
    asked = vault.rows[made.name]
    if order:
        asked = asked.order_by(*(f"{n} desc" if down else n for n, down in order))
    else:
        asked = asked.query()

    found = [asked.where(built(condition)) for condition in conditions]

    for query, condition in zip(found, conditions, strict=True):
        wanted = naive(rows, condition, order)
        assert query.count() == len(wanted), query.explain()
        if order:
            assert same(query.all(), wanted), query.explain()
            assert same(query.limit(3).all(), wanted[:3]), query.explain()


def test_a_list_that_is_too_long_for_an_index_is_not_planned_as_a_short_one(crowd):
    def plan(count):
        return crowd.where("s", "=", "name 3").where("n", "in", range(count)).explain()

    short = plan(1000)

    assert "n in (" in short.partition("where")[0]
    assert "n in (" not in plan(1001).partition("where")[0]
    assert plan(1000) == short


def test_an_altered_collection_is_planned_anew(vault):
    made = vault.rows.create("altered", {"id": "int64", **FIELDS}, key="id", indexes=["n"])
    made.insert_many([{"id": 1, "n": 5, "f": None, "s": "a", "t": None}])
    query = made.where(n=5)
    assert "index 'n'" in query.explain()

    made.alter({"id": "int64", **FIELDS}, indexes=["s"])
    assert "scan all rows" in query.explain()
    made.alter({"id": "int64", **FIELDS, "n": "float64?"}, indexes=["n"])

    assert "index 'n'" in query.explain()
    assert [row["n"] for row in query.all()] == [5.0]


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

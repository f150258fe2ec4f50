"""Queries on random schemas: every type, keys of several fields, parts of objects, long values."""

import math
import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_rows import same, sortable, truth

import nacre
from nacre.rows import Collections, VaultHome, field
from nacre.rows.columns import Columns
from nacre.rows.conditions import compared

EAST = timezone(timedelta(hours=5, minutes=45))
LONG = "z" * 198
VALUES = {
    "bool": [False, True],
    "int64": [-(1 << 63), -256, -255, -1, 0, 1, 255, 256, (1 << 63) - 1],
    "uint64": [0, 1, 255, 256, (1 << 64) - 1],
    "float64": [0.0, -0.0, math.nan, math.inf, -math.inf, -1.5, 5e-324],
    "string": ["", "a", "a\x00", "a\x00b", "ü", "\U0010ffff", LONG, LONG + "zz", LONG * 2],
    "bytes": [b"", b"\x00", b"\xff", b"\x00\xff", b"\xff" * 197, b"\xff" * 199, b"\x00" * 150],
    "uuid": [UUID(int=0), UUID(int=255), UUID(int=1 << 127)],
    "timestamp": [datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 1, UTC)]
    + [datetime(2026, 10, 25, hour, tzinfo=UTC) for hour in (0, 1)],
    "datetime": [datetime(1, 1, 1), datetime(2026, 3, 29, 2, 30), datetime.max],
    "date": [date.min, date(1970, 1, 1), date.max],
    "decimal": [Decimal(d) for d in ("0", "-0.0", "1.0", "1.00", "-12E+30", "1E-6000", "0.5")],
}
# No two that are equal.
KEYS = {**VALUES, "float64": [0.0, math.inf, -1.5], "decimal": VALUES["decimal"][2:7:2]}
KINDS = st.sampled_from(sorted(VALUES))
FIELDS = ("a", "b", "c", "o.x")


@pytest.fixture(scope="module")
def vault():
    with tempfile.TemporaryDirectory() as folder, nacre.open(Path(folder) / "v") as opened:
        yield opened


@st.composite
def cases(draw):
    """Return types by name, of the key (k, l) too, rows, indexes, a condition and an order."""
    kinds = {name: draw(KINDS) for name in ("k", *FIELDS, *draw(st.sampled_from([(), ("l",)])))}
    key = [name for name in ("l", "k") if name in kinds]
    row = st.fixed_dictionaries(
        {
            name: st.sampled_from(KEYS[kind]) if name in key else _value(kind)
            for name, kind in kinds.items()
        }
    )
    rows = draw(st.lists(row, max_size=14, unique_by=lambda row: repr([row[name] for name in key])))
    names = st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=3, unique=True)
    indexes = draw(st.lists(names, min_size=1, max_size=3, unique_by=tuple))
    # Mostly what one index could answer: equalities, then a range.
    fields = draw(st.one_of(st.sampled_from([*indexes, key]), names))
    conditions = [draw(_condition(name, kinds[name])) for name in fields]
    order = draw(st.lists(st.tuples(st.sampled_from(sorted(kinds)), st.booleans()), max_size=2))
    return kinds, key, rows, indexes, conditions, order


def _value(kind):
    return st.one_of(st.none(), st.sampled_from(VALUES[kind]))


def _shown(row):
    return repr(sorted(row.items()))


@st.composite
def _condition(draw, name, kind):
    operator = draw(st.sampled_from(["=", "=", "=", "<", "<=", ">", ">=", "in", "!=", "is null"]))
    if operator == "is null":
        return (name, operator, None)
    if operator == "in":
        return (name, operator, draw(st.lists(st.sampled_from(VALUES[kind]), max_size=3)))
    value = draw(st.sampled_from(VALUES[kind]))
    if kind == "string" and operator == "!=":
        return (name, "prefix", value)
    if kind == "timestamp" and value.year > 1:
        value = value.astimezone(EAST)
    return (name, operator, value)


def nested(row):
    """Return a row as it is stored, its part `o.x` in an object."""
    return {**{n: v for n, v in row.items() if n != "o.x"}, "o": {"x": row["o.x"]}}


def schema_of(kinds, key):
    fields = {n: kind if n in key else f"{kind}?" for n, kind in kinds.items() if n != "o.x"}
    return {**fields, "o": {"object": {"x": f"{kinds['o.x']}?"}}}


def naive(rows, key, conditions, order):
    found = [row for row in rows if truth(row, ("and", conditions)) is True]
    last = order[-1][1] if order else False
    for name, descending in reversed([*order, *((name, last) for name in key)]):
        found.sort(key=lambda row: sortable(row[name]), reverse=descending)
    return list(map(nested, found))


def built(conditions):
    parts = [
        field(name).is_null() if operator == "is null" else compared(name, operator, value)
        for name, operator, value in conditions
    ]
    whole = parts[0]
    for part in parts[1:]:
        whole = whole & part
    return whole


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases(), limit=st.integers(0, 4), offset=st.integers(0, 2))
def test_every_schema_and_plan_finds_what_a_naive_evaluator_finds(vault, case, limit, offset):
    kinds, key, rows, indexes, conditions, order = case
    with vault.transaction() as tx:
        name = f"c{tx.position}"
        made = tx.rows.create(name, schema_of(kinds, key), key=key, indexes=indexes)
        made.insert_many(map(nested, rows[::2]))
        made.bulk_load(map(nested, rows[1::2]))
        bare = tx.rows.create(f"{name} bare", schema_of(kinds, key), key=key)
        bare.bulk_load(map(nested, rows))
    wanted = naive(rows, key, conditions, order)

    home = VaultHome(vault)
    home.columns = Columns(least_rows=1)
    columns = Collections(home)[bare.name]
    columns.to_frame("arrow")
    for collection in (vault.rows[name], vault.rows[bare.name], columns):
        query = collection.where(built(conditions))
        if order:
            query = query.order_by(*(f"{n} desc" if down else n for n, down in order))
            assert same(query.all(), wanted), query.explain()
            windowed = query.offset(offset).limit(limit).all()
            assert same(windowed, wanted[offset : offset + limit]), query.explain()
        assert query.count() == len(wanted), query.explain()
        assert same(sorted(query, key=_shown), sorted(wanted, key=_shown)), query.explain()
    for row in map(nested, rows):
        values = tuple(row[part] for part in key)
        assert same([vault.rows[name][values if len(key) > 1 else values[0]]], [row])

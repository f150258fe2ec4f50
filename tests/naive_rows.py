"""Random rows and conditions, and an evaluator of them that is as simple as can be."""

import math
import re
from datetime import UTC, datetime

from hypothesis import strategies as st

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


@st.composite
def families(draw):
    """Conditions that differ in their values alone, the first of them twice."""
    first = draw(CONDITIONS)
    return [first, *(with_values(draw, first) for _ in range(draw(st.integers(0, 2)))), first]


def with_values(draw, condition):
    """Return a condition with other values, and lists of other lengths."""
    if condition[0] in ("and", "or"):
        return (condition[0], [with_values(draw, part) for part in condition[1]])
    if condition[0] == "not":
        return ("not", with_values(draw, condition[1]))
    name, operator, _ = condition
    if operator.startswith("is"):
        return condition
    if operator in ("in", "not in"):
        return (name, operator, draw(st.lists(st.one_of(st.none(), VALUES[name]), max_size=3)))
    values = PATTERNS if operator in ("prefix", "like", "regex") else VALUES[name]
    return (name, operator, draw(values))


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

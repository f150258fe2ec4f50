"""Which rows a query must look at: by key, along an index, or all of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nacre.keys import after_prefix, encode_element, encode_elements
from nacre.rows.conditions import EVERY, Condition, all_of, conjuncts
from nacre.rows.layout import KEPT_BYTES, KEY, Layout, fitted
from nacre.rows.matching import Term
from nacre.rows.schema import Index, Path

Interval = tuple[bytes, bytes | None]
"""First bytes of keys, and the first behind them, after what all keys of the index start with."""

Order = tuple[tuple[Path, bool], ...]
"""Paths to sort by, each with whether the largest come first."""

_MAX_INTERVALS = 1000
# NaN sorts behind all numbers, so that a range from a number on would find it.
_SETTLED = ("=", "in", "is null", "<", "<=")
_RANGE = ("<", "<=", ">", ">=", "prefix")


class Plan(NamedTuple):
    """What is read, in which order, and what each row must still fulfil."""

    condition: Condition
    """What is asked for."""

    left: Condition
    """What rows that are read must still fulfil."""

    along: Index | None = None
    """The index to go along; KEY for the key itself; None: all rows, in order of key."""

    intervals: tuple[Interval, ...] = ((b"", None),)
    used: tuple[Term, ...] = ()
    """The comparisons that the intervals stand for."""

    order: Order = ()
    is_ordered: bool = False
    """Whether rows come in the order that is wanted, so that a limit stops early."""

    reverse: bool = False
    is_exact: bool = False
    """Whether each interval begins with the whole key of the one row that it may hold."""

    def __str__(self) -> str:
        return "\n".join(_lines(self))


class _Candidate(NamedTuple):
    """An index with the comparisons that it can answer."""

    along: Index
    paths: tuple[Path, ...]
    equal: tuple[Term, ...]
    ranged: tuple[Term, ...]

    @property
    def is_point(self) -> bool:
        """Whether at most one row is found."""
        whole = len(self.equal) == len(self.paths)
        return whole and (self.along is KEY or self.along.unique)


def plan_query(
    layout: Layout,
    condition: Condition,
    order: Order,
    *,
    limited: bool,
    cut: Iterable[int] = (),
) -> Plan:
    """Return how to find the rows of a bound condition in an order.

    *cut* are the numbers of indexes that have no exact order.
    """
    terms = [part for part in conjuncts(condition) if isinstance(part, Term)]
    inexact = set(cut)
    candidates = _candidates(layout, terms)
    narrowing = [each for each in candidates if each.equal or each.ranged]
    if not narrowing:
        return _unselective(layout, condition, order, candidates, limited=limited, cut=inexact)
    best = narrowing[0]
    if len(narrowing) > 1:
        best = max(narrowing, key=lambda each: _rank(layout, each, order, inexact))
    direction = _direction(layout, best, order, inexact)
    prefixes = _prefixes(layout, best)
    return Plan(
        along=best.along,
        intervals=_intervals(layout, best, prefixes),
        used=(*best.equal, *best.ranged),
        condition=condition,
        left=_left(layout, condition, best, max(map(len, prefixes), default=0)),
        order=order,
        is_ordered=direction is not None,
        reverse=bool(direction),
        is_exact=best.along is KEY and best.is_point,
    )


def _unselective(
    layout: Layout,
    condition: Condition,
    order: Order,
    candidates: Sequence[_Candidate],
    *,
    limited: bool,
    cut: set[int],
) -> Plan:
    """Return a plan for when no index narrows the rows: along one that has the order, or all."""
    plan = Plan(condition=condition, left=condition, order=order)
    for candidate in candidates:
        direction = _direction(layout, candidate, order, cut)
        # Without a limit it costs less to sort than to fetch every row by itself.
        if direction is not None and (limited or candidate.along is KEY):
            along = None if candidate.along is KEY else candidate.along
            return plan._replace(along=along, is_ordered=True, reverse=direction)
    return plan


def _candidates(layout: Layout, terms: Sequence[Term]) -> list[_Candidate]:
    """Return what each index can answer; only the key, when it finds the one row itself."""
    found = []
    for index, paths in layout.sorted_by:
        candidate = _candidate(index, paths, terms)
        found.append(candidate)
        if index is KEY and candidate.is_point:
            break
    return found


def _rank(
    layout: Layout, candidate: _Candidate, order: Order, cut: set[int]
) -> tuple[bool, int, bool, bool]:
    ordered = _direction(layout, candidate, order, cut) is not None
    singles = sum(1 for term in candidate.equal if term.operator != "in")
    return (candidate.is_point, len(candidate.equal) + singles, bool(candidate.ranged), ordered)


def _candidate(index: Index, paths: tuple[Path, ...], terms: Sequence[Term]) -> _Candidate:
    equal: list[Term] = []
    ranged: tuple[Term, ...] = ()
    several = 1
    for path in paths:
        here = [term for term in terms if term.path == path]
        if not here:
            break
        # An equality before a list of values: sorting keeps the order of equals.
        equal_here = [term for term in here if term.operator in ("=", "is null", "in")]
        found = min(equal_here, key=lambda term: term.operator == "in", default=None)
        if found is None:
            ranged = tuple(term for term in here if term.operator in _RANGE)
            break
        several *= len(found.value) if isinstance(found.value, tuple) else 1
        if several > _MAX_INTERVALS:
            break
        equal.append(found)
    return _Candidate(index, paths, tuple(equal), ranged)


def _left(layout: Layout, condition: Condition, candidate: _Candidate, size: int) -> Condition:
    """Return the comparisons that the intervals of a candidate do not settle.

    *size* is how long what equalities come to is at most.
    """
    for term in candidate.ranged:
        if term.value is not None:
            size += len(encode_elements((layout.key_convert(term.path)(term.value),)))
    if size > KEPT_BYTES:
        return condition  # cut keys share only their beginning with what is looked for
    used = (*candidate.equal, *candidate.ranged)
    parts = conjuncts(condition)
    if len(parts) == len(used) and all(map(_is_settled, used)):
        return EVERY
    settled = {id(term) for term in used if _is_settled(term)}
    left = [part for part in parts if id(part) not in settled]
    return all_of(left) if left else EVERY


def _is_settled(term: Term) -> bool:
    return term.operator in _SETTLED or term.type.spec != "float64"


def _prefixes(layout: Layout, candidate: _Candidate) -> list[bytes]:
    """Return what the entries begin with that fulfil the equalities."""
    prefixes = [b""]
    for term in candidate.equal:
        convert = layout.key_convert(term.path)
        values = term.value if isinstance(term.value, tuple) else (term.value,)
        if term.operator != "is null":
            # What is compared with None or NaN is never equal.
            values = tuple(v for v in values if v is not None and v == v)  # noqa: PLR0124
        keys = {encode_element(None if v is None else convert(v)) for v in values}
        prefixes = [prefix + key for prefix in prefixes for key in sorted(keys)]
    return prefixes


def _intervals(
    layout: Layout, candidate: _Candidate, prefixes: Sequence[bytes]
) -> tuple[Interval, ...]:
    if len(candidate.equal) == len(candidate.paths):
        exact = [fitted(prefix) for prefix in prefixes]
        return tuple(sorted((key, after_prefix(key)) for key in exact))
    if not candidate.ranged:
        return _merged((_cut(prefix), after_prefix(_cut(prefix))) for prefix in prefixes)
    return _merged(_ranged(layout, prefix, candidate.ranged) for prefix in prefixes)


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return intervals in order, and each once: long values may have the same beginning."""
    return tuple(sorted(set(intervals), key=lambda interval: interval[0]))


def _ranged(layout: Layout, prefix: bytes, terms: Sequence[Term]) -> Interval:
    if any(term.value is None or term.value != term.value for term in terms):
        return (prefix, prefix)
    if len(prefix) > KEPT_BYTES:  # of cut keys nothing is left that the range is about
        return _cut(prefix), after_prefix(_cut(prefix))
    low = prefix + b"\x03"  # behind None, which no comparison finds
    high = after_prefix(prefix) if prefix else None
    for term in terms:
        first, behind = _bounds(layout, prefix, term)
        low = max(low, first)
        if behind is not None:
            high = behind if high is None else min(high, behind)
    return (low, high)


def _bounds(layout: Layout, prefix: bytes, term: Term) -> Interval:
    """Return the first bytes that a range may hold, and the first behind it."""
    if term.operator == "prefix":
        start = prefix + encode_elements((term.value,))[:-2]
        return _cut(start), after_prefix(_cut(start))
    start = prefix + encode_elements((layout.key_convert(term.path)(term.value),))
    end = after_prefix(_cut(start))
    # Cut keys share only their beginning with the bound: both sides take them along.
    is_exact = len(start) <= KEPT_BYTES
    match term.operator:
        case ">=":
            return _cut(start), None
        case ">":
            return (end if is_exact and end is not None else _cut(start)), None
        case "<":
            return b"", start if is_exact else end
    return b"", end


def _cut(prefix: bytes) -> bytes:
    return prefix[:KEPT_BYTES]


def _direction(layout: Layout, candidate: _Candidate, order: Order, cut: set[int]) -> bool | None:
    """Return whether to go backwards to have the order; None when the index does not have it."""
    if not order:
        return False
    if candidate.along.number in cut or any(t.operator == "in" for t in candidate.equal):
        return None
    fixed = {term.path for term in candidate.equal}
    wanted = [path for path, descending in order if path not in fixed]
    last = order[-1][1]
    if any(descending != last for path, descending in order if path not in fixed):
        return None
    # The key stands behind the values of every entry, and settles ties.
    along = [path for path in candidate.paths if path not in fixed]
    rest: list[Path] = []
    if candidate.along is not KEY:
        if wanted[: len(along)] != along or (wanted[len(along) :] and 0 in cut):
            return None
        wanted = wanted[len(along) :]
        rest = [(name,) for name in layout.schema.key if (name,) not in fixed]
    else:
        rest = along
    return last if wanted == rest[: len(wanted)] else None


def _lines(plan: Plan) -> Iterable[str]:
    if plan.along is None:
        yield "scan all rows, in order of the key"
    elif plan.along is KEY:
        count = len(plan.intervals)
        yield f"look up the key, {count} interval{'s' * (count != 1)}"
    else:
        kind = "unique index" if plan.along.unique else "index"
        yield f"go along the {kind} {plan.along.name!r}, intervals: {len(plan.intervals)}"
    for term in plan.used:
        yield f"  for {term}"
    yield f"  where {plan.condition}"
    if plan.order:
        names = ", ".join(".".join(path) + " desc" * down for path, down in plan.order)
        how = "in the order of what is read" if plan.is_ordered else "sorted afterwards"
        yield f"  order by {names}: {how}"

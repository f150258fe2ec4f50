"""Which rows a query must look at: by key, along an index, or all of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nacre.keys import after_prefix, encode_element
from nacre.rows.choices import MAX_INTERVALS, Choice, Comparison, Order, Question, choose
from nacre.rows.conditions import EVERY, Condition, all_of, conjuncts
from nacre.rows.layout import KEPT_BYTES, KEY, Layout, fitted
from nacre.rows.matching import Term
from nacre.rows.schema import Index
from nacre.rows.types import Convert

Interval = tuple[bytes, bytes | None]
"""First bytes of keys, and the first behind them, after what all keys of the index start with."""

_Bound = tuple[str, bytes | None]
"""An operator, and the element to compare with; None: nothing can be compared with it."""

_NULL = encode_element(None)
_BEHIND_NULL = b"\x03"  # which no comparison finds


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

    is_whole: bool = False
    """Whether all entries in an interval begin as it does, and then have the key of the row."""

    def __str__(self) -> str:
        return "\n".join(_lines(self))


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
    parts = conjuncts(condition)
    terms = [part for part in parts if isinstance(part, Term)]
    choice = choose(layout, Question(_comparisons(terms), order, limited, frozenset(cut)))
    if not choice.narrows:
        return Plan(
            condition, condition, choice.along,
            order=order, is_ordered=choice.is_ordered, reverse=choice.is_reverse,
        )  # fmt: skip
    prefixes = _prefixes(choice, terms)
    bounds = [_bound(terms[number], convert) for number, convert in choice.ranged]
    left: Condition = EVERY
    is_cut = _is_cut(prefixes, bounds)
    if is_cut:
        left = condition
    elif not choice.is_settled or len(parts) != len(choice.settled):
        left = _left(choice, terms, parts)
    return Plan(
        condition,
        left,
        choice.along,
        _intervals(choice, prefixes, bounds),
        tuple([terms[number] for number, _ in (*choice.equal, *choice.ranged)]),
        order,
        choice.is_ordered,
        choice.is_reverse,
        choice.is_exact,
        choice.is_whole and not is_cut,
    )


def _comparisons(terms: Sequence[Term]) -> tuple[Comparison, ...]:
    """Return the terms without their values."""
    several = 1
    for term in terms:
        if term.operator == "in":
            several *= max(1, _count(term))
    if several <= MAX_INTERVALS:
        return tuple([(term.path, term.operator, 1) for term in terms])
    return tuple([(term.path, term.operator, _count(term)) for term in terms])


def _count(term: Term) -> int:
    return len(term.value) if isinstance(term.value, tuple) else 1


def _prefixes(choice: Choice, terms: Sequence[Term]) -> list[bytes]:
    """Return what the entries begin with that fulfil the equalities."""
    prefixes = [b""]
    for number, convert in choice.equal:
        keys = _keys(terms[number], convert)
        prefixes = keys if prefixes == [b""] else [p + key for p in prefixes for key in keys]
    return prefixes


def _keys(term: Term, convert: Convert) -> list[bytes]:
    """Return the elements that fulfil an equality, in order."""
    if term.operator == "is null":
        return [_NULL]
    if term.operator == "in":
        assert isinstance(term.value, tuple)
        return sorted({key for value in term.value for key in _key(value, convert)})
    return _key(term.value, convert)


def _key(value: object, convert: Convert) -> list[bytes]:
    # What is compared with None or NaN is never equal.
    return [] if value is None or value != value else [encode_element(convert(value))]  # noqa: PLR0124


def _bound(term: Term, convert: Convert) -> _Bound:
    return (term.operator, next(iter(_key(term.value, convert)), None))


def _is_cut(prefixes: Sequence[bytes], bounds: Sequence[_Bound]) -> bool:
    """Tell whether intervals may hold more: cut keys share only their beginning with others."""
    size = len(prefixes[0]) if len(prefixes) == 1 else max(map(len, prefixes), default=0)
    if bounds:
        size += sum(len(encoded) for _, encoded in bounds if encoded is not None)
    return size > KEPT_BYTES


def _left(choice: Choice, terms: Sequence[Term], parts: Sequence[Condition]) -> Condition:
    """Return the comparisons that the intervals do not settle."""
    settled = {id(terms[number]) for number in choice.settled}
    left = [part for part in parts if id(part) not in settled]
    return all_of(left) if left else EVERY


def _intervals(
    choice: Choice, prefixes: Sequence[bytes], bounds: Sequence[_Bound]
) -> tuple[Interval, ...]:
    if choice.is_whole:
        return tuple([(key, after_prefix(key)) for key in sorted(map(fitted, prefixes))])
    if not bounds:
        return _merged((_cut(prefix), after_prefix(_cut(prefix))) for prefix in prefixes)
    return _merged(_ranged(prefix, bounds) for prefix in prefixes)


def _merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return intervals in order, and each once: long values may have the same beginning."""
    return tuple(sorted(set(intervals), key=lambda interval: interval[0]))


def _ranged(prefix: bytes, bounds: Sequence[_Bound]) -> Interval:
    if any(encoded is None for _, encoded in bounds):
        return (prefix, prefix)  # nothing is less or more than None or NaN
    if len(prefix) > KEPT_BYTES:  # of cut keys nothing is left that the range is about
        return _cut(prefix), after_prefix(_cut(prefix))
    low = prefix + _BEHIND_NULL
    high = after_prefix(prefix) if prefix else None
    for operator, encoded in bounds:
        assert encoded is not None
        first, behind = _ends(operator, prefix + encoded)
        low = max(low, first)
        if behind is not None:
            high = behind if high is None else min(high, behind)
    return (low, high)


def _ends(operator: str, start: bytes) -> Interval:
    """Return the first bytes that a range may hold, and the first behind it."""
    if operator == "prefix":
        beginning = _cut(start[:-2])  # without what ends a text
        return beginning, after_prefix(beginning)
    # Cut keys share only their beginning with the bound: both sides take them along.
    is_exact = len(start) <= KEPT_BYTES
    match operator:
        case ">=":
            return _cut(start), None
        case ">":
            return (is_exact and after_prefix(start)) or _cut(start), None
        case "<":
            return b"", start if is_exact else after_prefix(_cut(start))
    return b"", after_prefix(_cut(start))


def _cut(prefix: bytes) -> bytes:
    return prefix[:KEPT_BYTES]


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

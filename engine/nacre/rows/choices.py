"""Which index a query goes along: chosen once for all queries that differ in their values alone.

Nothing here sees a value. What depends on them is how many a list has, which is told.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from nacre.rows.layout import KEY, Layout
from nacre.rows.schema import Index, Path
from nacre.rows.types import Convert

Order = tuple[tuple[Path, bool], ...]
"""Paths to sort by, each with whether the largest come first."""

MAX_INTERVALS = 1000
RANGES = ("<", "<=", ">", ">=", "prefix")
# NaN sorts behind all numbers, so that a range from a number on would find it.
_SETTLED = ("=", "in", "is null", "<", "<=")


Comparison = tuple[Path, str, int]
"""A path, an operator and how many values a list has: 1 where all lists together are short."""


class Question(NamedTuple):
    """What is asked, but for values."""

    comparisons: tuple[Comparison, ...]
    """What all must hold."""

    order: Order
    is_limited: bool
    cut: frozenset[int]
    """The numbers of indexes that have no exact order."""


class Choice(NamedTuple):
    """An index to go along, and what of the question it answers."""

    along: Index | None = None
    """KEY for the key itself; None: all rows, in order of key."""

    equal: tuple[tuple[int, Convert], ...] = ()
    """The equalities, by their numbers in the question, and how their values become keys."""

    ranged: tuple[tuple[int, Convert], ...] = ()
    """The comparisons with the field behind the last of them, likewise."""

    is_whole: bool = False
    """Whether there is an equality for every field of the index."""

    is_settled: bool = False
    """Whether rows that the index gives fulfil all comparisons, but for what is cut."""

    settled: tuple[int, ...] = ()
    """The comparisons of which that holds."""

    is_ordered: bool = False
    is_reverse: bool = False
    is_exact: bool = False
    """Whether it is the one row of each key."""

    @property
    def narrows(self) -> bool:
        """Whether not all rows are looked at."""
        return bool(self.equal or self.ranged)


class _Term(NamedTuple):
    """A comparison, and its number in the question."""

    path: Path
    operator: str
    several: int
    number: int


class _Candidate(NamedTuple):
    """An index with the comparisons that it can answer."""

    along: Index
    paths: tuple[Path, ...]
    equal: tuple[_Term, ...]
    ranged: tuple[_Term, ...]

    @property
    def is_point(self) -> bool:
        """Whether at most one row is found."""
        whole = len(self.equal) == len(self.paths)
        return whole and (self.along is KEY or self.along.unique)


@lru_cache(maxsize=1024)
def choose(layout: Layout, question: Question) -> Choice:
    """Return which index answers a question best."""
    terms = [_Term(*each, number) for number, each in enumerate(question.comparisons)]
    candidates = _candidates(layout, terms)
    narrowing = [each for each in candidates if each.equal or each.ranged]
    if not narrowing:
        return _unselective(layout, question, candidates)
    best = narrowing[0]
    if len(narrowing) > 1:
        best = max(narrowing, key=lambda each: _rank(layout, each, question))
    direction = _direction(layout, best, question)
    used = (*best.equal, *best.ranged)
    settled = [term for term in used if _is_settled(layout, term)]
    return Choice(
        along=best.along,
        equal=_converted(layout, best.equal),
        ranged=_converted(layout, best.ranged),
        is_whole=len(best.equal) == len(best.paths),
        is_settled=len(settled) == len(used),
        settled=tuple(term.number for term in settled),
        is_ordered=direction is not None,
        is_reverse=bool(direction),
        is_exact=best.along is KEY and best.is_point,
    )


def _converted(layout: Layout, terms: Sequence[_Term]) -> tuple[tuple[int, Convert], ...]:
    return tuple((term.number, layout.key_convert(term.path)) for term in terms)


def _is_settled(layout: Layout, term: _Term) -> bool:
    return term.operator in _SETTLED or layout.resolve(term.path)[1].spec != "float64"


def _unselective(layout: Layout, question: Question, candidates: Sequence[_Candidate]) -> Choice:
    """Return the choice when no index narrows the rows: one that has the order, or all rows."""
    for candidate in candidates:
        direction = _direction(layout, candidate, question)
        # Without a limit it costs less to sort than to fetch every row by itself.
        if direction is not None and (question.is_limited or candidate.along is KEY):
            along = None if candidate.along is KEY else candidate.along
            return Choice(along=along, is_ordered=True, is_reverse=direction)
    return Choice()


def _candidates(layout: Layout, terms: Sequence[_Term]) -> list[_Candidate]:
    """Return what each index can answer; only the key, when it finds the one row itself."""
    found = []
    for index, paths in layout.sorted_by:
        candidate = _candidate(index, paths, terms)
        found.append(candidate)
        if index is KEY and candidate.is_point:
            break
    return found


def _rank(
    layout: Layout, candidate: _Candidate, question: Question
) -> tuple[bool, int, bool, bool]:
    ordered = _direction(layout, candidate, question) is not None
    singles = sum(1 for term in candidate.equal if term.operator != "in")
    return (candidate.is_point, len(candidate.equal) + singles, bool(candidate.ranged), ordered)


def _candidate(index: Index, paths: tuple[Path, ...], terms: Sequence[_Term]) -> _Candidate:
    equal: list[_Term] = []
    ranged: tuple[_Term, ...] = ()
    several = 1
    for path in paths:
        here = [term for term in terms if term.path == path]
        if not here:
            break
        # An equality before a list of values: sorting keeps the order of equals.
        equal_here = [term for term in here if term.operator in ("=", "is null", "in")]
        found = min(equal_here, key=lambda term: term.operator == "in", default=None)
        if found is None:
            ranged = tuple(term for term in here if term.operator in RANGES)
            break
        several *= found.several
        if several > MAX_INTERVALS:
            break
        equal.append(found)
    return _Candidate(index, paths, tuple(equal), ranged)


def _direction(layout: Layout, candidate: _Candidate, question: Question) -> bool | None:
    """Return whether to go backwards to have the order; None when the index does not have it."""
    order, cut = question.order, question.cut
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

"""The rule that says how much history keeps its payloads.

Without one, all of it does. Events, digests and proofs stay whatever the rule; only payloads that
neither the history within the rule, nor a view, nor a snapshot names may be dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from nacre.clock import now_ns
from nacre.decision import Transaction
from nacre.errors import InvalidInput
from nacre.store import Store

RETENTION_SET = "nacre.retention.set"
SUBJECT = "nacre"

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_557_600}


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How much history keeps its payloads: *seconds* back from now, or all when None."""

    seconds: int | None = None

    def __str__(self) -> str:
        if self.seconds is None:
            return "all history is kept"
        days, rest = divmod(self.seconds, _SECONDS["d"])
        return f"history {self.seconds} s" if rest else f"history {days}d"


def parse_history(text: str) -> Retention:
    """Read `90d`, `12h`, `2w`, `all`.

    Raises:
        InvalidInput: it is none of these.
    """
    if text == "all":
        return Retention()
    count, unit = text[:-1], text[-1:]
    if unit not in _SECONDS or not count.isascii() or not count.isdigit():
        raise InvalidInput(
            f"{text!r} is no length of history: write a number and one of "
            f"{', '.join(_SECONDS)}, as in 90d, or all"
        )
    return Retention(seconds=int(count) * _SECONDS[unit])


def set_retention(store: Store, retention: Retention) -> Retention:
    """Record the rule that the next compactions follow."""
    store.commit(lambda tx: _record(tx, retention), message=str(retention))
    return retention


def retention_of(store: Store) -> Retention:
    """Return the rule that holds now."""
    found = store.events(subject=SUBJECT, kind=RETENTION_SET, start=0, stop=None, reverse=True)
    event = next(found, None)
    return Retention() if event is None else _retention(event.data)


def rule_text(store: Store) -> str:
    """Return the rule in words, for the commit that drops something by it."""
    return str(retention_of(store))


def retained_since(store: Store) -> int:
    """Return the first position whose payloads the rule keeps; 0 when it keeps all."""
    retention = retention_of(store)
    if retention.seconds is None:
        return 0
    oldest_ns = now_ns() - retention.seconds * 1_000_000_000
    return _first_after(store, oldest_ns)


def _first_after(store: Store, time_ns: int) -> int:
    """Return the first position whose commit is not older than a time: times never go back."""
    low, high = 0, store.head
    while low < high:
        middle = (low + high) // 2
        commit = next(store.commits(middle, middle + 1))
        if commit.header.time_ns < time_ns:
            low = middle + 1
        else:
            high = middle
    return low


def _record(tx: Transaction, retention: Retention) -> None:
    tx.record_own(RETENTION_SET, subject=SUBJECT, data={"history_seconds": retention.seconds})


def _retention(data: Mapping[str, object]) -> Retention:
    seconds = data.get("history_seconds")
    return Retention(seconds=seconds if isinstance(seconds, int) else None)

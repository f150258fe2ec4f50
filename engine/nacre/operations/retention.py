"""Which backups rules keep: a pure function of their times and tags."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from nacre.backups.listing import Listed
from nacre.errors import InvalidInput

_COUNTS = ("last", "daily", "weekly", "monthly", "yearly")
_SPAN = re.compile(r"(\d{1,6})([hdwmy])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "m": 30 * 24, "y": 365 * 24}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is kept of each vault's backups: the union of what the rules name."""

    last: int = 0
    """The newest ones."""

    daily: int = 0
    """The newest of each of so many days, UTC, that have one."""

    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: timedelta | None = None
    """All that are at most so much older than the newest."""

    tags: tuple[str, ...] = ()
    """All that have one of these."""

    def __post_init__(self) -> None:
        counts = {name: getattr(self, name) for name in _COUNTS}
        for name, count in counts.items():
            if count < 0:
                raise InvalidInput(f"keep {name} is {count}: count from 0")
        if not any(counts.values()) and self.within is None and not self.tags:
            raise InvalidInput("no rule says what to keep: give one, such as --keep-last 7")


def kept(listed: Iterable[Listed], rules: Rules) -> dict[str, tuple[str, ...]]:
    """Return the names of the backups that are kept, each with the rules that keep it."""
    reasons: dict[str, list[str]] = {}
    by_vault: dict[bytes, list[Listed]] = {}
    for each in listed:
        by_vault.setdefault(each.backup.vault_id, []).append(each)
    for of_vault in by_vault.values():
        newest_first = sorted(of_vault, key=lambda each: (-each.backup.time_ns, each.name))
        for rule, chosen in _chosen(newest_first, rules):
            for each in chosen:
                reasons.setdefault(each.name, []).append(rule)
    return {name: tuple(why) for name, why in reasons.items()}


def parse_span(text: str) -> timedelta:
    """Return the time that people write as `36h`, `7d`, `4w`, `6m` (30 days each) or `2y`.

    Raises:
        InvalidInput: it is written otherwise.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise InvalidInput(f"{text!r} is no span of time: write 36h, 7d, 4w, 6m or 2y")
    return timedelta(hours=int(found[1]) * _HOURS[found[2]])


def _chosen(newest_first: Sequence[Listed], rules: Rules) -> Iterable[tuple[str, Sequence[Listed]]]:
    yield "last", newest_first[: rules.last]
    yield "daily", _newest_of_each(newest_first, rules.daily, "%Y-%m-%d")
    yield "weekly", _newest_of_each(newest_first, rules.weekly, "%G-%V")
    yield "monthly", _newest_of_each(newest_first, rules.monthly, "%Y-%m")
    yield "yearly", _newest_of_each(newest_first, rules.yearly, "%Y")
    if rules.within is not None:
        oldest = newest_first[0].backup.time - rules.within
        yield "within", [each for each in newest_first if each.backup.time >= oldest]
    yield "tag", [each for each in newest_first if set(each.backup.tags) & set(rules.tags)]


def _newest_of_each(newest_first: Sequence[Listed], count: int, period: str) -> list[Listed]:
    newest: dict[str, Listed] = {}
    for each in newest_first:
        newest.setdefault(each.backup.time.strftime(period), each)
    return list(newest.values())[:count]

"""Which position is meant: a number, a point in time, or what people write for one.

Times are read strictly: what could mean two things, or lies in the future, is refused with what
is understood. A date stands for its first moment. What has no zone is of the local one.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from nacre.clock import now_ns
from nacre.errors import InvalidInput
from nacre.event import decode_header
from nacre.past import SnapshotsView
from nacre.store import Store

When = int | datetime | str
"""A position, a point in time with a zone, the name of a snapshot, or "2 days ago"."""

UNDERSTOOD = (
    "a position such as 17, the name of a snapshot, an ISO 8601 date or time such as 2026-01-31 or "
    "2026-01-31T12:30+01:00, also with a zone's name behind it (2026-01-31 12:30 Europe/Berlin), "
    "now, today, yesterday, or an age such as '2 days ago'"
)

_UNITS = "second|minute|hour|day|week|month|year"
_AGO = re.compile(rf"(\d{{1,6}}|an?) ({_UNITS})s? ago")
_DAY = re.compile(r"(today|yesterday)(?: (\d\d:\d\d(?::\d\d)?))?")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_POSITION = re.compile(r"[0-9]+")
_MOST_DIGITS = 19


def position_at(store: Store, when: When) -> int:
    """Return the position that *when* means in a vault.

    A time means the commits up to it, those of the same microsecond included.

    Raises:
        InvalidInput: it is not understood, ambiguous, or in the future.
    """
    if isinstance(when, str):
        when = when.strip()
        snapshots = find_snapshots(store)
        snapshot = None if snapshots is None else snapshots.get(when)
        when = read_moment(when) if snapshot is None else snapshot.position
    if isinstance(when, datetime):
        return _position_of_time(store, when)
    if type(when) is not int:
        raise InvalidInput(f"{when!r} is a {type(when).__name__}: give {UNDERSTOOD}")
    head = store.head
    if not 0 <= when <= head:
        raise InvalidInput(f"there is no position {when}: they go from 0 to the head, {head}")
    return when


def find_snapshots(store: Store) -> SnapshotsView | None:
    """Return the snapshots of a vault; None when it never had one."""
    with store.environment.read() as transaction:
        kept = store.maintenance.catalogue(transaction).entries
    return store.view(SnapshotsView) if SnapshotsView.name in kept else None


def read_moment(text: str) -> int | datetime:
    """Return the position or the point in time that *text* means.

    Raises:
        InvalidInput: it is not understood, or ambiguous.
    """
    if _POSITION.fullmatch(text) and len(text) <= _MOST_DIGITS:
        return int(text)
    now = datetime.fromtimestamp(now_ns() // 1000 / 1_000_000, UTC)
    return _relative(text.lower(), now) or _absolute(text)


def _relative(text: str, now: datetime) -> datetime | None:
    if text == "now":
        return now
    if day := _DAY.fullmatch(text):
        date = now.astimezone().date() - timedelta(days=day[1] == "yesterday")
        return _absolute(f"{date.isoformat()} {day[2] or '00:00'}")
    if ago := _AGO.fullmatch(text):
        count = int(ago[1]) if ago[1].isdigit() else 1
        return _before(now, count, ago[2] + "s", text)
    return None


def _before(now: datetime, count: int, units: str, text: str) -> datetime:
    try:
        if units in ("seconds", "minutes", "hours"):
            return now - timedelta(**{units: count})
        local: datetime = now.astimezone().replace(tzinfo=None) - _calendar(units, count)
        # The same time of another day: of two such times the later one is meant.
        return local.replace(fold=1).astimezone()
    except (OverflowError, ValueError) as error:
        raise InvalidInput(f"{text!r} is before the year 1: give a later time") from error


def _calendar(units: str, count: int) -> relativedelta:
    counts = {"days": 0, "weeks": 0, "months": 0, "years": 0} | {units: count}
    return relativedelta(
        days=counts["days"], weeks=counts["weeks"], months=counts["months"], years=counts["years"]
    )


def _absolute(text: str) -> datetime:
    moment, _, zone = text.rpartition(" ")
    if moment and _ZONE.fullmatch(zone):
        return _placed(_iso(moment, text), _zone(zone, text), text)
    return _placed(_iso(text, text), None, text)


def _iso(text: str, whole: str) -> datetime:
    try:
        if _POSITION.fullmatch(text):
            raise ValueError  # of digits alone it is no time
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{whole!r} is not understood: give {UNDERSTOOD}") from None


def _zone(name: str, whole: str) -> tzinfo:
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidInput(
            f"{whole!r} ends in {name!r}, which is no zone: use a name such as Europe/Berlin, "
            "or an offset such as +01:00"
        ) from None


def _placed(moment: datetime, zone: tzinfo | None, text: str) -> datetime:
    """Return *moment* in *zone*, or the local one; refuse what happens twice there, or never."""
    if moment.tzinfo is not None:
        if zone is not None:
            raise InvalidInput(f"{text!r} has an offset and a zone: give one of them")
        return moment
    try:
        first, second = (moment.replace(fold=fold, tzinfo=zone).astimezone(zone) for fold in (0, 1))
    except (OverflowError, ValueError) as error:
        raise InvalidInput(f"{text!r} is out of range: give a time nearer to now") from error
    if first.utcoffset() != second.utcoffset():
        raise InvalidInput(
            f"{text!r} happens twice or never where clocks change: write the offset, "
            f"{first:%z} or {second:%z}"
        )
    return first


def _position_of_time(store: Store, moment: datetime) -> int:
    if moment.tzinfo is None:
        raise InvalidInput(f"{moment} has no time zone: give one, such as UTC")
    epoch = datetime.fromtimestamp(0, UTC)
    last_ns = (moment - epoch) // timedelta(microseconds=1) * 1000 + 999
    head = store.head
    newest_ns = _time_of(store, head - 1) if head else 0
    if last_ns >= newest_ns:
        if last_ns > max(newest_ns, now_ns()) + 999:
            raise InvalidInput(f"{moment} is in the future: give a time until now")
        return head
    low, high = 0, head - 1  # the commit at high is later; times never go back along the log
    while low < high:
        middle = (low + high) // 2
        if _time_of(store, middle) > last_ns:
            high = middle
        else:
            low = middle + 1
    return low


def _time_of(store: Store, position: int) -> int:
    return decode_header(next(store.log.read(position, position + 1))).time_ns

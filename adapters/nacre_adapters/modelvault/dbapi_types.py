"""The constructors and types of PEP 249: Python's own, since parameters are taken as they are."""

from dataclasses import dataclass
from datetime import date, datetime, time

Date = date
Time = time
Timestamp = datetime
Binary = bytes


def DateFromTicks(ticks: float) -> date:  # noqa: N802 - its name in PEP 249
    """Return the day of a moment, in local time."""
    return date.fromtimestamp(ticks)


def TimeFromTicks(ticks: float) -> time:  # noqa: N802 - its name in PEP 249
    """Return the time of day of a moment, in local time."""
    return TimestampFromTicks(ticks).time()


def TimestampFromTicks(ticks: float) -> datetime:  # noqa: N802 - its name in PEP 249
    """Return a moment in local time."""
    return datetime.fromtimestamp(ticks)


@dataclass(frozen=True, slots=True)
class TypeObject:
    """A type of columns. Descriptions name none, as the original's: no column equals one."""

    name: str


STRING = TypeObject("STRING")
BINARY = TypeObject("BINARY")
NUMBER = TypeObject("NUMBER")
DATETIME = TypeObject("DATETIME")
ROWID = TypeObject("ROWID")

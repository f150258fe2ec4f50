"""Time zones by name: what a zone is called, and which library it came from."""

import datetime
import zoneinfo

from nacre.errors import CorruptionError, Unstorable

try:
    import pytz  # type: ignore[import-untyped]  # it has no types of its own
except ImportError:  # pandas 3 does without it
    pytz = None


def encode_zone(zone: datetime.tzinfo | None) -> list[object] | None:
    """Return what names *zone*.

    Raises:
        Unstorable: it has no name that would bring it back.
    """
    if zone is None:
        return None
    if type(zone) is datetime.timezone:
        return _encode_offset(zone)
    if type(zone) is zoneinfo.ZoneInfo and zone.key:
        return ["zoneinfo", zone.key]
    if type(zone).__module__.split(".")[0] == "pytz":
        return _encode_pytz(zone)
    raise Unstorable(
        f"its time zone {zone!r} cannot be named exactly: convert it to zoneinfo.ZoneInfo"
    )


def decode_zone(name: object) -> datetime.tzinfo | None:
    """Return the zone that `encode_zone` named."""
    match name:
        case None:
            return None
        case ["offset", int() as seconds, int() as microseconds, None]:
            offset = datetime.timedelta(seconds=seconds, microseconds=microseconds)
            return datetime.timezone(offset) if offset else datetime.UTC
        case ["offset", int() as seconds, int() as microseconds, str() as text]:
            offset = datetime.timedelta(seconds=seconds, microseconds=microseconds)
            return datetime.timezone(offset, text)
        case ["zoneinfo", str() as key]:
            return _zoneinfo(key)
        case ["pytz", str() | int() as key]:
            return _decode_pytz(key)
    raise CorruptionError(f"{name!r:.60} names no time zone: run `nacre verify`")


def _encode_offset(zone: datetime.timezone) -> list[object]:
    offset = zone.utcoffset(None)
    name = zone.__getinitargs__()[1:]  # type: ignore[attr-defined]
    seconds = offset.days * 86_400 + offset.seconds
    return ["offset", seconds, offset.microseconds, name[0] if name else None]


def _encode_pytz(zone: datetime.tzinfo) -> list[object]:
    key = getattr(zone, "zone", None)
    name = getattr(zone, "_minutes", None) if key is None else key
    if name is None:
        raise Unstorable(f"its time zone {zone!r} has no name: use zoneinfo.ZoneInfo")
    return ["pytz", name]


def _decode_pytz(name: str | int) -> datetime.tzinfo:
    if pytz is None:
        raise CorruptionError(f"the time zone {name!r} needs pytz: install it")
    zone: datetime.tzinfo = pytz.FixedOffset(name) if type(name) is int else pytz.timezone(name)
    return zone


def _zoneinfo(key: str) -> datetime.tzinfo:
    try:
        return zoneinfo.ZoneInfo(key)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CorruptionError(
            f"the time zone {key[:60]!r} is not on this machine: install tzdata"
        ) from error

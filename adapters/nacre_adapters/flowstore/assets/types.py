"""What kinds of assets there are, and how assets are named."""

import os
import time
import uuid
from datetime import UTC, datetime, timedelta
from enum import Enum

from nacre.errors import InvalidInput

When = int | datetime | str
"""What `Vault.at` understands: a position, a time with a zone, a text such as "yesterday"."""


class AssetType(str, Enum):  # noqa: UP042 - the text of a StrEnum is another than the original's
    """What an asset is."""

    MODEL = "model"
    EXPLAINER = "explainer"
    NLPROCESSOR = "nlprocessor"
    SCHEMA = "schema"
    DATASET = "dataset"
    KNOWLEDGE_GRAPH = "knowledge_graph"
    DATASTORE = "datastore"
    OTHER = "other"


def asset_type(given: "AssetType | str") -> AssetType:
    """Return the type of that name or value.

    Raises:
        InvalidInput: there is none.
    """
    if isinstance(given, AssetType):
        return given
    for each in AssetType:
        if isinstance(given, str) and given.lower() in (each.value, each.name.lower()):
            return each
    known = ", ".join(each.value for each in AssetType)
    raise InvalidInput(f"there is no type of assets {given!r:.60}: choose of {known}")


class AssetPersistenceMethod(str, Enum):  # noqa: UP042 - as above
    """How later versions of the original may be told to store an object."""

    PICKLE = "pickle"
    CSV = "csv"
    EXCEL = "excel"
    JSON = "json"
    BYTES = "bytes"
    PARQUET = "parquet"


def check_method(given: object, trust: str | None) -> None:
    """Raise unless objects may be stored as a caller asks for.

    Raises:
        InvalidInput: (a ValueError) there is no such method, or it is pickle, and nobody said
            that pickles are trusted.
    """
    if given is None:
        return
    names = {each.value for each in AssetPersistenceMethod}
    name = given.value if isinstance(given, Enum) else given
    if not isinstance(name, str) or name.lower() not in names:
        known = ", ".join(sorted(names))
        raise InvalidInput(f"there is no serialization_method {given!r:.60}: choose of {known}")
    if name.lower() == "pickle" and trust != "pickle":
        raise InvalidInput("nothing is pickled unless you say trust='pickle' as well")


def new_id() -> str:
    """Return a UUID of version 7: random, and later ones sort behind earlier ones."""
    stamp = (time.time_ns() // 1_000_000) << 80
    random = int.from_bytes(os.urandom(10), "big")
    number = stamp | random
    number = number & ~(0xF << 76) | (0x7 << 76)
    return str(uuid.UUID(int=number & ~(0x3 << 62) | (0x2 << 62)))


def iso_of(time_us: int) -> str:
    """Return microseconds since the epoch as ISO-8601, UTC."""
    return (_EPOCH + timedelta(microseconds=time_us)).isoformat(timespec="microseconds")


def time_us_of(given: str | datetime) -> int:
    """Return a time as microseconds since the epoch; one without a zone is UTC.

    Raises:
        InvalidInput: it is no time.
    """
    try:
        when = datetime.fromisoformat(given) if isinstance(given, str) else given
        return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(
            f"{given!r:.60} is no time: give ISO-8601, as in '2026-01-31T12:30:00+00:00'"
        ) from error


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

"""Why a blob that events name was left out of a restore: so that a reader is told.

    key    01, "absent", digest (32 bytes)
    value  msgpack {"why": text, "time_ns": when it was left out}

A blob that is put again has a row in the index, and that one counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from nacre import codec
from nacre.hashing import Digest
from nacre.lmdb_handle import Transaction
from nacre.prefixes import META

_PREFIX = bytes([META]) + b"absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Why a blob is not there, and since when."""

    why: str
    time_ns: int

    def __str__(self) -> str:
        time = datetime.fromtimestamp(self.time_ns // 10**9, UTC)
        return f"{self.why} on {time:%Y-%m-%d}"


def get_absence(transaction: Transaction, digest: Digest) -> Absence | None:
    """Return why a blob is not there, if that is known."""
    raw = transaction.get(_PREFIX + digest.raw)
    return None if raw is None else _decoded(raw)


def absences(transaction: Transaction) -> Iterator[tuple[Digest, Absence]]:
    """Yield the blobs that were left out, also those that were put again since."""
    cursor = transaction.cursor()
    if cursor.set_range(_PREFIX):
        for key, raw in cursor.iternext():
            if not key.startswith(_PREFIX):
                return
            absence = _decoded(raw)
            if absence is not None:
                yield Digest(key[len(_PREFIX) :]), absence


def put_absence(transaction: Transaction, digest: Digest, absence: Absence) -> None:
    """Note why a blob is not there."""
    fields = {"why": absence.why, "time_ns": absence.time_ns}
    transaction.put(_PREFIX + digest.raw, codec.pack(fields))


def _decoded(raw: bytes) -> Absence | None:
    fields = codec.unpack(raw)
    if not isinstance(fields, dict):
        return None
    return Absence(why=str(fields.get("why")), time_ns=int(fields.get("time_ns", 0)))

"""What calls came to in modelvault 0.16.0: rows of tables that hold here as well.

Each row runs on both, so that the tables are known to be true. What is another thing here, and
on purpose, says what both come to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from nacre_adapters import modelvault as ours

Call = Callable[[], object]


@dataclass(frozen=True)
class Raises:
    """An exception: the name of its class, and its message. Here the message may go on."""

    kind: str
    message: str
    more: bool = False
    """Whether the message goes on in the original, too."""


@dataclass(frozen=True)
class Differs:
    """What a call comes to in the original, and what here."""

    original: object
    here: object


def observe(mv: ModuleType, call: Call, observed: object) -> None:
    """Check that a call of one of the two comes to what was observed."""
    is_ours = mv is ours
    if isinstance(observed, Differs):
        observed = observed.here if is_ours else observed.original
    found = outcome(call)
    if isinstance(observed, Raises):
        assert isinstance(found, Exception), f"{found!r}, where there was {observed}"
        assert observed.kind in {base.__name__ for base in type(found).__mro__}, repr(found)
        same = str(found).startswith if is_ours or observed.more else str(found).__eq__
        assert same(observed.message), str(found)
    else:
        # As text: 1, 1.0 and True are not the same, and the order of names counts.
        assert repr(found) == repr(observed)


def outcome(call: Call) -> object:
    """Return what a call comes to, also when that is an exception."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - compared with what was observed
        # Without the frames, which keep databases open.
        return error.with_traceback(None)


def opened(
    mv: ModuleType, fields_json: str, indexes_json: str | None = None, *, primary: str = "id"
):
    """Return a database in memory with the collection "c"."""
    db = mv.Database.open_in_memory()
    db.register_collection("c", fields_json, primary, indexes_json)
    return db

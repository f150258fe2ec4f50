"""What an attempt has read so far: it goes into the log with what is written next.

Each event of reads names the one before it, so the whole of an attempt is a chain that grows by
what is new. That is what the engine's lineage follows.
"""

import threading
from collections.abc import Mapping
from typing import NamedTuple

from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import Fact, asset_subject, step_subject
from nacre_adapters.flowstore.secrecy import SecretsRead

Read = Mapping[str, object]


class ReadLog:
    """Reads that are not in the log yet, each once. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._waiting: list[Read] = []
        self._made_from: list[object] = []
        self.secrets = SecretsRead()
        """What was read of connections, which must not be written down."""

    def note(self, read: Read) -> None:
        """Note that something was read; the same thing twice counts once."""
        name = repr(sorted(read.items(), key=lambda item: item[0]))
        with self._lock:
            if name not in self._seen:
                self._seen.add(name)
                self._waiting.append(read)

    def count(self) -> int:
        """Return how much is not in the log yet."""
        return len(self._waiting)

    def facts(self, at: tuple[str, str, int], position: int, *, first: int | None = None) -> "Told":
        """Return the event of what is not in the log yet, to be recorded at *position*.

        Of all that, or of the *first* so many.
        """
        with self._lock:
            reads = self._waiting[:first]
        if not reads:
            return Told((), self._made_from, 0)
        flow, step, attempt = at
        subject = step_subject(flow, step)
        data: dict[str, object] = {"flow": flow, "step": step, "attempt": attempt}
        data["inputs"] = list(map(dict, reads))
        data["made_from"] = [*self._made_from, *filter(None, map(_reference, reads))]
        made_from: list[object] = [{"subject": subject, "position": position}]
        return Told((Fact(events.STEP_READ, subject, data),), made_from, len(reads))

    def settle(self, told: "Told") -> None:
        """Forget what a commit holds now."""
        with self._lock:
            del self._waiting[: told.new]
            self._made_from = told.made_from


class Told(NamedTuple):
    """The event of what was read, if there is anything new, and how to refer to all of it."""

    facts: tuple[Fact, ...]
    made_from: list[object]
    new: int


def _reference(read: Read) -> object:
    """Return what the engine's lineage knows a thing by; None for what is not in the vault."""
    match read:
        case {"kind": "asset", "asset": asset, "revision": revision}:
            return {"subject": asset_subject(str(asset)), "version": revision}
        case {
            "kind": "output" | "value" | "upload" | "page",
            "flow": flow,
            "step": step,
            "position": at,
        }:
            return {"subject": step_subject(str(flow), str(step)), "position": at}
    return None

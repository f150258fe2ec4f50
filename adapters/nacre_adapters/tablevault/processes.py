"""Processes as they are, projected from the log, and what they lock.

p[process]                   a process, also one that has ended
a[run, process]              0: it has not ended
k[process, builder, position]  [rows, frame, recipe]: a part of what a builder has computed
l[table, version, process]   0: it works on that; an empty version is the whole table
o[time, process]             0: when a process ended, ns
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, NamedTuple

from nacre import Digest, Event, State
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.state import (
    COMPLETED,
    FAILED,
    INTERRUPTED,
    PAUSED,
    RUNNING,
    Process,
    as_row,
    of_row,
)

WHOLE = ""


class Kept(NamedTuple):
    """Rows that a builder has computed, by their numbers, and its recipe at that time."""

    builder: str
    rows: list[int]
    frame: Digest
    recipe: str


class Processes:
    """Every operation, by its id; those that have not ended, with what they lock."""

    name: ClassVar[str] = "tablevault.processes"
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = (
        events.PROCESS_STARTED,
        events.PROCESS_KEPT,
        events.PROCESS_STEPPED,
        events.PROCESS_PAUSED,
        events.PROCESS_INTERRUPTED,
        events.PROCESS_RESUMED,
        events.PROCESS_COMPLETED,
        events.PROCESS_FAILED,
    )

    def __init__(self, state: State) -> None:
        self._processes = state.table("p")
        self._active = state.table("a")
        self._locks = state.table("l")
        self._parts = state.table("k")
        self._ended = state.table("o")

    def apply(self, event: Event) -> None:
        """Change the row of the process that the event is about."""
        process_id = event.subject.removeprefix("process/")
        if event.kind == events.PROCESS_KEPT:
            part = [event.data["rows"], event.data["frame"], event.data.get("recipe", "")]
            self._parts[process_id, event.data["builder"], event.position] = part
            return
        before = self.process(process_id)
        after = _AFTER[event.kind](before or _unknown(process_id, event), event)
        if before is not None:
            self._forget(before)
        self._processes[process_id] = as_row(after)
        if after.is_active:
            self._active[after.run, process_id] = 0
            for number, version in after.locks:
                self._locks[number, version, process_id] = 0
        else:
            self._ended[after.logged_ns, process_id] = 0
            self._forget_parts((process_id,))
        if event.kind == events.PROCESS_STEPPED:
            self._forget_parts((process_id, str(event.data["builder"])))

    def process(self, process_id: str) -> Process | None:
        """Return a process, or None when there never was one of that id."""
        return of_row(Process, self._processes.get(process_id))

    def active(self) -> Iterator[Process]:
        """Yield the processes that have not ended, in the order in which they were started."""
        for (_, process_id), _ in self._active.scan():
            process = self.process(str(process_id))
            assert process is not None
            yield process

    def ended(self) -> Iterator[Process]:
        """Yield the processes that have ended, in that order."""
        for (_, process_id), _ in self._ended.scan():
            process = self.process(str(process_id))
            assert process is not None
            yield process

    def parts(self, process_id: str, *builder: str) -> Iterator[Kept]:
        """Yield each part that an active process, or a builder of it, kept."""
        for (_, name, _), row in self._parts.scan((process_id, *builder)):
            assert isinstance(row, list)
            yield Kept(str(name), *row)

    def at_work(self, number: int, version: str = WHOLE) -> list[Process]:
        """Return the active processes that work on a version of a table, or on any of it."""
        prefixes = [(number,)] if version == WHOLE else [(number, version), (number, WHOLE)]
        ids = {str(key[2]): 0 for prefix in prefixes for key, _ in self._locks.scan(prefix)}
        found = [self.process(process_id) for process_id in ids]
        return [process for process in found if process is not None]

    def _forget_parts(self, prefix: tuple[str, ...]) -> None:
        for key, _ in list(self._parts.scan(prefix)):
            del self._parts[key]

    def _forget(self, process: Process) -> None:
        if process.is_active:
            del self._active[process.run, process.id]
            for number, version in process.locks:
                del self._locks[number, version, process.id]


def _unknown(process_id: str, event: Event) -> Process:
    """Return a process that starts, or also ends, with this event."""
    data = event.data
    return Process(
        id=process_id,
        operation=str(data.get("operation", "")),
        author=str(data.get("author", "")),
        arguments=dict(data.get("arguments") or {}),  # type: ignore[call-overload]  # ours
        status=RUNNING,
        named=bool(data.get("named", False)),
        started_ns=int(data.get("started_ns", event.time_ns)),  # type: ignore[call-overload]  # ours
        logged_ns=event.time_ns,
        pid=int(data.get("pid", 0)),  # type: ignore[call-overload]  # ours
        run=event.position,
    )


def _started(process: Process, event: Event) -> Process:
    holder = event.data["holder"]
    assert isinstance(holder, list)
    return replace(
        process,
        status=RUNNING,
        holder=holder,
        pid=holder[3],
        locks=event.data["locks"],  # type: ignore[arg-type]  # ours
        progress=process.progress or event.data.get("progress") or {},  # type: ignore[arg-type]  # ours
        run=event.position,
        error=["", ""],
        logged_ns=event.time_ns,
    )


def _stepped(process: Process, event: Event) -> Process:
    data = event.data
    stage = {name: data[name] for name in ("frame", "artifact_columns", "reads")}
    stage["recipes"] = data.get("recipes", [])
    return replace(
        process,
        steps=[*process.steps, [data["builder"], event.time_ns]],
        progress={**process.progress, "stage": stage},
        logged_ns=event.time_ns,
    )


def _ended(status: str) -> Callable[[Process, Event], Process]:
    def after(process: Process, event: Event) -> Process:
        error = event.data.get("error", ["", ""])
        assert isinstance(error, list)
        time_ns = int(event.data.get("ended_ns", event.time_ns))  # type: ignore[call-overload]  # ours
        return replace(process, status=status, error=error, logged_ns=time_ns)

    return after


_AFTER: Mapping[str, Callable[[Process, Event], Process]] = {
    events.PROCESS_STARTED: _started,
    events.PROCESS_RESUMED: _started,
    events.PROCESS_STEPPED: _stepped,
    events.PROCESS_PAUSED: _ended(PAUSED),
    events.PROCESS_INTERRUPTED: _ended(INTERRUPTED),
    events.PROCESS_COMPLETED: _ended(COMPLETED),
    events.PROCESS_FAILED: _ended(FAILED),
}

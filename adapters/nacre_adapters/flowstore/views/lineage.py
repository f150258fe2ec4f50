"""Who read what, and what each attempt wrote: the two halves of lineage.

by[thing, position, flow, step, attempt]          0: that attempt had read the thing by then
in[flow, step, attempt, position, n]              what it read, as it was noted
to[flow, step, attempt, position, n]              what it wrote: a thing
of[thing]                                         [flow, step, attempt, position] that wrote it
do[code, position]                                [flow, step, attempt]: a run that finished
wi[flow, step, attempt]                           [code or None, blob of its packages or None]

A thing is the key of a list: ["asset", id, revision], ["output", flow, step, attempt, name].
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from nacre import Event, State
from nacre.hashing import Digest
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import key_of


class Doer(NamedTuple):
    """An attempt of a step, at a position."""

    flow: str
    step: str
    attempt: int
    position: int


Thing = tuple[str | int, ...]


class Reads:
    """Edges between things and the attempts that read and wrote them."""

    name: ClassVar[str] = "flowstore.lineage"
    version: ClassVar[int] = 4
    kinds: ClassVar[tuple[str, ...]] = (
        events.STEP_STARTED,
        events.STEP_READ,
        events.STEP_FAILED,
        events.OUTPUT_SAVED,
        events.ASSET_CREATED,
        events.ASSET_REVISED,
        events.STEP_FINISHED,
        events.FLOW_DELETED,
    )

    def __init__(self, state: State) -> None:
        self._readers = state.table("by")
        self._read = state.table("in")
        self._written = state.table("to")
        self._writers = state.table("of")
        self._finished = state.table("do")
        self._made_with = state.table("wi")

    def apply(self, event: Event) -> None:
        """Add the edges that an event says."""
        data = event.data
        match event.kind:
            case events.STEP_READ:
                inputs = data["inputs"]
                assert isinstance(inputs, list)
                for number, read in enumerate(inputs):
                    self._note(read, number, event)
            case events.OUTPUT_SAVED:
                flow, step, attempt = _attempt(data)
                self._write(("output", flow, step, attempt, str(data["name"])), event)
            case events.STEP_STARTED:
                self._made_with[_attempt(data)] = [data.get("code"), None]
            case events.STEP_FAILED:
                self._end(data)
            case events.STEP_FINISHED:
                self._end(data)
                if data.get("code") is not None and data["phase"] == events.RUN:
                    self._finished[str(data["code"]), event.position] = list(_attempt(data))
            case events.FLOW_DELETED:
                self._forget(key_of(str(data["flow"])))
            case _:
                revision = data["version"]
                assert isinstance(revision, int)
                self._write(("asset", str(data["asset"]), revision), event)

    def readers(self, thing: Thing) -> Iterator[Doer]:
        """Yield the attempts that read a thing, and when they had."""
        prefix = _key(thing)
        for key, _ in self._readers.scan(prefix):
            position, flow, step, attempt = key[len(prefix) :]
            assert isinstance(position, int)
            assert isinstance(attempt, int)
            yield Doer(str(flow), str(step), attempt, position)

    def read_by(self, doer: Doer) -> Iterator[dict[str, Any]]:
        """Yield what an attempt had read at a position."""
        prefix = (doer.flow, doer.step, doer.attempt)
        for _, row in self._read.scan(start=prefix, stop=(*prefix, doer.position + 1)):
            assert isinstance(row, dict)
            yield row

    def written_by(self, doer: Doer) -> Iterator[Thing]:
        """Yield what an attempt wrote from a position on."""
        prefix = (doer.flow, doer.step, doer.attempt)
        stop = (doer.flow, doer.step, doer.attempt + 1)
        for _, row in self._written.scan(start=(*prefix, doer.position), stop=stop):
            assert isinstance(row, list)
            yield tuple(row)

    def finished(self, code: str) -> Iterator[Doer]:
        """Yield the runs that finished with a code, the last one first."""
        for (_, position), row in self._finished.scan((code,), reverse=True):
            assert isinstance(row, list)
            assert isinstance(position, int)
            flow, step, attempt = row
            yield Doer(flow, step, attempt, position)

    def made_with(self, doer: Doer) -> tuple[str | None, Digest | None]:
        """Return the digest of an attempt's code, and that of what its process had loaded."""
        row = self._made_with.get((doer.flow, doer.step, doer.attempt))
        code, packages = row if isinstance(row, list) else (None, None)
        return code, packages

    def writer(self, thing: Thing) -> Doer | None:
        """Return the attempt that wrote a thing; None when it was written outside of any step."""
        row = self._writers.get(_key(thing))
        return Doer(*row) if isinstance(row, list) else None

    def _end(self, data: Mapping[str, object]) -> None:
        row = self._made_with.get(_attempt(data))
        code = row[0] if isinstance(row, list) else None
        self._made_with[_attempt(data)] = [code, data.get("made_with")]

    def _note(self, read: object, number: int, event: Event) -> None:
        doer = (*_attempt(event.data), event.position)
        self._read[(*doer, number)] = read
        thing = thing_of(read)
        if thing is not None:
            flow, step, attempt, position = doer
            self._readers[(*_key(thing), position, flow, step, attempt)] = 0

    def _forget(self, flow: str) -> None:
        """Forget that runs of a flow finished: what they saved is gone."""
        rows = list(self._finished.scan())
        for key, row in rows:
            if isinstance(row, list) and row[0] == flow:
                del self._finished[key]

    def _write(self, thing: Thing, event: Event) -> None:
        origin = event.data.get("origin", None)
        if isinstance(origin, list):
            flow, step, attempt = origin[:3]
        else:
            flow, step, attempt = _attempt(event.data)
        if step is None:
            return
        doer = Doer(key_of(flow), key_of(step), attempt, event.position)
        self._writers[_key(thing)] = list(doer)
        self._written[(*doer, event.ordinal)] = list(thing)


def thing_of(read: object) -> Thing | None:
    """Return the thing that was read; None for what has no history here, such as a query."""
    match read:
        case {"kind": "output", "flow": f, "step": s, "attempt": a, "name": n}:
            return ("output", key_of(str(f)), key_of(str(s)), int(a), str(n))
        case {"kind": "asset", "asset": asset, "revision": revision}:
            return ("asset", str(asset), int(revision))
    return None


def _key(thing: Thing) -> Thing:
    return tuple(key_of(part) if isinstance(part, str) else part for part in thing)


def _attempt(data: object) -> tuple[str, str, int]:
    assert isinstance(data, dict)
    return key_of(str(data["flow"])), key_of(str(data["step"])), data["attempt"]

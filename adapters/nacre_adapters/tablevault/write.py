"""The operation `write_instance`: a frame that a caller gives becomes an instance.

A small one is stored and made an instance in one commit. A large one is locked while it is stored,
and so is one with an id of the caller's, which can be paused: that takes two.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from nacre_adapters.tablevault.artifacts import temporary_folder
from nacre_adapters.tablevault.content import Prepared, prepared
from nacre_adapters.tablevault.decisions import Blocked, Desk
from nacre_adapters.tablevault.errors import TVArgumentError, TVProcessError
from nacre_adapters.tablevault.events import Fact
from nacre_adapters.tablevault.materializing import Made, put_content
from nacre_adapters.tablevault.names import new_instance_id, table_name_of, version_of
from nacre_adapters.tablevault.operations import Call, Decide, Locks, Operations, Run
from nacre_adapters.tablevault.state import Temporary
from nacre_adapters.tablevault.writing import (
    Content,
    Place,
    begin_write,
    materialize,
    origin_of_place,
)

OPERATION = "write_instance"
_SMALL_CELLS = 100_000
"""A frame of this size is stored in less time than a commit takes on a disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A frame that can be stored, and where it goes."""

    ready: Prepared
    table: str
    version: str
    dependencies: Sequence[Sequence[str]]

    def run(self, operations: Operations, call: Call) -> Temporary:
        """Make the instance, and return the temporary one that it was made of."""
        place = None if call.named else self._small(operations, call)
        if place is not None:
            content = self._content(operations, place)
            operations.commit(call, partial(self._at_once, place=place, content=content))
            return place.temporary
        run = operations.start(call, self.begin)
        operations.carry_on(run, partial(self.work, operations))
        return run.plan.temporary

    def begin(self, desk: Desk) -> tuple[list[Fact], Locks, Place]:
        """Find the temporary instance, and what is locked meanwhile."""
        facts, place = begin_write(desk, name=self.table, version=self.version)
        return facts, [[place.table.number, self.version]], place

    def work(self, operations: Operations, run: Run[Place]) -> Decide:
        """Store the frame and the files, and return the decision that makes an instance of them."""
        content = self._content(operations, run.plan)
        instance_id = new_instance_id(self.version, run.process.started_ns)
        return partial(materialize, place=run.plan, instance_id=instance_id, content=content)

    def _content(self, operations: Operations, place: Place) -> Content:
        made = Made(dependencies=self.dependencies, origin=origin_of_place(place))
        at = operations.place
        return put_content(at.vault, at.files, place, self.ready, made)

    def _small(self, operations: Operations, call: Call) -> Place | None:
        """Return the temporary instance, if what is to be stored is soon stored."""
        if self.ready.frame.size > _SMALL_CELLS:
            return None
        try:
            _, _, place = self.begin(operations.desk(call.process_id))
        except Blocked:
            return None  # then it waits for its turn before it works
        folder = temporary_folder(operations.place.files, place.temporary, create=False)
        return None if folder.is_dir() else place

    def _at_once(self, desk: Desk, *, place: Place, content: Content) -> list[Fact]:
        freed, _, _ = self.begin(desk)
        instance_id = new_instance_id(self.version, time.time_ns())
        made = materialize(desk, place=place, instance_id=instance_id, content=content)
        return [*freed, *made]


def arguments_of(
    name: object,
    version: object,
    dependencies: Sequence[Sequence[str]] | None,
    dtypes: Mapping[str, object] | None,
) -> dict[str, object]:
    """Return what the record of the process says of a write: all but the frame."""
    return {
        "table_name": str(name),
        "version": str(version),
        "dependencies": list(map(_texts, dependencies or ())),
        "dtypes": _named(dtypes),
    }


def _texts(pair: object) -> object:
    """Return what names an instance as texts; what cannot name one is shown as it is."""
    if isinstance(pair, str) or not isinstance(pair, Iterable):
        return repr(pair)
    return [str(part) for part in pair]


def _named(dtypes: object) -> object:
    if not isinstance(dtypes, Mapping):
        return {} if dtypes is None else repr(dtypes)
    return {str(column): str(dtype) for column, dtype in dtypes.items()}


def checked_write(
    frame: object, arguments: Mapping[str, object], dtypes: Mapping[str, object] | None
) -> Write:
    """Return the write of a frame with the arguments that its process has.

    Raises:
        TVProcessError: there is no frame, as when a process is restarted.
        TVArgumentError: the frame is none or empty, or a name or a dependency is wrong.
        TVTableError: a column cannot have the type that is asked for.
    """
    table = table_name_of(arguments["table_name"])
    version = version_of(arguments["version"])
    pairs = arguments["dependencies"]
    assert isinstance(pairs, list)
    if frame is None:
        raise TVProcessError("Cannot Re-execute Write Table: the frame was never stored")
    if any(isinstance(pair, str) or len(pair) != 2 for pair in pairs):
        raise TVArgumentError("a dependency is a table name and an instance id: give both")
    if dtypes is not None and not isinstance(dtypes, Mapping):
        raise TVArgumentError(f"dtypes is a {type(dtypes).__name__}: give a dict by column")
    ready = prepared(frame, dtypes)
    if not ready.frame.size:
        raise TVArgumentError("Empty Table: give at least one row and one column")
    return Write(ready=ready, table=table, version=version, dependencies=pairs)

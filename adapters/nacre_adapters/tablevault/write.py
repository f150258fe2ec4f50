"""The operation `write_instance`: a frame that a caller gives becomes an instance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from nacre_adapters.tablevault.content import Prepared, prepared
from nacre_adapters.tablevault.decisions import Desk
from nacre_adapters.tablevault.errors import TVArgumentError, TVProcessError
from nacre_adapters.tablevault.events import Fact
from nacre_adapters.tablevault.materializing import Made, put_content
from nacre_adapters.tablevault.names import new_instance_id, table_name_of, version_of
from nacre_adapters.tablevault.operations import Decide, Locks, Operations, Run
from nacre_adapters.tablevault.writing import Place, begin_write, materialize, origin_of_place

OPERATION = "write_instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A frame that can be stored, and where it goes."""

    ready: Prepared
    table: str
    version: str
    dependencies: Sequence[Sequence[str]]

    def begin(self, desk: Desk) -> tuple[list[Fact], Locks, Place]:
        """Find the temporary instance, and what is locked meanwhile."""
        facts, place = begin_write(desk, name=self.table, version=self.version)
        return facts, [[place.table.number, self.version]], place

    def work(self, operations: Operations, run: Run[Place]) -> Decide:
        """Store the frame and the files, and return the decision that makes an instance of them."""
        place, at = run.plan, operations.place
        made = Made(dependencies=self.dependencies, origin=origin_of_place(place))
        content = put_content(at.vault, at.files, place, self.ready, made)
        instance_id = new_instance_id(self.version, run.process.started_ns)
        return partial(materialize, place=place, instance_id=instance_id, content=content)


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
        "dependencies": [[str(part) for part in pair] for pair in dependencies or ()],
        "dtypes": {str(column): str(dtype) for column, dtype in (dtypes or {}).items()},
    }


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
    if any(len(pair) != 2 for pair in pairs):
        raise TVArgumentError("a dependency is a table name and an instance id: give both")
    ready = prepared(frame, dtypes)
    if not ready.frame.size:
        raise TVArgumentError("Empty Table: give at least one row and one column")
    return Write(ready=ready, table=table, version=version, dependencies=pairs)

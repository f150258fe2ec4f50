"""Every call that changes a TableVault, as an operation: arguments are checked, then decided."""

import logging
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from nacre.holders import Holder
from nacre_adapters.tablevault import decisions, executing, write
from nacre_adapters.tablevault.artifacts import forget_instance, forget_temporary
from nacre_adapters.tablevault.decisions import NO_ORIGIN, Wanted
from nacre_adapters.tablevault.errors import TVFileError
from nacre_adapters.tablevault.executing import Begun, Execution
from nacre_adapters.tablevault.names import (
    file_stem_of,
    process_id_of,
    table_name_of,
    version_in,
    version_of,
)
from nacre_adapters.tablevault.operations import Call, Operations, Run
from nacre_adapters.tablevault.sources import (
    builder_texts,
    listed_builders,
    module_texts,
    put_texts,
)
from nacre_adapters.tablevault.state import Process, Temporary
from nacre_adapters.tablevault.stopping import stop
from nacre_adapters.tablevault.templates import builder_template

_logger = logging.getLogger("nacre_adapters.tablevault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What one author calls; each call returns the id of its process."""

    operations: Operations
    parent_id: str = ""

    @contextmanager
    def begun(
        self, operation: str, process_id: str, arguments: Mapping[str, object]
    ) -> Iterator[Call]:
        """Make a process of a `with` block: what refuses it is recorded."""
        given = process_id_of(process_id)
        if self.parent_id and not process_id:
            given = f"{self.parent_id}_{uuid.uuid4()}"
        call = Call(
            operation=operation,
            arguments=dict(arguments),
            process_id=given,
            named=bool(process_id),
        )
        _logger.info("Start execution %s: %s", operation, given)
        with self.operations.recorded(call):
            yield call
        _logger.info("Completed %s: %s", operation, given)

    # Tables

    def create_table(
        self,
        name: str,
        process_id: str,
        *,
        description: str,
        multiple: bool,
        effects: bool,
        strict: bool,
    ) -> str:
        """Add a table."""
        arguments = {
            "table_name": str(name),
            "allow_multiple_artifacts": bool(multiple),
            "has_side_effects": bool(effects),
            "description": str(description),
        }
        with self.begun("create_table", process_id, arguments) as call:
            decide = partial(
                decisions.create_table,
                name=table_name_of(name),
                description=str(description),
                multiple_artifacts=bool(multiple),
                side_effects=bool(effects),
                strict_artifacts=bool(strict),
            )
            return self.operations.commit(call, decide)

    def rename_table(self, new_name: str, name: str, process_id: str) -> str:
        """Give a table another name."""
        arguments = {"new_table_name": str(new_name), "table_name": str(name)}
        with self.begun("rename_table", process_id, arguments) as call:
            decide = partial(
                decisions.rename_table, name=str(name), new_name=table_name_of(new_name)
            )
            return self.operations.commit(call, decide)

    def delete_table(self, name: str, process_id: str) -> str:
        """Delete a table and its instances."""
        with self.begun("delete_table", process_id, {"table_name": str(name)}) as call:
            place = self.operations.place
            table = place.tables.table(str(name))
            gone = [] if table is None else list(place.tables.instances(table.number))
            drafts = [] if table is None else list(place.tables.temporaries(table.number))
            found = self.operations.commit(call, partial(decisions.delete_table, name=str(name)))
            for instance in gone:
                forget_instance(place.files, place.vault, instance)
            for temporary in drafts:
                self._forget(temporary)
            return found

    # Instances

    def create_instance(
        self,
        name: str,
        process_id: str,
        *,
        wanted: Wanted,
        builders: object,
    ) -> str:
        """Begin a temporary instance; one of the same version is replaced."""
        arguments = {
            "table_name": str(name),
            "version": str(wanted.version),
            "origin": list(wanted.origin or NO_ORIGIN),
            "external_edit": wanted.external_edit,
            "copy": wanted.copy,
            "description": wanted.description,
        }
        with self.begun("create_instance", process_id, arguments) as call:
            table, version = table_name_of(name), version_of(wanted.version)
            texts = listed_builders(table, builders) if builders is not None else {}
            if texts and wanted.external_edit:
                raise TVFileError("an instance for external edits has no builders: leave them out")
            vault = self.operations.place.vault
            decide = partial(
                decisions.begin_instance,
                name=table,
                wanted=replace(wanted, version=version),
                builders=put_texts(vault, texts),
                template=vault.put(builder_template(table, f"{table}_index").encode()),
            )
            replaced = self._temporary(table, version)
            found = self.operations.commit(call, decide)
            self._forget(replaced)
            return found

    def delete_instance(self, instance_id: str, name: str, process_id: str) -> str:
        """Delete an instance, or a temporary one."""
        arguments = {"instance_id": str(instance_id), "table_name": str(name)}
        with self.begun("delete_instance", process_id, arguments) as call:
            place = self.operations.place
            table = place.tables.table(str(name))
            draft = self._temporary(str(name), version_in(str(instance_id)) or "")
            gone = table and place.tables.instance(table.number, str(instance_id))
            decide = partial(
                decisions.delete_instance, name=str(name), instance_id=str(instance_id)
            )
            found = self.operations.commit(call, decide)
            self._forget(draft)
            if gone:
                forget_instance(place.files, place.vault, gone)
            return found

    def write_instance(
        self,
        frame: object,
        name: str,
        process_id: str,
        *,
        version: str,
        dependencies: Sequence[Sequence[str]] | None,
        dtypes: Mapping[str, object] | None,
    ) -> str:
        """Make an instance of a frame."""
        arguments = write.arguments_of(name, version, dependencies, dtypes)
        operations = self.operations
        with self.begun(write.OPERATION, process_id, arguments) as call:
            work = write.checked_write(frame, operations.arguments(call), dtypes)
            written = work.run(operations, call)
        self._forget(written)
        return call.process_id

    def execute_instance(self, name: str, process_id: str, *, version: str, force: bool) -> str:
        """Run the builders of a temporary instance, and make an instance of what they make."""
        run = self.begin_execution(name, process_id, version=version, force=force)
        self.finish_execution(run)
        return run.process.id

    def begin_execution(
        self,
        name: str,
        process_id: str,
        *,
        version: str,
        force: bool,
        holder: Holder | None = None,
    ) -> Run[Begun]:
        """Begin to run builders, or go on with what the process was given before."""
        arguments = {
            "table_name": str(name),
            "version": str(version),
            "force_execute": bool(force),
        }
        with self.begun(executing.OPERATION, process_id, arguments) as call:
            begin = partial(
                executing.begin,
                name=table_name_of(name),
                version=version_of(version),
                force=bool(force),
                time_ns=time.time_ns(),
            )
            return self.operations.start(call, begin, progress=Begun.progress, holder=holder)

    def finish_execution(self, run: Run[Begun]) -> None:
        """Run the builders of an execution that has begun."""
        execution = Execution(operations=self.operations, run=run)
        with self.operations.prepared(run.process):
            tables = execution.tables()
            plan = execution.planned(tables)
        self.operations.carry_on(run, lambda _: execution.work(plan, tables))
        self._forget(run.plan.place.temporary)

    # Builders and code modules

    def create_builders(
        self, name: str, builder: str, process_id: str, *, version: str, copy_dir: str, text: str
    ) -> str:
        """Write builders into a temporary instance."""
        arguments = {
            "table_name": str(name),
            "builder_name": str(builder),
            "version": str(version),
            "copy_dir": str(copy_dir),
        }
        with self.begun("create_builder_file", process_id, arguments) as call:
            texts = builder_texts(str(name), str(builder), str(copy_dir), text)
            decide = partial(
                decisions.write_builders,
                name=str(name),
                version=version_of(version),
                builders=put_texts(self.operations.place.vault, texts),
            )
            return self.operations.commit(call, decide)

    def delete_builder(self, builder: str, name: str, process_id: str, *, version: str) -> str:
        """Remove a builder of a temporary instance."""
        arguments = {
            "builder_name": str(builder),
            "table_name": str(name),
            "version": str(version),
        }
        with self.begun("delete_builder_file", process_id, arguments) as call:
            decide = partial(
                decisions.delete_builder,
                name=str(name),
                version=version_of(version),
                builder=file_stem_of("the name of a builder", builder, ".yaml"),
            )
            return self.operations.commit(call, decide)

    def create_modules(self, module: str, process_id: str, *, copy_dir: str, text: str) -> str:
        """Keep code modules."""
        arguments = {"module_name": str(module), "copy_dir": str(copy_dir)}
        with self.begun("create_code_module", process_id, arguments) as call:
            texts = put_texts(
                self.operations.place.vault, module_texts(str(module), str(copy_dir), text)
            )
            return self.operations.commit(call, partial(decisions.write_modules, modules=texts))

    def delete_module(self, module: str, process_id: str) -> str:
        """Remove a code module."""
        with self.begun("delete_code_module", process_id, {"module_name": str(module)}) as call:
            name = file_stem_of("the name of a module", module, ".py")
            return self.operations.commit(call, partial(decisions.delete_module, module=name))

    # Processes

    def stop_process(self, stopped: str, process_id: str, *, force: bool, materialize: bool) -> str:
        """End an active process."""
        arguments = {
            "to_stop_process_id": str(stopped),
            "force": bool(force),
            "materialize": bool(materialize),
        }
        with self.begun("stop_process", process_id, arguments) as call:
            return stop(
                self.operations,
                call,
                str(stopped),
                force=bool(force),
                materialize=bool(materialize),
            )

    def again(self, process: Process) -> None:
        """Run a process again that has not ended.

        The frame of a write was never stored, so a write can only be given up: nothing is lost
        that the vault ever had.
        """
        if process.operation == executing.OPERATION:
            given = process.arguments
            self.execute_instance(
                given["table_name"],
                process.id,
                version=given["version"],
                force=given["force_execute"],
            )
            return
        stop_id = process_id_of("")
        arguments: dict[str, object] = {"to_stop_process_id": process.id}
        call = Call(
            operation="restart_database", arguments=arguments, process_id=stop_id, named=False
        )
        stop(self.operations, call, process.id, force=False, materialize=False)

    def _temporary(self, name: str, version: str) -> Temporary | None:
        tables = self.operations.place.tables
        table = tables.table(name)
        return None if table is None else tables.temporary(table.number, version)

    def _forget(self, temporary: Temporary | None) -> None:
        if temporary is not None:
            forget_temporary(self.operations.place.files, temporary)

"""The face of a TableVault: its calls, with the names, defaults and results of the original."""

import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Self

import pandas as pd
from rich.tree import Tree

import nacre
from nacre_adapters.tablevault.artifacts import forget_left_behind, forget_partial
from nacre_adapters.tablevault.background import execute_in_background
from nacre_adapters.tablevault.calls import Calls
from nacre_adapters.tablevault.decisions import Wanted
from nacre_adapters.tablevault.errors import as_interface
from nacre_adapters.tablevault.names import DEFAULT_VERSION
from nacre_adapters.tablevault.operations import Operations
from nacre_adapters.tablevault.places import close_with, open_place
from nacre_adapters.tablevault.process_log import ProcessLog, process_log
from nacre_adapters.tablevault.reading import Reader, Which
from nacre_adapters.tablevault.stopping import restart_all
from nacre_adapters.tablevault.trees import Shown, file_tree

AsOf = int | str | datetime


class TableVault:
    """Tables of instances, builders and code modules, in a vault.

    Each call that changes something is a process; its id is returned. The vault is closed when
    nobody refers to this any more. Handles of any number of processes may be open on one vault;
    readers never wait.
    """

    def __init__(
        self,
        db_dir: str | os.PathLike[str] | nacre.Vault,
        author: str,
        description: str = "",
        create: bool = False,
        restart: bool = False,
        verbose: bool = False,
        parent_id: str = "",
    ) -> None:
        """Open the TableVault at a path or in an open vault, or create one.

        With *create* a TableVault that is there is replaced by an empty one; anything else is left
        as it is. With *restart* processes that are paused, interrupted or dead are run again.

        Raises:
            TVArgumentError: there is none at the path, or something else.
        """
        if verbose:
            logging.basicConfig(level=logging.INFO)
        self.author, self.parent_id = author, parent_id
        self._place = open_place(db_dir, create=create, description=description)
        self.db_dir = self._place.shown
        self.vault = self._place.vault
        """The vault that holds it."""
        self._calls = Calls(
            operations=Operations(place=self._place, author=author), parent_id=parent_id
        )
        self._closing = close_with(self, self._place)
        if restart:
            forget_left_behind(self._place.files, self._place.tables.all_temporaries)
            forget_partial(self._place.files)
            restart_all(self._calls.operations, self._calls.again)

    def close(self) -> None:
        """Close the vault; also done when nobody refers to this any more."""
        if self._closing.detach():
            self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Creating

    def create_table(
        self,
        table_name: str,
        allow_multiple_artifacts: bool = False,
        has_side_effects: bool = False,
        description: str = "",
        process_id: str = "",
        *,
        strict_artifacts: bool = False,
    ) -> str:
        """Create a table; with *strict_artifacts* files that no cell names are refused."""
        return self._calls.create_table(
            table_name,
            process_id,
            description=description,
            multiple=allow_multiple_artifacts,
            effects=has_side_effects,
            strict=strict_artifacts,
        )

    def create_instance(
        self,
        table_name: str,
        version: str = "",
        origin_id: str = "",
        origin_table: str = "",
        external_edit: bool = False,
        copy: bool = False,
        builders: Mapping[str, str] | Sequence[str] | None = None,
        description: str = "",
        process_id: str = "",
    ) -> str:
        """Begin a temporary instance; one of the same version that is there is replaced.

        It follows the instance *origin_id*, or with *copy* the last active one: it has its
        builders, or its content when it is for external edits.
        """
        wanted = Wanted(
            version=version,
            description=str(description),
            external_edit=bool(external_edit),
            origin=(str(origin_id), str(origin_table or table_name)) if origin_id else None,
            copy=bool(copy),
        )
        return self._calls.create_instance(table_name, process_id, wanted=wanted, builders=builders)

    def create_code_module(
        self, module_name: str = "", copy_dir: str = "", text: str = "", process_id: str = ""
    ) -> str:
        """Keep a code module: a text, a file, all files of a folder, or an empty one."""
        return self._calls.create_modules(module_name, process_id, copy_dir=copy_dir, text=text)

    def create_builder_file(
        self,
        table_name: str,
        builder_name: str = "",
        version: str = DEFAULT_VERSION,
        copy_dir: str = "",
        text: str = "",
        process_id: str = "",
    ) -> str:
        """Write a builder of a temporary instance: a text, a file, a folder, or a template."""
        return self._calls.create_builders(
            table_name, builder_name, process_id, version=version, copy_dir=copy_dir, text=text
        )

    # Materializing

    def write_instance(
        self,
        table_df: pd.DataFrame,
        table_name: str,
        version: str = DEFAULT_VERSION,
        dependencies: Sequence[Sequence[str]] | None = None,
        dtypes: Mapping[str, object] | None = None,
        process_id: str = "",
    ) -> str:
        """Make an instance of a frame and a temporary instance that is for external edits."""
        return self._calls.write_instance(
            table_df,
            table_name,
            process_id,
            version=version,
            dependencies=dependencies,
            dtypes=dtypes,
        )

    def execute_instance(
        self,
        table_name: str,
        version: str = DEFAULT_VERSION,
        force_execute: bool = False,
        process_id: str = "",
        background: bool = False,
    ) -> str:
        """Make an instance by running the builders of a temporary instance.

        What is as it was in the instance before is taken over, unless *force_execute*. With
        *background* another process runs them, and this returns at once.

        What a builder's function raises is raised. With a *process_id* the execution then waits
        to be resumed by the same call, and goes on at the row where it was.
        """
        if background:
            return execute_in_background(
                self._calls, table_name, process_id, version=version, force=force_execute
            )
        return self._calls.execute_instance(
            table_name, process_id, version=version, force=force_execute
        )

    # Renaming and deleting

    def rename_table(self, new_table_name: str, table_name: str, process_id: str = "") -> str:
        """Give a table another name; the new name comes first."""
        return self._calls.rename_table(new_table_name, table_name, process_id)

    def delete_table(self, table_name: str, process_id: str = "") -> str:
        """Delete a table and its instances; their descriptions stay readable."""
        return self._calls.delete_table(table_name, process_id)

    def delete_instance(self, instance_id: str, table_name: str, process_id: str = "") -> str:
        """Delete an instance, or a temporary one; its description stays readable."""
        return self._calls.delete_instance(instance_id, table_name, process_id)

    def delete_code_module(self, module_name: str, process_id: str = "") -> str:
        """Remove a code module; instances that were made with it keep theirs."""
        return self._calls.delete_module(module_name, process_id)

    def delete_builder_file(
        self,
        builder_name: str,
        table_name: str,
        version: str = DEFAULT_VERSION,
        process_id: str = "",
    ) -> str:
        """Remove a builder of a temporary instance; its name comes first."""
        return self._calls.delete_builder(builder_name, table_name, process_id, version=version)

    # Processes

    def generate_process_id(self) -> str:
        """Return an id: an operation that is given one can be resumed with it."""
        return str(uuid.uuid4())

    def stop_process(
        self,
        to_stop_process_id: str,
        force: bool = False,
        materialize: bool = False,
        process_id: str = "",
    ) -> str:
        """End an active process; with *force* one that runs, if it is provably the one recorded."""
        return self._calls.stop_process(
            to_stop_process_id, process_id, force=force, materialize=materialize
        )

    def get_active_processes(self) -> dict[str, ProcessLog]:
        """Return the processes that have not ended, by id."""
        return {one.id: process_log(one) for one in self._place.processes.active()}

    def get_process_completion(self, process_id: str) -> bool:
        """Tell whether a process has ended, well or badly."""
        process = self._place.processes.process(process_id)
        return process is not None and not process.is_active

    # Reading

    def get_dataframe(
        self,
        table_name: str,
        instance_id: str = "",
        version: str = DEFAULT_VERSION,
        active_only: bool = True,
        successful_only: bool = False,
        rows: int | None = None,
        full_artifact_path: bool = True,
        *,
        columns: Sequence[str] | None = None,
        as_of: AsOf | None = None,
    ) -> tuple[pd.DataFrame, str]:
        """Return an instance, by default the last one of a version, and its id.

        *columns* reads only these; *as_of* reads as the vault was: all that `Vault.at` takes.

        Raises:
            TVTableError: there is none, which is a `KeyError`, too.
        """
        which = Which(
            table_name=table_name,
            instance_id=instance_id,
            version=version,
            active_only=active_only,
            successful_only=successful_only,
        )
        read = partial(
            Reader.frame,
            which=which,
            rows=rows,
            columns=columns,
            full_artifact_path=full_artifact_path,
        )
        with as_interface:
            if as_of is None:
                return read(self._reader)
            with self.vault.at(as_of) as then:
                return read(Reader(vault=then, files=self._place.files))

    def get_file_tree(
        self,
        instance_id: str = "",
        table_name: str = "",
        code_files: bool = True,
        builder_files: bool = True,
        metadata_files: bool = False,
        artifact_files: bool = False,
    ) -> Tree | None:
        """Return the vault, a table or an instance as a tree of rich; None when there is none."""
        shown = Shown(
            code=code_files,
            builders=builder_files,
            metadata=metadata_files,
            artifacts=artifact_files,
        )
        return file_tree(
            self._reader, self.db_dir, shown, table_name=table_name, instance_id=instance_id
        )

    def get_table_instances(
        self, table_name: str = "", version: str = DEFAULT_VERSION, include_temp: bool = False
    ) -> list[str] | None:
        """Return the ids of a table's instances in order, or without a name those of tables.

        An empty version is any; None when there is no such table.
        """
        return self._reader.instance_ids(table_name, version, include_temporary=include_temp)

    def get_descriptions(self, instance_id: str = "", table_name: str = "") -> dict[str, object]:
        """Return what is known of the vault, a table or an instance, deleted ones too."""
        return self._reader.description(instance_id, table_name)

    def get_artifact_folder(
        self,
        table_name: str,
        instance_id: str = "",
        version: str = DEFAULT_VERSION,
        is_temp: bool = True,
    ) -> str:
        """Return the folder of an instance's files: one to write into while it is temporary."""
        which = Which(table_name=table_name, instance_id=instance_id, version=version)
        return str(self._reader.folder(self._reader.one(which, is_temporary=is_temp)))

    def get_builders_list(
        self,
        table_name: str,
        instance_id: str = "",
        version: str = DEFAULT_VERSION,
        is_temp: bool = True,
    ) -> list[str]:
        """Return the names of an instance's builders; none when there is no such instance."""
        which = Which(table_name=table_name, instance_id=instance_id, version=version)
        return self._reader.builders(which, is_temporary=is_temp)

    def get_builder_str(
        self,
        table_name: str,
        builder_name: str = "",
        instance_id: str = "",
        version: str = DEFAULT_VERSION,
        is_temp: bool = True,
    ) -> str:
        """Return the text of a builder, by default that of the index."""
        which = Which(table_name=table_name, instance_id=instance_id, version=version)
        name = (builder_name or f"{table_name}_index").removesuffix(".yaml")
        return self._reader.builder(which, name, is_temporary=is_temp)

    def get_code_modules_list(self) -> list[str]:
        """Return the names of the code modules."""
        return list(self._reader.tables.modules())

    def get_code_module_str(self, module_name: str) -> str:
        """Return the text of a code module."""
        name = module_name.removesuffix(".py")
        return self._reader.text(self._reader.tables.module(name), f"code module {name}")

    @property
    def _reader(self) -> Reader:
        return Reader(vault=self.vault, files=self._place.files)

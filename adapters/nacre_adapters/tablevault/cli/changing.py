"""Commands that materialize, rename, delete and stop."""

import click
import pandas as pd

from nacre_adapters.tablevault.cli.session import (
    Session,
    process_option,
    session,
    show,
    version_option,
)
from nacre_adapters.tablevault.errors import TVArgumentError


@click.command(name="write-instance")
@click.argument("table_name")
@click.option("--csv", "path", required=True, help="The table to write.")
@version_option
@process_option
@session
def write_instance(run: Session, table_name: str, path: str, version: str, process_id: str) -> None:
    """Make an instance of a CSV file."""
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise TVArgumentError(f"{path} cannot be read: {error}") from error
    show(run.open().write_instance(frame, table_name, version, process_id=process_id))


@click.command(name="execute-instance")
@click.argument("table_name")
@version_option
@click.option("--force", is_flag=True, help="Compute everything anew.")
@click.option("--background", is_flag=True, help="Return at once.")
@process_option
@session
def execute_instance(
    run: Session, table_name: str, version: str, force: bool, background: bool, process_id: str
) -> None:
    """Make an instance by its builders."""
    show(run.open().execute_instance(table_name, version, force, process_id, background))


@click.command(name="rename-table")
@click.argument("old_name")
@click.argument("new_name")
@process_option
@session
def rename_table(run: Session, old_name: str, new_name: str, process_id: str) -> None:
    """Give a table another name."""
    show(run.open().rename_table(new_name, old_name, process_id))


@click.command(name="delete-table")
@click.argument("table_name")
@process_option
@session
def delete_table(run: Session, table_name: str, process_id: str) -> None:
    """Delete a table; what is known of it stays readable."""
    show(run.open().delete_table(table_name, process_id))


@click.command(name="delete-instance")
@click.argument("table_name")
@click.argument("instance_id")
@process_option
@session
def delete_instance(run: Session, table_name: str, instance_id: str, process_id: str) -> None:
    """Delete an instance; what is known of it stays readable."""
    show(run.open().delete_instance(instance_id, table_name, process_id))


@click.command(name="delete-code-module")
@click.argument("module_name")
@process_option
@session
def delete_code_module(run: Session, module_name: str, process_id: str) -> None:
    """Remove a code module."""
    show(run.open().delete_code_module(module_name, process_id))


@click.command(name="delete-builder-file")
@click.argument("table_name")
@click.argument("builder_name")
@version_option
@process_option
@session
def delete_builder_file(
    run: Session, table_name: str, builder_name: str, version: str, process_id: str
) -> None:
    """Remove a builder of a temporary instance."""
    show(run.open().delete_builder_file(builder_name, table_name, version, process_id))


@click.command(name="stop-process")
@click.argument("to_stop_process_id")
@click.option("--force", is_flag=True, help="Also one that runs.")
@click.option("--materialize", is_flag=True, help="Keep what it has reached.")
@process_option
@session
def stop_process(
    run: Session, to_stop_process_id: str, force: bool, materialize: bool, process_id: str
) -> None:
    """End an active process."""
    show(run.open().stop_process(to_stop_process_id, force, materialize, process_id))


COMMANDS = (
    write_instance,
    execute_instance,
    rename_table,
    delete_table,
    delete_instance,
    delete_code_module,
    delete_builder_file,
    stop_process,
)

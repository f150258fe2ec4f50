"""Commands that read."""

import uuid

import click
from rich import print as print_tree

from nacre_adapters.tablevault.cli.session import Session, session, show, version_option

instance_option = click.option("--instance-id", default="", help="Else the last of a version.")
materialised_option = click.option(
    "--temp/--materialised", "is_temp", default=True, help="The temporary instance, or the last."
)


@click.command(name="get-dataframe")
@click.argument("table_name")
@click.option("--output", required=True, help="The CSV file to write.")
@instance_option
@version_option
@click.option("--rows", type=int, help="Only the first rows.")
@click.option("--include-inactive", is_flag=True)
@click.option("--no-artifact-path", is_flag=True, help="Leave paths of files as they were given.")
@session
def get_dataframe(
    run: Session,
    table_name: str,
    output: str,
    instance_id: str,
    version: str,
    rows: int | None,
    include_inactive: bool,
    no_artifact_path: bool,
) -> None:
    """Write an instance into a CSV file, and print its id."""
    frame, found = run.open().get_dataframe(
        table_name,
        instance_id,
        version,
        active_only=not include_inactive,
        rows=rows,
        full_artifact_path=not no_artifact_path,
    )
    frame.to_csv(output, index=False)
    show(found)


@click.command(name="get-table-instances")
@click.argument("table", default="")
@click.option("--table_name", "--table-name", "table_name", default="")
@version_option
@click.option("--temp/--no-temp", default=False, help="Temporary instances, too.")
@session
def get_table_instances(
    run: Session, table: str, table_name: str, version: str, temp: bool
) -> None:
    """List the instances of a table, or without a name all tables."""
    show(run.open().get_table_instances(table_name or table, version, temp))


@click.command(name="get-descriptions")
@instance_option
@click.option("--table-name", default="")
@session
def get_descriptions(run: Session, instance_id: str, table_name: str) -> None:
    """Show what is known of the vault, a table or an instance."""
    show(run.open().get_descriptions(instance_id, table_name))


@click.command(name="get-active-processes")
@session
def get_active_processes(run: Session) -> None:
    """Show the processes that have not ended."""
    show(run.open().get_active_processes())


@click.command(name="get-process-completion")
@click.argument("process_id")
@session
def get_process_completion(run: Session, process_id: str) -> None:
    """Tell whether a process has ended."""
    show(run.open().get_process_completion(process_id))


@click.command(name="get-artifact-folder")
@click.argument("table_name")
@instance_option
@version_option
@materialised_option
@session
def get_artifact_folder(
    run: Session, table_name: str, instance_id: str, version: str, is_temp: bool
) -> None:
    """Show the folder of the files of an instance."""
    show(run.open().get_artifact_folder(table_name, instance_id, version, is_temp))


@click.command(name="get-file-tree")
@instance_option
@click.option("--table-name", default="")
@click.option("--code-files/--no-code-files", default=True)
@click.option("--builder-files/--no-builder-files", default=True)
@click.option("--metadata-files/--no-metadata-files", default=False)
@click.option("--artifact-files/--no-artifact-files", default=False)
@session
def get_file_tree(
    run: Session,
    instance_id: str,
    table_name: str,
    code_files: bool,
    builder_files: bool,
    metadata_files: bool,
    artifact_files: bool,
) -> None:
    """Show the vault, a table or an instance as a tree."""
    tree = run.open().get_file_tree(
        instance_id, table_name, code_files, builder_files, metadata_files, artifact_files
    )
    if tree is not None:
        print_tree(tree)


@click.command(name="get-modules-list")
@session
def get_modules_list(run: Session) -> None:
    """List the code modules."""
    show(run.open().get_code_modules_list())


@click.command(name="get-builders-list")
@click.argument("table_name")
@instance_option
@version_option
@materialised_option
@session
def get_builders_list(
    run: Session, table_name: str, instance_id: str, version: str, is_temp: bool
) -> None:
    """List the builders of an instance."""
    show(run.open().get_builders_list(table_name, instance_id, version, is_temp))


@click.command(name="get-builder-str")
@click.argument("table_name")
@click.option("--builder-name", default="")
@instance_option
@version_option
@materialised_option
@session
def get_builder_str(
    run: Session,
    table_name: str,
    builder_name: str,
    instance_id: str,
    version: str,
    is_temp: bool,
) -> None:
    """Show the text of a builder, by default that of the index."""
    show(run.open().get_builder_str(table_name, builder_name, instance_id, version, is_temp))


@click.command(name="get-code-module-str")
@click.argument("module_name")
@session
def get_code_module_str(run: Session, module_name: str) -> None:
    """Show the text of a code module."""
    show(run.open().get_code_module_str(module_name))


@click.command(name="generate-process-id")
def generate_process_id() -> None:
    """Make an id that an operation can be resumed with."""
    show(str(uuid.uuid4()))


COMMANDS = (
    get_dataframe,
    get_table_instances,
    get_descriptions,
    get_active_processes,
    get_process_completion,
    get_artifact_folder,
    get_file_tree,
    get_modules_list,
    get_builders_list,
    get_builder_str,
    get_code_module_str,
    generate_process_id,
)

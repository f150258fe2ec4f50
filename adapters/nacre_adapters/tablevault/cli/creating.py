"""Commands that create: tables, instances, builders, code modules."""

import click

from nacre_adapters.tablevault.cli.session import (
    Session,
    process_option,
    session,
    show,
    version_option,
)
from nacre_adapters.tablevault.tablevault import TableVault


@click.command()
@click.option("--description", default="", help="What the vault is for.")
@session
def create(run: Session, description: str) -> None:
    """Create a vault at --db-dir; an empty TableVault replaces one that is there."""
    TableVault(run.path(), run.author or "", description, create=True).close()
    show(f"created {run.path()}")


@click.command(name="create-table")
@click.argument("table_name")
@click.option("--multiple-artifacts", is_flag=True, help="Each instance has its own files.")
@click.option("--side-effects", is_flag=True, help="Builders do more than compute.")
@click.option("--strict-artifacts", is_flag=True, help="Refuse files that no cell names.")
@click.option("--description", default="")
@process_option
@session
def create_table(
    run: Session,
    table_name: str,
    multiple_artifacts: bool,
    side_effects: bool,
    strict_artifacts: bool,
    description: str,
    process_id: str,
) -> None:
    """Create a table."""
    vault = run.open()
    show(
        vault.create_table(
            table_name,
            multiple_artifacts,
            side_effects,
            description,
            process_id,
            strict_artifacts=strict_artifacts,
        )
    )


@click.command(name="create-instance")
@click.argument("table_name")
@version_option
@click.option("--origin-id", default="", help="The instance that it follows.")
@click.option("--origin-table", default="", help="The table of that instance.")
@click.option("--external-edit", is_flag=True, help="It is written, not executed.")
@click.option("--copy", is_flag=True, help="It follows the last instance.")
@click.option("--builder", "builders", multiple=True, help="A builder to begin. Repeatable.")
@click.option("--description", default="")
@process_option
@session
def create_instance(
    run: Session,
    table_name: str,
    version: str,
    origin_id: str,
    origin_table: str,
    external_edit: bool,
    copy: bool,
    builders: tuple[str, ...],
    description: str,
    process_id: str,
) -> None:
    """Begin a temporary instance."""
    show(
        run.open().create_instance(
            table_name,
            version=version,
            origin_id=origin_id,
            origin_table=origin_table,
            external_edit=external_edit,
            copy=copy,
            builders=list(builders) or None,
            description=description,
            process_id=process_id,
        )
    )


@click.command(name="create-code-module")
@click.option("--module-name", default="")
@click.option("--copy-dir", default="", help="A Python file, or a folder of them.")
@process_option
@session
def create_code_module(run: Session, module_name: str, copy_dir: str, process_id: str) -> None:
    """Keep a code module."""
    show(run.open().create_code_module(module_name, copy_dir, process_id=process_id))


@click.command(name="create-builder-file")
@click.argument("table_name")
@click.option("--builder-name", default="")
@version_option
@click.option("--copy-dir", default="", help="A YAML file, or a folder of them.")
@process_option
@session
def create_builder_file(
    run: Session, table_name: str, builder_name: str, version: str, copy_dir: str, process_id: str
) -> None:
    """Write a builder of a temporary instance."""
    show(
        run.open().create_builder_file(
            table_name, builder_name, version, copy_dir, process_id=process_id
        )
    )


COMMANDS = (create, create_table, create_instance, create_code_module, create_builder_file)

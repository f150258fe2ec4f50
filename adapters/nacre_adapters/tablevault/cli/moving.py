"""Commands about whole vaults: archives, deletion, checkout, import."""

import click

from nacre.cli.terminal import json_option, print_json, warn
from nacre_adapters.tablevault.archive import compress_vault, decompress_vault, delete_vault
from nacre_adapters.tablevault.checking_out import checkout as check_out
from nacre_adapters.tablevault.cli.session import Session, session, show
from nacre_adapters.tablevault.migration import import_vault


@click.command()
@click.argument("db_dir")
@click.option("--preset", default=6, show_default=True, help="1 is quick, 9 is small.")
def compress(db_dir: str, preset: int) -> None:
    """Write DB_DIR into DB_DIR.tar.xz."""
    compress_vault(db_dir, preset)


@click.command()
@click.argument("db_dir")
def decompress(db_dir: str) -> None:
    """Restore DB_DIR from DB_DIR.tar.xz."""
    decompress_vault(db_dir)


@click.command(name="delete-vault")
@click.argument("db_dir")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(db_dir: str, yes: bool) -> None:
    """Delete a vault with all that is in it."""
    if not yes:
        click.confirm(f"Delete {db_dir} with all its history?", abort=True)
    delete_vault(db_dir)


@click.command()
@click.argument("directory")
@session
def checkout(run: Session, directory: str) -> None:
    """Write the vault into a new DIRECTORY as the original lays it out."""
    show(f"wrote {check_out(run.path(), directory)} instances into {directory}")


@click.command(name="import")
@click.argument("old_dir")
@click.argument("new_vault")
@json_option
def import_(old_dir: str, new_vault: str, as_json: bool) -> None:
    """Bring OLD_DIR, made by the package tablevault 0.1, over into the new vault NEW_VAULT."""
    done = import_vault(old_dir, new_vault, warn if not as_json else lambda _: None)
    if as_json:
        print_json(done)
        return
    for problem in done.left_out:
        warn(f"left out: {problem}")
    show(
        f"imported {done.tables} tables, {done.instances} instances, {done.temporary} temporary "
        f"ones, {done.modules} code modules and {done.processes} processes into {new_vault}"
    )


COMMANDS = (compress, decompress, delete, checkout, import_)

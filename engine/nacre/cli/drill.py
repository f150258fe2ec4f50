"""`nacre drill`: rehearse a restore."""

from contextlib import ExitStack
from pathlib import Path

import click

import nacre
from nacre.cli.restore import backup_option, vault_option
from nacre.cli.targets import open_location, secret_options, target_argument
from nacre.cli.terminal import EXIT_FINDINGS, counted, json_option, print_json, progress_bar
from nacre.errors import CorruptionError
from nacre.operations.choose import Choice, plan_restore
from nacre.operations.drill import drill as rehearse
from nacre.operations.drill import not_begun


@click.command(short_help="Try whether a backup can be restored.")
@target_argument
@backup_option
@vault_option
@click.option(
    "--sample",
    type=click.FloatRange(min=0, max=100, min_open=True),
    default=100,
    show_default=True,
    help="Per cent of the blobs, chosen at random; the log is always whole.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="The vault itself, whose log must begin with that of the backup.",
)
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where to restore to for a while; else where temporary files go.",
)
@secret_options
@json_option
def drill(
    target: str,
    backup: str | None,
    vault: str | None,
    sample: float,
    against: Path | None,
    scratch: Path | None,
    passphrase_file: Path | None,
    key_file: Path | None,
    as_json: bool,
) -> int:
    """Restore the newest backup at TARGET into a scratch directory, verify it, and remove it.

    Root and views are compared with what they were when the vault was backed up.
    """
    place = open_location(target, passphrase_file, key_file)
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar())
        original = None
        if against is not None:
            original = stack.enter_context(nacre.open(against, read_only=True)).store
            if vault is None and backup is None:  # others may share the target
                vault = original.identity.vault_id.hex()
        try:
            plan = plan_restore(place, Choice(backup=backup, vault=vault), progress=progress)
        except CorruptionError as error:
            report = not_begun(str(error))
        else:
            report = rehearse(
                plan, share=sample / 100, original=original, scratch=scratch, progress=progress
            )
    if as_json:
        print_json(report)
    else:
        for problem in report.problems:
            click.echo(f"damaged: {problem}")
        found = "does not come back" if report.problems else "comes back"
        what = f"{counted(report.head, 'commit')}, {counted(report.blobs, 'blob')}"
        views = f"views compared: {', '.join(report.views) or 'none'}"
        click.echo(
            f"the backup {report.backup} {found}: {what}, in {report.seconds:.1f} s; {views}"
        )
    return EXIT_FINDINGS if report.problems else 0

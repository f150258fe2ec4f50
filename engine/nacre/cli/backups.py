"""`nacre backups`: what a target holds."""

from pathlib import Path

import click

from nacre.cli.targets import open_location, secret_options, target_argument
from nacre.cli.terminal import (
    EXIT_FINDINGS,
    counted,
    json_option,
    print_json,
    print_table,
    say,
    size_text,
    warn,
)
from nacre.operations.backups import BackupInfo, list_backups


@click.command()
@target_argument
@secret_options
@json_option
def backups(target: str, passphrase_file: Path | None, key_file: Path | None, as_json: bool) -> int:
    """List the backups at TARGET, oldest first."""
    found = list_backups(open_location(target, passphrase_file, key_file))
    if as_json:
        print_json(found)
    else:
        print_table(
            ("backup", "time", "vault", "position", "blobs", "added", "tags", "", "from"),
            [
                (
                    each.name,
                    each.time,
                    each.vault[:8],
                    each.head,
                    each.blobs,
                    size_text(each.added_bytes),
                    ", ".join(each.tags),
                    _state(each),
                    each.label,
                )
                for each in found.backups
            ],
        )
        count = counted(len(found.backups), "backup")
        say(f"{count}, {size_text(found.size_bytes)} on {found.target}")
        for problem in found.problems:
            warn(f"damaged: {problem}")
    return EXIT_FINDINGS if found.problems else 0


def _state(backup: BackupInfo) -> str:
    damaged = f"lacks {counted(backup.damaged, 'blob')}" if backup.damaged else ""
    return ", ".join(filter(None, ("forgotten" if backup.is_forgotten else "", damaged)))

"""`nacre-flows retire`: retire old revisions, so that `nacre compact` can give their space back."""

import getpass
from pathlib import Path

import click

import nacre
from nacre.cli.terminal import counted, json_option, print_json, print_table, say, size_text
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.retention import retire as retire_revisions

_COLUMNS = ("asset", "revision", "type", "label", "size")


@click.command()
@click.argument("vault", type=click.Path(path_type=Path))
@click.option("--keep-last", type=int, required=True, help="How many of each asset stay.")
@click.option("--dry-run", is_flag=True, help="Only say what would be retired.")
@json_option
def retire(vault: Path, keep_last: int, dry_run: bool, as_json: bool) -> None:
    """Retire all but the last revisions of every asset in VAULT.

    What is pinned, aliased, or what something kept was made from stays. Of deleted and expired
    assets nothing else does.
    """
    with nacre.open(vault, create=False) as opened:
        place = Place(opened, is_own=False)
        done = retire_revisions(
            place, keep_last=keep_last, by=getpass.getuser(), is_dry_run=dry_run
        )
    if as_json:
        print_json(done)
        return
    rows = [(r.asset, r.revision, r.type, r.label, size_text(r.size_bytes)) for r in done.retired]
    if rows:
        print_table(_COLUMNS, rows)
    kept = ", ".join(f"{count} {why}" for why, count in done.kept.items())
    did = "would be retired" if dry_run else "retired"
    say(f"{counted(len(rows), 'revision')} {did}, {size_text(done.size_bytes)}; kept: {kept}")

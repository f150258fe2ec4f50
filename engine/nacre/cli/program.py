"""The commands put together."""

import click

from nacre.cli.backup import backup
from nacre.cli.backups import backups
from nacre.cli.checkpoint import checkpoint
from nacre.cli.compact import compact
from nacre.cli.compress import compress
from nacre.cli.demo import demo
from nacre.cli.diff import diff
from nacre.cli.drill import drill
from nacre.cli.export import export
from nacre.cli.forget import forget, unforget
from nacre.cli.frames import frames
from nacre.cli.get import get
from nacre.cli.history import history
from nacre.cli.import_ import import_
from nacre.cli.info import info
from nacre.cli.init import init
from nacre.cli.keygen import keygen
from nacre.cli.log import log
from nacre.cli.metrics import metrics
from nacre.cli.outermost import run
from nacre.cli.prove import prove
from nacre.cli.prove_consistency import prove_consistency
from nacre.cli.purge import purge
from nacre.cli.put import put
from nacre.cli.rebuild import rebuild
from nacre.cli.repair import repair
from nacre.cli.replay import replay
from nacre.cli.restore import restore
from nacre.cli.retain import retain
from nacre.cli.rows import rows
from nacre.cli.show import show
from nacre.cli.snapshot import snapshot
from nacre.cli.space import space
from nacre.cli.sql import sql
from nacre.cli.trace import trace
from nacre.cli.verify import verify
from nacre.cli.verify_backup import verify_backup

_COMMANDS = (
    demo,
    init,
    info,
    log,
    history,
    diff,
    show,
    frames,
    get,
    put,
    rows,
    sql,
    verify,
    rebuild,
    replay,
    space,
    retain,
    compact,
    compress,
    purge,
    snapshot,
    backup,
    backups,
    restore,
    verify_backup,
    drill,
    forget,
    unforget,
    repair,
    metrics,
)
_AUDIT = (keygen, checkpoint, prove, prove_consistency, export, import_, trace)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nacre")
def program() -> None:
    """Keep data in a vault: versioned, provable, in one place.

    Begin with `nacre demo`. The vault is the first argument of every command. Exit codes: 0 fine,
    1 findings, 2 cannot tell.
    """


for _command in (*_COMMANDS, *_AUDIT):
    program.add_command(_command)


def main() -> None:
    """Run the command line."""
    run(program, "nacre")

"""The commands put together, and what becomes of their errors."""

import json
import sys

import click

from nacre.cli.backup import backup
from nacre.cli.backups import backups
from nacre.cli.checkpoint import checkpoint
from nacre.cli.compact import compact
from nacre.cli.demo import demo
from nacre.cli.diff import diff
from nacre.cli.export import export
from nacre.cli.frames import frames
from nacre.cli.get import get
from nacre.cli.history import history
from nacre.cli.import_ import import_
from nacre.cli.info import info
from nacre.cli.init import init
from nacre.cli.keygen import keygen
from nacre.cli.log import log
from nacre.cli.prove import prove
from nacre.cli.prove_consistency import prove_consistency
from nacre.cli.put import put
from nacre.cli.rebuild import rebuild
from nacre.cli.replay import replay
from nacre.cli.restore import restore
from nacre.cli.retain import retain
from nacre.cli.show import show
from nacre.cli.snapshot import snapshot
from nacre.cli.space import space
from nacre.cli.verify import verify
from nacre.errors import NacreError

EXIT_UNKNOWN = 2
EXIT_INTERRUPTED = 130

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
    verify,
    rebuild,
    replay,
    space,
    retain,
    compact,
    snapshot,
    backup,
    backups,
    restore,
)
_AUDIT = (keygen, checkpoint, prove, prove_consistency, export, import_)


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
    """Run the command line; an error is one sentence with the next step, never a traceback."""
    try:
        sys.exit(program.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_UNKNOWN)
    except (click.Abort, KeyboardInterrupt):
        click.echo("nacre: interrupted; what was committed stays", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has seen enough; closing it again must not complain.
        sys.stderr.close()
        sys.exit(0)
    except (NacreError, OSError) as error:
        _fail(getattr(error, "code", "storage"), str(error))
    except Exception as error:  # noqa: BLE001 - the outermost line: a bug must not look like a finding
        _fail("bug", f"{type(error).__name__}: {error}; this is a bug in nacre: please report it")


def _fail(code: str, message: str) -> None:
    if "--json" in sys.argv:
        click.echo(json.dumps({"error": {"code": code, "message": message}}), err=True)
    else:
        click.echo(f"nacre: {message}", err=True)
    sys.exit(EXIT_UNKNOWN)

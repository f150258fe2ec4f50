"""The outermost line of a command line, nacre's own or an adapter's: what becomes of errors."""

import json
import sys
from collections.abc import Callable

import click

from nacre.cli.outlet import use_outlets
from nacre.cli.terminal import warn
from nacre.errors import NacreError

EXIT_UNKNOWN = 2
EXIT_INTERRUPTED = 130


def run(load: Callable[[], click.Group], name: str) -> None:
    """Run a command line; an error is one sentence with the next step, never a traceback.

    So is what importing the commands raises: *load* does it.
    """
    use_outlets()
    try:
        sys.exit(load().main(prog_name=name, standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_UNKNOWN)
    except (click.Abort, KeyboardInterrupt):
        warn(f"{name}: interrupted; what was committed stays")
        sys.exit(EXIT_INTERRUPTED)
    except (NacreError, OSError) as error:
        _fail(name, getattr(error, "code", "storage"), _with_notes(str(error), error))
    except Exception as error:  # noqa: BLE001 - the outermost line: a bug must not look like a finding
        problem = _with_notes(f"{type(error).__name__}: {error}", error)
        # What has notes comes out of somebody's view, which they name.
        whose = "" if hasattr(error, "__notes__") else "; this is a bug in nacre: please report it"
        _fail(name, "bug", problem + whose)


def _with_notes(message: str, error: BaseException) -> str:
    """Return what an error says with what was added to it on its way, such as by which view."""
    return "; ".join([message, *getattr(error, "__notes__", ())])


def _fail(name: str, code: str, message: str) -> None:
    if "--json" in sys.argv:
        click.echo(json.dumps({"error": {"code": code, "message": message}}), err=True)
    else:
        warn(f"{name}: {message}")
    sys.exit(EXIT_UNKNOWN)

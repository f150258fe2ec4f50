"""How commands print: tables for people, JSON for programs, a bar for what takes long."""

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from nacre.errors import InvalidInput, NotFound
from nacre.hashing import Digest
from nacre.operations.evidence import hand_out

EXIT_FINDINGS = 1

Report = Callable[[str, int, int], None]

vault_argument = click.argument("vault", type=click.Path(path_type=Path))
actor_option = click.option("--actor", help="Who does it; else the user of the process.")
key_option = click.option(
    "--key", type=click.Path(path_type=Path), help="Sign with the key in this file."
)
output_option = click.option(
    "--to", type=click.Path(path_type=Path), help="Write to this file; else print."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def console() -> Console:
    """Return a console on standard output; plain and unwrapped where that is no terminal."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=200, soft_wrap=True)


def print_json(value: object) -> None:
    """Print *value*, reports included, as JSON."""
    click.echo(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def hand_out_text(text: str, to: Path | None) -> None:
    """Write *text* to a file, or print it when none is named."""
    if to is None:
        click.echo(text, nl=False)
    else:
        hand_out(to, text)


def hand_out_evidence(text: str, to: Path | None, *, as_json: bool) -> None:
    """Write evidence, which is JSON itself, to a file, or print it when none is named."""
    hand_out_text(text, to)
    if to is not None and as_json:
        print_json({"file": str(to), "size_bytes": len(text.encode())})
    elif to is not None:
        click.echo(f"wrote {to}")


def read_text(path: Path) -> str:
    """Return the text of a file that the user names."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}: correct the path") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no text: name another file") from error


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their column names; numbers to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    found = [[_cell(value) for value in row] for row in rows]
    for number, column in enumerate(columns):
        numeric = all(row[number].plain.replace(",", "").isdigit() for row in found)
        table.add_column(column, justify="right" if numeric and found else "left", overflow="fold")
    for row in found:
        table.add_row(*row)
    console().print(table)


def print_fields(fields: Mapping[str, object]) -> None:
    """Print names and values, a line each."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(name, _cell(value))
    console().print(table)


@contextmanager
def progress_bar() -> Iterator[Report]:
    """Show how far an operation has come, on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    bar = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    tasks = {}
    with bar:

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield report


def size_text(size_bytes: int) -> str:
    """Return a size as people write it."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def time_text(time: datetime | None) -> str:
    """Return a time in the local zone, to the second."""
    return "" if time is None else time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: object) -> Text:
    if isinstance(value, datetime):
        return Text(time_text(value))
    return Text(f"{value:,}" if type(value) is int else "" if value is None else str(value))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Digest):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)

"""How commands print: tables for people, JSON for programs, a bar for what takes long."""

import dataclasses
import json
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from nacre.errors import InvalidInput, NotFound
from nacre.hashing import Digest
from nacre.operations.evidence import hand_out

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

EXIT_FINDINGS = 1

_UNFOLDED = 1 << 16
_MOST_WARNED = 10
# All but the line break and the tab; also what turns the direction of writing.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_UNQUOTED_CONTROL = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

Report = Callable[[str, int, int], None]


class PathType(click.Path):
    """A path that is not empty, which would mean the current directory."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        """Return the path, or refuse it."""
        if not os.fspath(value):
            self.fail("the path is empty: name a file or a directory", param, ctx)
        return Path(os.fsdecode(super().convert(value, param, ctx)))


vault_argument = click.argument("vault", type=PathType())
actor_option = click.option("--actor", help="Who does it; else the user of the process.")
key_option = click.option("--key", type=PathType(), help="Sign with the key in this file.")
output_option = click.option("--to", type=PathType(), help="Write to this file; else print.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def console() -> Console:
    """Return a console on standard output; plain and unwrapped where that is no terminal."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=_UNFOLDED, soft_wrap=True)


def say(text: str = "") -> None:
    """Print a sentence, which is never wrapped: what is in it can be copied."""
    click.echo(printable(text))


def warn(text: str) -> None:
    """Print a sentence on standard error."""
    click.echo(printable(text), err=True)


def warn_of_each(problem: str, what: Sequence[str], then: str) -> None:
    """Print what has a problem on standard error, the first of many, and the next step."""
    for each in what[:_MOST_WARNED]:
        warn(f"{problem}: {each}")
    if len(what) > _MOST_WARNED:
        warn(f"{problem}: {len(what) - _MOST_WARNED:,} more, which --json names")
    if what:
        warn(then)


def say_marked(mark: str, text: str) -> None:
    """Print a sentence after a word in red."""
    console().print(Text.assemble((mark, "red"), " ", printable(text)), soft_wrap=True)


def printable(text: str) -> str:
    """Return *text* with control characters written out, which a terminal would obey."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless there is one."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def print_json(value: object) -> None:
    """Print *value*, reports included, as JSON."""
    click.echo(json_text(value))


def json_text(value: object) -> str:
    """Return *value*, reports included, as JSON."""
    text = json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    # JSON may hold them as they are; a terminal would obey them.
    return _UNQUOTED_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


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
        say(f"wrote {to}")


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
    found = [[_cell(value) for value in row] for row in rows]
    to_right = [
        bool(found) and all(row[number].plain.replace(",", "").isdigit() for row in found)
        for number in range(len(columns))
    ]
    if not sys.stdout.isatty():
        _print_plain(
            [list(columns), *([_one_line(cell) for cell in row] for row in found)], to_right
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, is_number in zip(columns, to_right, strict=True):
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in found:
        table.add_row(*row)
    console().print(table)


def _print_plain(rows: Sequence[Sequence[str]], to_right: Sequence[bool]) -> None:
    """Print a line each row, never folded, for programs and for those who search."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = []
        for text, width, is_number in zip(row, widths, to_right, strict=True):
            blanks = " " * (width - cell_len(text))
            cells.append(blanks + text if is_number else text + blanks)
        click.echo("  ".join(cells).rstrip())


def _one_line(cell: Text) -> str:
    return cell.plain.replace("\n", "\\n")


def print_fields(fields: Mapping[str, object]) -> None:
    """Print names and values, a line each, which is never wrapped."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        line = Text.assemble((printable(name).ljust(width), "bold"), " ", _cell(value))
        console().print(line, soft_wrap=True)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show that something goes on whose end nobody knows, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(escape(printable(what)), total=None)
        yield


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
    if type(value) is int:
        return Text(f"{value:,}")
    return Text("" if value is None else printable(str(value)))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Digest):
        return _plain_fields(value)
    if isinstance(value, Mapping):
        return {_plain_key(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _plain_fields(report: "DataclassInstance") -> dict[str, object]:
    found = {}
    for field in dataclasses.fields(report):
        if field.name == "time_ns":  # which few can read
            found["time"] = _plain(getattr(report, "time", None))
        found[field.name] = _plain(getattr(report, field.name))
    return found


def _plain_key(key: object) -> str:
    """Return a key of a dict as JSON can have it: as its value would stand there, but text."""
    plain = _plain(key)
    return plain if isinstance(plain, str) else json.dumps(plain)

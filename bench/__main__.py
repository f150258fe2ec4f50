"""`python -m bench [NAME...]`: run rows, print the table, keep the figures as JSON."""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import (
    audit,
    backup,
    commits,
    dedup,
    flowstore,
    frames,
    memory,
    modelvault,
    opening,
    past,
    rows,
    tablevault,
    tenants,
    trajectories,
    upkeep,
    views,
)
from bench.child import CHECKOUT
from bench.measure import Line, Setting, written

ROWS: dict[str, Callable[[Setting], list[Line]]] = {
    "commits": commits.commits,
    "threads": commits.threads,
    "batches": views.batches,
    "rebuild": views.rebuild,
    "opening": opening.opening,
    "write": frames.write,
    "read": frames.read,
    "rewrite": frames.rewrite,
    "disk": dedup.disk,
    "new-bytes": dedup.new_bytes,
    "memory": memory.memory,
    "proofs": audit.proofs,
    "payloads": audit.payloads,
    "backup": backup.backup,
    "readers": upkeep.readers,
    "sealed": upkeep.sealed,
    "past": past.past,
    "snapshots": past.snapshots,
    "replay": past.replays,
    "rows-inserts": rows.inserts,
    "rows-loads": rows.loads,
    "rows-queries": rows.queries,
    "rows-sql": rows.joins,
    "tablevault": tablevault.tablevault,
    "trajectories": trajectories.trajectories,
    "flowstore": flowstore.flowstore,
    "trajectories-growth": trajectories.growth,
    "tenants": tenants.tenants,
    "modelvault": modelvault.modelvault,
    "modelvault-large": modelvault.modelvault_large,
}
_PACKAGES = ("nacre", "lmdb", "pandas", "pyarrow", "numpy", "msgpack", "zstandard")


def main() -> int:
    options = _options()
    console = Console(stderr=True)
    started = datetime.now(UTC)
    place = Path(tempfile.mkdtemp(prefix="nacre-bench-", dir=options.directory))
    lines: list[Line] = []
    failed = []
    try:
        for name in options.names or ROWS:
            with console.status(f"{name} ...") as status:
                setting = Setting(
                    directory=place / name,
                    quick=options.quick,
                    rounds=options.rounds or (2 if options.quick else 5),
                    say=lambda text, name=name, status=status: status.update(f"{name}: {text}"),
                )
                try:
                    taken = ROWS[name](setting)
                except Exception:  # noqa: BLE001 - shown; the other rows are worth having
                    console.print_exception()
                    failed.append(name)
                    continue
                shutil.rmtree(setting.directory, ignore_errors=True)
            lines += taken
            for line in taken:
                console.print(_sentence(line), style="dim", highlight=False)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    Console(width=None if sys.stdout.isatty() else 180).print(_table(lines))
    path = options.json or CHECKOUT / "bench" / "results" / f"{started:%Y-%m-%d-%H%M%S}.json"
    _save(path, started, options.quick, lines)
    console.print(f"figures in {path}")
    if failed:
        console.print(f"not measured: {', '.join(failed)}", style="red")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"rows: {', '.join(ROWS)}")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer rounds")
    parser.add_argument("--rounds", type=int, help="how often each contestant runs")
    parser.add_argument("--json", type=Path, metavar="PATH", help="where the figures go")
    parser.add_argument(
        "--directory",
        type=Path,
        default=CHECKOUT.parent,
        help="where the stores are made: the disk that is measured (beside the checkout)",
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(ROWS)
    if unknown:
        parser.error(f"no row is named {', '.join(sorted(unknown))}: choose of {', '.join(ROWS)}")
    return options


def _sentence(line: Line) -> str:
    verdict = {True: "reached", False: "missed", None: "for information"}[line.reached]
    against = f" against {line.against}" if line.against else ""
    return f"{line.work}{against}: {written(line.value, line.value_unit)} ({verdict})"


def _table(lines: Sequence[Line]) -> Table:
    table = Table(title="nacre against its peers", show_lines=True)
    for heading in ("work", "against", "nacre", "peer", "figure", "target", "reached"):
        justify = "left" if heading in ("work", "against", "reached") else "right"
        table.add_column(heading, justify=justify, overflow="fold")
    for line in lines:
        reached = {True: "[green]yes", False: "[red]no", None: ""}[line.reached]
        table.add_row(
            line.work,
            line.against,
            line.ours.written(line.unit),
            line.theirs.written(line.unit) if line.theirs else "",
            written(line.value, line.value_unit),
            str(line.target or ""),
            reached,
        )
    return table


def _save(path: Path, started: datetime, quick: bool, lines: Sequence[Line]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "started": started.isoformat(timespec="seconds"),
        "quick": quick,
        "machine": {
            "processors": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "versions": {name: version(name) for name in _PACKAGES},
        "lines": [asdict(line) | {"reached": line.reached} for line in lines],
    }
    path.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    sys.exit(main())

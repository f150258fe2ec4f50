"""A vault and its backups in Prometheus' text format, for a node exporter to pick up."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nacre.backups.listing import read_listing
from nacre.backups.sealed import FOLDERS, SealedTarget
from nacre.clock import now_ns
from nacre.files import Files, OsFiles, storage_error
from nacre.operations.describe import describe
from nacre.operations.space import space
from nacre.operations.verify_backup import verified_notes
from nacre.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure."""

    name: str
    help: str
    value: float


def metrics_of(
    store: Store, target: SealedTarget | None = None, *, time_ns: int | None = None
) -> tuple[Metric, ...]:
    """Return the figures of a vault, and of its backups if a target is given."""
    time_ns = now_ns() if time_ns is None else time_ns
    found = [*_of_vault(store)]
    if target is not None:
        found += _of_backups(store, target, time_ns)
    return tuple(found)


def text_of(metrics: Iterable[Metric], vault: str) -> str:
    """Return metrics as text, labelled with the path of the vault."""
    label = vault.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    lines = []
    for metric in metrics:
        lines.append(f"# HELP nacre_{metric.name} {metric.help}")
        lines.append(f"# TYPE nacre_{metric.name} gauge")
        lines.append(f'nacre_{metric.name}{{vault="{label}"}} {metric.value:.15g}')
    return "\n".join(lines) + "\n"


def write_metrics(text: str, path: Path, files: Files | None = None) -> None:
    """Write the file in one step: who reads it finds it whole."""
    files = files or OsFiles()
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        part.write_text(text)
        files.sync_file(part)
        files.replace(part, path)
    except OSError as error:
        raise storage_error(f"write {path}", error) from error
    finally:
        part.unlink(missing_ok=True)


def _of_vault(store: Store) -> Iterator[Metric]:
    info = describe(store)
    last = info.last_commit
    yield Metric(name="head", help="Number of commits.", value=info.head)
    yield Metric(name="size_bytes", help="Size of the files of the vault.", value=info.size_bytes)
    if last is not None:
        yield Metric(
            name="last_commit_timestamp_seconds",
            help="When the last commit was made.",
            value=last.timestamp(),
        )
    yield Metric(
        name="dead_share",
        help="Share of the files that a compaction would give back.",
        value=_dead_share(store),
    )


def _dead_share(store: Store) -> float:
    found = space(store)
    return found.gain_bytes / found.size_bytes if found.size_bytes else 0.0


def _of_backups(store: Store, target: SealedTarget, time_ns: int) -> Iterator[Metric]:
    vault_id = store.identity.vault_id
    listed = read_listing(target).of_vault(vault_id)
    yield Metric(name="backups", help="Number of backups of the vault.", value=len(listed))
    yield Metric(
        name="backup_target_size_bytes",
        help="Size of the target, which vaults may share.",
        value=sum(sum(target.list(folder).values()) for folder in FOLDERS),
    )
    if listed:
        newest = listed[-1].backup
        yield from _moment("backup", "the newest backup was made", newest.time_ns, time_ns)
        yield Metric(
            name="backup_behind_commits",
            help="Commits that the newest backup lacks.",
            value=store.head - newest.head,
        )
    verified = [note for note in verified_notes(target).values() if note["vault_id"] == vault_id]
    if verified:
        newest_ns = max(_number(note["backup_time_ns"]) for note in verified)
        checked_ns = max(_number(note["time_ns"]) for note in verified)
        what = "the newest backup that was verified was made"
        yield from _moment("verified_backup", what, newest_ns, time_ns)
        yield from _moment("backup_verification", "backups were verified last", checked_ns, time_ns)


def _moment(name: str, what: str, then_ns: int, time_ns: int) -> Iterator[Metric]:
    """Yield how long ago something was, and when: that stays true in a file that grows old."""
    age, then = (time_ns - then_ns) / 1e9, then_ns / 1e9
    yield Metric(name=f"{name}_age_seconds", help=f"Time since {what}.", value=age)
    yield Metric(name=f"{name}_timestamp_seconds", help=f"When {what}.", value=then)


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0

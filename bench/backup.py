"""Backups against restic and borg: the first, the next, the way back, and the size.

Everything runs as a command, start-up included. What the peers back up is the same data as files:
every version of the frame as an Arrow file, and the files as they are. They are Debian's packages
(`apt-get install restic borgbackup`). restic always encrypts, so it is held against encrypted
backups; borg runs without encryption.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

import nacre
from bench import data
from bench.measure import Line, Samples, Setting, Target, folder_bytes

_ROWS, _QUICK_ROWS = 1_000_000, 100_000
_VERSIONS = 20
_FILES, _QUICK_FILES = 2000, 400
_SMALLEST, _LARGEST = 1 << 10, 4 << 20
_MEGABYTE = 1_000_000
_PASSPHRASE = "correct horse battery staple"
_NACRE = str(Path(sys.executable).with_name("nacre"))


@dataclass(frozen=True, kw_only=True)
class Tool:
    """How a program backs up and restores."""

    init: Sequence[str] = ()
    backup: Sequence[str]
    restore: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    repository: Path
    source: Path


def backup(setting: Setting) -> list[Line]:
    """First and next backup, restore, size."""
    for program in ("restic", "borg"):
        if shutil.which(program) is None:
            raise RuntimeError(f"{program} is missing: apt-get install restic borgbackup")
    samples: dict[tuple[str, str], list[float]] = {}
    for number in range(setting.rounds):
        setting.say(f"round {number}: data")
        place = setting.place("backup")
        _fill(setting, place)
        tools = _tools(place)
        for name, tool in tools.items():
            setting.say(f"round {number}: {name}, first")
            _run(tool, tool.init)
            _note(samples, name, "first", _run(tool, tool.backup))
            _note(samples, name, "size", folder_bytes(tool.repository) / _MEGABYTE)
        _change(setting, place)
        for name, tool in tools.items():
            setting.say(f"round {number}: {name}, next and back")
            _note(samples, name, "next", _run(tool, tool.backup))
            _note(samples, name, "restore", _run(tool, tool.restore))
            _note(samples, name, "size after both", folder_bytes(tool.repository) / _MEGABYTE)
        shutil.rmtree(place)
    return _lines(samples, setting)


def _lines(samples: dict[tuple[str, str], list[float]], setting: Setting) -> list[Line]:
    lines = []
    for work, kind, bound in (
        ("first backup", "first", 1.5),
        ("next backup, 1 % changed", "next", 3.0),
        ("restore, verified", "restore", 1.0),
    ):
        for ours, theirs in _PAIRS:
            mine, other = (Samples(tuple(samples[name, kind])) for name in (ours, theirs))
            lines.append(
                Line(
                    work=f"{work}, {ours.removeprefix('nacre, ')}",
                    against=theirs,
                    ours=mine,
                    theirs=other,
                    unit="s",
                    value=other.median / mine.median,
                    target=Target(bound, "x") if "as files" in theirs else None,
                )
            )
    for kind in ("size", "size after both"):
        for ours, theirs in _PAIRS:
            mine, other = (Samples(tuple(samples[name, kind])) for name in (ours, theirs))
            lines.append(
                Line(
                    work=f"{kind}, {ours.removeprefix('nacre, ')}",
                    against=theirs,
                    ours=mine,
                    theirs=other,
                    unit="MB",
                    value=mine.median / other.median,
                    target=Target(1.0, "x", at_most=True) if "as files" in theirs else None,
                )
            )
    return lines


_PAIRS = (
    ("nacre, plain", "borg, as files"),
    ("nacre, encrypted", "restic, as files"),
    ("nacre, plain", "borg, the vault's own files"),
    ("nacre, encrypted", "restic, the vault's own files"),
)


def _tools(place: Path) -> dict[str, Tool]:
    return {
        "nacre, plain": _nacre(place, "plain", {}),
        "borg, as files": _borg(place, "files"),
        "nacre, encrypted": _nacre(place, "encrypted", {"NACRE_PASSPHRASE": _PASSPHRASE}),
        "restic, as files": _restic(place, "files"),
        "borg, the vault's own files": _borg(place, "vault"),
        "restic, the vault's own files": _restic(place, "vault"),
    }


def _nacre(place: Path, name: str, environment: Mapping[str, str]) -> Tool:
    target = place / f"nacre-{name}"
    return Tool(
        backup=[_NACRE, "backup", str(place / "vault"), str(target)],
        restore=[_NACRE, "restore", str(target), str(place / f"restored-nacre-{name}")],
        environment=environment,
        repository=target,
        source=place / "vault",
    )


def _restic(place: Path, source: str) -> Tool:
    repository = place / f"restic-{source}"
    program = ["restic", "--quiet", "--repo", str(repository)]
    out = str(place / f"restored-restic-{source}")
    return Tool(
        init=[*program, "init", "--repository-version", "2"],
        backup=[*program, "backup", "."],
        restore=[*program, "restore", "latest", "--verify", "--target", out],
        environment={
            "RESTIC_PASSWORD": _PASSPHRASE,
            "RESTIC_CACHE_DIR": str(place / f"restic-cache-{source}"),
        },
        repository=repository,
        source=place / source,
    )


def _borg(place: Path, source: str) -> Tool:
    repository = place / f"borg-{source}"
    out = place / f"restored-borg-{source}"
    out.mkdir()
    newest = f'borg extract "{repository}::$(borg list --last 1 --short "{repository}")"'
    return Tool(
        init=["borg", "init", "--encryption", "none", str(repository)],
        backup=["borg", "create", f"{repository}::{{now:%H%M%S%f}}", "."],
        restore=["sh", "-c", f'cd "{out}" && {newest}'],
        environment={
            "BORG_BASE_DIR": str(place / f"borg-base-{source}"),
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        },
        repository=repository,
        source=place / source,
    )


def _run(tool: Tool, command: Sequence[str]) -> float:
    if not command:
        return 0.0
    start = time.perf_counter()
    subprocess.run(
        command,
        cwd=tool.source,
        env=os.environ | tool.environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


def _fill(setting: Setting, place: Path) -> None:
    """Make the vault, and the same data as files."""
    (place / "files").mkdir()
    frame = data.make_frame(setting.size(_ROWS, _QUICK_ROWS))
    with nacre.open(place / "vault", actor="bench", durability="relaxed") as vault:
        for number in range(_VERSIONS):
            if number:
                frame = _next_version(frame, number)
            _write_version(vault, place, frame, number)
        with vault.transaction() as tx:
            for number in range(setting.size(_FILES, _QUICK_FILES)):
                content = _content(number, seed=number)
                _write_file(tx, place, number, content)


def _change(setting: Setting, place: Path) -> None:
    """Change 1 %: one file in a hundred, and a version of the frame with 1 % of its rows."""
    frame = pa.ipc.open_file(place / "files" / f"frame-{_VERSIONS - 1}.arrow").read_pandas()
    with nacre.open(place / "vault", actor="bench") as vault:
        _write_version(vault, place, _next_version(frame, 99), _VERSIONS)
        with vault.transaction() as tx:
            for number in range(0, setting.size(_FILES, _QUICK_FILES), 100):
                _write_file(tx, place, number, _content(number, seed=10**6 + number))


def _write_version(vault: nacre.Vault, place: Path, frame: pd.DataFrame, number: int) -> None:
    vault.frames.write("frame", frame)
    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_file(place / "files" / f"frame-{number}.arrow", table.schema) as writer:
        writer.write_table(table)


def _write_file(tx: nacre.Transaction, place: Path, number: int, content: bytes) -> None:
    (place / "files" / f"{number:04d}.bin").write_bytes(content)
    tx.record("file.added", subject=f"file-{number}", data={"content": tx.put(content)})


def _next_version(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return a frame in which a run of 1 % of the rows has other measures."""
    random = np.random.default_rng(seed)
    count = len(frame) // 100
    start = int(random.integers(0, len(frame) - count))
    changed = frame.copy()
    for name in data.FLOATS:
        values = changed[name].to_numpy(copy=True)
        values[start : start + count] = random.standard_normal(count)
        changed[name] = values
    return changed


def _content(number: int, seed: int) -> bytes:
    """Return 1 KiB to 4 MiB: noise, or text that compresses, half of each."""
    random = np.random.default_rng(seed)
    low, high = np.log(_SMALLEST), np.log(_LARGEST)
    size = int(np.exp(low + (high - low) * np.random.default_rng(number).random()))
    if number % 2:
        return random.bytes(size)
    words = random.integers(0, 5000, size // 4)
    return " ".join(f"word{word}" for word in words.tolist()).encode()[:size]


def _note(samples: dict[tuple[str, str], list[float]], name: str, kind: str, value: float) -> None:
    samples.setdefault((name, kind), []).append(value)

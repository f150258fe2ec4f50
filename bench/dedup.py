"""What the next version of a frame costs on disk."""

from pathlib import Path

import lmdb
import pandas as pd

import nacre
from bench import data
from bench.child import Child
from bench.environments import ARCTICDB, peer_python
from bench.frames import ARCTIC, QUICK_ROWS, ROWS
from bench.measure import Line, Samples, Setting, Target, folder_bytes

_VERSIONS = 20
_CELLS = 10
_MEGABYTE = 1_000_000
_BASE_ROWS = 800_000
# Beside the values, a version has a manifest, an event and rows of views, in whole pages.
_TOLERANCE = 1.02


def disk(setting: Setting) -> list[Line]:
    """Twenty versions with ten cells changed each, against ArcticDB and against Parquet."""
    rows = setting.size(ROWS, QUICK_ROWS)
    python = peer_python("arcticdb", ARCTICDB, setting.say)
    with Child("bench.frames:FrameVault") as ours:
        nacre_bytes = _versions(setting, ours, rows, "nacre")
    with Child(ARCTIC, python) as arctic:
        plain = _versions(setting, arctic, rows, "arctic")
        dedup = _versions(setting, arctic, rows, "arctic-dedup", dedup=True)
    parquet = _parquet(setting, rows)
    peers = {"ArcticDB": plain, "ArcticDB, dedup=True": dedup, "Parquet per version": parquet}
    smallest = min(peers, key=peers.__getitem__)
    return [
        Line(
            work=f"disk for {_VERSIONS} versions with {_CELLS} cells changed each",
            against=name,
            ours=_megabytes(nacre_bytes),
            theirs=_megabytes(size),
            unit="MB",
            value=nacre_bytes / size,
            target=Target(1 / 8, "x", at_most=True) if name == smallest else None,
        )
        for name, size in peers.items()
    ]


def new_bytes(setting: Setting) -> list[Line]:
    """The growth of a vault by the next version, as share of the first."""
    base = data.make_frame(setting.size(_BASE_ROWS, 80_000))
    count = len(base)
    column = pd.Series(data.make_frame(count, seed=2)[data.FLOATS[0]])
    more = data.make_frame(count // 100, seed=3)
    inserted = data.with_inserted(base, 100, seed=5)
    edits = data.with_other_cells(base, 50, seed=4)
    cases = [
        ("append 1 % of the rows", more, True, 0.015),
        ("the same, written as a whole", pd.concat([base, more], ignore_index=True), False, 0.015),
        ("add a column", base.assign(added=column), False, None),
        ("edit 50 cells", edits, False, 0.01),
        (f"insert 100 rows in the middle of {count:,}", inserted, False, 0.05),
        ("the same, deleted again", None, False, 0.05),
    ]
    lines = []
    for work, frame, is_append, bound in cases:
        first, next_one = (inserted, base) if frame is None else (base, frame)
        size, grown = _growth(setting.place("new-bytes"), first, next_one, is_append=is_append)
        most = column.nbytes * _TOLERANCE / size if bound is None else bound
        lines.append(
            Line(
                work=f"new bytes: {work}",
                against="the base" if bound else "the base; the bound is the column itself",
                ours=_megabytes(grown),
                theirs=_megabytes(size),
                unit="MB",
                value=100 * grown / size,
                value_unit="%",
                target=Target(round(100 * most, 2), "%", at_most=True),
            )
        )
    return lines


def _growth(
    path: Path, first: pd.DataFrame, following: pd.DataFrame, *, is_append: bool
) -> tuple[int, int]:
    """Return the size of a vault with one version, and by how much the next one makes it grow."""
    with nacre.open(path, actor="bench") as vault:
        vault.frames.write("frame", first)
    size = _used_bytes(path)
    with nacre.open(path, actor="bench") as vault:
        write = vault.frames.append if is_append else vault.frames.write
        write("frame", following)
    grown = _used_bytes(path) - size
    with nacre.open(path, actor="bench") as vault:
        expected = pd.concat([first, following], ignore_index=True) if is_append else following
        assert vault.frames.read("frame").equals(expected)
    return size, grown


def _used_bytes(path: Path) -> int:
    """Return the bytes in packs and in pages of LMDB that are in use.

    The size of LMDB's file hides what goes into pages that were free before.
    """
    with lmdb.open(
        str(path / "vault.mdb"), subdir=False, readonly=True, lib_version=None
    ) as opened:
        stat = opened.stat()
    pages = stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]
    return pages * stat["psize"] + folder_bytes(path / "packs")


def _versions(setting: Setting, child: Child, rows: int, name: str, **options: object) -> int:
    """Return what all versions take in a new store."""
    setting.say(f"{_VERSIONS} versions in {name}")
    path = setting.place(f"disk-{name}")
    child.call("prepare", rows=rows, seed=1)
    child.call("open", path=str(path), **options)
    child.call("write")
    for number in range(1, _VERSIONS):
        child.call("write_other_cells", cells=_CELLS, seed=number)
    assert child.call("check"), "a frame did not come back as it was"
    child.call("close")
    return folder_bytes(path)


def _parquet(setting: Setting, rows: int) -> int:
    setting.say("Parquet")
    path = setting.place("disk-parquet")
    frame = data.make_frame(rows)
    for number in range(_VERSIONS):
        if number:
            frame = data.with_other_cells(frame, _CELLS, seed=number)
        frame.to_parquet(path / f"{number}.parquet", compression="zstd")
    return folder_bytes(path)


def _megabytes(size: int) -> Samples:
    return Samples((size / _MEGABYTE,))

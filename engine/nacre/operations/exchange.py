"""Frames from and to files that other programs read: Parquet, CSV, Arrow."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from pyarrow import csv, ipc, parquet

from nacre.errors import InvalidInput, NotFound
from nacre.frames import Frames, FrameVersion

Function = TypeVar("Function")


def _write_arrow(table: pa.Table, path: str) -> None:
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


def _read_arrow(path: str) -> pa.Table:
    with pa.memory_map(path) as file:
        return ipc.open_file(file).read_all()


_WRITERS: dict[str, Callable[[pa.Table, str], None]] = {
    ".arrow": _write_arrow,
    ".csv": csv.write_csv,
    ".parquet": parquet.write_table,
}
_READERS: dict[str, Callable[[str], pa.Table]] = {
    ".arrow": _read_arrow,
    ".csv": csv.read_csv,
    ".parquet": parquet.read_table,
}


def export_frame(frames: Frames, name: str, path: Path, *, version: int | None) -> FrameVersion:
    """Write a version of a frame, the last one by default, to a file; its ending says how.

    Raises:
        InvalidInput: the ending is unknown, or the format cannot hold the frame.
    """
    write = _chosen(_WRITERS, path)
    found = frames.version(name, version)
    table = frames.read(name, found.version, to="arrow")
    assert isinstance(table, pa.Table)
    part = path.with_name(path.name + ".part")
    try:
        write(table, str(part))
        part.replace(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidInput(f"{path.suffix} cannot hold {name!r} ({error}): try .arrow") from error
    finally:
        part.unlink(missing_ok=True)
    return found


def import_frame(frames: Frames, name: str, path: Path, *, message: str) -> FrameVersion:
    """Write the content of a file as the next version of a frame; its ending says how to read it.

    Raises:
        InvalidInput: the ending is unknown, or the file is not what its ending says.
    """
    read = _chosen(_READERS, path)
    try:
        table = read(str(path))
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}: correct the path") from error
    except pa.ArrowInvalid as error:
        raise InvalidInput(f"{path} does not read as {path.suffix}: {error}") from error
    return frames.write(name, table, message=message)


def _chosen(by_ending: dict[str, Function], path: Path) -> Function:
    try:
        return by_ending[path.suffix.lower()]
    except KeyError:
        known = ", ".join(by_ending)
        raise InvalidInput(f"{path.name!r} ends in {path.suffix!r}: use one of {known}") from None

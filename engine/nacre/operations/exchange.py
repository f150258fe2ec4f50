"""Frames from and to files that other programs read: Parquet, CSV, Arrow."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from pyarrow import csv, ipc, parquet

from nacre.errors import InvalidInput, NotFound
from nacre.files import replacing, storage_error
from nacre.frames import Frames, FrameVersion

Function = TypeVar("Function")


def _write_arrow(table: pa.Table, path: str) -> None:
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


def _read_arrow(path: str) -> pa.Table:
    with pa.memory_map(path) as file:
        return ipc.open_file(file).read_all()


def _read_csv(path: str) -> pa.Table:
    table = csv.read_csv(path)
    for name, column in zip(_names(table.schema), table.columns, strict=True):
        if pa.types.is_binary(column.type):  # what Arrow makes of no text
            raise _not_utf8(f"the column {name!r}")
    return table


def _read_csv_as_text(path: str) -> pa.Table:
    with csv.open_csv(path) as file:
        names = _names(file.schema)
    as_text = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    return csv.read_csv(path, convert_options=as_text)


_WRITERS: dict[str, Callable[[pa.Table, str], None]] = {
    ".arrow": _write_arrow,
    ".csv": csv.write_csv,
    ".parquet": parquet.write_table,
}
_READERS: dict[str, Callable[[str], pa.Table]] = {
    ".arrow": _read_arrow,
    ".csv": _read_csv,
    ".parquet": parquet.read_table,
}
_TEXT_READERS: dict[str, Callable[[str], pa.Table]] = {".csv": _read_csv_as_text}


def export_frame(frames: Frames, name: str, path: Path, *, version: int | None) -> FrameVersion:
    """Write a version of a frame, the last one by default, to a file; its ending says how.

    Raises:
        InvalidInput: the ending is unknown, or the format cannot hold the frame.
        NotFound: there is no such frame, or no such directory.
    """
    write = _chosen(_WRITERS, path)
    _check_is_text(path.parent)
    found = frames.version(name, version)
    table = frames.read(name, found.version, to="arrow")
    assert isinstance(table, pa.Table)
    try:
        with replacing(path) as part:
            write(table, str(part))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InvalidInput(f"{path.suffix} cannot hold {name!r} ({error}): try .arrow") from error
    return found


def import_frame(frames: Frames, name: str, path: Path, *, message: str) -> FrameVersion:
    """Write the content of a file as the next version of a frame; its ending says how to read it.

    Raises:
        InvalidInput: the ending is unknown, or the file is not what its ending says.
        NotFound: there is no such file.
    """
    return frames.write(name, _read(_chosen(_READERS, path), path), message=message)


def import_text(frames: Frames, name: str, path: Path, *, message: str) -> FrameVersion:
    """Write a CSV file as the next version of a frame, every column as the text that it holds.

    Raises:
        InvalidInput: the ending is another, or the file is not what its ending says.
        NotFound: there is no such file.
    """
    return frames.write(name, _read(_chosen(_TEXT_READERS, path), path), message=message)


def _read(read: Callable[[str], pa.Table], path: Path) -> pa.Table:
    _check_is_text(path)
    try:
        return read(str(path))
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}: correct the path") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path}: {_not_utf8('the header')}") from error
    except (pa.ArrowException, InvalidInput) as error:
        what = str(error).strip()
        if "invalid UTF8" in what:
            what = str(_not_utf8("a cell"))
        raise InvalidInput(
            f"{path} does not read as {path.suffix.lower()} ({what}): correct the file, or give it "
            "the ending of what it is"
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise storage_error(f"read {path}", error) from error
        raise InvalidInput(f"{path} is damaged ({error}): write it again") from error


def _names(schema: pa.Schema) -> list[str]:
    return list(schema.names)


def _not_utf8(what: str) -> InvalidInput:
    return InvalidInput(f"{what} is no UTF-8 text: convert the file, for instance with iconv")


def _check_is_text(path: Path) -> None:
    """Refuse a path that Arrow cannot be told."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"the path {str(path)!r} is not UTF-8: rename it") from None


def _chosen(by_ending: dict[str, Function], path: Path) -> Function:
    try:
        return by_ending[path.suffix.lower()]
    except KeyError:
        known = ", ".join(by_ending)
        raise InvalidInput(f"{path.name!r} ends in {path.suffix!r}: use one of {known}") from None

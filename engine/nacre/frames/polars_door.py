"""The door to Polars, which is only imported when a Polars frame comes in or goes out."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType

import pyarrow as pa

from nacre.errors import PackageMissing
from nacre.frames.columns import Column
from nacre.frames.parts import FrameParts


def polars_parts(frame: object) -> FrameParts:
    """Return the parts of a Polars frame."""
    parts: FrameParts = _polars_frames().take_apart(frame)
    return parts


def polars_frame(
    columns: Sequence[Column], header: Mapping[str, object], chosen: Sequence[int]
) -> object:
    """Return the Polars frame of loaded columns."""
    return _polars_frames().put_together(columns, header, chosen)


def to_polars(table: pa.Table) -> object:
    """Return an Arrow table as a Polars frame."""
    return _polars_frames().from_arrow(table)


def _polars_frames() -> ModuleType:
    try:
        return import_module("nacre.frames.polars_frames")
    except ModuleNotFoundError as error:
        raise PackageMissing("this needs polars: pip install 'nacre[polars]'") from error

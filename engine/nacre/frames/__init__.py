"""Versioned dataframes: pandas, Arrow and Polars frames in, exactly the same frames out.

What needs pandas is imported when it is first asked for: that takes longer than most commands.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from nacre.frames.version import FrameVersion
from nacre.frames.view import FrameVersions

if TYPE_CHECKING:
    from nacre.frames.append import append_frame
    from nacre.frames.cells import decode_cell, encode_cell
    from nacre.frames.describe import ColumnInfo, FrameInfo, describe_frame
    from nacre.frames.difference import ChangedColumn, FrameDiff, RetypedColumn, diff_frames
    from nacre.frames.frames import Frames
    from nacre.frames.read import get_frame
    from nacre.frames.staged import StagedFrames
    from nacre.frames.write import put_frame

__all__ = [
    "ChangedColumn",
    "ColumnInfo",
    "FrameDiff",
    "FrameInfo",
    "FrameVersion",
    "FrameVersions",
    "Frames",
    "RetypedColumn",
    "StagedFrames",
    "append_frame",
    "decode_cell",
    "describe_frame",
    "diff_frames",
    "encode_cell",
    "get_frame",
    "put_frame",
]

_HOMES = {
    "ChangedColumn": "difference",
    "ColumnInfo": "describe",
    "FrameDiff": "difference",
    "FrameInfo": "describe",
    "Frames": "frames",
    "RetypedColumn": "difference",
    "StagedFrames": "staged",
    "append_frame": "append",
    "decode_cell": "cells",
    "describe_frame": "describe",
    "diff_frames": "difference",
    "encode_cell": "cells",
    "get_frame": "read",
    "put_frame": "write",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f"nacre.frames.{_HOMES[name]}"), name)
    return globals()[name]

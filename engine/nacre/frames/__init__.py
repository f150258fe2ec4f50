"""Versioned dataframes: pandas, Arrow and Polars frames in, exactly the same frames out."""

from nacre.frames.append import append_frame
from nacre.frames.describe import ColumnInfo, FrameInfo, describe_frame
from nacre.frames.difference import ChangedColumn, FrameDiff, RetypedColumn, diff_frames
from nacre.frames.frames import Frames
from nacre.frames.read import get_frame
from nacre.frames.staged import StagedFrames
from nacre.frames.version import FrameVersion
from nacre.frames.view import FrameVersions
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
    "describe_frame",
    "diff_frames",
    "get_frame",
    "put_frame",
]

"""Versioned dataframes: pandas, Arrow and Polars frames in, exactly the same frames out."""

from nacre.frames.read import get_frame
from nacre.frames.write import put_frame

__all__ = ["get_frame", "put_frame"]

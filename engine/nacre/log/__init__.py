"""The sequence of commits, as bytes: a small protocol, its backends, and the Merkle tree."""

from nacre.log.lmdb_log import LmdbLog
from nacre.log.memory import MemoryLog
from nacre.log.protocol import Log
from nacre.log.until import LogUntil

__all__ = ["LmdbLog", "Log", "LogUntil", "MemoryLog"]

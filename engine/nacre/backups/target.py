"""The seam under backups: names and bytes, put once, kept until they are deleted.

A directory and a dict in memory are the first two. An object store fits the same four calls.
"""

from collections.abc import Sequence
from typing import Protocol

from nacre.hashing import Buffer


class Target(Protocol):
    """A flat store of immutable files, by names such as `packs/0f3a`.

    Any target passes `nacre.testing.TargetContract`; nothing else is promised. A name is one
    folder and one plain word. Threads may share a target, and several processes one place.
    """

    def put(self, name: str, parts: Sequence[Buffer]) -> bool:
        """Store *parts*, one after the other, as one file, unless *name* is taken; tell whether.

        All of it or nothing is found under *name*, and it is durable on return. Raises DiskFull
        or another StorageError; nothing is then found under *name*.
        """

    def get(self, name: str) -> Buffer:
        """Return the content of a file. Raises NotFound when there is none."""

    def list(self, folder: str) -> dict[str, int]:
        """Return the names in *folder*, each with the folder in front, and their sizes in bytes.

        What was put before the call is in it, what was deleted before is not.
        """

    def delete(self, name: str) -> None:
        """Remove a file; one that is missing is fine."""

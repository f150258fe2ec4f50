"""A target in memory, for tests and rehearsals."""

import threading
from collections.abc import Sequence

from nacre.errors import NotFound
from nacre.hashing import Buffer


class MemoryTarget:
    """`Target` in a dict."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def put(self, name: str, parts: Sequence[Buffer]) -> bool:
        content = b"".join(parts)
        with self._lock:
            return self.files.setdefault(name, content) is content

    def get(self, name: str) -> Buffer:
        try:
            return self.files[name]
        except KeyError:
            raise NotFound(f"the target has no {name}") from None

    def list(self, folder: str) -> dict[str, int]:
        with self._lock:
            found = sorted(self.files.items())
        return {name: len(data) for name, data in found if name.startswith(folder + "/")}

    def delete(self, name: str) -> None:
        with self._lock:
            self.files.pop(name, None)

    def __str__(self) -> str:
        return "memory"

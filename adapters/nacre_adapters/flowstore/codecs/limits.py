"""How much one object may be, written or read: what is hostile stops at these, not the machine."""

from dataclasses import dataclass

from nacre.errors import CorruptionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest object that is taken. The same hold for writing, so what was written loads."""

    depth: int = 100
    items: int = 50_000_000
    tree_bytes: int = 1 << 28
    size_bytes: int = 1 << 36
    pixels: int = 1 << 27
    expansion: int = 200


class Budget:
    """What is left of the limits while one object is read or written."""

    __slots__ = ("_bytes", "_items", "limits")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._items = limits.items
        self._bytes = limits.size_bytes

    def take_items(self, count: int) -> None:
        """Count parts of containers.

        Raises:
            CorruptionError: there are more than any object may have.
        """
        self._items -= count
        if self._items < 0:
            raise CorruptionError(
                f"the object has more than {self.limits.items:,} parts: raise the limits to take it"
            )

    def take_bytes(self, count: int) -> None:
        """Count bytes of payloads.

        Raises:
            CorruptionError: there are more than any object may have.
        """
        self._bytes -= count
        if self._bytes < 0:
            raise CorruptionError(
                f"the object has more than {self.limits.size_bytes:,} bytes: "
                "raise the limits to take it"
            )

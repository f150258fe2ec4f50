"""A figure that was stored as it looked: what a matplotlib figure comes back as."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """An image in the bytes of its file, such as a PNG."""

    content: bytes
    media_type: str = "image/png"

    def _repr_png_(self) -> bytes:
        return self.content

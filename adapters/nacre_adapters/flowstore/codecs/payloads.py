"""What the codecs need of a vault: somewhere to put bytes, and to find them by digest."""

from typing import Protocol

from nacre.hashing import Buffer, Digest


class Payloads(Protocol):
    """A vault, or a store of blobs that tests look into."""

    def put_blob(self, data: Buffer, *, manifest: bool = False) -> Digest:
        """Store bytes once. A manifest is msgpack that names other blobs by digests."""

    def get_blob(self, digest: Digest) -> memoryview:
        """Return the content of a blob. Raises NotFound and CorruptionError."""

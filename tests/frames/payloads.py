"""Blob stores for the tests of frames: in memory, counting what is put and read."""

from nacre.errors import NotFound
from nacre.hashing import Buffer, Digest, digest_of


class CountingPayloads:
    """A dict of blobs that counts reads and the bytes that were new."""

    def __init__(self) -> None:
        self.blobs: dict[Digest, bytes] = {}
        self.reads = 0
        self.new_bytes = 0

    def put_blob(self, data: Buffer, *, manifest: bool = False) -> Digest:
        digest = digest_of(data)
        if digest not in self.blobs:
            self.blobs[digest] = bytes(data)
            self.new_bytes += len(data)
        return digest

    def get_blob(self, digest: Digest) -> memoryview:
        self.reads += 1
        if digest not in self.blobs:
            raise NotFound(f"there is no blob {digest}")
        return memoryview(self.blobs[digest])

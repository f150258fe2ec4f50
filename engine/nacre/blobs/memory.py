"""A blob store in memory, for tests of encoders and of the contract."""

from collections.abc import Iterable

from nacre.codec import digests_in, unpack
from nacre.errors import Closed, NotFound
from nacre.hashing import Buffer, Digest, digest_of, flat


class MemoryBlobs:
    """`Blobs` in a dict."""

    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] | None = {}
        self._unpublished = False

    def put_blob(self, data: Buffer, *, manifest: bool = False) -> Digest:
        blobs = self._open()
        data = flat(data)
        if manifest:
            for child in digests_in(unpack(data)):
                self.get_blob(child)
        digest = digest_of(data)
        if digest not in blobs:
            blobs[digest] = bytes(data)
            self._unpublished = True
        return digest

    def get_blob(self, digest: Digest) -> memoryview:
        try:
            return memoryview(self._open()[digest])
        except KeyError:
            raise NotFound(f"there is no blob {digest}: put it first") from None

    def has_blob(self, digest: Digest) -> bool:
        return digest in self._open()

    def keep_blob(self, digest: Digest) -> bool:
        return self.has_blob(digest)

    def let_go(self, named: Iterable[Digest]) -> None:
        self._open()

    @property
    def has_unpublished(self) -> bool:
        return self._unpublished

    def sync(self) -> None:
        self._open()

    def publish(self) -> None:
        self._open()

    def forget_published(self) -> None:
        self._unpublished = False

    def close(self) -> None:
        self._blobs = None

    def _open(self) -> dict[Digest, bytes]:
        if self._blobs is None:
            raise Closed("the blob store was closed: open the vault again")
        return self._blobs

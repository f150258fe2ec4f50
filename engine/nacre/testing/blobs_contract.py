"""What every blob store promises, as tests: subclass `BlobsContract` and say how to open one."""

import os
from abc import ABC, abstractmethod

import pytest

from nacre import codec
from nacre.blobs import Blobs
from nacre.errors import Closed, NotFound
from nacre.hashing import Buffer, Digest, digest_of

# Around what backends tell apart: empty, compressible or not, in a row, in a file of their own.
_SIZES = (0, 1, 63, 64, 65, 127, 128, 4095, 4096, 4097, 50_000, 1 << 20, (1 << 20) + 1)


class BlobsContract(ABC):
    """Subclass it, provide `blobs`, `publish` and `another`, and inherit every test."""

    @abstractmethod
    @pytest.fixture
    def blobs(self) -> Blobs:
        """Return an empty store."""

    @abstractmethod
    def publish(self, blobs: Blobs) -> None:
        """Do what a commit does: sync, publish in a transaction, forget."""

    @abstractmethod
    def another(self, blobs: Blobs) -> Blobs:
        """Return another handle on the same store; one store has only one: return it."""

    @pytest.mark.parametrize("size", _SIZES)
    @pytest.mark.parametrize("fill", ["zeros", "noise"])
    def test_a_blob_comes_back_before_and_after_a_commit(
        self, blobs: Blobs, size: int, fill: str
    ) -> None:
        """Under the digest of its content, however it is stored."""
        content = bytes(size) if fill == "zeros" else os.urandom(size)

        digest = blobs.put_blob(content)
        put = bytes(blobs.get_blob(digest))
        self.publish(blobs)

        assert digest == digest_of(content)
        assert put == content
        assert blobs.get_blob(digest) == content
        assert self.another(blobs).get_blob(digest) == content

    def test_any_buffer_is_put_as_its_bytes(self, blobs: Blobs) -> None:
        """Whatever its type, its shape, and the size of its items."""
        content = bytes(range(256)) * 64
        view = memoryview(content)
        every_other = memoryview(bytes(b for byte in content for b in (byte, 0)))[::2]
        casts = [view.cast("b"), view.cast("Q"), view.cast("B", (64, 256)), every_other]
        buffers: list[Buffer] = [content, bytearray(content), view, *casts]

        digests = {blobs.put_blob(buffer) for buffer in buffers}
        self.publish(blobs)

        assert digests == {digest_of(content)}
        assert blobs.get_blob(digest_of(content)) == content

    def test_an_empty_view_of_any_items_is_put(self, blobs: Blobs) -> None:
        """It is the empty blob."""
        assert blobs.put_blob(memoryview(b"").cast("Q")) == digest_of(b"")

    @pytest.mark.parametrize("size", [10, 100_000])
    def test_changing_a_buffer_afterwards_changes_nothing(self, blobs: Blobs, size: int) -> None:
        """The caller may use it again at once."""
        content = os.urandom(size)
        buffer = bytearray(content)
        digest = blobs.put_blob(buffer)

        buffer[:] = bytes(size)
        self.publish(blobs)

        assert blobs.get_blob(digest) == content

    def test_equal_content_is_one_blob(self, blobs: Blobs) -> None:
        """Before a commit, after it, and through another handle."""
        first = blobs.put_blob(b"content")
        again = blobs.put_blob(b"content")
        self.publish(blobs)
        later = blobs.put_blob(b"content")
        elsewhere = self.another(blobs).put_blob(b"content")

        assert first == again == later == elsewhere
        assert not blobs.has_unpublished

    def test_has_blob_tells_what_get_blob_finds(self, blobs: Blobs) -> None:
        """A blob counts from the moment when it was put."""
        digest = digest_of(b"content")
        before = blobs.has_blob(digest)

        blobs.put_blob(b"content")
        put = blobs.has_blob(digest)
        self.publish(blobs)

        assert (before, put, blobs.has_blob(digest)) == (False, True, True)

    def test_a_missing_blob_is_not_found(self, blobs: Blobs) -> None:
        """The error names the digest."""
        digest = Digest(bytes(32))

        with pytest.raises(NotFound, match=str(digest)):
            blobs.get_blob(digest)

    def test_unpublished_blobs_are_known_as_such(self, blobs: Blobs) -> None:
        """A sync alone publishes nothing."""
        blobs.put_blob(os.urandom(10_000))
        put = blobs.has_unpublished
        blobs.sync()
        synced = blobs.has_unpublished
        self.publish(blobs)

        assert (put, synced, blobs.has_unpublished) == (True, True, False)

    def test_a_commit_without_blobs_is_fine(self, blobs: Blobs) -> None:
        """Nothing to sync, nothing to publish."""
        self.publish(blobs)

        assert not blobs.has_unpublished

    def test_a_manifest_names_what_was_put(self, blobs: Blobs) -> None:
        """Before a commit, and after it."""
        chunk = blobs.put_blob(b"chunk")
        first = blobs.put_blob(codec.pack(["list", [chunk]]), manifest=True)
        self.publish(blobs)

        second = blobs.put_blob(codec.pack({"more": [first, chunk]}), manifest=True)

        assert codec.unpack(blobs.get_blob(second)) == {"more": [first, chunk]}

    def test_a_manifest_that_names_what_is_missing_is_refused(self, blobs: Blobs) -> None:
        """And is not stored."""
        missing = Digest(bytes(32))
        manifest = codec.pack(["list", [missing]])

        with pytest.raises(NotFound, match=str(missing)):
            blobs.put_blob(manifest, manifest=True)

        assert not blobs.has_blob(digest_of(manifest))

    def test_many_blobs_are_published_together(self, blobs: Blobs) -> None:
        """Small and large ones mixed."""
        contents = [os.urandom(size) for size in (1, 5000, 10, 100_000, 4096, 70_000) * 5]

        digests = [blobs.put_blob(content) for content in contents]
        self.publish(blobs)

        reader = self.another(blobs)
        assert [bytes(reader.get_blob(digest)) for digest in digests] == contents

    def test_blobs_put_later_leave_earlier_views_alone(self, blobs: Blobs) -> None:
        """What get_blob returned stays what it was while the store grows."""
        content = os.urandom(100_000)
        view = blobs.get_blob(blobs.put_blob(content))

        for _ in range(5):
            blobs.get_blob(blobs.put_blob(os.urandom(100_000)))
        self.publish(blobs)

        assert view == content

    def test_a_closed_store_says_so(self, blobs: Blobs) -> None:
        """Closing is idempotent, and everything else then raises."""
        digest = blobs.put_blob(b"content")

        blobs.close()
        blobs.close()

        with pytest.raises(Closed):
            blobs.put_blob(b"content")
        with pytest.raises(Closed):
            blobs.get_blob(digest)
        with pytest.raises(Closed):
            blobs.has_blob(digest)
        with pytest.raises(Closed):
            blobs.sync()

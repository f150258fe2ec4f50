"""The seam under the blobs: put bytes, get them back by digest, publish them with a commit."""

from collections.abc import Iterable
from typing import Protocol

from nacre.hashing import Buffer, Digest


class Payloads(Protocol):
    """Where encoders put payloads and decoders find them.

    A vault and a transaction are both one. What was put is durable when a commit that names it
    (or a manifest that names it) returns, and safe from collection until then.
    """

    def put_blob(self, data: Buffer, *, manifest: bool = False) -> Digest:
        """Store *data* once and return its digest.

        A manifest is msgpack in which other blobs are named by digests; they must have been put.
        Raises NotFound when one of them was not.
        """

    def get_blob(self, digest: Digest) -> memoryview:
        """Return the content of a blob, without a copy where it lies raw in a pack.

        Raises NotFound when there is none, CorruptionError when its bytes were damaged.
        """


class Blobs(Payloads, Protocol):
    """A store of payloads that a commit publishes.

    Any backend passes `nacre.testing.BlobsContract`; nothing else is promised.
    """

    def has_blob(self, digest: Digest) -> bool:
        """Tell whether `get_blob` would find the digest: published, or put by this handle."""

    def keep_blob(self, digest: Digest) -> bool:
        """Tell whether a commit may name the digest, and keep it, with all that it names.

        Call it inside the transaction that appends the events. Raises NotFound when something
        that a manifest names was dropped.
        """

    def let_go(self, named: Iterable[Digest]) -> None:
        """Called when a commit is durable that names these: nothing else need keep them."""

    @property
    def has_unpublished(self) -> bool:
        """Whether anything was put that no commit has published yet."""

    def sync(self) -> None:
        """Make everything durable that was put so far: no event may name less."""

    def publish(self) -> None:
        """Let every other handle find what `sync` made durable.

        Call it inside the transaction that appends the events; undoing that one undoes this.
        """

    def forget_published(self) -> None:
        """Called when the transaction of the last `publish` is durable."""

    def close(self) -> None:
        """Release resources and drop what was put but never published; idempotent."""

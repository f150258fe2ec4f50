"""What the nouns above ask of a blob store: put bytes, get them back by digest."""

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
        """

    def get_blob(self, digest: Digest) -> memoryview:
        """Return the content of a blob, without a copy where it lies raw in a pack.

        Raises NotFound when there is none, CorruptionError when its bytes were damaged.
        """

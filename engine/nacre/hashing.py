"""The three hashes of a vault: names of blobs, leaves of the tree, checksums of stored bytes.

BLAKE3-256 names blobs, SHA-256 builds the Merkle tree (RFC 6962) and the chain of commits,
and xxh3-64 notices damaged bytes at every read.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from blake3 import blake3
from xxhash import xxh3_64_digest

from nacre.errors import InvalidInput

HASH_SIZE = 32
CHECKSUM_SIZE = 8

# BLAKE3 hands work to a second thread only where that outweighs starting it.
_PARALLEL_FROM_BYTES = 1 << 20

# The threads that share the work do not survive a fork: a child would wait for them for ever.
_PROCESS = os.getpid()

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The name of a blob: BLAKE3-256 of its content, written `b3:<hex>`."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != HASH_SIZE:
            raise InvalidInput(f"a digest has {HASH_SIZE} bytes, not {len(self.raw)}")

    def __str__(self) -> str:
        return "b3:" + self.raw.hex()

    def __repr__(self) -> str:
        return f"Digest.parse({str(self)!r})"

    @classmethod
    def of(cls, digest: "Digest | str") -> "Digest":
        """Return a digest that may be given as it is printed."""
        if isinstance(digest, cls):
            return digest
        if not isinstance(digest, str):
            raise InvalidInput(
                f"a {type(digest).__name__} is no digest: give a digest, or its text b3:<hex>"
            )
        return cls.parse(digest)

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Read what `str(digest)` wrote."""
        try:
            # Its length is looked at, because fromhex passes over blanks.
            if not text.startswith("b3:") or len(text) != 3 + 2 * HASH_SIZE:
                raise ValueError
            return cls(bytes.fromhex(text[3:]))
        except ValueError:
            raise InvalidInput(
                f"{text[:80]!r} is not a digest: write b3: and 64 hexadecimal digits"
            ) from None


def flat(data: Buffer) -> Buffer:
    """Return *data* as one run of unsigned bytes, not copied if it is contiguous."""
    if not isinstance(data, memoryview) or (data.format == "B" and data.contiguous):
        return data
    return data.cast("B") if data.c_contiguous and data.nbytes else data.tobytes()


def digest_of(data: Buffer) -> Digest:
    """Return the name of *data* as a blob."""
    is_shared = len(data) >= _PARALLEL_FROM_BYTES and os.getpid() == _PROCESS
    return Digest(blake3(data, max_threads=blake3.AUTO if is_shared else 1).digest())


def checksum(data: Buffer) -> bytes:
    """Return the xxh3-64 of *data*, 8 bytes, big-endian."""
    return xxh3_64_digest(data)


def event_hash(event_bytes: Buffer) -> bytes:
    """Return the hash of one event's own bytes, which the leaf of its commit is made of."""
    return sha256(event_bytes).digest()


def leaf_hash(header: bytes, event_hashes: Iterable[bytes]) -> bytes:
    """Return the RFC 6962 leaf of one commit.

    The leaf's data is the length of the header (4 bytes, big-endian), the header, and the
    hash of each event: recompressing or purging events leaves it as it was.
    """
    leaf = sha256(b"\x00")
    leaf.update(len(header).to_bytes(4, "big"))
    leaf.update(header)
    leaf.update(b"".join(event_hashes))
    return leaf.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the RFC 6962 hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()

"""Payloads, each stored once under its digest: small ones in LMDB, larger ones in packs."""

from nacre.blobs.memory import MemoryBlobs
from nacre.blobs.protocol import Blobs, Payloads
from nacre.blobs.store import VaultBlobs

__all__ = ["Blobs", "MemoryBlobs", "Payloads", "VaultBlobs"]

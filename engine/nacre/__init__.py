"""An embedded storage engine: one immutable, provable log under frames, blobs and views."""

from nacre.access import open_vault as open  # noqa: A004 - nacre.open, as gzip.open
from nacre.checkpoint import Checkpoint
from nacre.decision import Transaction
from nacre.event import Event, Header
from nacre.frames import FrameVersion
from nacre.hashing import Digest
from nacre.stage import Receipt
from nacre.vault import Vault
from nacre.views import State, Table, View

__all__ = [
    "Checkpoint",
    "Digest",
    "Event",
    "FrameVersion",
    "Header",
    "Receipt",
    "State",
    "Table",
    "Transaction",
    "Vault",
    "View",
    "open",
]

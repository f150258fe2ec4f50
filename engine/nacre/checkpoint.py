"""What an auditor keeps of a log: origin, head and Merkle root (C2SP tlog-checkpoint)."""

import base64
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A commitment to the first *head* commits: altering any of them gives another root."""

    origin: str
    head: int
    root: bytes

    def __str__(self) -> str:
        """Return the body of a C2SP checkpoint note: origin, head and base64 root, a line each."""
        return f"{self.origin}\n{self.head}\n{base64.b64encode(self.root).decode()}\n"


def origin_of(vault_id: bytes) -> str:
    """Return the origin line of a vault."""
    return f"nacre/{vault_id.hex()}"

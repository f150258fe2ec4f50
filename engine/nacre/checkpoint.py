"""What an auditor keeps of a log: origin, head and Merkle root (C2SP tlog-checkpoint)."""

import base64
import binascii
import re
from dataclasses import dataclass

from nacre.errors import InvalidInput
from nacre.hashing import HASH_SIZE
from nacre.signing import SigningKey

_NUMBER = re.compile("0|[1-9][0-9]{0,18}")
_MAX_NOTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A commitment to the first *head* commits: altering any of them gives another root."""

    origin: str
    head: int
    root: bytes

    def __str__(self) -> str:
        """Return the body of a C2SP checkpoint note: origin, head and base64 root, a line each."""
        return f"{self.origin}\n{self.head}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read a checkpoint, signed or not. Signatures are not checked: `nacre-check` does.

        Raises:
            InvalidInput: it is none.
        """
        body = text.partition("\n\n")[0] if len(text) <= _MAX_NOTE else ""
        origin, head, root = (*body.split("\n"), "", "", "")[:3]
        try:
            raw_root = base64.b64decode(root, validate=True)
        except (binascii.Error, ValueError):
            raw_root = b""
        if not origin or not _NUMBER.fullmatch(head) or len(raw_root) != HASH_SIZE:
            raise InvalidInput(
                "this is no checkpoint: it starts with three lines, origin, head and root"
            )
        return cls(origin, int(head), raw_root)


def note_of(checkpoint: Checkpoint, key: SigningKey | None) -> str:
    """Return a checkpoint as it is handed out, signed when there is a key."""
    return str(checkpoint) if key is None else key.sign(str(checkpoint))


def origin_of(vault_id: bytes) -> str:
    """Return the origin line of a vault."""
    return f"nacre/{vault_id.hex()}"
